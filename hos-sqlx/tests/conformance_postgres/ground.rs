//! PostgreSQL databases as the suite wants them.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use hos_conformance::ground::{Answer, Factory, Ground, Sequenced, Tampering, Transaction};
use hos_core::error::{Fault, FaultKind};
use hos_core::store::{Backend, Store};
use hos_services::{Postgres, ServiceError};
use hos_sqlx::{Caller as _, PostgresOptions, PostgresStore};
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

/// Makes databases on one server.
pub(crate) struct PostgresFactory {
    server: &'static Postgres,
    /// From a database's URL to the options that it is opened with.
    options: Options,
}

type Options = Box<dyn Fn(&str) -> PostgresOptions + Send + Sync>;

impl PostgresFactory {
    pub(crate) fn new(
        server: &'static Postgres,
        options: impl Fn(&str) -> PostgresOptions + Send + Sync + 'static,
    ) -> Self {
        Self { server, options: Box::new(options) }
    }
}

#[async_trait]
impl Factory for PostgresFactory {
    async fn fresh(&self) -> Box<dyn Ground> {
        let url = copied(self.server).await;
        let options = (self.options)(&url);
        let store = PostgresStore::open_with(options.clone()).await.unwrap();
        Box::new(PostgresGround { server: self.server, store, options, url })
    }
}

/// A database of its own, copied from one that has the schema.
async fn copied(server: &'static Postgres) -> String {
    static TEMPLATE: OnceCell<String> = OnceCell::const_new();
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let template = TEMPLATE
        .get_or_init(|| async {
            let created = tokio::task::spawn_blocking(|| server.create_database()).await.unwrap();
            let url = created.unwrap();
            PostgresStore::open(&url).await.unwrap().close().await;
            url.rsplit('/').next().unwrap().to_owned()
        })
        .await;
    let name = format!("case_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    run(server, format!("CREATE DATABASE {name} TEMPLATE {template} OWNER law")).await;
    server.url(&name)
}

struct PostgresGround {
    server: &'static Postgres,
    store: PostgresStore,
    options: PostgresOptions,
    url: String,
}

impl Drop for PostgresGround {
    /// So that hundreds of cases do not keep hundreds of databases.
    fn drop(&mut self) {
        let (store, server) = (self.store.clone(), self.server);
        let name = self.url.rsplit('/').next().unwrap().to_owned();
        tokio::spawn(async move {
            store.close().await;
            run(server, format!("DROP DATABASE {name} WITH (FORCE)")).await;
        });
    }
}

async fn run(server: &Postgres, sql: String) {
    let mut connection = PgConnection::connect(&server.superuser_url("postgres")).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

#[async_trait]
impl Ground for PostgresGround {
    fn backend(&self) -> Arc<dyn Backend> {
        Arc::new(Sequenced(self.store.clone()))
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
