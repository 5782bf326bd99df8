//! Brings the schema up to date: one transaction, whoever comes first.

use hos_core::error::{Fault, FaultKind};
use sqlx::postgres::PgConnection;
use sqlx::{Executor as _, Row as _};

use super::fault::classify_migration;

/// The steps in order; a step that was ever released never changes.
const STEPS: [(&str, &[&str]); 1] = [(
    "first",
    &[
        include_str!("schema/tables.sql"),
        include_str!("schema/wall.sql"),
        include_str!("schema/protection.sql"),
        include_str!("schema/archive.sql"),
        include_str!("schema/epoch.sql"),
        include_str!("schema/guard.sql"),
        include_str!("schema/load.sql"),
        include_str!("schema/sequel.sql"),
        include_str!("schema/commit_all.sql"),
        include_str!("schema/commit_moves.sql"),
        include_str!("schema/commit_one.sql"),
        include_str!("schema/change.sql"),
        include_str!("schema/migration.sql"),
        include_str!("schema/read.sql"),
        include_str!("schema/upkeep.sql"),
        include_str!("schema/rotation.sql"),
        include_str!("schema/seal.sql"),
        include_str!("schema/erasure.sql"),
    ],
)];

/// The version of a schema that is up to date.
pub(super) const VERSION: usize = STEPS.len();

/// Every text of the schema.
pub(super) fn texts() -> impl Iterator<Item = &'static str> {
    STEPS.iter().flat_map(|(_, texts)| texts.iter().copied())
}

/// Held until the transaction ends, so that of several processes one takes the steps.
const LOCK: &str = include_str!("schema/lock.sql");
const TAKEN: &str = "SELECT coalesce(max(version), 0)::text FROM hos_schema";

/// Takes the steps that have not been taken.
///
/// The texts go without parameters, in one transaction, so that a pooler may stand between.
pub(super) async fn migrate(connection: &mut PgConnection) -> Result<(), Fault> {
    if version(connection).await? == Some(STEPS.len()) {
        return Ok(());
    }
    execute(connection, "BEGIN").await?;
    execute(connection, LOCK).await?;
    // Another process may have been first: looked at again under the lock.
    let current = version(connection).await?.unwrap_or(0);
    for (number, (name, texts)) in (1_i32..).zip(STEPS).skip(current) {
        for text in texts {
            execute(connection, text).await?;
        }
        let note = "INSERT INTO hos_schema (version, name) VALUES ($1, $2)";
        let note = sqlx::query(note).bind(number).bind(name).persistent(false);
        note.execute(&mut *connection).await.map_err(classify_migration)?;
    }
    execute(connection, "COMMIT").await
}

/// The schema's version; none when there is no schema.
pub(super) async fn version(connection: &mut PgConnection) -> Result<Option<usize>, Fault> {
    let known = "SELECT (to_regclass('hos_schema') IS NOT NULL)::text";
    if read(connection, known).await? != "true" {
        return Ok(None);
    }
    let version = read(connection, TAKEN).await?.parse().unwrap_or(usize::MAX);
    if version > STEPS.len() {
        let message = "the store was written by a newer version of this software; upgrade";
        return Err(Fault::new(FaultKind::NewerSchema, message));
    }
    Ok(Some(version))
}

async fn read(connection: &mut PgConnection, text: &'static str) -> Result<String, Fault> {
    let row = connection.fetch_one(sqlx::raw_sql(text)).await.map_err(classify_migration)?;
    row.try_get(0).map_err(classify_migration)
}

async fn execute(connection: &mut PgConnection, text: &'static str) -> Result<(), Fault> {
    sqlx::raw_sql(text).execute(connection).await.map_err(classify_migration)?;
    Ok(())
}
