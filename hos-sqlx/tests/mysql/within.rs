//! The law in a transaction of the caller's.

use hos_core::error::FaultKind;
use hos_core::prelude::*;
use hos_sqlx::WithinExt;
use sqlx::{Connection, Executor};

use crate::shop::{Shop, open_shop};

async fn shop_with_table() -> Option<Shop> {
    let shop = open_shop().await?;
    shop.store.pool().execute("CREATE TABLE parcel (id VARCHAR(20) PRIMARY KEY)").await.unwrap();
    Some(shop)
}

#[tokio::test]
async fn domain_rows_and_law_rows_commit_together() {
    let Some(shop) = shop_with_table().await else { return };
    let mut transaction = shop.store.begin().await.unwrap();
    transaction.execute("INSERT INTO parcel VALUES ('p-1')").await.unwrap();
    let within = shop.hos.within(&mut transaction);
    within.open(&shop.opening("o-1")).await.unwrap();
    let receipt = within.transition(&shop.command("o-1", "pay")).await.unwrap();
    assert_eq!(receipt.revision, 2);
    drop(within);
    transaction.execute("INSERT INTO parcel VALUES ('p-2')").await.unwrap();
    assert_eq!(shop.number("SELECT count(*) FROM hos_subject").await, 0, "nobody sees it yet");
    transaction.commit().await.unwrap();
    assert_eq!(shop.number("SELECT count(*) FROM parcel").await, 2);
    assert_eq!(shop.number("SELECT CAST(sum(revision) AS SIGNED) FROM hos_subject").await, 2);
    shop.audit().await;
    assert_eq!(shop.act("o-1", "cancel").await.revision, 3);
    shop.audit().await;
}

#[tokio::test]
async fn a_rollback_takes_the_law_rows_with_it() {
    let Some(shop) = shop_with_table().await else { return };
    shop.open("o-0").await;
    let mut transaction = shop.store.begin().await.unwrap();
    let within = shop.hos.within(&mut transaction);
    within.open(&shop.opening("o-1")).await.unwrap();
    within.transition(&shop.command("o-0", "pay")).await.unwrap();
    drop(within);
    transaction.rollback().await.unwrap();
    assert_eq!(shop.number("SELECT CAST(sum(revision) AS SIGNED) FROM hos_subject").await, 1);
    shop.audit().await;
    assert_eq!(shop.act("o-0", "pay").await.revision, 2);
    shop.open("o-1").await;
    shop.audit().await;
}

#[tokio::test]
async fn a_refusal_leaves_the_transaction_usable_and_writes_nothing() {
    let Some(shop) = shop_with_table().await else { return };
    shop.open("o-1").await;
    shop.act("o-1", "cancel").await;
    let mut transaction = shop.store.begin().await.unwrap();
    transaction.execute("INSERT INTO parcel VALUES ('p-1')").await.unwrap();
    let refused = shop.hos.within(&mut transaction).transition(&shop.command("o-1", "pay")).await;
    assert_eq!(refused.unwrap_err().refusal().unwrap().code(), "terminal_state");
    transaction.execute("INSERT INTO parcel VALUES ('p-2')").await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(shop.number("SELECT count(*) FROM parcel").await, 2);
    assert_eq!(shop.number("SELECT CAST(sum(revision) AS SIGNED) FROM hos_subject").await, 2);
    shop.audit().await;
}

#[tokio::test]
async fn a_key_is_replayed_within_and_after() {
    let Some(shop) = shop_with_table().await else { return };
    shop.open("o-1").await;
    let mut transaction = shop.store.begin().await.unwrap();
    let within = shop.hos.within(&mut transaction);
    let first = within.transition(&shop.command("o-1", "pay")).await.unwrap();
    let second = within.transition(&shop.command("o-1", "pay")).await.unwrap();
    assert_eq!((first.replayed, second.replayed), (false, true));
    drop(within);
    transaction.commit().await.unwrap();
    let third = shop.act("o-1", "pay").await;
    assert!(third.replayed);
    assert_eq!(third.proof_id, first.proof_id);
}

#[tokio::test]
async fn two_calls_at_once_take_turns() {
    let Some(shop) = shop_with_table().await else { return };
    shop.open("o-1").await;
    shop.open("o-2").await;
    let mut transaction = shop.store.begin().await.unwrap();
    let within = shop.hos.within(&mut transaction);
    let (first, second) = (shop.command("o-1", "pay"), shop.command("o-2", "pay"));
    let (one, two) = tokio::join!(within.transition(&first), within.transition(&second));
    assert_eq!((one.unwrap().revision, two.unwrap().revision), (2, 2));
    drop(within);
    transaction.commit().await.unwrap();
    shop.audit().await;
}

#[tokio::test]
async fn outside_a_transaction_it_is_a_fault() {
    let Some(shop) = shop_with_table().await else { return };
    let mut connection = shop.stranger().await;
    let fault = shop.hos.within(&mut connection).open(&shop.opening("o-1")).await.unwrap_err();
    assert_eq!(fault.fault().unwrap().kind(), FaultKind::Transaction);
}

#[tokio::test]
async fn a_database_without_the_law_is_a_fault() {
    let Some(shop) = shop_with_table().await else { return };
    let other = crate::shop::server().unwrap().create_database().unwrap();
    let mut connection = sqlx::MySqlConnection::connect(&other).await.unwrap();
    let mut transaction = connection.begin().await.unwrap();
    let fault = shop.hos.within(&mut transaction).open(&shop.opening("o-1")).await.unwrap_err();
    assert_eq!(fault.fault().unwrap().kind(), FaultKind::Transaction);
}

#[tokio::test]
async fn an_old_snapshot_is_not_judged_on() {
    let Some(shop) = shop_with_table().await else { return };
    shop.open("o-1").await;
    let mut connection = shop.stranger().await;
    connection.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ").await.unwrap();
    let mut transaction = connection.begin().await.unwrap();
    transaction.fetch_all("SELECT count(*) FROM hos_member").await.unwrap();
    // Somebody else moves the subject and ends the membership after the snapshot.
    shop.act("o-1", "pay").await;
    let member = ActorId::new("olga").unwrap();
    let (world, tenant) = (World::new("pazar").unwrap(), Tenant::new("firm-1").unwrap());
    let change = StandingChange::SetMember { member, roles: Vec::new() };
    let root = Actor::user("root").unwrap();
    let change = StandingCommand::new(&root, &world, &tenant, change).key("off");
    shop.hos.change_standing(&change).await.unwrap();
    let within = shop.hos.within(&mut transaction);
    let refused = within.transition(&shop.command("o-1", "cancel")).await.unwrap_err();
    assert_eq!(refused.refusal().unwrap().code(), "not_found");
    drop(within);
    transaction.rollback().await.unwrap();
}

#[tokio::test]
async fn a_row_that_is_held_too_long_is_busy_and_the_transaction_lives() {
    let Some(shop) = shop_with_table().await else { return };
    shop.open("o-1").await;
    let mut first = shop.store.begin().await.unwrap();
    shop.hos.within(&mut first).transition(&shop.command("o-1", "pay")).await.unwrap();
    let mut second = shop.store.begin().await.unwrap();
    second.execute("INSERT INTO parcel VALUES ('p-1')").await.unwrap();
    let fault = shop.hos.within(&mut second).transition(&shop.command("o-1", "cancel")).await;
    assert_eq!(fault.unwrap_err().fault().unwrap().kind(), FaultKind::Busy);
    first.commit().await.unwrap();
    second.commit().await.unwrap();
    assert_eq!(shop.number("SELECT count(*) FROM parcel").await, 1);
    shop.audit().await;
}

#[tokio::test]
async fn the_connection_of_a_transaction_serves_too() {
    let Some(shop) = shop_with_table().await else { return };
    let mut transaction = shop.store.begin().await.unwrap();
    shop.hos.within(&mut *transaction).open(&shop.opening("o-1")).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(shop.number("SELECT count(*) FROM hos_subject").await, 1);
}
