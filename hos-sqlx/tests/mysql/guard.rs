//! A status column of the world's that only the law may write.

use hos_core::error::FaultKind;
use hos_core::id::{Kind, State, World};
use hos_core::prelude::*;
use hos_sqlx::{GuardedColumn, WithinExt};
use sqlx::{Executor, MySqlConnection};

use crate::shop::{Shop, open_shop};

fn column() -> GuardedColumn {
    GuardedColumn {
        world: World::new("pazar").unwrap(),
        kind: Kind::new("order").unwrap(),
        initial: State::new("pending").unwrap(),
        table: "orders".to_owned(),
        tenant_column: Some("firm".to_owned()),
        id_column: "id".to_owned(),
        status_column: "status".to_owned(),
    }
}

async fn guarded() -> Option<(Shop, MySqlConnection)> {
    let shop = open_shop().await?;
    let mut stranger = shop.stranger().await;
    let table = "CREATE TABLE orders (
        id VARCHAR(64), firm VARCHAR(64), status VARCHAR(32) DEFAULT 'pending',
        total INTEGER DEFAULT 0, PRIMARY KEY (firm, id))
        CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci";
    stranger.execute(table).await.unwrap();
    shop.store.guard(&column()).await.unwrap();
    shop.store.guard(&column()).await.unwrap();
    Some((shop, stranger))
}

async fn status(shop: &Shop, id: &str) -> String {
    let query = "SELECT status FROM orders WHERE firm = 'firm-1' AND id = ?";
    sqlx::query_scalar(query).bind(id).fetch_one(shop.store.reader()).await.unwrap()
}

async fn assert_guarded(stranger: &mut MySqlConnection, statement: &'static str) {
    let error = stranger.execute(statement).await.expect_err(statement);
    let message = error.as_database_error().unwrap().message().to_owned();
    assert!(message.starts_with("hos:guarded"), "{statement}: {message}");
}

#[tokio::test]
async fn the_law_writes_the_column() {
    let Some((shop, mut stranger)) = guarded().await else { return };
    stranger.execute("INSERT INTO orders (id, firm) VALUES ('o-1', 'firm-1')").await.unwrap();
    shop.open("o-1").await;
    assert_eq!(status(&shop, "o-1").await, "pending");
    shop.act("o-1", "pay").await;
    assert_eq!(status(&shop, "o-1").await, "paid");
    let mut transaction = shop.store.begin().await.unwrap();
    let insert = "INSERT INTO orders (id, firm, total) VALUES ('o-2', 'firm-1', 7)";
    transaction.execute(insert).await.unwrap();
    let within = shop.hos.within(&mut transaction);
    within.open(&shop.opening("o-2")).await.unwrap();
    within.transition(&shop.command("o-2", "pay")).await.unwrap();
    drop(within);
    transaction.rollback().await.unwrap();
    assert_eq!(shop.number("SELECT count(*) FROM orders").await, 1);
    shop.audit().await;
}

#[tokio::test]
async fn plain_sql_cannot_write_it() {
    let Some((shop, mut stranger)) = guarded().await else { return };
    stranger.execute("INSERT INTO orders (id, firm) VALUES ('o-1', 'firm-1')").await.unwrap();
    // No law row yet: the initial state and nothing else.
    assert_guarded(&mut stranger, "UPDATE orders SET status = 'paid' WHERE id = 'o-1'").await;
    let insert = "INSERT INTO orders (id, firm, status) VALUES ('o-9', 'firm-1', 'paid')";
    assert_guarded(&mut stranger, insert).await;
    shop.open("o-1").await;
    shop.act("o-1", "cancel").await;
    for statement in [
        "UPDATE orders SET status = 'pending' WHERE id = 'o-1'",
        "UPDATE orders SET status = 'CANCELLED' WHERE id = 'o-1'",
        "UPDATE orders SET status = NULL WHERE id = 'o-1'",
        "UPDATE IGNORE orders SET status = 'paid', total = 3 WHERE id = 'o-1'",
        "REPLACE INTO orders (id, firm, status) VALUES ('o-1', 'firm-1', 'pending')",
        "INSERT INTO orders (id, firm, status) VALUES ('o-1', 'firm-1', 'pending')
            ON DUPLICATE KEY UPDATE status = 'pending'",
        "UPDATE orders SET id = 'o-5' WHERE id = 'o-1'",
        "UPDATE orders SET firm = 'firm-2' WHERE id = 'o-1'",
    ] {
        assert_guarded(&mut stranger, statement).await;
    }
    assert_eq!(status(&shop, "o-1").await, "cancelled");
    stranger.execute("UPDATE orders SET total = 9 WHERE id = 'o-1'").await.unwrap();
    stranger.execute("UPDATE orders SET status = 'cancelled' WHERE id = 'o-1'").await.unwrap();
}

/// Somebody's statement at READ COMMITTED, beside everything else.
async fn beside(
    shop: &Shop,
    statement: &'static str,
) -> tokio::task::JoinHandle<Result<(), sqlx::Error>> {
    let mut stranger = shop.stranger().await;
    let isolation = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED";
    stranger.execute(isolation).await.unwrap();
    tokio::spawn(async move { stranger.execute(statement).await.map(|_| ()) })
}

#[tokio::test]
async fn each_updated_row_is_compared_with_what_is_then() {
    let Some((shop, mut stranger)) = guarded().await else { return };
    let rows = "INSERT INTO orders (id, firm) VALUES ('o-1', 'firm-1'), ('o-2', 'firm-1')";
    stranger.execute(rows).await.unwrap();
    shop.open("o-2").await;
    let mut own = shop.store.begin().await.unwrap();
    shop.hos.within(&mut own).transition(&shop.command("o-2", "pay")).await.unwrap();
    // The first row is updated, and the second one waited for.
    let updating = beside(&shop, "UPDATE orders SET status = 'pending', total = 5").await;
    shop.somebody_waits().await;
    own.commit().await.unwrap();
    let error = updating.await.unwrap().unwrap_err();
    assert!(error.to_string().contains("hos:guarded"), "{error}");
    assert_eq!(status(&shop, "o-2").await, "paid");
    shop.audit().await;
}

#[tokio::test]
async fn each_inserted_row_is_compared_with_what_is_then() {
    let Some((shop, mut holder)) = guarded().await else { return };
    for statement in [
        "CREATE TABLE draft (id VARCHAR(64) PRIMARY KEY) CHARACTER SET utf8mb4",
        "INSERT INTO draft VALUES ('o-1'), ('o-2')",
        "START TRANSACTION",
        "SELECT * FROM draft WHERE id = 'o-2' FOR UPDATE",
    ] {
        holder.execute(statement).await.unwrap();
    }
    // The first row is inserted, and the second one waited for.
    let insert = "INSERT INTO orders (id, firm) SELECT id, 'firm-1' FROM draft FOR UPDATE";
    let inserting = beside(&shop, insert).await;
    shop.somebody_waits().await;
    shop.open("o-2").await;
    shop.act("o-2", "pay").await;
    holder.execute("ROLLBACK").await.unwrap();
    let error = inserting.await.unwrap().unwrap_err();
    assert!(error.to_string().contains("hos:guarded"), "{error}");
    assert_eq!(shop.number("SELECT count(*) FROM orders").await, 0);
    shop.audit().await;
}

#[tokio::test]
async fn plain_columns_are_written_while_the_law_waits() {
    let Some((shop, mut stranger)) = guarded().await else { return };
    stranger.execute("INSERT INTO orders (id, firm) VALUES ('o-1', 'firm-1')").await.unwrap();
    shop.open("o-1").await;
    let mut own = shop.store.begin().await.unwrap();
    own.execute("SELECT * FROM orders WHERE id = 'o-1' FOR UPDATE").await.unwrap();
    let (hos, command) = (shop.hos.clone(), shop.command("o-1", "pay"));
    let mut law = shop.store.begin().await.unwrap();
    let paying = tokio::spawn(async move {
        hos.within(&mut law).transition(&command).await.unwrap();
        law.commit().await.unwrap();
    });
    shop.somebody_waits().await;
    own.execute("UPDATE orders SET total = 2 WHERE id = 'o-1'").await.unwrap();
    own.commit().await.unwrap();
    paying.await.unwrap();
    assert_eq!(status(&shop, "o-1").await, "paid");
    assert_eq!(shop.number("SELECT total FROM orders").await, 2);
    shop.audit().await;
}

#[tokio::test]
async fn ids_that_differ_in_case_are_different_rows() {
    let Some((shop, mut stranger)) = guarded().await else { return };
    stranger.execute("INSERT INTO orders (id, firm) VALUES ('O-1', 'firm-1')").await.unwrap();
    shop.open("o-1").await;
    shop.act("o-1", "pay").await;
    assert_eq!(status(&shop, "O-1").await, "pending");
}

#[tokio::test]
async fn columns_of_any_collation_are_guarded() {
    for collation in
        ["utf8mb4_unicode_ci", "utf8mb4_bin", "latin1_swedish_ci", "utf8mb3_general_ci"]
    {
        let Some(shop) = open_shop().await else { return };
        let mut stranger = shop.stranger().await;
        let table = format!(
            "CREATE TABLE orders (
                id VARCHAR(64), firm VARCHAR(64), status VARCHAR(32) DEFAULT 'pending',
                PRIMARY KEY (firm, id)) COLLATE {collation}"
        );
        stranger.execute(sqlx::AssertSqlSafe(table)).await.unwrap();
        shop.store.guard(&column()).await.unwrap();
        stranger.execute("INSERT INTO orders (id, firm) VALUES ('o-1', 'firm-1')").await.unwrap();
        shop.open("o-1").await;
        shop.act("o-1", "pay").await;
        assert_eq!(status(&shop, "o-1").await, "paid", "{collation}");
        assert_guarded(&mut stranger, "UPDATE orders SET status = 'pending'").await;
    }
}

#[tokio::test]
async fn integer_ids_are_compared_as_they_are_written() {
    let Some(shop) = open_shop().await else { return };
    let mut stranger = shop.stranger().await;
    let table = "CREATE TABLE orders (
        id INTEGER AUTO_INCREMENT PRIMARY KEY, status VARCHAR(32) DEFAULT 'pending')";
    stranger.execute(table).await.unwrap();
    let guarded = GuardedColumn { tenant_column: None, ..column() };
    shop.store.guard(&guarded).await.unwrap();
    stranger.execute("INSERT INTO orders VALUES ()").await.unwrap();
    shop.open("01").await;
    shop.act("01", "cancel").await;
    let status = "SELECT status = 'pending' FROM orders WHERE id = 1";
    assert_eq!(shop.number(status).await, 1, "another id");
    shop.open("1").await;
    shop.act("1", "pay").await;
    assert_eq!(shop.number("SELECT status = 'paid' FROM orders WHERE id = 1").await, 1);
    assert_guarded(&mut stranger, "UPDATE orders SET status = 'pending'").await;
}

#[tokio::test]
async fn names_outside_the_grammar_are_refused() {
    let Some((shop, _stranger)) = guarded().await else { return };
    for table in ["", "Orders", "orders; DROP TABLE orders", "or\"ders", "hos_subject", "1st"] {
        let column = GuardedColumn { table: table.to_owned(), ..column() };
        let fault = shop.store.guard(&column).await.unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Law, "{table}");
    }
    for column in [
        GuardedColumn { table: "parcels".to_owned(), ..column() },
        GuardedColumn { status_column: "state".to_owned(), ..column() },
    ] {
        let fault = shop.store.guard(&column).await.unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Law);
    }
    shop.open("o-1").await;
}

#[tokio::test]
async fn a_column_that_a_foreign_key_writes_is_refused() {
    let Some(shop) = open_shop().await else { return };
    let mut stranger = shop.stranger().await;
    for statement in [
        "CREATE TABLE known (name VARCHAR(32) PRIMARY KEY) CHARACTER SET utf8mb4",
        "CREATE TABLE orders (
            id VARCHAR(32) PRIMARY KEY, firm VARCHAR(32), status VARCHAR(32) DEFAULT 'pending',
            KEY (firm), KEY (status)) CHARACTER SET utf8mb4",
    ] {
        stranger.execute(statement).await.unwrap();
    }
    for (name, rule) in [
        ("status", "ON UPDATE CASCADE"),
        ("status", "ON UPDATE SET NULL"),
        ("status", "ON DELETE SET NULL"),
        ("id", "ON UPDATE CASCADE"),
        ("firm", "ON DELETE CASCADE ON UPDATE CASCADE"),
    ] {
        constrain(&mut stranger, name, rule).await;
        let fault = shop.store.guard(&column()).await.expect_err(rule);
        assert_eq!(fault.kind(), FaultKind::Law, "{rule}");
        let message = format!("a foreign key writes the column `{name}`");
        assert!(fault.to_string().starts_with(&message), "{fault}");
        stranger.execute("ALTER TABLE orders DROP FOREIGN KEY its").await.unwrap();
    }
    constrain(&mut stranger, "firm", "ON DELETE CASCADE").await;
    shop.store.guard(&column()).await.unwrap();
    shop.open("o-1").await;
}

async fn constrain(stranger: &mut MySqlConnection, name: &str, rule: &str) {
    let add = format!(
        "ALTER TABLE orders
        ADD CONSTRAINT its FOREIGN KEY (`{name}`) REFERENCES known (name) {rule}"
    );
    stranger.execute(sqlx::AssertSqlSafe(add)).await.unwrap();
}
