//! What opening a file that is not right answers.

use std::path::PathBuf;
use std::time::Duration;

use hos_core::error::FaultKind;
use hos_core::laws::Contracts;
use hos_core::store::Archive;
use hos_sqlx::{SqliteOptions, SqliteStore, WithinExt};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor};
use tempfile::TempDir;

use crate::shop::open_shop;

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("store.db")
    }

    async fn sql(&self, statement: &'static str) {
        let options = SqliteConnectOptions::new().filename(self.path()).create_if_missing(true);
        let mut connection = options.connect().await.unwrap();
        connection.execute(statement).await.unwrap();
        connection.close().await.unwrap();
    }

    async fn kind(&self) -> FaultKind {
        let options = SqliteOptions::new(self.path()).busy_timeout(Duration::from_millis(200));
        SqliteStore::open_with(options).await.unwrap_err().kind()
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_corrupt() {
    let place = Place::new();
    std::fs::write(place.path(), [b'x'; 8_192]).unwrap();
    assert_eq!(place.kind().await, FaultKind::Corrupt);
}

#[tokio::test]
async fn a_damaged_database_is_corrupt() {
    let place = Place::new();
    SqliteStore::open(place.path()).await.unwrap().close().await.unwrap();
    let mut bytes = std::fs::read(place.path()).unwrap();
    bytes.iter_mut().skip(100).take(4_000).for_each(|byte| *byte = 0xff);
    std::fs::write(place.path(), bytes).unwrap();
    assert_eq!(place.kind().await, FaultKind::Corrupt);
}

#[tokio::test]
async fn another_applications_file_is_foreign() {
    let place = Place::new();
    place.sql("PRAGMA application_id = 77; CREATE TABLE theirs (x)").await;
    assert_eq!(place.kind().await, FaultKind::Foreign);
    place.sql("SELECT x FROM theirs").await;
}

#[tokio::test]
async fn a_newer_schema_is_said_to_be_newer() {
    let place = Place::new();
    SqliteStore::open(place.path()).await.unwrap().close().await.unwrap();
    place.sql("INSERT INTO hos_schema VALUES (99, 'later')").await;
    assert_eq!(place.kind().await, FaultKind::NewerSchema);
}

#[tokio::test]
async fn a_locked_file_is_busy() {
    let place = Place::new();
    place.sql("PRAGMA journal_mode = WAL; CREATE TABLE domain (x)").await;
    let options = SqliteConnectOptions::new().filename(place.path());
    let mut other = options.connect().await.unwrap();
    other.execute("BEGIN IMMEDIATE").await.unwrap();
    assert_eq!(place.kind().await, FaultKind::Busy);
    other.execute("ROLLBACK").await.unwrap();
    SqliteStore::open(place.path()).await.unwrap();
}

#[tokio::test]
async fn a_directory_that_is_not_there_is_unavailable() {
    let fault = SqliteStore::open("/no/such/directory/store.db").await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Unavailable);
    assert_eq!(Place(tempfile::tempdir().unwrap()).path().extension().unwrap(), "db");
}

#[tokio::test]
async fn a_store_in_memory_is_refused() {
    for path in ["", ":memory:"] {
        assert_eq!(SqliteStore::open(path).await.unwrap_err().kind(), FaultKind::Foreign);
    }
}

#[tokio::test]
async fn a_read_only_connection_says_so() {
    let shop = open_shop().await;
    let mut transaction = shop.store.begin().await.unwrap();
    transaction.execute("PRAGMA query_only = ON").await.unwrap();
    let opened = shop.hos.within(&mut transaction).open(&shop.opening("o-1")).await;
    assert_eq!(opened.unwrap_err().fault().unwrap().kind(), FaultKind::ReadOnly);
    transaction.execute("PRAGMA query_only = OFF").await.unwrap();
    transaction.rollback().await.unwrap();
}

#[tokio::test]
async fn a_full_store_says_so_and_holds_nothing_half_done() {
    let shop = open_shop().await;
    let mut transaction = shop.store.begin().await.unwrap();
    transaction.execute("PRAGMA max_page_count = 1").await.unwrap();
    transaction.rollback().await.unwrap();
    let mut full = None;
    for number in 0..400 {
        if let Err(error) = shop.hos.open(&shop.opening(&number.to_string())).await {
            full = Some(error);
            break;
        }
    }
    assert_eq!(full.unwrap().fault().unwrap().kind(), FaultKind::Full);
    shop.audit().await;
}

#[tokio::test]
async fn a_worlds_own_file_is_shared() {
    let place = Place::new();
    place.sql("CREATE TABLE domain (x); INSERT INTO domain VALUES (1)").await;
    let store = SqliteStore::open(place.path()).await.unwrap();
    let mut transaction = store.begin().await.unwrap();
    transaction.execute("UPDATE domain SET x = 2").await.unwrap();
    transaction.commit().await.unwrap();
    let reader = sqlx::query("UPDATE domain SET x = 3").execute(store.reader()).await;
    assert!(reader.is_err(), "a reader refuses to write");
    store.close().await.unwrap();
    store.close().await.unwrap();
    let world = hos_core::id::World::new("pazar").unwrap();
    assert_eq!(store.laws(&world).await.unwrap_err().kind(), FaultKind::Unavailable);
    assert!(!place.path().with_extension("db-wal").exists(), "nothing is left in the log");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_open_at_once_agree() {
    for _ in 0..16 {
        let place = Place::new();
        let openings = (0..8).map(|_| {
            let path = place.path();
            tokio::spawn(async move { SqliteStore::open(path).await })
        });
        for opening in openings.collect::<Vec<_>>() {
            opening.await.unwrap().unwrap();
        }
        place.sql("SELECT version FROM hos_schema").await;
    }
}
