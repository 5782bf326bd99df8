//! The marketplace's own tables, brought up to date.

use hos_core::error::{Fault, FaultKind};

use crate::database::{Database, DatabaseError, Dialect, Transaction, query};

/// Each once, in this order, for ever.
const SQLITE: &[&str] = &[
    include_str!("sql/sqlite/0001_tables.sql"),
    include_str!("sql/sqlite/0002_consequences.sql"),
    include_str!("sql/sqlite/0003_flows.sql"),
    include_str!("sql/sqlite/0004_sessions.sql"),
];

const VERSION_TABLE: &str =
    "CREATE TABLE IF NOT EXISTS pazar_schema (version INTEGER NOT NULL PRIMARY KEY)";

/// Brings the tables up to date, all or nothing.
///
/// # Errors
///
/// `NewerSchema` for the file of a newer Pazar, else what the file says.
pub(crate) async fn migrate(database: &Database) -> Result<(), Fault> {
    let steps = match database.dialect() {
        Dialect::Sqlite => SQLITE,
        Dialect::Postgres | Dialect::Mysql => &[],
    };
    let mut transaction = database.begin().await?;
    let applied = apply(&mut transaction, steps).await.map_err(fault)?;
    if applied > steps.len() {
        let message = "the file was written by a newer Pazar; run that one";
        return Err(Fault::new(FaultKind::NewerSchema, message));
    }
    transaction.commit().await.map_err(|error| fault(error.into()))
}

/// Applies what is missing; answers how many the file has had before.
async fn apply(
    transaction: &mut Transaction,
    steps: &[&'static str],
) -> Result<usize, DatabaseError> {
    query(VERSION_TABLE).execute(&mut *transaction).await?;
    let applied = query("SELECT coalesce(max(version), 0) FROM pazar_schema");
    let applied: i64 = applied.fetch_one(&mut *transaction).await?;
    let applied = usize::try_from(applied).unwrap_or(usize::MAX);
    for (version, step) in (1_i64..).zip(steps).skip(applied) {
        transaction.run(step).await?;
        let noted = query("INSERT INTO pazar_schema (version) VALUES (?)").bind(version);
        noted.execute(&mut *transaction).await?;
    }
    Ok(applied)
}

fn fault(error: DatabaseError) -> Fault {
    Fault::new(FaultKind::Internal, "the marketplace's tables could not be brought up to date")
        .caused_by(error)
}
