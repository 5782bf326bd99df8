//! The marketplace's own tables, brought up to date.

use hos_core::error::{Fault, FaultKind};
use hos_sqlx::SqliteStore;
use sqlx::{Sqlite, SqliteConnection, Transaction};

/// Each once, in this order, for ever.
const MIGRATIONS: [&str; 4] = [
    include_str!("sql/0001_tables.sql"),
    include_str!("sql/0002_consequences.sql"),
    include_str!("sql/0003_flows.sql"),
    include_str!("sql/0004_sessions.sql"),
];

const VERSION_TABLE: &str =
    "CREATE TABLE IF NOT EXISTS pazar_schema (version INTEGER NOT NULL PRIMARY KEY) STRICT";

/// Brings the tables up to date, all or nothing.
///
/// # Errors
///
/// `NewerSchema` for the file of a newer Pazar, else what the file says.
pub(crate) async fn migrate(store: &SqliteStore) -> Result<(), Fault> {
    let mut transaction = store.begin().await?;
    let applied = apply(&mut transaction).await.map_err(fault)?;
    if applied > MIGRATIONS.len() {
        let message = "the file was written by a newer Pazar; run that one";
        return Err(Fault::new(FaultKind::NewerSchema, message));
    }
    transaction.commit().await.map_err(fault)
}

/// Applies what is missing; answers how many the file has had before.
async fn apply(transaction: &mut Transaction<'_, Sqlite>) -> Result<usize, sqlx::Error> {
    let connection: &mut SqliteConnection = &mut *transaction;
    sqlx::query(VERSION_TABLE).execute(&mut *connection).await?;
    let applied: i64 = sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM pazar_schema")
        .fetch_one(&mut *connection)
        .await?;
    let applied = usize::try_from(applied).unwrap_or(usize::MAX);
    for (version, text) in (1_i64..).zip(MIGRATIONS).skip(applied) {
        sqlx::raw_sql(text).execute(&mut *connection).await?;
        sqlx::query("INSERT INTO pazar_schema (version) VALUES (?)")
            .bind(version)
            .execute(&mut *connection)
            .await?;
    }
    Ok(applied)
}

fn fault(error: sqlx::Error) -> Fault {
    Fault::new(FaultKind::Internal, "the marketplace's tables could not be brought up to date")
        .caused_by(error)
}
