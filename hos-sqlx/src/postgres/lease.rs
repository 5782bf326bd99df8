//! A connection, held so that a dropped future leaves no open transaction.

use hos_core::error::Fault;
use sqlx::Postgres;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnection, PgPool};

use super::fault::{classify, classify_commit};
use super::options::Pooler;

/// Pins the server's session until the end, for statements prepared without a name.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";

/// A connection that returns to the pool only when it is known to be outside a transaction.
///
/// INVARIANT: `clean` is false from before BEGIN is sent until COMMIT or ROLLBACK is acknowledged.
/// Dropped before that, the connection is closed, which rolls back.
pub(super) struct Lease {
    connection: PoolConnection<Postgres>,
    clean: bool,
}

impl Lease {
    /// Takes a connection; behind a pooler it begins a transaction, for else the pooler would
    /// give the statement's two halves to different sessions.
    pub(super) async fn acquire(pool: &PgPool, pooler: Pooler) -> Result<Self, Fault> {
        let connection = pool.acquire().await.map_err(classify)?;
        let mut lease = Self { connection, clean: true };
        if pooler == Pooler::Transaction {
            lease.begin().await?;
        }
        Ok(lease)
    }

    /// Begins a transaction.
    pub(super) async fn begin(&mut self) -> Result<(), Fault> {
        self.clean = false;
        sqlx::raw_sql(BEGIN).execute(&mut *self.connection).await.map_err(classify)?;
        Ok(())
    }

    pub(super) fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection
    }

    /// Closes the connection instead of giving it back.
    pub(super) fn close(mut self) {
        self.clean = false;
    }

    /// Commits what was begun.
    pub(super) async fn commit(mut self) -> Result<(), Fault> {
        if !self.clean {
            sqlx::raw_sql("COMMIT")
                .execute(&mut *self.connection)
                .await
                .map_err(classify_commit)?;
            self.clean = true;
        }
        Ok(())
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if !self.clean {
            self.connection.close_on_drop();
        }
    }
}
