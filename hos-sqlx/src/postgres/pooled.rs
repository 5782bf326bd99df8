//! The connections, and who stands between them and the server.

use std::ops::Deref;
use std::time::Duration;

use sqlx::postgres::PgPool;
use sqlx::{AssertSqlSafe, Postgres};

use super::open::milliseconds;
use super::options::{Pooler, PostgresOptions};
use crate::connections::Connections;
use crate::watch;

/// Pins the server's session until the end, for statements prepared without a name.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";

/// The connections, and who stands between them and the server.
#[derive(Debug)]
pub(super) struct Pooled {
    connections: Connections<Postgres>,
    pooler: Pooler,
    begin: String,
    patience: Option<Duration>,
}

impl Pooled {
    pub(super) fn new(pool: PgPool, pooler: Pooler, options: &PostgresOptions) -> Self {
        let begin = match pooler {
            Pooler::None => BEGIN.to_owned(),
            Pooler::Transaction => begin_for_itself(options),
        };
        let patience = watch::patience(options.statement_timeout);
        Self { connections: Connections::new(pool), pooler, begin, patience }
    }

    /// How long an answer is waited for; none where a statement may run for ever.
    pub(super) fn patience(&self) -> Option<Duration> {
        self.patience
    }

    pub(super) fn pooler(&self) -> Pooler {
        self.pooler
    }

    /// What begins a transaction.
    pub(super) fn begin(&self) -> AssertSqlSafe<String> {
        // Safe because it is made of numbers and texts that are written here.
        AssertSqlSafe(self.begin.clone())
    }
}

/// What a session would be told at its start, told to each transaction: in the same message.
fn begin_for_itself(options: &PostgresOptions) -> String {
    format!(
        "{BEGIN}; SET LOCAL lock_timeout = {}; SET LOCAL statement_timeout = {}; \
         SET LOCAL idle_in_transaction_session_timeout = '60s'; SET LOCAL jit = off",
        milliseconds(options.lock_timeout),
        milliseconds(options.statement_timeout),
    )
}

impl Deref for Pooled {
    type Target = Connections<Postgres>;

    fn deref(&self) -> &Self::Target {
        &self.connections
    }
}
