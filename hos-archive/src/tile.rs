//! One tile of a segment: 256 leaves and their parts, checked as their lines come in.

use std::collections::{BTreeMap, BTreeSet};

use hos_core::cipher::SealedPart;
use hos_core::proof::{LEAF_BYTES_MAX, LeafFacts, LogEntry, Part, SEGMENT_TILE};
use hos_core::time::{ProofId, Timestamp};
use hos_verify::commitment::commit;
use hos_verify::epoch::{EPOCH_TYPE, Opening};
use hos_verify::leaf::Leaf;
use hos_verify::merkle::{Hash, leaf_hash, root_of};
use serde::Deserialize;

use crate::finding::Fault;
use crate::gzip::Sink;
use crate::part::{self, PART_LINE_BYTES_MAX};

/// The leaves of one tile.
pub(crate) struct Leaves<'o> {
    origin: std::borrow::Cow<'o, str>,
    latest: Timestamp,
    pub(crate) lines: Vec<Line>,
    /// Whether the bytes of the lines are kept.
    keeps: bool,
}

/// One leaf.
pub(crate) struct Line {
    pub(crate) hash: Hash,
    pub(crate) facts: LeafFacts,
    leaf: String,
}

impl Line {
    /// What it says of an epoch that begins; none for any other leaf.
    pub(crate) fn opening(&self) -> Option<Result<Opening, Fault>> {
        let opening = || Opening::of(&Leaf::parse(self.leaf.as_bytes()).ok()?);
        (self.facts.type_ == EPOCH_TYPE).then(|| opening().ok_or(Fault::Leaf))
    }
}

/// Which part was erased, and the entry that says so.
pub(crate) type Erasure = (ProofId, String, ProofId);

/// The type of an entry that erases.
const ERASURE_TYPE: &str = "erasure/1";

/// The leaf of an erasure.
#[derive(Deserialize)]
struct Erasing {
    #[serde(default)]
    erased: Vec<ErasedPart>,
}

#[derive(Deserialize)]
struct ErasedPart {
    id: ProofId,
    n: String,
}

impl Line {
    /// The parts that it erases.
    pub(crate) fn erasures(&self) -> Result<Vec<Erasure>, Fault> {
        if self.facts.type_ != ERASURE_TYPE {
            return Ok(Vec::new());
        }
        let erasing: Erasing = serde_json::from_str(&self.leaf).map_err(|_| Fault::Leaf)?;
        let of = |part: ErasedPart| (part.id, part.n, self.facts.id);
        Ok(erasing.erased.into_iter().map(of).collect())
    }
}

impl Leaves<'static> {
    /// Checks leaves without keeping them.
    pub(crate) fn checked(origin: &str, latest: Timestamp) -> Self {
        Self { origin: origin.to_owned().into(), latest, lines: Vec::new(), keeps: false }
    }
}

impl<'o> Leaves<'o> {
    /// Keeps leaves that somebody has dated already.
    pub(crate) fn kept(origin: &'o str) -> Self {
        let latest = Timestamp::from_micros(i64::MAX);
        Self { origin: origin.into(), latest, lines: Vec::new(), keeps: true }
    }

    /// The root over the leaves; a fault when there are not as many as a tile has.
    pub(crate) fn root(&self) -> Result<Hash, Fault> {
        if u64::try_from(self.lines.len()) != Ok(SEGMENT_TILE) {
            return Err(Fault::LineCount);
        }
        Ok(root_of(self.lines.iter().map(|line| line.hash)))
    }

    /// What the leaves say of their parts.
    pub(crate) fn commitments(&self) -> Commitments {
        let of = |line: &Line| {
            let id = line.facts.id;
            let parts = line.facts.parts.iter();
            parts.map(|(name, hash)| ((id, name.clone()), *hash)).collect::<Vec<_>>()
        };
        self.lines.iter().flat_map(of).collect()
    }

    /// The entries of a tile that begins at an index, with their parts as they were stored.
    pub(crate) fn entries(self, first: u64, parts: &mut Kept) -> Vec<LogEntry> {
        let entry = |(index, Line { hash, facts, leaf }): (u64, Line)| {
            let rows = parts.remove(&facts.id).unwrap_or_default();
            let bare = LogEntry {
                index: Some(index),
                id: facts.id,
                leaf,
                leaf_hash: hash,
                recorded_at: facts.recorded_at,
                parts: Vec::new(),
                withheld: Vec::new(),
            };
            bare.with_rows(rows)
        };
        (first..).zip(self.lines).map(entry).collect()
    }
}

impl Sink for Leaves<'_> {
    const LINE_MAX: usize = LEAF_BYTES_MAX;

    fn line(&mut self, line: &[u8]) -> Result<(), Fault> {
        if u64::try_from(self.lines.len()).is_ok_and(|lines| lines >= SEGMENT_TILE) {
            return Err(Fault::LineCount);
        }
        let facts = LeafFacts::parse(line).ok_or(Fault::Leaf)?;
        if *facts.log != *self.origin {
            return Err(Fault::OtherLog);
        }
        if facts.recorded_at > self.latest {
            return Err(Fault::Future);
        }
        let is_kept = self.keeps || matches!(&*facts.type_, EPOCH_TYPE | ERASURE_TYPE);
        let leaf = if is_kept { std::str::from_utf8(line).unwrap_or_default() } else { "" };
        self.lines.push(Line { hash: leaf_hash(line), facts, leaf: leaf.to_owned() });
        Ok(())
    }
}

/// What leaves say of parts, by entry and name.
pub(crate) type Commitments = BTreeMap<(ProofId, String), Hash>;
/// Parts by their entries.
pub(crate) type Kept = BTreeMap<ProofId, Vec<Part>>;

/// The parts of one tile; each is one that its leaf commits to, and comes once.
pub(crate) struct Parts {
    /// Those that did not come.
    pub(crate) missing: Commitments,
    /// Those that are what their leaves commit to.
    pub(crate) bound: u64,
    /// Those that are sealed under a person's key.
    pub(crate) sealed: u64,
    /// Those in whose place it stands which entry erased them.
    pub(crate) erased: BTreeSet<Erasure>,
    pub(crate) kept: Kept,
    keeps: bool,
}

impl Parts {
    pub(crate) fn checked(commitments: Commitments) -> Self {
        let (erased, kept) = (BTreeSet::new(), Kept::new());
        Self { missing: commitments, bound: 0, sealed: 0, erased, kept, keeps: false }
    }

    pub(crate) fn kept(commitments: Commitments) -> Self {
        Self { keeps: true, ..Self::checked(commitments) }
    }
}

impl Sink for Parts {
    const LINE_MAX: usize = PART_LINE_BYTES_MAX;

    fn line(&mut self, line: &[u8]) -> Result<(), Fault> {
        let (entry, part) = part::parse(line).ok_or(Fault::Part)?;
        let bound = self.missing.remove(&(entry, part.name.clone())).ok_or(Fault::Part)?;
        // What is sealed under a person's key binds nobody before it is opened: the commitment is
        // to what is inside.
        if part.is_erased() {
            let by = part::erased_by(&part).ok_or(Fault::Part)?;
            self.erased.insert((entry, part.name.clone(), by));
        } else if SealedPart::is_sealed(&part) {
            let sealed = SealedPart::read(&part).filter(|sealed| sealed.row(&part.name) == part);
            sealed.ok_or(Fault::Part)?;
            self.sealed += 1;
        } else if commit(&part.salt, entry.as_bytes(), &part.name, part.body.as_bytes()) == bound {
            self.bound += 1;
        } else {
            return Err(Fault::Part);
        }
        if self.keeps {
            self.kept.entry(entry).or_default().push(part);
        }
        Ok(())
    }
}
