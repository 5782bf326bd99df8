//! Entries of old months, each in a partition of its own.

use hos_core::prelude::*;
use hos_core::time::{ManualClock, Timestamp};
use hos_sqlx::SqliteStore;

use super::server::{House, Server};
use super::source::{self, laws, owner, subject};
use super::{FEW, moved};

/// A day, and how many entries the partition of its month is to have on each server. What comes
/// later in the log is not always the later.
const DAYS: [(&str, &str, &str); 3] = [
    (
        "2023-12-24T12:00:00Z",
        "SELECT count(*) FROM hos_entry_202312",
        "SELECT count(*) FROM hos_entry PARTITION (hos_2023_12)",
    ),
    (
        "2020-01-31T23:59:59Z",
        "SELECT count(*) FROM hos_entry_202001",
        "SELECT count(*) FROM hos_entry PARTITION (hos_2020_01)",
    ),
    (
        "2020-03-01T00:00:00Z",
        "SELECT count(*) FROM hos_entry_202003",
        "SELECT count(*) FROM hos_entry PARTITION (hos_2020_03)",
    ),
];

pub(crate) async fn apart(server: Server) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("source.db");
    source::build(&path, FEW).await;
    let store = SqliteStore::open(&path).await.unwrap();
    for (number, (day, ..)) in (2_000_000..).zip(DAYS) {
        let clock = ManualClock::at(Timestamp::parse(day).unwrap());
        let options = HosOptions::default().clock(clock);
        let hos = Hos::open_with(laws(), store.clone(), options).await.unwrap();
        let opening = Opening::new(&owner(), &subject("pazar", "firm-1", "order", number));
        hos.open(&opening.attribute("note", "old").key(day)).await.unwrap();
    }
    store.close().await.unwrap();
    let url = server.database();
    moved(&path, &url).await;
    for (day, on_postgres, on_mariadb) in DAYS {
        let counted = match server {
            Server::Postgres => server.number(&url, on_postgres).await,
            Server::MariaDb => server.number(&url, on_mariadb).await,
        };
        assert_eq!(counted, 1, "{day}");
    }
    House::open(&url).await.unwrap().close().await;
}
