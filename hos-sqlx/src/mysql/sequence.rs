//! Gives recorded entries their places in their logs.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use hos_core::error::{Fault, FaultKind};
use hos_core::merkle::{Frontier, Hash, leaf_hash};
use hos_core::time::ProofId;
use serde_json::Value;
use sqlx::Arguments as _;
use sqlx::mysql::{MySqlConnection, MySqlRow};

use super::fault::{classify, classify_commit, is_duplicate, is_lock_wait, is_race};
use super::lease::{Lease, fetch_all};
use super::lines::Lines;
use super::pooled::Pooled;
use super::row::{frontier, proof_id, unchecked};
use crate::encoding::signed;
use crate::fault::corrupt;
use crate::seals::{DamagedLogs, blocked, set_aside};

static ADD_LOGS: LazyLock<Lines> = LazyLock::new(|| Lines::new(include_str!("add_logs.sql")));
static LEAVES: LazyLock<Lines> = LazyLock::new(|| Lines::new(include_str!("write_leaves.sql")));
static ASIDE: LazyLock<Lines> = LazyLock::new(|| Lines::new(include_str!("set_aside.sql")));
static END: LazyLock<Lines> = LazyLock::new(|| Lines::new(include_str!("end_pending.sql")));
static MOVE_LOGS: LazyLock<Lines> = LazyLock::new(|| Lines::new(include_str!("move_logs.sql")));

/// The most entries that are sequenced in one transaction.
const SEQUENCED_MAX: u32 = 1_000;
/// How often a transaction is done again because another process was quicker.
const ATTEMPTS_MAX: usize = 8;

/// Numbers pending entries, at most so many. Any process may; who was slower starts again.
pub(super) async fn sequence_pending(pooled: &Pooled, limit: u32) -> Result<u32, Fault> {
    let mut sequenced = 0;
    while sequenced < limit {
        let batch = (limit - sequenced).min(SEQUENCED_MAX);
        let done = sequence_patiently(pooled, batch).await?;
        sequenced += done;
        if done < batch {
            break;
        }
    }
    Ok(sequenced)
}

async fn sequence_patiently(pooled: &Pooled, limit: u32) -> Result<u32, Fault> {
    let mut damaged = DamagedLogs::default();
    let mut attempts = 0;
    while attempts < ATTEMPTS_MAX {
        let mut lease = Lease::acquire(pooled).await?;
        let (connection, watch) = lease.watched();
        let plan = watch.over_all(Plan::read(connection, limit, &mut damaged), classify);
        let Some(plan) = plan.await? else {
            lease.release();
            return damaged.nothing_left();
        };
        if plan.done() == 0 {
            // All of them are of logs that are left out now.
            lease.release();
            continue;
        }
        attempts += 1;
        let (connection, watch) = lease.watched();
        match watch.over_all(plan.write(connection), classify).await {
            Ok(true) => {
                lease.say("COMMIT").await.map_err(classify_commit)?;
                lease.release();
                return Ok(u32::try_from(plan.done()).unwrap_or(limit));
            }
            Ok(false) => lease.roll_back().await,
            Err(fault) if is_race(&fault) || is_lock_wait(&fault) => {
                lease.roll_back().await;
                if is_duplicate(&fault) {
                    plan.blocked(pooled, &mut damaged).await?;
                }
            }
            Err(fault) => {
                lease.roll_back().await;
                return Err(fault);
            }
        }
    }
    // Others are at it, and what they do need not be done here.
    Ok(0)
}

/// What is to be written, if every log still has the size that was read.
#[derive(Default)]
struct Plan {
    entries: Vec<Placed>,
    /// Those that are not what was recorded: number, scope and entry.
    aside: Vec<(i64, i64, ProofId)>,
    /// The size that was read, and what becomes of each log.
    logs: BTreeMap<i64, (u64, Frontier)>,
}

struct Placed {
    number: i64,
    scope: i64,
    index: u64,
    entry: ProofId,
    leaf_hash: Hash,
}

impl Plan {
    /// None where nothing waits but what is of damaged logs.
    async fn read(
        connection: &mut MySqlConnection,
        limit: u32,
        damaged: &mut DamagedLogs,
    ) -> Result<Option<Self>, Fault> {
        let except = Value::from(damaged.scopes()).to_string();
        let query = sqlx::query(include_str!("pending.sql")).bind(except).bind(i64::from(limit));
        let rows = query.fetch_all(&mut *connection).await.map_err(classify)?;
        if rows.is_empty() {
            return Ok(None);
        }
        let mut plan = Self::default();
        for row in &rows {
            plan.logs.insert(unchecked(row, 1)?, (0, Frontier::new()));
        }
        let scopes: Vec<i64> = plan.logs.keys().copied().collect();
        for (scope, head) in read_logs(connection, include_str!("logs.sql"), &scopes).await? {
            match head {
                Ok(head) => drop(plan.logs.insert(scope, (head.size(), head))),
                Err(fault) => {
                    plan.logs.remove(&scope);
                    damaged.add(scope, fault);
                }
            }
        }
        for row in &rows {
            let scope: i64 = unchecked(row, 1)?;
            if !damaged.has(scope) {
                plan.place(row)?;
            }
        }
        Ok(Some(plan))
    }

    /// Leaves out which of the logs cannot grow.
    async fn blocked(&self, pooled: &Pooled, damaged: &mut DamagedLogs) -> Result<(), Fault> {
        let scopes: Vec<i64> = self.logs.keys().copied().collect();
        let query = sqlx::query(include_str!("blocked_logs.sql"));
        let query = query.bind(Value::from(scopes).to_string());
        for row in fetch_all(pooled, query).await? {
            damaged.add(unchecked(&row, 0)?, blocked());
        }
        Ok(())
    }

    /// How many entries wait no more.
    fn done(&self) -> usize {
        self.entries.len() + self.aside.len()
    }

    /// Gives an entry the next place, or sets it aside if its leaf is not what was recorded.
    fn place(&mut self, row: &MySqlRow) -> Result<(), Fault> {
        let (number, scope) = (unchecked(row, 0)?, unchecked(row, 1)?);
        let entry = proof_id(row, 2)?;
        let leaf: Option<&[u8]> = unchecked(row, 4)?;
        let stored: Option<&[u8]> = unchecked(row, 3)?;
        let computed = leaf.map(leaf_hash);
        let Some(recorded) = computed.filter(|hash| stored == Some(hash.as_slice())) else {
            set_aside(scope, entry);
            self.aside.push((number, scope, entry));
            return Ok(());
        };
        let Some((_, frontier)) = self.logs.get_mut(&scope) else {
            return Err(corrupt("an entry of no log"));
        };
        let index = frontier.size();
        frontier
            .push(recorded)
            .map_err(|error| Fault::new(FaultKind::Full, "the log is full").caused_by(error))?;
        self.entries.push(Placed { number, scope, index, entry, leaf_hash: recorded });
        Ok(())
    }

    /// False when another process was quicker.
    async fn write(&self, connection: &mut MySqlConnection) -> Result<bool, Fault> {
        sqlx::raw_sql("START TRANSACTION").execute(&mut *connection).await.map_err(classify)?;
        let scopes: Vec<i64> = self.logs.keys().copied().collect();
        let fresh = self.logs.iter().filter(|(_, (size, _))| *size == 0);
        let fresh: Vec<i64> = fresh.map(|(scope, _)| *scope).collect();
        ADD_LOGS.write(connection, &fresh, |scope, row| row.add(scope)).await?;
        let text = include_str!("logs_for_change.sql");
        let current = read_logs(connection, text, &scopes).await?;
        let as_read = |(scope, head): &(i64, Result<Frontier, Fault>)| {
            let size = self.logs.get(scope).map(|(size, _)| *size);
            head.as_ref().is_ok_and(|head| size == Some(head.size()))
        };
        if current.len() != scopes.len() || !current.iter().all(as_read) {
            return Ok(false);
        }
        let mut placed: Vec<&Placed> = self.entries.iter().collect();
        placed.sort_by_key(|placed| (placed.scope, placed.index));
        LEAVES
            .write(connection, &placed, |placed, row| {
                row.add(placed.scope)?;
                row.add(signed(placed.index))?;
                row.add(placed.entry.as_bytes().as_slice())?;
                row.add(placed.leaf_hash.as_slice())
            })
            .await?;
        ASIDE
            .write(connection, &self.aside, |(number, scope, entry), row| {
                row.add(entry.as_bytes().as_slice())?;
                row.add(scope)?;
                row.add(number)
            })
            .await?;
        let aside = self.aside.iter().map(|(number, ..)| *number);
        let ended: Vec<i64> =
            self.entries.iter().map(|placed| placed.number).chain(aside).collect();
        let gone = END.write(connection, &ended, |number, row| row.add(number)).await?;
        if usize::try_from(gone).ok() != Some(ended.len()) {
            return Ok(false);
        }
        let logs: Vec<_> = self.logs.iter().collect();
        MOVE_LOGS
            .write(connection, &logs, |(scope, (_, frontier)), row| {
                row.add(scope)?;
                row.add(signed(frontier.size()))?;
                row.add(frontier.to_bytes())
            })
            .await?;
        Ok(true)
    }
}

async fn read_logs(
    connection: &mut MySqlConnection,
    text: &'static str,
    scopes: &[i64],
) -> Result<Vec<(i64, Result<Frontier, Fault>)>, Fault> {
    let query = sqlx::query(text).bind(Value::from(scopes.to_vec()).to_string());
    let rows = query.fetch_all(connection).await.map_err(classify)?;
    rows.iter().map(|row| Ok((unchecked(row, 0)?, frontier(row, 1)))).collect()
}
