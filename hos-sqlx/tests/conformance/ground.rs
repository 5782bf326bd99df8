//! SQLite files as the suite wants them.

use std::sync::Arc;

use async_trait::async_trait;
use hos_conformance::ground::{Answer, Factory, Ground, Tampering, Transaction};
use hos_core::error::{Fault, FaultKind};
use hos_core::store::{Backend, Store, Survey};
use hos_core::vault::Vault;
use hos_sqlx::{Caller as _, SqliteStore, SqliteVault};
use sqlx::Sqlite;

pub(super) struct SqliteFactory;

#[async_trait]
impl Factory for SqliteFactory {
    async fn fresh(&self) -> Box<dyn Ground> {
        let directory = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(directory.path().join("law.db")).await.unwrap();
        let vault = SqliteVault::open(directory.path().join("vault.db")).await.unwrap();
        Box::new(SqliteGround { store, vault, directory })
    }
}

struct SqliteGround {
    store: SqliteStore,
    vault: SqliteVault,
    directory: tempfile::TempDir,
}

#[async_trait]
impl Ground for SqliteGround {
    fn backend(&self) -> Arc<dyn Backend> {
        Arc::new(self.store.clone())
    }

    async fn vault(&self) -> Arc<dyn Vault> {
        Arc::new(self.vault.clone())
    }

    fn survey(&self) -> Option<Arc<dyn Survey>> {
        Some(Arc::new(self.store.clone()))
    }

    async fn begin(&self) -> Box<dyn Transaction + '_> {
        Box::new(SqliteTransaction(self.store.begin().await.unwrap()))
    }

    async fn reopen(&mut self) -> Answer {
        self.store.close().await.unwrap();
        self.store = SqliteStore::open(self.directory.path().join("law.db")).await.unwrap();
        Answer::Done
    }

    async fn tamper(&self, tampering: &Tampering) -> Answer {
        let mut transaction = self.store.begin().await.unwrap();
        let query = match tampering {
            Tampering::ChangeLeaf { world, tenant, index } => sqlx::query(
                "UPDATE hos_entry SET leaf = replace(leaf, '\"v\":1', '\"v\":2') WHERE position = \
                 (SELECT number << 40 FROM hos_scope WHERE world = ? AND tenant = ?) + ?",
            )
            .bind(world.as_str())
            .bind(tenant.as_str())
            .bind(i64::try_from(*index).unwrap()),
            Tampering::DeleteEntry { world, tenant, index } => sqlx::query(
                "DELETE FROM hos_entry WHERE position = \
                 (SELECT number << 40 FROM hos_scope WHERE world = ? AND tenant = ?) + ?",
            )
            .bind(world.as_str())
            .bind(tenant.as_str())
            .bind(i64::try_from(*index).unwrap()),
            Tampering::MoveSubject { subject, state } => {
                sqlx::query("UPDATE hos_subject SET state = ? WHERE kind = ? AND id = ?")
                    .bind(state)
                    .bind(subject.kind.as_str())
                    .bind(subject.id.as_str())
            }
            Tampering::DeleteSubject { subject } => {
                sqlx::query("DELETE FROM hos_subject WHERE kind = ? AND id = ?")
                    .bind(subject.kind.as_str())
                    .bind(subject.id.as_str())
            }
            _ => return Answer::Unsupported,
        };
        let done = query.execute(&mut *transaction).await;
        transaction.commit().await.unwrap();
        match done {
            Ok(result) if result.rows_affected() > 0 => Answer::Done,
            Ok(_) => Answer::Unsupported,
            Err(_) => Answer::Refused,
        }
    }
}

struct SqliteTransaction(sqlx::Transaction<'static, Sqlite>);

#[async_trait]
impl Transaction for SqliteTransaction {
    fn store(&mut self) -> Box<dyn Store + '_> {
        Box::new((&mut self.0).into_store())
    }

    async fn commit(self: Box<Self>) -> Result<(), Fault> {
        self.0.commit().await.map_err(fault)
    }

    async fn rollback(self: Box<Self>) -> Result<(), Fault> {
        self.0.rollback().await.map_err(fault)
    }
}

fn fault(error: sqlx::Error) -> Fault {
    Fault::new(FaultKind::Internal, "the transaction did not end").caused_by(error)
}
