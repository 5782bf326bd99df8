//! MariaDB: rows are held, compared, and written in few statements over many rows.

mod archive;
mod call;
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
#[cfg(feature = "sqlite")]
pub(crate) mod moving;
mod numbers;
mod open;
mod options;
mod outbox;
mod pooled;
mod row;
mod scope;
mod seals;
mod segments;
mod sequence;
mod single;
mod step;
mod survey;
mod transaction;
mod upkeep;
mod vault;
mod verify;
mod write;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use hos_core::commit::{Commit, Outcome};
use hos_core::error::{Fault, FaultKind};
use hos_core::standing::Standing;
use hos_core::store::{Ask, Store};
use hos_core::time::Timestamp;
use sqlx::mysql::MySqlPool;
use sqlx::{MySql, Transaction};
use tokio::time::timeout;

pub use caller::MysqlCaller;
pub use options::MysqlOptions;
pub use vault::MysqlVault;

use numbers::Numbers;
use pooled::Pooled;

use crate::guard::GuardedColumn;
use crate::recall::Recall;

/// How long connections may take to part.
const PARTING: Duration = Duration::from_secs(5);

/// The law in a MariaDB database, 10.6 or later. Clones share it.
///
/// The database may be the world's own: every table and procedure here is called `hos_..`. The
/// user needs the rights to create tables, sequences, triggers and procedures when the schema is
/// brought up to date, and to execute the procedures after that.
///
/// Commits do not wait for a log: entries are recorded as pending, and
/// [`sequence_pending`](hos_core::store::Ledger::sequence_pending), called now and then by any
/// process, gives them their places.
///
/// What was committed is protected by triggers from every statement but `TRUNCATE`, `DROP` and
/// `ALTER`, which fire none: withhold those rights from the users of a running world.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use hos_core::{hos::Hos, law::Law};
/// use hos_sqlx::MysqlStore;
///
/// let law = Law::builder("pazar", "1").roles(["owner"]).allow("shop.open", ["owner"]).build()?;
/// let store = MysqlStore::open("mysql://law@127.0.0.1/pazar").await?;
/// let hos = Hos::open([law], store.clone()).await?;
/// store.close().await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct MysqlStore {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    connections: Pooled,
    recall: Recall,
    numbers: Numbers,
}

impl MysqlStore {
    /// The version of the schema that opening brings a database to.
    pub const SCHEMA_VERSION: usize = migrate::VERSION;

    /// Opens a database with the usual options.
    ///
    /// # Errors
    ///
    /// As [`MysqlStore::open_with`].
    pub async fn open(url: &str) -> Result<Self, Fault> {
        Self::open_with(MysqlOptions::new(url)).await
    }

    /// Opens a database and brings its schema up to date.
    ///
    /// # Errors
    ///
    /// A [`Fault`] whose kind says what to do: `Unauthorized`, `Unsupported`, `NewerSchema`,
    /// `ReadOnly`, `Unavailable`, `Busy`, `Full`, and `Foreign` in mid-move.
    pub async fn open_with(options: MysqlOptions) -> Result<Self, Fault> {
        let connections = open::open(&options).await?;
        let recall = Recall::new(options.cached, options.snapshot_bytes);
        let numbers = Numbers::default();
        Ok(Self { shared: Arc::new(Shared { connections, recall, numbers }) })
    }

    /// Begins a transaction of the world's, at READ COMMITTED. For
    /// [`within`](crate::WithinExt::within), and for the world's own rows.
    ///
    /// # Errors
    ///
    /// A [`Fault`] of the kind `Unavailable` when no connection was free for too long.
    pub async fn begin(&self) -> Result<Transaction<'static, MySql>, Fault> {
        let pool = self.pool().clone();
        // A task of its own, because a `begin` that is dropped midway leaves its connection in a
        // transaction that nobody knows of. The task ends by itself, and what it began with it.
        let begun = tokio::spawn(async move { pool.begin().await.map_err(fault::classify) });
        let lost = |error| {
            Fault::new(FaultKind::Unavailable, "the runtime is shutting down").caused_by(error)
        };
        begun.await.map_err(lost)?
    }

    fn pooled(&self) -> &Pooled {
        &self.shared.connections
    }

    /// The connections, for the world's own statements.
    #[must_use]
    pub fn pool(&self) -> &MySqlPool {
        self.shared.connections.pool()
    }

    /// The connections for the world's own queries: the same as [`MysqlStore::pool`].
    #[must_use]
    pub fn reader(&self) -> &MySqlPool {
        self.shared.connections.pool()
    }

    /// Protects a status column of the world's: the law writes it, plain SQL cannot.
    ///
    /// # Errors
    ///
    /// A [`Fault`] of the kind `Law` for a name outside the grammar, a table or column that does
    /// not exist, or a column that a foreign key writes, which fires no trigger; and what the
    /// database says.
    pub async fn guard(&self, column: &GuardedColumn) -> Result<(), Fault> {
        guard::install(self.pooled(), column).await
    }

    /// Makes the partitions that entries of this month and the next ones go into; answers how many
    /// were made. To be called daily by any process; a month without one shares a partition.
    ///
    /// # Errors
    ///
    /// What the database says.
    pub async fn partition_ahead(&self, now: Timestamp, months: u32) -> Result<u32, Fault> {
        upkeep::partition_ahead(self.pooled(), now, months).await
    }

    /// Drops the partitions of entries and their parts that end before a moment and that nothing is
    /// left in, and gives their space back at once; answers their names. Entries leave them when
    /// they go into an archive, and in no other way. It waits for the transactions that write
    /// entries, and they wait for it.
    ///
    /// # Errors
    ///
    /// What the database says; `Busy` when a transaction that wrote entries stayed open too long.
    pub async fn drop_empty_before(&self, moment: Timestamp) -> Result<Vec<String>, Fault> {
        upkeep::drop_empty_before(self.pooled(), moment).await
    }

    /// Turns the outbox to its other half and gives the space of that one back, once all its
    /// messages are done; answers whether it turned. To be called now and then by any process; it
    /// waits for the transactions that write messages, and they wait for it.
    ///
    /// # Errors
    ///
    /// What the database says; `Busy` when a transaction that wrote messages stayed open too long.
    pub async fn rotate_outbox(&self) -> Result<bool, Fault> {
        upkeep::rotate_outbox(self.pooled()).await
    }

    /// Closes every connection; gives up after five seconds on one that does not part.
    pub async fn close(&self) {
        // A connection whose statement was dropped midway may wait for an answer that never comes.
        if timeout(PARTING, self.shared.connections.close()).await.is_err() {
            tracing::warn!(target: "hos::mysql", "a connection did not part in time");
        }
    }
}

#[async_trait]
impl Store for MysqlStore {
    fn recall(&self, ask: &Ask) -> Option<Standing> {
        self.shared.recall.standing(ask)
    }

    async fn load_all(&self, asks: &[Ask]) -> Result<Vec<Standing>, Fault> {
        let Shared { connections, recall, numbers } = &*self.shared;
        let standings = load::load_all(connections, (&recall.known, numbers), asks).await?;
        recall.loaded(asks, &standings);
        Ok(standings)
    }

    async fn commit_all(&self, commits: &[Commit]) -> Vec<Result<Outcome, Fault>> {
        let Shared { connections, recall, numbers } = &*self.shared;
        let outcomes = commit::commit_all(connections, numbers, commits).await;
        recall.answered(commits, &outcomes);
        outcomes
    }
}
