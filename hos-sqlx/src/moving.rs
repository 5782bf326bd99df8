//! Moving house: a whole deployment from a SQLite file into another database.
//!
//! Rows are copied in batches, each in one transaction with the mark how far the move has come, so
//! that a move that was killed goes on where it stopped. Then every row of both sides is read and
//! compared, and the root of every log is computed from the leaves that arrived. Only then is the
//! move finished; until then the new database refuses to be opened as a store.

mod begun;
mod cell;
mod check;
mod copy;
mod destination;
mod report;
pub(crate) mod server;
mod table;

use std::path::Path;

use async_trait::async_trait;
use hos_core::error::{Fault, FaultKind};
use tokio::time::Instant;

pub use destination::Destination;
pub use report::{Moved, Progress, Report, Stage};

pub(crate) use begun::{Identity, Recorded};
pub(crate) use cell::{Cell, Row};
pub(crate) use table::{Shape, Table};

use begun::Begun;

#[cfg(feature = "mysql")]
use crate::mysql::moving::MysqlTarget;
#[cfg(feature = "postgres")]
use crate::postgres::moving::PostgresTarget;
use crate::sqlite::moving::Source;

/// How many rows go in one transaction.
pub(crate) const BATCH: usize = 2_000;

/// Moves every row of the law from a SQLite file into another database, and compares both.
///
/// Stop whoever writes to the file first. It is opened read-only and read as it was in one moment;
/// when anybody wrote to it meanwhile, the move does not finish. The database must hold nothing of
/// the law, or an unfinished move of the same file, which then goes on. Its own tables, if it is
/// shared with a world, and the world's tables in the file are left alone.
///
/// Where the move of this file, as it is now, was finished before, nothing is done: what has
/// become of the new database since is not looked at.
///
/// `progress` is told after each batch, and never between two that are of one transaction.
///
/// # Errors
///
/// `Foreign` when the database holds something else or an earlier state of the file, `Corrupt`
/// with the place of the first row that is damaged or differs, `Busy` when the file was written to
/// or another move is at work, `Unsupported` for a file of an older schema, one of which entries
/// are archived, or a pooler without a direct URL, and what the databases say. After each of them
/// the move is unfinished, and calling again goes on with it.
pub async fn move_house(
    from: &Path,
    to: impl Into<Destination>,
    progress: impl Fn(Progress) + Send + Sync,
) -> Result<Report, Fault> {
    let to = to.into();
    let mut source = Source::open(from).await?;
    match to {
        #[cfg(feature = "mysql")]
        Destination::Mysql(options) => {
            run(&mut source, &mut MysqlTarget::open(&options).await?, &progress).await
        }
        #[cfg(feature = "postgres")]
        Destination::Postgres(options) => {
            run(&mut source, &mut PostgresTarget::open(&options).await?, &progress).await
        }
    }
}

/// How far a move has come: a table, and the key of its last row that was written.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub(crate) struct Mark {
    pub(crate) table: Table,
    pub(crate) after: Row,
    pub(crate) rows: u64,
}

/// The database that a deployment moves into.
///
/// `recorded` and `record` come first and `make_room` after them, then any number of `write`; then
/// `settle`, from which on what is read is one consistent picture; `finish` ends the move together
/// with that picture.
#[async_trait]
pub(crate) trait Target: Send {
    /// The move that is written down.
    async fn recorded(&mut self) -> Result<Option<Recorded>, Fault>;

    /// Writes a new move down; false in a database that is used.
    async fn record(&mut self, identity: &Identity) -> Result<bool, Fault>;

    /// Makes the partitions for the entries of the month of each moment and of the next month. The
    /// moments are in microseconds and in their order.
    async fn make_room(&mut self, moments: &[i64]) -> Result<(), Fault>;

    /// Writes rows and the mark in one transaction.
    async fn write(&mut self, table: Table, rows: &[Row], mark: &str) -> Result<(), Fault>;

    /// Raises the sequence of a table's numbers to at least this one, and holds a picture of
    /// everything that was written.
    async fn settle(&mut self, highest: &[(Table, i64)]) -> Result<(), Fault>;

    /// The rows of a table after a key, in the order of the keys.
    async fn read(&mut self, table: Table, after: &Row) -> Result<Vec<Row>, Fault>;

    /// How many rows a table has.
    async fn count(&mut self, table: Table) -> Result<u64, Fault>;

    /// The last number that the sequence of a table has given.
    async fn last_number(&mut self, table: Table) -> Result<i64, Fault>;

    /// Ends the move.
    async fn finish(&mut self) -> Result<(), Fault>;
}

async fn run(
    source: &mut Source,
    target: &mut impl Target,
    progress: &(impl Fn(Progress) + Send + Sync),
) -> Result<Report, Fault> {
    let began = Instant::now();
    source.require_unarchived().await?;
    let identity = source.identity().await?;
    let Begun::Unfinished(mark) = begun::begin(target, &identity).await? else {
        return Ok(Report::finished_before(began.elapsed()));
    };
    let resumed = mark.is_some();
    target.make_room(&source.moments().await?).await?;
    copy::copy(source, target, mark, progress).await?;
    let copied = began.elapsed();
    let highest = source.highest().await?;
    target.settle(&highest).await?;
    let tables = check::check(source, target, &highest, progress).await?;
    if source.was_written().await? {
        let message = "the file was written to while it was moved; stop whoever writes to it and \
                       move again";
        return Err(Fault::new(FaultKind::Busy, message));
    }
    target.finish().await?;
    Ok(Report { tables, resumed, finished_before: false, copied, elapsed: began.elapsed() })
}

/// What makes a copy worthless: names the place, never a value.
pub(crate) fn differs(what: impl std::fmt::Display) -> Fault {
    Fault::new(FaultKind::Corrupt, format!("{what}; the move is not finished"))
}
