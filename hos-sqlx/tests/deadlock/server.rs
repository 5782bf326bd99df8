//! How many deadlocks a server has seen.

use hos_services::{shared, wait_until};

use crate::house::Kind;

/// To be asked when every store is closed: PostgreSQL's sessions count what they saw when they end.
pub(crate) fn deadlocks(url: &str) -> i64 {
    match Kind::of(url) {
        // There is one writer at a time, so that nobody waits for two.
        Kind::Sqlite => 0,
        Kind::Postgres => {
            let ask = |sql: &str| {
                let answer = shared::postgres()?.query(database(url), sql, &[])?;
                Ok(answer.trim().parse::<i64>().unwrap())
            };
            let sessions = "SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid()";
            wait_until("the end of every session", || Ok(ask(sessions)? == 0)).unwrap();
            ask("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
                .unwrap()
        }
        Kind::MariaDb => {
            let server = shared::mariadb().unwrap();
            let metric = "SELECT count FROM information_schema.innodb_metrics
                WHERE name = 'lock_deadlocks'";
            server.query(database(url), metric).unwrap().trim().parse().unwrap()
        }
    }
}

fn database(url: &str) -> &str {
    url.rsplit('/').next().unwrap()
}
