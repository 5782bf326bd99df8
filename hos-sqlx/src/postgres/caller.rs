//! A transaction of the caller's as a store.

use async_trait::async_trait;
use hos_core::commit::{Commit, Outcome};
use hos_core::error::{Fault, FaultKind};
use hos_core::standing::Standing;
use hos_core::store::{Ask, Store};
use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, Postgres, Transaction};
use tokio::sync::Mutex;

use super::fault::classify_caller;
use super::{commit, load};
use crate::within::{Caller, sealed};

/// A borrowed transaction as a store; see [`WithinExt`](crate::WithinExt).
///
/// What a call reads is locked until the transaction ends, so that its commit does not lose it.
#[derive(Debug)]
pub struct PostgresCaller<'t> {
    // Calls that run at the same time take turns.
    connection: Mutex<&'t mut PgConnection>,
}

impl sealed::Sealed for &mut PgConnection {}

impl<'t> Caller<'t> for &'t mut PgConnection {
    type Store = PostgresCaller<'t>;

    fn into_store(self) -> PostgresCaller<'t> {
        PostgresCaller { connection: Mutex::new(self) }
    }
}

impl sealed::Sealed for &mut Transaction<'_, Postgres> {}

impl<'t> Caller<'t> for &'t mut Transaction<'_, Postgres> {
    type Store = PostgresCaller<'t>;

    fn into_store(self) -> PostgresCaller<'t> {
        PostgresCaller { connection: Mutex::new(self) }
    }
}

#[async_trait]
impl Store for PostgresCaller<'_> {
    async fn load_all(&self, asks: &[Ask]) -> Result<Vec<Standing>, Fault> {
        let mut connection = self.connection.lock().await;
        require_transaction(&connection)?;
        let loaded = load::load_all(&mut connection, load::Source::Caller, asks).await;
        loaded.map_err(classify_caller)?
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

fn require_transaction(connection: &PgConnection) -> Result<(), Fault> {
    if connection.is_in_transaction() {
        return Ok(());
    }
    let message = "not in a transaction; begin one with `PostgresStore::begin`";
    Err(Fault::new(FaultKind::Transaction, message))
}
