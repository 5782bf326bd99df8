//! Injected failures on each database: state and proof stay together, one receipt per key.
//!
//! `HOS_CAMPAIGN_SIZE` is the number of failures, `HOS_CAMPAIGN_SEED` the first seed.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]
#![cfg_attr(feature = "postgres", expect(clippy::panic, reason = "helpers of tests"))]

#[cfg(feature = "mysql")]
#[path = "../conformance_mariadb/ground.rs"]
mod mariadb;
#[cfg(feature = "postgres")]
#[path = "../conformance_postgres/ground.rs"]
mod postgres;
#[path = "../conformance/ground.rs"]
mod sqlite;

use hos_conformance::campaign::Campaign;
use hos_conformance::faults;
use hos_conformance::ground::Factory;

async fn withstand(factory: &dyn Factory) {
    let campaign = Campaign::from_environment(50);
    faults::withstand(factory, campaign.seed, campaign.size).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failures_on_sqlite_leave_state_and_proof_together_and_one_receipt_per_key() {
    withstand(&sqlite::SqliteFactory).await;
}

#[cfg(feature = "postgres")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failures_on_postgresql_leave_state_and_proof_together_and_one_receipt_per_key() {
    let server = match postgres::server() {
        Ok(server) => server,
        Err(error) => return hos_services::skip_or_fail(&error),
    };
    withstand(&postgres::PostgresFactory::new(server, |url| hos_sqlx::PostgresOptions::new(url)))
        .await;
}

#[cfg(feature = "mysql")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failures_on_mariadb_leave_state_and_proof_together_and_one_receipt_per_key() {
    let server = match hos_services::MariaDb::start() {
        Ok(server) => std::sync::Arc::new(server),
        Err(error) => return hos_services::skip_or_fail(&error),
    };
    let options = |url: &str| hos_sqlx::MysqlOptions::new(url);
    withstand(&mariadb::MariaDbFactory { server, options }).await;
}
