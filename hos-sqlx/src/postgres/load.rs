//! Answers asks: one statement for all of them, and what is remembered only when it still holds.

use std::sync::Arc;

use hos_core::error::{Fault, FaultKind};
use hos_core::id::{State, Version};
use hos_core::standing::Standing;
use hos_core::store::{Ask, BATCH_MAX};
use hos_core::subject::Snapshot;
use sqlx::postgres::{PgConnection, PgRow};

use super::options::Pooler;
use super::row::{column, count, parsed, proof_id, stored_receipt};
use super::scopes::Scopes;
use crate::fault::corrupt;
use crate::known::{Known, Remembered};

const LOAD_ONE: &str = "SELECT * FROM hos_load_one($1, $2, $3, $4, $5, $6, $7)";
const LOAD_ALL: &str = "SELECT * FROM hos_load_all($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

/// Where standings come from.
#[derive(Clone, Copy)]
pub(super) enum Source<'a> {
    /// What was committed: that may be remembered.
    Committed(&'a Known, Pooler),
    /// A transaction of the caller's: what it sees may yet be rolled back. What is read is held,
    /// so that the commit that follows does not lose it.
    Caller,
}

impl<'a> Source<'a> {
    fn known(self) -> Option<&'a Known> {
        match self {
            Self::Committed(known, _) => Some(known),
            Self::Caller => None,
        }
    }

    /// A caller's transaction may be one behind a pooler.
    fn names_statements(self) -> bool {
        matches!(self, Self::Committed(_, pooler) if pooler.names_statements())
    }
}

/// One standing per ask, in order. The error is that of the statement.
pub(super) async fn load_all(
    connection: &mut PgConnection,
    source: Source<'_>,
    asks: &[Ask],
) -> Result<Result<Vec<Standing>, Fault>, sqlx::Error> {
    if asks.len() > BATCH_MAX {
        return Ok(Err(Fault::new(FaultKind::Limit, "too many asks at once")));
    }
    let remembered: Vec<Remembered<'_>> =
        asks.iter().map(|ask| Remembered::of(source.known(), ask)).collect();
    let rows = match (asks, remembered.as_slice(), source) {
        ([], ..) => Vec::new(),
        ([ask], [known], Source::Committed(_, pooler)) if ask.subjects.len() <= 1 => {
            let named = pooler.names_statements();
            vec![load_one(connection, named, ask, known.generation()).await?]
        }
        _ => load_many(connection, source, asks, &remembered).await?,
    };
    Ok(standings(asks, &rows, remembered))
}

async fn load_one(
    connection: &mut PgConnection,
    named: bool,
    ask: &Ask,
    seen: Option<i64>,
) -> Result<PgRow, sqlx::Error> {
    let subject = ask.subjects.first();
    sqlx::query(LOAD_ONE)
        .bind(ask.world.as_str())
        .bind(ask.tenant.as_str())
        .bind(ask.actor.as_str())
        .bind(seen)
        .bind(ask.key.as_ref().map(|key| key.as_bytes()))
        .bind(subject.map(|subject| subject.kind.as_str()))
        .bind(subject.map(|subject| subject.id.as_str()))
        .persistent(named)
        .fetch_one(connection)
        .await
}

/// A line per subject; an ask without subjects has one too.
fn lines(ask: &Ask) -> usize {
    ask.subjects.len().max(1)
}

async fn load_many(
    connection: &mut PgConnection,
    source: Source<'_>,
    asks: &[Ask],
    remembered: &[Remembered<'_>],
) -> Result<Vec<PgRow>, sqlx::Error> {
    let scopes = Scopes::new(asks.iter().map(|ask| (&ask.world, &ask.tenant)));
    let (mut own, mut above, mut actors, mut seen) = (vec![], vec![], vec![], vec![]);
    let (mut keys, mut kinds, mut ids) = (vec![], vec![], vec![]);
    for (ask, remembered) in asks.iter().zip(remembered) {
        for at in 0..lines(ask) {
            let (first, subject) = (at == 0, ask.subjects.get(at));
            own.push(scopes.own(&ask.world, &ask.tenant));
            above.push(scopes.above(&ask.world));
            actors.push(first.then(|| ask.actor.as_str()));
            seen.push(remembered.generation());
            keys.push(ask.key.as_ref().filter(|_| first).map(|key| key.as_bytes()));
            kinds.push(subject.map(|subject| subject.kind.as_str()));
            ids.push(subject.map(|subject| subject.id.as_str()));
        }
    }
    sqlx::query(LOAD_ALL)
        .bind(scopes.worlds())
        .bind(scopes.tenants())
        .bind(own)
        .bind(above)
        .bind(actors)
        .bind(seen)
        .bind(keys)
        .bind(kinds)
        .bind(ids)
        .bind(matches!(source, Source::Caller))
        .persistent(source.names_statements())
        .fetch_all(connection)
        .await
}

fn standings(
    asks: &[Ask],
    rows: &[PgRow],
    remembered: Vec<Remembered<'_>>,
) -> Result<Vec<Standing>, Fault> {
    let mut rows = rows.iter();
    let mut standings = Vec::with_capacity(asks.len());
    for (ask, remembered) in asks.iter().zip(remembered) {
        let own: Vec<&PgRow> = rows.by_ref().take(lines(ask)).collect();
        standings.push(standing(ask, &own, remembered)?);
    }
    Ok(standings)
}

fn standing(ask: &Ask, rows: &[&PgRow], remembered: Remembered<'_>) -> Result<Standing, Fault> {
    let Some(first) = rows.first() else { return Err(corrupt("fewer answers than asks")) };
    let generation: i64 = column(first, at::GENERATION)?;
    let fresh: Option<&str> = column(first, at::STANDING)?;
    let bare = remembered.settle(ask, generation, fresh)?;
    let receipt = match ask.key {
        Some(_) => stored_receipt(first, at::FINGERPRINT)?,
        None => None,
    };
    let subjects = ask.subjects.iter().zip(rows).map(|(_, row)| snapshot(row));
    Ok(Standing { subjects: subjects.collect::<Result<_, _>>()?, receipt, ..bare })
}

/// A subject, in the columns of `hos_load_one`; none when there is no state.
pub(super) fn snapshot(row: &PgRow) -> Result<Option<Snapshot>, Fault> {
    if column::<Option<&str>>(row, at::STATE)?.is_none() {
        return Ok(None);
    }
    let attributes: &str = column(row, at::ATTRIBUTES)?;
    let attributes =
        serde_json::from_str(attributes).map_err(|error| corrupt("attributes").caused_by(error))?;
    Ok(Some(Snapshot {
        state: parsed(row, at::STATE, State::new)?,
        revision: count(row, at::REVISION)?,
        attributes: Arc::new(attributes),
        contract: parsed(row, at::CONTRACT, Version::new)?,
        proof_id: proof_id(row, at::PROOF_ID)?,
    }))
}

/// The columns of `hos_load_one` and `hos_load_all`.
mod at {
    pub(super) const GENERATION: usize = 0;
    pub(super) const STATE: usize = 1;
    pub(super) const REVISION: usize = 2;
    pub(super) const CONTRACT: usize = 3;
    pub(super) const PROOF_ID: usize = 4;
    pub(super) const ATTRIBUTES: usize = 5;
    pub(super) const FINGERPRINT: usize = 6;
    pub(super) const STANDING: usize = 8;
}
