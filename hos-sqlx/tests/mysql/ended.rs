//! A caller's transaction that the server has ended, of which the client does not know.

use hos_core::error::FaultKind;
use hos_core::prelude::*;
use hos_sqlx::WithinExt;
use sqlx::mysql::MySqlDatabaseError;
use sqlx::{Executor, MySql, Transaction};

use crate::shop::{Shop, open_shop};

/// The law says that the transaction is over, and writes nothing by itself.
async fn assert_ended(shop: &Shop, mut transaction: Transaction<'static, MySql>) {
    let within = shop.hos.within(&mut transaction);
    let moved = within.transition(&shop.command("o-1", "cancel")).await;
    let opened = within.open(&shop.opening("o-2")).await;
    drop(within);
    for answer in [moved, opened] {
        let fault = answer.unwrap_err();
        let fault = fault.fault().unwrap();
        assert_eq!(fault.kind(), FaultKind::Transaction, "{fault}");
        assert!(fault.to_string().contains("roll back and begin another"), "{fault}");
    }
    transaction.rollback().await.unwrap();
    assert_eq!(shop.number("SELECT CAST(sum(revision) AS SIGNED) FROM hos_subject").await, 1);
    shop.audit().await;
}

#[tokio::test]
async fn after_a_deadlock_of_the_callers_own_nothing_is_written() {
    let Some(shop) = open_shop().await else { return };
    shop.open("o-1").await;
    let mut other = shop.stranger().await;
    for statement in [
        "CREATE TABLE stock (id INT PRIMARY KEY, n INT)",
        "INSERT INTO stock SELECT seq, 0 FROM seq_1_to_500",
        "START TRANSACTION",
        // So much that the other one is chosen to end.
        "UPDATE stock SET n = 2 WHERE id > 1",
    ] {
        other.execute(statement).await.unwrap();
    }
    let mut own = shop.store.begin().await.unwrap();
    own.execute("UPDATE stock SET n = 1 WHERE id = 1").await.unwrap();
    let (mine, theirs) = tokio::join!(
        own.execute("UPDATE stock SET n = 1 WHERE id = 2"),
        other.execute("UPDATE stock SET n = 2 WHERE id = 1"),
    );
    assert_eq!(number(&mine.unwrap_err()), 1213);
    theirs.unwrap();
    other.execute("ROLLBACK").await.unwrap();
    assert_ended(&shop, own).await;
}

#[tokio::test]
async fn a_deadlock_in_the_laws_own_statement_is_told() {
    let Some(shop) = open_shop().await else { return };
    shop.open("o-1").await;
    let mut other = shop.stranger().await;
    for statement in [
        "CREATE TABLE stock (id INT PRIMARY KEY, n INT)",
        "INSERT INTO stock SELECT seq, 0 FROM seq_1_to_500",
        // As the trigger of a guarded column does.
        "CREATE TRIGGER counted AFTER UPDATE ON hos_subject FOR EACH ROW
            UPDATE stock SET n = 1 WHERE id = 2",
        "START TRANSACTION",
        "UPDATE stock SET n = 2 WHERE id > 1",
    ] {
        other.execute(statement).await.unwrap();
    }
    let mut own = shop.store.begin().await.unwrap();
    own.execute("UPDATE stock SET n = 1 WHERE id = 1").await.unwrap();
    let within = shop.hos.within(&mut own);
    let command = shop.command("o-1", "cancel");
    let (mine, theirs) = tokio::join!(
        within.transition(&command),
        other.execute("UPDATE stock SET n = 2 WHERE id = 1"),
    );
    drop(within);
    theirs.unwrap();
    let fault = mine.unwrap_err();
    let fault = fault.fault().unwrap();
    assert_eq!(fault.kind(), FaultKind::Transaction, "{fault}");
    assert!(fault.to_string().contains("to end a deadlock"), "{fault}");
    other.execute("ROLLBACK").await.unwrap();
    assert_ended(&shop, own).await;
}

#[tokio::test]
async fn after_a_statement_that_commits_by_itself_nothing_is_written() {
    let Some(shop) = open_shop().await else { return };
    shop.open("o-1").await;
    let mut own = shop.store.begin().await.unwrap();
    own.execute("CREATE TABLE note (id INT)").await.unwrap();
    assert_ended(&shop, own).await;
}

#[tokio::test]
async fn no_call_for_a_caller_begins_by_itself() {
    let Some(shop) = open_shop().await else { return };
    let mut stranger = shop.stranger().await;
    for call in [
        "CALL hos_commit(
            0, 'pazar', 'firm-1', 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
        "CALL hos_hold('pazar', 'firm-1', 'olga', NULL, '[[null, null]]')",
    ] {
        let error = stranger.execute(call).await.unwrap_err();
        assert_eq!(number(&error), 30_001, "{error}");
    }
}

fn number(error: &sqlx::Error) -> u16 {
    let error = error.as_database_error().unwrap();
    error.try_downcast_ref::<MySqlDatabaseError>().unwrap().number()
}
