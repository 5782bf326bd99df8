//! PostgreSQL 15 and later: one statement for a commit or a batch of them, no lock on a log, and
//! row-level security as a second wall.

mod archive;
mod caller;
mod commit;
mod doctor;
mod erasure;
mod fault;
mod guard;
mod lease;
mod ledger;
mod load;
mod migrate;
mod migration;
#[cfg(feature = "sqlite")]
pub(crate) mod moving;
mod open;
mod options;
mod outbox;
mod pooled;
mod replica;
mod row;
mod run;
mod scopes;
mod seals;
mod segments;
mod sequence;
mod session;
mod statement;
mod survey;
mod vault;

use std::sync::Arc;

use async_trait::async_trait;
use hos_core::commit::{Commit, Outcome};
use hos_core::error::{Fault, FaultKind};
use hos_core::standing::Standing;
use hos_core::store::{Ask, Store};
use hos_core::time::Timestamp;
use sqlx::postgres::{PgPool, PgRow};
use sqlx::{Postgres, Transaction};

pub use caller::PostgresCaller;
pub use options::{Pooler, PostgresOptions};
pub use replica::{Position, Replica};
pub use vault::PostgresVault;

use crate::guard::GuardedColumn;
use crate::recall::Recall;
use fault::classify;
use lease::Lease;
use pooled::Pooled;
use session::{Bound, PassedOver};

/// The law in a PostgreSQL database. Clones share it.
///
/// The database may be the world's own: every table and function here is called `hos_..`. Proofs
/// are staged: [`Hos::sequence_pending`](hos_core::hos::Hos::sequence_pending) gives them their
/// place. Connect as an ordinary role: a superuser is above row-level security.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use hos_core::{hos::Hos, law::Law};
/// use hos_sqlx::PostgresStore;
///
/// let law = Law::builder("pazar", "1").roles(["owner"]).allow("shop.open", ["owner"]).build()?;
/// let store = PostgresStore::open("postgres://law@localhost/pazar").await?;
/// let hos = Hos::open([law], store.clone()).await?;
/// store.close().await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct PostgresStore {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    connections: Pooled,
    replica: Option<Pooled>,
    recall: Recall,
}

impl PostgresStore {
    /// The version of the schema that an opened database has.
    pub const SCHEMA_VERSION: usize = migrate::VERSION;

    /// Opens a database with the usual options.
    ///
    /// # Errors
    ///
    /// As [`PostgresStore::open_with`].
    pub async fn open(url: &str) -> Result<Self, Fault> {
        Self::open_with(PostgresOptions::new(url)).await
    }

    /// Opens a database and brings its schema up to date.
    ///
    /// # Errors
    ///
    /// A [`Fault`] whose kind says what to do: `Unauthorized`, `Unsupported`, `NewerSchema`,
    /// `ReadOnly`, `Unavailable`, `Busy`, `Full`; `Foreign` for one that a deployment has not
    /// wholly moved into.
    pub async fn open_with(options: PostgresOptions) -> Result<Self, Fault> {
        let pool = open::open(&options).await?;
        let connections = Pooled::new(pool, options.pooler, &options);
        let replica = match &options.replica_url {
            Some(url) => {
                Some(Pooled::new(open::pool(url, &options, Pooler::None)?, Pooler::None, &options))
            }
            None => None,
        };
        let recall = Recall::new(options.cached, options.snapshot_bytes);
        Ok(Self { shared: Arc::new(Shared { connections, replica, recall }) })
    }

    /// Begins a transaction of the world's. For [`within`](crate::WithinExt::within), and for the
    /// world's own rows.
    ///
    /// # Errors
    ///
    /// A [`Fault`] of the kind `Unavailable` when no connection was free for too long.
    pub async fn begin(&self) -> Result<Transaction<'static, Postgres>, Fault> {
        let (pool, begin) = (self.pool().clone(), self.shared.connections.begin());
        // A task of its own, because a `begin` that is dropped midway leaves its connection in a
        // transaction that nobody knows of. The task ends by itself, and what it began with it.
        let begun = tokio::spawn(async move { pool.begin_with(begin).await.map_err(classify) });
        let lost = |error| {
            Fault::new(FaultKind::Unavailable, "the runtime is shutting down").caused_by(error)
        };
        begun.await.map_err(lost)?
    }

    /// Who stands between. With [`Pooler::Transaction`] the world's own statements must be in a
    /// transaction and unnamed.
    #[must_use]
    pub fn pooler(&self) -> Pooler {
        self.shared.connections.pooler()
    }

    /// The connections, for the world's own statements and queries.
    #[must_use]
    pub fn pool(&self) -> &PgPool {
        self.shared.connections.pool()
    }

    /// Protects a status column of the world's: the law writes it, plain SQL cannot.
    ///
    /// # Errors
    ///
    /// A [`Fault`] of the kind `Law` for a name outside the grammar or a table or column that
    /// does not exist, and what the database says.
    pub async fn guard(&self, column: &GuardedColumn) -> Result<(), Fault> {
        let lease = Lease::acquire(&self.shared.connections).await?;
        guard::install(lease, column).await
    }

    /// Makes the partitions that entries of this month and the next ones go into; answers how many
    /// were made. To be called daily by any process; a month without one shares a partition.
    ///
    /// # Errors
    ///
    /// What the database says.
    pub async fn partition_ahead(&self, now: Timestamp, months: u32) -> Result<u32, Fault> {
        let months = i32::try_from(months.min(1_200)).unwrap_or(1_200);
        let query =
            || sqlx::query("SELECT hos_partition_ahead($1, $2)").bind(now.as_micros()).bind(months);
        let rows = self.rows(query).await?;
        let made: i32 = rows.first().map_or(Ok(0), |row| row::column(row, 0))?;
        Ok(u32::try_from(made).unwrap_or(0))
    }

    /// Takes the partitions that end before a moment out of the log's tables, those with entries
    /// that wait for their place excepted; answers their names. They stay as tables of their own,
    /// to be archived and dropped by the operator. Costs the same however much they hold. Waits for
    /// whoever writes, and they wait for it.
    ///
    /// # Errors
    ///
    /// `Ambiguous` when the answer was lost: another call would answer none of what this one may
    /// have detached, so look for tables `hos_entry_..` and `hos_part_..` that are no partitions.
    /// Else what the database says.
    pub async fn detach_before(&self, moment: Timestamp) -> Result<Vec<String>, Fault> {
        let connections = &self.shared.connections;
        let mut lease = Lease::acquire(connections).await?;
        lease.begin().await?;
        let rows = sqlx::query("SELECT * FROM hos_detach_before($1)")
            .bind(moment.as_micros())
            .persistent(connections.pooler().names_statements())
            .fetch_all(lease.connection())
            .await
            .map_err(classify)?;
        lease.commit().await?;
        rows.iter().map(|row| row::column(row, 0)).collect()
    }

    /// Turns the outbox to its other half and gives the space of that one back, once all its
    /// messages are done; answers whether it turned. To be called now and then by any process.
    ///
    /// # Errors
    ///
    /// What the database says.
    pub async fn rotate_outbox(&self) -> Result<bool, Fault> {
        let rows = self.rows(|| sqlx::query("SELECT hos_rotate_outbox()")).await?;
        rows.first().map_or(Ok(false), |row| row::column(row, 0))
    }

    /// Closes every connection.
    pub async fn close(&self) {
        self.shared.connections.close().await;
        if let Some(replica) = &self.shared.replica {
            replica.close().await;
        }
    }

    async fn rows<'q>(
        &self,
        query: impl Fn() -> Bound<'q> + Send + Sync,
    ) -> Result<Vec<PgRow>, Fault> {
        session::rows(&self.shared.connections, query).await
    }
}

#[async_trait]
impl Store for PostgresStore {
    fn recall(&self, ask: &Ask) -> Option<Standing> {
        self.shared.recall.standing(ask)
    }

    async fn load_all(&self, asks: &[Ask]) -> Result<Vec<Standing>, Fault> {
        let Shared { connections, recall, .. } = &*self.shared;
        let source = load::Source::Committed(&recall.known, connections.pooler());
        let mut passed_over = PassedOver::default();
        loop {
            let mut lease = Lease::acquire(connections).await?;
            let (connection, watch) = lease.watched();
            match watch.over(load::load_all(connection, source, asks)).await {
                Ok(loaded) => {
                    lease.commit().await?;
                    let standings = loaded?;
                    recall.loaded(asks, &standings);
                    return Ok(standings);
                }
                Err(error) => passed_over.next(lease, error)?,
            }
        }
    }

    async fn commit_all(&self, commits: &[Commit]) -> Vec<Result<Outcome, Fault>> {
        let Shared { connections, recall, .. } = &*self.shared;
        let outcomes = commit::commit_all(connections, commits).await;
        recall.answered(commits, &outcomes);
        outcomes
    }
}
