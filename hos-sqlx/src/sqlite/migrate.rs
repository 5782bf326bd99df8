//! Brings the schema up to date: one transaction, whoever comes first.

use hos_core::error::{Fault, FaultKind};
use sqlx::sqlite::{SqliteConnection, SqlitePool};

use super::fault::classify;
use super::lease::Lease;
use super::row::column;

/// The steps in order; a step that was ever released never changes.
const STEPS: [(&str, &[&str]); 1] = [(
    "first",
    &[
        include_str!("schema/tables.sql"),
        include_str!("schema/protection.sql"),
        include_str!("schema/archive.sql"),
        include_str!("schema/epoch.sql"),
        include_str!("schema/upkeep.sql"),
        include_str!("schema/standing.sql"),
        include_str!("schema/write.sql"),
        include_str!("schema/migration.sql"),
        include_str!("schema/seal.sql"),
    ],
)];

/// The version of a schema that is up to date.
pub(super) const VERSION: usize = STEPS.len();

/// Every text of the schema.
pub(super) fn texts() -> impl Iterator<Item = &'static str> {
    STEPS.iter().flat_map(|(_, texts)| texts.iter().copied())
}

/// "HOS1", in the header of the file.
const APPLICATION_ID: i64 = 0x484F_5331;

/// Checks whose file it is and takes the steps that it has not taken.
pub(super) async fn migrate(writer: &SqlitePool) -> Result<(), Fault> {
    let mut lease = Lease::acquire(writer).await.map_err(classify)?;
    let current = inspect(lease.connection()).await?;
    if current.is_some_and(|version| version == STEPS.len()) {
        return Ok(());
    }
    match upgrade(lease.opening()).await {
        Ok(()) => {
            lease.committed();
            Ok(())
        }
        Err(fault) => {
            lease.roll_back().await;
            Err(fault)
        }
    }
}

/// Refuses a file whose schema is not up to date, without writing to it.
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(super) async fn check_current(connection: &mut SqliteConnection) -> Result<(), Fault> {
    match inspect(connection).await? {
        Some(VERSION) => Ok(()),
        Some(_) => {
            let message = "the file is of an older version; run `hos migrate` on it first";
            Err(Fault::new(FaultKind::Unsupported, message))
        }
        None => {
            let message = "the file holds nothing of the law; check the path";
            Err(Fault::new(FaultKind::Foreign, message))
        }
    }
}

/// The schema's version; none when the file does not yet say whose it is.
pub(super) async fn inspect(connection: &mut SqliteConnection) -> Result<Option<usize>, Fault> {
    let application = pragma(connection, "PRAGMA application_id").await?;
    if application != 0 && application != APPLICATION_ID {
        let message = "the file belongs to another application; check the path";
        return Err(Fault::new(FaultKind::Foreign, message));
    }
    let known = "SELECT count(*) FROM sqlite_schema WHERE name = 'hos_schema'";
    let version = match pragma(connection, known).await? {
        0 => 0,
        _ => pragma(connection, "SELECT coalesce(max(version), 0) FROM hos_schema").await?,
    };
    let version = usize::try_from(version).unwrap_or(usize::MAX);
    if version > STEPS.len() {
        let message = "the store was written by a newer version of this software; upgrade";
        return Err(Fault::new(FaultKind::NewerSchema, message));
    }
    Ok((application == APPLICATION_ID).then_some(version))
}

async fn upgrade(connection: &mut SqliteConnection) -> Result<(), Fault> {
    sqlx::query("BEGIN IMMEDIATE").execute(&mut *connection).await.map_err(classify)?;
    // Another process may have been first: looked at again under the lock.
    let version = inspect(connection).await?.unwrap_or(0);
    for (number, (name, texts)) in (1_i64..).zip(STEPS).skip(version) {
        for text in texts {
            sqlx::raw_sql(*text).execute(&mut *connection).await.map_err(classify)?;
        }
        sqlx::query("INSERT INTO hos_schema (version, name) VALUES (?, ?)")
            .bind(number)
            .bind(name)
            .execute(&mut *connection)
            .await
            .map_err(classify)?;
    }
    // A pragma takes no parameters; the constant above in decimal.
    sqlx::query("PRAGMA application_id = 1213158193")
        .execute(&mut *connection)
        .await
        .map_err(classify)?;
    sqlx::query("COMMIT").execute(connection).await.map_err(classify)?;
    Ok(())
}

async fn pragma(connection: &mut SqliteConnection, text: &'static str) -> Result<i64, Fault> {
    let row = sqlx::query(text).fetch_one(connection).await.map_err(classify)?;
    column(&row, 0)
}
