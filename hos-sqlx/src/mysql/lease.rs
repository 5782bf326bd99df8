//! Connections that can be dropped at any moment.

use hos_core::error::Fault;
use scopeguard::ScopeGuard;
use sqlx::mysql::{MySqlArguments, MySqlConnection, MySqlPool, MySqlRow};
use sqlx::{Error, MySql, Row as _};

use super::fault;
use crate::connections::{Connections, Taken};

/// A connection that returns to the pool only when it is known to be idle and outside a
/// transaction.
///
/// A statement that is dropped while it is being prepared leaves answers in the connection that
/// belong to nobody, so that even one that only reads is not given back then.
///
/// INVARIANT: `clean` is false from before anything is sent until its end is acknowledged.
/// Dropped before that, the connection is closed, which rolls back.
pub(super) struct Lease<'c> {
    /// Where it goes when it is released; to the pool if nowhere.
    at_hand: Option<&'c Connections<MySql>>,
    held: ScopeGuard<Held, fn(Held)>,
}

struct Held {
    taken: Taken<MySql>,
    clean: bool,
}

fn let_go(mut held: Held) {
    if !held.clean {
        held.taken.connection.close_on_drop();
    }
}

impl Lease<'static> {
    /// A connection of the pool, which was asked whether it lives.
    pub(super) async fn acquire(pool: &MySqlPool) -> Result<Self, Fault> {
        let connection = pool.acquire().await.map_err(fault::classify)?;
        Ok(Self::new(None, Taken::new(connection)))
    }
}

impl<'c> Lease<'c> {
    /// A connection that has the law's statements prepared, if there is one.
    pub(super) async fn at_hand(connections: &'c Connections<MySql>) -> Result<Self, Fault> {
        let taken = connections.take().await.map_err(fault::classify)?;
        Ok(Self::new(Some(connections), taken))
    }

    fn new(at_hand: Option<&'c Connections<MySql>>, taken: Taken<MySql>) -> Self {
        let held = scopeguard::guard(Held { taken, clean: true }, let_go as fn(Held));
        Self { at_hand, held }
    }

    /// The connection, to send something.
    pub(super) fn connection(&mut self) -> &mut MySqlConnection {
        self.held.clean = false;
        &mut self.held.taken.connection
    }

    /// Every answer was read, and no transaction is open.
    pub(super) fn release(self) {
        let Held { taken, .. } = ScopeGuard::into_inner(self.held);
        if let Some(connections) = self.at_hand {
            connections.give_back(taken);
        }
    }

    /// Gives the connection back if the server answered, whatever it said to a statement that was
    /// a transaction of its own.
    pub(super) fn settle<T>(self, answer: Result<T, Error>) -> Result<T, Error> {
        if answer.as_ref().err().is_none_or(fault::is_answer) {
            self.release();
        }
        answer
    }

    /// Whether the server says that a transaction is open.
    pub(super) async fn is_in_transaction(&mut self) -> bool {
        let open = sqlx::raw_sql("SELECT @@in_transaction").fetch_one(self.connection()).await;
        open.is_ok_and(|row| row.try_get_unchecked(0).is_ok_and(|open: i64| open == 1))
    }

    /// Rolls back; a connection that does not answer is closed.
    pub(super) async fn roll_back(mut self) {
        if sqlx::raw_sql("ROLLBACK").execute(self.connection()).await.is_ok() {
            self.release();
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
