//! The stores over a server. A second database is a second variant.

use hos_core::error::FaultKind;
use hos_core::prelude::*;
use hos_sqlx::{PostgresOptions, PostgresStore, WithinExt as _};

use crate::backend::Server;
use crate::job::law;

const CREATE_DOMAIN: &str = "CREATE TABLE IF NOT EXISTS domain_move (
    tenant text NOT NULL, key text NOT NULL, revision bigint NOT NULL, PRIMARY KEY (tenant, key))";
const INSERT_DOMAIN: &str = "INSERT INTO domain_move (tenant, key, revision) VALUES ($1, $2, $3)";

impl Server {
    /// The database's address for the ordinary role.
    pub(crate) fn url(&self) -> &str {
        let Self::Postgres(_, url) = self;
        url
    }
}

/// A store over a server.
#[derive(Clone)]
pub(crate) enum Store {
    Postgres(PostgresStore),
}

impl Store {
    pub(crate) async fn open(url: &str) -> Result<Self, Fault> {
        let store = PostgresStore::open_with(PostgresOptions::new(url).connections(12)).await?;
        sqlx::query(CREATE_DOMAIN).execute(store.pool()).await.map_err(lost)?;
        Ok(Self::Postgres(store))
    }

    pub(crate) async fn hos(&self) -> Result<Hos, Fault> {
        let Self::Postgres(store) = self;
        Hos::open([law()], store.clone()).await
    }

    /// Moves in a transaction of the caller's, with a row of the domain's.
    pub(crate) async fn move_with_row(
        &self,
        hos: &Hos,
        command: &Command,
        key: &str,
    ) -> Result<Receipt, Error> {
        let Self::Postgres(store) = self;
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

    pub(crate) async fn close(&self) {
        let Self::Postgres(store) = self;
        store.close().await;
    }
}

/// An error of the domain's own statements: nobody knows, so the command is sent again.
fn lost(error: sqlx::Error) -> Fault {
    Fault::new(FaultKind::Ambiguous, "the caller's own statement").caused_by(error)
}
