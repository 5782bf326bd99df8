//! No statement of the hot path reads a table from end to end.

use sqlx::{AssertSqlSafe, Row};

use crate::shop::open_shop;

/// The tables that the plan reads whole.
async fn scans(statement: &str) -> Option<Vec<String>> {
    let shop = open_shop().await?;
    shop.open("o-1").await;
    // Enough rows that a scan is never the cheaper way.
    let fill = "INSERT INTO hos_scope (world, tenant) SELECT 'filler', seq FROM seq_1_to_2000;
        INSERT INTO hos_log SELECT seq, 0, '' FROM seq_101_to_2000;
        INSERT INTO hos_mode SELECT seq, 'a.b', 'off' FROM seq_101_to_2000;
        INSERT INTO hos_grant (scope, actor, id, pattern, until, break_glass)
            SELECT seq, 'a', 'b', '*', 0, 0 FROM seq_101_to_2000;
        ANALYZE TABLE hos_scope, hos_log, hos_mode, hos_grant";
    sqlx::raw_sql(fill).fetch_all(shop.store.pool()).await.unwrap();
    let asked = statement.replace("json_table(?", "json_table('[[\"a\", \"b\", \"c\"]]'");
    let asked = asked.replace('?', "'1'").replace("LIMIT '1'", "LIMIT 1");
    let explain = AssertSqlSafe(format!("EXPLAIN {asked}"));
    let rows = sqlx::raw_sql(explain).fetch_all(shop.store.pool()).await.unwrap();
    assert!(!rows.is_empty(), "{statement}");
    let text = |row: &sqlx::mysql::MySqlRow, column: &str| {
        row.get_unchecked::<Option<String>, _>(column).unwrap_or_default()
    };
    let tables = ["hos_", "own", "world", "subject", "receipt"];
    let is_law = |table: &str| tables.iter().any(|name| table.starts_with(name));
    let scans = rows.iter().filter(|row| text(row, "type") == "ALL");
    Some(scans.map(|row| text(row, "table")).filter(|table| is_law(table)).collect())
}

macro_rules! searches {
    ($($name:ident: $text:expr;)*) => {$(
        #[tokio::test]
        async fn $name() {
            let Some(scans) = scans($text).await else { return };
            assert!(scans.is_empty(), "{scans:?}");
        }
    )*};
}

searches! {
    load: include_str!("../../src/mysql/load.sql");
    scopes: include_str!("../../src/mysql/scopes.sql");
    verify: include_str!("../../src/mysql/verify.sql");
    find: include_str!("../../src/mysql/find.sql");
    page: include_str!("../../src/mysql/page.sql");
    history: include_str!("../../src/mysql/history.sql");
    head: include_str!("../../src/mysql/head.sql");
    members: include_str!("../../src/mysql/members.sql");
    tenants: include_str!("../../src/mysql/tenants.sql");
    pins: include_str!("../../src/mysql/pins.sql");
    logs: include_str!("../../src/mysql/logs.sql");
    due_timers: include_str!("../../src/mysql/due_timers.sql");
    postpone_timers: include_str!("../../src/mysql/postpone_timers.sql");
}
