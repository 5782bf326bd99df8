//! A disk that is full, others that hold what is needed, a server that breaks off or gives up: a
//! typed fault or a retry that nobody sees, and nothing half written.

use std::time::Duration;

use hos_core::error::{Error, FaultKind};
use hos_core::prelude::*;
use hos_services::MariaDb;
use hos_sqlx::{MysqlOptions, WithinExt};
use hos_work::Lane;
use sqlx::{AssertSqlSafe, Executor};

use crate::shop::{Shop, open_at, open_shop, open_with, server};

pub(crate) const ROWS: &str = "SELECT CAST((SELECT count(*) FROM hos_receipt)
    + (SELECT count(*) FROM hos_entry) + (SELECT count(*) FROM hos_pending)
    + (SELECT count(*) FROM hos_outbox) + (SELECT coalesce(sum(revision), 0) FROM hos_subject)
    AS SIGNED)";

/// A shop of its own with two orders; none where there is no server.
async fn place(with: fn(MysqlOptions) -> MysqlOptions) -> Option<Shop> {
    let shop = open_with(server()?.create_database().unwrap(), with).await;
    shop.open("o-1").await;
    shop.open("o-2").await;
    Some(shop)
}

fn touch(shop: &Shop, key: &str) -> Command {
    Command::new(&shop.owner, &shop.order("o-1"), "touch").key(key)
}

fn kind(answer: Result<Receipt, Error>) -> Option<FaultKind> {
    answer.unwrap_err().fault().map(Fault::kind)
}

/// What every way of moving answers.
async fn kinds(shop: &Shop) -> Vec<Option<FaultKind>> {
    let alone = shop.hos.transition(&touch(shop, "alone")).await;
    let in_lane = Lane::new(shop.hos.clone()).transition(&touch(shop, "lane")).await;
    let both = touch(shop, "both").and(&shop.order("o-2"), "touch");
    let both = shop.hos.transition(&both).await;
    let commands = [touch(shop, "first"), touch(shop, "second")];
    let batch = shop.hos.transition_all(&commands).await;
    [alone, in_lane, both].into_iter().chain(batch).map(kind).collect()
}

/// What was refused succeeds when the cause is gone.
async fn goes_on(shop: &Shop) {
    for key in ["alone", "lane", "first", "second"] {
        let receipt = shop.hos.transition(&touch(shop, key)).await.unwrap();
        assert!(!receipt.replayed, "{key}");
    }
    shop.audit().await;
}

/// Before every entry, what the body says.
async fn plant(shop: &Shop, body: &str) {
    let trigger = format!(
        "CREATE OR REPLACE TRIGGER planted BEFORE INSERT ON hos_entry FOR EACH ROW
        BEGIN {body} END"
    );
    shop.store.pool().execute(AssertSqlSafe(trigger)).await.unwrap();
}

fn signal(code: u16) -> String {
    format!("SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = {code}, MESSAGE_TEXT = 'as if';")
}

#[tokio::test]
async fn each_answer_of_the_server_has_its_kind_and_writes_nothing() {
    let Some(shop) = place(|options| options).await else { return };
    let before = shop.number(ROWS).await;
    for (expected, codes) in [
        (FaultKind::Busy, &[1020, 1205, 1213, 3572][..]),
        (FaultKind::Unavailable, &[1203, 1226]),
        (FaultKind::Full, &[1021, 1041, 1114]),
        (FaultKind::ReadOnly, &[1036, 1290, 1792, 1836]),
        (FaultKind::Unauthorized, &[1044, 1142, 1143, 1227, 1370]),
        (FaultKind::Corrupt, &[1034, 1712]),
        (FaultKind::Limit, &[1153, 1406]),
    ] {
        for code in codes {
            plant(&shop, &signal(*code)).await;
            assert_eq!(kinds(&shop).await, vec![Some(expected); 5], "{code}");
            assert_eq!(shop.number(ROWS).await, before, "{code}: nothing is half written");
        }
    }
    shop.store.pool().execute("DROP TRIGGER planted").await.unwrap();
    goes_on(&shop).await;
}

#[tokio::test]
async fn a_collision_that_passes_is_tried_again_unseen() {
    let Some(shop) = place(|options| options).await else { return };
    shop.store.pool().execute("CREATE SEQUENCE collisions").await.unwrap();
    for code in [1020, 1213] {
        let fails = signal(code);
        plant(&shop, &format!("IF NEXTVAL(collisions) % 3 <> 0 THEN {fails} END IF;")).await;
        for number in 0..4 {
            let key = format!("{code}-{number}");
            shop.hos.transition(&touch(&shop, &key)).await.unwrap();
        }
    }
    shop.store.pool().execute("DROP TRIGGER planted").await.unwrap();
    goes_on(&shop).await;
}

#[tokio::test]
async fn a_deadlock_with_another_is_tried_again_unseen() {
    let Some(shop) = place(|options| options.lock_timeout(Duration::from_secs(30))).await else {
        return;
    };
    let mut other = shop.stranger().await;
    for statement in [
        "CREATE TABLE stock (id INT PRIMARY KEY, n INT)",
        "INSERT INTO stock SELECT seq, 0 FROM seq_1_to_500",
        // As the trigger of a guarded column does.
        "CREATE TRIGGER counted AFTER UPDATE ON hos_subject FOR EACH ROW
            UPDATE stock SET n = n + 1 WHERE id = 2",
        "START TRANSACTION",
        // So much that the law is chosen to end.
        "UPDATE stock SET n = n + 2",
    ] {
        other.execute(statement).await.unwrap();
    }
    for batch in [vec!["one"], vec!["two", "three"]] {
        let commands: Vec<Command> = batch.iter().map(|key| touch(&shop, key)).collect();
        let hos = shop.hos.clone();
        let moving = tokio::spawn(async move { hos.transition_all(&commands).await });
        shop.somebody_waits().await;
        // The row that the law holds: it is the law that is undone.
        let row = "SELECT * FROM hos_subject WHERE id = 'o-1' FOR UPDATE";
        other.execute(row).await.unwrap();
        other.execute("COMMIT").await.unwrap();
        for answer in moving.await.unwrap() {
            assert!(!answer.unwrap().replayed);
        }
        other.execute("START TRANSACTION").await.unwrap();
        other.execute("UPDATE stock SET n = n + 2").await.unwrap();
    }
    other.execute("ROLLBACK").await.unwrap();
    goes_on(&shop).await;
}

/// How many moves find room in pages that are there.
const TOUCHES_MAX: usize = 2_000;

#[tokio::test]
async fn a_disk_that_is_really_full_is_full() {
    let started = MariaDb::start_with(&[
        ("innodb-file-per-table", "0"),
        ("innodb-data-file-path", "ibdata1:12M:autoextend:max:24M"),
    ]);
    let Ok(server) = started.inspect_err(hos_services::skip_or_fail) else { return };
    let shop = open_at(server.create_database().unwrap()).await;
    shop.open("o-1").await;
    shop.open("o-2").await;
    let mut hog = shop.stranger().await;
    hog.execute("CREATE TABLE hog (bytes LONGBLOB)").await.unwrap();
    let fill = |size: u32| AssertSqlSafe(format!("INSERT INTO hog VALUES (repeat('x', {size}))"));
    for size in [1 << 20, 1 << 14, 1 << 10] {
        while hog.execute(fill(size)).await.is_ok() {}
    }
    // What pages have room left for is still written.
    for number in 0..TOUCHES_MAX {
        let before = shop.number(ROWS).await;
        let touched = shop.hos.transition(&touch(&shop, &format!("fill-{number}"))).await;
        if touched.is_err() {
            assert_eq!(kind(touched), Some(FaultKind::Full));
            assert_eq!(shop.number(ROWS).await, before, "nothing is half written");
            return;
        }
    }
    panic!("the disk is never full");
}

#[tokio::test]
async fn what_others_hold_for_longer_than_a_lock_may_take_is_busy() {
    let Some(shop) = place(|options| options.lock_timeout(Duration::from_secs(1))).await else {
        return;
    };
    held_by_another(&shop).await;
}

#[tokio::test]
async fn what_others_hold_for_longer_than_a_statement_may_take_is_busy() {
    let Some(shop) = place(hurried).await else { return };
    held_by_another(&shop).await;
    // What only reads, too.
    let mut other = shop.stranger().await;
    other.execute("LOCK TABLES hos_entry WRITE").await.unwrap();
    let history = shop.hos.history(&shop.order("o-1"), 0, 10).await;
    assert_eq!(history.unwrap_err().kind(), FaultKind::Busy);
    other.execute("UNLOCK TABLES").await.unwrap();
}

async fn held_by_another(shop: &Shop) {
    let before = shop.number(ROWS).await;
    let mut other = shop.stranger().await;
    other.execute("START TRANSACTION").await.unwrap();
    other.execute("SELECT * FROM hos_subject WHERE id = 'o-1' FOR UPDATE").await.unwrap();
    assert_eq!(kinds(shop).await, vec![Some(FaultKind::Busy); 5]);
    other.execute("ROLLBACK").await.unwrap();
    assert_eq!(shop.number(ROWS).await, before, "nothing is half written");
    goes_on(shop).await;
}

fn hurried(options: MysqlOptions) -> MysqlOptions {
    let options = options.lock_timeout(Duration::from_secs(20));
    options.statement_timeout(Duration::from_millis(200))
}

#[tokio::test]
async fn a_callers_transaction_in_which_the_law_waited_too_long_lives() {
    let Some(shop) = place(hurried).await else { return };
    let mut other = shop.stranger().await;
    for statement in [
        "CREATE TABLE stock (id INT PRIMARY KEY, n INT)",
        "INSERT INTO stock VALUES (1, 0)",
        // As the trigger of a guarded column does.
        "CREATE TRIGGER counted AFTER UPDATE ON hos_subject FOR EACH ROW
            UPDATE stock SET n = 7 WHERE id = 1",
        "START TRANSACTION",
        "UPDATE stock SET n = 1 WHERE id = 1",
    ] {
        other.execute(statement).await.unwrap();
    }
    let mut own = shop.store.begin().await.unwrap();
    own.execute("INSERT INTO stock VALUES (2, 0)").await.unwrap();
    let waited = shop.hos.within(&mut own).transition(&touch(&shop, "late")).await;
    assert_eq!(kind(waited), Some(FaultKind::Busy));
    other.execute("ROLLBACK").await.unwrap();
    let late = shop.hos.within(&mut own).transition(&touch(&shop, "late")).await.unwrap();
    assert!(!late.replayed, "no receipt of what was not done");
    own.commit().await.unwrap();
    assert_eq!(shop.number("SELECT count(*) FROM stock").await, 2);
    goes_on(&shop).await;
}

#[tokio::test]
async fn a_server_that_has_become_read_only_says_so() {
    let Ok(server) = MariaDb::start().inspect_err(hos_services::skip_or_fail) else { return };
    let shop = open_at(server.create_database().unwrap()).await;
    shop.open("o-1").await;
    shop.open("o-2").await;
    let before = shop.number(ROWS).await;
    server.set("read_only", "1").unwrap();
    assert_eq!(kinds(&shop).await, vec![Some(FaultKind::ReadOnly); 5]);
    let empty = server.create_database().unwrap();
    let opened = hos_sqlx::MysqlStore::open(&empty).await;
    assert_eq!(opened.unwrap_err().kind(), FaultKind::ReadOnly);
    server.set("read_only", "0").unwrap();
    assert_eq!(shop.number(ROWS).await, before, "nothing is half written");
    goes_on(&shop).await;
}

#[tokio::test]
async fn a_pool_without_a_free_connection_is_unavailable() {
    let Some(shop) = open_shop().await else { return };
    let options = MysqlOptions::new(&shop.url).connections(1);
    let options = options.acquire_timeout(Duration::from_millis(200));
    let store = hos_sqlx::MysqlStore::open_with(options).await.unwrap();
    let held = store.begin().await.unwrap();
    assert_eq!(store.begin().await.unwrap_err().kind(), FaultKind::Unavailable);
    held.rollback().await.unwrap();
}

/// As where its machine is gone from the network: its process is stopped, its socket is open.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_falls_silent_is_not_waited_for() {
    if server().is_none() {
        return;
    }
    let own = MariaDb::start().unwrap();
    let with: fn(MysqlOptions) -> MysqlOptions =
        |options| options.connections(1).statement_timeout(Duration::from_secs(1));
    let shop = open_with(own.create_database().unwrap(), with).await;
    shop.open("o-1").await;
    let pid = own.pid().unwrap();
    let signal = |signal: &str| {
        let sent = std::process::Command::new("kill").args([signal, &pid.to_string()]).status();
        assert!(sent.unwrap().success(), "{signal}");
    };
    let batch = [touch(&shop, "first"), touch(&shop, "second")];
    for key in ["alone", "batch", "load", "number"] {
        signal("-STOP");
        let fault = match key {
            "alone" => shop.hos.transition(&touch(&shop, key)).await.map(drop),
            "batch" => shop.hos.transition_all(&batch).await.remove(1).map(drop),
            "load" => shop.hos.situation(&shop.order("o-1")).await.map(drop),
            _ => shop.hos.sequence_pending(100).await.map(drop).map_err(Error::from),
        };
        signal("-CONT");
        let kind = fault.unwrap_err().fault().map(Fault::kind);
        // Whether the silence met the commit or what was asked before it: a connection that rested
        // is asked whether it lives.
        let is_uncertain = kind == Some(FaultKind::Ambiguous) && ["alone", "batch"].contains(&key);
        assert!(is_uncertain || kind == Some(FaultKind::Unavailable), "{key}: {kind:?}");
        shop.hos.transition(&touch(&shop, &format!("{key} after"))).await.unwrap();
    }
    // What was told to be uncertain has one receipt, whichever way it went.
    for key in ["alone", "first", "second"] {
        shop.hos.transition(&touch(&shop, key)).await.unwrap();
    }
    shop.audit().await;
}
