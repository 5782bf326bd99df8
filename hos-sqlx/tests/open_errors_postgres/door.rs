//! Who or what is not let in.

use hos_core::error::FaultKind;
use hos_core::hos::Hos;
use hos_services::{Postgres, ServiceError};
use hos_sqlx::{PostgresOptions, PostgresStore};

use crate::{fault, kind, name, server, superuser};

const HAS_SCHEMA: &str = "SELECT to_regclass('hos_schema') IS NOT NULL;";

/// A server that asks the role `guarded` for a password, and a database's address for it.
fn guarded() -> Result<(Postgres, String), ServiceError> {
    let server = Postgres::start()?;
    let role = "CREATE ROLE guarded LOGIN PASSWORD 'the right one';";
    let database = server.create_database()?;
    server.query("postgres", role, &[])?;
    let rules = server.directory().join("data/pg_hba.conf");
    let others = std::fs::read_to_string(&rules).unwrap();
    let rule = "host all guarded 127.0.0.1/32 scram-sha-256";
    std::fs::write(&rules, format!("{rule}\n{others}")).unwrap();
    server.restart()?;
    server.query(name(&database), "GRANT CREATE ON SCHEMA public TO guarded;", &[])?;
    Ok((server, database))
}

#[tokio::test]
async fn a_wrong_password_is_unauthorized() {
    let started = guarded().inspect_err(hos_services::skip_or_fail);
    let Ok((server, database)) = started else { return };
    let url = |password: &str| {
        let (port, database) = (server.port(), name(&database));
        PostgresOptions::new(format!("postgres://guarded{password}@127.0.0.1:{port}/{database}"))
    };
    for password in ["", ":wrong", ":the%20right%20on", ":the%20right%20one%20"] {
        let fault = fault(url(password)).await;
        assert_eq!(fault.kind(), FaultKind::Unauthorized, "`{password}`: {fault:?}");
        let told = format!("{fault} {fault:?}");
        let secret = password.strip_prefix(':').unwrap_or("none");
        assert!(!told.contains(secret), "no secret in `{told}`");
    }
    PostgresStore::open_with(url(":the%20right%20one")).await.unwrap().close().await;
}

#[tokio::test]
async fn an_address_that_is_none_is_unauthorized_and_nobody_there_is_unavailable() {
    let Some(server) = server() else { return };
    let database = "postgres://law@127.0.0.1/nowhere?port=";
    let there = format!("{database}{}", server.port());
    assert_eq!(kind(PostgresOptions::new(there)).await, FaultKind::Unauthorized);
    for url in ["", "law", "mysql://law@127.0.0.1/law", "postgres://[::/law"] {
        assert_eq!(kind(PostgresOptions::new(url)).await, FaultKind::Unauthorized, "`{url}`");
    }
    let nobody = PostgresOptions::new(format!("{database}1"));
    assert_eq!(kind(nobody).await, FaultKind::Unavailable);
}

#[tokio::test]
async fn a_database_that_is_read_only_says_so() {
    let Some(server) = server() else { return };
    let url = server.create_database().unwrap();
    let read_only = "ALTER DATABASE :\"name\" SET default_transaction_read_only = on;";
    server.query("postgres", read_only, &[("name", name(&url))]).unwrap();
    assert_eq!(kind(PostgresOptions::new(&url)).await, FaultKind::ReadOnly);
    assert_eq!(superuser(&url, HAS_SCHEMA), "f");
}

#[tokio::test]
async fn a_role_that_may_not_create_is_unauthorized() {
    let Some(server) = server() else { return };
    let url = server.create_database().unwrap();
    let guest = guest(server, &url, "creator");
    assert_eq!(kind(PostgresOptions::new(guest)).await, FaultKind::Unauthorized);
    assert_eq!(superuser(&url, HAS_SCHEMA), "f");
}

#[tokio::test]
async fn a_role_without_rights_on_the_tables_is_unauthorized() {
    let Some(server) = server() else { return };
    let url = server.create_database().unwrap();
    PostgresStore::open(&url).await.unwrap().close().await;
    let guest = guest(server, &url, "reader");
    assert_eq!(kind(PostgresOptions::new(&guest)).await, FaultKind::Unauthorized);
    // Let in by the owner's address, it still has no right of its own.
    let options = PostgresOptions::new(&guest).direct_url(&url);
    let store = PostgresStore::open_with(options).await.unwrap();
    let fault = Hos::open([crate::job::law()], store.clone()).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Unauthorized, "{fault:?}");
    assert_eq!(superuser(&url, "SELECT count(*) FROM hos_scope;"), "0");
    store.close().await;
}

/// A database's address for a new role without any right.
fn guest(server: &Postgres, url: &str, role: &str) -> String {
    server.query("postgres", "CREATE ROLE :\"role\" LOGIN;", &[("role", role)]).unwrap();
    url.replace("//law@", &format!("//{role}@"))
}

#[tokio::test]
async fn a_newer_schema_is_said_to_be_newer() {
    let Some(server) = server() else { return };
    let url = server.create_database().unwrap();
    PostgresStore::open(&url).await.unwrap().close().await;
    superuser(&url, "INSERT INTO hos_schema (version, name) VALUES (999, 'later');");
    assert_eq!(kind(PostgresOptions::new(&url)).await, FaultKind::NewerSchema);
}

#[tokio::test]
async fn what_is_in_the_way_is_foreign_and_left_alone() {
    let Some(server) = server() else { return };
    let in_the_way = [
        "CREATE TABLE hos_scope (theirs text); INSERT INTO hos_scope VALUES ('kept');",
        "CREATE VIEW hos_mode AS SELECT 'kept' AS theirs;",
        "CREATE TYPE hos_log_entry AS (theirs text);",
        "CREATE SEQUENCE hos_outbox_id;",
        "CREATE FUNCTION hos_bind_all() RETURNS void LANGUAGE sql AS '';",
        "CREATE TABLE hos_schema (theirs text);",
        "CREATE VIEW hos_schema AS SELECT 'kept' AS theirs;",
    ];
    for sql in in_the_way {
        let url = server.create_database().unwrap();
        superuser(&url, sql);
        let before = superuser(&url, OBJECTS);
        let fault = fault(PostgresOptions::new(&url)).await;
        assert_eq!(fault.kind(), FaultKind::Foreign, "{sql} {fault:?}");
        assert_eq!(superuser(&url, OBJECTS), before, "{sql} nothing is half made");
    }
}

const OBJECTS: &str = "SELECT string_agg(relname, ',' ORDER BY relname) FROM pg_class \
    WHERE relnamespace = 'public'::regnamespace; \
    SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace;";
