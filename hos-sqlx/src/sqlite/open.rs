//! Opens the connections and checks what they were opened on.

use std::time::Duration;

use hos_core::error::{Fault, FaultKind};
use sqlx::ConnectOptions;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use tokio::time::{Instant, sleep};

use super::fault::classify;
use super::migrate;
use super::options::SqliteOptions;

/// The first SQLite without the defect that can damage a file when two connections reset the
/// write-ahead log at once.
const SQLITE_VERSION_MIN: (u32, u32, u32) = (3, 51, 3);
/// Pages in the write-ahead log before it is written back: late, so that commits stay short.
const CHECKPOINT_PAGES: &str = "4000";
/// How much of the file each connection keeps in memory, in KiB.
const CACHE_KIB: &str = "-32768";
/// How long to wait before a busy file is opened again.
const RETRY_AFTER: Duration = Duration::from_millis(10);
const STATEMENTS_CACHED: usize = 256;
/// Rows that the connection's thread may run ahead.
const ROWS_AHEAD: usize = 512;

/// The pool of the one connection that writes, and that of those that read.
pub(super) async fn open(options: &SqliteOptions) -> Result<(SqlitePool, SqlitePool), Fault> {
    require_file(options)?;
    let writer = pool(1, options).connect_lazy_with(
        connect(options)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .pragma("wal_autocheckpoint", CHECKPOINT_PAGES),
    );
    if let Err(fault) = prepare_patiently(&writer, options).await {
        writer.close().await;
        return Err(fault);
    }
    let reader = pool(options.reader_count(), options)
        .connect_lazy_with(connect(options).pragma("query_only", "ON"));
    Ok((writer, reader))
}

/// The one connection to a vault, which is asked rarely. Deleted bytes are overwritten.
pub(super) fn vault(options: &SqliteOptions) -> Result<SqlitePool, Fault> {
    require_file(options)?;
    Ok(pool(1, options).connect_lazy_with(
        connect(options)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Truncate)
            .synchronous(SqliteSynchronous::Extra)
            .pragma("secure_delete", "ON"),
    ))
}

fn require_file(options: &SqliteOptions) -> Result<(), Fault> {
    if options.path().as_os_str().is_empty() || options.path().as_os_str() == ":memory:" {
        let message = "a store needs a file of its own; use `MemoryStore` for one in memory";
        return Err(Fault::new(FaultKind::Foreign, message));
    }
    Ok(())
}

fn connect(options: &SqliteOptions) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(options.path())
        .foreign_keys(true)
        .busy_timeout(options.patience())
        .statement_cache_capacity(STATEMENTS_CACHED)
        .row_buffer_size(ROWS_AHEAD)
        .pragma("cache_size", CACHE_KIB)
        .disable_statement_logging()
}

fn pool(connections: u32, options: &SqliteOptions) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(options.patience())
        // A connection to a file does not go stale, and each one keeps its prepared statements.
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
}

/// Whoever turns on the write-ahead log finds the others busy, and SQLite does not wait for them:
/// its busy timeout does not hold there.
async fn prepare_patiently(writer: &SqlitePool, options: &SqliteOptions) -> Result<(), Fault> {
    let until = Instant::now() + options.patience();
    loop {
        match prepare(writer).await {
            Err(fault) if fault.kind() == FaultKind::Busy && Instant::now() < until => {
                sleep(RETRY_AFTER).await;
            }
            prepared => return prepared,
        }
    }
}

async fn prepare(writer: &SqlitePool) -> Result<(), Fault> {
    let version: String =
        sqlx::query_scalar("SELECT sqlite_version()").fetch_one(writer).await.map_err(classify)?;
    check_version(&version)?;
    migrate::migrate(writer).await
}

pub(super) fn check_version(version: &str) -> Result<(), Fault> {
    let mut numbers = version.split('.').map(|number| number.parse().unwrap_or(0));
    let mut number = || numbers.next().unwrap_or(0);
    if (number(), number(), number()) >= SQLITE_VERSION_MIN {
        return Ok(());
    }
    let message = format!(
        "SQLite {version} can damage a file when its write-ahead log is reset; another crate in \
         this build pins an old libsqlite3-sys, 0.37 or later is needed"
    );
    Err(Fault::new(FaultKind::Internal, message))
}

/// Writes the write-ahead log back into the file and empties it.
pub(super) async fn checkpoint(writer: &SqlitePool) -> Result<(), Fault> {
    if writer.is_closed() {
        return Ok(());
    }
    let truncate = "PRAGMA wal_checkpoint(TRUNCATE)";
    sqlx::query(truncate).fetch_all(writer).await.map_err(classify)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_versions_with_the_reset_defect_are_refused() {
        for version in ["3.46.0", "3.51.2", "3.7.0", ""] {
            assert!(check_version(version).is_err(), "{version}");
        }
        for version in ["3.51.3", "3.52.0", "4.0.0"] {
            assert!(check_version(version).is_ok(), "{version}");
        }
    }
}
