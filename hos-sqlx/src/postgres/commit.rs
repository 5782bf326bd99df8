//! Commits batches, run after run, and finds out why what was not written was not.

use hos_core::commit::{Commit, Outcome};
use hos_core::error::{Fault, FaultKind};
use hos_core::store::BATCH_MAX;
use sqlx::postgres::PgConnection;

use super::connections::Connections;
use super::fault::{classify, classify_caller, classify_commit, is_collision, is_taken_key};
use super::lease::Lease;
use super::row::stored_receipt;
use super::run::{Broken, Run, breaks};
use super::scopes::Scopes;
use super::statement::{self, TakenKeys};
use crate::fault::same;
use crate::patience::Patience;

/// How often a run that met another in the database is tried again.
const COLLISIONS_MAX: u32 = 4;

type Outcomes = Vec<Option<Result<Outcome, Fault>>>;

/// Commits each on its own, in order.
pub(super) async fn commit_all(
    connections: &Connections,
    commits: &[Commit],
) -> Vec<Result<Outcome, Fault>> {
    if let Some(fault) = too_large(commits) {
        return every(commits, &fault);
    }
    let mut outcomes: Outcomes = commits.iter().map(|_| None).collect();
    let (mut broken, mut from) = (Broken::new(), 0);
    while from < commits.len() {
        let (run, next) = Run::next(commits, from, &mut broken);
        commit_run(connections, &run, &mut outcomes, &mut broken).await;
        note_broken(commits, &outcomes, from..next, &mut broken);
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
/// never touches another's result. What was judged upon a commit that is not written falls with it.
async fn commit_run<'c>(
    connections: &Connections,
    run: &Run<'c>,
    outcomes: &mut Outcomes,
    broken: &mut Broken<'c>,
) {
    if run.lines.is_empty() {
        return;
    }
    match attempt(connections, run).await {
        Ok(written) => note_written(run, &written, outcomes),
        Err(fault) if run.lines.len() > 1 && is_ones_own(&fault) => {
            let mut patience = Patience::default();
            for line in &run.lines {
                let outcome = match patience.require(line.commit) {
                    Ok(()) => commit_alone(connections, line.commit, broken).await,
                    Err(busy) => Some(Err(busy)),
                };
                if let Some(answer) = &outcome {
                    patience.note(line.commit, answer);
                }
                if !matches!(outcome, Some(Ok(Outcome::Committed))) {
                    breaks(line.commit, broken);
                }
                if let Some(slot) = outcomes.get_mut(line.place) {
                    *slot = outcome;
                }
            }
        }
        Err(fault) => {
            for line in &run.lines {
                if let Some(slot) = outcomes.get_mut(line.place) {
                    *slot = Some(Err(same(&fault)));
                }
            }
        }
    }
}

/// None when it was not written, for a reason that is still to be found out.
async fn commit_alone<'c>(
    connections: &Connections,
    commit: &'c Commit,
    broken: &mut Broken<'c>,
) -> Option<Result<Outcome, Fault>> {
    let (run, _) = Run::next(std::slice::from_ref(commit), 0, broken);
    if run.lines.is_empty() {
        return None;
    }
    match attempt(connections, &run).await {
        Ok(written) if written.is_empty() => None,
        Ok(_) => Some(Ok(Outcome::Committed)),
        Err(fault) => Some(Err(fault)),
    }
}

/// Whether a fault may be that of one item alone; nothing was written then.
fn is_ones_own(fault: &Fault) -> bool {
    !matches!(
        fault.kind(),
        FaultKind::Ambiguous
            | FaultKind::Unavailable
            | FaultKind::ReadOnly
            | FaultKind::Full
            | FaultKind::Unauthorized
    )
}

async fn attempt(connections: &Connections, run: &Run<'_>) -> Result<Vec<usize>, Fault> {
    let (mut collisions, mut taken) = (0, TakenKeys::Fail);
    loop {
        let mut lease = Lease::acquire(connections).await?;
        let named = connections.pooler().names_statements();
        match statement::commit(lease.connection(), named, taken, run).await {
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

fn note_written(run: &Run<'_>, written: &[usize], outcomes: &mut Outcomes) {
    for line in written.iter().filter_map(|line| run.lines.get(*line)) {
        if let Some(slot) = outcomes.get_mut(line.place) {
            *slot = Some(Ok(Outcome::Committed));
        }
    }
}

fn note_broken<'c>(
    commits: &'c [Commit],
    outcomes: &Outcomes,
    places: std::ops::Range<usize>,
    broken: &mut Broken<'c>,
) {
    for place in places {
        let written = matches!(outcomes.get(place), Some(Some(Ok(Outcome::Committed))));
        if let Some(commit) = commits.get(place).filter(|_| !written) {
            breaks(commit, broken);
        }
    }
}

fn unanswered(outcomes: &Outcomes) -> Vec<usize> {
    let open = |(place, outcome): (usize, &Option<_>)| outcome.is_none().then_some(place);
    outcomes.iter().enumerate().filter_map(open).collect()
}

async fn explain(
    connections: &Connections,
    commits: &[Commit],
    lost: &[usize],
) -> Result<Vec<Outcome>, Fault> {
    let mut lease = Lease::acquire(connections).await?;
    let explained =
        explain_on(lease.connection(), connections.pooler().names_statements(), commits, lost)
            .await
            .map_err(classify)??;
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
    let mut broken = Broken::new();
    for commit in commits {
        let outcome = commit_one_in_caller(connection, commit, &mut broken).await;
        if !matches!(outcome, Ok(Outcome::Committed)) {
            breaks(commit, &mut broken);
        }
        outcomes.push(outcome);
    }
    outcomes
}

async fn commit_one_in_caller<'c>(
    connection: &mut PgConnection,
    commit: &'c Commit,
    broken: &mut Broken<'c>,
) -> Result<Outcome, Fault> {
    let commits = std::slice::from_ref(commit);
    let (run, _) = Run::next(commits, 0, broken);
    if !run.lines.is_empty() {
        let written = statement::commit(connection, false, TakenKeys::Answered, &run)
            .await
            .map_err(classify_caller)??;
        if !written.is_empty() {
            return Ok(Outcome::Committed);
        }
    }
    let explained =
        explain_on(connection, false, commits, &[0]).await.map_err(classify_caller)??;
    let lost = || Fault::new(FaultKind::Internal, "a commit without an answer");
    explained.into_iter().next().ok_or_else(lost)
}
