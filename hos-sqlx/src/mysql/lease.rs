//! Connections that can be dropped at any moment.

use std::time::Duration;

use hos_core::error::Fault;
use scopeguard::ScopeGuard;
use sqlx::mysql::{MySqlArguments, MySqlConnection, MySqlRow};
use sqlx::{Error, MySql, Row as _};

use super::fault;
use super::pooled::Pooled;
use crate::connections::Taken;
use crate::watch::Watch;

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
    at_hand: Option<&'c Pooled>,
    patience: Option<Duration>,
    held: ScopeGuard<Held, fn(Held)>,
}

struct Held {
    taken: Taken<MySql>,
    clean: bool,
    silent: bool,
}

fn let_go(mut held: Held) {
    if !held.clean {
        held.taken.connection.close_on_drop();
    }
}

impl Lease<'static> {
    /// A connection of the pool, which was asked whether it lives.
    pub(super) async fn acquire(pooled: &Pooled) -> Result<Self, Fault> {
        let connection = pooled.pool().acquire().await.map_err(fault::classify)?;
        Ok(Self::new(None, pooled.patience(), Taken::new(connection)))
    }
}

impl<'c> Lease<'c> {
    /// A connection that has the law's statements prepared, if there is one.
    pub(super) async fn at_hand(connections: &'c Pooled) -> Result<Self, Fault> {
        let taken = connections.take().await.map_err(fault::classify)?;
        Ok(Self::new(Some(connections), connections.patience(), taken))
    }

    fn new(at_hand: Option<&'c Pooled>, patience: Option<Duration>, taken: Taken<MySql>) -> Self {
        let held = Held { taken, clean: true, silent: false };
        Self { at_hand, patience, held: scopeguard::guard(held, let_go as fn(Held)) }
    }

    /// The connection, to send what may take as long as it likes.
    pub(super) fn connection(&mut self) -> &mut MySqlConnection {
        self.watched().0
    }

    /// The connection, to send something, and who watches over its answer.
    pub(super) fn watched(&mut self) -> (&mut MySqlConnection, Watch<'_>) {
        let Held { taken, clean, silent } = &mut *self.held;
        *clean = false;
        (&mut taken.connection, Watch { silent, patience: self.patience })
    }

    /// Sends a word without an answer that matters.
    pub(super) async fn say(&mut self, word: &'static str) -> Result<(), Error> {
        let (connection, watch) = self.watched();
        watch.over(sqlx::raw_sql(word).execute(connection)).await.map(|_| ())
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
        let (connection, watch) = self.watched();
        let asked = sqlx::raw_sql("SELECT @@in_transaction").fetch_one(connection);
        let open = watch.over(asked).await;
        open.is_ok_and(|row| row.try_get_unchecked(0).is_ok_and(|open: i64| open == 1))
    }

    /// Rolls back; a connection that does not answer is closed.
    pub(super) async fn roll_back(mut self) {
        if !self.held.silent && self.say("ROLLBACK").await.is_ok() {
            self.release();
        }
    }
}

type Query = sqlx::query::Query<'static, MySql, MySqlArguments>;

/// The rows that a statement answers, which is a transaction of its own.
pub(super) async fn fetch_all(pooled: &Pooled, query: Query) -> Result<Vec<MySqlRow>, Fault> {
    let mut lease = Lease::acquire(pooled).await?;
    let (connection, watch) = lease.watched();
    let answer = watch.over(query.fetch_all(connection)).await;
    lease.settle(answer).map_err(fault::classify)
}

/// Executes a statement, which is a transaction of its own; says how many rows it met.
pub(super) async fn execute(pooled: &Pooled, query: Query) -> Result<u64, Fault> {
    let mut lease = Lease::acquire(pooled).await?;
    let (connection, watch) = lease.watched();
    let answer = watch.over(query.execute(connection)).await;
    Ok(lease.settle(answer).map_err(fault::classify)?.rows_affected())
}
