//! Gives entries that wait their place in their logs.
//!
//! Nothing is locked while the hashes are computed: whoever was quicker has changed the size of a
//! log, and then nothing of this round is written.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use hos_core::error::Fault;
use hos_core::merkle::{Frontier, leaf_hash};
use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::PostgresStore;
use super::fault::is_taken_place;
use super::ledger::most;
use super::row::{column, count};
use crate::encoding::signed;
use crate::frontier::{appended, frontier};
use crate::seals::{DamagedLogs, blocked, set_aside};

/// How often another process may be quicker before the rest is left to it.
const ROUNDS_MAX: u32 = 8;

pub(super) async fn sequence_pending(store: &PostgresStore, limit: u32) -> Result<u32, Fault> {
    let mut damaged = DamagedLogs::default();
    let mut rounds = 0;
    while rounds < ROUNDS_MAX {
        let except = damaged.scopes();
        let page = || {
            let page = sqlx::query("SELECT * FROM hos_pending_page($1, $2)");
            page.bind(most(limit)).bind(&except)
        };
        let rows = store.rows(page).await?;
        if rows.is_empty() {
            return damaged.nothing_left();
        }
        let places = Places::of(&rows, &mut damaged)?;
        if places.pending.is_empty() {
            // All of them are of logs that are left out now.
            continue;
        }
        let sequenced = match store.rows(|| places.query()).await {
            Err(fault) if is_taken_place(&fault) => {
                places.blocked(store, &mut damaged).await?;
                rounds += 1;
                continue;
            }
            answer => answer?,
        };
        if sequenced.first().map(|row| column::<bool>(row, 0)).transpose()? == Some(true) {
            return Ok(u32::try_from(places.pending.len()).unwrap_or(limit));
        }
        rounds += 1;
    }
    Ok(0)
}

/// What a page of waiting entries becomes.
#[derive(Default)]
struct Places {
    /// Of each log: the size that it had, and what it becomes.
    logs: BTreeMap<i64, (u64, Frontier)>,
    pending: Vec<i64>,
    scopes: Vec<i64>,
    indexes: Vec<i64>,
    entries: Vec<Uuid>,
    hashes: Vec<Vec<u8>>,
    /// Of those that wait, the ones that are not what was recorded.
    aside: Vec<i64>,
}

impl Places {
    fn of(rows: &[PgRow], damaged: &mut DamagedLogs) -> Result<Self, Fault> {
        let mut places = Self::default();
        for row in rows {
            places.add(row, damaged)?;
        }
        Ok(places)
    }

    fn add(&mut self, row: &PgRow, damaged: &mut DamagedLogs) -> Result<(), Fault> {
        let scope: i64 = column(row, 1)?;
        let entry: Uuid = column(row, 2)?;
        if let Entry::Vacant(place) = self.logs.entry(scope) {
            let size = count(row, 5)?;
            match frontier(size, column(row, 6)?) {
                Ok(head) => drop(place.insert((size, head))),
                Err(fault) => damaged.add(scope, fault),
            }
        }
        let Some((_, log)) = self.logs.get_mut(&scope) else { return Ok(()) };
        self.pending.push(column(row, 0)?);
        let leaf: Option<&str> = column(row, 3)?;
        let stored: Option<&[u8]> = column(row, 4)?;
        let computed = leaf.map(|leaf| leaf_hash(leaf.as_bytes()));
        let Some(stored) = computed.filter(|hash| stored == Some(hash.as_slice())) else {
            set_aside(scope, entry);
            self.aside.push(column(row, 0)?);
            return Ok(());
        };
        self.indexes.push(signed(log.size()));
        appended(log, stored)?;
        self.scopes.push(scope);
        self.entries.push(entry);
        self.hashes.push(stored.to_vec());
        Ok(())
    }

    /// Leaves out which of the logs cannot grow.
    async fn blocked(&self, store: &PostgresStore, damaged: &mut DamagedLogs) -> Result<(), Fault> {
        let scopes: Vec<i64> = self.logs.keys().copied().collect();
        let query = || sqlx::query("SELECT hos_blocked_logs($1)").bind(&scopes);
        for row in store.rows(query).await? {
            damaged.add(column(&row, 0)?, blocked());
        }
        Ok(())
    }

    fn query(&self) -> super::session::Bound<'_> {
        let logs = || self.logs.iter();
        sqlx::query("SELECT hos_sequence($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)")
            .bind(logs().map(|(scope, _)| *scope).collect::<Vec<i64>>())
            .bind(logs().map(|(_, (base, _))| signed(*base)).collect::<Vec<i64>>())
            .bind(logs().map(|(_, (_, log))| signed(log.size())).collect::<Vec<i64>>())
            .bind(logs().map(|(_, (_, log))| log.to_bytes()).collect::<Vec<Vec<u8>>>())
            .bind(&self.pending)
            .bind(&self.scopes)
            .bind(&self.indexes)
            .bind(&self.entries)
            .bind(&self.hashes)
            .bind(&self.aside)
    }
}
