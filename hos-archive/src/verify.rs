//! Verifies the archive of a log from its files alone: streaming, whatever they claim to hold.

use std::collections::BTreeSet;
use std::io;

use hos_core::digest::Digest;
use hos_core::time::Timestamp;
use hos_verify::merkle::{Frontier, Hash};
use hos_verify::note::{SignedNote, VerifierKey};

use crate::check::SegmentCheck;
use crate::finding::{Fault, Finding};
use crate::manifest::{MANIFEST_BYTES_MAX, Manifest, ManifestFault};
use crate::name::{File, FileName};

/// The most findings that a report lists; all are counted.
pub const FINDINGS_MAX: usize = 100;

/// Where the files of one log's archive are read: a directory, or anything else.
pub trait Source {
    /// The names of all files.
    ///
    /// # Errors
    ///
    /// When they cannot be listed.
    fn list(&self) -> io::Result<Vec<FileName>>;

    /// So many bytes of a file from one on, fewer only where it ends; none when there is no such
    /// file.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    fn read(&self, name: FileName, from: u64, length: usize) -> io::Result<Option<Vec<u8>>>;
}

/// What is known of an archive from elsewhere. The archive never supplies its own trust.
#[derive(Debug, Clone)]
#[expect(clippy::exhaustive_structs, reason = "whoever verifies says all of it")]
pub struct Expectation {
    /// The origin of the log.
    pub origin: String,
    /// The time: nothing was recorded after it.
    pub now: Timestamp,
    /// The keys that are trusted to sign checkpoints; where there are none, nothing is anchored.
    pub keys: Vec<VerifierKey>,
    /// A tree of the log that is known: its size and root.
    pub known: Option<(u64, Hash)>,
    /// The segments that there are to be, as the log or its store names them: first, end, and the
    /// SHA-256 of the manifest. Empty where that is not known.
    pub segments: Vec<(u64, u64, Digest)>,
}

/// What an archive comes to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ArchiveReport {
    /// How many segments were read.
    pub segments: u64,
    /// How many entries verified.
    pub entries: u64,
    /// How many of the segments stand under a checkpoint that a trusted key has signed.
    pub signed: u64,
    /// How many parts are there, each what its leaf commits to.
    pub parts: u64,
    /// How many parts were erased.
    pub withheld: u64,
    /// One more than the last index that everything before was verified to.
    pub size: u64,
    /// What is wrong, at most [`FINDINGS_MAX`], the first of each segment.
    pub findings: Vec<Finding>,
    /// How much is wrong.
    pub finding_count: u64,
}

/// What a report comes to, worst last.
///
/// Exhaustive: the numbers are the documented exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "the numbers are the documented exit codes")]
#[repr(u8)]
pub enum Status {
    /// Verified: every segment is there and stands under a trusted signature, or under the tree
    /// that is known.
    Verified = 0,
    /// Consistent in itself, and nothing from outside vouches for it.
    Unanchored = 10,
    /// Whole segments are missing; the others verify.
    Incomplete = 20,
    /// It contradicts what is known.
    Contradicts = 30,
    /// Something in it is not what it should be.
    Invalid = 40,
    /// It cannot be read.
    Unreadable = 50,
}

impl ArchiveReport {
    /// What it comes to.
    #[must_use]
    pub fn status(&self) -> Status {
        let of = |finding: &Finding| match finding.kind {
            Fault::MissingSegment => Status::Incomplete,
            Fault::Contradiction | Fault::OtherManifest => Status::Contradicts,
            Fault::Unreadable => Status::Unreadable,
            _ => Status::Invalid,
        };
        let worst = self.findings.iter().map(of).max();
        worst.unwrap_or(if self.segments > 0 && self.signed == self.segments {
            Status::Verified
        } else {
            Status::Unanchored
        })
    }

    fn add(&mut self, finding: Finding) {
        self.finding_count += 1;
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding);
        }
    }
}

/// Verifies the archive of one log: every byte of every file, every leaf against its tile, every
/// segment against the tree that it stands in and against the one before it, every checkpoint.
///
/// One segment after the other is read, none of it kept but its leaf hashes: about 10 MB, whatever
/// the archive holds.
#[must_use]
pub fn verify_archive(source: &dyn Source, expectation: &Expectation) -> ArchiveReport {
    let mut report = ArchiveReport::default();
    let names = source.list().unwrap_or_else(|_| {
        report.add(Finding { segment: None, index: None, kind: Fault::Unreadable });
        Vec::new()
    });
    let frontier = Some(Frontier::new());
    let mut walk = Walk { source, expectation, report, at: 0, frontier, last: None };
    for name in manifests(&names, expectation) {
        walk.segment(name);
    }
    walk.gap(expectation.segments.iter().map(|(_, end, _)| *end).max().unwrap_or(walk.at));
    walk.report
}

/// The manifests to be read. What was begun and never recorded is passed over, where it is known
/// what was.
fn manifests(names: &[FileName], expectation: &Expectation) -> BTreeSet<FileName> {
    let of = |(first, end, digest): &(u64, u64, Digest)| {
        FileName::new((*first, *end), digest, File::Manifest)
    };
    let known: BTreeSet<FileName> = expectation.segments.iter().map(of).collect();
    let is_meant = |name: &FileName| {
        let is_known = known.is_empty() || known.contains(name);
        // One that is known to be another is a contradiction, not a gap.
        let range = (name.first, name.end);
        let has_own = names.iter().any(|own| known.contains(own) && (own.first, own.end) == range);
        let replaced = known.iter().any(|own| (own.first, own.end) == range) && !has_own;
        name.file == File::Manifest && (is_known || replaced)
    };
    let mut manifests: BTreeSet<FileName> = names.iter().copied().filter(is_meant).collect();
    // Files without a manifest are a segment all the same.
    let is_bare = |name: &&FileName| {
        let range = (name.first, name.end);
        known.is_empty() && !manifests.iter().any(|own| (own.first, own.end) == range)
    };
    let bare: Vec<FileName> = names.iter().filter(is_bare).copied().collect();
    let as_manifest = |name: FileName| FileName { tag: 0, file: File::Manifest, ..name };
    manifests.extend(bare.into_iter().map(as_manifest));
    manifests
}

/// How far it has come, and the right edge of the tree up to there; none behind a gap.
struct Walk<'a> {
    source: &'a dyn Source,
    expectation: &'a Expectation,
    report: ArchiveReport,
    at: u64,
    frontier: Option<Frontier>,
    /// The range of the last segment.
    last: Option<(u64, u64)>,
}

impl Walk<'_> {
    fn segment(&mut self, name: FileName) {
        let range = (name.first, name.end);
        self.gap(range.0);
        let is_spare = self.last == Some(range);
        if range.0 < self.at && !is_spare {
            let segment = Some(range);
            return self.report.add(Finding { segment, index: None, kind: Fault::Overlap });
        }
        let checked = if is_spare {
            // Written twice, before somebody was broken off or a part was erased.
            self.verified(name).map(drop)
        } else {
            self.report.segments += 1;
            let before = self.frontier.take();
            self.check(name, before)
        };
        if let Err(found) = checked {
            self.report.add(found);
        }
        (self.at, self.last) = (range.1, Some(range));
    }

    /// Says that segments are missing up to an index, each by itself where they are known.
    fn gap(&mut self, to: u64) {
        if self.at >= to {
            return;
        }
        let (at, known) = (self.at, &self.expectation.segments);
        let within = |(first, end, _): &&(u64, u64, Digest)| *first >= at && *end <= to;
        let mut missing: Vec<(u64, u64)> =
            known.iter().filter(within).map(|(first, end, _)| (*first, *end)).collect();
        if missing.is_empty() {
            missing.push((at, to));
        }
        for segment in missing {
            let kind = Fault::MissingSegment;
            self.report.add(Finding { segment: Some(segment), index: None, kind });
        }
        (self.at, self.frontier) = (to, None);
    }

    fn check(&mut self, name: FileName, before: Option<Frontier>) -> Result<(), Finding> {
        let segment = Some((name.first, name.end));
        let finding = |kind| Finding { segment, index: None, kind };
        let (check, signed) = self.verified(name)?;
        self.place(&check, before).map_err(finding)?;
        let known = self.expectation.known.is_some_and(|known| known == check.manifest().tree());
        self.report.signed += u64::from(signed || known);
        self.report.entries += u64::try_from(check.leaf_hashes().len()).unwrap_or(u64::MAX);
        let (parts, withheld) = check.parts();
        (self.report.parts, self.report.withheld) =
            (self.report.parts + parts, self.report.withheld + withheld);
        Ok(())
    }

    /// Checks a segment by itself; says whether a trusted key has signed its tree.
    fn verified(&self, name: FileName) -> Result<(SegmentCheck, bool), Finding> {
        let segment = Some((name.first, name.end));
        let finding = |kind| Finding { segment, index: None, kind };
        let manifest = self.manifest(name).map_err(finding)?;
        let mut check = SegmentCheck::new(manifest, self.expectation.now);
        while let Some(want) = check.want() {
            let bytes = match self.source.read(want.name, want.from, want.length) {
                Ok(Some(bytes)) => bytes,
                Ok(None) => return Err(finding(Fault::MissingFile)),
                Err(_) => return Err(finding(Fault::Unreadable)),
            };
            check.give(&bytes)?;
        }
        let signed = self.checkpoint(check.manifest()).map_err(finding)?;
        Ok((check, signed))
    }

    fn manifest(&self, name: FileName) -> Result<Manifest, Fault> {
        let (first, end) = (name.first, name.end);
        let bytes = self.source.read(name, 0, MANIFEST_BYTES_MAX + 1);
        let bytes = bytes.map_err(|_| Fault::Unreadable)?.ok_or(Fault::MissingFile)?;
        let is_this = |(from, to, _): &&(u64, u64, Digest)| (*from, *to) == (first, end);
        let known = self.expectation.segments.iter().find(is_this);
        if known.is_some_and(|(_, _, digest)| *digest != Digest::of(&bytes)) {
            return Err(Fault::OtherManifest);
        }
        let manifest = Manifest::parse(&bytes).map_err(|_: ManifestFault| Fault::Manifest)?;
        if manifest.origin() != self.expectation.origin {
            return Err(Fault::OtherLog);
        }
        if manifest.name(File::Manifest) == name { Ok(manifest) } else { Err(Fault::Manifest) }
    }

    /// Whether a trusted key has signed the tree.
    fn checkpoint(&self, manifest: &Manifest) -> Result<bool, Fault> {
        let (size, root) = manifest.tree();
        if self.expectation.known.is_some_and(|known| known.0 == size && known.1 != root) {
            return Err(Fault::Contradiction);
        }
        if self.expectation.keys.is_empty() {
            return Ok(false);
        }
        let note = SignedNote::parse(manifest.checkpoint().as_bytes());
        let note = note.map_err(|_| Fault::Manifest)?;
        let verified = note.verify(&self.expectation.keys).map_err(|_| Fault::Signature)?;
        if verified.is_empty() { Err(Fault::Signature) } else { Ok(true) }
    }

    /// Whether the segment goes on where the one before ended, and leads to the tree that is known.
    fn place(&mut self, check: &SegmentCheck, before: Option<Frontier>) -> Result<(), Fault> {
        let manifest = check.manifest();
        let after = manifest.frontier().ok_or(Fault::Tree)?;
        if let Some(mut frontier) = before {
            let (first, end) = manifest.range();
            if let Some((size, root)) = self.expectation.known
                && (first..=end).contains(&size)
            {
                self.meet(&frontier, check, first, size, &root)?;
            }
            for tile in &manifest.tiles {
                frontier.push(*tile.root.as_bytes()).map_err(|_| Fault::Tree)?;
            }
            if frontier != after {
                return Err(Fault::Tree);
            }
            self.report.size = end;
            self.frontier = Some(frontier);
        }
        Ok(())
    }

    fn meet(
        &self,
        tiles: &Frontier,
        check: &SegmentCheck,
        first: u64,
        size: u64,
        root: &Hash,
    ) -> Result<(), Fault> {
        // The peaks of so many tiles are those of so many leaves.
        let frontier = Frontier::from_parts(first, tiles.peaks().to_vec());
        let mut frontier = frontier.map_err(|_| Fault::Tree)?;
        let count = usize::try_from(size - first).unwrap_or(usize::MAX);
        for hash in check.leaf_hashes().iter().take(count) {
            frontier.push(*hash).map_err(|_| Fault::Tree)?;
        }
        if frontier.root() == *root { Ok(()) } else { Err(Fault::Contradiction) }
    }
}
