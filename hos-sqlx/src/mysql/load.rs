//! Answers asks: one statement for all of them, and what is remembered only when it still holds.

use std::sync::Arc;

use hos_core::error::{Fault, FaultKind};
use hos_core::id::{State, Version};
use hos_core::receipt::StoredReceipt;
use hos_core::standing::Standing;
use hos_core::store::{Ask, BATCH_MAX};
use hos_core::subject::Snapshot;
use serde_json::{Value, json};
use sqlx::mysql::MySqlRow;

use super::fault::{classify, is_silence};
use super::lease::Lease;
use super::lines::LINES_MAX;
use super::numbers::Numbers;
use super::pooled::Pooled;
use super::row::{count, optional_text, parsed, proof_id, stored_receipt, text, unchecked};
use crate::connections::STALE_MAX;
use crate::encoding::hex;
use crate::fault::corrupt;
use crate::known::{Known, Remembered};

/// One standing per ask, in order.
pub(super) async fn load_all(
    connections: &Pooled,
    (known, numbers): (&Known, &Numbers),
    asks: &[Ask],
) -> Result<Vec<Standing>, Fault> {
    if let Some(fault) = too_large(asks) {
        return Err(fault);
    }
    let mut passed_over = 0;
    loop {
        match load_on(Lease::at_hand(connections).await?, known, numbers, asks).await {
            // It had died unseen, as all have after the server was started anew.
            Err(fault)
                if fault.kind() == FaultKind::Unavailable
                    && !is_silence(&fault)
                    && passed_over < STALE_MAX =>
            {
                passed_over += 1;
            }
            loaded => return loaded,
        }
    }
}

async fn load_on(
    mut lease: Lease<'_>,
    known: &Known,
    numbers: &Numbers,
    asks: &[Ask],
) -> Result<Vec<Standing>, Fault> {
    let mut standings = Vec::with_capacity(asks.len());
    let mut asks = asks;
    while !asks.is_empty() {
        let (now, later) = asks.split_at(chunk(asks));
        let remembered: Vec<Remembered<'_>> =
            now.iter().map(|ask| Remembered::of(Some(known), ask)).collect();
        let query = sqlx::query(include_str!("load.sql")).bind(encode(now, &remembered));
        let (connection, watch) = lease.watched();
        let rows = watch.over(query.fetch_all(connection)).await;
        let rows = in_order(rows.map_err(classify)?)?;
        let mut rows = rows.iter();
        for (ask, remembered) in now.iter().zip(remembered) {
            let own: Vec<&MySqlRow> = rows.by_ref().take(lines(ask)).collect();
            for (subject, row) in ask.subjects.iter().zip(&own) {
                if let Some(number) = unchecked(row, column::NUMBER)? {
                    numbers.saw_subject(subject, number);
                }
            }
            standings.push(standing(ask, &own, remembered)?);
        }
        asks = later;
    }
    lease.release();
    Ok(standings)
}

pub(super) fn too_large(asks: &[Ask]) -> Option<Fault> {
    let large = asks.len() > BATCH_MAX || asks.iter().any(|ask| ask.subjects.len() > LINES_MAX);
    large.then(|| Fault::new(FaultKind::Limit, "too many asks or subjects at once"))
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

fn encode(asks: &[Ask], remembered: &[Remembered<'_>]) -> String {
    let mut encoded = Vec::with_capacity(asks.len());
    for (ask, remembered) in asks.iter().zip(remembered) {
        for at in 0..lines(ask) {
            let (first, subject) = (at == 0, ask.subjects.get(at));
            encoded.push(json!([
                ask.world.as_str(),
                ask.tenant.as_str(),
                first.then(|| hex(ask.actor.as_str().as_bytes())),
                remembered.generation(),
                ask.key.as_ref().filter(|_| first).map(|key| hex(key.as_bytes())),
                subject.map(|subject| subject.kind.as_str()),
                subject.map(|subject| subject.id.as_str()),
            ]));
        }
    }
    Value::from(encoded).to_string()
}

/// Rows in the order of their lines, which the database does not promise.
pub(super) fn in_order(mut rows: Vec<MySqlRow>) -> Result<Vec<MySqlRow>, Fault> {
    // Looked at first, because sorting cannot answer a fault.
    for row in &rows {
        unchecked::<i64>(row, column::LINE)?;
    }
    rows.sort_by_cached_key(|row| unchecked::<i64>(row, column::LINE).unwrap_or_default());
    Ok(rows)
}

/// A standing from the rows of its ask.
pub(super) fn standing(
    ask: &Ask,
    rows: &[&MySqlRow],
    remembered: Remembered<'_>,
) -> Result<Standing, Fault> {
    let Some(first) = rows.first() else { return Err(corrupt("fewer answers than asks")) };
    let generation: i64 = unchecked(first, column::GENERATION)?;
    let fresh = optional_text(first, column::STANDING)?;
    let bare = remembered.settle(ask, generation, fresh)?;
    let snapshots = ask.subjects.iter().zip(rows);
    Ok(Standing {
        subjects: snapshots.map(|(_, row)| snapshot(row)).collect::<Result<_, _>>()?,
        receipt: receipt(ask, first)?,
        ..bare
    })
}

fn receipt(ask: &Ask, row: &MySqlRow) -> Result<Option<StoredReceipt>, Fault> {
    match ask.key {
        Some(_) => stored_receipt(row, column::FINGERPRINT),
        None => Ok(None),
    }
}

/// A subject, in the columns of `load.sql`; none when there is no state.
pub(super) fn snapshot(row: &MySqlRow) -> Result<Option<Snapshot>, Fault> {
    if optional_text(row, column::STATE)?.is_none() {
        return Ok(None);
    }
    let attributes = serde_json::from_str(text(row, column::ATTRIBUTES)?)
        .map_err(|error| corrupt("attributes").caused_by(error))?;
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
    pub(super) const LINE: usize = 0;
    pub(super) const GENERATION: usize = 1;
    pub(super) const STATE: usize = 2;
    pub(super) const REVISION: usize = 3;
    pub(super) const CONTRACT: usize = 4;
    pub(super) const PROOF_ID: usize = 5;
    pub(super) const ATTRIBUTES: usize = 6;
    pub(super) const FINGERPRINT: usize = 7;
    pub(super) const STANDING: usize = 9;
    pub(super) const NUMBER: usize = 10;
}
