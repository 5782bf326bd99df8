//! Checks a page of entries by themselves: pure, so that several go on at once.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hos_core::digest::{Digest, commitment};
use hos_core::merkle::{Hash, leaf_hash};
use hos_core::proof::LogEntry;

use crate::entry::{Fact, fact};
use crate::leaf::Leaf;
use crate::report::{Finding, FindingCode};
use crate::scope::Scope;
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

/// What came of a page.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    pub(crate) entries: Vec<CheckedEntry>,
    pub(crate) terms: Vec<Term>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) bytes: u64,
}

/// What came of an entry.
#[derive(Debug)]
pub(crate) struct CheckedEntry {
    /// None while it waits for its place.
    pub(crate) index: Option<u64>,
    pub(crate) id: String,
    pub(crate) hash: Hash,
    pub(crate) fact: Option<Fact>,
}

/// Checks a page.
pub(crate) fn check(scope: &Scope, page: &[LogEntry], wanted: Wanted) -> Checked {
    let mut checked = Checked::default();
    for entry in page {
        let hash = leaf_hash(entry.leaf.as_bytes());
        checked.bytes += u64::try_from(entry.leaf.len()).unwrap_or(u64::MAX);
        let at = |code, message: String| Finding {
            index: entry.index,
            entry: Some(entry.id.to_string()),
            ..scope.finding(code, message)
        };
        if hash != entry.leaf_hash {
            let (found, stored) = (Digest::from_bytes(hash), Digest::from_bytes(entry.leaf_hash));
            let message = format!("the leaf hashes to {found}, stored with it is {stored}");
            checked.findings.push(at(FindingCode::LeafHash, message));
        }
        let read = match Leaf::read(&entry.leaf) {
            Ok(leaf) => inside(scope, entry, &leaf, wanted, &mut checked.findings),
            Err(error) => Err((FindingCode::LeafUnreadable, error.to_string())),
        };
        let fact = read.unwrap_or_else(|(code, message)| {
            checked.findings.push(at(code, message));
            None
        });
        if let (Wanted::Terms(seed), Some(fact)) = (wanted, &fact) {
            seed.terms(fact, &mut checked.terms);
        }
        checked.entries.push(CheckedEntry {
            index: entry.index,
            id: entry.id.to_string(),
            hash,
            fact,
        });
    }
    checked
}

type Wrong = (FindingCode, String);

fn inside(
    scope: &Scope,
    entry: &LogEntry,
    leaf: &Leaf<'_>,
    wanted: Wanted,
    findings: &mut Vec<Finding>,
) -> Result<Option<Fact>, Wrong> {
    if leaf.id != entry.id.to_string() {
        let message = format!("the leaf is that of entry {}", leaf.id);
        return Err((FindingCode::LeafForeign, message));
    }
    if !scope.owns(&leaf.log) {
        return Err((FindingCode::LeafForeign, format!("the leaf is one of log {}", leaf.log)));
    }
    for part in &entry.parts {
        let bound = leaf.prt.iter().find(|bound| bound.n == part.name);
        let made = commitment(&part.salt, entry.id, &part.name, part.body.as_bytes());
        if bound.is_none_or(|bound| bound.c != URL_SAFE_NO_PAD.encode(made.as_bytes())) {
            let message = format!("the leaf is not bound to this part `{}`", part.name);
            findings.push(Finding {
                index: entry.index,
                entry: Some(entry.id.to_string()),
                ..scope.finding(FindingCode::PartChanged, message)
            });
        }
    }
    match wanted {
        Wanted::Hashes => Ok(None),
        Wanted::Facts | Wanted::Terms(_) => {
            fact(leaf, entry).map_err(|message| (FindingCode::LeafUnreadable, message))
        }
    }
}
