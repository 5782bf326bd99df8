//! Checks a page of entries by themselves: pure, so that several go on at once.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hos_core::cipher::SealedPart;
use hos_core::digest::{Digest, commitment};
use hos_core::merkle::{Hash, leaf_hashes};
use hos_core::proof::Part;
use hos_core::store::{EntryRow, PartRow};
use hos_core::time::{ProofId, Timestamp};
use hos_verify::epoch::{EPOCH_TYPE, Opening};

use crate::entry::{Fact, fact};
use crate::leaf::{Leaf, LeafPart};
use crate::parts::{MissingPart, Name};
use crate::report::{Finding, FindingCode};
use crate::scope::Scope;
use crate::sealed::SealedRow;
use crate::sums::{Seed, Term};

/// What a page of entries is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wanted {
    /// Whether each entry is whole.
    Hashes,
    /// That, and what it proves.
    Facts,
    /// That, and what it adds to the sums.
    Terms(Seed),
}

/// How a page of entries is checked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manner {
    pub(crate) wanted: Wanted,
    /// Whether its sealed parts are to be opened.
    pub(crate) opens: bool,
}

/// What came of a page.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    pub(crate) entries: Vec<CheckedEntry>,
    pub(crate) terms: Vec<Term>,
    /// Parts that leaves are bound to and that are not there.
    pub(crate) missing: Vec<MissingPart>,
    /// Parts that entries say were erased, each with the entry that says it.
    pub(crate) erased: Vec<(Name, ProofId)>,
    /// Parts that are to be opened.
    pub(crate) sealed: Vec<SealedRow>,
    /// Entries that open epochs, with their index.
    pub(crate) openings: Vec<(u64, Opening)>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) bytes: u64,
}

impl Checked {
    /// The hashes of those that have a place.
    pub(crate) fn hashes(&self) -> Vec<(u64, Hash)> {
        self.entries.iter().filter_map(|entry| Some((entry.index?, entry.hash))).collect()
    }
}

/// What came of an entry.
#[derive(Debug)]
pub(crate) struct CheckedEntry {
    /// None while it waits for its place.
    pub(crate) index: Option<u64>,
    pub(crate) id: ProofId,
    pub(crate) hash: Hash,
    pub(crate) fact: Option<Fact>,
}

/// Checks a page.
pub(crate) fn check(scope: &Scope, page: &[EntryRow], manner: Manner) -> Checked {
    let mut checked = Checked { entries: Vec::with_capacity(page.len()), ..Checked::default() };
    let leaves: Vec<&[u8]> = page.iter().map(|row| &*row.leaf).collect();
    for (row, hash) in page.iter().zip(leaf_hashes(&leaves)) {
        checked.bytes += u64::try_from(row.leaf.len()).unwrap_or(u64::MAX);
        let stored = [Some(&row.leaf_hash), row.recorded_hash.as_ref()];
        if stored.into_iter().flatten().any(|stored| *stored != hash) {
            let message = format!(
                "the leaf hashes to {}, not to what is stored with it",
                Digest::from_bytes(hash)
            );
            checked.findings.push(about(scope, row, FindingCode::LeafHash, message));
        }
        let read = std::str::from_utf8(&row.leaf).map_err(|error| error.to_string());
        let read = read.and_then(|leaf| Leaf::read(leaf).map_err(|error| error.to_string()));
        let read = match &read {
            Ok(leaf) => inside(scope, row, leaf, manner, &mut checked),
            Err(error) => Err((FindingCode::LeafUnreadable, error.clone())),
        };
        let fact = read.unwrap_or_else(|(code, message)| {
            checked.findings.push(about(scope, row, code, message));
            None
        });
        if let (Wanted::Terms(seed), Some(fact)) = (manner.wanted, &fact) {
            seed.terms(fact, &mut checked.terms);
        }
        checked.entries.push(CheckedEntry { index: row.index, id: row.id, hash, fact });
    }
    checked
}

fn about(scope: &Scope, row: &EntryRow, code: FindingCode, message: String) -> Finding {
    let entry = Some(row.id.to_string());
    Finding { index: row.index, entry, ..scope.finding(code, message) }
}

type Wrong = (FindingCode, String);

fn inside(
    scope: &Scope,
    row: &EntryRow,
    leaf: &Leaf<'_>,
    manner: Manner,
    checked: &mut Checked,
) -> Result<Option<Fact>, Wrong> {
    if leaf.id != row.id.to_string() {
        let message = format!("the leaf is that of entry {}", leaf.id);
        return Err((FindingCode::LeafForeign, message));
    }
    if !scope.owns(&leaf.log) {
        return Err((FindingCode::LeafForeign, format!("the leaf is one of log {}", leaf.log)));
    }
    if Timestamp::parse(&leaf.at) != Some(row.recorded_at) {
        let message = format!("it is kept as recorded at {}, not {}", row.recorded_at, leaf.at);
        checked.findings.push(about(scope, row, FindingCode::ColumnDiffers, message));
    }
    for part in &row.parts {
        let bound = leaf.prt.iter().find(|bound| bound.n == part.name);
        if !bound.is_some_and(|bound| part.is_erased() || is_bound(row.id, &bound.c, part)) {
            let message = format!("the leaf is not bound to this part `{}`", part.name);
            checked.findings.push(about(scope, row, FindingCode::PartChanged, message));
        } else if manner.opens
            && let Some(bound) = bound
        {
            checked.sealed.extend(sealed(row, bound, part));
        }
    }
    for bound in &leaf.prt {
        let part = row.parts.iter().find(|part| part.name == bound.n);
        let by = part.map(PartRow::erased_by);
        if by.is_none_or(|by| by.is_some()) {
            let name = (row.id, bound.n.to_string());
            checked.missing.push(MissingPart { name, index: row.index, by: by.flatten() });
        }
    }
    for erased in &leaf.erased {
        let entry = ProofId::parse(&erased.id).ok_or_else(|| {
            (FindingCode::LeafUnreadable, format!("`{}` is no entry's number", erased.id))
        })?;
        checked.erased.push(((entry, erased.n.to_string()), row.id));
    }
    if leaf.typ == EPOCH_TYPE
        && let Some(index) = row.index
    {
        let opening = hos_verify::leaf::Leaf::parse(&row.leaf).ok();
        let opening = opening.as_ref().and_then(Opening::of).ok_or_else(|| {
            (FindingCode::EpochDiffers, "it names no epoch, or no note of one before".to_owned())
        })?;
        checked.openings.push((index, opening));
    }
    match manner.wanted {
        Wanted::Hashes => Ok(None),
        Wanted::Facts | Wanted::Terms(_) => {
            fact(leaf, row).map_err(|message| (FindingCode::LeafUnreadable, message))
        }
    }
}

/// What begins the body of a part that is sealed under a person's key.
const SEALED: u8 = b'~';
/// The number of a key, a nonce and a tag: no sealed part has fewer bytes.
const SEALED_BYTES_MIN: usize = 16 + 24 + 16;

/// Whether a commitment is to this part. Of one under a person's key only its form can be told.
fn is_bound(entry: ProofId, bound: &str, part: &PartRow) -> bool {
    match part.body.split_first() {
        Some((&SEALED, sealed)) => {
            let sealed = URL_SAFE_NO_PAD.decode(sealed);
            let is_whole = sealed.is_ok_and(|sealed| sealed.len() >= SEALED_BYTES_MIN);
            is_whole && part.salt == [0; 32]
        }
        _ => <&[u8; 32]>::try_from(part.salt.as_slice()).is_ok_and(|salt| {
            let made = commitment(salt, entry, &part.name, &part.body);
            URL_SAFE_NO_PAD.encode(made.as_bytes()) == bound
        }),
    }
}

/// A part whose form is that of a sealed one, to be opened; none for a plain one.
fn sealed(row: &EntryRow, bound: &LeafPart<'_>, part: &PartRow) -> Option<SealedRow> {
    let body = part.body.starts_with(&[SEALED]).then(|| part.body.clone())?;
    let stored =
        Part { name: part.name.clone(), salt: [0; 32], body: String::from_utf8(body).ok()? };
    Some(SealedRow {
        index: row.index,
        entry: row.id,
        name: part.name.clone(),
        commitment: bound.c.to_string(),
        part: SealedPart::read(&stored)?,
    })
}
