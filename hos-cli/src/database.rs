//! Which database a word of the command line names, and how it is opened to be read.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use hos_core::error::{Fault, FaultKind};
use hos_core::store::{Backend, Survey};
use hos_sqlx::{
    MysqlOptions, MysqlStore, Pooler, PostgresOptions, PostgresStore, SqliteOptions, SqliteStore,
};

use crate::exit::{Exit, Trouble};

/// How many connections a command that reads takes.
const CONNECTIONS: u32 = 2;

/// The database of a command.
#[derive(Debug, Args)]
pub(crate) struct DatabaseArguments {
    /// A URL that begins with `postgres://` or `mysql://`, or the path of a SQLite file.
    #[arg(long = "db", alias = "database", value_name = "URL|FILE")]
    #[arg(env = "DATABASE_URL", hide_env_values = true)]
    pub(crate) database: Option<String>,
    /// The URL past a pooler, or of a role that may create tables.
    #[arg(long, value_name = "URL")]
    pub(crate) direct: Option<String>,
    /// A pooler in transaction mode, such as PgBouncer, stands before the server.
    #[arg(long)]
    pub(crate) pooled: bool,
}

impl DatabaseArguments {
    pub(crate) fn parse(&self) -> Result<Database, Trouble> {
        let Some(database) = &self.database else {
            let message = "no database was named";
            return Err(Trouble::new(Exit::Usage, message, "give `--db`, or set DATABASE_URL"));
        };
        match Database::parse(database, self.direct.as_deref())? {
            Database::Postgres(options) if self.pooled => {
                Ok(Database::Postgres(options.pooler(Pooler::Transaction)))
            }
            other => Ok(other),
        }
    }
}

/// A database.
#[derive(Debug)]
pub(crate) enum Database {
    Sqlite(PathBuf),
    Postgres(PostgresOptions),
    Mysql(MysqlOptions),
}

/// A database that is there and up to date, opened.
#[derive(Clone)]
pub(crate) struct Opened {
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) survey: Arc<dyn Survey>,
}

impl Database {
    /// Reads a URL or a path.
    pub(crate) fn parse(text: &str, direct: Option<&str>) -> Result<Self, Fault> {
        match text.split_once("://") {
            Some(("postgres" | "postgresql", _)) => {
                let options = PostgresOptions::new(text).connections(CONNECTIONS);
                Ok(Self::Postgres(match direct {
                    Some(direct) => options.direct_url(direct),
                    None => options,
                }))
            }
            Some(("mysql" | "mariadb", _)) => {
                let options = MysqlOptions::new(text).connections(CONNECTIONS);
                Ok(Self::Mysql(match direct {
                    Some(direct) => options.direct_url(direct),
                    None => options,
                }))
            }
            Some((scheme, _)) => {
                let message =
                    format!("no database is called `{scheme}`; give a postgres:// or mysql:// URL");
                Err(Fault::new(FaultKind::Unsupported, message))
            }
            None if direct.is_some() => {
                let message = "a file has no direct URL; leave `--direct` out";
                Err(Fault::new(FaultKind::Unsupported, message))
            }
            None => Ok(Self::Sqlite(PathBuf::from(text))),
        }
    }

    /// Opens it to be read: whoever reads makes no file and changes no schema.
    pub(crate) async fn open(self) -> Result<Opened, Fault> {
        match self {
            Self::Sqlite(path) => {
                let version = SqliteStore::schema_version(&path).await?;
                require(version, SqliteStore::SCHEMA_VERSION)?;
                let options = SqliteOptions::new(path).readers(CONNECTIONS);
                Ok(opened(SqliteStore::open_with(options).await?))
            }
            Self::Postgres(options) => {
                let version = PostgresStore::schema_version(&options).await?;
                require(version, PostgresStore::SCHEMA_VERSION)?;
                Ok(opened(PostgresStore::open_with(options).await?))
            }
            Self::Mysql(options) => {
                let version = MysqlStore::schema_version(&options).await?;
                require(version, MysqlStore::SCHEMA_VERSION)?;
                Ok(opened(MysqlStore::open_with(options).await?))
            }
        }
    }
}

fn opened<S: Backend + Survey + Clone + 'static>(store: S) -> Opened {
    Opened { backend: Arc::new(store.clone()), survey: Arc::new(store) }
}

fn require(version: Option<usize>, newest: usize) -> Result<(), Fault> {
    match version {
        Some(version) if version == newest => Ok(()),
        Some(version) => {
            let message = format!(
                "the schema is of version {version}, this program's is {newest}; run `hos migrate`"
            );
            Err(Fault::new(FaultKind::Unsupported, message))
        }
        None => {
            let message = "the database holds nothing of the law; check the address";
            Err(Fault::new(FaultKind::Foreign, message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_known_by_its_scheme() {
        assert!(matches!(Database::parse("pazar.db", None), Ok(Database::Sqlite(_))));
        let url = "postgresql://law@localhost/pazar";
        assert!(matches!(Database::parse(url, Some(url)), Ok(Database::Postgres(_))));
        for url in ["mysql://law@localhost/pazar", "mariadb://law@localhost/pazar"] {
            assert!(matches!(Database::parse(url, Some(url)), Ok(Database::Mysql(_))));
        }
        assert!(Database::parse("oracle://x", None).is_err());
        assert!(Database::parse("pazar.db", Some(url)).is_err());
    }
}
