//! The logs: heads, entries, histories.

use async_trait::async_trait;
use hos_core::error::Fault;
use hos_core::id::{Tenant, World};
use hos_core::merkle::empty_root;
use hos_core::proof::{LogEntry, LogHead, PAGE_MAX};
use hos_core::store::{Ledger, Seals};
use hos_core::subject::Subject;
use hos_core::time::{ProofId, Timestamp};
use sqlx::mysql::MySqlRow;

use super::MysqlStore;
use super::lease::fetch_all;
use super::row::{count, frontier, hash, optional_text, proof_id, text, unchecked};
use super::sequence;
use crate::encoding::{part, signed};
use crate::fault::corrupt;

#[async_trait]
impl Ledger for MysqlStore {
    async fn head(&self, world: &World, tenant: &Tenant) -> Result<LogHead, Fault> {
        let query = sqlx::query(include_str!("head.sql"));
        let query = query.bind(world.as_str().as_bytes()).bind(tenant.as_str().as_bytes());
        let rows = fetch_all(self.pooled(), query).await?;
        let Some(row) = rows.first() else { return Ok(LogHead { size: 0, root: empty_root() }) };
        let frontier = frontier(row, 0)?;
        Ok(LogHead { size: frontier.size(), root: frontier.root() })
    }

    async fn find(
        &self,
        world: &World,
        tenant: &Tenant,
        id: ProofId,
    ) -> Result<Option<LogEntry>, Fault> {
        let query = sqlx::query(include_str!("find.sql"))
            .bind(world.as_str().as_bytes())
            .bind(tenant.as_str().as_bytes())
            .bind(id.as_bytes().as_slice());
        let rows = fetch_all(self.pooled(), query).await?;
        rows.first().map(entry).transpose()
    }

    async fn page(
        &self,
        world: &World,
        tenant: &Tenant,
        from: u64,
        limit: u32,
    ) -> Result<Vec<LogEntry>, Fault> {
        let query = sqlx::query(include_str!("page.sql"))
            .bind(world.as_str().as_bytes())
            .bind(tenant.as_str().as_bytes())
            .bind(signed(from))
            .bind(i64::from(limit.min(PAGE_MAX)));
        let rows = fetch_all(self.pooled(), query).await?;
        rows.iter().map(entry).collect()
    }

    async fn history(
        &self,
        subject: &Subject,
        after: u64,
        limit: u32,
    ) -> Result<Vec<LogEntry>, Fault> {
        let query = sqlx::query(include_str!("history.sql"))
            .bind(subject.world.as_str().as_bytes())
            .bind(subject.tenant.as_str().as_bytes())
            .bind(subject.kind.as_str().as_bytes())
            .bind(subject.id.as_str().as_bytes())
            .bind(signed(after))
            .bind(i64::from(limit.min(PAGE_MAX)));
        let rows = fetch_all(self.pooled(), query).await?;
        rows.iter().map(entry).collect()
    }

    async fn sequence_pending(&self, limit: u32) -> Result<u32, Fault> {
        sequence::sequence_pending(self.pooled(), limit).await
    }

    fn seals(&self) -> &dyn Seals {
        self
    }
}

/// An entry, in six columns.
pub(super) fn entry(row: &MySqlRow) -> Result<LogEntry, Fault> {
    entry_at(row, 0)
}

/// An entry, in six columns from this one on.
pub(super) fn entry_at(row: &MySqlRow, at: usize) -> Result<LogEntry, Fault> {
    let parts = optional_text(row, at + 5)?.unwrap_or("[]");
    let parts: Vec<(String, String, String)> = serde_json::from_str(parts)
        .map_err(|error| corrupt("parts of an entry").caused_by(error))?;
    let is_sequenced = unchecked::<Option<i64>>(row, at)?.is_some();
    let bare = LogEntry {
        index: is_sequenced.then(|| count(row, at)).transpose()?,
        id: proof_id(row, at + 1)?,
        leaf: text(row, at + 2)?.to_owned(),
        leaf_hash: hash(row, at + 3)?,
        recorded_at: Timestamp::from_micros(unchecked(row, at + 4)?),
        parts: Vec::new(),
        withheld: Vec::new(),
    };
    Ok(bare.with_rows(parts.into_iter().map(part)))
}
