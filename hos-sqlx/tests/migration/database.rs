//! The databases that the tickets are in, known by their addresses.

use std::sync::Arc;

use hos_core::prelude::*;
use hos_core::store::Backend;
use hos_services::shared;
use hos_sqlx::{MysqlStore, PostgresStore, SqliteStore};
use tempfile::TempDir;

/// An empty database of its own.
pub(crate) struct Database {
    name: &'static str,
    url: String,
    _directory: Option<TempDir>,
}

impl Database {
    /// One of each kind that can be started here.
    pub(crate) fn started() -> Vec<Self> {
        let directory = tempfile::tempdir().unwrap();
        let url = directory.path().join("fair.db").display().to_string();
        let mut all = vec![Self { name: "sqlite", url, _directory: Some(directory) }];
        let postgres = shared::postgres().and_then(|server| server.create_database());
        let mariadb = shared::mariadb().and_then(|server| server.create_database());
        for (name, url) in [("postgres", postgres), ("mariadb", mariadb)] {
            match url {
                Ok(url) => all.push(Self { name, url, _directory: None }),
                Err(error) => hos_services::skip_or_fail(&error),
            }
        }
        all
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) async fn store(&self) -> Arc<dyn Backend> {
        store(&self.url).await
    }
}

pub(crate) async fn store(url: &str) -> Arc<dyn Backend> {
    if url.starts_with("postgres") {
        Arc::new(PostgresStore::open(url).await.unwrap())
    } else if url.starts_with("mysql") {
        Arc::new(MysqlStore::open(url).await.unwrap())
    } else {
        Arc::new(SqliteStore::open(url).await.unwrap())
    }
}

pub(crate) async fn hos(url: &str, law: Law) -> Hos {
    if url.starts_with("postgres") {
        Hos::open([law], PostgresStore::open(url).await.unwrap()).await.unwrap()
    } else if url.starts_with("mysql") {
        Hos::open([law], MysqlStore::open(url).await.unwrap()).await.unwrap()
    } else {
        Hos::open([law], SqliteStore::open(url).await.unwrap()).await.unwrap()
    }
}
