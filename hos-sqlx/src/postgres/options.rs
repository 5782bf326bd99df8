//! How a database is opened.

use std::time::Duration;

/// Who stands between this process and the server.
///
/// Exhaustive: nobody, or a pool that changes the server's session after each transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::exhaustive_enums, reason = "nobody, or somebody who changes the session")]
pub enum Pooler {
    /// Nobody, or a pool in session mode.
    #[default]
    None,
    /// A pool in transaction mode, such as `PgBouncer` with `pool_mode = transaction`.
    Transaction,
}

impl Pooler {
    /// Whether statements may be prepared by name: a session is the same for ever.
    pub(super) fn names_statements(self) -> bool {
        self == Self::None
    }
}

/// How a database is opened.
#[derive(Debug, Clone)]
#[must_use]
pub struct PostgresOptions {
    pub(super) url: String,
    pub(super) direct_url: Option<String>,
    pub(super) replica_url: Option<String>,
    pub(super) connections: u32,
    pub(super) pooler: Pooler,
    pub(super) acquire_timeout: Duration,
    pub(super) lock_timeout: Duration,
    pub(super) statement_timeout: Duration,
    pub(super) cached: u64,
    pub(super) snapshot_bytes: u64,
}

impl PostgresOptions {
    /// The usual options for a URL: sixteen connections, five seconds of patience.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            direct_url: None,
            replica_url: None,
            connections: 16,
            pooler: Pooler::None,
            acquire_timeout: Duration::from_secs(5),
            lock_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(30),
            cached: 10_000,
            snapshot_bytes: 64 << 20,
        }
    }

    /// The most connections; at least one. The law keeps a quarter of them at hand for itself once
    /// it has used them, at most four.
    pub fn connections(self, connections: u32) -> Self {
        Self { connections: connections.max(1), ..self }
    }

    /// Who stands between. With [`Pooler::Transaction`] nothing is left in a session: statements
    /// are not prepared by name, and each call is a transaction of its own.
    pub fn pooler(self, pooler: Pooler) -> Self {
        Self { pooler, ..self }
    }

    /// Where the schema is brought up to date: a URL past the pooler, or one of a role that may
    /// create tables where the usual one may not.
    pub fn direct_url(self, url: impl Into<String>) -> Self {
        Self { direct_url: Some(url.into()), ..self }
    }

    /// A streaming standby, for listings and reports; see
    /// [`PostgresStore::replica`](crate::PostgresStore::replica).
    pub fn replica_url(self, url: impl Into<String>) -> Self {
        Self { replica_url: Some(url.into()), ..self }
    }

    /// How long a call waits for a free connection.
    pub fn acquire_timeout(self, acquire_timeout: Duration) -> Self {
        Self { acquire_timeout, ..self }
    }

    /// How long a call waits for another that holds the same rows. Not with
    /// [`Pooler::Transaction`], which takes no settings at a session's start: there the role's own
    /// hold, `ALTER ROLE law SET lock_timeout = '5s'`, or the server's, and without either a call
    /// waits for ever.
    pub fn lock_timeout(self, lock_timeout: Duration) -> Self {
        Self { lock_timeout, ..self }
    }

    /// How long one statement may run. Not with [`Pooler::Transaction`]; see
    /// [`PostgresOptions::lock_timeout`].
    pub fn statement_timeout(self, statement_timeout: Duration) -> Self {
        Self { statement_timeout, ..self }
    }

    /// How many actors' standings are remembered. What is remembered is never used without
    /// being compared with the database.
    pub fn standings_cached(self, cached: u64) -> Self {
        Self { cached, ..self }
    }

    /// How many bytes of subjects are remembered, about; 0 for none. A move that is judged upon
    /// what is remembered saves the load; its commit compares everything that was read.
    pub fn subject_bytes_cached(self, bytes: u64) -> Self {
        Self { snapshot_bytes: bytes, ..self }
    }
}
