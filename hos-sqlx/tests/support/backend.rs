//! A server that can be struck, and what its tables say.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hos_core::prelude::*;
#[cfg(feature = "mysql")]
use hos_services::MariaDb;
use hos_services::Postgres;

use crate::job::WORLD;

/// A server, and the address of the database on it that the tests use.
pub(crate) enum Server {
    Postgres(Arc<Postgres>, String),
    #[cfg(feature = "mysql")]
    MariaDb(MariaDb, String),
}

impl Server {
    pub(crate) fn told(&self, tenant: &Tenant) -> Told {
        let (key, entry) = match self {
            Self::Postgres(..) => ("convert_from(key, 'UTF8')", "replace(id::text, '-', '')"),
            #[cfg(feature = "mysql")]
            Self::MariaDb(..) => ("convert(`key` USING utf8mb4)", "lower(hex(id))"),
        };
        let scope = format!(
            "(SELECT number FROM hos_scope WHERE world = '{WORLD}' AND tenant = '{tenant}')"
        );
        let receipts = format!("SELECT {key}, receipt FROM hos_receipt WHERE scope = {scope};");
        let moves = format!(
            "SELECT {entry}, (SELECT id FROM hos_subject WHERE number = subject), revision
            FROM hos_entry WHERE scope = {scope} AND moves;"
        );
        let revisions = format!("SELECT id, revision FROM hos_subject WHERE scope = {scope};");
        let domain = format!("SELECT command FROM domain_move WHERE tenant = '{tenant}';");
        let receipt = |[key, json]: [String; 2]| (key, serde_json::from_str(&json).unwrap());
        let number = |text: String| text.parse().unwrap();
        let proof = |[entry, subject, revision]: [String; 3]| (entry, subject, number(revision));
        Told {
            receipts: self.rows(&receipts).into_iter().map(receipt).collect(),
            moves: self.rows(&moves).into_iter().map(proof).collect(),
            revisions: self
                .rows(&revisions)
                .into_iter()
                .map(|[subject, revision]| (subject, number(revision)))
                .collect(),
            domain: self.rows(&domain).into_iter().map(|[key]| key).collect(),
        }
    }

    /// Entries that wait or have no place in a log, or two.
    pub(crate) fn unplaced(&self) -> i64 {
        self.number(
            "SELECT (SELECT count(*) FROM hos_pending)
            + (SELECT count(*) FROM hos_entry WHERE id NOT IN (SELECT entry FROM hos_leaf))
            + (SELECT count(*) FROM hos_leaf) - (SELECT count(*) FROM hos_entry);",
        )
    }

    /// Statements that still run for whoever is gone, transactions that nobody goes on with, and
    /// what sessions hold that do nothing.
    pub(crate) fn unquiet(&self) -> i64 {
        match self {
            Self::Postgres(..) => self.number(
                "SELECT (SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND application_name = 'hos'
                AND state <> 'idle')
                + (SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)
                WHERE datname = current_database() AND application_name = 'hos'
                AND state LIKE 'idle%');",
            ),
            #[cfg(feature = "mysql")]
            Self::MariaDb(..) => self.number(
                "SELECT count(*) FROM information_schema.processlist
                LEFT JOIN information_schema.innodb_trx ON trx_mysql_thread_id = id
                WHERE db = database() AND id <> connection_id()
                AND (command <> 'Sleep' OR trx_id IS NOT NULL);",
            ),
        }
    }

    fn number(&self, sql: &str) -> i64 {
        let row: Option<[String; 1]> = self.rows(sql).pop();
        row.unwrap().concat().parse().unwrap()
    }

    /// Asked by an administrator, above row-level security.
    fn rows<const N: usize>(&self, sql: &str) -> Vec<[String; N]> {
        let text = match self {
            Self::Postgres(server, url) => {
                server.query(url.rsplit('/').next().unwrap(), sql, &[]).unwrap()
            }
            #[cfg(feature = "mysql")]
            Self::MariaDb(server, url) => {
                server.query(url.rsplit('/').next().unwrap(), sql).unwrap()
            }
        };
        let row = |line: &str| {
            let columns: Vec<String> = line.split(['|', '\t']).map(str::to_owned).collect();
            columns.try_into().unwrap()
        };
        text.lines().map(row).collect()
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
