//! A store of each kind, known by the address of its database.

use std::path::Path;

use hos_core::prelude::*;
use hos_services::shared;
use hos_sqlx::{MysqlStore, PostgresStore, SqliteStore};

/// A kind of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
    MariaDb,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
            Self::MariaDb => "mariadb",
        }
    }

    /// The address of an empty database; none, loudly, where its server cannot be started.
    pub(crate) fn database(self, directory: &Path) -> Option<String> {
        let database = match self {
            Self::Sqlite => return Some(directory.join("house.db").display().to_string()),
            Self::Postgres => shared::postgres().and_then(|server| server.create_database()),
            Self::MariaDb => shared::mariadb().and_then(|server| server.create_database()),
        };
        database.inspect_err(hos_services::skip_or_fail).ok()
    }

    pub(crate) fn of(url: &str) -> Self {
        match url {
            url if url.starts_with("postgres:") => Self::Postgres,
            url if url.starts_with("mysql:") => Self::MariaDb,
            _ => Self::Sqlite,
        }
    }
}

/// A store over a database.
#[derive(Debug, Clone)]
pub(crate) enum House {
    Sqlite(SqliteStore),
    Postgres(PostgresStore),
    MariaDb(MysqlStore),
}

/// Does the same with the store of any kind.
macro_rules! with_store {
    ($house:expr, $store:ident => $act:expr) => {
        match $house {
            House::Sqlite($store) => $act,
            House::Postgres($store) => $act,
            House::MariaDb($store) => $act,
        }
    };
}

impl House {
    pub(crate) async fn open(url: &str) -> Self {
        match Kind::of(url) {
            Kind::Sqlite => Self::Sqlite(SqliteStore::open(url).await.unwrap()),
            Kind::Postgres => Self::Postgres(PostgresStore::open(url).await.unwrap()),
            Kind::MariaDb => Self::MariaDb(MysqlStore::open(url).await.unwrap()),
        }
    }

    pub(crate) async fn hos(&self, law: Law, options: HosOptions) -> Hos {
        let hos = with_store!(self, store => Hos::open_with([law], store.clone(), options).await);
        hos.unwrap()
    }

    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(store) => store.close().await.unwrap(),
            Self::Postgres(store) => store.close().await,
            Self::MariaDb(store) => store.close().await,
        }
    }
}
