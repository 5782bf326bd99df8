//! The keys of persons, in a PostgreSQL database: best one of their own, with backups of its own.

use async_trait::async_trait;
use hos_core::cipher::KeyId;
use hos_core::error::{Fault, FaultKind};
use hos_core::id::{Name, Tenant, World};
use hos_core::time::{ProofId, Timestamp};
use hos_core::vault::{
    Closed, KEYS_MAX, KeyState, Person, PersonKeys, StoredKey, StoredPerson, Vault, Wrapped,
};
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{Connection as _, Executor as _, FromRow as _, Row as _};

use super::PostgresOptions;
use super::fault::{classify, classify_migration};
use super::open;
use super::pooled::Pooled;
use super::row::column;
use super::session::{self, Bound};
use crate::encoding::signed;
use crate::rows;
use crate::vault::{
    KeyRow, ListedRow, PersonRow, VERSION, closed, listed, missing, name, newer, overtaken,
    person_keys, stored,
};

/// Texts as bytes: every database has those.
macro_rules! key {
    ($from:literal) => {
        concat!(
            "SELECT id, convert_to(world, 'UTF8'), convert_to(tenant, 'UTF8'), ",
            "convert_to(person, 'UTF8'), epoch, convert_to(master, 'UTF8'), wrapped, entry, ",
            "destroyed_at FROM ",
            $from
        )
    };
}

/// A vault in a PostgreSQL database.
///
/// Its tables are called `hos_vault_..` and stand behind a wall of their own. They may lie beside
/// the law's, but then leave them out of the law's backups (`pg_dump
/// --exclude-table='hos_vault_*'`): a backup of both brings back what was erased. A server's own
/// write-ahead archive has both: there, give the vault a server of its own.
#[derive(Debug)]
pub struct PostgresVault {
    connections: Pooled,
}

impl PostgresVault {
    /// Opens a database and makes the vault's tables, where they are not there.
    ///
    /// # Errors
    ///
    /// As [`PostgresStore::open_with`](super::PostgresStore::open_with).
    pub async fn open(options: PostgresOptions) -> Result<Self, Fault> {
        let mut connection = open::direct(&options).await?;
        let migrated = migrate(&mut connection).await;
        // OK because whatever is said at parting changes nothing.
        let _parted = connection.close().await;
        migrated?;
        let pool = open::pool(&options.url, &options, options.pooler)?;
        Ok(Self { connections: Pooled::new(pool, options.pooler, &options) })
    }

    /// Opens a vault that is there, and makes nothing: for whoever only looks.
    ///
    /// # Errors
    ///
    /// `Foreign` where there is none; else as [`PostgresVault::open`].
    pub async fn join(options: PostgresOptions) -> Result<Self, Fault> {
        let mut connection = open::direct(&options).await?;
        let known = require(&mut connection).await;
        // OK because whatever is said at parting changes nothing.
        let _parted = connection.close().await;
        known?;
        let pool = open::pool(&options.url, &options, options.pooler)?;
        Ok(Self { connections: Pooled::new(pool, options.pooler, &options) })
    }

    /// Closes every connection.
    pub async fn close_connections(&self) {
        self.connections.close().await;
    }

    async fn bury(&self, key: &StoredKey, entry: ProofId, at: Timestamp) -> Result<(), Fault> {
        let query = || {
            sqlx::query("SELECT hos_vault_bury($1, $2, $3, $4, $5, $6, $7)")
                .bind(key.id.as_bytes().as_slice())
                .bind(key.person.world.as_str())
                .bind(key.person.tenant.as_str())
                .bind(key.person.id.as_str())
                .bind(i64::from(key.epoch))
                .bind(entry.as_bytes().to_vec())
                .bind(at.as_micros())
        };
        self.rows(query).await?;
        Ok(())
    }

    async fn rows<'q>(&self, query: impl Fn() -> Bound<'q> + Send) -> Result<Vec<PgRow>, Fault> {
        session::rows(&self.connections, query).await
    }

    async fn row<'q>(&self, query: impl Fn() -> Bound<'q> + Send) -> Result<PgRow, Fault> {
        let missing = || Fault::new(FaultKind::Internal, "the vault did not answer");
        self.rows(query).await?.into_iter().next().ok_or_else(missing)
    }

    async fn stored<'q>(
        &self,
        query: impl Fn() -> Bound<'q> + Send,
    ) -> Result<Vec<StoredKey>, Fault> {
        self.rows(query).await?.iter().map(|row| stored(key(row)?)).collect()
    }
}

fn key(row: &PgRow) -> Result<KeyRow, Fault> {
    KeyRow::from_row(row).map_err(classify)
}

/// Texts without parameters, so that a pooler may stand between.
async fn require(connection: &mut PgConnection) -> Result<(), Fault> {
    const KNOWN: &str = "SELECT (to_regclass('hos_vault_schema') IS NOT NULL)::text";
    let row = connection.fetch_one(sqlx::raw_sql(KNOWN)).await.map_err(classify)?;
    if row.try_get::<String, _>(0).map_err(classify)? != "true" {
        return Err(missing());
    }
    match version(connection).await?.parse::<i64>() {
        Ok(0) => Err(missing()),
        Ok(version) if version <= VERSION => Ok(()),
        _ => Err(newer()),
    }
}

async fn version(connection: &mut PgConnection) -> Result<String, Fault> {
    const READ: &str = "SELECT coalesce(max(version), 0)::text FROM hos_vault_schema";
    let row = connection.fetch_one(sqlx::raw_sql(READ)).await.map_err(classify_migration)?;
    row.try_get(0).map_err(classify_migration)
}

/// One transaction, whoever comes first; texts without parameters, so that a pooler may stand
/// between.
async fn migrate(connection: &mut PgConnection) -> Result<(), Fault> {
    for text in ["BEGIN", include_str!("vault/lock.sql")] {
        sqlx::raw_sql(text).execute(&mut *connection).await.map_err(classify_migration)?;
    }
    match version(connection).await?.parse::<i64>() {
        Ok(0) => {
            let schema = sqlx::raw_sql(include_str!("vault/schema.sql"));
            schema.execute(&mut *connection).await.map_err(classify_migration)?;
        }
        Ok(version) if version <= VERSION => {}
        _ => return Err(newer()),
    }
    sqlx::raw_sql("COMMIT").execute(connection).await.map_err(classify_migration)?;
    Ok(())
}

#[async_trait]
impl Vault for PostgresVault {
    async fn keys(&self, person: &Person) -> Result<PersonKeys, Fault> {
        let Person { world, tenant, id } = person;
        let query = || {
            sqlx::query("SELECT * FROM hos_vault_person($1, $2, $3)")
                .bind(world.as_str())
                .bind(tenant.as_str())
                .bind(id.as_str())
        };
        let rows = self.rows(query).await?;
        let row = rows.first().map(PersonRow::from_row).transpose().map_err(classify)?;
        let newest = row.as_ref().map_or(1, |(epoch, ..)| *epoch);
        let query = || {
            sqlx::query(key!("hos_vault_keys($1, $2, $3, $4)"))
                .bind(world.as_str())
                .bind(tenant.as_str())
                .bind(id.as_str())
                .bind(newest)
        };
        let keys = self.rows(query).await?;
        person_keys(row, keys.iter().map(key).collect::<Result<_, _>>()?)
    }

    async fn add(&self, key: &StoredKey) -> Result<(), Fault> {
        let wrapped = match &key.state {
            KeyState::Live(wrapped) => wrapped,
            KeyState::Destroyed { entry, at } => return self.bury(key, *entry, *at).await,
        };
        let query = || {
            sqlx::query("SELECT hos_vault_add($1, $2, $3, $4, $5, $6, $7)")
                .bind(key.id.as_bytes().as_slice())
                .bind(key.person.world.as_str())
                .bind(key.person.tenant.as_str())
                .bind(key.person.id.as_str())
                .bind(i64::from(key.epoch))
                .bind(&wrapped.master)
                .bind(&wrapped.bytes)
        };
        self.rows(query).await?;
        Ok(())
    }

    async fn find(
        &self,
        world: &World,
        tenant: &Tenant,
        ids: &[KeyId],
    ) -> Result<Vec<StoredKey>, Fault> {
        let ids: Vec<&[u8]> = ids.iter().map(|id| id.as_bytes().as_slice()).collect();
        let query = || {
            sqlx::query(key!("hos_vault_find($1, $2, $3)"))
                .bind(world.as_str())
                .bind(tenant.as_str())
                .bind(&ids)
        };
        self.stored(query).await
    }

    async fn close(&self, person: &Person, since: u64) -> Result<Closed, Fault> {
        let query = || {
            sqlx::query("SELECT hos_vault_close($1, $2, $3, $4)")
                .bind(person.world.as_str())
                .bind(person.tenant.as_str())
                .bind(person.id.as_str())
                .bind(signed(since))
        };
        match column(&self.row(query).await?, 0)? {
            Some(newest) => closed(newest),
            None => {
                let held = self.keys(person).await?.held.map(|held| held.matter);
                held.map(Closed::Held).ok_or_else(overtaken)
            }
        }
    }

    async fn destroy(
        &self,
        person: &Person,
        through: u32,
        entry: ProofId,
        at: Timestamp,
    ) -> Result<u32, Fault> {
        let query = || {
            sqlx::query("SELECT hos_vault_destroy($1, $2, $3, $4, $5, $6)")
                .bind(person.world.as_str())
                .bind(person.tenant.as_str())
                .bind(person.id.as_str())
                .bind(i64::from(through))
                .bind(entry.as_bytes().to_vec())
                .bind(at.as_micros())
        };
        let destroyed: i64 = column(&self.row(query).await?, 0)?;
        Ok(u32::try_from(destroyed).unwrap_or(u32::MAX))
    }

    async fn hold(&self, person: &Person, matter: &Name, at: Timestamp) -> Result<Name, Fault> {
        let query = || {
            sqlx::query("SELECT hos_vault_hold($1, $2, $3, $4, $5)")
                .bind(person.world.as_str())
                .bind(person.tenant.as_str())
                .bind(person.id.as_str())
                .bind(matter.as_str())
                .bind(at.as_micros())
        };
        name(column(&self.row(query).await?, 0)?)
    }

    async fn release(&self, person: &Person, matter: &Name, until: Timestamp) -> Result<(), Fault> {
        let query = || {
            sqlx::query("SELECT hos_vault_release($1, $2, $3, $4, $5)")
                .bind(person.world.as_str())
                .bind(person.tenant.as_str())
                .bind(person.id.as_str())
                .bind(matter.as_str())
                .bind(until.as_micros())
        };
        self.rows(query).await?;
        Ok(())
    }

    async fn held(&self, world: &World, tenant: &Tenant) -> Result<Option<Name>, Fault> {
        let query = || {
            sqlx::query("SELECT hos_vault_held($1, $2)").bind(world.as_str()).bind(tenant.as_str())
        };
        column::<Option<Vec<u8>>>(&self.row(query).await?, 0)?.map(name).transpose()
    }

    async fn walked(&self, world: &World, tenant: &Tenant) -> Result<u64, Fault> {
        let query = || {
            let query = sqlx::query("SELECT hos_vault_walked($1, $2)");
            query.bind(world.as_str()).bind(tenant.as_str())
        };
        let size = column::<Option<i64>>(&self.row(query).await?, 0)?;
        Ok(rows::count(size.unwrap_or(0)))
    }

    async fn walk_to(&self, world: &World, tenant: &Tenant, size: u64) -> Result<(), Fault> {
        let query = || {
            let query = sqlx::query("SELECT hos_vault_walk_to($1, $2, $3)");
            query.bind(world.as_str()).bind(tenant.as_str()).bind(signed(size))
        };
        self.rows(query).await?;
        Ok(())
    }

    async fn page(&self, after: Option<KeyId>, limit: u32) -> Result<Vec<StoredKey>, Fault> {
        let after = after.map(|id| id.as_bytes().to_vec()).unwrap_or_default();
        let limit = i32::try_from(limit.min(KEYS_MAX)).unwrap_or(i32::MAX);
        let query =
            || sqlx::query(key!("hos_vault_page($1, $2)")).bind(after.as_slice()).bind(limit);
        self.stored(query).await
    }

    async fn persons(
        &self,
        after: Option<&Person>,
        limit: u32,
    ) -> Result<Vec<StoredPerson>, Fault> {
        let [world, tenant, person] = crate::vault::after(after);
        let limit = i32::try_from(limit.min(KEYS_MAX)).unwrap_or(i32::MAX);
        let query = || {
            sqlx::query("SELECT * FROM hos_vault_persons($1, $2, $3, $4)")
                .bind(world)
                .bind(tenant)
                .bind(person)
                .bind(limit)
        };
        let row = |row: &PgRow| listed(ListedRow::from_row(row).map_err(classify)?);
        self.rows(query).await?.iter().map(row).collect()
    }

    async fn adopt(&self, person: &StoredPerson) -> Result<(), Fault> {
        let held = person.held.as_ref();
        let query = || {
            sqlx::query("SELECT hos_vault_adopt($1, $2, $3, $4, $5, $6, $7)")
                .bind(person.person.world.as_str())
                .bind(person.person.tenant.as_str())
                .bind(person.person.id.as_str())
                .bind(i64::from(person.epoch))
                .bind(signed(person.since))
                .bind(held.map(|held| held.matter.as_str()))
                .bind(held.map(|held| held.at.as_micros()))
        };
        self.rows(query).await?;
        Ok(())
    }

    async fn rewrap(&self, id: KeyId, from: &Wrapped, to: &Wrapped) -> Result<bool, Fault> {
        let query = || {
            sqlx::query("SELECT hos_vault_rewrap($1, $2, $3, $4, $5)")
                .bind(id.as_bytes().to_vec())
                .bind(&from.master)
                .bind(&from.bytes)
                .bind(&to.master)
                .bind(&to.bytes)
        };
        column(&self.row(query).await?, 0)
    }
}
