//! What opening a database that is not right answers.

use hos_core::error::FaultKind;
use hos_sqlx::{MysqlOptions, MysqlStore};
use sqlx::Executor;

use crate::shop::{open_shop, server};

async fn kind(url: &str) -> FaultKind {
    MysqlStore::open(url).await.unwrap_err().kind()
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    assert_eq!(kind("mysql://law@127.0.0.1:1/law").await, FaultKind::Unavailable);
}

#[tokio::test]
async fn what_is_no_address_is_said_to_be_none() {
    assert_eq!(kind("no address").await, FaultKind::Unauthorized);
}

#[tokio::test]
async fn an_unknown_user_or_database_is_unauthorized() {
    let Some(server) = server() else { return };
    let url = server.create_database().unwrap();
    let stranger = url.replace("law@", "nobody:secret@");
    let fault = MysqlStore::open(&stranger).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Unauthorized);
    assert!(fault.to_string().contains("check user and password"), "{fault}");
    assert!(!fault.to_string().contains("secret"), "{fault}");
    assert_eq!(kind(&server.url("nothing")).await, FaultKind::Unauthorized);
}

#[tokio::test]
async fn a_newer_schema_is_said_to_be_newer() {
    let Some(shop) = open_shop().await else { return };
    let newer = "INSERT INTO hos_schema VALUES (99, 'later')";
    shop.store.pool().execute(newer).await.unwrap();
    assert_eq!(kind(&shop.url).await, FaultKind::NewerSchema);
}

#[tokio::test]
async fn a_schema_that_another_process_is_changing_is_busy() {
    let Some(shop) = open_shop().await else { return };
    for statement in [
        "DELETE FROM hos_schema",
        "UPDATE hos_schema_lock SET owner = 'another', expires_at = '2999-01-01'",
    ] {
        shop.store.pool().execute(statement).await.unwrap();
    }
    let options = MysqlOptions::new(&shop.url).lock_timeout(std::time::Duration::from_secs(1));
    let fault = MysqlStore::open_with(options.clone()).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Busy);
    // Whoever died with the lock loses it, and a step that was taken half is taken again.
    let expired = "UPDATE hos_schema_lock SET expires_at = '2001-01-01'";
    shop.store.pool().execute(expired).await.unwrap();
    MysqlStore::open_with(options).await.unwrap();
    shop.open("o-1").await;
    shop.audit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_who_open_at_once_agree() {
    let Some(server) = server() else { return };
    let url = server.create_database().unwrap();
    let openings = (0..6).map(|_| {
        let options = MysqlOptions::new(&url).lock_timeout(std::time::Duration::from_secs(60));
        tokio::spawn(async move { MysqlStore::open_with(options).await })
    });
    for opening in openings.collect::<Vec<_>>() {
        opening.await.unwrap().unwrap();
    }
}
