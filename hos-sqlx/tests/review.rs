//! Facts that a review found missing, over SQLite.

#![cfg(feature = "sqlite")]
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::time::Duration;

use hos_core::contract::{ActionDefinition, Contract};
use hos_core::prelude::*;
use hos_sqlx::{SqliteOptions, SqliteStore, WithinExt};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Executor, SqliteConnection};
use tempfile::TempDir;

struct Shop {
    hos: Hos,
    store: SqliteStore,
    directory: TempDir,
}

fn law() -> Law {
    let order = Contract::builder("order", "1")
        .states(["pending", "cancelled"])
        .initial("pending")
        .terminal(["cancelled"])
        .open("order.create", [""; 0])
        .action(ActionDefinition::new("cancel", ["pending"], "cancelled", "order.cancel"))
        .build()
        .unwrap();
    Law::builder("pazar", "1")
        .roles([RoleDefinition::superuser("super_admin")])
        .critical(["order.cancel"])
        .contract(order)
        .build()
        .unwrap()
}

fn order(id: &str) -> Subject {
    Subject::new("pazar", "firm", "order", id).unwrap()
}

fn root() -> Actor {
    Actor::user("root").unwrap()
}

async fn shop() -> Shop {
    let directory = tempfile::tempdir().unwrap();
    let options = SqliteOptions::new(directory.path().join("shop.db"))
        .busy_timeout(Duration::from_millis(400));
    let store = SqliteStore::open_with(options).await.unwrap();
    let hos = Hos::open([law()], store.clone()).await.unwrap();
    let (world, role) = (World::new("pazar").unwrap(), Role::new("super_admin").unwrap());
    hos.bootstrap(&world, root().id(), &role, b"boot").await.unwrap();
    let tenant = Tenant::new("firm").unwrap();
    let add = StandingCommand::new(&root(), &world, &tenant, StandingChange::AddTenant);
    hos.change_standing(&add.key("tenant")).await.unwrap();
    hos.open(&Opening::new(&root(), &order("o-1")).key("open")).await.unwrap();
    Shop { hos, store, directory }
}

async fn stranger(shop: &Shop) -> SqliteConnection {
    let file = shop.directory.path().join("shop.db");
    SqliteConnectOptions::new().filename(file).connect().await.unwrap()
}

#[tokio::test]
async fn null_by_update_or_replace_resets_neither_a_generation_nor_a_log() {
    let shop = shop().await;
    let mut stranger = stranger(&shop).await;
    for statement in [
        "UPDATE OR REPLACE hos_scope SET members = NULL",
        "UPDATE OR REPLACE hos_scope SET status_generation = NULL",
        "UPDATE OR REPLACE hos_scope SET log_size = NULL",
        "UPDATE OR REPLACE hos_scope SET log_frontier = NULL",
    ] {
        assert!(stranger.execute(statement).await.is_err(), "{statement}");
    }
}

#[tokio::test]
async fn a_recorded_law_or_contract_is_neither_replaced_nor_deleted() {
    let shop = shop().await;
    let mut stranger = stranger(&shop).await;
    for statement in [
        "DELETE FROM hos_law",
        "DELETE FROM hos_contract",
        "INSERT OR REPLACE INTO hos_law
            SELECT number, world, version, zeroblob(32), deployment FROM hos_law",
        "INSERT OR REPLACE INTO hos_contract
            SELECT number, world, kind, version, zeroblob(32) FROM hos_contract",
    ] {
        assert!(stranger.execute(statement).await.is_err(), "{statement}");
    }
}

#[tokio::test]
async fn a_command_beyond_the_steps_does_not_fail_its_neighbours() {
    let shop = shop().await;
    let mut long = Command::new(&root(), &order("o-1"), "cancel");
    for number in 0..100 {
        long = long.and(&order(&format!("x-{number}")), "cancel");
    }
    let short = Command::new(&root(), &order("o-1"), "cancel").key("short");
    let answers = shop.hos.transition_all(&[long.key("long"), short]).await;
    assert_eq!(answers[0].as_ref().unwrap_err().refusal().unwrap().code(), "invalid_input");
    assert!(answers[1].is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn denials_whose_recording_is_dropped_are_not_lost() {
    let shop = shop().await;
    let mut transaction = shop.store.begin().await.unwrap();
    let within = shop.hos.within(&mut transaction);
    let stranger = Actor::user("stranger").unwrap();
    let cancel = Command::new(&stranger, &order("o-1"), "cancel").key("k");
    assert!(within.transition(&cancel).await.is_err());
    let denials = within.denials();
    drop(within);
    // The writer is held: the recording waits, and its caller does not.
    let patience = Duration::from_millis(50);
    let recorded = tokio::time::timeout(patience, shop.hos.record_denials(&denials)).await;
    assert!(recorded.is_err());
    transaction.rollback().await.unwrap();
    assert_eq!(denials.len(), 1);
    shop.hos.record_denials(&denials).await.unwrap();
    assert!(denials.is_empty());
}
