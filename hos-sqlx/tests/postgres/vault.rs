//! A vault in PostgreSQL: its wall, and what protects its rows.

use hos_core::cipher::KeyId;
use hos_core::error::FaultKind;
use hos_core::id::{ActorId, Tenant, World};
use hos_core::time::{ProofId, Timestamp};
use hos_core::vault::{KeyState, Person, StoredKey, Vault as _, Wrapped};
use hos_sqlx::{PostgresOptions, PostgresVault};
use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, Row as _};

use crate::shop::server;

fn person(tenant: &str) -> Person {
    Person {
        world: World::new("shop").unwrap(),
        tenant: Tenant::new(tenant).unwrap(),
        id: ActorId::new("u-1").unwrap(),
    }
}

fn key(number: u8, tenant: &str) -> StoredKey {
    let state = KeyState::Live(Wrapped { master: "2026".to_owned(), bytes: vec![number; 72] });
    StoredKey { id: KeyId::from_bytes([number; 16]), person: person(tenant), epoch: 1, state }
}

/// A vault with a key of each of two firms, and a connection of its own to its database.
async fn vault() -> Option<(PostgresVault, PgConnection)> {
    let url = server()?.create_database().unwrap();
    let vault = PostgresVault::open(PostgresOptions::new(&url).connections(2)).await.unwrap();
    for (number, tenant) in [(1, "firm-1"), (2, "firm-2")] {
        vault.add(&key(number, tenant)).await.unwrap();
        vault.close(&person(tenant), 5).await.unwrap();
    }
    Some((vault, PgConnection::connect(&url).await.unwrap()))
}

async fn count(connection: &mut PgConnection, text: &'static str) -> i64 {
    sqlx::query(text).fetch_one(connection).await.unwrap().get(0)
}

#[tokio::test]
async fn a_statement_sees_the_keys_of_its_tenant_only() {
    let Some((vault, mut connection)) = vault().await else { return };
    let tables = ["SELECT count(*) FROM hos_vault_key", "SELECT count(*) FROM hos_vault_person"];
    for table in tables {
        assert_eq!(count(&mut connection, table).await, 0, "bound to nobody");
        let mut bound = connection.begin().await.unwrap();
        sqlx::raw_sql("SELECT hos_vault_bind('shop', 'firm-1')")
            .execute(&mut *bound)
            .await
            .unwrap();
        assert_eq!(count(&mut bound, table).await, 1, "{table}");
        let steal = "UPDATE hos_vault_key SET master = 'x' WHERE tenant = 'firm-2'";
        let stolen = sqlx::raw_sql(steal).execute(&mut *bound).await.unwrap();
        assert_eq!(stolen.rows_affected(), 0);
        bound.rollback().await.unwrap();
    }
    assert_eq!(vault.page(None, 10).await.unwrap().len(), 2);
    // Opened again it finds its tables.
    vault.close_connections().await;
}

#[tokio::test]
async fn rows_of_keys_are_protected_from_plain_sql() {
    let Some((vault, mut connection)) = vault().await else { return };
    let entry = ProofId::from_bytes([9; 16]);
    vault.destroy(&person("firm-1"), 1, entry, Timestamp::EPOCH).await.unwrap();
    for statement in [
        "UPDATE hos_vault_key SET wrapped = '\\x00', master = 'x', entry = NULL, \
         destroyed_at = NULL WHERE tenant = 'firm-1'",
        "UPDATE hos_vault_key SET person = 'u-2' WHERE tenant = 'firm-2'",
        "UPDATE hos_vault_key SET wrapped = NULL WHERE tenant = 'firm-2'",
        "DELETE FROM hos_vault_key",
        "TRUNCATE hos_vault_key",
    ] {
        let mut bound = connection.begin().await.unwrap();
        let every = "SELECT set_config('hos.vault', 'every', true)";
        sqlx::raw_sql(every).execute(&mut *bound).await.unwrap();
        assert!(sqlx::raw_sql(statement).execute(&mut *bound).await.is_err(), "{statement}");
    }
    assert_eq!(vault.page(None, 10).await.unwrap().len(), 2);
}

#[tokio::test]
async fn two_that_open_a_vault_at_once_make_its_tables_once() {
    let Some(server) = server() else { return };
    let url = server.create_database().unwrap();
    let open = || PostgresVault::open(PostgresOptions::new(&url).connections(1));
    let (one, other) = tokio::join!(open(), open());
    one.unwrap().add(&key(1, "firm-1")).await.unwrap();
    assert_eq!(other.unwrap().page(None, 10).await.unwrap().len(), 1);
    open().await.unwrap();
}

#[tokio::test]
async fn whoever_joins_a_vault_makes_none() {
    let Some(server) = server() else { return };
    let url = server.create_database().unwrap();
    let join = || PostgresVault::join(PostgresOptions::new(&url).connections(1));
    for _ in 0..2 {
        assert_eq!(join().await.unwrap_err().kind(), FaultKind::Foreign);
    }
    let made = PostgresVault::open(PostgresOptions::new(&url).connections(1)).await.unwrap();
    made.add(&key(1, "firm-1")).await.unwrap();
    assert_eq!(join().await.unwrap().page(None, 10).await.unwrap().len(), 1);
}
