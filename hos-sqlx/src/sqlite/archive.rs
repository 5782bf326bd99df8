//! Laws, pins, timers, keys, lists.

use async_trait::async_trait;
use hos_core::command::DueTimer;
use hos_core::commit::{ContractRecord, LawRecord};
use hos_core::digest::Digest;
use hos_core::error::Fault;
use hos_core::id::{ActionName, ActorId, Kind, Role, SubjectId, Tenant, Version, World};
use hos_core::proof::PAGE_MAX;
use hos_core::store::Archive;
use hos_core::subject::Subject;
use hos_core::time::Timestamp;
use sqlx::sqlite::SqliteRow;

use super::SqliteStore;
use super::fault::classify;
use super::row::{column, count, hash, parsed, unchecked};
use crate::encoding::timer_lines;
use crate::fault::corrupt;

#[async_trait]
impl Archive for SqliteStore {
    async fn laws(&self, world: &World) -> Result<Vec<LawRecord>, Fault> {
        let query = sqlx::query(include_str!("laws.sql")).bind(world.as_str());
        let rows = query.fetch_all(self.reader()).await.map_err(classify)?;
        let record = |row: &SqliteRow| {
            Ok(LawRecord {
                version: parsed(row, 0, Version::new)?,
                digest: Digest::from_bytes(hash(row, 1)?),
                deployment: column(row, 2)?,
            })
        };
        rows.iter().map(record).collect()
    }

    async fn contracts(&self, world: &World) -> Result<Vec<ContractRecord>, Fault> {
        let query = sqlx::query(include_str!("contracts.sql")).bind(world.as_str());
        let rows = query.fetch_all(self.reader()).await.map_err(classify)?;
        let record = |row: &SqliteRow| {
            Ok(ContractRecord {
                kind: parsed(row, 0, Kind::new)?,
                version: parsed(row, 1, Version::new)?,
                digest: Digest::from_bytes(hash(row, 2)?),
            })
        };
        rows.iter().map(record).collect()
    }

    async fn pins(&self, world: &World) -> Result<Vec<(Kind, Version)>, Fault> {
        let query = sqlx::query(include_str!("pins.sql")).bind(world.as_str());
        let rows = query.fetch_all(self.reader()).await.map_err(classify)?;
        let pin = |row: &SqliteRow| Ok((parsed(row, 0, Kind::new)?, parsed(row, 1, Version::new)?));
        rows.iter().map(pin).collect()
    }

    async fn due_timers(
        &self,
        world: &World,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<DueTimer>, Fault> {
        let query = sqlx::query(include_str!("due_timers.sql"));
        let query = query.bind(world.as_str()).bind(now.as_micros());
        let query = query.bind(i64::from(limit.min(PAGE_MAX)));
        let rows = query.fetch_all(self.reader()).await.map_err(classify)?;
        let timer = |row: &SqliteRow| {
            Ok(DueTimer {
                subject: subject(row, 0)?,
                revision: count(row, 4)?,
                action: parsed(row, 5, ActionName::new)?,
                due_at: Timestamp::from_micros(unchecked(row, 6)?),
            })
        };
        rows.iter().map(timer).collect()
    }

    async fn postpone_timers(&self, timers: &[DueTimer], until: Timestamp) -> Result<(), Fault> {
        sqlx::query(include_str!("postpone_timers.sql"))
            .bind(until.as_micros())
            .bind(timer_lines(timers))
            .execute(&self.shared.writer)
            .await
            .map_err(classify)?;
        Ok(())
    }

    async fn sweep_receipts(&self, now: Timestamp, limit: u32) -> Result<u32, Fault> {
        let mut swept = 0;
        // Small batches, so that a commit never waits long for the one writer.
        while swept < limit {
            let batch = (limit - swept).min(SWEEP_BATCH);
            let query = sqlx::query(include_str!("sweep_receipts.sql"));
            let query = query.bind(now.as_micros()).bind(i64::from(batch));
            let done = query.execute(&self.shared.writer).await.map_err(classify)?;
            let gone = u32::try_from(done.rows_affected()).unwrap_or(batch);
            swept += gone;
            if gone < batch {
                break;
            }
        }
        Ok(swept)
    }

    async fn members(
        &self,
        world: &World,
        tenant: &Tenant,
        after: Option<&ActorId>,
        limit: u32,
    ) -> Result<Vec<(ActorId, Vec<Role>)>, Fault> {
        let query = sqlx::query(include_str!("members.sql"))
            .bind(world.as_str())
            .bind(tenant.as_str())
            .bind(after.map_or("", ActorId::as_str))
            .bind(i64::from(limit.min(PAGE_MAX)));
        let rows = query.fetch_all(self.reader()).await.map_err(classify)?;
        let member = |row: &SqliteRow| {
            let roles = serde_json::from_str(unchecked(row, 1)?)
                .map_err(|error| corrupt("roles").caused_by(error))?;
            Ok((parsed(row, 0, ActorId::new)?, roles))
        };
        rows.iter().map(member).collect()
    }

    async fn grantees(
        &self,
        world: &World,
        tenant: &Tenant,
        after: Option<&ActorId>,
        limit: u32,
    ) -> Result<Vec<ActorId>, Fault> {
        let query = sqlx::query(include_str!("grantees.sql"))
            .bind(world.as_str())
            .bind(tenant.as_str())
            .bind(after.map_or("", ActorId::as_str))
            .bind(i64::from(limit.min(PAGE_MAX)));
        let rows = query.fetch_all(self.reader()).await.map_err(classify)?;
        rows.iter().map(|row| parsed(row, 0, ActorId::new)).collect()
    }

    async fn tenants(
        &self,
        world: &World,
        after: Option<&Tenant>,
        limit: u32,
    ) -> Result<Vec<Tenant>, Fault> {
        let query = sqlx::query(include_str!("tenants.sql"))
            .bind(world.as_str())
            .bind(after.map_or("", Tenant::as_str))
            .bind(i64::from(limit.min(PAGE_MAX)));
        let rows = query.fetch_all(self.reader()).await.map_err(classify)?;
        rows.iter().map(|row| parsed(row, 0, Tenant::new)).collect()
    }
}

/// How many receipts go in one transaction.
const SWEEP_BATCH: u32 = 500;

/// A subject, in four columns from this one on.
pub(super) fn subject(row: &SqliteRow, at: usize) -> Result<Subject, Fault> {
    Ok(Subject {
        world: parsed(row, at, World::new)?,
        tenant: parsed(row, at + 1, Tenant::from_stored)?,
        kind: parsed(row, at + 2, Kind::new)?,
        id: parsed(row, at + 3, SubjectId::new)?,
    })
}
