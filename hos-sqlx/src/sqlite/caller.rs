//! A transaction of the caller's as a store.

use async_trait::async_trait;
use hos_core::commit::{Commit, Outcome};
use hos_core::error::{Fault, FaultKind};
use hos_core::standing::Standing;
use hos_core::store::{Ask, Store};
use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection as _, Sqlite, Transaction};
use tokio::sync::Mutex;

use super::{commit, load};
use crate::within::{Caller, sealed};

/// Writes nothing and takes the write lock, so that the transaction cannot lose it later. It
/// ends in a semicolon, for another statement follows.
pub(super) const TAKE_WRITE_LOCK: &str = include_str!("take_write_lock.sql");

/// A borrowed transaction as a store; see [`WithinExt`](crate::WithinExt).
#[derive(Debug)]
pub struct SqliteCaller<'t> {
    // Calls that run at the same time take turns.
    connection: Mutex<&'t mut SqliteConnection>,
}

impl sealed::Sealed for &mut SqliteConnection {}

impl<'t> Caller<'t> for &'t mut SqliteConnection {
    type Store = SqliteCaller<'t>;

    fn into_store(self) -> SqliteCaller<'t> {
        SqliteCaller { connection: Mutex::new(self) }
    }
}

impl sealed::Sealed for &mut Transaction<'_, Sqlite> {}

impl<'t> Caller<'t> for &'t mut Transaction<'_, Sqlite> {
    type Store = SqliteCaller<'t>;

    fn into_store(self) -> SqliteCaller<'t> {
        SqliteCaller { connection: Mutex::new(self) }
    }
}

#[async_trait]
impl Store for SqliteCaller<'_> {
    async fn load_all(&self, asks: &[Ask]) -> Result<Vec<Standing>, Fault> {
        let mut connection = self.connection.lock().await;
        require_transaction(&connection)?;
        load::load_all(&mut connection, load::Source::Caller, asks).await
    }

    async fn commit_all(&self, commits: &[Commit]) -> Vec<Result<Outcome, Fault>> {
        let mut connection = self.connection.lock().await;
        if let Some(fault) = require_transaction(&connection).err() {
            return commit::every(commits, &fault);
        }
        if let Some(fault) = commit::too_large(commits) {
            return commit::every(commits, &fault);
        }
        commit::commit_in_caller(&mut connection, commits).await
    }
}

fn require_transaction(connection: &SqliteConnection) -> Result<(), Fault> {
    if connection.is_in_transaction() {
        return Ok(());
    }
    let message = "not in a transaction; begin one with `SqliteStore::begin`";
    Err(Fault::new(FaultKind::Transaction, message))
}
