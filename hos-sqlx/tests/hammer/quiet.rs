//! Until a server has noticed that a client was killed: what it had been sent it does to its end.

use hos_services::{ServiceError, shared, wait_until};

use crate::house::Kind;

/// Waits until nobody is connected to a database.
pub(crate) fn await_quiet(url: &str) {
    let database = url.rsplit('/').next().unwrap();
    let connected = || -> Result<String, ServiceError> {
        match Kind::of(url) {
            Kind::Sqlite => Ok("0".to_owned()),
            Kind::Postgres => {
                let sql = "SELECT count(*) FROM pg_stat_activity
                    WHERE datname = current_database() AND pid <> pg_backend_pid();";
                shared::postgres()?.query(database, sql, &[])
            }
            Kind::MariaDb => {
                let sql = "SELECT count(*) FROM information_schema.processlist
                    WHERE db = database() AND id <> connection_id();";
                shared::mariadb()?.query(database, sql)
            }
        }
    };
    wait_until("the end of the sessions of the killed", || Ok(connected()?.trim() == "0")).unwrap();
}
