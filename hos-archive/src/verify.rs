//! Verifies the archive of a log from its files alone: streaming, whatever they claim to hold.

mod entries;
mod trees;

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use hos_core::digest::Digest;
use hos_core::time::Timestamp;
use hos_verify::checkpoint::Checkpoint;
use hos_verify::epoch::{Said, join, said};
use hos_verify::merkle::{Frontier, Hash};
use hos_verify::note::SignedNote;
use hos_verify::policy::{Endorsement, Policy};

use crate::check::SegmentCheck;
use crate::finding::{Fault, Finding};
use crate::manifest::{MANIFEST_BYTES_MAX, Manifest, ManifestFault};
use crate::name::{File, FileName};
use crate::report::{ArchiveReport, Asked};
use crate::tile::Erasure;

use trees::Tree;

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
    /// Whose signatures count; without it nothing is anchored.
    pub policy: Option<Policy>,
    /// A tree of the log that is known: its size and root.
    pub known: Option<(u64, Hash)>,
    /// Of which epoch that is known; 1 where its origin names none.
    pub known_epoch: u64,
    /// The segments that there are to be, as the log or its store names them: first, end, and the
    /// SHA-256 of the manifest. Empty where that is not known.
    pub segments: Vec<(u64, u64, Digest)>,
}

/// Verifies the archive of one log: every byte of every file, every leaf against its tile, every
/// segment against the tree that it stands in and against the one before it, every checkpoint.
///
/// One segment after the other is read, none of it kept but its leaf hashes: about 10 MB, whatever
/// the archive holds.
#[must_use]
pub fn verify_archive(source: &dyn Source, expectation: &Expectation) -> ArchiveReport {
    let report = walk(source, expectation);
    if !report.by_kind.contains_key(&Fault::Contradiction) {
        return report;
    }
    // What is known may have been lost when the log came back from a backup, and an entry say so.
    let mut again = walk(source, &Expectation { known: None, ..expectation.clone() });
    let known = expectation.known.and_then(|(size, root)| {
        Checkpoint::new(&join(&expectation.origin, expectation.known_epoch), size, root).ok()
    });
    match known.as_ref().map(|known| said(&again.openings, known)) {
        Some(Said::Lost(index, opening)) => {
            again.lost = Some((index, opening.clone()));
            again.asked = report.asked;
            again
        }
        _ => report,
    }
}

fn walk(source: &dyn Source, expectation: &Expectation) -> ArchiveReport {
    let asked = Asked {
        now: expectation.now,
        has_policy: expectation.policy.is_some(),
        known: expectation.known.map(|(size, _)| size),
        names_segments: !expectation.segments.is_empty(),
    };
    let origin = expectation.origin.clone();
    let mut report = ArchiveReport { origin, asked, ..ArchiveReport::default() };
    let names = source.list().unwrap_or_else(|_| {
        report.add(Finding { segment: None, index: None, kind: Fault::Unreadable });
        Vec::new()
    });
    let frontier = Some(Frontier::new());
    let mut walk = Walk {
        source,
        expectation,
        report,
        at: 0,
        frontier,
        is_whole: true,
        epoch: 1,
        signed: BTreeMap::new(),
        trees: BTreeMap::new(),
        anchors: BTreeMap::new(),
        forks: Vec::new(),
        erased: BTreeMap::new(),
        last: None,
        unseen: 0,
    };
    for name in manifests(&names, expectation) {
        walk.segment(name);
    }
    walk.gap(expectation.segments.iter().map(|(_, end, _)| *end).max().unwrap_or(walk.at));
    walk.cut();
    walk.end()
}

/// The manifests to be read. What was begun and never recorded is passed over, where it is known
/// what was.
fn manifests(names: &[FileName], expectation: &Expectation) -> BTreeSet<FileName> {
    let of = |(first, end, digest): &(u64, u64, Digest)| {
        FileName::new((*first, *end), digest, File::Manifest)
    };
    let range = |name: &FileName| (name.first, name.end);
    let known: BTreeSet<FileName> = expectation.segments.iter().map(of).collect();
    let there: BTreeSet<FileName> = names.iter().copied().filter(|n| known.contains(n)).collect();
    let ranges = |names: &BTreeSet<FileName>| names.iter().map(range).collect::<BTreeSet<_>>();
    let (known_ranges, there_ranges) = (ranges(&known), ranges(&there));
    let is_meant = |name: &FileName| {
        let is_known = known.is_empty() || known.contains(name);
        // One that is known to be another is a contradiction, not a gap.
        let own = range(name);
        let replaced = known_ranges.contains(&own) && !there_ranges.contains(&own);
        name.file == File::Manifest && (is_known || replaced)
    };
    let mut manifests: BTreeSet<FileName> = names.iter().copied().filter(is_meant).collect();
    // Files without a manifest are a segment all the same.
    let told = ranges(&manifests);
    let bare = names.iter().filter(|name| known.is_empty() && !told.contains(&range(name)));
    manifests.extend(bare.map(|name| FileName { tag: 0, file: File::Manifest, ..*name }));
    manifests
}

/// How far it has come, and the right edge of the tree up to there; none behind a gap.
struct Walk<'a> {
    source: &'a dyn Source,
    expectation: &'a Expectation,
    report: ArchiveReport,
    at: u64,
    frontier: Option<Frontier>,
    /// Whether nothing was missing so far.
    is_whole: bool,
    /// The last that an entry so far opens.
    epoch: u64,
    /// Of each epoch that a checkpoint is of: the largest tree that one is over, and its segment.
    signed: BTreeMap<u64, (u64, (u64, u64))>,
    /// Trees that reach beyond what was read, by size and epoch.
    trees: BTreeMap<(u64, u64), Tree>,
    /// The trees of the deployment's log that anchors lead to, by size and epoch.
    anchors: BTreeMap<(u64, u64), Hash>,
    /// Checkpoints that contradict others, or the leaves that they are over, each with its segment.
    forks: Vec<((u64, u64), Checkpoint)>,
    /// Erased parts whose erasure has not come by yet, each with its segment.
    erased: BTreeMap<Erasure, (u64, u64)>,
    /// The range of the last segment, and the root over its leaves where it verified.
    last: Option<((u64, u64), Option<Digest>)>,
    /// How many of the last segments stand under no checkpoint that enough witnesses have seen: one
    /// that goes on from here stands for them too.
    unseen: u64,
}

impl Walk<'_> {
    fn segment(&mut self, name: FileName) {
        let range = (name.first, name.end);
        self.gap(range.0);
        let spare_of = self.last.filter(|(last, _)| *last == range).map(|(_, root)| root);
        if range.0 < self.at && spare_of.is_none() {
            let segment = Some(range);
            return self.report.add(Finding { segment, index: None, kind: Fault::Overlap });
        }
        let checked = match spare_of {
            Some(root) => self.spare(name, root),
            None => {
                self.report.segments += 1;
                let before = self.frontier.take();
                if before.is_none() {
                    self.cut();
                }
                self.check(name, before).map(Some)
            }
        };
        let root = checked.unwrap_or_else(|found| {
            self.report.add(found);
            None
        });
        (self.at, self.last) = (range.1, Some((range, root)));
    }

    /// Checks a segment that was written twice, before somebody was broken off or a part was
    /// erased: it has the same leaves.
    fn spare(&self, name: FileName, root: Option<Digest>) -> Result<Option<Digest>, Finding> {
        let own = self.verified(name)?.0.manifest().root;
        if root.is_some_and(|root| root != own) {
            let segment = Some((name.first, name.end));
            return Err(Finding { segment, index: None, kind: Fault::Tree });
        }
        Ok(Some(own))
    }

    /// Nothing that follows stands for the segments before.
    fn cut(&mut self) {
        self.report.unwitnessed += std::mem::take(&mut self.unseen);
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
        (self.at, self.frontier, self.is_whole) = (to, None, false);
    }

    /// A checkpoint that an entry here says was lost when the log came back contradicts nobody.
    fn end(mut self) -> ArchiveReport {
        for (segment, checkpoint) in std::mem::take(&mut self.forks) {
            if !matches!(said(&self.report.openings, &checkpoint), Said::Lost(..)) {
                let kind = Fault::Fork;
                self.report.add(Finding { segment: Some(segment), index: None, kind });
            }
        }
        let unproven: BTreeSet<(u64, u64)> = self.erased.values().copied().collect();
        for segment in unproven {
            let kind = Fault::UnprovenErasure;
            self.report.add(Finding { segment: Some(segment), index: None, kind });
        }
        self.report
    }

    fn check(&mut self, name: FileName, before: Option<Frontier>) -> Result<Digest, Finding> {
        let segment = Some((name.first, name.end));
        let finding = |kind| Finding { segment, index: None, kind };
        let (check, endorsement) = self.verified(name)?;
        self.place(&check, before).map_err(finding)?;
        self.refuse_outlived(&check);
        self.refuse_order(&check).map_err(finding)?;
        self.epoch = self.reached(&check);
        let (size, _) = check.manifest().tree();
        let signed = (size, (name.first, name.end));
        let largest = self.signed.entry(check.manifest().epoch()).or_insert(signed);
        *largest = signed.max(*largest);
        let known = self.expectation.known.is_some_and(|known| known == check.manifest().tree());
        self.report.is_compared |= known;
        self.report.latest = self.report.latest.max(check.latest());
        if let Some(endorsement) = endorsement {
            self.refuse_late(&check, &endorsement);
            self.unseen = if endorsement.is_witnessed { 0 } else { self.unseen + 1 };
            self.report.seen = endorsement.witnesses;
        }
        self.report.openings.extend(check.openings().iter().cloned());
        self.report.entries += u64::try_from(check.leaf_hashes().len()).unwrap_or(u64::MAX);
        self.count_parts(&check);
        Ok(check.manifest().root)
    }

    /// Checks a segment by itself; says who of those that are trusted has signed its tree.
    fn verified(&self, name: FileName) -> Result<(SegmentCheck, Option<Endorsement>), Finding> {
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
        if self.reached(&check) > check.manifest().epoch() {
            return Err(finding(Fault::Epoch));
        }
        let endorsement = self.checkpoint(check.manifest()).map_err(finding)?;
        Ok((check, endorsement))
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

    /// Who of those that are trusted has signed the tree.
    fn checkpoint(&self, manifest: &Manifest) -> Result<Option<Endorsement>, Fault> {
        let (size, root) = manifest.tree();
        if self.expectation.known.is_some_and(|known| known.0 == size && known.1 != root) {
            return Err(Fault::Contradiction);
        }
        let Some(policy) = &self.expectation.policy else { return Ok(None) };
        let endorsed = |note: &SignedNote, origin: &str| {
            let endorsement = policy.endorsement(note, origin).ok();
            let is_signed = |endorsement: &Endorsement| !endorsement.logs.is_empty();
            endorsement.filter(is_signed).ok_or(Fault::Signature)
        };
        let note = SignedNote::parse(manifest.checkpoint().as_bytes());
        let note = note.map_err(|_| Fault::Manifest)?;
        let origin = join(manifest.origin(), manifest.epoch());
        let mut endorsement = endorsed(&note, &origin)?;
        if let Some((note, checkpoint)) = manifest.anchored() {
            let anchor = endorsed(note, checkpoint.origin())?;
            endorsement.is_witnessed |= anchor.is_witnessed;
            endorsement.witnesses.extend(anchor.witnesses);
        }
        Ok(Some(endorsement))
    }

    /// Whether the segment goes on where the one before ended, and leads to the tree that is known.
    fn place(&mut self, check: &SegmentCheck, before: Option<Frontier>) -> Result<(), Fault> {
        let manifest = check.manifest();
        let after = manifest.frontier().ok_or(Fault::Tree)?;
        let (first, end) = manifest.range();
        self.remember(manifest);
        self.frontier = Some(after.clone());
        if let Some(mut frontier) = before {
            self.meet_trees(&frontier, check)?;
            if let Some((size, root)) = self.expectation.known
                && (first..=end).contains(&size)
            {
                Self::meet(&frontier, check, first, size, &root)?;
                self.report.is_compared = true;
            }
            for tile in &manifest.tiles {
                frontier.push(*tile.root.as_bytes()).map_err(|_| Fault::Tree)?;
            }
            if frontier != after {
                return Err(Fault::Tree);
            }
            self.report.size = if self.is_whole { end } else { self.report.size };
        }
        Ok(())
    }
}
