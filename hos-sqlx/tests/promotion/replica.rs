//! A standby shows what was written, or gives way to the primary; nothing is decided on it.

use std::time::Duration;

use hos_core::error::FaultKind;
use hos_services::{Postgres, wait_until};
use hos_sqlx::postgres::{Position, Replica};
use hos_sqlx::{PostgresOptions, PostgresStore};
use sqlx::Executor as _;

/// Longer than any standby here lags.
const PATIENCE: Duration = Duration::from_secs(30);
/// For one that will not come.
const IMPATIENCE: Duration = Duration::from_millis(200);
/// Longer than anybody waits for an answer.
const FOREVER: Duration = Duration::from_secs(3_600);

struct Pair {
    primary: Postgres,
    standby: Postgres,
    store: PostgresStore,
    database: String,
}

impl Pair {
    /// None, loudly, where servers cannot be started.
    async fn start() -> Option<Self> {
        let primary = Postgres::start().inspect_err(hos_services::skip_or_fail).ok()?;
        let url = primary.create_database().unwrap();
        let database = url.rsplit('/').next().unwrap().to_owned();
        let standby = primary.standby().unwrap();
        let options = PostgresOptions::new(url).replica_url(standby.url(&database));
        let store = PostgresStore::open_with(options.acquire_timeout(FOREVER)).await.unwrap();
        let table = "CREATE TABLE shelf (book text NOT NULL)";
        sqlx::query(table).execute(store.pool()).await.unwrap();
        Some(Self { primary, standby, store, database })
    }

    async fn write(&self, book: &str) -> Position {
        let insert = sqlx::query("INSERT INTO shelf (book) VALUES ($1)").bind(book);
        insert.execute(self.store.pool()).await.unwrap();
        self.store.position().await.unwrap()
    }

    async fn end(self) {
        self.store.close().await;
    }
}

async fn has(replica: &Replica, book: &str) -> bool {
    let found = sqlx::query_scalar("SELECT EXISTS (SELECT FROM shelf WHERE book = $1)").bind(book);
    found.fetch_one(replica.pool()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_shows_what_was_written_before_a_position() {
    let Some(pair) = Pair::start().await else { return };
    for number in 0..20 {
        let book = format!("book {number}");
        let position = pair.write(&book).await;
        let position = Position::parse(position.as_str()).unwrap();
        let replica = pair.store.replica(Some(&position), PATIENCE).await;
        assert!(replica.is_standby() && has(&replica, &book).await);
    }
    assert!(pair.store.replica(None, IMPATIENCE).await.is_standby());
    pair.end().await;
}

/// The writer's commit is nowhere but in memory when it is answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_did_not_wait_for_the_disk_is_before_its_position() {
    let Some(pair) = Pair::start().await else { return };
    pair.primary.set("wal_writer_delay", "1s").unwrap();
    for number in 0..5 {
        let book = format!("book {number}");
        let mut writer = pair.store.begin().await.unwrap();
        writer.execute("SET LOCAL synchronous_commit = off").await.unwrap();
        let insert = sqlx::query("INSERT INTO shelf (book) VALUES ($1)").bind(&book);
        insert.execute(&mut *writer).await.unwrap();
        writer.commit().await.unwrap();
        let position = pair.store.position().await.unwrap();
        let replica = pair.store.replica(Some(&position), PATIENCE).await;
        assert!(has(&replica, &book).await, "{number}: read your writes");
        assert!(replica.is_standby(), "{number}: the standby came so far");
    }
    pair.end().await;
}

/// What others have begun to write stands before the position, and nobody writes it down for them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_position_does_not_wait_for_others_to_commit() {
    let Some(pair) = Pair::start().await else { return };
    let mut other = pair.store.begin().await.unwrap();
    for number in 0..5 {
        let book = format!("book {number}");
        pair.write(&book).await;
        sqlx::query("INSERT INTO shelf (book) VALUES ('open')").execute(&mut *other).await.unwrap();
        let position = pair.store.position().await.unwrap();
        let replica = pair.store.replica(Some(&position), PATIENCE).await;
        assert!(replica.is_standby() && has(&replica, &book).await, "{number}");
    }
    other.rollback().await.unwrap();
    pair.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_standby_gives_way_to_the_primary() {
    let Some(pair) = Pair::start().await else { return };
    pair.standby.query("postgres", "SELECT pg_wal_replay_pause();", &[]).unwrap();
    let paused = "SELECT pg_get_wal_replay_pause_state();";
    // It says so at the next record.
    pair.write("the record").await;
    let is_paused = || Ok(pair.standby.query("postgres", paused, &[])? == "paused");
    wait_until("pausing", is_paused).unwrap();
    let position = pair.write("the book").await;
    let replica = pair.store.replica(Some(&position), IMPATIENCE).await;
    assert!(!replica.is_standby() && has(&replica, "the book").await);
    pair.standby.query("postgres", "SELECT pg_wal_replay_resume();", &[]).unwrap();
    let replica = pair.store.replica(Some(&position), PATIENCE).await;
    assert!(replica.is_standby() && has(&replica, "the book").await);
    pair.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_standby_gives_way_to_the_primary() {
    let Some(pair) = Pair::start().await else { return };
    let position = pair.write("the book").await;
    assert!(pair.store.replica(Some(&position), PATIENCE).await.is_standby());
    pair.standby.kill().unwrap();
    for after in [Some(&position), None] {
        let replica = pair.store.replica(after, IMPATIENCE);
        let replica = tokio::time::timeout(PATIENCE, replica).await.expect("patience has an end");
        assert!(!replica.is_standby(), "{after:?}");
        assert!(has(&replica, "the book").await, "{after:?}");
    }
    pair.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_promoted_standby_is_no_standby() {
    let Some(pair) = Pair::start().await else { return };
    let position = pair.write("the book").await;
    assert!(pair.store.replica(Some(&position), PATIENCE).await.is_standby());
    pair.standby.promote().unwrap();
    for after in [Some(&position), None] {
        assert!(!pair.store.replica(after, IMPATIENCE).await.is_standby(), "{after:?}");
    }
    pair.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_is_not_opened_on_a_standby() {
    let Some(pair) = Pair::start().await else { return };
    let position = pair.write("the book").await;
    assert!(pair.store.replica(Some(&position), PATIENCE).await.is_standby());
    let fault = PostgresStore::open(&pair.standby.url(&pair.database)).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::ReadOnly, "{fault:?}");
    assert!(pair.primary.pid().is_some());
    pair.end().await;
}

#[test]
fn a_position_is_read_as_postgresql_writes_it() {
    for text in ["0/0", "0/16B3748", "FFFFFFFF/ffffffff"] {
        assert_eq!(Position::parse(text).unwrap().as_str(), text);
    }
    let bad = [
        "",
        "/",
        "0/",
        "/0",
        "0",
        "0/1/2",
        "0//1",
        " 0/1",
        "0/1 ",
        "0/1\n",
        "0/+1",
        "-1/0",
        "g/0",
        "0x1/0",
        "123456789/0",
        "0/123456789",
        "0/\u{661}",
        "0/1'; SELECT 1",
    ];
    for text in bad {
        assert_eq!(Position::parse(text).unwrap_err().kind(), FaultKind::Limit, "`{text}`");
    }
}
