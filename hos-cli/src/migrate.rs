//! `hos migrate`.

use clap::Args;
use hos_sqlx::{MysqlStore, PostgresStore, SqliteStore};
use serde_json::json;

use crate::database::{Database, DatabaseArguments};
use crate::exit::{Exit, Trouble};
use crate::voice::Voice;

/// Brings the schema of a database up to date and says its version; a file is made when missing.
#[derive(Debug, Args)]
pub(crate) struct Migrate {
    #[command(flatten)]
    database: DatabaseArguments,
}

/// Brings a schema up to date: opening does it.
pub(crate) async fn obey(voice: &Voice, order: &Migrate) -> Result<Exit, Trouble> {
    let version = match order.database.parse()? {
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
    voice.line(format_args!("the schema is up to date: version {version}"));
    voice.document("migrate", json!({"version": version}));
    Ok(Exit::Done)
}
