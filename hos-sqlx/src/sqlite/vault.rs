//! The keys of persons, in a SQLite file of their own.

use std::path::Path;

use async_trait::async_trait;
use hos_core::cipher::KeyId;
use hos_core::error::{Fault, FaultKind};
use hos_core::id::{Name, Tenant, World};
use hos_core::time::{ProofId, Timestamp};
use hos_core::vault::{
    Closed, KEYS_MAX, KeyState, Person, PersonKeys, StoredKey, StoredPerson, Vault, Wrapped,
};
use sqlx::Sqlite;
use sqlx::sqlite::{SqliteArguments, SqlitePool};

use super::SqliteOptions;
use super::fault::classify;
use super::lease::Lease;
use super::open;
use crate::encoding::signed;
use crate::rows;
use crate::vault::{
    KeyRow, ListedRow, PersonRow, VERSION, closed, id_lines, listed, missing, name, newer,
    overtaken, person_keys, stored,
};

/// "HOSV", in the header of the file.
const APPLICATION_ID: i64 = 0x484F_5356;

/// A vault in a SQLite file of its own: never that of the law, whose backups would bring keys back.
/// Clones share it.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use std::sync::Arc;
///
/// use hos_core::hos::HosOptions;
/// use hos_core::vault::MasterKeys;
/// use hos_sqlx::SqliteVault;
///
/// let vault = SqliteVault::open("keys/pazar-vault.db").await?;
/// let master = MasterKeys::from_file("keys/master.keys")?;
/// let options = HosOptions::default().vault(Arc::new(vault), Arc::new(master));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct SqliteVault {
    pool: SqlitePool,
}

impl SqliteVault {
    /// Opens or creates a file. What is deleted in it is overwritten.
    ///
    /// # Errors
    ///
    /// A [`Fault`] whose kind says what to do: `Foreign` for a file of anything else, the law's
    /// own included, `NewerSchema`, `Corrupt`, `Busy`, `Full`, `ReadOnly`, `Unavailable`.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, Fault> {
        let pool = open::vault(&SqliteOptions::new(path))?;
        match prepare(&pool).await {
            Ok(()) => Ok(Self { pool }),
            Err(fault) => {
                pool.close().await;
                Err(fault)
            }
        }
    }

    /// Opens a vault that is there, and makes nothing: for whoever only looks.
    ///
    /// # Errors
    ///
    /// `Foreign` where there is none; else as [`SqliteVault::open`].
    pub async fn join(path: impl AsRef<Path>) -> Result<Self, Fault> {
        let path = path.as_ref();
        // A file without a byte would become one.
        if !path.metadata().is_ok_and(|file| file.is_file() && file.len() > 0) {
            return Err(missing());
        }
        Self::open(path).await
    }

    /// Writes the log back into the file and closes it.
    ///
    /// # Errors
    ///
    /// What the file says to the last checkpoint; it is closed all the same.
    pub async fn close_file(&self) -> Result<(), Fault> {
        let written = open::checkpoint(&self.pool).await;
        self.pool.close().await;
        written
    }

    async fn bury(&self, key: &StoredKey, entry: ProofId, at: Timestamp) -> Result<(), Fault> {
        let query = sqlx::query(include_str!("vault/destroy_one.sql"))
            .bind(key.id.as_bytes().as_slice())
            .bind(entry.as_bytes().as_slice())
            .bind(at.as_micros());
        query.execute(&self.pool).await.map_err(classify)?;
        let query = sqlx::query(include_str!("vault/bury.sql"))
            .bind(key.id.as_bytes().as_slice())
            .bind(key.person.world.as_str())
            .bind(key.person.tenant.as_str())
            .bind(key.person.id.as_str())
            .bind(i64::from(key.epoch))
            .bind(entry.as_bytes().as_slice())
            .bind(at.as_micros());
        query.execute(&self.pool).await.map_err(classify)?;
        Ok(())
    }

    async fn rows(&self, query: Query<'_>) -> Result<Vec<StoredKey>, Fault> {
        let rows: Vec<KeyRow> = query.fetch_all(&self.pool).await.map_err(classify)?;
        rows.into_iter().map(stored).collect()
    }
}

type Query<'q> = sqlx::query::QueryAs<'q, Sqlite, KeyRow, SqliteArguments>;

async fn prepare(pool: &SqlitePool) -> Result<(), Fault> {
    let mut lease = Lease::acquire(pool).await.map_err(classify)?;
    let begin = sqlx::raw_sql("BEGIN IMMEDIATE");
    begin.execute(lease.opening()).await.map_err(classify)?;
    match migrate(&mut lease).await {
        Ok(()) => {
            sqlx::raw_sql("COMMIT").execute(lease.opening()).await.map_err(classify)?;
            lease.committed();
            Ok(())
        }
        Err(fault) => {
            lease.roll_back().await;
            Err(fault)
        }
    }
}

async fn migrate(lease: &mut Lease) -> Result<(), Fault> {
    let application: i64 = sqlx::query_scalar("PRAGMA application_id")
        .fetch_one(lease.opening())
        .await
        .map_err(classify)?;
    let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema")
        .fetch_one(lease.opening())
        .await
        .map_err(classify)?;
    match (application, tables) {
        (APPLICATION_ID, _) => {
            let version: i64 = sqlx::query_scalar("SELECT max(version) FROM hos_vault_schema")
                .fetch_one(lease.opening())
                .await
                .map_err(classify)?;
            if version > VERSION { Err(newer()) } else { Ok(()) }
        }
        (0, 0) => {
            let schema = sqlx::raw_sql(include_str!("vault/schema.sql"));
            schema.execute(lease.opening()).await.map_err(classify)?;
            // A pragma takes no parameters; the constant above in decimal.
            let mark = sqlx::raw_sql("PRAGMA application_id = 1213158230");
            mark.execute(lease.opening()).await.map_err(classify)?;
            Ok(())
        }
        _ => {
            let message = "the file is no vault; give the keys a file of their own";
            Err(Fault::new(FaultKind::Foreign, message))
        }
    }
}

#[async_trait]
impl Vault for SqliteVault {
    async fn keys(&self, person: &Person) -> Result<PersonKeys, Fault> {
        let query = sqlx::query_as(include_str!("vault/person.sql"))
            .bind(person.world.as_str())
            .bind(person.tenant.as_str())
            .bind(person.id.as_str());
        let row: Option<PersonRow> = query.fetch_optional(&self.pool).await.map_err(classify)?;
        let query = sqlx::query_as(include_str!("vault/keys.sql"))
            .bind(person.world.as_str())
            .bind(person.tenant.as_str())
            .bind(person.id.as_str())
            .bind(row.as_ref().map_or(1, |(epoch, ..)| *epoch));
        let keys: Vec<KeyRow> = query.fetch_all(&self.pool).await.map_err(classify)?;
        person_keys(row, keys)
    }

    async fn add(&self, key: &StoredKey) -> Result<(), Fault> {
        let wrapped = match &key.state {
            KeyState::Live(wrapped) => wrapped,
            KeyState::Destroyed { entry, at } => return self.bury(key, *entry, *at).await,
        };
        let query = sqlx::query(include_str!("vault/add.sql"))
            .bind(key.id.as_bytes().as_slice())
            .bind(key.person.world.as_str())
            .bind(key.person.tenant.as_str())
            .bind(key.person.id.as_str())
            .bind(i64::from(key.epoch))
            .bind(&wrapped.master)
            .bind(&wrapped.bytes);
        query.execute(&self.pool).await.map_err(classify)?;
        Ok(())
    }

    async fn find(
        &self,
        world: &World,
        tenant: &Tenant,
        ids: &[KeyId],
    ) -> Result<Vec<StoredKey>, Fault> {
        let query = sqlx::query_as(include_str!("vault/find.sql"))
            .bind(world.as_str())
            .bind(tenant.as_str())
            .bind(id_lines(ids));
        self.rows(query).await
    }

    async fn close(&self, person: &Person, since: u64) -> Result<Closed, Fault> {
        let query = sqlx::query_scalar(include_str!("vault/close.sql"))
            .bind(person.world.as_str())
            .bind(person.tenant.as_str())
            .bind(person.id.as_str())
            .bind(signed(since));
        match query.fetch_optional(&self.pool).await.map_err(classify)? {
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
        let query = sqlx::query(include_str!("vault/end_epochs.sql"))
            .bind(person.world.as_str())
            .bind(person.tenant.as_str())
            .bind(person.id.as_str())
            .bind(i64::from(through));
        query.execute(&self.pool).await.map_err(classify)?;
        let query = sqlx::query(include_str!("vault/destroy.sql"))
            .bind(person.world.as_str())
            .bind(person.tenant.as_str())
            .bind(person.id.as_str())
            .bind(i64::from(through))
            .bind(entry.as_bytes().as_slice())
            .bind(at.as_micros());
        let destroyed = query.execute(&self.pool).await.map_err(classify)?;
        Ok(u32::try_from(destroyed.rows_affected()).unwrap_or(u32::MAX))
    }

    async fn hold(&self, person: &Person, matter: &Name, at: Timestamp) -> Result<Name, Fault> {
        let query = sqlx::query_scalar(include_str!("vault/hold.sql"))
            .bind(person.world.as_str())
            .bind(person.tenant.as_str())
            .bind(person.id.as_str())
            .bind(matter.as_str())
            .bind(at.as_micros());
        name(query.fetch_one(&self.pool).await.map_err(classify)?)
    }

    async fn release(&self, person: &Person, matter: &Name, until: Timestamp) -> Result<(), Fault> {
        let query = sqlx::query(include_str!("vault/release.sql"))
            .bind(person.world.as_str())
            .bind(person.tenant.as_str())
            .bind(person.id.as_str())
            .bind(matter.as_str())
            .bind(until.as_micros());
        query.execute(&self.pool).await.map_err(classify)?;
        Ok(())
    }

    async fn held(&self, world: &World, tenant: &Tenant) -> Result<Option<Name>, Fault> {
        let query = sqlx::query_scalar(include_str!("vault/held.sql"))
            .bind(world.as_str())
            .bind(tenant.as_str());
        query.fetch_optional(&self.pool).await.map_err(classify)?.map(name).transpose()
    }

    async fn walked(&self, world: &World, tenant: &Tenant) -> Result<u64, Fault> {
        let query = sqlx::query_scalar(include_str!("vault/walked.sql"))
            .bind(world.as_str())
            .bind(tenant.as_str());
        let size: Option<i64> = query.fetch_optional(&self.pool).await.map_err(classify)?;
        Ok(rows::count(size.unwrap_or(0)))
    }

    async fn walk_to(&self, world: &World, tenant: &Tenant, size: u64) -> Result<(), Fault> {
        let query = sqlx::query(include_str!("vault/walk_to.sql"))
            .bind(world.as_str())
            .bind(tenant.as_str())
            .bind(signed(size));
        query.execute(&self.pool).await.map_err(classify)?;
        Ok(())
    }

    async fn page(&self, after: Option<KeyId>, limit: u32) -> Result<Vec<StoredKey>, Fault> {
        let after = after.map(|id| id.as_bytes().to_vec()).unwrap_or_default();
        let query = sqlx::query_as(include_str!("vault/page.sql"))
            .bind(after)
            .bind(i64::from(limit.min(KEYS_MAX)));
        self.rows(query).await
    }

    async fn persons(
        &self,
        after: Option<&Person>,
        limit: u32,
    ) -> Result<Vec<StoredPerson>, Fault> {
        let [world, tenant, person] = crate::vault::after(after);
        let query = sqlx::query_as(include_str!("vault/persons.sql"))
            .bind(world)
            .bind(tenant)
            .bind(person)
            .bind(i64::from(limit.min(KEYS_MAX)));
        let rows: Vec<ListedRow> = query.fetch_all(&self.pool).await.map_err(classify)?;
        rows.into_iter().map(listed).collect()
    }

    async fn adopt(&self, person: &StoredPerson) -> Result<(), Fault> {
        let query = sqlx::query(include_str!("vault/adopt.sql"))
            .bind(person.person.world.as_str())
            .bind(person.person.tenant.as_str())
            .bind(person.person.id.as_str())
            .bind(i64::from(person.epoch))
            .bind(signed(person.since))
            .bind(person.held.as_ref().map(|held| held.matter.as_str()))
            .bind(person.held.as_ref().map(|held| held.at.as_micros()));
        query.execute(&self.pool).await.map_err(classify)?;
        Ok(())
    }

    async fn rewrap(&self, id: KeyId, from: &Wrapped, to: &Wrapped) -> Result<bool, Fault> {
        let query = sqlx::query(include_str!("vault/rewrap.sql"))
            .bind(id.as_bytes().as_slice())
            .bind(&from.master)
            .bind(&from.bytes)
            .bind(&to.master)
            .bind(&to.bytes);
        let changed = query.execute(&self.pool).await.map_err(classify)?;
        Ok(changed.rows_affected() > 0)
    }
}
