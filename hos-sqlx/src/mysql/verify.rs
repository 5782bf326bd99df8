//! Reads, and holds until the transaction ends, what a batch of commits rests on.

use std::collections::HashMap;

use hos_core::commit::{Commit, SubjectChange};
use hos_core::digest::Digest;
use hos_core::error::Fault;
use hos_core::id::Tenant;
use hos_core::subject::Subject;
use serde_json::{Value, json};
use sqlx::mysql::{MySqlConnection, MySqlRow};

use super::fault::classify;
use super::numbers::Numbers;
use super::row::{count, optional_proof_id, stored_receipt, unchecked};
use super::scope::{Scope, Scopes, scope_key};
use crate::decide::{Facts, Now};
use crate::encoding::hex;
use crate::fault::corrupt;

/// What the database says of a batch.
pub(super) struct Found<'c> {
    /// One for each commit.
    pub(super) facts: Vec<Facts>,
    /// The scopes of each commit's tenant and of its world.
    pub(super) scopes: Vec<(Scope, Scope)>,
    pub(super) subjects: HashMap<&'c Subject, Held>,
}

/// A subject as it is held.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    /// Its number, or the one that it gets if it is opened.
    pub(super) number: i64,
    /// Whether it is there.
    pub(super) exists: bool,
    /// Whether it has timers.
    pub(super) timed: bool,
}

/// A line of the question: a subject, a key or a `dedup` of a commit.
struct Line<'c> {
    commit: usize,
    scope: i64,
    subject: Option<&'c Subject>,
    key: Option<&'c [u8]>,
    dedup: Option<Digest>,
}

/// What is known of the subjects of a batch so far.
#[derive(Default)]
struct Subjects<'c> {
    now: HashMap<&'c Subject, Now>,
    held: HashMap<&'c Subject, Held>,
}

/// What is held of a commit's subjects, in their order; none if all of it is to be asked for.
pub(super) type Known = Option<Vec<(Now, Held)>>;

/// Takes what is known of commits, whose keys are then not asked for, and holds and asks for the
/// rest: what is then to be written is right, unless a receipt is there already. Any other answer
/// is right if nothing was known.
pub(super) async fn verify<'c>(
    connection: &mut MySqlConnection,
    commits: &'c [Commit],
    scopes: &Scopes,
    numbers: &Numbers,
    known: Vec<Known>,
) -> Result<Found<'c>, Fault> {
    let (mut facts, mut of) =
        (Vec::with_capacity(commits.len()), Vec::with_capacity(commits.len()));
    let (mut subjects, mut lines) = (Subjects::default(), Vec::new());
    for ((at, commit), known) in commits.iter().enumerate().zip(known) {
        let (own, above) = held(commit, scopes)?;
        let generations = (own.generation, above.generation);
        facts.push(Facts { generations, ..Facts::default() });
        of.push((own, above));
        match known {
            Some(known) => {
                let changed = commit.changes().iter().map(SubjectChange::subject);
                for (subject, (now, held)) in changed.zip(known) {
                    subjects.now.insert(subject, now);
                    subjects.held.insert(subject, held);
                }
            }
            None => lines.extend(ask(at, commit, own.number)),
        }
    }
    let named = hold_named(connection, &mut lines, numbers, &mut facts).await?;
    // What a name says goes before what a remembered number does.
    subjects.now.extend(named.now);
    subjects.held.extend(named.held);
    for (commit, facts) in commits.iter().zip(&mut facts) {
        let now = |change: &SubjectChange| {
            subjects.now.get(change.subject()).copied().ok_or_else(|| corrupt("fewer answers"))
        };
        facts.subjects = commit.changes().iter().map(now).collect::<Result<_, _>>()?;
    }
    Ok(Found { facts, scopes: of, subjects: subjects.held })
}

/// The numbers of a commit's subjects, if all are remembered, and how they are is all that is to be
/// asked of it.
pub(super) fn subject_numbers(commit: &Commit, numbers: &Numbers) -> Option<Vec<i64>> {
    let once = commit.entries().iter().any(|entry| entry.dedup().is_some());
    if once || commit.changes().is_empty() {
        return None;
    }
    commit.changes().iter().map(|change| numbers.subject(change.subject())).collect()
}

async fn hold_named<'c>(
    connection: &mut MySqlConnection,
    lines: &mut [Line<'c>],
    numbers: &Numbers,
    facts: &mut [Facts],
) -> Result<Subjects<'c>, Fault> {
    let mut into = Subjects::default();
    if lines.is_empty() {
        return Ok(into);
    }
    // The one order in which rows are held, so that no two who hold them wait for each other.
    lines.sort_by_key(|line| (line.subject, line.scope));
    let query = sqlx::query(include_str!("verify.sql")).bind(encode(lines));
    let rows = query.fetch_all(connection).await.map_err(classify)?;
    for row in &rows {
        let place = count(row, column::PLACE)?.saturating_sub(1);
        let line = usize::try_from(place).ok().and_then(|place| lines.get(place));
        let line = line.ok_or_else(|| corrupt("an answer to nothing"))?;
        if let Some(facts) = facts.get_mut(line.commit) {
            facts.duplicate |= unchecked::<i64>(row, column::DUPLICATE)? != 0;
            if line.key.is_some() {
                facts.receipt = stored_receipt(row, column::FINGERPRINT)?;
            }
        }
        if let Some(subject) = line.subject {
            let (now, held) = read_subject(row, column::NUMBER)?;
            // One that is asked for twice and is to be opened has the first of its two numbers.
            let held = *into.held.entry(subject).or_insert(held);
            numbers.saw_subject(subject, held.number);
            into.now.insert(subject, now);
        }
    }
    Ok(into)
}

/// The scopes of a commit's tenant and of its world.
fn held(commit: &Commit, scopes: &Scopes) -> Result<(Scope, Scope), Fault> {
    let above = (commit.world().clone(), Tenant::world());
    let scope = |key| scopes.get(key).copied().ok_or_else(|| corrupt("no scope"));
    Ok((scope(&scope_key(commit))?, scope(&above)?))
}

/// A line per subject and per entry that has a `dedup`; one at least, which carries the key.
fn ask(at: usize, commit: &Commit, scope: i64) -> impl Iterator<Item = Line<'_>> {
    let dedups: Vec<Digest> = commit.entries().iter().filter_map(|entry| entry.dedup()).collect();
    let count = commit.changes().len().max(dedups.len()).max(1);
    (0..count).map(move |line| Line {
        commit: at,
        scope,
        subject: commit.changes().get(line).map(|change| change.subject()),
        key: commit.receipt().filter(|_| line == 0).map(|kept| kept.key().as_bytes()),
        dedup: dedups.get(line).copied(),
    })
}

fn encode(lines: &[Line<'_>]) -> String {
    let line = |line: &Line<'_>| {
        json!([
            line.scope,
            line.subject.map(|subject| subject.kind.as_str()),
            line.subject.map(|subject| subject.id.as_str()),
            line.key.map(hex),
            line.dedup.as_ref().map(|dedup| hex(dedup.as_bytes())),
        ])
    };
    Value::from(lines.iter().map(line).collect::<Vec<_>>()).to_string()
}

/// A subject, in four columns from this one on.
pub(super) fn read_subject(row: &MySqlRow, at: usize) -> Result<(Now, Held), Fault> {
    let proof = optional_proof_id(row, at + 1)?;
    let terminal = unchecked::<i64>(row, at + 2)? != 0;
    let held = Held {
        number: unchecked(row, at)?,
        exists: proof.is_some(),
        timed: unchecked::<i64>(row, at + 3)? != 0,
    };
    Ok((Now { proof, terminal }, held))
}

/// The columns of `verify.sql`.
mod column {
    pub(super) const PLACE: usize = 0;
    pub(super) const NUMBER: usize = 1;
    pub(super) const FINGERPRINT: usize = 5;
    pub(super) const DUPLICATE: usize = 7;
}
