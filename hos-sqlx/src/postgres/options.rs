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

/// What a URL says of a pooler in transaction mode.
const POOLED: &str = "pooler=transaction";

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
    /// The usual options for a URL: sixteen connections, five seconds of patience. A parameter
    /// `pooler=transaction` says the same as [`PostgresOptions::pooler`].
    pub fn new(url: impl Into<String>) -> Self {
        let (url, pooler) = pooled(url.into());
        Self {
            url,
            direct_url: None,
            replica_url: None,
            connections: 16,
            pooler,
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

    /// How long a call waits for another that holds the same rows.
    pub fn lock_timeout(self, lock_timeout: Duration) -> Self {
        Self { lock_timeout, ..self }
    }

    /// How long one statement may run; zero for ever. A server that has said nothing five seconds
    /// after that is given up with its connection: what it was asked to commit is `Ambiguous`.
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

/// A URL without what it says of the pooler, and what that is. What it says wrongly is left in it.
fn pooled(url: String) -> (String, Pooler) {
    let Some((address, parameters)) = url.split_once('?') else { return (url, Pooler::None) };
    let others: Vec<&str> =
        parameters.split('&').filter(|parameter| *parameter != POOLED).collect();
    if others.len() == parameters.split('&').count() {
        return (url, Pooler::None);
    }
    match others.join("&") {
        others if others.is_empty() => (address.to_owned(), Pooler::Transaction),
        others => (format!("{address}?{others}"), Pooler::Transaction),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_who_stands_between() {
        for (url, expected) in [
            ("postgres://h/d", ("postgres://h/d", Pooler::None)),
            ("postgres://h/d?", ("postgres://h/d?", Pooler::None)),
            ("postgres://h/d?pooler=transaction", ("postgres://h/d", Pooler::Transaction)),
            (
                "postgres://h/d?a=1&pooler=transaction&b=2",
                ("postgres://h/d?a=1&b=2", Pooler::Transaction),
            ),
            ("postgres://h/d?pooler=session", ("postgres://h/d?pooler=session", Pooler::None)),
        ] {
            let PostgresOptions { url: left, pooler, .. } = PostgresOptions::new(url);
            assert_eq!((&*left, pooler), expected);
        }
    }
}
