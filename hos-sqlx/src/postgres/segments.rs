//! Segments of logs: how they stand, and their rows going and coming.

use async_trait::async_trait;
use hos_core::digest::Digest;
use hos_core::error::Fault;
use hos_core::id::{Tenant, World};
use hos_core::proof::{LogEntry, SegmentRecord};
use hos_core::store::{RELEASE_MAX, Segments};
use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::PostgresStore;
use super::ledger::most;
use super::row::{column, count, hash, proof_id, uuid};
use crate::encoding::signed;
use crate::fault::corrupt;
use crate::segments::{Returning, returning};

#[async_trait]
impl Segments for PostgresStore {
    async fn segments(
        &self,
        world: &World,
        tenant: &Tenant,
        after: u64,
        limit: u32,
    ) -> Result<Vec<SegmentRecord>, Fault> {
        let query = || {
            sqlx::query("SELECT * FROM hos_segments($1, $2, $3, $4)")
                .bind(world.as_str())
                .bind(tenant.as_str())
                .bind(signed(after))
                .bind(most(limit))
        };
        self.rows(query).await?.iter().map(record).collect()
    }

    async fn release(
        &self,
        world: &World,
        tenant: &Tenant,
        first: u64,
        limit: u32,
    ) -> Result<u32, Fault> {
        let query = || {
            sqlx::query("SELECT hos_release($1, $2, $3, $4)")
                .bind(world.as_str())
                .bind(tenant.as_str())
                .bind(signed(first))
                .bind(most(limit.min(RELEASE_MAX)))
        };
        let rows = self.rows(query).await?;
        let released: i32 = rows.first().map_or(Ok(0), |row| column(row, 0))?;
        u32::try_from(released).map_err(|error| corrupt("a count of rows").caused_by(error))
    }

    async fn refill(
        &self,
        world: &World,
        tenant: &Tenant,
        first: u64,
        entries: &[LogEntry],
    ) -> Result<bool, Fault> {
        let lines = returning(entries)?;
        let query = || {
            let lines = || lines.iter();
            let leaves = || entries.iter();
            sqlx::query(
                "SELECT hos_refill($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
            )
            .bind(world.as_str())
            .bind(tenant.as_str())
            .bind(signed(first))
            .bind(lines().map(|line| signed(line.index)).collect::<Vec<i64>>())
            .bind(leaves().map(|entry| uuid(entry.id)).collect::<Vec<Uuid>>())
            .bind(lines().map(|line| line.facts.type_.clone()).collect::<Vec<String>>())
            .bind(lines().map(|line| line.subject().0).collect::<Vec<Option<&str>>>())
            .bind(lines().map(|line| line.subject().1).collect::<Vec<Option<&str>>>())
            .bind(lines().map(|line| line.facts.revision.map(signed)).collect::<Vec<_>>())
            .bind(lines().map(|line| line.facts.moves()).collect::<Vec<bool>>())
            .bind(leaves().map(|entry| entry.recorded_at.as_micros()).collect::<Vec<i64>>())
            .bind(leaves().map(|entry| entry.leaf_hash.to_vec()).collect::<Vec<Vec<u8>>>())
            .bind(leaves().map(|entry| entry.leaf.as_str()).collect::<Vec<&str>>())
            .bind(lines().map(Returning::parts).map(|parts| parts.to_string()).collect::<Vec<_>>())
        };
        let rows = self.rows(query).await?;
        rows.first().map_or(Ok(false), |row| column(row, 0))
    }
}

fn record(row: &PgRow) -> Result<SegmentRecord, Fault> {
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
