//! Segments of logs: how they stand, and their rows going and coming.

use async_trait::async_trait;
use hos_core::digest::Digest;
use hos_core::error::Fault;
use hos_core::id::{Tenant, World};
use hos_core::proof::{LogEntry, PAGE_MAX, SEGMENT_ENTRIES_MAX, SegmentRecord};
use hos_core::store::{RELEASE_MAX, Segments};
use serde_json::Value;
use sqlx::mysql::MySqlRow;

use super::MysqlStore;
use super::call::{self, Argument};
use super::commit::ATTEMPTS_MAX;
use super::fault::{classify, classify_commit, is_race};
use super::lease::{Lease, fetch_all};
use super::row::{count, hash, proof_id, unchecked};
use crate::encoding::signed;
use crate::fault::corrupt;
use crate::segments::{Returning, returning};

#[async_trait]
impl Segments for MysqlStore {
    async fn segments(
        &self,
        world: &World,
        tenant: &Tenant,
        after: u64,
        limit: u32,
    ) -> Result<Vec<SegmentRecord>, Fault> {
        let longest = signed(SEGMENT_ENTRIES_MAX);
        let query = sqlx::query(include_str!("segments.sql"))
            .bind(world.as_str().as_bytes().to_vec())
            .bind(tenant.as_str().as_bytes().to_vec())
            .bind(signed(after).saturating_sub(longest))
            .bind(signed(after))
            .bind(i64::from(limit.min(PAGE_MAX)));
        fetch_all(self.pooled(), query).await?.iter().map(record).collect()
    }

    async fn release(
        &self,
        world: &World,
        tenant: &Tenant,
        first: u64,
        limit: u32,
    ) -> Result<u32, Fault> {
        let most = Argument::Integer(Some(i64::from(limit.min(RELEASE_MAX))));
        let released = self.answer(include_str!("release.sql"), world, tenant, first, most).await?;
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
        let lines = Argument::Text(Some(lines.to_string()));
        Ok(self.answer(include_str!("refill.sql"), world, tenant, first, lines).await? != 0)
    }
}

impl MysqlStore {
    /// The one number that a procedure answers, which is a transaction of its own and may be done
    /// again.
    async fn answer(
        &self,
        text: &'static str,
        world: &World,
        tenant: &Tenant,
        first: u64,
        last: Argument,
    ) -> Result<i64, Fault> {
        let arguments = [
            Argument::name(world.as_str()),
            Argument::name(tenant.as_str()),
            Argument::Integer(Some(signed(first))),
            last,
        ];
        let mut attempts = 1;
        loop {
            let bound = call::bind(arguments.to_vec())
                .map_err(|error| classify(sqlx::Error::Encode(error)))?;
            let mut lease = Lease::acquire(self.pooled()).await?;
            let (connection, watch) = lease.watched();
            let answer = sqlx::query_with(text, bound).fetch_all(connection);
            let answer = watch.over(answer).await;
            match lease.settle(answer).map_err(classify_commit) {
                Ok(rows) => return rows.first().map_or(Ok(0), |row| unchecked(row, 0)),
                Err(fault) if is_race(&fault) && attempts < ATTEMPTS_MAX => attempts += 1,
                Err(fault) => return Err(fault),
            }
        }
    }
}

fn record(row: &MySqlRow) -> Result<SegmentRecord, Fault> {
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
