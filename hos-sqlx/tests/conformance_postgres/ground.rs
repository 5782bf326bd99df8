//! PostgreSQL databases as the suite wants them.

use std::sync::{Arc, Mutex, OnceLock};

use async_trait::async_trait;
use hos_conformance::ground::{Answer, Factory, Ground, Sequenced, Tampering, Transaction};
use hos_core::error::{Fault, FaultKind};
use hos_core::store::{Backend, Store, Survey};
use hos_core::vault::Vault;
use hos_services::{Postgres, ServiceError};
use hos_sqlx::{Caller as _, PostgresOptions, PostgresStore, PostgresVault};
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;
use tokio::sync::OnceCell;

/// A server that lives as long as this process, and would not outlive a power cut: nothing here
/// waits for a disk.
pub(crate) fn server() -> Result<&'static Postgres, ServiceError> {
    static SERVER: OnceLock<Result<Postgres, ServiceError>> = OnceLock::new();
    let settings = [("fsync", "off"), ("full_page_writes", "off"), ("autovacuum", "off")];
    let server = SERVER.get_or_init(|| Postgres::start_with(&settings));
    server.as_ref().map_err(Clone::clone)
}

/// Makes stores on one server, each in a database where nothing is left of the one before.
pub(crate) struct PostgresFactory {
    server: &'static Postgres,
    /// From a database's URL to the options that it is opened with.
    options: Options,
    free: Arc<Mutex<Vec<String>>>,
}

type Options = Box<dyn Fn(&str) -> PostgresOptions + Send + Sync>;

impl PostgresFactory {
    pub(crate) fn new(
        server: &'static Postgres,
        options: impl Fn(&str) -> PostgresOptions + Send + Sync + 'static,
    ) -> Self {
        Self { server, options: Box::new(options), free: Arc::default() }
    }

    /// The URL of a database that nobody uses and that holds nothing.
    async fn database(&self) -> String {
        let free = self.free.lock().unwrap().pop();
        if let Some(url) = free {
            let name = url.rsplit('/').next().unwrap();
            let url_of_superuser = self.server.superuser_url(name);
            let mut connection = PgConnection::connect(&url_of_superuser).await.unwrap();
            let wipe = sqlx::raw_sql(include_str!("wipe.sql"));
            wipe.execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
            return url;
        }
        let server = self.server;
        let created = tokio::task::spawn_blocking(|| server.create_database()).await.unwrap();
        created.unwrap()
    }
}

#[async_trait]
impl Factory for PostgresFactory {
    async fn fresh(&self) -> Box<dyn Ground> {
        let url = self.database().await;
        let options = (self.options)(&url);
        let store = PostgresStore::open_with(options.clone()).await.unwrap();
        Box::new(PostgresGround {
            store,
            vault: OnceCell::new(),
            options,
            url,
            free: Arc::clone(&self.free),
        })
    }
}

struct PostgresGround {
    store: PostgresStore,
    vault: OnceCell<Arc<PostgresVault>>,
    options: PostgresOptions,
    url: String,
    free: Arc<Mutex<Vec<String>>>,
}

impl Drop for PostgresGround {
    /// Gives the database back once nobody is connected to it.
    fn drop(&mut self) {
        let (store, free) = (self.store.clone(), Arc::clone(&self.free));
        let url = std::mem::take(&mut self.url);
        let vault = self.vault.take();
        tokio::spawn(async move {
            store.close().await;
            if let Some(vault) = vault {
                vault.close_connections().await;
            }
            free.lock().unwrap().push(url);
        });
    }
}

#[async_trait]
impl Ground for PostgresGround {
    fn backend(&self) -> Arc<dyn Backend> {
        Arc::new(Sequenced(self.store.clone()))
    }

    async fn vault(&self) -> Arc<dyn Vault> {
        let open = async || Arc::new(PostgresVault::open(self.options.clone()).await.unwrap());
        self.vault.get_or_init(open).await.clone()
    }

    fn survey(&self) -> Option<Arc<dyn Survey>> {
        Some(Arc::new(self.store.clone()))
    }

    async fn begin(&self) -> Box<dyn Transaction + '_> {
        Box::new(PostgresTransaction(self.store.begin().await.unwrap()))
    }

    async fn reopen(&mut self) -> Answer {
        self.store.close().await;
        self.store = PostgresStore::open_with(self.options.clone()).await.unwrap();
        Answer::Done
    }

    async fn tamper(&self, tampering: &Tampering) -> Answer {
        let mut connection = PgConnection::connect(&self.url).await.unwrap();
        let mut transaction = connection.begin().await.unwrap();
        sqlx::query("SELECT hos_bind_all()").execute(&mut *transaction).await.unwrap();
        let done = tampered(tampering).execute(&mut *transaction).await;
        match done {
            Ok(result) if result.rows_affected() > 0 => {
                transaction.commit().await.unwrap();
                Answer::Done
            }
            Ok(_) => Answer::Unsupported,
            Err(_) => Answer::Refused,
        }
    }
}

fn tampered(
    tampering: &Tampering,
) -> sqlx::query::Query<'_, sqlx::Postgres, sqlx::postgres::PgArguments> {
    match tampering {
        Tampering::ChangeLeaf { world, tenant, index } => sqlx::query(
            "UPDATE hos_entry SET leaf = replace(leaf, '\"v\":1', '\"v\":2') FROM hos_leaf \
             JOIN hos_scope ON hos_scope.number = hos_leaf.scope WHERE world = $1 AND tenant = $2 \
             AND leaf_index = $3 AND hos_entry.id = hos_leaf.entry",
        )
        .bind(world.as_str())
        .bind(tenant.as_str())
        .bind(i64::try_from(*index).unwrap()),
        Tampering::DeleteEntry { world, tenant, index } => sqlx::query(
            "DELETE FROM hos_entry USING hos_leaf JOIN hos_scope \
             ON hos_scope.number = hos_leaf.scope WHERE world = $1 AND tenant = $2 \
             AND leaf_index = $3 AND hos_entry.id = hos_leaf.entry",
        )
        .bind(world.as_str())
        .bind(tenant.as_str())
        .bind(i64::try_from(*index).unwrap()),
        Tampering::MoveSubject { subject, state } => {
            sqlx::query("UPDATE hos_subject SET state = $1 WHERE kind = $2 AND id = $3")
                .bind(state)
                .bind(subject.kind.as_str())
                .bind(subject.id.as_str())
        }
        Tampering::DeleteSubject { subject } => {
            sqlx::query("DELETE FROM hos_subject WHERE kind = $1 AND id = $2")
                .bind(subject.kind.as_str())
                .bind(subject.id.as_str())
        }
        other => panic!("no way to {other:?}"),
    }
}

struct PostgresTransaction(sqlx::Transaction<'static, sqlx::Postgres>);

#[async_trait]
impl Transaction for PostgresTransaction {
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
