//! A server that can be struck, and what its tables say. A second database is a second variant.

use std::collections::{BTreeMap, BTreeSet};

use hos_core::prelude::*;
use hos_services::Postgres;
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;

use crate::job::WORLD;

/// What was handed to the system survives SIGKILL, so nothing here waits for a disk.
const SETTINGS: &[(&str, &str)] = &[("fsync", "off"), ("autovacuum", "off")];

const DOMAIN: &str = "SELECT key FROM domain_move WHERE tenant = $1";
const RECEIPTS: &str = "SELECT convert_from(key, 'UTF8'), receipt FROM hos_receipt \
    JOIN hos_scope ON number = scope WHERE world = $1 AND tenant = $2";
const MOVES: &str = "SELECT hos_entry.id::text, hos_subject.id, hos_entry.revision FROM hos_entry \
    JOIN hos_scope ON hos_scope.number = hos_entry.scope \
    JOIN hos_subject ON hos_subject.number = hos_entry.subject \
    WHERE hos_scope.world = $1 AND tenant = $2 AND moves";
const REVISIONS: &str = "SELECT id, revision FROM hos_subject \
    JOIN hos_scope ON hos_scope.number = scope WHERE hos_scope.world = $1 AND tenant = $2";
const UNPLACED: &str = "SELECT (SELECT count(*) FROM hos_pending) \
    + (SELECT count(*) FROM hos_entry WHERE id NOT IN (SELECT entry FROM hos_leaf)) \
    + (SELECT count(*) FROM hos_leaf) - (SELECT count(*) FROM hos_entry)";
/// Transactions that nobody goes on with, and what sessions hold that do nothing.
const UNQUIET: &str = "SELECT (SELECT count(*) FROM pg_stat_activity \
    WHERE datname = current_database() AND application_name = 'hos' \
    AND state LIKE 'idle in transaction%') \
    + (SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) \
    WHERE datname = current_database() AND application_name = 'hos' AND state LIKE 'idle%')";

/// A server, and the database on it that the tests use.
pub(crate) enum Server {
    Postgres(Postgres, String),
}

impl Server {
    /// None, loudly, where it cannot be started.
    pub(crate) fn start() -> Option<Self> {
        let started = Postgres::start_with(SETTINGS).and_then(|server| {
            let url = server.create_database()?;
            Ok(Self::Postgres(server, url))
        });
        started.inspect_err(hos_services::skip_or_fail).ok()
    }

    pub(crate) async fn told(&self, tenant: &Tenant) -> Told {
        let mut connection = self.console().await;
        let name = tenant.as_str();
        let receipts: Vec<(String, String)> = sqlx::query_as(RECEIPTS)
            .bind(WORLD)
            .bind(name)
            .fetch_all(&mut connection)
            .await
            .unwrap();
        let moves: Vec<(String, String, i64)> =
            sqlx::query_as(MOVES).bind(WORLD).bind(name).fetch_all(&mut connection).await.unwrap();
        let revisions: Vec<(String, i64)> = sqlx::query_as(REVISIONS)
            .bind(WORLD)
            .bind(name)
            .fetch_all(&mut connection)
            .await
            .unwrap();
        let domain: Vec<String> =
            sqlx::query_scalar(DOMAIN).bind(name).fetch_all(&mut connection).await.unwrap();
        let parsed = |(key, text): (String, String)| (key, serde_json::from_str(&text).unwrap());
        Told {
            receipts: receipts.into_iter().map(parsed).collect(),
            moves,
            revisions: revisions.into_iter().collect(),
            domain: domain.into_iter().collect(),
        }
    }

    /// Entries that wait or have no place in a log, or two.
    pub(crate) async fn unplaced(&self) -> i64 {
        sqlx::query_scalar(UNPLACED).fetch_one(&mut self.console().await).await.unwrap()
    }

    /// Open transactions and locks of sessions that do nothing.
    pub(crate) async fn unquiet(&self) -> i64 {
        sqlx::query_scalar(UNQUIET).fetch_one(&mut self.console().await).await.unwrap()
    }

    /// A session above row-level security.
    async fn console(&self) -> PgConnection {
        let Self::Postgres(server, url) = self;
        let name = url.rsplit('/').next().unwrap();
        PgConnection::connect(&server.superuser_url(name)).await.unwrap()
    }
}

/// What one tenant's tables say.
pub(crate) struct Told {
    pub(crate) receipts: BTreeMap<String, Receipt>,
    /// Entry, subject and revision of every move.
    pub(crate) moves: Vec<(String, String, i64)>,
    pub(crate) revisions: BTreeMap<String, i64>,
    /// The keys of the domain's rows.
    pub(crate) domain: BTreeSet<String>,
}
