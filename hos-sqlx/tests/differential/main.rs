//! Random command sequences on each database and in memory: the same answers, the same leaf bytes.
//!
//! `HOS_CAMPAIGN_SIZE` is the number of steps in all, `HOS_CAMPAIGN_SEED` the first seed.

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
use hos_conformance::differential::differential;
use hos_conformance::ground::Factory;

const SEEDS: u64 = 10;

async fn compare(factory: &dyn Factory) {
    let campaign = Campaign::from_environment(1_000);
    for seed in campaign.seeds(SEEDS) {
        differential(factory, seed, campaign.size / SEEDS).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_answers_and_keeps_what_the_store_in_memory_does() {
    compare(&sqlite::SqliteFactory).await;
}

#[cfg(feature = "postgres")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql_answers_and_keeps_what_the_store_in_memory_does() {
    let server = match postgres::server() {
        Ok(server) => server,
        Err(error) => return hos_services::skip_or_fail(&error),
    };
    // What is judged twice takes an id more, which the leaves would tell.
    let options = |url: &str| hos_sqlx::PostgresOptions::new(url).subject_bytes_cached(0);
    compare(&postgres::PostgresFactory::new(server, options)).await;
}

#[cfg(feature = "mysql")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mariadb_answers_and_keeps_what_the_store_in_memory_does() {
    let server = match hos_services::MariaDb::start() {
        Ok(server) => std::sync::Arc::new(server),
        Err(error) => return hos_services::skip_or_fail(&error),
    };
    // What is judged twice takes an id more, which the leaves would tell.
    let options = |url: &str| hos_sqlx::MysqlOptions::new(url).subject_bytes_cached(0);
    compare(&mariadb::MariaDbFactory { server, options }).await;
}
