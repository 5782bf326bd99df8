//! The file as it is in one moment: one connection that reads, in one transaction.

mod beside;
mod statements;

use async_trait::async_trait;
use hos_core::error::Fault;
use hos_core::id::{Tenant, World};
use hos_core::proof::PAGE_MAX;
use hos_core::store::{
    Beside, EntryRow, PartRow, Picture, ScopeRow, StandingGroup, StandingLine, SubjectRow, Survey,
};
use hos_core::time::Timestamp;
use sqlx::Sqlite;
use sqlx::pool::PoolConnection;
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};

use super::SqliteStore;
use super::fault::classify;
use super::ledger::LOG_SIZE_MAX;
use super::row::unchecked;
use crate::encoding::signed;
use crate::rows;

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

impl SqlitePicture {
    async fn rows(
        &mut self,
        query: Query<'_, Sqlite, SqliteArguments>,
    ) -> Result<Vec<SqliteRow>, Fault> {
        query.fetch_all(&mut *self.connection).await.map_err(classify)
    }
}

#[async_trait]
impl Picture for SqlitePicture {
    async fn scopes(
        &mut self,
        after: Option<(&str, &str)>,
        limit: u32,
    ) -> Result<Vec<ScopeRow>, Fault> {
        let (world, tenant) = after.unwrap_or_default();
        let query = sqlx::query(statements::SCOPES).bind(world).bind(tenant).bind(most(limit));
        let scope = |row: &SqliteRow| {
            Ok(ScopeRow {
                world: text(row, 0)?,
                tenant: text(row, 1)?,
                status: unchecked::<Option<&[u8]>>(row, 2)?.map(rows::text),
                size: rows::count(unchecked(row, 3)?),
                frontier: bytes(row, 4)?,
            })
        };
        self.rows(query).await?.iter().map(scope).collect()
    }

    fn beside(&mut self) -> &mut dyn Beside {
        self
    }

    async fn entries(
        &mut self,
        world: &World,
        tenant: &Tenant,
        from: u64,
        limit: u32,
    ) -> Result<Vec<EntryRow>, Fault> {
        let first = signed(from.min(LOG_SIZE_MAX));
        let query = sqlx::query(statements::ENTRIES)
            .bind(world.as_str())
            .bind(tenant.as_str())
            .bind(first)
            .bind(most(limit));
        let entry = |row: &SqliteRow| {
            let index = rows::count(unchecked(row, 0)?);
            let entry = EntryRow {
                index: Some(index),
                id: rows::proof_id(unchecked(row, 1)?),
                leaf: bytes(row, 2)?,
                leaf_hash: bytes(row, 3)?,
                recorded_hash: None,
                recorded_at: Timestamp::from_micros(unchecked(row, 4)?),
                parts: Vec::new(),
            };
            Ok((index, entry))
        };
        let page = self.rows(query).await?;
        let entries = page.iter().map(entry).collect::<Result<Vec<_>, Fault>>()?;
        let Some((last, _)) = entries.last() else { return Ok(Vec::new()) };
        let query = sqlx::query(statements::PARTS)
            .bind(world.as_str())
            .bind(tenant.as_str())
            .bind(first)
            .bind(signed(*last));
        let part = |row: &SqliteRow| {
            let (name, salt, body) = (text(row, 1)?, bytes(row, 2)?, bytes(row, 3)?);
            Ok((rows::count(unchecked(row, 0)?), PartRow { name, salt, body }))
        };
        let parts = self.rows(query).await?;
        let parts = parts.iter().map(part).collect::<Result<Vec<_>, Fault>>()?;
        Ok(rows::with_parts(entries, parts).into_iter().map(|(_, entry)| entry).collect())
    }

    async fn waiting_entries(
        &mut self,
        _world: &World,
        _tenant: &Tenant,
        _after: u64,
        _limit: u32,
    ) -> Result<Vec<(u64, EntryRow)>, Fault> {
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
        let subject = |row: &SqliteRow| {
            let leaf: Option<&[u8]> = unchecked(row, 8)?;
            Ok(SubjectRow {
                kind: text(row, 0)?,
                id: text(row, 1)?,
                state: text(row, 2)?,
                revision: rows::count(unchecked(row, 3)?),
                terminal: unchecked::<i64>(row, 4)? != 0,
                contract: text(row, 5)?,
                attributes: text(row, 6)?,
                proof_id: rows::proof_id(unchecked(row, 7)?),
                leaf: leaf.and_then(|leaf| String::from_utf8(leaf.to_vec()).ok()),
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
        let line = |row: &SqliteRow| Ok(StandingLine { key: text(row, 0)?, value: text(row, 1)? });
        self.rows(query).await?.iter().map(line).collect()
    }
}

fn most(limit: u32) -> i64 {
    i64::from(limit.min(PAGE_MAX))
}

fn bytes(row: &SqliteRow, at: usize) -> Result<Vec<u8>, Fault> {
    unchecked(row, at)
}

fn text(row: &SqliteRow, at: usize) -> Result<String, Fault> {
    unchecked(row, at).map(rows::text)
}
