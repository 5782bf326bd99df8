//! The stores over a server.

use hos_core::error::FaultKind;
use hos_core::prelude::*;
#[cfg(feature = "mysql")]
use hos_sqlx::{MysqlOptions, MysqlStore};
use hos_sqlx::{PostgresOptions, PostgresStore, WithinExt as _};

use crate::backend::Server;
use crate::job::law;

const CONNECTIONS: u32 = 12;
const CREATE_DOMAIN: &str = "CREATE TABLE IF NOT EXISTS domain_move (
    tenant varchar(64) NOT NULL, command varchar(64) NOT NULL, revision bigint NOT NULL,
    PRIMARY KEY (tenant, command))";
const INSERT_DOMAIN: &str =
    "INSERT INTO domain_move (tenant, command, revision) VALUES ($1, $2, $3)";
#[cfg(feature = "mysql")]
const INSERT_DOMAIN_MARIADB: &str =
    "INSERT INTO domain_move (tenant, command, revision) VALUES (?, ?, ?)";

impl Server {
    /// The database's address for the ordinary role.
    pub(crate) fn url(&self) -> &str {
        match self {
            Self::Postgres(_, url) => url,
            #[cfg(feature = "mysql")]
            Self::MariaDb(_, url) => url,
        }
    }
}

/// A store over a server.
#[derive(Clone)]
pub(crate) enum Store {
    Postgres(PostgresStore),
    #[cfg(feature = "mysql")]
    MariaDb(MysqlStore),
}

impl Store {
    pub(crate) async fn open(url: &str) -> Result<Self, Fault> {
        #[cfg(feature = "mysql")]
        if url.starts_with("mysql:") {
            let options = MysqlOptions::new(url).connections(CONNECTIONS);
            let store = MysqlStore::open_with(options).await?;
            sqlx::query(CREATE_DOMAIN).execute(store.pool()).await.map_err(lost)?;
            return Ok(Self::MariaDb(store));
        }
        let options = PostgresOptions::new(url).connections(CONNECTIONS);
        let store = PostgresStore::open_with(options).await?;
        sqlx::query(CREATE_DOMAIN).execute(store.pool()).await.map_err(lost)?;
        Ok(Self::Postgres(store))
    }

    pub(crate) async fn hos(&self) -> Result<Hos, Fault> {
        match self {
            Self::Postgres(store) => Hos::open([law()], store.clone()).await,
            #[cfg(feature = "mysql")]
            Self::MariaDb(store) => Hos::open([law()], store.clone()).await,
        }
    }

    pub(crate) async fn close(&self) {
        match self {
            Self::Postgres(store) => store.close().await,
            #[cfg(feature = "mysql")]
            Self::MariaDb(store) => store.close().await,
        }
    }

    /// Moves in a transaction of the caller's, with a row of the domain's.
    pub(crate) async fn move_with_row(
        &self,
        hos: &Hos,
        command: &Command,
        key: &str,
    ) -> Result<Receipt, Error> {
        match self {
            Self::Postgres(store) => {
                let mut transaction = store.begin().await?;
                let receipt = hos.within(&mut transaction).transition(command).await?;
                if receipt.replayed {
                    transaction.rollback().await.map_err(lost)?;
                    return Ok(receipt);
                }
                sqlx::query(INSERT_DOMAIN)
                    .bind(command.subject().tenant.as_str())
                    .bind(key)
                    .bind(i64::try_from(receipt.revision).unwrap())
                    .execute(&mut *transaction)
                    .await
                    .map_err(lost)?;
                transaction.commit().await.map_err(lost)?;
                Ok(receipt)
            }
            #[cfg(feature = "mysql")]
            Self::MariaDb(store) => {
                let mut transaction = store.begin().await?;
                let receipt = hos.within(&mut transaction).transition(command).await?;
                if receipt.replayed {
                    transaction.rollback().await.map_err(lost)?;
                    return Ok(receipt);
                }
                sqlx::query(INSERT_DOMAIN_MARIADB)
                    .bind(command.subject().tenant.as_str())
                    .bind(key)
                    .bind(i64::try_from(receipt.revision).unwrap())
                    .execute(&mut *transaction)
                    .await
                    .map_err(lost)?;
                transaction.commit().await.map_err(lost)?;
                Ok(receipt)
            }
        }
    }
}

/// An error of the domain's own statements: nobody knows, so the command is sent again.
fn lost(error: sqlx::Error) -> Fault {
    Fault::new(FaultKind::Ambiguous, "the caller's own statement").caused_by(error)
}
