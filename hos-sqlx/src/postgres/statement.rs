//! The statements that commit a run, and what they are told.

use hos_core::commit::{Commit, KeptReceipt, SubjectAfter, TimerWrite};
use hos_core::error::{Fault, FaultKind};
use hos_core::proof::Entry;
use serde_json::json;
use sqlx::postgres::{PgArguments, PgConnection};
use sqlx::query::Query;
use sqlx::{Postgres, Row as _};
use uuid::Uuid;

use super::row::uuid;
use super::run::{Line, Run, Step};
use super::scopes::Scopes;
use crate::encoding::{hex, signed};
use crate::standing::{encode, generation};

const COMMIT_ONE: &str = concat!(
    "SELECT hos_commit_one($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, ",
    "$14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26)",
);
const COMMIT_MOVE: &str = concat!(
    "SELECT hos_commit_move($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, ",
    "$14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25)",
);
const COMMIT_MOVES: &str = concat!(
    "SELECT hos_commit_moves($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, ",
    "$14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27)",
);
const COMMIT_ALL: &str = concat!(
    "SELECT hos_commit_all($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, ",
    "$14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, ",
    "$30, $31)",
);
const COMMIT_SPECIAL: &str = concat!(
    "SELECT hos_commit_special($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, ",
    "$13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, ",
    "$29, $30, $31, $32, $33)",
);

type Bound<'q> = Query<'q, Postgres, PgArguments>;

/// What becomes of a run with a key that another commit has taken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum TakenKeys {
    /// The statement may fail, for the run can be sent again to be [`TakenKeys::Answered`].
    Fail,
    /// The lines with such keys are not written.
    Answered,
}

/// Commits a run, by statements prepared by name or not; answers the lines that were written, or
/// whose evidence had been before.
pub(super) async fn commit(
    connection: &mut PgConnection,
    named: bool,
    taken: TakenKeys,
    run: &Run<'_>,
) -> Result<Result<Vec<usize>, Fault>, sqlx::Error> {
    let texts = match run.steps.iter().map(Texts::of).collect::<Result<Vec<_>, _>>() {
        Ok(texts) => texts,
        Err(fault) => return Ok(Err(fault)),
    };
    if let Some(commit) = run.special() {
        let row = special(commit, run, &texts).persistent(named).fetch_one(connection).await?;
        let answer: String = row.try_get(0)?;
        return Ok(Ok(if answer == "lost" { Vec::new() } else { vec![0] }));
    }
    let moves = taken == TakenKeys::Fail && run.is_of_moves();
    if let ([line], [step], [texts]) = (&*run.lines, &*run.steps, &*texts) {
        let query = if moves {
            bind_one(sqlx::query(COMMIT_MOVE), line, step, texts)
        } else {
            bind_one(sqlx::query(COMMIT_ONE), line, step, texts).bind(step.compares)
        };
        let row = query.persistent(named).fetch_one(connection).await?;
        return Ok(Ok(if row.try_get(0)? { vec![0] } else { Vec::new() }));
    }
    let scopes = scopes(run);
    let bind = |text| sqlx::query(text).bind(scopes.worlds()).bind(scopes.tenants());
    let query = if moves {
        bind_moves(bind(COMMIT_MOVES), &scopes, run, &texts)
    } else {
        bind_run(bind(COMMIT_ALL), &scopes, run, &texts)
    };
    let row = query.persistent(named).fetch_one(connection).await?;
    let written: Vec<i32> = row.try_get(0)?;
    let line = |place: i32| usize::try_from(place).ok()?.checked_sub(1);
    Ok(Ok(written.into_iter().filter_map(line).collect()))
}

fn scopes<'c>(run: &Run<'c>) -> Scopes<'c> {
    Scopes::new(run.lines.iter().map(|line| (line.commit.world(), line.commit.tenant())))
}

/// What of a step goes as JSON or in another dress.
struct Texts {
    attributes: Option<String>,
    parts: Option<String>,
    outbox: Option<String>,
    timers: Option<String>,
}

impl Texts {
    fn of(step: &Step<'_>) -> Result<Self, Fault> {
        let after = step.change.and_then(|change| change.after());
        if after.is_some() && step.entry.is_none() {
            return Err(Fault::new(FaultKind::Internal, "a change of state without its proof"));
        }
        let attributes = after.map(|after| serde_json::to_string(&*after.snapshot().attributes));
        let internal = |error: serde_json::Error| {
            Fault::new(FaultKind::Internal, "attributes cannot be written").caused_by(error)
        };
        Ok(Self {
            attributes: attributes.transpose().map_err(internal)?,
            parts: step.entry.and_then(parts),
            outbox: after.and_then(outbox),
            timers: after.map(SubjectAfter::timers).and_then(timers_of),
        })
    }
}

/// The parts of an entry as JSON; none when it has none.
pub(super) fn parts(entry: &Entry) -> Option<String> {
    let part = |part: &hos_core::proof::Part| json!([part.name, hex(&part.salt), part.body]);
    let parts: Vec<_> = entry.parts().iter().map(part).collect();
    (!parts.is_empty()).then(|| json!(parts).to_string())
}

fn outbox(after: &SubjectAfter) -> Option<String> {
    let message = |message: &hos_core::commit::OutboxWrite| {
        let entry = hex(message.entry.as_bytes());
        json!([entry, message.topic.as_str(), message.payload, message.traceparent])
    };
    let messages: Vec<_> = after.outbox().iter().map(message).collect();
    (!messages.is_empty()).then(|| json!(messages).to_string())
}

/// Timers as JSON; none when there are none.
pub(super) fn timers_of(timers: &[TimerWrite]) -> Option<String> {
    let timer = |timer: &TimerWrite| json!([timer.action.as_str(), timer.due_at.as_micros()]);
    let timers: Vec<_> = timers.iter().map(timer).collect();
    (!timers.is_empty()).then(|| json!(timers).to_string())
}

fn receipt(kept: &KeptReceipt) -> Option<String> {
    // OK because a receipt is names and numbers; without it the key would be refused as null.
    serde_json::to_string(kept.receipt()).ok()
}

/// The parameters of `hos_commit_move`.
fn bind_one<'q>(query: Bound<'q>, line: &Line<'q>, step: &Step<'q>, texts: &'q Texts) -> Bound<'q> {
    let commit = line.commit;
    let (kept, entry) = (commit.receipt(), step.entry);
    let after = step.change.and_then(|change| change.after());
    let snapshot = after.map(SubjectAfter::snapshot);
    query
        .bind(commit.world().as_str())
        .bind(commit.tenant().as_str())
        .bind(signed(generation(&commit.versions().tenant)))
        .bind(signed(generation(&commit.versions().world)))
        .bind(kept.map(|kept| kept.key().as_bytes()))
        .bind(kept.map(|kept| kept.fingerprint().as_bytes().to_vec()))
        .bind(kept.and_then(receipt))
        .bind(kept.map(|kept| kept.expires_at().as_micros()))
        .bind(step.subject().map(|subject| subject.kind.as_str()))
        .bind(step.subject().map(|subject| subject.id.as_str()))
        .bind(step.change.and_then(|change| change.from_proof()).map(uuid))
        .bind(snapshot.map(|snapshot| snapshot.state.as_str()))
        .bind(after.map(SubjectAfter::is_terminal))
        .bind(snapshot.map(|snapshot| snapshot.contract.as_str()))
        .bind(texts.attributes.as_deref())
        .bind(entry.map(|entry| uuid(entry.id())))
        .bind(entry.map(|entry| entry.type_().as_str()))
        .bind(entry.map(|entry| entry.type_().moves()))
        .bind(entry.and_then(Entry::revision).map(signed))
        .bind(entry.map(|entry| entry.recorded_at().as_micros()))
        .bind(entry.map(|entry| entry.leaf_hash().as_slice()))
        .bind(entry.map(Entry::leaf))
        .bind(texts.parts.as_deref())
        .bind(texts.outbox.as_deref())
        .bind(texts.timers.as_deref())
}

fn special<'q>(commit: &'q Commit, run: &Run<'q>, texts: &'q [Texts]) -> Bound<'q> {
    let dedups = commit.entries().iter().filter_map(|entry| entry.dedup());
    let dedups: Vec<Vec<u8>> = dedups.map(|dedup| dedup.as_bytes().to_vec()).collect();
    let query = sqlx::query(COMMIT_SPECIAL)
        .bind(commit.world().as_str())
        .bind(commit.tenant().as_str())
        .bind(commit.standing().map(|standing| encode(standing.row())))
        .bind(dedups);
    bind_run(query, &scopes(run), run, texts)
}

/// The arrays of `hos_commit_all`, those of the scopes excepted.
fn bind_run<'q>(
    query: Bound<'q>,
    scopes: &Scopes<'q>,
    run: &Run<'q>,
    texts: &'q [Texts],
) -> Bound<'q> {
    let steps = || run.steps.iter();
    let bundles: Vec<i32> = run.lines.iter().map(|line| place(line.bundle)).collect();
    let lines: Vec<i32> = steps().map(|step| place(step.line)).collect();
    let compares: Vec<bool> = steps().map(|step| step.compares).collect();
    let concludes: Vec<bool> = steps().map(|step| step.concludes).collect();
    bind_moves(query, scopes, run, texts).bind(bundles).bind(lines).bind(compares).bind(concludes)
}

/// The arrays of `hos_commit_moves`, those of the scopes excepted.
fn bind_moves<'q>(
    query: Bound<'q>,
    scopes: &Scopes<'q>,
    run: &Run<'q>,
    texts: &'q [Texts],
) -> Bound<'q> {
    bind_steps(bind_lines(query, scopes, run), run, texts)
}

fn bind_lines<'q>(query: Bound<'q>, scopes: &Scopes<'q>, run: &Run<'q>) -> Bound<'q> {
    let lines = || run.lines.iter().map(|line| line.commit);
    let kept = || lines().map(Commit::receipt);
    let each = |of: fn(&Commit) -> u64| lines().map(|commit| signed(of(commit))).collect();
    let own: Vec<i32> = lines().map(|commit| scopes.own(commit.world(), commit.tenant())).collect();
    let own_generations: Vec<i64> = each(|commit| generation(&commit.versions().tenant));
    let above: Vec<i32> = lines().map(|commit| scopes.above(commit.world())).collect();
    let world_generations: Vec<i64> = each(|commit| generation(&commit.versions().world));
    let keys: Vec<Option<&[u8]>> = kept().map(|kept| Some(kept?.key().as_bytes())).collect();
    let fingerprints: Vec<Option<Vec<u8>>> =
        kept().map(|kept| Some(kept?.fingerprint().as_bytes().to_vec())).collect();
    let receipts: Vec<Option<String>> = kept().map(|kept| receipt(kept?)).collect();
    let expiries: Vec<Option<i64>> =
        kept().map(|kept| Some(kept?.expires_at().as_micros())).collect();
    query
        .bind(own)
        .bind(own_generations)
        .bind(above)
        .bind(world_generations)
        .bind(keys)
        .bind(fingerprints)
        .bind(receipts)
        .bind(expiries)
}

fn bind_steps<'q>(query: Bound<'q>, run: &Run<'q>, texts: &'q [Texts]) -> Bound<'q> {
    let steps = || run.steps.iter();
    let entries = || steps().map(|step| step.entry);
    let afters = || steps().map(|step| step.change.and_then(|change| change.after()));
    let kinds: Vec<Option<&str>> =
        steps().map(|step| Some(step.subject()?.kind.as_str())).collect();
    let ids: Vec<Option<&str>> = steps().map(|step| Some(step.subject()?.id.as_str())).collect();
    let from_proofs: Vec<Option<Uuid>> =
        steps().map(|step| step.change?.from_proof().map(uuid)).collect();
    let states: Vec<Option<&str>> =
        afters().map(|after| Some(after?.snapshot().state.as_str())).collect();
    let terminals: Vec<Option<bool>> = afters().map(|after| Some(after?.is_terminal())).collect();
    let contracts: Vec<Option<&str>> =
        afters().map(|after| Some(after?.snapshot().contract.as_str())).collect();
    let text =
        |of: fn(&Texts) -> Option<&str>| -> Vec<Option<&str>> { texts.iter().map(of).collect() };
    let numbers: Vec<Option<Uuid>> = entries().map(|entry| Some(uuid(entry?.id()))).collect();
    let types: Vec<Option<&str>> = entries().map(|entry| Some(entry?.type_().as_str())).collect();
    let moves: Vec<Option<bool>> = entries().map(|entry| Some(entry?.type_().moves())).collect();
    let revisions: Vec<Option<i64>> =
        entries().map(|entry| Some(signed(entry?.revision()?))).collect();
    let times: Vec<Option<i64>> =
        entries().map(|entry| Some(entry?.recorded_at().as_micros())).collect();
    let hashes: Vec<Option<&[u8]>> =
        entries().map(|entry| Some(entry?.leaf_hash().as_slice())).collect();
    let leaves: Vec<Option<&str>> = entries().map(|entry| Some(entry?.leaf())).collect();
    query
        .bind(kinds)
        .bind(ids)
        .bind(from_proofs)
        .bind(states)
        .bind(terminals)
        .bind(contracts)
        .bind(text(|texts| texts.attributes.as_deref()))
        .bind(numbers)
        .bind(types)
        .bind(moves)
        .bind(revisions)
        .bind(times)
        .bind(hashes)
        .bind(leaves)
        .bind(text(|texts| texts.parts.as_deref()))
        .bind(text(|texts| texts.outbox.as_deref()))
        .bind(text(|texts| texts.timers.as_deref()))
}

/// A place as arrays count: from 1 on.
fn place(at: usize) -> i32 {
    // OK because a batch is bounded.
    i32::try_from(at + 1).unwrap_or(i32::MAX)
}
