//! The one connection that writes, held so that a dropped future leaves no open transaction.

use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteConnection, SqlitePool};
use sqlx::{Error, Sqlite};

use super::fault;

/// A connection that returns to the pool only when it is known to be outside a transaction.
///
/// INVARIANT: `clean` is false from before BEGIN is sent until COMMIT or ROLLBACK is acknowledged.
/// Dropped before that, the connection is closed, which rolls back.
pub(super) struct Lease {
    connection: PoolConnection<Sqlite>,
    clean: bool,
}

impl Lease {
    pub(super) async fn acquire(pool: &SqlitePool) -> Result<Self, Error> {
        Ok(Self { connection: pool.acquire().await?, clean: true })
    }

    /// The connection, for statements that begin no transaction.
    pub(super) fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }

    /// The connection, for a text that begins a transaction or goes on in it.
    pub(super) fn opening(&mut self) -> &mut SqliteConnection {
        self.clean = false;
        &mut self.connection
    }

    /// COMMIT was acknowledged.
    pub(super) fn committed(mut self) {
        self.clean = true;
    }

    /// Rolls back, if there is something to; a connection that does not answer is closed.
    pub(super) async fn roll_back(mut self) {
        let rolled = sqlx::query("ROLLBACK").execute(self.opening()).await;
        // SQLite refuses when it has rolled back by itself already, as it does on a full disk.
        self.clean = rolled.err().is_none_or(|error| fault::is_answer(&error));
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if !self.clean {
            self.connection.close_on_drop();
        }
    }
}
