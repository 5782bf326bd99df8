//! Connections that can be dropped at any moment.

use hos_core::error::Fault;
use sqlx::mysql::{MySqlArguments, MySqlConnection, MySqlPool, MySqlRow};
use sqlx::pool::PoolConnection;
use sqlx::{Error, MySql};

use super::fault;

/// A connection that returns to the pool only when it is known to be idle and outside a
/// transaction.
///
/// A statement that is dropped while it is being prepared leaves answers in the connection that
/// belong to nobody, so that even one that only reads is not given back then.
///
/// INVARIANT: `clean` is false from before anything is sent until its end is acknowledged.
/// Dropped before that, the connection is closed, which rolls back.
pub(super) struct Lease {
    connection: PoolConnection<MySql>,
    clean: bool,
}

impl Lease {
    pub(super) async fn acquire(pool: &MySqlPool) -> Result<Self, Fault> {
        let connection = pool.acquire().await.map_err(fault::classify)?;
        Ok(Self { connection, clean: true })
    }

    /// The connection, to send something.
    pub(super) fn connection(&mut self) -> &mut MySqlConnection {
        self.clean = false;
        &mut self.connection
    }

    /// Every answer was read, and no transaction is open.
    pub(super) fn release(mut self) {
        self.clean = true;
    }

    /// Gives the connection back if the server answered, whatever it said to a statement that was
    /// a transaction of its own.
    pub(super) fn settle<T>(self, answer: Result<T, Error>) -> Result<T, Error> {
        if answer.as_ref().err().is_none_or(fault::is_answer) {
            self.release();
        }
        answer
    }

    /// Rolls back; a connection that does not answer is closed.
    pub(super) async fn roll_back(mut self) {
        let rolled = sqlx::raw_sql("ROLLBACK").execute(self.connection()).await;
        self.clean = rolled.is_ok();
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if !self.clean {
            self.connection.close_on_drop();
        }
    }
}

type Query = sqlx::query::Query<'static, MySql, MySqlArguments>;

/// The rows that a statement answers, which is a transaction of its own.
pub(super) async fn fetch_all(pool: &MySqlPool, query: Query) -> Result<Vec<MySqlRow>, Fault> {
    let mut lease = Lease::acquire(pool).await?;
    let answer = query.fetch_all(lease.connection()).await;
    lease.settle(answer).map_err(fault::classify)
}

/// Executes a statement, which is a transaction of its own; says how many rows it met.
pub(super) async fn execute(pool: &MySqlPool, query: Query) -> Result<u64, Fault> {
    let mut lease = Lease::acquire(pool).await?;
    let answer = query.execute(lease.connection()).await;
    Ok(lease.settle(answer).map_err(fault::classify)?.rows_affected())
}
