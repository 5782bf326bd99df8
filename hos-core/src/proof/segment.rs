//! Segments: the pieces in which a log leaves the store for the archive.

use std::time::Duration;

use crate::digest::Digest;
use crate::encoding::ObjectWriter;
use crate::merkle::Hash;
use crate::time::ProofId;

/// The most entries of one segment.
pub const SEGMENT_ENTRIES_MAX: u64 = 65_536;
/// Segments begin and end at multiples of this: where the tiles of a log do.
pub const SEGMENT_TILE: u64 = 256;
/// How old entries are before they are archived, unless somebody says otherwise: 90 days.
pub const SEGMENT_AGE: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// A segment as it was written to the archive: which entries, and what proves the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentFiles {
    /// The index of its first entry, a multiple of [`SEGMENT_TILE`].
    pub first: u64,
    /// One more than the index of its last entry, a multiple of [`SEGMENT_TILE`].
    pub end: u64,
    /// The SHA-256 of the manifest, which names the other files and their digests.
    pub manifest: Digest,
    /// The SHA-256 of the file of the leaves.
    pub leaves: Digest,
    /// The SHA-256 of the file of the parts.
    pub parts: Digest,
    /// The root of the tree of the segment's leaves alone (RFC 9162, section 2.1.1).
    pub root: Hash,
    /// The least number of its entries.
    pub least: ProofId,
    /// The greatest number of its entries.
    pub greatest: ProofId,
}

impl SegmentFiles {
    /// Whether it is one of 1 to [`SEGMENT_ENTRIES_MAX`] entries, cut at multiples of
    /// [`SEGMENT_TILE`].
    #[must_use]
    pub fn is_cut_right(&self) -> bool {
        let is_cut = |at: u64| at.is_multiple_of(SEGMENT_TILE);
        let length = self.end.saturating_sub(self.first);
        is_cut(self.first) && is_cut(self.end) && (1..=SEGMENT_ENTRIES_MAX).contains(&length)
    }

    pub(crate) fn encode(&self, object: &mut ObjectWriter<'_>) {
        object.integer("end", self.end);
        object.integer("first", self.first);
        object.display("leaves", self.leaves);
        object.display("manifest", self.manifest);
        object.display("parts", self.parts);
        object.display("root", Digest::from_bytes(self.root));
    }
}

/// How a segment stands: as the last entry about it left it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentRecord {
    /// The index of its first entry.
    pub first: u64,
    /// One more than the index of its last entry.
    pub end: u64,
    /// How often it went out or came back: even while it is archived, odd while it is restored.
    pub turn: u32,
    /// The entry that says so: `archive/1` or `restore/1`.
    pub entry: ProofId,
    /// The SHA-256 of the manifest in the archive.
    pub manifest: Digest,
    /// The least number of its entries.
    pub least: ProofId,
    /// The greatest number of its entries.
    pub greatest: ProofId,
}

impl SegmentRecord {
    /// Whether the archive answers for its entries; while it is restored the store does.
    #[must_use]
    pub fn is_archived(&self) -> bool {
        self.turn.is_multiple_of(2)
    }

    /// Whether an entry of this index belongs to it.
    #[must_use]
    pub fn covers(&self, index: u64) -> bool {
        (self.first..self.end).contains(&index)
    }

    /// Whether an entry of this number may belong to it.
    #[must_use]
    pub fn may_hold(&self, id: ProofId) -> bool {
        (self.least..=self.greatest).contains(&id)
    }
}
