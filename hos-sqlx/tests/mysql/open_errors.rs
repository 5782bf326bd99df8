//! What opening a database that is not right answers.

use std::sync::Arc;

use hos_core::error::FaultKind;
use hos_core::hos::HosOptions;
use hos_core::prelude::*;
use hos_services::MariaDb;
use hos_sqlx::{MysqlOptions, MysqlStore};
use sqlx::Executor;

use crate::pressure::ROWS;
use crate::shop::{law, open_at, open_shop, server};

async fn kind(url: &str) -> FaultKind {
    MysqlStore::open(url).await.unwrap_err().kind()
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    assert_eq!(kind("mysql://law@127.0.0.1:1/law").await, FaultKind::Unavailable);
}

#[tokio::test]
async fn what_is_no_address_is_said_to_be_none() {
    for url in ["no address", "", "postgres://law@127.0.0.1:1/law", "mysql:law"] {
        let fault = MysqlStore::open(url).await.unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Unauthorized, "`{url}`");
        assert!(fault.to_string().contains("begins with `mysql://`"), "{fault}");
    }
}

async fn join(store: MysqlStore) -> Hos {
    Hos::join([law()], Arc::new(store), HosOptions::default()).await.unwrap()
}

/// A user of one database's name with a password, who may do there what is granted.
fn guest(server: &MariaDb, url: &str, rights: &str) -> String {
    let database = url.rsplit('/').next().unwrap();
    let user = format!("{database}@'127.0.0.1'");
    let created = format!(
        "CREATE OR REPLACE USER {user} IDENTIFIED BY 'the right one';
        GRANT {rights} ON {database}.* TO {user};"
    );
    server.query("mysql", &created).unwrap();
    url.replace("law@", &format!("{database}:the%20right%20one@"))
}

#[tokio::test]
async fn a_wrong_password_is_unauthorized() {
    let Some(server) = server() else { return };
    let url = guest(server, &server.create_database().unwrap(), "ALL");
    for password in ["", ":wrong", ":the%20right%20on", ":the%20right%20one%20"] {
        let wrong = url.replace(":the%20right%20one", password);
        let fault = MysqlStore::open(&wrong).await.unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Unauthorized, "`{password}`: {fault:?}");
        let told = format!("{fault} {fault:?}");
        assert!(told.contains("check user and password"), "{told}");
        let secret = password.strip_prefix(':').filter(|secret| !secret.is_empty());
        assert!(!told.contains(secret.unwrap_or("none of it")), "no secret in `{told}`");
    }
    MysqlStore::open(&url).await.unwrap().close().await;
}

#[tokio::test]
async fn a_user_without_a_right_is_unauthorized() {
    let Some(shop) = open_shop().await else { return };
    let server = server().unwrap();
    shop.open("o-1").await;
    let before = shop.number(ROWS).await;
    let work = "SELECT, INSERT, UPDATE, DELETE, EXECUTE";
    for rights in ["SELECT", "SELECT, INSERT, UPDATE, DELETE", "SELECT, EXECUTE"] {
        let guest = guest(server, &shop.url, rights);
        // The schema is there: only its owner may make it.
        let store = MysqlStore::open(&guest).await.unwrap();
        let hos = join(store.clone()).await;
        let touch = shop.command("o-1", "touch");
        let fault = hos.transition(&touch).await.unwrap_err();
        let fault = fault.fault().unwrap();
        assert_eq!(fault.kind(), FaultKind::Unauthorized, "{rights}: {fault}");
        assert!(fault.to_string().contains("grant it"), "{fault}");
        store.close().await;
    }
    assert_eq!(shop.number(ROWS).await, before, "nothing is half written");
    let store = MysqlStore::open(&guest(server, &shop.url, work)).await.unwrap();
    let hos = join(store.clone()).await;
    hos.transition(&shop.command("o-1", "touch")).await.unwrap();
    store.close().await;
    shop.audit().await;
}

#[tokio::test]
async fn a_user_who_may_not_create_is_unauthorized() {
    let Some(server) = server() else { return };
    let url = server.create_database().unwrap();
    assert_eq!(kind(&guest(server, &url, "SELECT, INSERT")).await, FaultKind::Unauthorized);
}

#[tokio::test]
async fn a_server_that_bends_what_does_not_fit_is_told_not_to() {
    let started = MariaDb::start_with(&[("sql-mode", "")]);
    let Ok(server) = started.inspect_err(hos_services::skip_or_fail) else { return };
    let shop = open_at(server.create_database().unwrap()).await;
    shop.open("o-1").await;
    for statement in [
        "INSERT INTO hos_scope (world, tenant) VALUES (repeat('w', 33), 'long')",
        "INSERT INTO hos_scope (world, tenant) SELECT NULL, 'none' FROM hos_schema",
        "UPDATE hos_subject SET state = repeat('s', 33), revision = revision + 1",
    ] {
        shop.store.pool().execute(statement).await.expect_err(statement);
    }
    let bent = "SELECT (SELECT count(*) FROM information_schema.routines
            WHERE routine_schema = database() AND sql_mode NOT LIKE '%STRICT_TRANS_TABLES%')
        + (SELECT count(*) FROM information_schema.triggers
            WHERE trigger_schema = database() AND sql_mode NOT LIKE '%STRICT_TRANS_TABLES%')";
    assert_eq!(shop.number(bent).await, 0);
    shop.audit().await;
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
