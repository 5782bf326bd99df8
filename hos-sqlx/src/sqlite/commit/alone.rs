//! Commits of a batch that failed as a whole, each alone.

use std::collections::HashMap;
use std::slice::from_ref;

use hos_core::commit::{Commit, Outcome, SubjectChange};
use hos_core::error::{Fault, FaultKind};
use hos_core::subject::Subject;
use sqlx::sqlite::SqlitePool;

use super::{Answers, Failed, Logs, Prepared, commit_together};
use crate::decide::Decision;
use crate::sqlite::fault::classify;
use crate::sqlite::lease::Lease;

/// Subjects whose chain is broken, and after which revision.
pub(super) type Broken<'c> = HashMap<&'c Subject, u64>;

/// Whether a fault may be that of one commit alone; nothing was written then. There is one writer,
/// so that nobody is busy alone.
pub(super) fn is_ones_own(fault: &Fault) -> bool {
    !matches!(
        fault.kind(),
        FaultKind::Ambiguous
            | FaultKind::Busy
            | FaultKind::Unavailable
            | FaultKind::ReadOnly
            | FaultKind::Full
            | FaultKind::Unauthorized
    )
}

/// Commits each in a transaction of its own, in order, so that the fault of one never touches
/// another, but for those that were judged upon it: what they read, somebody else may have written.
pub(super) async fn commit_each(writer: &SqlitePool, logs: &Logs, commits: &[Commit]) -> Answers {
    let mut answers = Vec::with_capacity(commits.len());
    let mut broken = Broken::new();
    for commit in commits {
        let answer = if is_broken(commit, &broken) {
            unwritten(writer, logs, commit).await
        } else {
            commit_one(writer, logs, commit).await
        };
        note(commit, &answer, &mut broken);
        answers.push(answer);
    }
    answers
}

/// Whether a commit was judged upon one that was not written.
pub(super) fn is_broken(commit: &Commit, broken: &Broken<'_>) -> bool {
    let is_later = |change: &SubjectChange| {
        broken.get(change.subject()).is_some_and(|at| change.from_revision() > *at)
    };
    commit.changes().iter().any(is_later)
}

/// Notes what became of a commit: unless it was written, what was judged upon it falls with it.
pub(super) fn note<'c>(
    commit: &'c Commit,
    answer: &Result<Outcome, Fault>,
    broken: &mut Broken<'c>,
) {
    if matches!(answer, Ok(Outcome::Committed)) {
        return;
    }
    for change in commit.changes().iter().filter(|change| change.after().is_some()) {
        broken.entry(change.subject()).or_insert(change.from_revision());
    }
}

async fn commit_one(writer: &SqlitePool, logs: &Logs, commit: &Commit) -> Result<Outcome, Fault> {
    let lost = || Err(Fault::new(FaultKind::Internal, "a commit without an answer"));
    match commit_together(writer, logs, from_ref(commit)).await {
        Ok(mut answers) => answers.pop().unwrap_or_else(lost),
        Err(Failed { fault, .. }) => Err(fault),
    }
}

/// What the key of a commit that is not to be written led to, else that it is a conflict.
async fn unwritten(writer: &SqlitePool, logs: &Logs, commit: &Commit) -> Result<Outcome, Fault> {
    let mut lease = Lease::acquire(writer).await.map_err(classify)?;
    let prepared = Prepared::new(lease.opening(), Some(logs), from_ref(commit)).await;
    lease.roll_back().await;
    Ok(known(prepared?.decisions))
}

/// What the key of the one commit led to, else that it is a conflict.
pub(super) fn known(mut decisions: Vec<Decision>) -> Outcome {
    match decisions.pop() {
        Some(Decision::Answer(Ok(known @ (Outcome::Replayed(_) | Outcome::Reused)))) => known,
        _ => Outcome::Conflict,
    }
}
