//! The database as it is in one moment: one connection that reads, in one transaction.

mod statements;

use async_trait::async_trait;
use hos_core::error::Fault;
use hos_core::id::{Tenant, World};
use hos_core::proof::{LogEntry, PAGE_MAX};
use hos_core::store::{Picture, ScopeRow, StandingGroup, StandingLine, SubjectRow, Survey};
use sqlx::MySql;
use sqlx::mysql::{MySqlArguments, MySqlRow};
use sqlx::pool::PoolConnection;
use sqlx::query::Query;

use super::MysqlStore;
use super::fault::classify;
use super::ledger::{entry, entry_at};
use super::row::{count, optional_text, parsed, proof_id, text, unchecked};
use crate::encoding::signed;

#[async_trait]
impl Survey for MysqlStore {
    async fn picture(&self) -> Result<Box<dyn Picture>, Fault> {
        let mut connection = self.pool().acquire().await.map_err(classify)?;
        // It is in a transaction from now on, so that nobody else may have it afterwards.
        connection.close_on_drop();
        sqlx::raw_sql(statements::BEGIN).execute(&mut *connection).await.map_err(classify)?;
        Ok(Box::new(MysqlPicture { connection }))
    }
}

struct MysqlPicture {
    connection: PoolConnection<MySql>,
}

impl MysqlPicture {
    async fn rows(
        &mut self,
        query: Query<'_, MySql, MySqlArguments>,
    ) -> Result<Vec<MySqlRow>, Fault> {
        query.fetch_all(&mut *self.connection).await.map_err(classify)
    }
}

#[async_trait]
impl Picture for MysqlPicture {
    async fn scopes(
        &mut self,
        after: Option<(&World, &Tenant)>,
        limit: u32,
    ) -> Result<Vec<ScopeRow>, Fault> {
        let world = after.map_or("", |(world, _)| world.as_str()).as_bytes();
        let query = sqlx::query(statements::SCOPES)
            .bind(world)
            .bind(world)
            .bind(after.map_or("", |(_, tenant)| tenant.as_str()).as_bytes())
            .bind(most(limit));
        let scope = |row: &MySqlRow| {
            Ok(ScopeRow {
                world: parsed(row, 0, World::new)?,
                tenant: parsed(row, 1, Tenant::from_stored)?,
                status: optional_text(row, 2)?.map(str::to_owned),
                size: count(row, 3)?,
                frontier: unchecked::<&[u8]>(row, 4)?.to_vec(),
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
            .bind(world.as_str().as_bytes())
            .bind(tenant.as_str().as_bytes())
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
            .bind(world.as_str().as_bytes())
            .bind(tenant.as_str().as_bytes())
            .bind(signed(after))
            .bind(most(limit));
        let waiting = |row: &MySqlRow| Ok((count(row, 0)?, entry_at(row, 1)?));
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
            .bind(world.as_str().as_bytes())
            .bind(tenant.as_str().as_bytes())
            .bind(kind.as_bytes())
            .bind(kind.as_bytes())
            .bind(id.as_bytes())
            .bind(most(limit));
        let subject = |row: &MySqlRow| {
            Ok(SubjectRow {
                kind: text(row, 0)?.to_owned(),
                id: text(row, 1)?.to_owned(),
                state: text(row, 2)?.to_owned(),
                revision: u64::try_from(unchecked::<i64>(row, 3)?).unwrap_or(0),
                terminal: unchecked::<i64>(row, 4)? != 0,
                contract: text(row, 5)?.to_owned(),
                attributes: text(row, 6)?.to_owned(),
                proof_id: proof_id(row, 7)?,
                leaf: optional_text(row, 8)?.map(str::to_owned),
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
            .bind(world.as_str().as_bytes())
            .bind(tenant.as_str().as_bytes())
            .bind(after.as_bytes())
            .bind(most(limit));
        let line = |row: &MySqlRow| {
            Ok(StandingLine { key: text(row, 0)?.to_owned(), value: text(row, 1)?.to_owned() })
        };
        self.rows(query).await?.iter().map(line).collect()
    }
}

fn most(limit: u32) -> i64 {
    i64::from(limit.min(PAGE_MAX))
}
