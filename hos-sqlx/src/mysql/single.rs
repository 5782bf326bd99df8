//! Commits one by one call of `hos_commit`, which compares everything and writes all or nothing.

use hos_core::commit::{Commit, Outcome};
use hos_core::error::{Fault, FaultKind};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use sqlx::mysql::{MySqlConnection, MySqlRow};

use super::call::{self, Argument};
use super::fault::{classify, classify_caller, classify_commit, is_broken_off};
use super::row::{stored_receipt, text};
use super::step::{Step, steps};
use crate::encoding::{hex, signed};
use crate::fault::corrupt;
use crate::standing::{encode, generation};

/// Whether the call is a transaction of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Own,
    Caller,
}

/// Commits one in a transaction of its own. None when somebody was quicker with its key or its
/// subject: nothing was written, and now it can be seen.
pub(super) async fn commit_own(
    connection: &mut MySqlConnection,
    commit: &Commit,
) -> Result<Option<Outcome>, Fault> {
    let arguments = call::bind(arguments(Place::Own, commit)?)
        .map_err(|error| classify(sqlx::Error::Encode(error)))?;
    let query = sqlx::query_with(include_str!("commit_one.sql"), arguments);
    let rows = query.fetch_all(connection).await.map_err(classify_commit)?;
    answer(commit, &rows)
}

/// Commits one in a transaction of the caller's, as one statement: a future that is dropped leaves
/// all of it or nothing. Of one that the server broke off a part may be left: then the whole
/// transaction is rolled back, as after a deadlock.
pub(super) async fn commit_in_caller(
    connection: &mut MySqlConnection,
    commit: &Commit,
) -> Result<Outcome, Fault> {
    let text = call::text("hos_commit", &arguments(Place::Caller, commit)?);
    // Safe because every argument is digits.
    let rows = sqlx::raw_sql(AssertSqlSafe(text)).fetch_all(&mut *connection).await;
    let rows = rows.map_err(classify_caller);
    if rows.as_ref().is_err_and(is_broken_off) {
        sqlx::raw_sql("ROLLBACK").execute(connection).await.map_err(classify_caller)?;
    }
    Ok(answer(commit, &rows?)?.unwrap_or(Outcome::Conflict))
}

fn answer(commit: &Commit, rows: &[MySqlRow]) -> Result<Option<Outcome>, Fault> {
    let Some(row) = rows.first() else { return Err(corrupt("no answer to a commit")) };
    match text(row, 0)? {
        // What is recorded once is there already.
        "written" | "duplicate" => Ok(Some(Outcome::Committed)),
        "conflict" => Ok(Some(Outcome::Conflict)),
        "terminal" => Err(Fault::new(FaultKind::Internal, "a terminal state never changes")),
        "raced" => Ok(None),
        _ => {
            let stored = stored_receipt(row, 1)?.ok_or_else(|| corrupt("no receipt"))?;
            let same =
                commit.receipt().is_some_and(|kept| kept.fingerprint() == stored.fingerprint);
            Ok(Some(if same {
                Outcome::Replayed(Box::new(stored.receipt))
            } else {
                Outcome::Reused
            }))
        }
    }
}

fn arguments(place: Place, commit: &Commit) -> Result<Vec<Argument>, Fault> {
    let unwritable = |error: serde_json::Error| {
        Fault::new(FaultKind::Internal, "a commit that cannot be written").caused_by(error)
    };
    let kept = commit.receipt();
    let receipt = kept.map(|kept| serde_json::to_string(kept.receipt())).transpose();
    let steps = steps(commit)?.iter().map(Step::encode).collect::<Result<Vec<_>, _>>();
    let dedups = commit.entries().iter().filter_map(|entry| entry.dedup());
    let dedups = dedups.map(|dedup| hex(dedup.as_bytes()).into()).collect();
    Ok(vec![
        Argument::Integer(Some(i64::from(place == Place::Own))),
        Argument::name(commit.world().as_str()),
        Argument::name(commit.tenant().as_str()),
        Argument::Integer(Some(signed(generation(&commit.versions().tenant)))),
        Argument::Integer(Some(signed(generation(&commit.versions().world)))),
        Argument::Bytes(kept.map(|kept| kept.key().as_bytes().to_vec())),
        Argument::Bytes(kept.map(|kept| kept.fingerprint().as_bytes().to_vec())),
        Argument::Integer(kept.map(|kept| kept.expires_at().as_micros())),
        Argument::Text(receipt.map_err(unwritable)?),
        Argument::Text(commit.standing().map(|standing| encode(standing.row()))),
        list(dedups),
        list(subjects(commit)),
        list(steps.map_err(unwritable)?),
    ])
}

/// What was read of subjects, in the one order in which rows are held.
fn subjects(commit: &Commit) -> Vec<Value> {
    let mut changes: Vec<_> = commit.changes().iter().collect();
    changes.sort_by_key(|change| change.subject());
    let subject = |change: &&hos_core::commit::SubjectChange| {
        let subject = change.subject();
        json!([
            subject.kind.as_str(),
            subject.id.as_str(),
            change.from_proof().map(|proof| hex(proof.as_bytes())),
            u8::from(change.after().is_some()),
        ])
    };
    changes.iter().map(subject).collect()
}

fn list(items: Vec<Value>) -> Argument {
    Argument::Text((!items.is_empty()).then(|| Value::from(items).to_string()))
}
