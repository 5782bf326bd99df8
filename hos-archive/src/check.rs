//! Checks a segment byte by byte, whoever reads the bytes: it says what it wants and is given it.

use std::collections::BTreeSet;
use std::time::Duration;

use hos_core::digest::Digest;
use hos_core::proof::SEGMENT_TILE;
use hos_core::time::Timestamp;
use hos_verify::epoch::Opening;
use hos_verify::merkle::{Hash, root_of};
use hos_verify::verify::AHEAD_SECONDS_MAX;
use sha2::{Digest as _, Sha256};

use crate::finding::{Fault, Finding};
use crate::gzip::Member;
use crate::index::{Records, id_key, subject_key};
use crate::manifest::{Manifest, Whole};
use crate::name::{File, FileName};
use crate::report::PartCounts;
use crate::tile::{Commitments, Erasure, Leaves, Parts};

/// The most bytes that are wanted at once.
pub const CHUNK_BYTES: usize = 65_536;
/// The most entries of one segment that open epochs: more are no log that came back from backups.
pub const OPENINGS_MAX: usize = 64;
/// The most erased parts of one segment that are remembered, and the most that its entries erase.
const ERASURES_MAX: usize = 65_536;
/// How far ahead of this clock another one may have been.
const AHEAD_MAX: Duration = Duration::from_secs(AHEAD_SECONDS_MAX);

/// Checks one segment against its manifest, in memory that does not grow with what is read.
///
/// ```no_run
/// # fn read(_: hos_archive::Want) -> Vec<u8> { Vec::new() }
/// # fn check(manifest: hos_archive::Manifest, now: hos_core::time::Timestamp)
/// # -> Result<(), hos_archive::Finding> {
/// let mut check = hos_archive::SegmentCheck::new(manifest, now);
/// while let Some(want) = check.want() {
///     check.give(&read(want))?;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct SegmentCheck {
    manifest: Manifest,
    latest: Timestamp,
    step: Step,
    leaves: Sha256,
    parts: Sha256,
    tile_parts: Sha256,
    hashes: Vec<Hash>,
    openings: Vec<(u64, Opening)>,
    lists: Lists,
    parts_found: PartCounts,
    /// The erased parts, each with the entry that is said to have erased it.
    erased: BTreeSet<Erasure>,
    /// What the entries of the segment erase.
    erasures: BTreeSet<Erasure>,
}

/// Bytes that are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "where, and how many")]
pub struct Want {
    /// Of which file.
    pub name: FileName,
    /// From which byte on.
    pub from: u64,
    /// How many; fewer are given only where the file ends before.
    pub length: usize,
}

#[derive(Debug, Default)]
struct Lists {
    latest: Option<Timestamp>,
    ids: Records<16>,
    subjects: Records<24>,
}

/// How far it has come.
enum Step {
    Leaves {
        tile: usize,
        at: u64,
        member: Box<Member<Leaves<'static>>>,
    },
    Parts {
        tile: usize,
        at: u64,
        member: Box<Member<Parts>>,
    },
    /// Nothing may follow.
    End(File),
    List {
        file: File,
        at: usize,
        bytes: Vec<u8>,
    },
    Done,
}

impl std::fmt::Debug for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = match self {
            Self::Leaves { .. } => "Leaves",
            Self::Parts { .. } => "Parts",
            Self::End(_) => "End",
            Self::List { .. } => "List",
            Self::Done => "Done",
        };
        f.write_str(name)
    }
}

impl SegmentCheck {
    /// Checks the files that a manifest tells of, at a time after which nothing was recorded.
    #[must_use]
    pub fn new(manifest: Manifest, now: Timestamp) -> Self {
        let latest = now.after(AHEAD_MAX);
        let step = leaves_of(&manifest, 0, latest);
        Self {
            manifest,
            latest,
            step,
            leaves: Sha256::new(),
            parts: Sha256::new(),
            tile_parts: Sha256::new(),
            hashes: Vec::new(),
            openings: Vec::new(),
            lists: Lists::default(),
            parts_found: PartCounts::default(),
            erased: BTreeSet::new(),
            erasures: BTreeSet::new(),
        }
    }

    /// What it wants next; nothing once the whole segment has been checked.
    #[must_use]
    pub fn want(&self) -> Option<Want> {
        let chunk = |left: u64| usize::try_from(left).unwrap_or(CHUNK_BYTES).min(CHUNK_BYTES);
        let member = |file, tile, at: u64| {
            let (from, length) = self.manifest.member(file, tile)?;
            let name = self.manifest.name(file);
            Some(Want { name, from: from + at, length: chunk(length.saturating_sub(at)) })
        };
        match &self.step {
            Step::Leaves { tile, at, .. } => member(File::Leaves, *tile, *at),
            Step::Parts { tile, at, .. } => member(File::Parts, *tile, *at),
            Step::End(file) => {
                let from = match file {
                    File::Parts => self.manifest.parts.bytes,
                    _ => self.manifest.leaves.bytes,
                };
                Some(Want { name: self.manifest.name(*file), from, length: 1 })
            }
            Step::List { file, at, bytes } => {
                // One more than there is: nothing may follow.
                let length = (bytes.len() - at + 1).min(CHUNK_BYTES);
                let from = u64::try_from(*at).unwrap_or(u64::MAX);
                Some(Want { name: self.manifest.name(*file), from, length })
            }
            Step::Done => None,
        }
    }

    /// Takes the bytes that were wanted.
    ///
    /// # Errors
    ///
    /// The [`Finding`] that ends the check.
    pub fn give(&mut self, bytes: &[u8]) -> Result<(), Finding> {
        self.take(bytes).map_err(|kind| {
            let of_leaf = matches!(kind, Fault::Leaf | Fault::Future | Fault::OtherLog);
            let index = if of_leaf { self.index() } else { None };
            Finding { segment: Some(self.manifest.range()), index, kind }
        })
    }

    /// The leaf hashes of the segment, in order, as far as they were checked.
    #[must_use]
    pub fn leaf_hashes(&self) -> &[Hash] {
        &self.hashes
    }

    /// The entries that open epochs, each with its index, as far as they were checked.
    #[must_use]
    pub fn openings(&self) -> &[(u64, Opening)] {
        &self.openings
    }

    /// What became of the parts.
    #[must_use]
    pub fn parts(&self) -> PartCounts {
        self.parts_found
    }

    /// The erased parts, and what the entries here erase, at most so many of each.
    pub(crate) fn erasures(&self) -> (&BTreeSet<Erasure>, &BTreeSet<Erasure>) {
        (&self.erased, &self.erasures)
    }

    /// When the last of the leaves that were checked was recorded.
    #[must_use]
    pub fn latest(&self) -> Option<Timestamp> {
        self.lists.latest
    }

    /// The manifest.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The index of the leaf that comes next.
    fn index(&self) -> Option<u64> {
        let Step::Leaves { tile, member, .. } = &self.step else { return None };
        let lines = u64::try_from(member.sink().lines.len()).ok()?;
        Some(self.manifest.first + u64::try_from(*tile).ok()? * SEGMENT_TILE + lines)
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let Some(want) = self.want() else { return Ok(()) };
        let more = match self.step {
            Step::End(_) if bytes.is_empty() => 0,
            Step::End(_) => return Err(Fault::Trailing),
            Step::List { .. } => want.length,
            _ if bytes.len() == want.length => want.length,
            _ if bytes.len() > want.length => return Err(Fault::Trailing),
            _ => return Err(Fault::Truncated),
        };
        let count = u64::try_from(more).unwrap_or(u64::MAX);
        match std::mem::replace(&mut self.step, Step::Done) {
            Step::Leaves { tile, at, mut member } => {
                self.leaves.update(bytes);
                let fed = member.feed(bytes);
                self.step = Step::Leaves { tile, at: at + count, member };
                fed?;
                self.end_leaves()
            }
            Step::Parts { tile, at, mut member } => {
                self.parts.update(bytes);
                self.tile_parts.update(bytes);
                member.feed(bytes)?;
                self.step = Step::Parts { tile, at: at + count, member };
                self.end_parts()
            }
            Step::End(File::Leaves) => {
                self.step = Step::End(File::Parts);
                Ok(())
            }
            Step::End(_) => self.begin_lists(),
            Step::List { file, at, bytes: list } => self.compare(file, at, list, bytes),
            Step::Done => Ok(()),
        }
    }

    fn is_at_end(&self, file: File, tile: usize, at: u64) -> bool {
        self.manifest.member(file, tile).is_none_or(|(_, length)| at >= length)
    }

    fn end_leaves(&mut self) -> Result<(), Fault> {
        let Step::Leaves { tile, at, .. } = self.step else { return Ok(()) };
        if !self.is_at_end(File::Leaves, tile, at) {
            return Ok(());
        }
        let Step::Leaves { member, .. } = std::mem::replace(&mut self.step, Step::Done) else {
            return Ok(());
        };
        let leaves = member.finish()?;
        let root = Digest::from_bytes(leaves.root()?);
        if self.manifest.tiles.get(tile).is_none_or(|tile| tile.root != root) {
            return Err(Fault::TileRoot);
        }
        for line in &leaves.lines {
            let at = u32::try_from(self.hashes.len()).unwrap_or(u32::MAX);
            for erasure in line.erasures()? {
                if self.erasures.len() < ERASURES_MAX {
                    self.erasures.insert(erasure);
                }
            }
            if let Some(opening) = line.opening() {
                if self.openings.len() >= OPENINGS_MAX {
                    return Err(Fault::Epoch);
                }
                self.openings.push((self.manifest.first.saturating_add(at.into()), opening?));
            }
            self.lists.add(&line.facts, at);
            self.hashes.push(line.hash);
        }
        let commitments: Commitments = leaves.commitments();
        let member = Box::new(Member::new(Parts::checked(commitments)));
        self.step = Step::Parts { tile, at: 0, member };
        self.end_parts()
    }

    fn end_parts(&mut self) -> Result<(), Fault> {
        let Step::Parts { tile, at, .. } = self.step else { return Ok(()) };
        if !self.is_at_end(File::Parts, tile, at) {
            return Ok(());
        }
        let Step::Parts { member, .. } = std::mem::replace(&mut self.step, Step::Done) else {
            return Ok(());
        };
        let parts = member.finish()?;
        let sha256 = Digest::from_bytes(std::mem::take(&mut self.tile_parts).finalize().into());
        if self.manifest.tiles.get(tile).is_none_or(|tile| tile.sha256 != sha256) {
            return Err(Fault::Digest);
        }
        let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        self.parts_found.bound += parts.bound;
        self.parts_found.sealed += parts.sealed;
        self.parts_found.erased += count(parts.erased.len());
        self.parts_found.missing += count(parts.missing.len());
        let room = ERASURES_MAX.saturating_sub(self.erased.len());
        self.erased.extend(parts.erased.into_iter().take(room));
        if tile + 1 < self.manifest.tile_count() {
            self.step = leaves_of(&self.manifest, tile + 1, self.latest);
            return Ok(());
        }
        self.end_tiles()?;
        self.step = Step::End(File::Leaves);
        Ok(())
    }

    fn end_tiles(&self) -> Result<(), Fault> {
        let is = |hasher: &Sha256, whole: &Whole| {
            Digest::from_bytes(hasher.clone().finalize().into()) == whole.sha256
        };
        if !is(&self.leaves, &self.manifest.leaves) || !is(&self.parts, &self.manifest.parts) {
            return Err(Fault::Digest);
        }
        let roots = self.manifest.tiles.iter().map(|tile| *tile.root.as_bytes());
        if Digest::from_bytes(root_of(roots)) != self.manifest.root
            || self.manifest.verify(&self.hashes).is_err()
        {
            return Err(Fault::Tree);
        }
        Ok(())
    }

    fn begin_lists(&mut self) -> Result<(), Fault> {
        let (bytes, list) = std::mem::take(&mut self.lists.ids).encode();
        if list != self.manifest.ids {
            return Err(Fault::Index);
        }
        self.step = Step::List { file: File::Ids, at: 0, bytes };
        Ok(())
    }

    fn compare(&mut self, file: File, at: usize, list: Vec<u8>, bytes: &[u8]) -> Result<(), Fault> {
        let left = list.get(at..).unwrap_or_default();
        let length = (left.len() + 1).min(CHUNK_BYTES);
        let expected = left.get(..length.min(left.len())).unwrap_or_default();
        if bytes.len() > expected.len() {
            return Err(Fault::Trailing);
        }
        if bytes.len() < expected.len() {
            return Err(Fault::Truncated);
        }
        if bytes != expected {
            return Err(Fault::Index);
        }
        if at + bytes.len() < list.len() || length == CHUNK_BYTES {
            self.step = Step::List { file, at: at + bytes.len(), bytes: list };
            return Ok(());
        }
        if file == File::Ids {
            let (bytes, list) = std::mem::take(&mut self.lists.subjects).encode();
            if list != self.manifest.subjects {
                return Err(Fault::Index);
            }
            self.step = Step::List { file: File::Subjects, at: 0, bytes };
        }
        Ok(())
    }
}

impl Lists {
    fn add(&mut self, facts: &hos_core::proof::LeafFacts, line: u32) {
        self.latest = self.latest.max(Some(facts.recorded_at));
        self.ids.push(id_key(facts.id), line);
        if let (Some((kind, id)), Some(revision), true) =
            (&facts.subject, facts.revision, facts.moves())
        {
            self.subjects.push(subject_key(&format!("{kind}:{id}"), revision), line);
        }
    }
}

fn leaves_of(manifest: &Manifest, tile: usize, latest: Timestamp) -> Step {
    let member = Box::new(Member::new(Leaves::checked(manifest.origin(), latest)));
    Step::Leaves { tile, at: 0, member }
}
