//! Segments of logs: how they stand, and their rows going and coming.

use async_trait::async_trait;
use hos_core::digest::Digest;
use hos_core::error::Fault;
use hos_core::id::{Tenant, World};
use hos_core::proof::{LogEntry, PAGE_MAX, SegmentRecord};
use hos_core::store::{RELEASE_MAX, Segments};
use serde_json::Value;
use sqlx::sqlite::{SqliteConnection, SqliteQueryResult, SqliteRow};

use super::SqliteStore;
use super::fault::{classify, classify_commit};
use super::lease::Lease;
use super::row::{count, hash, proof_id, unchecked};
use crate::encoding::signed;
use crate::fault::corrupt;
use crate::segments::{Returning, returning};

#[async_trait]
impl Segments for SqliteStore {
    async fn segments(
        &self,
        world: &World,
        tenant: &Tenant,
        after: u64,
        limit: u32,
    ) -> Result<Vec<SegmentRecord>, Fault> {
        let query = sqlx::query(include_str!("segments.sql"))
            .bind(world.as_str())
            .bind(tenant.as_str())
            .bind(signed(after))
            .bind(i64::from(limit.min(PAGE_MAX)));
        let rows = query.fetch_all(self.reader()).await.map_err(classify)?;
        rows.iter().map(record).collect()
    }

    async fn release(
        &self,
        world: &World,
        tenant: &Tenant,
        first: u64,
        limit: u32,
    ) -> Result<u32, Fault> {
        let mut lease = Lease::acquire(&self.shared.writer).await.map_err(classify)?;
        let Some((from, to)) = archived(lease.opening(), world, tenant, first).await? else {
            lease.roll_back().await;
            return Ok(0);
        };
        let limit = i64::from(limit.min(RELEASE_MAX));
        let mut released = Ok(SqliteQueryResult::default());
        for text in [include_str!("release_parts.sql"), include_str!("release.sql")] {
            if released.is_ok() {
                let query = sqlx::query(text).bind(from).bind(to).bind(limit);
                released = query.execute(lease.connection()).await.map_err(classify);
            }
        }
        let released = end(lease, released).await?;
        u32::try_from(released).map_err(|error| corrupt("a count of rows").caused_by(error))
    }

    async fn refill(
        &self,
        world: &World,
        tenant: &Tenant,
        first: u64,
        entries: &[LogEntry],
    ) -> Result<bool, Fault> {
        let lines: Value = returning(entries)?.iter().map(Returning::line).collect();
        let mut lease = Lease::acquire(&self.shared.writer).await.map_err(classify)?;
        let Some((from, to)) = archived(lease.opening(), world, tenant, first).await? else {
            lease.roll_back().await;
            return Ok(false);
        };
        let query = sqlx::query(include_str!("refill.sql"));
        let query = query.bind(from).bind(to).bind(lines.to_string());
        let filled = query.execute(lease.connection()).await.map_err(classify);
        end(lease, filled).await?;
        Ok(true)
    }
}

/// Ends a transaction: commits what was done, or undoes it. Says how many rows the last statement
/// met.
async fn end(mut lease: Lease, done: Result<SqliteQueryResult, Fault>) -> Result<u64, Fault> {
    match done {
        Ok(done) => {
            let committed = sqlx::query("COMMIT").execute(lease.connection()).await;
            committed.map_err(classify_commit)?;
            lease.committed();
            Ok(done.rows_affected())
        }
        Err(fault) => {
            lease.roll_back().await;
            Err(fault)
        }
    }
}

/// Takes the write lock; where the entries of a segment stand, if it is archived.
async fn archived(
    connection: &mut SqliteConnection,
    world: &World,
    tenant: &Tenant,
    first: u64,
) -> Result<Option<(i64, i64)>, Fault> {
    sqlx::query("BEGIN IMMEDIATE").execute(&mut *connection).await.map_err(classify)?;
    let query = sqlx::query(include_str!("archived.sql"))
        .bind(world.as_str())
        .bind(tenant.as_str())
        .bind(signed(first));
    let row = query.fetch_optional(connection).await.map_err(classify)?;
    row.map(|row| Ok((unchecked(&row, 0)?, unchecked(&row, 1)?))).transpose()
}

fn record(row: &SqliteRow) -> Result<SegmentRecord, Fault> {
    let turn = u32::try_from(count(row, 2)?);
    Ok(SegmentRecord {
        first: count(row, 0)?,
        end: count(row, 1)?,
        turn: turn.map_err(|error| corrupt("a turn of a segment").caused_by(error))?,
        entry: proof_id(row, 3)?,
        manifest: Digest::from_bytes(hash(row, 4)?),
        least: proof_id(row, 5)?,
        greatest: proof_id(row, 6)?,
    })
}
