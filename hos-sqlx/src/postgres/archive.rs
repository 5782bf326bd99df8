//! Laws, pins, timers, keys, lists.

use async_trait::async_trait;
use hos_core::command::DueTimer;
use hos_core::commit::{ContractRecord, LawRecord};
use hos_core::digest::Digest;
use hos_core::error::Fault;
use hos_core::id::{ActionName, ActorId, Kind, Role, SubjectId, Tenant, Version, World};
use hos_core::store::Archive;
use hos_core::subject::Subject;
use hos_core::time::Timestamp;
use sqlx::postgres::PgRow;

use super::PostgresStore;
use super::ledger::most;
use super::row::{column, count, hash, parsed};
use super::scopes::Scopes;
use crate::encoding::signed;
use crate::fault::corrupt;

/// How many receipts go in one transaction.
const SWEEP_BATCH: u32 = 500;

#[async_trait]
impl Archive for PostgresStore {
    async fn laws(&self, world: &World) -> Result<Vec<LawRecord>, Fault> {
        let query = || sqlx::query("SELECT * FROM hos_laws($1)").bind(world.as_str());
        let record = |row: &PgRow| {
            Ok(LawRecord {
                version: parsed(row, 0, Version::new)?,
                digest: Digest::from_bytes(hash(row, 1)?),
                deployment: column(row, 2)?,
            })
        };
        self.rows(query).await?.iter().map(record).collect()
    }

    async fn contracts(&self, world: &World) -> Result<Vec<ContractRecord>, Fault> {
        let query = || sqlx::query("SELECT * FROM hos_contracts($1)").bind(world.as_str());
        let record = |row: &PgRow| {
            Ok(ContractRecord {
                kind: parsed(row, 0, Kind::new)?,
                version: parsed(row, 1, Version::new)?,
                digest: Digest::from_bytes(hash(row, 2)?),
            })
        };
        self.rows(query).await?.iter().map(record).collect()
    }

    async fn pins(&self, world: &World) -> Result<Vec<(Kind, Version)>, Fault> {
        let query = || sqlx::query("SELECT * FROM hos_pins($1)").bind(world.as_str());
        let pin = |row: &PgRow| Ok((parsed(row, 0, Kind::new)?, parsed(row, 1, Version::new)?));
        self.rows(query).await?.iter().map(pin).collect()
    }

    async fn due_timers(
        &self,
        world: &World,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<DueTimer>, Fault> {
        let query = || {
            sqlx::query("SELECT * FROM hos_due_timers($1, $2, $3)")
                .bind(world.as_str())
                .bind(now.as_micros())
                .bind(most(limit))
        };
        let timer = |row: &PgRow| {
            Ok(DueTimer {
                subject: subject(row, 0)?,
                revision: count(row, 4)?,
                action: parsed(row, 5, ActionName::new)?,
                due_at: Timestamp::from_micros(column(row, 6)?),
            })
        };
        self.rows(query).await?.iter().map(timer).collect()
    }

    async fn postpone_timers(&self, timers: &[DueTimer], until: Timestamp) -> Result<(), Fault> {
        let scopes = Scopes::new(
            timers.iter().map(|DueTimer { subject, .. }| (&subject.world, &subject.tenant)),
        );
        let own = |DueTimer { subject, .. }: &DueTimer| scopes.own(&subject.world, &subject.tenant);
        let texts = |text: fn(&DueTimer) -> &str| timers.iter().map(text).collect::<Vec<_>>();
        let numbers = |number: fn(&DueTimer) -> i64| timers.iter().map(number).collect::<Vec<_>>();
        let query = || {
            sqlx::query("SELECT hos_postpone_timers($1, $2, $3, $4, $5, $6, $7, $8, $9)")
                .bind(scopes.worlds())
                .bind(scopes.tenants())
                .bind(timers.iter().map(own).collect::<Vec<_>>())
                .bind(texts(|timer| timer.subject.kind.as_str()))
                .bind(texts(|timer| timer.subject.id.as_str()))
                .bind(texts(|timer| timer.action.as_str()))
                .bind(numbers(|timer| signed(timer.revision)))
                .bind(numbers(|timer| timer.due_at.as_micros()))
                .bind(until.as_micros())
        };
        self.rows(query).await?;
        Ok(())
    }

    async fn sweep_receipts(&self, now: Timestamp, limit: u32) -> Result<u32, Fault> {
        let mut swept = 0;
        while swept < limit {
            let batch = (limit - swept).min(SWEEP_BATCH);
            let query = || {
                sqlx::query("SELECT hos_sweep_receipts($1, $2)")
                    .bind(now.as_micros())
                    .bind(most(batch))
            };
            let rows = self.rows(query).await?;
            let gone: i32 = rows.first().map_or(Ok(0), |row| column(row, 0))?;
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
        let query = || {
            sqlx::query("SELECT * FROM hos_members($1, $2, $3, $4)")
                .bind(world.as_str())
                .bind(tenant.as_str())
                .bind(after.map_or("", ActorId::as_str))
                .bind(most(limit))
        };
        let member = |row: &PgRow| {
            let roles = serde_json::from_str(column(row, 1)?)
                .map_err(|error| corrupt("roles").caused_by(error))?;
            Ok((parsed(row, 0, ActorId::new)?, roles))
        };
        self.rows(query).await?.iter().map(member).collect()
    }

    async fn grantees(
        &self,
        world: &World,
        tenant: &Tenant,
        after: Option<&ActorId>,
        limit: u32,
    ) -> Result<Vec<ActorId>, Fault> {
        let query = || {
            sqlx::query("SELECT * FROM hos_grantees($1, $2, $3, $4)")
                .bind(world.as_str())
                .bind(tenant.as_str())
                .bind(after.map_or("", ActorId::as_str))
                .bind(most(limit))
        };
        self.rows(query).await?.iter().map(|row| parsed(row, 0, ActorId::new)).collect()
    }

    async fn tenants(
        &self,
        world: &World,
        after: Option<&Tenant>,
        limit: u32,
    ) -> Result<Vec<Tenant>, Fault> {
        let query = || {
            sqlx::query("SELECT * FROM hos_tenants($1, $2, $3)")
                .bind(world.as_str())
                .bind(after.map_or("", Tenant::as_str))
                .bind(most(limit))
        };
        self.rows(query).await?.iter().map(|row| parsed(row, 0, Tenant::new)).collect()
    }
}

/// A subject, in four columns from this one on.
pub(super) fn subject(row: &PgRow, at: usize) -> Result<Subject, Fault> {
    Ok(Subject {
        world: parsed(row, at, World::new)?,
        tenant: parsed(row, at + 1, Tenant::from_stored)?,
        kind: parsed(row, at + 2, Kind::new)?,
        id: parsed(row, at + 3, SubjectId::new)?,
    })
}
