//! MariaDB databases as the suite wants them.

use std::sync::Arc;

use async_trait::async_trait;
use hos_conformance::ground::{Answer, Factory, Ground, Sequenced, Tampering, Transaction};
use hos_core::error::{Fault, FaultKind};
use hos_core::store::{Backend, Store, Survey};
use hos_core::vault::Vault;
use hos_services::MariaDb;
use hos_sqlx::{Caller as _, MysqlOptions, MysqlStore, MysqlVault};
use sqlx::mysql::{MySqlArguments, MySqlConnection};
use sqlx::query::Query;
use sqlx::{Connection as _, MySql};
use tokio::sync::OnceCell;

/// Makes databases on one server.
pub(crate) struct MariaDbFactory {
    pub(crate) server: Arc<MariaDb>,
    /// From a database's URL to the options that it is opened with.
    pub(crate) options: fn(&str) -> MysqlOptions,
}

#[async_trait]
impl Factory for MariaDbFactory {
    async fn fresh(&self) -> Box<dyn Ground> {
        let server = Arc::clone(&self.server);
        let created = tokio::task::spawn_blocking(move || server.create_database()).await.unwrap();
        let url = created.unwrap();
        let options = (self.options)(&url).connections(8);
        let store = MysqlStore::open_with(options.clone()).await.unwrap();
        Box::new(MariaDbGround { store, vault: OnceCell::new(), options, url })
    }
}

struct MariaDbGround {
    store: MysqlStore,
    vault: OnceCell<Arc<MysqlVault>>,
    options: MysqlOptions,
    url: String,
}

impl Drop for MariaDbGround {
    fn drop(&mut self) {
        let store = self.store.clone();
        // So that hundreds of cases do not hold hundreds of connections.
        let vault = self.vault.take();
        tokio::spawn(async move {
            store.close().await;
            if let Some(vault) = vault {
                vault.close_connections().await;
            }
        });
    }
}

#[async_trait]
impl Ground for MariaDbGround {
    fn backend(&self) -> Arc<dyn Backend> {
        Arc::new(Sequenced(self.store.clone()))
    }

    async fn vault(&self) -> Arc<dyn Vault> {
        let open = async || Arc::new(MysqlVault::open(self.options.clone()).await.unwrap());
        self.vault.get_or_init(open).await.clone()
    }

    fn survey(&self) -> Option<Arc<dyn Survey>> {
        Some(Arc::new(self.store.clone()))
    }

    async fn begin(&self) -> Box<dyn Transaction + '_> {
        Box::new(MariaDbTransaction(self.store.begin().await.unwrap()))
    }

    async fn reopen(&mut self) -> Answer {
        self.store.close().await;
        self.store = MysqlStore::open_with(self.options.clone()).await.unwrap();
        Answer::Done
    }

    async fn tamper(&self, tampering: &Tampering) -> Answer {
        let mut connection = MySqlConnection::connect(&self.url).await.unwrap();
        let done = tampered(tampering).execute(&mut connection).await;
        match done {
            Ok(result) if result.rows_affected() > 0 => Answer::Done,
            Ok(_) => Answer::Unsupported,
            Err(_) => Answer::Refused,
        }
    }
}

fn tampered(tampering: &Tampering) -> Query<'_, MySql, MySqlArguments> {
    match tampering {
        Tampering::ChangeLeaf { world, tenant, index } => sqlx::query(
            "UPDATE hos_scope JOIN hos_leaf ON hos_leaf.scope = hos_scope.number \
             JOIN hos_entry ON hos_entry.id = hos_leaf.entry \
             SET leaf = replace(leaf, '\"v\":1', '\"v\":2') \
             WHERE world = ? AND tenant = ? AND leaf_index = ?",
        )
        .bind(world.as_str())
        .bind(tenant.as_str())
        .bind(i64::try_from(*index).unwrap()),
        Tampering::DeleteEntry { world, tenant, index } => sqlx::query(
            "DELETE hos_entry FROM hos_scope JOIN hos_leaf ON hos_leaf.scope = hos_scope.number \
             JOIN hos_entry ON hos_entry.id = hos_leaf.entry \
             WHERE world = ? AND tenant = ? AND leaf_index = ?",
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
        other => panic!("no way to {other:?}"),
    }
}

struct MariaDbTransaction(sqlx::Transaction<'static, MySql>);

#[async_trait]
impl Transaction for MariaDbTransaction {
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
