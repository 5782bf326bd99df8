//! Commits batches: holds every row that was read, compares, then writes what holds.

use std::collections::BTreeMap;

use hos_core::commit::{Commit, Outcome};
use hos_core::error::{Fault, FaultKind};
use hos_core::store::BATCH_MAX;
use sqlx::mysql::MySqlConnection;

use super::fault::{classify_commit, is_broken_off, is_lock_wait, is_race, not_committed};
use super::lease::{self, Lease};
use super::lines::LINES_MAX;
use super::numbers::Numbers;
use super::pooled::Pooled;
use super::scope::{Rests, ScopeKey, add_scopes};
use super::single;
use super::transaction::begin;
use super::verify::{Known, subject_numbers, verify};
use super::write::Writes;
use crate::decide::{Decision, decide};
use crate::fault::same;
use crate::patience::Patience;
use crate::segments::is_displaced;

/// How often a transaction is done again because somebody else was quicker with a key or a
/// subject, or because two waited for each other.
pub(super) const ATTEMPTS_MAX: usize = 4;

pub(super) type Answers = Vec<Result<Outcome, Fault>>;

/// Commits each on its own, in order: in one transaction, unless one of them has a fault.
pub(super) async fn commit_all(
    connections: &Pooled,
    numbers: &Numbers,
    commits: &[Commit],
) -> Answers {
    if commits.is_empty() {
        return Vec::new();
    }
    if let Some(fault) = too_large(commits) {
        return every(commits, &fault);
    }
    match patiently(connections, numbers, commits).await {
        Ok(answers) => answers,
        Err(fault) if commits.len() > 1 && !fault.is_everyones() => {
            each_alone(connections, numbers, commits).await
        }
        Err(fault) => every(commits, &fault),
    }
}

/// Commits each in a transaction of its own, so that the fault of one never touches another.
async fn each_alone(connections: &Pooled, numbers: &Numbers, commits: &[Commit]) -> Answers {
    let mut answers = Vec::with_capacity(commits.len());
    let mut patience = Patience::default();
    for commit in commits {
        let answer = match patience.require(commit) {
            Ok(()) => alone(connections, numbers, commit).await,
            Err(busy) => Err(busy),
        };
        patience.note(commit, &answer);
        answers.push(answer);
    }
    answers
}

async fn alone(connections: &Pooled, numbers: &Numbers, commit: &Commit) -> Result<Outcome, Fault> {
    let own = patiently(connections, numbers, std::slice::from_ref(commit)).await?.pop();
    own.unwrap_or_else(|| Err(Fault::new(FaultKind::Internal, "a commit without an answer")))
}

/// Whether it is one commit, which waited in vain for a transaction that holds its key.
async fn is_in_progress(connections: &Pooled, commits: &[Commit], fault: &Fault) -> bool {
    let [commit] = commits else { return false };
    let Some(kept) = commit.receipt().filter(|_| is_lock_wait(fault)) else { return false };
    let query = sqlx::query(include_str!("key_is_held.sql"))
        .bind(commit.world().as_str().as_bytes().to_vec())
        .bind(commit.tenant().as_str().as_bytes().to_vec())
        .bind(kept.key().as_bytes().to_vec());
    lease::fetch_all(connections, query).await.is_err_and(|fault| is_lock_wait(&fault))
}

fn busy() -> Fault {
    Fault::new(FaultKind::Busy, "others were quicker; send the command again")
}

/// Commits in one transaction, which is done again when others were quicker.
async fn patiently(
    connections: &Pooled,
    numbers: &Numbers,
    commits: &[Commit],
) -> Result<Answers, Fault> {
    let mut last = busy();
    // At first as if no key were taken: whether one is shows when its receipt is written.
    let asked = std::iter::once(Asked::Little).chain(std::iter::repeat(Asked::Everything));
    for asked in asked.take(ATTEMPTS_MAX) {
        let attempt = match commits {
            [commit] => commit_one(connections, commit).await,
            _ => commit_batch(connections, numbers, commits, asked).await,
        };
        match attempt {
            Ok(Some(answers)) => return Ok(answers),
            Ok(None) => {}
            Err(fault) if is_race(&fault) => last = fault,
            Err(fault) if commits.len() == 1 && is_displaced(&fault) => {
                return Ok(vec![Ok(Outcome::Conflict)]);
            }
            Err(fault) if is_in_progress(connections, commits, &fault).await => {
                return Ok(vec![Ok(Outcome::InProgress)]);
            }
            Err(fault) => return Err(fault),
        }
    }
    Err(last)
}

pub(super) fn too_large(commits: &[Commit]) -> Option<Fault> {
    let steps = |commit: &Commit| commit.entries().len() + commit.changes().len();
    let large = commits.len() > BATCH_MAX || commits.iter().any(|commit| steps(commit) > LINES_MAX);
    large.then(|| Fault::new(FaultKind::Limit, "too many commits, or steps of one, at once"))
}

pub(super) fn every(commits: &[Commit], fault: &Fault) -> Answers {
    commits.iter().map(|_| Err(same(fault))).collect()
}

/// None when it is to be done again.
async fn commit_one(connections: &Pooled, commit: &Commit) -> Result<Option<Answers>, Fault> {
    let mut lease = Lease::at_hand(connections).await?;
    let (connection, watch) = lease.watched();
    let outcome = watch.over_all(single::commit_own(connection, commit), classify_commit).await;
    match outcome {
        Ok(outcome) => {
            lease.release();
            Ok(outcome.map(|outcome| vec![Ok(outcome)]))
        }
        // The transaction was the call's own, and ended with it.
        Err(fault) if is_race(&fault) || is_lock_wait(&fault) => {
            lease.release();
            Err(fault)
        }
        Err(fault) if is_broken_off(&fault) => Err(undo(lease, fault).await),
        Err(fault) => Err(fault),
    }
}

/// None when it is to be done again.
async fn commit_batch(
    connections: &Pooled,
    numbers: &Numbers,
    commits: &[Commit],
    asked: Asked,
) -> Result<Option<Answers>, Fault> {
    let mut lease = Lease::at_hand(connections).await?;
    let (connection, watch) = lease.watched();
    let written = write_batch(connection, numbers, commits, asked);
    // Which of its statements was not answered is not asked: it may have been the last.
    match watch.over_all(written, classify_commit).await {
        Ok(Batch::Committed(decisions)) => {
            lease.release();
            Ok(Some(decisions.into_iter().map(answer).collect()))
        }
        Ok(Batch::Missing(missing)) => {
            lease.roll_back().await;
            add_scopes(connections, &missing).await?;
            Ok(None)
        }
        Ok(Batch::Doubtful) => {
            lease.roll_back().await;
            Ok(None)
        }
        Err(fault) => Err(undo(lease, fault).await),
    }
}

/// Rolls back. A transaction that was broken off and is still open was not committed.
async fn undo(mut lease: Lease<'_>, fault: Fault) -> Fault {
    let is_open = is_broken_off(&fault) && lease.is_in_transaction().await;
    lease.roll_back().await;
    if is_open { not_committed(&fault) } else { fault }
}

fn answer(decision: Decision) -> Result<Outcome, Fault> {
    match decision {
        Decision::Answer(answer) => answer,
        Decision::Write => Ok(Outcome::Committed),
    }
}

/// What the database is asked about a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// Of commits whose rows are known by their numbers only how these are, not whether the key is
    /// taken.
    Little,
    Everything,
}

enum Batch {
    /// What was decided, and is written if it was to be.
    Committed(Vec<Decision>),
    /// Scopes that have no row yet.
    Missing(Vec<ScopeKey>),
    /// Not all is as it was read, so that everything is to be asked for: in another transaction,
    /// for whoever holds a row by its number must not ask for it by name.
    Doubtful,
}

async fn write_batch(
    connection: &mut MySqlConnection,
    numbers: &Numbers,
    commits: &[Commit],
    asked: Asked,
) -> Result<Batch, Fault> {
    let rests = Rests::of(commits);
    let scopes = rests.numbers(numbers).filter(|_| asked == Asked::Little);
    let subjects = scopes.as_ref().and_then(|_| all_numbers(commits, numbers));
    let subjects = subjects.unwrap_or_else(|| vec![None; commits.len()]);
    let all = in_order_of_names(commits, &subjects);
    let mut begun = begin(connection, &scopes.unwrap_or_default(), &all).await?;
    if !rests.missing(&begun.scopes).is_empty() {
        begun.scopes = rests.hold(connection, numbers).await?;
        let missing = rests.missing(&begun.scopes);
        if !missing.is_empty() {
            return Ok(Batch::Missing(missing));
        }
    }
    let held = |numbers: Vec<i64>| -> Known {
        numbers.iter().map(|number| begun.subjects.get(number).copied()).collect()
    };
    let known = subjects.into_iter().map(|numbers| numbers.and_then(held)).collect();
    let found = verify(connection, commits, &begun.scopes, numbers, known).await?;
    let decisions = decide(commits, &found.facts);
    if !all.is_empty() && !decisions.iter().all(Decision::is_write) {
        return Ok(Batch::Doubtful);
    }
    let accepted = commits.iter().zip(found.scopes).zip(&decisions);
    let mut writes = Writes::new(found.subjects);
    for ((commit, scopes), _) in accepted.filter(|(_, decision)| decision.is_write()) {
        writes.add(commit, scopes)?;
    }
    writes.commit(connection).await?;
    Ok(Batch::Committed(decisions))
}

/// The numbers of each commit's subjects. None unless those of all are remembered: rows are held
/// either all by their numbers or all by their names, in one order.
fn all_numbers(commits: &[Commit], numbers: &Numbers) -> Option<Vec<Option<Vec<i64>>>> {
    let of = |commit| subject_numbers(commit, numbers);
    let all: Vec<_> = commits.iter().map(of).collect();
    let known =
        |(commit, numbers): (&Commit, &Option<_>)| numbers.is_some() || commit.changes().is_empty();
    commits.iter().zip(&all).all(known).then_some(all)
}

/// Numbers of subjects in the order in which these are held by name, so that whoever does so and
/// whoever holds them by number never wait for each other.
fn in_order_of_names(commits: &[Commit], numbers: &[Option<Vec<i64>>]) -> Vec<i64> {
    let changes = commits
        .iter()
        .zip(numbers)
        .flat_map(|(commit, numbers)| commit.changes().iter().zip(numbers.iter().flatten()));
    let named: BTreeMap<_, _> =
        changes.map(|(change, number)| (change.subject(), *number)).collect();
    named.into_values().collect()
}
