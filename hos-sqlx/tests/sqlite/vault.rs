//! A vault in a file: whose file it is, what protects its rows, and what is left of a key.

use hos_core::cipher::KeyId;
use hos_core::error::FaultKind;
use hos_core::id::{ActorId, Tenant, World};
use hos_core::time::{ProofId, Timestamp};
use hos_core::vault::{KeyState, Person, StoredKey, Vault as _, Wrapped};
use hos_sqlx::{SqliteStore, SqliteVault};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

fn person() -> Person {
    Person {
        world: World::new("shop").unwrap(),
        tenant: Tenant::new("firm-1").unwrap(),
        id: ActorId::new("u-1").unwrap(),
    }
}

fn key(number: u8, epoch: u32) -> StoredKey {
    let bytes = (0..72).map(|at: u8| number ^ at.wrapping_mul(37)).collect();
    let state = KeyState::Live(Wrapped { master: "2026".to_owned(), bytes });
    StoredKey { id: KeyId::from_bytes([number; 16]), person: person(), epoch, state }
}

async fn destroy(vault: &SqliteVault, through: u32) -> u32 {
    let entry = ProofId::from_bytes([9; 16]);
    vault.destroy(&person(), through, entry, Timestamp::EPOCH).await.unwrap()
}

#[tokio::test]
async fn a_vault_is_never_in_the_file_of_the_law() {
    let directory = tempfile::tempdir().unwrap();
    let (law, keys) = (directory.path().join("law.db"), directory.path().join("keys.db"));
    SqliteStore::open(&law).await.unwrap().close().await.unwrap();
    assert_eq!(SqliteVault::open(&law).await.unwrap_err().kind(), FaultKind::Foreign);
    SqliteVault::open(&keys).await.unwrap().close_file().await.unwrap();
    assert_eq!(SqliteStore::open(&keys).await.unwrap_err().kind(), FaultKind::Foreign);
    assert_eq!(SqliteVault::open("").await.unwrap_err().kind(), FaultKind::Foreign);
    SqliteVault::open(&keys).await.unwrap();
}

#[tokio::test]
async fn whoever_joins_a_vault_makes_none() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys.db");
    assert_eq!(SqliteVault::join(&path).await.unwrap_err().kind(), FaultKind::Foreign);
    assert!(!path.exists());
    std::fs::write(&path, "").unwrap();
    assert_eq!(SqliteVault::join(&path).await.unwrap_err().kind(), FaultKind::Foreign);
    assert_eq!(std::fs::metadata(&path).unwrap().len(), 0);
    SqliteVault::open(&path).await.unwrap().close_file().await.unwrap();
    let joined = SqliteVault::join(&path).await.unwrap();
    assert_eq!(joined.page(None, 10).await.unwrap(), []);
}

#[tokio::test]
async fn a_vault_of_a_newer_version_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys.db");
    SqliteVault::open(&path).await.unwrap().close_file().await.unwrap();
    let mut connection = SqliteConnectOptions::new().filename(&path).connect().await.unwrap();
    let newer = sqlx::raw_sql("INSERT INTO hos_vault_schema (version) VALUES (2)");
    newer.execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    assert_eq!(SqliteVault::open(&path).await.unwrap_err().kind(), FaultKind::NewerSchema);
}

#[tokio::test]
async fn nothing_of_a_destroyed_key_is_left_in_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys.db");
    let vault = SqliteVault::open(&path).await.unwrap();
    for (number, epoch) in [(1, 1), (2, 2), (3, 3)] {
        vault.add(&key(number, epoch)).await.unwrap();
    }
    let holds = |number: u8| {
        let KeyState::Live(wrapped) = key(number, 1).state else { panic!("it is live") };
        let files = std::fs::read_dir(directory.path()).unwrap();
        files.into_iter().any(|file| {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            bytes.windows(wrapped.bytes.len()).any(|window| window == wrapped.bytes)
        })
    };
    assert!(holds(1) && holds(2) && holds(3));
    assert_eq!(destroy(&vault, 2).await, 2);
    assert!(!holds(1) && !holds(2), "they are overwritten, in the journal too");
    assert!(holds(3));
}

#[tokio::test]
async fn rows_of_keys_are_protected_from_plain_sql() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("keys.db");
    let vault = SqliteVault::open(&path).await.unwrap();
    vault.add(&key(1, 1)).await.unwrap();
    vault.add(&key(2, 2)).await.unwrap();
    destroy(&vault, 1).await;
    let mut connection = SqliteConnectOptions::new().filename(&path).connect().await.unwrap();
    for statement in [
        "UPDATE hos_vault_key SET wrapped = x'00', master = 'x', entry = NULL, \
         destroyed_at = NULL WHERE epoch = 1",
        "UPDATE hos_vault_key SET person = 'u-2' WHERE epoch = 2",
        "UPDATE hos_vault_key SET wrapped = NULL WHERE epoch = 2",
        "DELETE FROM hos_vault_key",
        "INSERT OR REPLACE INTO hos_vault_key (id, world, tenant, person, epoch, master, wrapped) \
         SELECT id, world, tenant, person, epoch, 'x', x'00' FROM hos_vault_key WHERE epoch = 1",
    ] {
        assert!(sqlx::raw_sql(statement).execute(&mut connection).await.is_err(), "{statement}");
    }
    connection.close().await.unwrap();
    assert_eq!(vault.page(None, 10).await.unwrap().len(), 2);
}
