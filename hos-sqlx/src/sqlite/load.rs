//! Answers asks: one statement for all of them, and what is remembered only when it still holds.

use std::sync::{Arc, LazyLock};

use hos_core::error::{Fault, FaultKind};
use hos_core::id::{State, Version};
use hos_core::receipt::StoredReceipt;
use hos_core::standing::Standing;
use hos_core::store::{Ask, BATCH_MAX};
use hos_core::subject::Snapshot;
use sqlx::Arguments as _;
use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqliteRow};

use super::caller::TAKE_WRITE_LOCK;
use super::fault::{classify, classify_caller};
use super::lines::{LINES_MAX, Lines};
use super::row::{count, parsed, proof_id, stored_receipt, unchecked};
use crate::fault::corrupt;
use crate::known::{Known, Remembered};

const COLUMNS: usize = 8;
const STATEMENT: &str = include_str!("load.sql");

static LOAD: LazyLock<Lines> = LazyLock::new(|| Lines::new("", STATEMENT, COLUMNS, ""));
static LOCK_AND_LOAD: LazyLock<Lines> =
    LazyLock::new(|| Lines::new(TAKE_WRITE_LOCK, STATEMENT, COLUMNS, ""));

/// Where standings come from.
#[derive(Clone, Copy)]
pub(super) enum Source<'a> {
    /// A reader, which sees only what was committed: that may be remembered.
    Committed(&'a Known),
    /// A transaction of the caller's: what it sees may yet be rolled back.
    Caller,
}

impl<'a> Source<'a> {
    fn known(self) -> Option<&'a Known> {
        match self {
            Self::Committed(known) => Some(known),
            Self::Caller => None,
        }
    }
}

/// One standing per ask, in order.
pub(super) async fn load_all(
    connection: &mut SqliteConnection,
    source: Source<'_>,
    asks: &[Ask],
) -> Result<Vec<Standing>, Fault> {
    if asks.len() > BATCH_MAX || asks.iter().any(|ask| ask.subjects.len() > LINES_MAX) {
        return Err(Fault::new(FaultKind::Limit, "too many asks or subjects at once"));
    }
    let mut standings = Vec::with_capacity(asks.len());
    let mut asks = asks;
    while !asks.is_empty() {
        let (now, later) = asks.split_at(chunk(asks));
        load_chunk(connection, source, now, &mut standings).await?;
        asks = later;
    }
    Ok(standings)
}

/// A line per subject; an ask without subjects has one too.
fn lines(ask: &Ask) -> usize {
    ask.subjects.len().max(1)
}

/// How many asks fit into one statement.
fn chunk(asks: &[Ask]) -> usize {
    let mut total = 0;
    let fits = |ask: &&Ask| {
        total += lines(ask);
        total <= LINES_MAX
    };
    asks.iter().take_while(fits).count()
}

async fn load_chunk(
    connection: &mut SqliteConnection,
    source: Source<'_>,
    asks: &[Ask],
    standings: &mut Vec<Standing>,
) -> Result<(), Fault> {
    let remembered: Vec<Remembered<'_>> =
        asks.iter().map(|ask| Remembered::of(source.known(), ask)).collect();
    let text = match source {
        Source::Committed(_) => LOAD.text(asks.iter().map(lines).sum()),
        Source::Caller => LOCK_AND_LOAD.text(asks.iter().map(lines).sum()),
    };
    let arguments =
        bind(asks, &remembered).map_err(|error| classify(sqlx::Error::Encode(error)))?;
    let rows = sqlx::query_with(text, arguments).fetch_all(connection).await;
    let rows = rows.map_err(|error| match source {
        Source::Committed(_) => classify(error),
        Source::Caller => classify_caller(error),
    })?;
    let mut rows = rows.iter();
    for (ask, remembered) in asks.iter().zip(remembered) {
        let own: Vec<&SqliteRow> = rows.by_ref().take(lines(ask)).collect();
        standings.push(standing(ask, &own, remembered)?);
    }
    Ok(())
}

fn bind(
    asks: &[Ask],
    remembered: &[Remembered<'_>],
) -> Result<SqliteArguments, sqlx::error::BoxDynError> {
    let mut arguments = SqliteArguments::default();
    arguments.reserve(asks.len() * COLUMNS, 0);
    for (ask, remembered) in asks.iter().zip(remembered) {
        for at in 0..lines(ask) {
            let (first, subject) = (at == 0, ask.subjects.get(at));
            arguments.add(1_i64)?;
            arguments.add(ask.world.as_str())?;
            arguments.add(ask.tenant.as_str())?;
            arguments.add(first.then(|| ask.actor.as_str()))?;
            arguments.add(remembered.generation())?;
            arguments.add(ask.key.as_ref().filter(|_| first).map(|key| key.as_bytes()))?;
            arguments.add(subject.map(|subject| subject.kind.as_str()))?;
            arguments.add(subject.map(|subject| subject.id.as_str()))?;
        }
    }
    Ok(arguments)
}

fn standing(ask: &Ask, rows: &[&SqliteRow], remembered: Remembered<'_>) -> Result<Standing, Fault> {
    let Some(first) = rows.first() else { return Err(corrupt("fewer answers than asks")) };
    let generation: i64 = unchecked(first, column::GENERATION)?;
    let fresh: Option<&str> = unchecked(first, column::STANDING)?;
    let bare = remembered.settle(ask, generation, fresh)?;
    let snapshots = ask.subjects.iter().zip(rows);
    Ok(Standing {
        subjects: snapshots.map(|(_, row)| snapshot(row)).collect::<Result<_, _>>()?,
        receipt: receipt(ask, first)?,
        ..bare
    })
}

fn receipt(ask: &Ask, row: &SqliteRow) -> Result<Option<StoredReceipt>, Fault> {
    match ask.key {
        Some(_) => stored_receipt(row, column::FINGERPRINT),
        None => Ok(None),
    }
}

/// A subject, in the columns of `load.sql`; none when there is no state.
pub(super) fn snapshot(row: &SqliteRow) -> Result<Option<Snapshot>, Fault> {
    if unchecked::<Option<&str>>(row, column::STATE)?.is_none() {
        return Ok(None);
    }
    let attributes: &str = unchecked(row, column::ATTRIBUTES)?;
    let attributes =
        serde_json::from_str(attributes).map_err(|error| corrupt("attributes").caused_by(error))?;
    Ok(Some(Snapshot {
        state: parsed(row, column::STATE, State::new)?,
        revision: count(row, column::REVISION)?,
        attributes: Arc::new(attributes),
        contract: parsed(row, column::CONTRACT, Version::new)?,
        proof_id: proof_id(row, column::PROOF_ID)?,
    }))
}

/// The columns of `load.sql`.
mod column {
    pub(super) const GENERATION: usize = 0;
    pub(super) const STATE: usize = 1;
    pub(super) const REVISION: usize = 2;
    pub(super) const CONTRACT: usize = 3;
    pub(super) const PROOF_ID: usize = 4;
    pub(super) const ATTRIBUTES: usize = 5;
    pub(super) const FINGERPRINT: usize = 6;
    pub(super) const STANDING: usize = 8;
}
