//! What was sealed is never changed, by any statement.

use hos_core::prelude::*;
use hos_core::seal::{Keys, LogName, MemoryKeeper};
use hos_sqlx::SqliteStore;

#[tokio::test]
async fn what_was_sealed_is_never_changed_by_hand() {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(directory.path().join("law.db")).await.unwrap();
    let law = Law::builder("pazar", "1").roles(["owner"]).build().unwrap();
    let hos = Hos::open([law], store.clone()).await.unwrap();
    let key = hos_core::note::SigningKey::from_seed("hos.local", &[7; 32]).unwrap();
    let sealer = hos.sealer(Keys::new(key), MemoryKeeper::default()).unwrap();
    sealer.seal_pending(10).await.unwrap();
    sealer.anchor_round(10).await.unwrap();
    let last = hos.checkpoints(&LogName::Deployment, 0, 1).await.unwrap().remove(0);
    hos.timestamped(last.size, "tsa", b"token").await.unwrap();
    let mut writer = store.begin().await.unwrap();
    let tile = "INSERT INTO hos_tile (position, root, hashes)
        VALUES (1 << 40, zeroblob(32), zeroblob(8192))";
    sqlx::query(tile).execute(&mut *writer).await.unwrap();
    for statement in [
        "UPDATE hos_tile SET root = zeroblob(32)",
        "UPDATE OR REPLACE hos_tile SET position = 5",
        "DELETE FROM hos_tile",
        "REPLACE INTO hos_tile (position, root, hashes)
            VALUES (1 << 40, randomblob(32), zeroblob(8192))",
        "UPDATE hos_checkpoint SET note = ''",
        "DELETE FROM hos_checkpoint",
        "REPLACE INTO hos_checkpoint SELECT scope, size, 0, 'note' FROM hos_checkpoint",
        "INSERT INTO hos_checkpoint SELECT number, log_size + 1, 0, 'note' FROM hos_scope",
        "INSERT INTO hos_checkpoint VALUES (0, 99, 0, 'note')",
        "UPDATE hos_deployment SET note = ''",
        "DELETE FROM hos_deployment",
        "REPLACE INTO hos_deployment VALUES (0, 1, 99, zeroblob(32), 'note')",
        "INSERT INTO hos_deployment VALUES (99, 1, 99, zeroblob(32), 'note')",
        "UPDATE hos_attestation SET body = x''",
        "DELETE FROM hos_attestation",
        "REPLACE INTO hos_attestation SELECT size, kind, attester, x'' FROM hos_attestation",
    ] {
        assert!(sqlx::query(statement).execute(&mut *writer).await.is_err(), "{statement}");
    }
}
