//! `hos migrate`.

use hos_core::error::Fault;
use hos_sqlx::{MysqlStore, PostgresStore, SqliteStore};

use crate::arguments::Migrate;
use crate::database::Database;

/// Brings a schema up to date: opening does it.
pub(crate) async fn obey(order: &Migrate) -> Result<(), Fault> {
    let version = match Database::parse(&order.database, order.direct.as_deref())? {
        Database::Sqlite(path) => {
            SqliteStore::open(path).await?.close().await?;
            SqliteStore::SCHEMA_VERSION
        }
        Database::Postgres(options) => {
            PostgresStore::open_with(options).await?.close().await;
            PostgresStore::SCHEMA_VERSION
        }
        Database::Mysql(options) => {
            MysqlStore::open_with(options).await?.close().await;
            MysqlStore::SCHEMA_VERSION
        }
    };
    println!("the schema is up to date: version {version}");
    Ok(())
}
