//! Laws, pins, timers, keys, lists.

use async_trait::async_trait;
use hos_core::command::DueTimer;
use hos_core::commit::{ContractRecord, LawRecord};
use hos_core::digest::Digest;
use hos_core::error::Fault;
use hos_core::id::{ActionName, ActorId, Kind, Role, Tenant, Version, World};
use hos_core::proof::PAGE_MAX;
use hos_core::store::Archive;
use hos_core::time::Timestamp;
use sqlx::mysql::MySqlRow;

use super::MysqlStore;
use super::fault::is_race;
use super::lease::{execute, fetch_all};
use super::row::{count, hash, parsed, subject, text, unchecked};
use crate::encoding::timer_lines;
use crate::fault::corrupt;

#[async_trait]
impl Archive for MysqlStore {
    async fn laws(&self, world: &World) -> Result<Vec<LawRecord>, Fault> {
        let query = sqlx::query(include_str!("laws.sql")).bind(world.as_str().as_bytes());
        let rows = fetch_all(self.pooled(), query).await?;
        let record = |row: &MySqlRow| {
            Ok(LawRecord {
                version: parsed(row, 0, Version::new)?,
                digest: Digest::from_bytes(hash(row, 1)?),
                deployment: text(row, 2)?.to_owned(),
            })
        };
        rows.iter().map(record).collect()
    }

    async fn contracts(&self, world: &World) -> Result<Vec<ContractRecord>, Fault> {
        let query = sqlx::query(include_str!("contracts.sql")).bind(world.as_str().as_bytes());
        let rows = fetch_all(self.pooled(), query).await?;
        let record = |row: &MySqlRow| {
            Ok(ContractRecord {
                kind: parsed(row, 0, Kind::new)?,
                version: parsed(row, 1, Version::new)?,
                digest: Digest::from_bytes(hash(row, 2)?),
            })
        };
        rows.iter().map(record).collect()
    }

    async fn pins(&self, world: &World) -> Result<Vec<(Kind, Version)>, Fault> {
        let query = sqlx::query(include_str!("pins.sql")).bind(world.as_str().as_bytes());
        let rows = fetch_all(self.pooled(), query).await?;
        let pin = |row: &MySqlRow| Ok((parsed(row, 0, Kind::new)?, parsed(row, 1, Version::new)?));
        rows.iter().map(pin).collect()
    }

    async fn due_timers(
        &self,
        world: &World,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<DueTimer>, Fault> {
        let query = sqlx::query(include_str!("due_timers.sql"));
        let query = query.bind(world.as_str().as_bytes().to_vec()).bind(now.as_micros());
        let query = query.bind(i64::from(limit.min(PAGE_MAX)));
        let rows = fetch_all(self.pooled(), query).await?;
        let timer = |row: &MySqlRow| {
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
        let lines = timer_lines(timers);
        let mut races = 0;
        loop {
            let query = sqlx::query(include_str!("postpone_timers.sql"));
            let query = query.bind(lines.clone()).bind(until.as_micros());
            match execute(self.pooled(), query).await {
                // Somebody fires the same timers, or postpones them.
                Err(fault) if is_race(&fault) && races < RACES_MAX => races += 1,
                answer => return answer.map(drop),
            }
        }
    }

    async fn sweep_receipts(&self, now: Timestamp, limit: u32) -> Result<u32, Fault> {
        let mut swept = 0;
        // Small batches, so that a commit never waits long for one.
        while swept < limit {
            let batch = (limit - swept).min(SWEEP_BATCH);
            let query = sqlx::query(include_str!("sweep_receipts.sql"));
            let query = query.bind(now.as_micros()).bind(i64::from(batch));
            let gone = execute(self.pooled(), query).await?;
            let gone = u32::try_from(gone).unwrap_or(batch);
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
            .bind(world.as_str().as_bytes())
            .bind(tenant.as_str().as_bytes())
            .bind(after.map_or("", ActorId::as_str).as_bytes())
            .bind(i64::from(limit.min(PAGE_MAX)));
        let rows = fetch_all(self.pooled(), query).await?;
        let member = |row: &MySqlRow| {
            let roles = serde_json::from_str(text(row, 1)?)
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
            .bind(world.as_str().as_bytes())
            .bind(tenant.as_str().as_bytes())
            .bind(after.map_or("", ActorId::as_str).as_bytes())
            .bind(i64::from(limit.min(PAGE_MAX)));
        let rows = fetch_all(self.pooled(), query).await?;
        rows.iter().map(|row| parsed(row, 0, ActorId::new)).collect()
    }

    async fn tenants(
        &self,
        world: &World,
        after: Option<&Tenant>,
        limit: u32,
    ) -> Result<Vec<Tenant>, Fault> {
        let query = sqlx::query(include_str!("tenants.sql"))
            .bind(world.as_str().as_bytes())
            .bind(after.map_or("", Tenant::as_str).as_bytes())
            .bind(i64::from(limit.min(PAGE_MAX)));
        let rows = fetch_all(self.pooled(), query).await?;
        rows.iter().map(|row| parsed(row, 0, Tenant::new)).collect()
    }
}

/// How many receipts go in one transaction.
const SWEEP_BATCH: u32 = 500;
/// How often timers are postponed anew because others were quicker with some of them.
const RACES_MAX: u32 = 4;
