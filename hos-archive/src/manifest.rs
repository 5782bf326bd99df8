//! The manifest of a segment: canonical JSON that proves every byte of its other files.

use hos_core::digest::Digest;
use hos_core::proof::{SEGMENT_ENTRIES_MAX, SEGMENT_TILE};
use hos_verify::anchor;
use hos_verify::checkpoint::Checkpoint;
use hos_verify::epoch::split;
use hos_verify::merkle::{Frontier, Hash, MerkleError, RANGE_HASHES_MAX, verify_range};
use hos_verify::note::SignedNote;
use serde::{Deserialize, Serialize};

use crate::index::{List, PAGE_RECORDS, page_bytes};
use crate::name::{File, FileName};

/// The format and its version.
pub const FORMAT: &str = "hosarchive/1";
/// The largest manifest, in bytes.
pub const MANIFEST_BYTES_MAX: usize = 256 * 1_024;

/// What a manifest says. Its fields are in the order of its keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// What proves that the deployment's log has the checkpoint (C2SP `tlog-proof@v1`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    anchor: Option<String>,
    /// The signed checkpoint that it stands under.
    pub(crate) checkpoint: String,
    pub(crate) end: u64,
    pub(crate) first: u64,
    format: String,
    pub(crate) ids: List,
    pub(crate) leaves: Whole,
    pub(crate) origin: String,
    pub(crate) parts: Whole,
    /// The roots of the largest subtrees outside the segment, from left to right.
    pub(crate) proof: Vec<Digest>,
    /// The root over the segment's leaves alone.
    pub(crate) root: Digest,
    pub(crate) subjects: List,
    pub(crate) tiles: Vec<Tile>,
    /// The size and the root that the checkpoint names.
    #[serde(skip)]
    tree: (u64, Hash),
    #[serde(skip)]
    epoch: u64,
    /// The deployment's checkpoint that the anchor leads to.
    #[serde(skip)]
    anchored: Option<(SignedNote, Checkpoint)>,
}

/// A file of members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Whole {
    pub(crate) bytes: u64,
    pub(crate) sha256: Digest,
}

/// 256 entries: the lengths of their members, the root over their leaves, and the SHA-256 of the
/// member of their parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tile {
    pub(crate) leaves: u64,
    pub(crate) parts: u64,
    pub(crate) root: Digest,
    pub(crate) sha256: Digest,
}

/// Why bytes are no manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestFault {
    /// They are more than a manifest may have.
    #[error("more than {MANIFEST_BYTES_MAX} bytes")]
    TooLong,
    /// They are not the one canonical spelling of a manifest.
    #[error("no canonical manifest")]
    NotCanonical,
    /// It is of a format that this software does not know.
    #[error("another format than {FORMAT}")]
    Format,
    /// Its checkpoint is none of its log.
    #[error("no checkpoint of its log")]
    Checkpoint,
    /// Its anchor does not lead from its checkpoint to one of the deployment's log.
    #[error("no anchor of its checkpoint")]
    Anchor,
    /// Its numbers contradict each other.
    #[error("numbers that contradict each other")]
    Contradictory,
}

/// The number of subtrees to the left of the segment is the number of ones in its first index.
fn left_hashes(first: u64) -> usize {
    usize::try_from(first.count_ones()).unwrap_or(usize::MAX)
}

impl Manifest {
    /// A manifest without its files, under a checkpoint of the log, with what anchors that.
    pub(crate) fn new(
        origin: &str,
        (first, end): (u64, u64),
        (checkpoint, anchor): (&str, Option<String>),
        proof: &[Hash],
    ) -> Result<Self, ManifestFault> {
        let whole = Whole { bytes: 0, sha256: Digest::of(b"") };
        let manifest = Self {
            anchor,
            checkpoint: checkpoint.to_owned(),
            end,
            first,
            format: FORMAT.to_owned(),
            ids: List::default(),
            leaves: whole.clone(),
            origin: origin.to_owned(),
            parts: whole,
            proof: proof.iter().copied().map(Digest::from_bytes).collect(),
            root: Digest::of(b""),
            subjects: List::default(),
            tiles: Vec::new(),
            tree: (0, [0; 32]),
            epoch: 1,
            anchored: None,
        };
        manifest.with_notes()
    }

    fn with_notes(mut self) -> Result<Self, ManifestFault> {
        let note = SignedNote::parse(self.checkpoint.as_bytes());
        let note = note.map_err(|_| ManifestFault::Checkpoint)?;
        let checkpoint = Checkpoint::parse(note.text()).map_err(|_| ManifestFault::Checkpoint)?;
        self.tree = (checkpoint.size(), *checkpoint.root());
        // Leaves name the log without its epoch, checkpoints with it.
        let (log, epoch) = split(checkpoint.origin());
        if log != self.origin {
            return Err(ManifestFault::Checkpoint);
        }
        self.epoch = epoch;
        if let Some(anchor) = &self.anchor {
            let anchored = anchor::over(&note, anchor.as_bytes());
            self.anchored = Some(anchored.map_err(|_| ManifestFault::Anchor)?);
        }
        Ok(self)
    }

    /// Reads a manifest: strictly, bounded, and only where its numbers agree.
    ///
    /// # Errors
    ///
    /// [`ManifestFault`], the first that is found.
    pub fn parse(bytes: &[u8]) -> Result<Self, ManifestFault> {
        if bytes.len() > MANIFEST_BYTES_MAX {
            return Err(ManifestFault::TooLong);
        }
        let manifest: Self =
            serde_json::from_slice(bytes).map_err(|_| ManifestFault::NotCanonical)?;
        if manifest.encode() != bytes {
            return Err(ManifestFault::NotCanonical);
        }
        if manifest.format != FORMAT {
            return Err(ManifestFault::Format);
        }
        let manifest = manifest.with_notes()?;
        if manifest.agrees() { Ok(manifest) } else { Err(ManifestFault::Contradictory) }
    }

    /// The bytes: strings and integers only, so that the order of the fields makes them canonical
    /// (RFC 8785).
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        // OK because strings and integers are always written.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// The origin of the log.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The index of the first entry, and one more than that of the last.
    #[must_use]
    pub fn range(&self) -> (u64, u64) {
        (self.first, self.end)
    }

    /// The signed checkpoint that it was archived under.
    #[must_use]
    pub fn checkpoint(&self) -> &str {
        &self.checkpoint
    }

    /// The deployment's checkpoint that is over that one, and its note; none where it was not
    /// anchored when it was archived.
    #[must_use]
    pub fn anchored(&self) -> Option<&(SignedNote, Checkpoint)> {
        self.anchored.as_ref()
    }

    /// The size and the root of the tree that it stands in, as the checkpoint names them.
    #[must_use]
    pub fn tree(&self) -> (u64, Hash) {
        self.tree
    }

    /// Which epoch of the log its checkpoint is of: 1 for the first.
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Checks that these leaf hashes are the segment's in that tree.
    pub(crate) fn verify(&self, leaf_hashes: &[Hash]) -> Result<(), MerkleError> {
        let (size, root) = &self.tree;
        let proof: Vec<Hash> = self.proof.iter().map(|hash| *hash.as_bytes()).collect();
        verify_range(root, *size, self.first, leaf_hashes, &proof)
    }

    fn agrees(&self) -> bool {
        let entries = self.end.saturating_sub(self.first);
        let is_cut = |at: u64| at.is_multiple_of(SEGMENT_TILE);
        let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        let sum =
            |of: fn(&Tile) -> u64| self.tiles.iter().map(of).try_fold(0_u64, u64::checked_add);
        (1..=SEGMENT_ENTRIES_MAX).contains(&entries)
            && is_cut(self.first)
            && is_cut(self.end)
            && count(self.tiles.len()) == entries / SEGMENT_TILE
            && sum(|tile| tile.leaves) == Some(self.leaves.bytes)
            && sum(|tile| tile.parts) == Some(self.parts.bytes)
            && count(self.ids.pages.len()) == entries.div_ceil(count(PAGE_RECORDS))
            && count(self.subjects.pages.len()) <= entries.div_ceil(count(PAGE_RECORDS))
            && self.tree.0 >= self.end
            && self.proof.len() <= RANGE_HASHES_MAX
            && self.proof.len() >= left_hashes(self.first)
    }

    /// Where the member of a tile stands in its file: from, and how long.
    pub(crate) fn member(&self, file: File, tile: usize) -> Option<(u64, u64)> {
        let length = |tile: &Tile| if file == File::Parts { tile.parts } else { tile.leaves };
        let before = self.tiles.iter().take(tile).map(length).sum();
        Some((before, length(self.tiles.get(tile)?)))
    }

    /// How many tiles it has.
    pub(crate) fn tile_count(&self) -> usize {
        self.tiles.len()
    }

    /// The name of one of the segment's files.
    pub(crate) fn name(&self, file: File) -> FileName {
        let digest = match file {
            File::Leaves => self.leaves.sha256,
            File::Parts => self.parts.sha256,
            File::Ids => self.ids.sha256,
            File::Subjects => self.subjects.sha256,
            File::Manifest => Digest::of(&self.encode()),
        };
        FileName::new(self.range(), &digest, file)
    }

    /// One of its lists, and the bytes of a full page of it.
    pub(crate) fn list(&self, file: File) -> (&List, usize) {
        match file {
            File::Subjects => (&self.subjects, page_bytes(24)),
            _ => (&self.ids, page_bytes(16)),
        }
    }

    /// The right edge of the tree of everything before the segment's end, from which the next
    /// segment goes on; in tiles instead of leaves, which makes the same peaks.
    pub(crate) fn frontier(&self) -> Option<Frontier> {
        let left = self.proof.iter().take(left_hashes(self.first));
        let peaks = left.map(|peak| *peak.as_bytes()).collect();
        let mut frontier = Frontier::from_parts(self.first / SEGMENT_TILE, peaks).ok()?;
        for tile in &self.tiles {
            frontier.push(*tile.root.as_bytes()).ok()?;
        }
        Some(frontier)
    }
}
