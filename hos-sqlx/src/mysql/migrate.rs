//! Brings the schema up to date: whoever comes first, one at a time.

use std::time::Duration;

use hos_core::error::{Fault, FaultKind};
use sqlx::mysql::MySqlConnection;
use tokio::time::{Instant, sleep};

use super::fault::classify;
use super::row::unchecked;

/// The steps in order; a step that was ever released never changes. Every text can be executed
/// again: the server commits each statement of a schema by itself, so that a step that was
/// interrupted is begun again.
const STEPS: [(&str, &[&str]); 1] = [(
    "first",
    &[
        include_str!("schema/tables.sql"),
        include_str!("schema/moving.sql"),
        include_str!("schema/archive.sql"),
        include_str!("schema/epoch.sql"),
        include_str!("schema/protection.sql"),
        include_str!("schema/standing.sql"),
        include_str!("schema/commit.sql"),
        include_str!("schema/migration.sql"),
        include_str!("schema/hold.sql"),
        include_str!("schema/partitions.sql"),
        include_str!("schema/seal.sql"),
    ],
)];

/// The version that a schema is brought to.
pub(super) const VERSION: usize = STEPS.len();

/// Every text of the schema.
pub(super) fn texts() -> impl Iterator<Item = &'static str> {
    STEPS.iter().flat_map(|(_, texts)| texts.iter().copied())
}
/// The first server with `SKIP LOCKED`, `JSON_TABLE` and everything else that is used here.
const SERVER_VERSION_MIN: (u32, u32) = (10, 6);
/// How long to wait before the lock is asked for again.
const RETRY_AFTER: Duration = Duration::from_millis(20);

/// Checks what server it is and takes the steps that its database has not taken.
pub(super) async fn migrate(
    connection: &mut MySqlConnection,
    patience: Duration,
) -> Result<(), Fault> {
    check_server(connection).await?;
    if version(connection).await? == VERSION {
        return Ok(());
    }
    let tables = sqlx::raw_sql(include_str!("schema/schema.sql"));
    tables.execute(&mut *connection).await.map_err(classify)?;
    let owner = lock(connection, patience).await?;
    // Dropped or failed meanwhile, the lock expires.
    let upgraded = upgrade(connection, &owner).await;
    let unlock = sqlx::query(include_str!("unlock.sql")).bind(&owner);
    let unlocked = unlock.execute(connection).await;
    upgraded?;
    unlocked.map_err(classify)?;
    Ok(())
}

async fn check_server(connection: &mut MySqlConnection) -> Result<(), Fault> {
    let version: String =
        sqlx::query_scalar("SELECT version()").fetch_one(connection).await.map_err(classify)?;
    require_version(&version)
}

pub(super) fn require_version(version: &str) -> Result<(), Fault> {
    let mut numbers = version.split(['.', '-']).map(|number| number.parse().unwrap_or(0));
    let mut number = || numbers.next().unwrap_or(0);
    if version.contains("MariaDB") && (number(), number()) >= SERVER_VERSION_MIN {
        return Ok(());
    }
    let message = format!("the server is {version}; MariaDB 10.6 or later is needed");
    Err(Fault::new(FaultKind::Unsupported, message))
}

/// The schema's version; 0 when there is none.
pub(super) async fn version(connection: &mut MySqlConnection) -> Result<usize, Fault> {
    let known = include_str!("has_schema.sql");
    if number(connection, known).await? == 0 {
        return Ok(0);
    }
    let version = "SELECT coalesce(max(version), 0) FROM hos_schema";
    let version = number(connection, version).await?;
    let version = usize::try_from(version).unwrap_or(usize::MAX);
    if version > VERSION {
        let message = "the store was written by a newer version of this software; upgrade";
        return Err(Fault::new(FaultKind::NewerSchema, message));
    }
    Ok(version)
}

/// Takes the lock, in the database's time, and says by which name.
async fn lock(connection: &mut MySqlConnection, patience: Duration) -> Result<String, Fault> {
    let owner: String =
        sqlx::query_scalar("SELECT uuid()").fetch_one(&mut *connection).await.map_err(classify)?;
    let until = Instant::now() + patience;
    loop {
        let query = sqlx::query(include_str!("lock.sql")).bind(&owner);
        let taken = query.execute(&mut *connection).await.map_err(classify)?;
        if taken.rows_affected() > 0 {
            return Ok(owner);
        }
        if Instant::now() >= until {
            let message = "another process has been changing the schema for too long";
            return Err(Fault::new(FaultKind::Busy, message));
        }
        sleep(RETRY_AFTER).await;
    }
}

async fn upgrade(connection: &mut MySqlConnection, owner: &str) -> Result<(), Fault> {
    // Another process may have been first: looked at again under the lock.
    let version = version(connection).await?;
    for (number, (name, texts)) in (1_i64..).zip(STEPS).skip(version) {
        for text in texts {
            sqlx::raw_sql(*text).execute(&mut *connection).await.map_err(classify)?;
            let extended = sqlx::query(include_str!("extend_lock.sql")).bind(owner);
            let extended = extended.execute(&mut *connection).await.map_err(classify)?;
            if extended.rows_affected() == 0 {
                let message = "the lock of the schema was lost; open the store again";
                return Err(Fault::new(FaultKind::Busy, message));
            }
        }
        sqlx::query("INSERT INTO hos_schema (version, name) VALUES (?, ?)")
            .bind(number)
            .bind(name)
            .execute(&mut *connection)
            .await
            .map_err(classify)?;
    }
    Ok(())
}

async fn number(connection: &mut MySqlConnection, text: &'static str) -> Result<i64, Fault> {
    let row = sqlx::query(text).fetch_one(connection).await.map_err(classify)?;
    unchecked(&row, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_that_lack_what_is_used_are_refused() {
        for version in ["8.0.36", "10.5.28-MariaDB", "5.5.5-10.4.1-MariaDB", ""] {
            assert!(require_version(version).is_err(), "{version}");
        }
        for version in ["10.6.0-MariaDB", "10.11.14-MariaDB-0+deb12u2", "11.8.2-MariaDB-log"] {
            assert!(require_version(version).is_ok(), "{version}");
        }
    }
}
