//! No statement of the hot path reads a table from end to end.

use sqlx::{AssertSqlSafe, Row};

use crate::shop::open_shop;

async fn plan(statement: &str) -> Vec<String> {
    let shop = open_shop().await;
    let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {statement}"));
    let rows = sqlx::raw_sql(explain).fetch_all(shop.store.reader()).await.unwrap();
    let lines: Vec<String> = rows.iter().map(|row| row.get::<String, _>("detail")).collect();
    assert!(!lines.is_empty(), "{statement}");
    lines
}

/// The plan's lines that read a whole table of the law's.
async fn scans(statement: &str) -> Vec<String> {
    let lines = plan(statement).await;
    let tables = ["hos_", "live", "own", "world", "subject", "receipt"];
    let scans = |line: &String| {
        line.strip_prefix("SCAN ")
            .is_some_and(|rest| tables.iter().any(|table| rest.starts_with(table)))
    };
    lines.into_iter().filter(scans).collect()
}

macro_rules! searches {
    ($($name:ident: $text:expr;)*) => {$(
        #[tokio::test]
        async fn $name() {
            let scans = scans($text).await;
            assert!(scans.is_empty(), "{scans:?}");
        }
    )*};
}

searches! {
    load: include_str!("../../src/sqlite/load.sql");
    verify: include_str!("../../src/sqlite/verify.sql");
    find: include_str!("../../src/sqlite/find.sql");
    page: include_str!("../../src/sqlite/page.sql");
    history: include_str!("../../src/sqlite/history.sql");
    head: include_str!("../../src/sqlite/head.sql");
    members: include_str!("../../src/sqlite/members.sql");
    tenants: include_str!("../../src/sqlite/tenants.sql");
    pinned: include_str!("../../src/sqlite/pinned.sql");
    verify_migration: include_str!("../../src/sqlite/verify_migration.sql");
    pins: include_str!("../../src/sqlite/pins.sql");
    due_timers: include_str!("../../src/sqlite/due_timers.sql");
    postpone_timers: include_str!("../../src/sqlite/postpone_timers.sql");
    sweep_receipts: include_str!("../../src/sqlite/sweep_receipts.sql");
    done: include_str!("../../src/sqlite/done.sql");
}

#[tokio::test]
async fn a_write_searches_in_its_triggers_too() {
    // The plan of a statement through the view does not tell of its triggers: their statements'
    // parts are looked at on their own.
    for statement in [
        "SELECT 1 FROM hos_subject WHERE scope = ?1 AND kind = ?2 AND id = ?3 AND revision = ?4",
        "UPDATE hos_scope SET log_size = ?1 WHERE number = ?2 AND log_size = ?3",
        "SELECT 1 FROM hos_entry WHERE subject = ?1 AND revision = ?2 AND moves = 1",
        "SELECT 1 FROM hos_entry
         WHERE scope = ?1 >> 40 AND dedup = ?2 AND dedup IS NOT NULL",
        "SELECT 1 FROM hos_receipt WHERE scope = ?1 AND key = ?2",
        "DELETE FROM hos_timer WHERE subject = ?1",
        "UPDATE hos_subject SET contract = ?1 WHERE number = ?2",
        "DELETE FROM hos_live WHERE scope = ?1 AND kind = ?2 AND contract = ?3 AND id = ?4",
        "DELETE FROM hos_member
         WHERE ?2 ->> '$.row' = 'member' AND scope = ?1 AND actor = ?2 ->> '$.actor'",
        "DELETE FROM hos_grant
         WHERE scope = ?1 AND actor = ?2 ->> '$.actor' AND id = ?2 ->> '$.id'",
    ] {
        let scans = scans(statement).await;
        assert!(scans.is_empty(), "{statement}: {scans:?}");
    }
}

#[tokio::test]
async fn due_timers_are_read_in_the_order_of_their_index() {
    let plan = plan(include_str!("../../src/sqlite/due_timers.sql")).await;
    let search = "SEARCH hos_timer USING INDEX hos_timer_due (world=? AND due_at<?)";
    assert!(plan.iter().any(|line| line == search), "{plan:?}");
    assert!(!plan.iter().any(|line| line.contains("TEMP B-TREE")), "{plan:?}");
}
