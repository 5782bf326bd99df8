//! The logs: heads, entries, histories.

use async_trait::async_trait;
use hos_core::error::Fault;
use hos_core::id::{Tenant, World};
use hos_core::merkle::empty_root;
use hos_core::proof::{LogEntry, LogHead, PAGE_MAX};
use hos_core::store::{Ledger, Seals};
use hos_core::subject::Subject;
use hos_core::time::{ProofId, Timestamp};
use sqlx::sqlite::SqliteRow;

use super::SqliteStore;
use super::fault::classify;
use super::row::{column, count, hash, proof_id, unchecked};
use crate::encoding::{part, signed};
use crate::fault::corrupt;
use crate::frontier::frontier;

/// One more than the last leaf index that a position has room for.
pub(super) const LOG_SIZE_MAX: u64 = 1 << 40;

#[async_trait]
impl Ledger for SqliteStore {
    async fn head(&self, world: &World, tenant: &Tenant) -> Result<LogHead, Fault> {
        let query = sqlx::query(include_str!("head.sql"));
        let query = query.bind(world.as_str()).bind(tenant.as_str());
        let row = query.fetch_optional(self.reader()).await.map_err(classify)?;
        let Some(row) = row else { return Ok(LogHead { size: 0, root: empty_root() }) };
        let frontier = frontier(count(&row, 0)?, unchecked(&row, 1)?)?;
        Ok(LogHead { size: frontier.size(), root: frontier.root() })
    }

    async fn find(
        &self,
        world: &World,
        tenant: &Tenant,
        id: ProofId,
    ) -> Result<Option<LogEntry>, Fault> {
        let query = sqlx::query(include_str!("find.sql"))
            .bind(world.as_str())
            .bind(tenant.as_str())
            .bind(id.as_bytes().as_slice());
        let row = query.fetch_optional(self.reader()).await.map_err(classify)?;
        row.as_ref().map(entry).transpose()
    }

    async fn page(
        &self,
        world: &World,
        tenant: &Tenant,
        from: u64,
        limit: u32,
    ) -> Result<Vec<LogEntry>, Fault> {
        let query = sqlx::query(include_str!("page.sql"))
            .bind(world.as_str())
            .bind(tenant.as_str())
            .bind(signed(from.min(LOG_SIZE_MAX)))
            .bind(i64::from(limit.min(PAGE_MAX)));
        let rows = query.fetch_all(self.reader()).await.map_err(classify)?;
        rows.iter().map(entry).collect()
    }

    async fn history(
        &self,
        subject: &Subject,
        after: u64,
        limit: u32,
    ) -> Result<Vec<LogEntry>, Fault> {
        let query = sqlx::query(include_str!("history.sql"))
            .bind(subject.world.as_str())
            .bind(subject.tenant.as_str())
            .bind(subject.kind.as_str())
            .bind(subject.id.as_str())
            .bind(signed(after))
            .bind(i64::from(limit.min(PAGE_MAX)));
        let rows = query.fetch_all(self.reader()).await.map_err(classify)?;
        rows.iter().map(entry).collect()
    }

    async fn sequence_pending(&self, _limit: u32) -> Result<u32, Fault> {
        Ok(0)
    }

    fn seals(&self) -> &dyn Seals {
        self
    }
}

/// An entry, in six columns.
pub(super) fn entry(row: &SqliteRow) -> Result<LogEntry, Fault> {
    // A text may hold any bytes here: what is no text is bound by no leaf, and stops nothing else.
    let parts = String::from_utf8_lossy(unchecked(row, 5)?);
    let parts: Vec<(String, String, String)> = serde_json::from_str(&parts)
        .map_err(|error| corrupt("parts of an entry").caused_by(error))?;
    let bare = LogEntry {
        index: Some(count(row, 0)?),
        id: proof_id(row, 1)?,
        leaf: column(row, 2)?,
        leaf_hash: hash(row, 3)?,
        recorded_at: Timestamp::from_micros(unchecked(row, 4)?),
        parts: Vec::new(),
        withheld: Vec::new(),
    };
    Ok(bare.with_rows(parts.into_iter().map(part)))
}
