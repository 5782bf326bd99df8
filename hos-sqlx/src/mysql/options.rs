//! How a database is opened.

use std::time::Duration;

/// How a database is opened.
#[derive(Debug, Clone)]
#[must_use]
pub struct MysqlOptions {
    pub(super) url: String,
    pub(super) direct_url: Option<String>,
    pub(super) connections: u32,
    pub(super) acquire_timeout: Duration,
    pub(super) lock_timeout: Duration,
    pub(super) statement_timeout: Duration,
    pub(super) cached: u64,
    pub(super) snapshot_bytes: u64,
}

impl MysqlOptions {
    /// The usual options for a URL: sixteen connections, five seconds of patience.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            direct_url: None,
            connections: 16,
            acquire_timeout: Duration::from_secs(5),
            lock_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(30),
            cached: 10_000,
            snapshot_bytes: 64 << 20,
        }
    }

    /// The most connections; at least one.
    pub fn connections(self, connections: u32) -> Self {
        Self { connections: connections.max(1), ..self }
    }

    /// Where the schema is brought up to date: a URL of a user who may create tables, triggers and
    /// procedures where the usual one may not.
    pub fn direct_url(self, url: impl Into<String>) -> Self {
        Self { direct_url: Some(url.into()), ..self }
    }

    /// How long a call waits for a free connection.
    pub fn acquire_timeout(self, acquire_timeout: Duration) -> Self {
        Self { acquire_timeout, ..self }
    }

    /// How long a call waits for another that holds the same rows: whole seconds, at least one.
    pub fn lock_timeout(self, lock_timeout: Duration) -> Self {
        Self { lock_timeout: lock_timeout.max(Duration::from_secs(1)), ..self }
    }

    /// How long one statement may run; zero for as long as it likes. A commit that is broken off is
    /// `Busy` while its transaction is known to be open, which is then rolled back, and `Ambiguous`
    /// otherwise. The schema is brought up to date, and a deployment moved, without this limit:
    /// the server cannot take such statements back. A server that has said nothing five seconds
    /// after that, of all that one call asks, is given up with its connection: what it was asked to
    /// commit is `Ambiguous`, the rest `Unavailable`.
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
