//! The servers that a deployment moves into, known by their addresses.

use hos_conformance::ground::Sequenced;
use hos_core::error::Fault;
use hos_core::prelude::*;
use hos_services::{ServiceError, shared};
use hos_sqlx::moving::Destination;
use hos_sqlx::{MysqlOptions, MysqlStore, PostgresOptions, PostgresStore};
use sqlx::{Connection as _, MySqlConnection, PgConnection};
use std::time::Duration;

use super::source::laws;

#[derive(Debug, Clone, Copy)]
pub(crate) enum Server {
    Postgres,
    MariaDb,
}

impl Server {
    pub(crate) const ALL: [Self; 2] = [Self::Postgres, Self::MariaDb];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::MariaDb => "mariadb",
        }
    }

    pub(crate) fn start(self) -> Result<(), ServiceError> {
        match self {
            Self::Postgres => shared::postgres().map(drop),
            Self::MariaDb => shared::mariadb().map(drop),
        }
    }

    /// An empty database.
    pub(crate) fn database(self) -> String {
        match self {
            Self::Postgres => shared::postgres().unwrap().create_database().unwrap(),
            Self::MariaDb => shared::mariadb().unwrap().create_database().unwrap(),
        }
    }

    /// The number that a statement answers to somebody who is above the walls between tenants.
    pub(crate) async fn number(self, url: &str, statement: &'static str) -> i64 {
        match self {
            Self::Postgres => {
                let mut connection = PgConnection::connect(url).await.unwrap();
                let bind = "BEGIN; SELECT hos_bind_all()";
                sqlx::raw_sql(bind).execute(&mut connection).await.unwrap();
                sqlx::query_scalar(statement).fetch_one(&mut connection).await.unwrap()
            }
            Self::MariaDb => {
                let mut connection = MySqlConnection::connect(url).await.unwrap();
                sqlx::query_scalar(statement).fetch_one(&mut connection).await.unwrap()
            }
        }
    }

    /// Executes a statement as somebody who is above the walls between tenants.
    pub(crate) async fn execute(self, url: &str, statement: &'static str) {
        match self {
            Self::Postgres => {
                let mut connection = PgConnection::connect(url).await.unwrap();
                for text in ["BEGIN; SELECT hos_bind_all()", statement, "COMMIT"] {
                    sqlx::raw_sql(text).execute(&mut connection).await.unwrap();
                }
            }
            Self::MariaDb => {
                let mut connection = MySqlConnection::connect(url).await.unwrap();
                sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
            }
        }
    }
}

fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres")
}

pub(crate) fn destination(url: &str) -> Destination {
    if is_postgres(url) { PostgresOptions::new(url).into() } else { MysqlOptions::new(url).into() }
}

/// One that waits a second for another move.
pub(crate) fn hurried(url: &str) -> Destination {
    let patience = Duration::from_secs(1);
    if is_postgres(url) {
        PostgresOptions::new(url).lock_timeout(patience).into()
    } else {
        MysqlOptions::new(url).lock_timeout(patience).into()
    }
}

/// A store over a database.
#[derive(Debug)]
pub(crate) enum House {
    Postgres(PostgresStore),
    MariaDb(MysqlStore),
}

impl House {
    pub(crate) async fn open(url: &str) -> Result<Self, Fault> {
        Ok(if is_postgres(url) {
            Self::Postgres(PostgresStore::open(url).await?)
        } else {
            Self::MariaDb(MysqlStore::open(url).await?)
        })
    }

    pub(crate) async fn hos(&self) -> Hos {
        match self {
            Self::Postgres(store) => Hos::open(laws(), Sequenced(store.clone())).await.unwrap(),
            Self::MariaDb(store) => Hos::open(laws(), Sequenced(store.clone())).await.unwrap(),
        }
    }

    pub(crate) async fn close(self) {
        match self {
            Self::Postgres(store) => store.close().await,
            Self::MariaDb(store) => store.close().await,
        }
    }
}
