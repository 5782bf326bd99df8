//! The database as it is in one moment: one connection that reads, in one transaction.

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
use sqlx::MySql;
use sqlx::mysql::{MySqlArguments, MySqlRow};
use sqlx::pool::PoolConnection;
use sqlx::query::Query;

use super::MysqlStore;
use super::fault::classify;
use super::row::unchecked;
use crate::encoding::signed;
use crate::rows;

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

    /// A page of entries by their numbers from one on, with their parts by the same numbers.
    async fn page(
        &mut self,
        world: &World,
        tenant: &Tenant,
        (entries, from, most): (&'static str, i64, i64),
        parts: &'static str,
    ) -> Result<Vec<(u64, EntryRow)>, Fault> {
        let (world, tenant) = (world.as_str().as_bytes(), tenant.as_str().as_bytes());
        let bound = |query: &'static str| sqlx::query(query).bind(world).bind(tenant).bind(from);
        let entry = |row: &MySqlRow| {
            let entry = EntryRow {
                index: None,
                id: rows::proof_id(unchecked(row, 1)?),
                leaf: bytes(row, 2)?,
                leaf_hash: bytes(row, 3)?,
                recorded_hash: Some(bytes(row, 4)?),
                recorded_at: Timestamp::from_micros(unchecked(row, 5)?),
                parts: Vec::new(),
            };
            Ok((rows::count(unchecked(row, 0)?), entry))
        };
        let page = self.rows(bound(entries).bind(most)).await?;
        let page = page.iter().map(entry).collect::<Result<Vec<_>, Fault>>()?;
        let Some((last, _)) = page.last() else { return Ok(page) };
        let part = |row: &MySqlRow| {
            let (name, salt, body) = (text(row, 1)?, bytes(row, 2)?, bytes(row, 3)?);
            Ok((rows::count(unchecked(row, 0)?), PartRow { name, salt, body }))
        };
        let parts = self.rows(bound(parts).bind(signed(*last))).await?;
        let parts = parts.iter().map(part).collect::<Result<Vec<_>, Fault>>()?;
        Ok(rows::with_parts(page, parts))
    }
}

#[async_trait]
impl Picture for MysqlPicture {
    async fn scopes(
        &mut self,
        after: Option<(&str, &str)>,
        limit: u32,
    ) -> Result<Vec<ScopeRow>, Fault> {
        let (world, tenant) = after.unwrap_or_default();
        let query = sqlx::query(statements::SCOPES)
            .bind(world.as_bytes())
            .bind(world.as_bytes())
            .bind(tenant.as_bytes())
            .bind(most(limit));
        let scope = |row: &MySqlRow| {
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
        let page = (statements::ENTRIES, signed(from), most(limit));
        let entries = self.page(world, tenant, page, statements::PARTS).await?;
        let placed = |(index, entry)| EntryRow { index: Some(index), ..entry };
        Ok(entries.into_iter().map(placed).collect())
    }

    async fn waiting_entries(
        &mut self,
        world: &World,
        tenant: &Tenant,
        after: u64,
        limit: u32,
    ) -> Result<Vec<(u64, EntryRow)>, Fault> {
        let page = (statements::WAITING, signed(after.saturating_add(1)), most(limit));
        self.page(world, tenant, page, statements::WAITING_PARTS).await
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
            .bind(world.as_str().as_bytes())
            .bind(tenant.as_str().as_bytes())
            .bind(after.as_bytes())
            .bind(most(limit));
        let line = |row: &MySqlRow| Ok(StandingLine { key: text(row, 0)?, value: text(row, 1)? });
        self.rows(query).await?.iter().map(line).collect()
    }
}

fn most(limit: u32) -> i64 {
    i64::from(limit.min(PAGE_MAX))
}

fn bytes(row: &MySqlRow, at: usize) -> Result<Vec<u8>, Fault> {
    unchecked(row, at)
}

fn text(row: &MySqlRow, at: usize) -> Result<String, Fault> {
    unchecked(row, at).map(rows::text)
}
