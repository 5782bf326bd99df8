//! A file, as an operator should know it. It is only read.

use std::path::Path;

use hos_core::error::{Fault, FaultKind};
use hos_core::time::{Clock as _, SystemClock, Timestamp};
use sqlx::ConnectOptions as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};

use super::SqliteStore;
use super::fault::classify;
use super::row::{column, unchecked};
use super::{migrate, open};
use crate::doctor::{self, COUNTED_MAX, Checkup, Level, Queue};
use crate::encoding::made_at;

impl SqliteStore {
    /// The version of a file's schema; none for a file that holds nothing of the law. The file is
    /// only read, and not made when missing.
    ///
    /// # Errors
    ///
    /// A [`Fault`] of the kind `Foreign` where there is no file, or another application's; and
    /// what the file says.
    pub async fn schema_version(path: impl AsRef<Path>) -> Result<Option<usize>, Fault> {
        migrate::inspect(&mut connect(path.as_ref()).await?).await
    }

    /// Looks at everything that an operator should know of a file. The file is only read.
    ///
    /// # Errors
    ///
    /// As [`SqliteStore::schema_version`].
    pub async fn examine(path: impl AsRef<Path>) -> Result<Vec<Checkup>, Fault> {
        let mut connection = connect(path.as_ref()).await?;
        let version = migrate::inspect(&mut connection).await?;
        let mut checkups = vec![library(&mut connection).await?];
        checkups.push(doctor::schema(version, Self::SCHEMA_VERSION));
        if version != Some(Self::SCHEMA_VERSION) {
            return Ok(checkups);
        }
        checkups.push(journal(&mut connection).await?);
        checkups.push(triggers(&mut connection).await?);
        let now = SystemClock.now();
        let outbox = queue(&mut connection, OUTBOX, None).await?;
        checkups.push(doctor::outbox(outbox, now));
        let timers = queue(&mut connection, TIMERS, Some(now.as_micros())).await?;
        checkups.push(doctor::timers(timers, now));
        Ok(checkups)
    }
}

/// How many messages wait, and when the entry of the oldest was made.
const OUTBOX: &str = "
    SELECT count(*), (SELECT entry FROM hos_outbox ORDER BY id LIMIT 1), NULL
    FROM (SELECT 1 FROM hos_outbox LIMIT ?1)";
const TIMERS: &str = "
    SELECT count(*), NULL, min(due_at)
    FROM (SELECT due_at FROM hos_timer WHERE due_at <= ?2 LIMIT ?1)";

async fn connect(path: &Path) -> Result<SqliteConnection, Fault> {
    if !path.is_file() {
        let message = format!("there is no file `{}`; check the path", path.display());
        return Err(Fault::new(FaultKind::Foreign, message));
    }
    let options = SqliteConnectOptions::new().filename(path).read_only(true);
    let options = options.pragma("query_only", "ON").disable_statement_logging();
    options.connect().await.map_err(classify)
}

async fn library(connection: &mut SqliteConnection) -> Result<Checkup, Fault> {
    let row = sqlx::query("SELECT sqlite_version()").fetch_one(connection).await;
    let version: String = column(&row.map_err(classify)?, 0)?;
    let (level, advice) = match open::check_version(&version) {
        Ok(()) => (Level::Good, ""),
        Err(_) => (Level::Failure, "build with SQLite 3.51.3 or later: its log's reset is broken"),
    };
    Ok(Checkup::new("library", level, format!("SQLite {version}, in this program"), advice))
}

async fn journal(connection: &mut SqliteConnection) -> Result<Checkup, Fault> {
    let row = sqlx::query("PRAGMA journal_mode").fetch_one(connection).await;
    let mode: String = column(&row.map_err(classify)?, 0)?;
    let level = if mode == "wal" { Level::Good } else { Level::Warning };
    let advice = "open the file with `SqliteStore`, which turns the write-ahead log on";
    Ok(Checkup::new("journal", level, format!("mode `{mode}`"), advice))
}

async fn triggers(connection: &mut SqliteConnection) -> Result<Checkup, Fault> {
    let text = "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND name LIKE 'hos%'";
    let rows = sqlx::query(text).fetch_all(connection).await.map_err(classify)?;
    let there: Vec<String> =
        rows.iter().map(|row: &SqliteRow| column(row, 0)).collect::<Result<_, _>>()?;
    let wanted = doctor::triggers(migrate::texts());
    let missing = wanted.iter().filter(|name| !there.iter().any(|there| there == *name));
    let missing: Vec<String> = missing.map(|name| (*name).to_owned()).collect();
    Ok(doctor::missing("triggers", "protecting trigger", &missing))
}

async fn queue(
    connection: &mut SqliteConnection,
    text: &'static str,
    until: Option<i64>,
) -> Result<Queue, Fault> {
    let query = sqlx::query(text).bind(COUNTED_MAX).bind(until);
    let row = query.fetch_one(connection).await.map_err(classify)?;
    let entry: Option<&[u8]> = unchecked(&row, 1)?;
    let due: Option<i64> = unchecked(&row, 2)?;
    let oldest = entry.and_then(|entry| entry.try_into().ok()).map(made_at);
    Ok(Queue { count: unchecked(&row, 0)?, oldest: due.map(Timestamp::from_micros).or(oldest) })
}
