//! Commits batches, run after run, and finds out why what was not written was not.

use hos_core::commit::{Commit, Outcome};
use hos_core::error::{Fault, FaultKind};
use hos_core::store::BATCH_MAX;
use sqlx::postgres::PgConnection;

use super::fault::{
    classify, classify_caller, classify_commit, is_collision, is_lock_wait, is_taken_key,
};
use super::lease::Lease;
use super::pooled::Pooled;
use super::row::stored_receipt;
use super::run::Run;
use super::scopes::Scopes;
use super::statement::{self, TakenKeys};
use crate::fault::same;
use crate::patience::Patience;
use crate::segments::is_displaced;

/// How often a run that met another in the database is tried again.
pub(super) const COLLISIONS_MAX: u32 = 4;

type Outcomes = Vec<Option<Result<Outcome, Fault>>>;

/// Commits each on its own, in order.
pub(super) async fn commit_all(
    connections: &Pooled,
    commits: &[Commit],
) -> Vec<Result<Outcome, Fault>> {
    if let Some(fault) = too_large(commits) {
        return every(commits, &fault);
    }
    let mut outcomes: Outcomes = commits.iter().map(|_| None).collect();
    let (mut from, mut patience) = (0, Patience::default());
    while from < commits.len() {
        let (run, next) = Run::next(commits, from);
        commit_run(connections, &run, &mut patience, &mut outcomes).await;
        from = next;
    }
    let lost = unanswered(&outcomes);
    if !lost.is_empty() {
        let explained = explain(connections, commits, &lost).await;
        settle(&mut outcomes, &lost, explained);
    }
    finish(outcomes)
}

pub(super) fn too_large(commits: &[Commit]) -> Option<Fault> {
    let large = commits.len() > BATCH_MAX;
    large.then(|| Fault::new(FaultKind::Limit, "too many commits at once"))
}

pub(super) fn every(commits: &[Commit], fault: &Fault) -> Vec<Result<Outcome, Fault>> {
    commits.iter().map(|_| Err(same(fault))).collect()
}

/// Writes a run; when it fails as a whole, each of its commits alone, so that one item's fault
/// never touches another's result.
async fn commit_run<'c>(
    connections: &Pooled,
    run: &Run<'c>,
    patience: &mut Patience<'c>,
    outcomes: &mut Outcomes,
) {
    let mut note = |place: usize, outcome| {
        if let Some(slot) = outcomes.get_mut(place) {
            *slot = outcome;
        }
    };
    let Some(first) = run.lines.first() else { return };
    let attempted = match (patience.require(first.commit), run.lines.len()) {
        (Err(fault), _) if fault.is_everyones() => Err(fault),
        (_, 1) => {
            let outcome = commit_lone(connections, run, first.commit).await;
            if let Some(answer) = &outcome {
                patience.note(first.commit, answer);
            }
            return note(first.place, outcome);
        }
        _ => attempt(connections, run).await,
    };
    match attempted {
        Ok(written) => {
            for line in written.iter().filter_map(|line| run.lines.get(*line)) {
                note(line.place, Some(Ok(Outcome::Committed)));
            }
        }
        Err(fault) if !fault.is_everyones() => {
            for line in &run.lines {
                let (alone, _) = Run::next(std::slice::from_ref(line.commit), 0);
                let outcome = match patience.require(line.commit) {
                    Ok(()) => commit_lone(connections, &alone, line.commit).await,
                    Err(busy) => Some(Err(busy)),
                };
                if let Some(answer) = &outcome {
                    patience.note(line.commit, answer);
                }
                note(line.place, outcome);
            }
        }
        Err(fault) => {
            patience.note(first.commit, &Err(same(&fault)));
            run.lines.iter().for_each(|line| note(line.place, Some(Err(same(&fault)))));
        }
    }
}

/// Writes a run of one commit. None when it was not written, for a reason that is still to be
/// found out.
async fn commit_lone(
    connections: &Pooled,
    run: &Run<'_>,
    commit: &Commit,
) -> Option<Result<Outcome, Fault>> {
    match attempt(connections, run).await {
        Ok(written) if written.is_empty() => None,
        Ok(_) => Some(Ok(Outcome::Committed)),
        Err(fault) if is_lock_wait(&fault) && is_key_held(connections, commit).await => {
            Some(Ok(Outcome::InProgress))
        }
        Err(fault) if is_displaced(&fault) => Some(Ok(Outcome::Conflict)),
        Err(fault) => Some(Err(fault)),
    }
}

/// Whether a transaction that has not ended holds the key. False where that cannot be told.
async fn is_key_held(connections: &Pooled, commit: &Commit) -> bool {
    let Some(kept) = commit.receipt() else { return false };
    let Ok(mut lease) = Lease::acquire(connections).await else { return false };
    let (connection, watch) = lease.watched();
    let asked = sqlx::query_scalar("SELECT hos_key_is_held($1, $2, $3)")
        .bind(commit.world().as_str())
        .bind(commit.tenant().as_str())
        .bind(kept.key().as_bytes())
        .persistent(connections.pooler().names_statements())
        .fetch_one(connection);
    let Ok(held) = watch.over(asked).await else { return false };
    lease.commit().await.is_ok() && held
}

async fn attempt(connections: &Pooled, run: &Run<'_>) -> Result<Vec<usize>, Fault> {
    let (mut collisions, mut taken) = (0, TakenKeys::Fail);
    loop {
        let mut lease = Lease::acquire(connections).await?;
        let named = connections.pooler().names_statements();
        let (connection, watch) = lease.watched();
        match watch.over(statement::commit(connection, named, taken, run)).await {
            Ok(written) => {
                let written = written?;
                lease.commit().await?;
                return Ok(written);
            }
            Err(error) if taken == TakenKeys::Fail && is_taken_key(&error) => {
                taken = TakenKeys::Answered;
            }
            Err(error) if is_collision(&error) && collisions < COLLISIONS_MAX => collisions += 1,
            Err(error) => return Err(classify_commit(error)),
        }
    }
}

fn unanswered(outcomes: &Outcomes) -> Vec<usize> {
    let open = |(place, outcome): (usize, &Option<_>)| outcome.is_none().then_some(place);
    outcomes.iter().enumerate().filter_map(open).collect()
}

async fn explain(
    connections: &Pooled,
    commits: &[Commit],
    lost: &[usize],
) -> Result<Vec<Outcome>, Fault> {
    let mut lease = Lease::acquire(connections).await?;
    let (connection, watch) = lease.watched();
    let explained = explain_on(connection, connections.pooler().names_statements(), commits, lost);
    let explained = watch.over(explained).await.map_err(classify)??;
    lease.commit().await?;
    Ok(explained)
}

/// What is stored under the keys of commits that were not written.
async fn explain_on(
    connection: &mut PgConnection,
    named: bool,
    commits: &[Commit],
    lost: &[usize],
) -> Result<Result<Vec<Outcome>, Fault>, sqlx::Error> {
    let lost = || lost.iter().filter_map(|place| commits.get(*place));
    let scopes = Scopes::new(lost().map(|commit| (commit.world(), commit.tenant())));
    let own: Vec<i32> = lost().map(|commit| scopes.own(commit.world(), commit.tenant())).collect();
    let keys: Vec<Option<&[u8]>> =
        lost().map(|commit| Some(commit.receipt()?.key().as_bytes())).collect();
    let rows = sqlx::query("SELECT * FROM hos_receipts($1, $2, $3, $4)")
        .bind(scopes.worlds())
        .bind(scopes.tenants())
        .bind(own)
        .bind(keys)
        .persistent(named)
        .fetch_all(connection)
        .await?;
    let outcome = |(commit, row): (&Commit, _)| {
        Ok(match (commit.receipt(), stored_receipt(row, 0)?) {
            (Some(kept), Some(stored)) if stored.fingerprint == kept.fingerprint() => {
                Outcome::Replayed(Box::new(stored.receipt))
            }
            (Some(_), Some(_)) => Outcome::Reused,
            _ => Outcome::Conflict,
        })
    };
    Ok(lost().zip(&rows).map(outcome).collect())
}

fn settle(outcomes: &mut Outcomes, lost: &[usize], explained: Result<Vec<Outcome>, Fault>) {
    match explained {
        Ok(explained) => {
            for (place, outcome) in lost.iter().zip(explained) {
                if let Some(slot) = outcomes.get_mut(*place) {
                    *slot = Some(Ok(outcome));
                }
            }
        }
        Err(fault) => {
            for place in lost {
                if let Some(slot) = outcomes.get_mut(*place) {
                    *slot = Some(Err(same(&fault)));
                }
            }
        }
    }
}

fn finish(outcomes: Outcomes) -> Vec<Result<Outcome, Fault>> {
    let lost = || Err(Fault::new(FaultKind::Internal, "a commit without an answer"));
    outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(lost)).collect()
}

/// Commits in a transaction of the caller's: one statement for each commit, so that a future that
/// is dropped leaves all of it or nothing.
pub(super) async fn commit_in_caller(
    connection: &mut PgConnection,
    commits: &[Commit],
) -> Vec<Result<Outcome, Fault>> {
    let mut outcomes = Vec::with_capacity(commits.len());
    for commit in commits {
        outcomes.push(commit_one_in_caller(connection, commit).await);
    }
    outcomes
}

async fn commit_one_in_caller(
    connection: &mut PgConnection,
    commit: &Commit,
) -> Result<Outcome, Fault> {
    let commits = std::slice::from_ref(commit);
    let (run, _) = Run::next(commits, 0);
    let written = statement::commit(connection, false, TakenKeys::Answered, &run)
        .await
        .map_err(classify_caller)??;
    if !written.is_empty() {
        return Ok(Outcome::Committed);
    }
    let explained =
        explain_on(connection, false, commits, &[0]).await.map_err(classify_caller)??;
    let lost = || Fault::new(FaultKind::Internal, "a commit without an answer");
    explained.into_iter().next().ok_or_else(lost)
}
