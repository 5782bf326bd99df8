//! SQLite: one writer, several readers, one file.

mod archive;
mod caller;
mod commit;
mod doctor;
mod erasure;
mod fault;
mod guard;
mod lease;
mod ledger;
mod lines;
mod load;
mod migrate;
mod migration;
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(crate) mod moving;
mod open;
mod options;
mod outbox;
mod row;
mod seals;
mod segments;
mod step;
mod survey;
mod vault;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use hos_core::commit::{Commit, Outcome};
use hos_core::error::Fault;
use hos_core::standing::Standing;
use hos_core::store::{Ask, Store};
use sqlx::sqlite::SqlitePool;
use sqlx::{Sqlite, Transaction};

pub use caller::SqliteCaller;
pub use options::SqliteOptions;
pub use vault::SqliteVault;

use crate::guard::GuardedColumn;
use crate::known::Known;
use commit::Logs;

/// The law in a SQLite file. Clones share it.
///
/// The file may be the world's own: every table here is called `hos_..`. Write-ahead log, full
/// synchronisation, one connection that writes, a few that read.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use hos_core::{hos::Hos, law::Law};
/// use hos_sqlx::SqliteStore;
///
/// let law = Law::builder("pazar", "1").roles(["owner"]).allow("shop.open", ["owner"]).build()?;
/// let store = SqliteStore::open("pazar.db").await?;
/// let hos = Hos::open([law], store.clone()).await?;
/// store.close().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct SqliteStore {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    writer: SqlitePool,
    reader: SqlitePool,
    known: Known,
    logs: Logs,
}

impl SqliteStore {
    /// The version of the schema that an opened file has.
    pub const SCHEMA_VERSION: usize = migrate::VERSION;

    /// Opens or creates a file with the usual options.
    ///
    /// # Errors
    ///
    /// As [`SqliteStore::open_with`].
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, Fault> {
        Self::open_with(SqliteOptions::new(path)).await
    }

    /// Opens or creates a file and brings its schema up to date.
    ///
    /// # Errors
    ///
    /// A [`Fault`] whose kind says what to do: `Foreign`, `NewerSchema`, `Corrupt`, `Busy`,
    /// `Full`, `ReadOnly`, `Unavailable`; `Internal` when the SQLite that was linked has the
    /// write-ahead log's reset defect.
    pub async fn open_with(options: SqliteOptions) -> Result<Self, Fault> {
        let (writer, reader) = open::open(&options).await?;
        let (known, logs) = (Known::new(options.cached()), Logs::new(options.cached()));
        Ok(Self { shared: Arc::new(Shared { writer, reader, known, logs }) })
    }

    /// Begins a transaction of the world's, with the write lock, on the one connection that
    /// writes. For [`within`](crate::WithinExt::within), and for the world's own rows.
    ///
    /// Until it ends nothing else is written; a call of the law that is *not* within it waits for
    /// it, so do not await one while holding it.
    ///
    /// # Errors
    ///
    /// A [`Fault`] of the kind `Busy` when another writer held the file for too long.
    pub async fn begin(&self) -> Result<Transaction<'static, Sqlite>, Fault> {
        self.shared.writer.begin_with("BEGIN IMMEDIATE").await.map_err(fault::classify)
    }

    /// The connections that read, for the world's own queries. They refuse to write.
    #[must_use]
    pub fn reader(&self) -> &SqlitePool {
        &self.shared.reader
    }

    /// Protects a status column of the world's: the law writes it, plain SQL cannot.
    ///
    /// # Errors
    ///
    /// A [`Fault`] of the kind `Law` for a name outside the grammar or a table or column that
    /// does not exist, and what the file says.
    pub async fn guard(&self, column: &GuardedColumn) -> Result<(), Fault> {
        guard::install(&self.shared.writer, column).await
    }

    /// Writes the log back into the file and closes every connection.
    ///
    /// # Errors
    ///
    /// What the file says to the last checkpoint; everything is closed all the same.
    pub async fn close(&self) -> Result<(), Fault> {
        self.shared.reader.close().await;
        let written = open::checkpoint(&self.shared.writer).await;
        self.shared.writer.close().await;
        written
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn load_all(&self, asks: &[Ask]) -> Result<Vec<Standing>, Fault> {
        let mut connection = self.shared.reader.acquire().await.map_err(fault::classify)?;
        load::load_all(&mut connection, load::Source::Committed(&self.shared.known), asks).await
    }

    async fn commit_all(&self, commits: &[Commit]) -> Vec<Result<Outcome, Fault>> {
        commit::commit_all(&self.shared.writer, &self.shared.logs, commits).await
    }
}
