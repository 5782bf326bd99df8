//! The logs: heads, entries, histories, and the places of those that wait.

use async_trait::async_trait;
use hos_core::error::Fault;
use hos_core::id::{Tenant, World};
use hos_core::merkle::empty_root;
use hos_core::proof::{LogEntry, LogHead, PAGE_MAX};
use hos_core::store::{Ledger, Seals};
use hos_core::subject::Subject;
use hos_core::time::{ProofId, Timestamp};
use sqlx::postgres::PgRow;

use super::row::{column, count, hash, proof_id, uuid};
use super::{PostgresStore, sequence};
use crate::encoding::{part, signed};
use crate::fault::corrupt;
use crate::frontier::frontier;

#[async_trait]
impl Ledger for PostgresStore {
    async fn head(&self, world: &World, tenant: &Tenant) -> Result<LogHead, Fault> {
        let query = || {
            let query = sqlx::query("SELECT * FROM hos_head($1, $2)");
            query.bind(world.as_str()).bind(tenant.as_str())
        };
        let rows = self.rows(query).await?;
        let Some(row) = rows.first() else { return Ok(LogHead { size: 0, root: empty_root() }) };
        let frontier = frontier(count(row, 0)?, column(row, 1)?)?;
        Ok(LogHead { size: frontier.size(), root: frontier.root() })
    }

    async fn find(
        &self,
        world: &World,
        tenant: &Tenant,
        id: ProofId,
    ) -> Result<Option<LogEntry>, Fault> {
        let query = || {
            sqlx::query("SELECT * FROM hos_find($1, $2, $3)")
                .bind(world.as_str())
                .bind(tenant.as_str())
                .bind(uuid(id))
        };
        self.rows(query).await?.first().map(entry).transpose()
    }

    async fn page(
        &self,
        world: &World,
        tenant: &Tenant,
        from: u64,
        limit: u32,
    ) -> Result<Vec<LogEntry>, Fault> {
        let query = || {
            sqlx::query("SELECT * FROM hos_page($1, $2, $3, $4)")
                .bind(world.as_str())
                .bind(tenant.as_str())
                .bind(signed(from))
                .bind(most(limit))
        };
        self.rows(query).await?.iter().map(entry).collect()
    }

    async fn history(
        &self,
        subject: &Subject,
        after: u64,
        limit: u32,
    ) -> Result<Vec<LogEntry>, Fault> {
        let query = || {
            sqlx::query("SELECT * FROM hos_history($1, $2, $3, $4, $5, $6)")
                .bind(subject.world.as_str())
                .bind(subject.tenant.as_str())
                .bind(subject.kind.as_str())
                .bind(subject.id.as_str())
                .bind(signed(after))
                .bind(most(limit))
        };
        self.rows(query).await?.iter().map(entry).collect()
    }

    async fn sequence_pending(&self, limit: u32) -> Result<u32, Fault> {
        sequence::sequence_pending(self, limit.min(PAGE_MAX)).await
    }

    fn seals(&self) -> &dyn Seals {
        self
    }
}

/// A limit as the database takes it.
pub(super) fn most(limit: u32) -> i32 {
    i32::try_from(limit.min(PAGE_MAX)).unwrap_or(i32::MAX)
}

/// An entry, in six columns.
pub(super) fn entry(row: &PgRow) -> Result<LogEntry, Fault> {
    entry_at(row, 0)
}

/// An entry, in six columns from this one on.
pub(super) fn entry_at(row: &PgRow, at: usize) -> Result<LogEntry, Fault> {
    let parts: Vec<(String, String, String)> = serde_json::from_str(column(row, at + 5)?)
        .map_err(|error| corrupt("parts of an entry").caused_by(error))?;
    let index: Option<i64> = column(row, at)?;
    let index = index.map(u64::try_from).transpose();
    let bare = LogEntry {
        index: index.map_err(|error| corrupt("a negative index").caused_by(error))?,
        id: proof_id(row, at + 1)?,
        leaf: column(row, at + 2)?,
        leaf_hash: hash(row, at + 3)?,
        recorded_at: Timestamp::from_micros(column(row, at + 4)?),
        parts: Vec::new(),
        withheld: Vec::new(),
    };
    Ok(bare.with_rows(parts.into_iter().map(part)))
}
