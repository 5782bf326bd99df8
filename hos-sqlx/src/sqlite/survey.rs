//! The file as it is in one moment: one connection that reads, in one transaction.

mod statements;

use async_trait::async_trait;
use hos_core::error::Fault;
use hos_core::id::{Tenant, World};
use hos_core::proof::{LogEntry, PAGE_MAX};
use hos_core::store::{Picture, ScopeRow, StandingGroup, StandingLine, SubjectRow, Survey};
use sqlx::Sqlite;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::SqliteRow;

use super::SqliteStore;
use super::fault::classify;
use super::ledger::{LOG_SIZE_MAX, entry};
use super::row::{column, count, parsed, proof_id, unchecked};
use crate::encoding::signed;

#[async_trait]
impl Survey for SqliteStore {
    async fn picture(&self) -> Result<Box<dyn Picture>, Fault> {
        let mut connection = self.reader().acquire().await.map_err(classify)?;
        // It is in a transaction from now on, so that nobody else may have it afterwards.
        connection.close_on_drop();
        sqlx::query("BEGIN").execute(&mut *connection).await.map_err(classify)?;
        // The moment of the picture is that of the first reading.
        let first = "SELECT count(*) FROM hos_schema";
        sqlx::query(first).fetch_one(&mut *connection).await.map_err(classify)?;
        Ok(Box::new(SqlitePicture { connection }))
    }
}

struct SqlitePicture {
    connection: PoolConnection<Sqlite>,
}

#[async_trait]
impl Picture for SqlitePicture {
    async fn scopes(
        &mut self,
        after: Option<(&World, &Tenant)>,
        limit: u32,
    ) -> Result<Vec<ScopeRow>, Fault> {
        let query = sqlx::query(statements::SCOPES)
            .bind(after.map_or("", |(world, _)| world.as_str()))
            .bind(after.map_or("", |(_, tenant)| tenant.as_str()))
            .bind(most(limit));
        let rows = query.fetch_all(&mut *self.connection).await.map_err(classify)?;
        let scope = |row: &SqliteRow| {
            Ok(ScopeRow {
                world: parsed(row, 0, World::new)?,
                tenant: parsed(row, 1, Tenant::from_stored)?,
                status: column(row, 2)?,
                size: count(row, 3)?,
                frontier: column(row, 4)?,
            })
        };
        rows.iter().map(scope).collect()
    }

    async fn entries(
        &mut self,
        world: &World,
        tenant: &Tenant,
        from: u64,
        limit: u32,
    ) -> Result<Vec<LogEntry>, Fault> {
        let query = sqlx::query(include_str!("page.sql"))
            .bind(world.as_str())
            .bind(tenant.as_str())
            .bind(signed(from.min(LOG_SIZE_MAX)))
            .bind(most(limit));
        let rows = query.fetch_all(&mut *self.connection).await.map_err(classify)?;
        rows.iter().map(entry).collect()
    }

    async fn waiting_entries(
        &mut self,
        _world: &World,
        _tenant: &Tenant,
        _after: u64,
        _limit: u32,
    ) -> Result<Vec<(u64, LogEntry)>, Fault> {
        Ok(Vec::new())
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
        let rows = query.fetch_all(&mut *self.connection).await.map_err(classify)?;
        let subject = |row: &SqliteRow| {
            Ok(SubjectRow {
                kind: column(row, 0)?,
                id: column(row, 1)?,
                state: column(row, 2)?,
                revision: u64::try_from(unchecked::<i64>(row, 3)?).unwrap_or(0),
                terminal: unchecked::<i64>(row, 4)? != 0,
                contract: column(row, 5)?,
                attributes: column(row, 6)?,
                proof_id: proof_id(row, 7)?,
                leaf: column(row, 8)?,
            })
        };
        rows.iter().map(subject).collect()
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
        let rows = query.fetch_all(&mut *self.connection).await.map_err(classify)?;
        let line =
            |row: &SqliteRow| Ok(StandingLine { key: column(row, 0)?, value: column(row, 1)? });
        rows.iter().map(line).collect()
    }
}

fn most(limit: u32) -> i64 {
    i64::from(limit.min(PAGE_MAX))
}
