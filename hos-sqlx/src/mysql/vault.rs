//! The keys of persons, in a MariaDB database: best one of their own, with backups of its own.

use async_trait::async_trait;
use hos_core::cipher::KeyId;
use hos_core::error::{Fault, FaultKind};
use hos_core::id::{Name, Tenant, World};
use hos_core::time::{ProofId, Timestamp};
use hos_core::vault::{
    Closed, KEYS_MAX, KeyState, Person, PersonKeys, StoredKey, StoredPerson, Vault, Wrapped,
};
use sqlx::mysql::{MySqlArguments, MySqlConnection, MySqlRow};
use sqlx::query::Query;
use sqlx::{Connection as _, FromRow as _, MySql};

use super::MysqlOptions;
use super::fault::classify;
use super::lease::{execute, fetch_all};
use super::open;
use super::pooled::Pooled;
use super::row::unchecked;
use crate::encoding::signed;
use crate::rows;
use crate::vault::{
    KeyRow, ListedRow, PersonRow, VERSION, closed, id_lines, listed, missing, name, newer,
    person_keys, stored,
};

/// A vault in a MariaDB database.
///
/// Its tables are called `hos_vault_..`. They may lie beside the law's, but then leave them out of
/// the law's backups (`mariadb-dump --ignore-table`): a backup of both brings back what was erased.
/// A server's own binary log has both: there, give the vault a server of its own.
#[derive(Debug)]
pub struct MysqlVault {
    pooled: Pooled,
}

impl MysqlVault {
    /// Opens a database and makes the vault's tables, where they are not there.
    ///
    /// # Errors
    ///
    /// As [`MysqlStore::open_with`](super::MysqlStore::open_with).
    pub async fn open(options: MysqlOptions) -> Result<Self, Fault> {
        let mut connection = open::connected(&options).await?;
        migrate(&mut connection).await?;
        connection.close().await.map_err(classify)?;
        Ok(Self { pooled: Pooled::new(&options)? })
    }

    /// Opens a vault that is there, and makes nothing: for whoever only looks.
    ///
    /// # Errors
    ///
    /// `Foreign` where there is none; else as [`MysqlVault::open`].
    pub async fn join(options: MysqlOptions) -> Result<Self, Fault> {
        let mut connection = open::connected(&options).await?;
        let version = version(&mut connection).await;
        connection.close().await.map_err(classify)?;
        match version? {
            0 => Err(missing()),
            version if version <= VERSION => Ok(Self { pooled: Pooled::new(&options)? }),
            _ => Err(newer()),
        }
    }

    /// Closes every connection.
    pub async fn close_connections(&self) {
        self.pooled.close().await;
    }

    async fn bury(&self, key: &StoredKey, entry: ProofId, at: Timestamp) -> Result<(), Fault> {
        let query = sqlx::query(include_str!("vault/destroy_one.sql"))
            .bind(entry.as_bytes().to_vec())
            .bind(at.as_micros())
            .bind(key.id.as_bytes().to_vec());
        execute(&self.pooled, query).await?;
        let query = sqlx::query(include_str!("vault/bury.sql"))
            .bind(key.id.as_bytes().to_vec())
            .bind(key.person.world.as_str().as_bytes().to_vec())
            .bind(key.person.tenant.as_str().as_bytes().to_vec())
            .bind(key.person.id.as_str().as_bytes().to_vec())
            .bind(i64::from(key.epoch))
            .bind(entry.as_bytes().to_vec())
            .bind(at.as_micros());
        execute(&self.pooled, query).await?;
        Ok(())
    }

    async fn row(&self, query: Query<'static, MySql, MySqlArguments>) -> Result<MySqlRow, Fault> {
        let missing = || Fault::new(FaultKind::Internal, "the vault did not answer");
        fetch_all(&self.pooled, query).await?.into_iter().next().ok_or_else(missing)
    }

    async fn stored(
        &self,
        query: Query<'static, MySql, MySqlArguments>,
    ) -> Result<Vec<StoredKey>, Fault> {
        fetch_all(&self.pooled, query).await?.iter().map(|row| stored(key(row)?)).collect()
    }
}

fn key(row: &MySqlRow) -> Result<KeyRow, Fault> {
    KeyRow::from_row(row).map_err(classify)
}

/// Every text can be executed again, also by two at once.
async fn migrate(connection: &mut MySqlConnection) -> Result<(), Fault> {
    match version(connection).await? {
        0 => {}
        version if version <= VERSION => return Ok(()),
        _ => return Err(newer()),
    }
    let schema = sqlx::raw_sql(include_str!("vault/schema.sql"));
    schema.execute(connection).await.map_err(classify)?;
    Ok(())
}

/// The version of the tables that are there; 0 where there are none.
async fn version(connection: &mut MySqlConnection) -> Result<i64, Fault> {
    let known = include_str!("vault/has_schema.sql");
    let row = sqlx::query(known).fetch_one(&mut *connection).await.map_err(classify)?;
    if unchecked::<i64>(&row, 0)? == 0 {
        return Ok(0);
    }
    let read = "SELECT coalesce(max(version), 0) FROM hos_vault_schema";
    let row = sqlx::query(read).fetch_one(connection).await.map_err(classify)?;
    unchecked::<i64>(&row, 0)
}

/// A statement about a person, whose name comes first.
fn of(text: &'static str, person: &Person) -> Query<'static, MySql, MySqlArguments> {
    sqlx::query(text)
        .bind(person.world.as_str().as_bytes().to_vec())
        .bind(person.tenant.as_str().as_bytes().to_vec())
        .bind(person.id.as_str().as_bytes().to_vec())
}

#[async_trait]
impl Vault for MysqlVault {
    async fn keys(&self, person: &Person) -> Result<PersonKeys, Fault> {
        let rows = fetch_all(&self.pooled, of(include_str!("vault/person.sql"), person)).await?;
        let row = rows.first().map(PersonRow::from_row).transpose().map_err(classify)?;
        let newest = row.as_ref().map_or(1, |(epoch, ..)| *epoch);
        let query = of(include_str!("vault/keys.sql"), person).bind(newest).bind(newest - 1);
        let keys = fetch_all(&self.pooled, query).await?;
        person_keys(row, keys.iter().map(key).collect::<Result<_, _>>()?)
    }

    async fn add(&self, key: &StoredKey) -> Result<(), Fault> {
        let wrapped = match &key.state {
            KeyState::Live(wrapped) => wrapped,
            KeyState::Destroyed { entry, at } => return self.bury(key, *entry, *at).await,
        };
        let query = sqlx::query(include_str!("vault/add.sql"))
            .bind(key.id.as_bytes().to_vec())
            .bind(key.person.world.as_str().as_bytes().to_vec())
            .bind(key.person.tenant.as_str().as_bytes().to_vec())
            .bind(key.person.id.as_str().as_bytes().to_vec())
            .bind(i64::from(key.epoch))
            .bind(wrapped.master.as_bytes().to_vec())
            .bind(wrapped.bytes.clone());
        execute(&self.pooled, query).await?;
        Ok(())
    }

    async fn find(
        &self,
        world: &World,
        tenant: &Tenant,
        ids: &[KeyId],
    ) -> Result<Vec<StoredKey>, Fault> {
        let query = sqlx::query(include_str!("vault/find.sql"))
            .bind(id_lines(ids))
            .bind(world.as_str().as_bytes().to_vec())
            .bind(tenant.as_str().as_bytes().to_vec());
        self.stored(query).await
    }

    async fn close(&self, person: &Person, since: u64) -> Result<Closed, Fault> {
        let query = of(include_str!("vault/close.sql"), person).bind(signed(since));
        let row = self.row(query).await?;
        let (newest, _, matter, _) = PersonRow::from_row(&row).map_err(classify)?;
        match matter {
            Some(matter) => Ok(Closed::Held(name(matter)?)),
            None => closed(newest),
        }
    }

    async fn destroy(
        &self,
        person: &Person,
        through: u32,
        entry: ProofId,
        at: Timestamp,
    ) -> Result<u32, Fault> {
        let through = i64::from(through);
        let query = of(include_str!("vault/end_epochs.sql"), person).bind(through);
        execute(&self.pooled, query).await?;
        let query = sqlx::query(include_str!("vault/destroy.sql"))
            .bind(entry.as_bytes().to_vec())
            .bind(at.as_micros())
            .bind(person.world.as_str().as_bytes().to_vec())
            .bind(person.tenant.as_str().as_bytes().to_vec())
            .bind(person.id.as_str().as_bytes().to_vec())
            .bind(through);
        let destroyed = execute(&self.pooled, query).await?;
        Ok(u32::try_from(destroyed).unwrap_or(u32::MAX))
    }

    async fn hold(&self, person: &Person, matter: &Name, at: Timestamp) -> Result<Name, Fault> {
        let query = of(include_str!("vault/hold.sql"), person)
            .bind(matter.as_str().as_bytes().to_vec())
            .bind(at.as_micros());
        let row = self.row(query).await?;
        name(unchecked::<Vec<u8>>(&row, 0)?)
    }

    async fn release(&self, person: &Person, matter: &Name, until: Timestamp) -> Result<(), Fault> {
        let query = of(include_str!("vault/release.sql"), person)
            .bind(matter.as_str().as_bytes().to_vec())
            .bind(until.as_micros());
        execute(&self.pooled, query).await?;
        Ok(())
    }

    async fn held(&self, world: &World, tenant: &Tenant) -> Result<Option<Name>, Fault> {
        let query = sqlx::query(include_str!("vault/held.sql"))
            .bind(world.as_str().as_bytes().to_vec())
            .bind(tenant.as_str().as_bytes().to_vec());
        let rows = fetch_all(&self.pooled, query).await?;
        rows.first().map(|row| name(unchecked::<Vec<u8>>(row, 0)?)).transpose()
    }

    async fn walked(&self, world: &World, tenant: &Tenant) -> Result<u64, Fault> {
        let query = sqlx::query(include_str!("vault/walked.sql"))
            .bind(world.as_str().as_bytes().to_vec())
            .bind(tenant.as_str().as_bytes().to_vec());
        let found = fetch_all(&self.pooled, query).await?;
        let size = found.first().map(|row| unchecked::<i64>(row, 0)).transpose()?;
        Ok(rows::count(size.unwrap_or(0)))
    }

    async fn walk_to(&self, world: &World, tenant: &Tenant, size: u64) -> Result<(), Fault> {
        let query = sqlx::query(include_str!("vault/walk_to.sql"))
            .bind(world.as_str().as_bytes().to_vec())
            .bind(tenant.as_str().as_bytes().to_vec())
            .bind(signed(size));
        execute(&self.pooled, query).await?;
        Ok(())
    }

    async fn page(&self, after: Option<KeyId>, limit: u32) -> Result<Vec<StoredKey>, Fault> {
        let after = after.map(|id| id.as_bytes().to_vec()).unwrap_or_default();
        let query = sqlx::query(include_str!("vault/page.sql"))
            .bind(after)
            .bind(i64::from(limit.min(KEYS_MAX)));
        self.stored(query).await
    }

    async fn persons(
        &self,
        after: Option<&Person>,
        limit: u32,
    ) -> Result<Vec<StoredPerson>, Fault> {
        let [world, tenant, person] = crate::vault::after(after);
        let query = sqlx::query(include_str!("vault/persons.sql"))
            .bind(world.as_bytes().to_vec())
            .bind(tenant.as_bytes().to_vec())
            .bind(person.as_bytes().to_vec())
            .bind(i64::from(limit.min(KEYS_MAX)));
        let rows = fetch_all(&self.pooled, query).await?;
        let row = |row: &MySqlRow| listed(ListedRow::from_row(row).map_err(classify)?);
        rows.iter().map(row).collect()
    }

    async fn adopt(&self, person: &StoredPerson) -> Result<(), Fault> {
        let held = person.held.as_ref();
        let query = of(include_str!("vault/adopt.sql"), &person.person)
            .bind(i64::from(person.epoch))
            .bind(signed(person.since))
            .bind(held.map(|held| held.matter.as_str().as_bytes().to_vec()))
            .bind(held.map(|held| held.at.as_micros()));
        execute(&self.pooled, query).await?;
        Ok(())
    }

    async fn rewrap(&self, id: KeyId, from: &Wrapped, to: &Wrapped) -> Result<bool, Fault> {
        let query = sqlx::query(include_str!("vault/rewrap.sql"))
            .bind(to.master.as_bytes().to_vec())
            .bind(to.bytes.clone())
            .bind(id.as_bytes().to_vec())
            .bind(from.master.as_bytes().to_vec())
            .bind(from.bytes.clone());
        Ok(execute(&self.pooled, query).await? > 0)
    }
}
