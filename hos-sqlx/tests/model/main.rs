//! The model of the commit protocol, walked on each database by two processes and an observer.
//!
//! `HOS_CAMPAIGN_SIZE` is the number of traces of each protocol, `HOS_CAMPAIGN_SEED` the seed.

#![expect(clippy::print_stdout, reason = "a walk says how far it went")]

use std::sync::Arc;

use hos_conformance::campaign::Campaign;
#[cfg(any(feature = "mysql", feature = "postgres"))]
use hos_conformance::ground::Sequenced;
use hos_conformance::model::{Protocol, Replay, Sight, Tally};
use hos_core::store::Backend;
use hos_sqlx::SqliteStore;

const TRACES: u64 = 25;
#[cfg(any(feature = "mysql", feature = "postgres"))]
const CONNECTIONS: u32 = 4;

/// Walks each protocol. Recalls that the store itself answered are its own to show: by then it has
/// a memory that others made old.
async fn walk(name: &str, backends: [Arc<dyn Backend>; 3], remembers: bool) {
    let campaign = Campaign::from_environment(TRACES);
    let mut replay = Replay::new(backends).await;
    let mut remembered = 0;
    for protocol in [Protocol::race(), Protocol::key(), Protocol::standing(), Protocol::whole()] {
        let mut tally = Tally::new(campaign.seed);
        for _ in 0..campaign.size {
            replay.walk(&protocol, &mut tally).await;
        }
        println!("{name} {}: {tally}", protocol.name);
        assert!(tally.seen(Sight::Conflict) > 0, "{tally}");
        assert!(tally.seen(Sight::Ambiguous) > 0, "{tally}");
        remembered += tally.remembered();
    }
    assert_eq!(remembered > 0, remembers, "{remembered}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_goes_every_way_that_the_model_goes() {
    let directory = tempfile::tempdir().unwrap();
    let mut backends: Vec<Arc<dyn Backend>> = Vec::new();
    for _ in 0..3 {
        let store = SqliteStore::open(directory.path().join("law.db")).await.unwrap();
        backends.push(Arc::new(store));
    }
    walk("SQLite", backends.try_into().ok().unwrap(), false).await;
}

#[cfg(feature = "postgres")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql_goes_every_way_that_the_model_goes() {
    let settings = [("fsync", "off"), ("full_page_writes", "off"), ("autovacuum", "off")];
    let server = match hos_services::Postgres::start_with(&settings) {
        Ok(server) => server,
        Err(error) => return hos_services::skip_or_fail(&error),
    };
    let url = server.create_database().unwrap();
    let mut backends: Vec<Arc<dyn Backend>> = Vec::new();
    for _ in 0..3 {
        let options = hos_sqlx::PostgresOptions::new(&url).connections(CONNECTIONS);
        let store = hos_sqlx::PostgresStore::open_with(options).await.unwrap();
        backends.push(Arc::new(Sequenced(store)));
    }
    walk("PostgreSQL", backends.try_into().ok().unwrap(), true).await;
}

#[cfg(feature = "mysql")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mariadb_goes_every_way_that_the_model_goes() {
    let server = match hos_services::MariaDb::start() {
        Ok(server) => server,
        Err(error) => return hos_services::skip_or_fail(&error),
    };
    let url = server.create_database().unwrap();
    let mut backends: Vec<Arc<dyn Backend>> = Vec::new();
    for _ in 0..3 {
        let options = hos_sqlx::MysqlOptions::new(&url).connections(CONNECTIONS);
        let store = hos_sqlx::MysqlStore::open_with(options).await.unwrap();
        backends.push(Arc::new(Sequenced(store)));
    }
    walk("MariaDB", backends.try_into().ok().unwrap(), true).await;
}
