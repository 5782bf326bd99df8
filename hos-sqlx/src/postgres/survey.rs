//! The database as it is in one moment: one connection, in one transaction that sees every tenant.

mod beside;
mod statements;

use async_trait::async_trait;
use hos_core::error::Fault;
use hos_core::id::{Tenant, World};
use hos_core::store::{
    Beside, EntryRow, PartRow, Picture, ScopeRow, StandingGroup, StandingLine, SubjectRow, Survey,
};
use hos_core::time::Timestamp;
use sqlx::Postgres;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;

use super::PostgresStore;
use super::fault::classify;
use super::ledger::most;
use super::row::{column, proof_id};
use crate::encoding::signed;
use crate::rows;

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

    /// A page of entries by their numbers from one on, with their parts by the same numbers.
    async fn page(
        &mut self,
        world: &World,
        tenant: &Tenant,
        (entries, from, most): (&'static str, i64, i32),
        parts: &'static str,
    ) -> Result<Vec<(u64, EntryRow)>, Fault> {
        let bound = |query: &'static str| {
            sqlx::query(query).bind(world.as_str()).bind(tenant.as_str()).bind(from)
        };
        let entry = |row: &PgRow| {
            let entry = EntryRow {
                index: None,
                id: proof_id(row, 1)?,
                leaf: column::<&str>(row, 2)?.as_bytes().to_vec(),
                leaf_hash: column(row, 3)?,
                recorded_hash: Some(column(row, 4)?),
                recorded_at: Timestamp::from_micros(column(row, 5)?),
                parts: Vec::new(),
            };
            Ok((rows::count(column(row, 0)?), entry))
        };
        let page = self.rows(bound(entries).bind(most)).await?;
        let page = page.iter().map(entry).collect::<Result<Vec<_>, Fault>>()?;
        let Some((last, _)) = page.last() else { return Ok(page) };
        let part = |row: &PgRow| {
            let (name, salt) = (column(row, 1)?, column(row, 2)?);
            let body = column::<&str>(row, 3)?.as_bytes().to_vec();
            Ok((rows::count(column(row, 0)?), PartRow { name, salt, body }))
        };
        let parts = self.rows(bound(parts).bind(signed(*last))).await?;
        let parts = parts.iter().map(part).collect::<Result<Vec<_>, Fault>>()?;
        Ok(rows::with_parts(page, parts))
    }
}

#[async_trait]
impl Picture for PostgresPicture {
    async fn scopes(
        &mut self,
        after: Option<(&str, &str)>,
        limit: u32,
    ) -> Result<Vec<ScopeRow>, Fault> {
        let (world, tenant) = after.unwrap_or_default();
        let query = sqlx::query(statements::SCOPES).bind(world).bind(tenant).bind(most(limit));
        let scope = |row: &PgRow| {
            Ok(ScopeRow {
                world: column(row, 0)?,
                tenant: column(row, 1)?,
                status: column(row, 2)?,
                size: rows::count(column(row, 3)?),
                frontier: column(row, 4)?,
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
                revision: rows::count(column(row, 3)?),
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
