//! Commits batches: compares everything under the write lock, then writes what holds.

mod found;

use std::sync::{Arc, LazyLock};

use hos_core::commit::{Commit, Outcome};
use hos_core::error::{Fault, FaultKind};
use hos_core::id::{Tenant, World};
use hos_core::merkle::Frontier;
use hos_core::store::BATCH_MAX;
use sqlx::Arguments as _;
use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqlitePool, SqliteRow};

use found::Found;

use super::fault::{classify, classify_caller, classify_commit, is_conflict};
use super::lease::Lease;
use super::lines::{LINES_MAX, Lines};
use super::step::{self, ScopeNumbers, Step, WRITE, WRITE_AND_COMMIT};
use crate::cache::{self, Cache};
use crate::decide::{Decision, decide};
use crate::encoding::signed;
use crate::fault::same;
use crate::segments::is_displaced;

const COLUMNS: usize = 8;
const STATEMENT: &str = include_str!("verify.sql");

static VERIFY: LazyLock<Lines> = LazyLock::new(|| Lines::new("", STATEMENT, COLUMNS, ""));
static BEGIN_AND_VERIFY: LazyLock<Lines> =
    LazyLock::new(|| Lines::new("BEGIN IMMEDIATE; ", STATEMENT, COLUMNS, ""));

type ScopeKey = (World, Tenant);

fn scope_key(commit: &Commit) -> ScopeKey {
    (commit.world().clone(), commit.tenant().clone())
}

/// The heads of logs as they were last committed here. Each use of one is compared with the file.
#[derive(Debug)]
pub(super) struct Logs(Cache<ScopeKey, Arc<Log>>);

#[derive(Debug, Clone)]
struct Log {
    scope: ScopeNumbers,
    frontier: Frontier,
}

impl Logs {
    pub(super) fn new(capacity: u64) -> Self {
        Self(cache::of_items(capacity))
    }
}

type Answers = Vec<Result<Outcome, Fault>>;

/// Commits each on its own, in order: in one transaction, unless one of them has a fault.
pub(super) async fn commit_all(writer: &SqlitePool, logs: &Logs, commits: &[Commit]) -> Answers {
    if commits.is_empty() {
        return Vec::new();
    }
    if let Some(fault) = too_large(commits) {
        return every(commits, &fault);
    }
    match commit_together(writer, logs, commits).await {
        Ok(answers) => answers,
        Err(Failed { fault, .. }) if commits.len() > 1 && may_pass_alone(&fault) => {
            let mut answers = Vec::with_capacity(commits.len());
            for commit in commits {
                answers.push(commit_alone(writer, logs, commit).await);
            }
            answers
        }
        Err(Failed { decisions, fault }) => answers(decisions, Some(&fault)),
    }
}

/// Whether one of a batch may pass alone where the batch did not. There is one writer, so that
/// nobody is busy alone.
fn may_pass_alone(fault: &Fault) -> bool {
    !fault.is_everyones() && fault.kind() != FaultKind::Busy
}

async fn commit_alone(writer: &SqlitePool, logs: &Logs, commit: &Commit) -> Result<Outcome, Fault> {
    let together = commit_together(writer, logs, std::slice::from_ref(commit)).await;
    let mut answers = together.map_err(|failed| failed.fault)?;
    answers.pop().unwrap_or_else(lost)
}

fn lost() -> Result<Outcome, Fault> {
    Err(Fault::new(FaultKind::Internal, "a commit without an answer"))
}

/// A batch of which nothing was written, or of which that is not known.
struct Failed {
    /// What was to become of each.
    decisions: Vec<Decision>,
    fault: Fault,
}

impl Failed {
    fn undecided(commits: &[Commit], fault: Fault) -> Self {
        Self { decisions: commits.iter().map(|_| Decision::Write).collect(), fault }
    }
}

async fn commit_together(
    writer: &SqlitePool,
    logs: &Logs,
    commits: &[Commit],
) -> Result<Answers, Failed> {
    let failed = |fault| Failed::undecided(commits, fault);
    let mut lease = Lease::acquire(writer).await.map_err(|error| failed(classify(error)))?;
    if let [commit] = commits
        && commit_as_read(lease.connection(), logs, commit).await.map_err(failed)?
    {
        return Ok(vec![Ok(Outcome::Committed)]);
    }
    match Prepared::new(lease.opening(), Some(logs), commits).await {
        Ok(prepared) => match finish(lease, logs, prepared).await {
            Err(Failed { fault, .. }) if commits.len() == 1 && is_displaced(&fault) => {
                Ok(vec![Ok(Outcome::Conflict)])
            }
            finished => finished,
        },
        Err(fault) => {
            lease.roll_back().await;
            Err(failed(fault))
        }
    }
}

pub(super) fn too_large(commits: &[Commit]) -> Option<Fault> {
    let steps = |commit: &Commit| commit.entries().len() + commit.changes().len();
    let large = commits.len() > BATCH_MAX || commits.iter().any(|commit| steps(commit) > LINES_MAX);
    large.then(|| Fault::new(FaultKind::Limit, "too many commits, or steps of one, at once"))
}

pub(super) fn every(commits: &[Commit], fault: &Fault) -> Answers {
    commits.iter().map(|_| Err(same(fault))).collect()
}

/// Commits one in a single statement without a transaction around it, on the strength of what is
/// remembered of its log; the statement compares everything itself. False when it found anything
/// else than was read, or cannot tell: then nothing was written.
async fn commit_as_read(
    connection: &mut SqliteConnection,
    logs: &Logs,
    commit: &Commit,
) -> Result<bool, Fault> {
    let plain =
        commit.standing().is_none() && commit.entries().iter().all(|entry| entry.dedup().is_none());
    let key = scope_key(commit);
    let Some(log) = logs.0.get(&key).filter(|_| plain) else { return Ok(false) };
    let mut frontier = log.frontier.clone();
    let base = frontier.size();
    let mut steps = step::steps(commit, log.scope, &mut frontier, true)?;
    if let Some(last) = steps.last_mut() {
        last.head = (frontier.size() > base).then(|| (base, frontier.clone()));
    }
    let arguments = step::bind(&steps)?;
    let text = WRITE.text(steps.len());
    match sqlx::query_with(text, arguments).execute(connection).await {
        Ok(_) => {
            logs.0.insert(key, Arc::new(Log { scope: log.scope, frontier }));
            Ok(true)
        }
        Err(error) if is_conflict(&error) => Ok(false),
        Err(error) => Err(classify_commit(error)),
    }
}

/// A batch that was compared and decided, and the steps that are left to write.
pub(super) struct Prepared<'c> {
    decisions: Vec<Decision>,
    steps: Vec<Step<'c>>,
    heads: Vec<(ScopeKey, Log)>,
}

impl<'c> Prepared<'c> {
    /// Compares, decides, and gives the scopes that are written to for the first time a number.
    ///
    /// With `logs` it begins the transaction; without, it is in one of the caller's.
    pub(super) async fn new(
        connection: &mut SqliteConnection,
        logs: Option<&Logs>,
        commits: &'c [Commit],
    ) -> Result<Self, Fault> {
        let mut found = Found::default();
        let mut facts = Vec::with_capacity(commits.len());
        let mut left = commits;
        let mut text = if logs.is_some() { &BEGIN_AND_VERIFY } else { &VERIFY };
        while !left.is_empty() {
            let (now, later) = left.split_at(chunk(left));
            // Held here, so that what the statement left out is not forgotten meanwhile.
            let known: Vec<Option<Arc<Log>>> =
                now.iter().map(|commit| logs?.0.get(&scope_key(commit))).collect();
            let arguments =
                bind(now, &known).map_err(|error| classify(sqlx::Error::Encode(error)))?;
            let text = std::mem::replace(&mut text, &VERIFY).text(now.iter().map(lines).sum());
            let rows = sqlx::query_with(text, arguments).fetch_all(&mut *connection).await;
            let rows = rows.map_err(classify)?;
            let mut rows = rows.iter();
            for (commit, known) in now.iter().zip(&known) {
                let own: Vec<&SqliteRow> = rows.by_ref().take(lines(commit)).collect();
                facts.push(found.read(commit, &own, known.as_deref())?);
            }
            left = later;
        }
        let decisions = decide(commits, &facts);
        found.lay_out(connection, commits, decisions).await
    }
}

/// A line per subject and per entry that has a `dedup`; a commit has one at least.
fn lines(commit: &Commit) -> usize {
    let dedups = commit.entries().iter().filter(|entry| entry.dedup().is_some()).count();
    commit.changes().len().max(dedups).max(1)
}

fn chunk(commits: &[Commit]) -> usize {
    let mut total = 0;
    let fits = |commit: &&Commit| {
        total += lines(commit);
        total <= LINES_MAX
    };
    commits.iter().take_while(fits).count()
}

fn bind(
    commits: &[Commit],
    known: &[Option<Arc<Log>>],
) -> Result<SqliteArguments, sqlx::error::BoxDynError> {
    let mut arguments = SqliteArguments::default();
    for (commit, known) in commits.iter().zip(known) {
        let seen = known.as_ref().map(|log| signed(log.frontier.size()));
        let mut dedups = commit.entries().iter().filter_map(|entry| entry.dedup());
        for at in 0..lines(commit) {
            let subject = commit.changes().get(at).map(|change| change.subject());
            let kept = commit.receipt().filter(|_| at == 0);
            arguments.add(1_i64)?;
            arguments.add(commit.world().as_str())?;
            arguments.add(commit.tenant().as_str())?;
            arguments.add(subject.map(|subject| subject.kind.as_str()))?;
            arguments.add(subject.map(|subject| subject.id.as_str()))?;
            arguments.add(kept.map(|kept| kept.key().as_bytes()))?;
            arguments.add(dedups.next().map(|dedup| dedup.as_bytes().to_vec()))?;
            arguments.add(seen)?;
        }
    }
    Ok(arguments)
}

/// Writes what was decided and ends the transaction.
async fn finish(mut lease: Lease, logs: &Logs, prepared: Prepared<'_>) -> Result<Answers, Failed> {
    let Prepared { decisions, steps, heads } = prepared;
    if steps.is_empty() {
        lease.roll_back().await;
        return Ok(answers(decisions, None));
    }
    let written = write(lease.opening(), &steps).await;
    match written {
        Ok(()) => {
            lease.committed();
            for (key, log) in heads {
                // Without the world's number the next commit has to ask for it.
                if log.scope.world != 0 {
                    logs.0.insert(key, Arc::new(log));
                }
            }
            Ok(answers(decisions, None))
        }
        Err(fault) => {
            lease.roll_back().await;
            Err(Failed { decisions, fault })
        }
    }
}

async fn write(connection: &mut SqliteConnection, steps: &[Step<'_>]) -> Result<(), Fault> {
    let mut chunks = steps.chunks(LINES_MAX).peekable();
    while let Some(chunk) = chunks.next() {
        let arguments = step::bind(chunk)?;
        if chunks.peek().is_some() {
            let text = WRITE.text(chunk.len());
            sqlx::query_with(text, arguments).execute(&mut *connection).await.map_err(classify)?;
        } else {
            let text = WRITE_AND_COMMIT.text(chunk.len());
            let ended = sqlx::query_with(text, arguments).execute(&mut *connection).await;
            ended.map_err(classify_commit)?;
        }
    }
    Ok(())
}

fn answers(decisions: Vec<Decision>, fault: Option<&Fault>) -> Answers {
    let answer = |decision| match (decision, fault) {
        (Decision::Answer(answer), _) => answer,
        (Decision::Write, None) => Ok(Outcome::Committed),
        (Decision::Write, Some(fault)) => Err(same(fault)),
    };
    decisions.into_iter().map(answer).collect()
}

/// Commits in a transaction of the caller's, each on its own, in order.
pub(super) async fn commit_in_caller(
    connection: &mut SqliteConnection,
    commits: &[Commit],
) -> Answers {
    let mut answers = Vec::with_capacity(commits.len());
    for commit in commits {
        answers.push(commit_one_in_caller(connection, commit).await);
    }
    answers
}

/// Commits one in a transaction of the caller's: reads, then one statement for all of it, so that
/// a future that is dropped leaves all of it or nothing.
async fn commit_one_in_caller(
    connection: &mut SqliteConnection,
    commit: &Commit,
) -> Result<Outcome, Fault> {
    let commits = std::slice::from_ref(commit);
    let Prepared { decisions, steps, .. } = Prepared::new(connection, None, commits).await?;
    if !steps.is_empty() {
        let (text, arguments) = (WRITE.text(steps.len()), step::bind(&steps)?);
        let written = sqlx::query_with(text, arguments).execute(connection).await;
        written.map_err(classify_caller)?;
    }
    answers(decisions, None).pop().unwrap_or_else(lost)
}
