//! The database as it is in one moment: one connection, in one transaction that sees every tenant.

mod statements;

use async_trait::async_trait;
use hos_core::error::Fault;
use hos_core::id::{Tenant, World};
use hos_core::proof::LogEntry;
use hos_core::store::{Picture, ScopeRow, StandingGroup, StandingLine, SubjectRow, Survey};
use sqlx::Postgres;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;

use super::PostgresStore;
use super::fault::classify;
use super::ledger::{entry, entry_at, most};
use super::row::{column, count, parsed, proof_id};
use crate::encoding::signed;

#[async_trait]
impl Survey for PostgresStore {
    async fn picture(&self) -> Result<Box<dyn Picture>, Fault> {
        let mut connection = self.pool().acquire().await.map_err(classify)?;
        // It is in a transaction from now on, so that nobody else may have it afterwards.
        connection.close_on_drop();
        sqlx::raw_sql(statements::BEGIN).execute(&mut *connection).await.map_err(classify)?;
        Ok(Box::new(PostgresPicture { connection }))
    }
}

struct PostgresPicture {
    connection: PoolConnection<Postgres>,
}

impl PostgresPicture {
    /// Unnamed, so that a pooler may stand between.
    async fn rows(&mut self, query: Query<'_, Postgres, PgArguments>) -> Result<Vec<PgRow>, Fault> {
        query.persistent(false).fetch_all(&mut *self.connection).await.map_err(classify)
    }
}

#[async_trait]
impl Picture for PostgresPicture {
    async fn scopes(
        &mut self,
        after: Option<(&World, &Tenant)>,
        limit: u32,
    ) -> Result<Vec<ScopeRow>, Fault> {
        let query = sqlx::query(statements::SCOPES)
            .bind(after.map_or("", |(world, _)| world.as_str()))
            .bind(after.map_or("", |(_, tenant)| tenant.as_str()))
            .bind(most(limit));
        let scope = |row: &PgRow| {
            Ok(ScopeRow {
                world: parsed(row, 0, World::new)?,
                tenant: parsed(row, 1, Tenant::from_stored)?,
                status: column(row, 2)?,
                size: count(row, 3)?,
                frontier: column(row, 4)?,
            })
        };
        self.rows(query).await?.iter().map(scope).collect()
    }

    async fn entries(
        &mut self,
        world: &World,
        tenant: &Tenant,
        from: u64,
        limit: u32,
    ) -> Result<Vec<LogEntry>, Fault> {
        let query = sqlx::query(statements::ENTRIES)
            .bind(world.as_str())
            .bind(tenant.as_str())
            .bind(signed(from))
            .bind(most(limit));
        self.rows(query).await?.iter().map(entry).collect()
    }

    async fn waiting_entries(
        &mut self,
        world: &World,
        tenant: &Tenant,
        after: u64,
        limit: u32,
    ) -> Result<Vec<(u64, LogEntry)>, Fault> {
        let query = sqlx::query(statements::WAITING)
            .bind(world.as_str())
            .bind(tenant.as_str())
            .bind(signed(after))
            .bind(most(limit));
        let waiting = |row: &PgRow| Ok((count(row, 0)?, entry_at(row, 1)?));
        self.rows(query).await?.iter().map(waiting).collect()
    }

    async fn subjects(
        &mut self,
        world: &World,
        tenant: &Tenant,
        after: Option<(&str, &str)>,
        limit: u32,
    ) -> Result<Vec<SubjectRow>, Fault> {
        let (kind, id) = after.unwrap_or_default();
        let query = sqlx::query(statements::SUBJECTS)
            .bind(world.as_str())
            .bind(tenant.as_str())
            .bind(kind)
            .bind(id)
            .bind(most(limit));
        let subject = |row: &PgRow| {
            Ok(SubjectRow {
                kind: column(row, 0)?,
                id: column(row, 1)?,
                state: column(row, 2)?,
                revision: u64::try_from(column::<i64>(row, 3)?).unwrap_or(0),
                terminal: column(row, 4)?,
                contract: column(row, 5)?,
                attributes: column(row, 6)?,
                proof_id: proof_id(row, 7)?,
                leaf: column(row, 8)?,
            })
        };
        self.rows(query).await?.iter().map(subject).collect()
    }

    async fn standing(
        &mut self,
        world: &World,
        tenant: &Tenant,
        group: StandingGroup,
        after: &str,
        limit: u32,
    ) -> Result<Vec<StandingLine>, Fault> {
        let query = sqlx::query(statements::standing(group))
            .bind(world.as_str())
            .bind(tenant.as_str())
            .bind(after)
            .bind(most(limit));
        let line = |row: &PgRow| Ok(StandingLine { key: column(row, 0)?, value: column(row, 1)? });
        self.rows(query).await?.iter().map(line).collect()
    }
}
