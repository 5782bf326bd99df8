//! Making bundles, from plain data and stored hashes.

mod history;
mod page;
mod readme;

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;

use super::{
    BUNDLE_BYTES_MAX, Claim, ConsistencyFile, ENTRIES_MAX, Erased, Listed, Manifest, Name, Opening,
    RangeFile, sha256,
};
use crate::bundle::manifest::ListedFile;
use crate::json::INTEGER_MAX;
use crate::leaf::{EntryId, Leaf};
use crate::merkle::{Hash, MerkleError};
use crate::proof::Proof;
use crate::tile::{self, TileError};
use crate::time::Time;
use crate::verdict::Status;
use crate::verify::{Trust, verify};
use crate::zip;

/// What a bundle is to hold.
#[derive(Clone, Debug)]
pub struct Draft {
    /// When it is made.
    pub created: Time,
    /// The note of the checkpoint that all proofs are to lead to.
    pub checkpoint: String,
    /// What is claimed of the entries as a whole; at least one claim.
    pub claims: Vec<Claim>,
    /// The entries, in any order.
    pub entries: Vec<DraftEntry>,
    /// Notes of other checkpoints of the log, which a receiver may hold.
    pub others: Vec<String>,
    /// The proof that the checkpoint's note is a leaf of the deployment's log.
    pub anchor: Option<Proof>,
    /// RFC 3161 tokens, carried along unread.
    pub tokens: Vec<Vec<u8>>,
    /// Which keys signed when, for people: information, not trust. With the pages there is what the
    /// notes and entries of the bundle tell of that, where this tells nothing.
    pub keys: Option<String>,
    /// Whether to put in what is for people: a page, a text, and which keys signed when.
    pub has_pages: bool,
}

/// One entry of a bundle.
#[derive(Clone, Debug)]
pub struct DraftEntry {
    /// Its index in the log.
    pub index: u64,
    /// The bytes of its leaf.
    pub leaf: String,
    /// The parts that are opened.
    pub opened: Vec<OpenedPart>,
    /// The parts that are gone, each with the erasure's entry, which must be in the bundle too.
    pub erased: Vec<(String, EntryId)>,
}

/// A part that is opened.
#[derive(Clone, Debug)]
pub struct OpenedPart {
    /// Its name within the entry.
    pub name: String,
    /// The salt of its commitment.
    pub salt: [u8; 32],
    /// Its body.
    pub body: Vec<u8>,
}

/// Makes a bundle and verifies it: the same draft and hashes make the same bytes.
///
/// `read` answers the hash at a level of tiles and an index on that level, as in [`tile`].
///
/// # Errors
///
/// [`MakeError::Draft`] with every fault if what would come out does not hold together, and what
/// `read` fails with.
pub fn make<E>(
    draft: &Draft,
    mut read: impl FnMut(u8, u64) -> Result<Hash, E>,
) -> Result<Vec<u8>, MakeError<E>> {
    let (Some(head), true) = (head(&draft.checkpoint), draft.entries.len() <= ENTRIES_MAX) else {
        return Err(MakeError::Draft(vec!["no checkpoint, or too many entries".to_owned()]));
    };
    let leaves = leaves(draft).map_err(MakeError::Draft)?;
    let mut files = BTreeMap::new();
    let mut put = |name: Name, data: Vec<u8>| files.insert(name.to_string(), data);
    put(Name::Checkpoint(head.size), draft.checkpoint.clone().into_bytes());
    for claim in &draft.claims {
        let Claim::Range { from, to } = *claim else { continue };
        let around = tile::range_proof(head.size, from, to, &mut read)?;
        // More leaf hashes than this would not be read again.
        let most = u64::try_from(ENTRIES_MAX).unwrap_or(u64::MAX);
        let hashes = (from..to.min(from.saturating_add(most))).map(|index| read(0, index));
        let hashes = hashes.collect::<Result<_, _>>().map_err(MakeError::Read)?;
        let checkpoint = draft.checkpoint.clone();
        let range = RangeFile { from, leaves: hashes, around, checkpoint };
        put(Name::Range(from, to), range.to_string().into_bytes());
    }
    let mut proofs = BTreeMap::new();
    for (entry, leaf) in &leaves {
        put(Name::Entry(leaf.id), entry.leaf.clone().into_bytes());
        if !draft.claims.iter().any(|claim| covers(claim, entry.index)) {
            let hashes = tile::inclusion_proof(head.size, entry.index, &mut read)?;
            let checkpoint = draft.checkpoint.clone();
            let proof = Proof { index: entry.index, hashes, checkpoint, extra: None };
            put(Name::Proof(leaf.id), proof.to_string().into_bytes());
            proofs.insert(leaf.id, proof);
        }
    }
    for note in &draft.others {
        let Some(other) = self::head(note) else {
            return Err(MakeError::Draft(vec!["an older checkpoint is none".to_owned()]));
        };
        let (old, new) = (other.size.min(head.size), other.size.max(head.size));
        let hashes = tile::consistency_proof(old, new, &mut read)?;
        let file = ConsistencyFile { old, new, hashes };
        put(Name::Checkpoint(other.size), note.clone().into_bytes());
        put(Name::Consistency(old, new), file.to_string().into_bytes());
    }
    beside(draft, &leaves, &mut put);
    if draft.has_pages {
        if draft.keys.is_none() {
            put(Name::Keys, history::history(draft, &leaves).into_bytes());
        }
        put(Name::Page, page::page(draft, &head.origin, head.size, &leaves).into_bytes());
        put(Name::Readme, readme::readme(head.size, &leaves, &proofs).into_bytes());
    }
    let manifest = manifest(draft, &head, &leaves, &files);
    files.insert(Name::Manifest.to_string(), manifest.encode().into_bytes());
    finish(&files)
}

/// What the checkpoint's note says.
struct Head {
    origin: String,
    size: u64,
}

fn head(note: &str) -> Option<Head> {
    let note = crate::note::SignedNote::parse(note.as_bytes()).ok()?;
    let checkpoint = crate::checkpoint::Checkpoint::parse(note.text()).ok()?;
    let is_countable = checkpoint.size() <= INTEGER_MAX.unsigned_abs();
    let origin = checkpoint.origin().to_owned();
    is_countable.then_some(Head { origin, size: checkpoint.size() })
}

/// The entries with their leaves, in order of index.
fn leaves(draft: &Draft) -> Result<Vec<(&DraftEntry, Leaf)>, Vec<String>> {
    let mut leaves = Vec::new();
    let mut faults = Vec::new();
    for entry in &draft.entries {
        match Leaf::parse(entry.leaf.as_bytes()) {
            Ok(leaf) => leaves.push((entry, leaf)),
            Err(error) => faults.push(format!("entry {}: {error}", entry.index)),
        }
    }
    leaves.sort_by_key(|(entry, _)| entry.index);
    if faults.is_empty() { Ok(leaves) } else { Err(faults) }
}

fn covers(claim: &Claim, index: u64) -> bool {
    matches!(claim, Claim::Range { from, to } if (*from..*to).contains(&index))
}

/// What stands beside the proofs: parts, anchors, keys.
fn beside(
    draft: &Draft,
    leaves: &[(&DraftEntry, Leaf)],
    put: &mut impl FnMut(Name, Vec<u8>) -> Option<Vec<u8>>,
) {
    let mut openings = Vec::new();
    for (entry, leaf) in leaves {
        for part in &entry.opened {
            put(Name::Part(leaf.id, part.name.clone()), part.body.clone());
            let (id, salt) = (leaf.id, part.salt);
            openings.push(Opening { id, part: part.name.clone(), salt });
        }
    }
    openings.sort();
    if !openings.is_empty() {
        put(Name::Openings, Opening::encode_all(&openings).into_bytes());
    }
    if let Some(anchor) = &draft.anchor {
        put(Name::Anchor, anchor.to_string().into_bytes());
    }
    for (at, token) in (0..).zip(&draft.tokens) {
        put(Name::Token(at), token.clone());
    }
    if let Some(keys) = &draft.keys {
        put(Name::Keys, keys.clone().into_bytes());
    }
}

fn manifest(
    draft: &Draft,
    head: &Head,
    leaves: &[(&DraftEntry, Leaf)],
    files: &BTreeMap<String, Vec<u8>>,
) -> Manifest {
    let erased = leaves.iter().flat_map(|(entry, leaf)| {
        let erased =
            |(part, by): &(String, EntryId)| Erased { id: leaf.id, part: part.clone(), by: *by };
        entry.erased.iter().map(erased)
    });
    let listed = |(name, data): (&String, &Vec<u8>)| ListedFile {
        name: name.clone(),
        sha256: sha256(data),
        size: u64::try_from(data.len()).unwrap_or(u64::MAX),
    };
    let entry = |(entry, leaf): &(&DraftEntry, Leaf)| Listed { id: leaf.id, index: entry.index };
    Manifest {
        created: draft.created,
        origin: head.origin.clone(),
        size: head.size,
        claims: draft.claims.clone(),
        entries: leaves.iter().map(entry).collect(),
        erased: erased.collect(),
        files: files.iter().map(listed).collect(),
    }
}

/// Packs the files and reads them back as a receiver will.
fn finish<E>(files: &BTreeMap<String, Vec<u8>>) -> Result<Vec<u8>, MakeError<E>> {
    let files: Vec<zip::File<'_>> =
        files.iter().map(|(name, data)| zip::File { name, data }).collect();
    let bundle = zip::write(&files).filter(|bundle| bundle.len() <= BUNDLE_BYTES_MAX);
    let too_large = || MakeError::Draft(vec!["the bundle would be too large".to_owned()]);
    let bundle = bundle.ok_or_else(too_large)?;
    let verdict = verify(&bundle, &Trust::default());
    let lines = verdict.lines().into_iter().map(|(_, line)| line);
    let bad = lines.filter(|line| line.status >= Status::Invalid);
    let faults: Vec<String> = bad.flat_map(|line| line.words.clone()).collect();
    if faults.is_empty() { Ok(bundle) } else { Err(MakeError::Draft(faults)) }
}

/// Why a bundle was not made; complete, because a draft is wrong or a hash cannot be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MakeError<E> {
    /// What would come out does not hold together: every fault.
    Draft(Vec<String>),
    /// The tree has no such proof.
    Tree(MerkleError),
    /// A stored hash could not be read.
    Read(E),
}

impl<E> From<TileError<E>> for MakeError<E> {
    fn from(error: TileError<E>) -> Self {
        match error {
            TileError::Tree(error) => Self::Tree(error),
            TileError::Read(error) => Self::Read(error),
        }
    }
}

impl<E: fmt::Display> fmt::Display for MakeError<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Draft(faults) => write!(formatter, "no bundle: {}", faults.join("; ")),
            Self::Tree(error) => fmt::Display::fmt(error, formatter),
            Self::Read(error) => write!(formatter, "a stored hash cannot be read: {error}"),
        }
    }
}

impl<E: Error> Error for MakeError<E> {}
