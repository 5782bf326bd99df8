//! The database: one set of statements over SQLite, PostgreSQL and MariaDB.
//!
//! The law keeps a store of its own for each of them, and so does this: a [`Transaction`] holds
//! the native one, in which the law runs. Statements are static texts with numbered places; their
//! arguments are bound, never written into the text. A list's filter is an argument too: it takes
//! its place in the text, and its values are bound.

mod dialect;
mod query;
mod row;
mod url;
mod value;

use hos_core::error::Fault;
use hos_core::hos::{Hos, HosOptions, Within};
use hos_core::law::Law;
use hos_core::time::Timestamp;
use hos_sqlx::filter::Unfilterable;
use hos_sqlx::{GuardedColumn, MysqlStore, Pooler, PostgresStore, SqliteStore, WithinExt as _};

pub use dialect::Dialect;
pub use query::{Query, query};
pub(crate) use row::from_row;
pub use row::{Column, FromRow, Index, Row};
pub use url::{DatabaseUrl, DatabaseUrlError};
pub use value::Value;

/// For how many months to come there is room: somebody looks long before they are over.
const MONTHS_AHEAD: u32 = 3;

/// Where everything is kept. Clones share it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Database {
    /// One file.
    Sqlite(SqliteStore),
    /// PostgreSQL.
    Postgres(PostgresStore),
    /// MariaDB or MySQL.
    Mysql(MysqlStore),
}

/// A transaction, in which rows and law are written together. Dropped, it is taken back.
#[derive(Debug)]
#[non_exhaustive]
pub enum Transaction {
    /// Of the one connection that writes.
    Sqlite(sqlx::Transaction<'static, sqlx::Sqlite>),
    /// Of PostgreSQL, and who stands before it.
    Postgres(sqlx::Transaction<'static, sqlx::Postgres>, Pooler),
    /// Of MariaDB or MySQL.
    Mysql(sqlx::Transaction<'static, sqlx::MySql>),
}

/// Where a statement finds its rows.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "there is no third place")]
pub enum Rows<'a> {
    /// What was committed.
    Database(&'a Database),
    /// What was committed, and what this transaction wrote.
    Transaction(&'a mut Transaction),
}

/// The law's own tables, to be read.
#[derive(Debug)]
#[non_exhaustive]
pub enum LawRows<'a> {
    /// They can be read as any other.
    Open(&'a Database),
    /// In a transaction that may see every tenant's.
    Bound(Transaction),
}

impl LawRows<'_> {
    /// Where a statement finds them.
    pub fn rows(&mut self) -> Rows<'_> {
        match self {
            Self::Open(database) => Rows::Database(database),
            Self::Bound(transaction) => Rows::Transaction(transaction),
        }
    }
}

/// Why a statement was not done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatabaseError {
    /// The database's answer to a statement.
    #[error(transparent)]
    Statement(#[from] sqlx::Error),
    /// No transaction could begin.
    #[error(transparent)]
    Store(#[from] Fault),
    /// The law asks of a list's rows what the table cannot answer.
    #[error(transparent)]
    Unfilterable(#[from] Unfilterable),
}

impl Database {
    /// Opens a database and brings the law's tables up to date. A file that is missing is made.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn open(url: &DatabaseUrl) -> Result<Self, Fault> {
        match url {
            DatabaseUrl::Sqlite(path) => Ok(Self::Sqlite(SqliteStore::open(path).await?)),
            DatabaseUrl::Postgres(url) => Ok(Self::Postgres(PostgresStore::open(url).await?)),
            DatabaseUrl::Mysql(url) => Ok(Self::Mysql(MysqlStore::open(url).await?)),
        }
    }

    /// Opens the law over this database.
    ///
    /// # Errors
    ///
    /// What the law or the store says.
    pub async fn open_law(&self, law: Law, options: HosOptions) -> Result<Hos, Fault> {
        match self {
            Self::Sqlite(store) => Hos::open_with([law], store.clone(), options).await,
            Self::Postgres(store) => Hos::open_with([law], store.clone(), options).await,
            Self::Mysql(store) => Hos::open_with([law], store.clone(), options).await,
        }
    }

    /// How it speaks.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
            Self::Mysql(_) => Dialect::Mysql,
        }
    }

    /// Begins a transaction, that may write.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn begin(&self) -> Result<Transaction, Fault> {
        match self {
            Self::Sqlite(store) => Ok(Transaction::Sqlite(store.begin().await?)),
            Self::Postgres(store) => {
                Ok(Transaction::Postgres(store.begin().await?, store.pooler()))
            }
            Self::Mysql(store) => Ok(Transaction::Mysql(store.begin().await?)),
        }
    }

    /// Where the law's own tables can be read.
    ///
    /// # Errors
    ///
    /// What the database says.
    pub async fn law_rows(&self) -> Result<LawRows<'_>, DatabaseError> {
        match self {
            Self::Sqlite(_) | Self::Mysql(_) => Ok(LawRows::Open(self)),
            // It hides each tenant's rows from whoever was not bound to them.
            Self::Postgres(_) => {
                let mut transaction = self.begin().await?;
                query("SELECT hos_bind_all()").execute(&mut transaction).await?;
                Ok(LawRows::Bound(transaction))
            }
        }
    }

    /// Protects a status column: the law writes it, plain SQL cannot.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn guard(&self, column: &GuardedColumn) -> Result<(), Fault> {
        match self {
            Self::Sqlite(store) => store.guard(column).await,
            Self::Postgres(store) => store.guard(column).await,
            Self::Mysql(store) => store.guard(column).await,
        }
    }

    /// Makes room for the months that come, and gives back that of messages that are done.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn make_room(&self, now: Timestamp) -> Result<(), Fault> {
        match self {
            // One file, which is not kept by months.
            Self::Sqlite(_) => {}
            Self::Postgres(store) => {
                store.partition_ahead(now, MONTHS_AHEAD).await?;
                store.rotate_outbox().await?;
            }
            Self::Mysql(store) => {
                store.partition_ahead(now, MONTHS_AHEAD).await?;
                store.rotate_outbox().await?;
            }
        }
        Ok(())
    }

    /// Closes every connection.
    ///
    /// # Errors
    ///
    /// What the store says; everything is closed all the same.
    pub async fn close(&self) -> Result<(), Fault> {
        match self {
            Self::Sqlite(store) => store.close().await?,
            Self::Postgres(store) => store.close().await,
            Self::Mysql(store) => store.close().await,
        }
        Ok(())
    }
}

impl Transaction {
    /// The law within this transaction.
    pub fn within(&mut self, hos: &Hos) -> Within<'_> {
        match self {
            Self::Sqlite(native) => hos.within(native),
            Self::Postgres(native, _) => hos.within(native),
            Self::Mysql(native) => hos.within(native),
        }
    }

    /// Makes everything true that was written.
    ///
    /// # Errors
    ///
    /// What the database says; it is not known then whether it was.
    pub async fn commit(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(native) => native.commit().await,
            Self::Postgres(native, _) => native.commit().await,
            Self::Mysql(native) => native.commit().await,
        }
    }

    /// Takes everything back.
    ///
    /// # Errors
    ///
    /// What the database says; nothing was written all the same.
    pub async fn rollback(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(native) => native.rollback().await,
            Self::Postgres(native, _) => native.rollback().await,
            Self::Mysql(native) => native.rollback().await,
        }
    }

    /// Runs a static script of several statements without arguments.
    ///
    /// # Errors
    ///
    /// What the database says.
    pub(crate) async fn run(&mut self, script: &'static str) -> Result<(), sqlx::Error> {
        let script = sqlx::raw_sql(script);
        match self {
            Self::Sqlite(native) => script.execute(&mut **native).await.map(|_| ()),
            Self::Postgres(native, _) => script.execute(&mut **native).await.map(|_| ()),
            Self::Mysql(native) => script.execute(&mut **native).await.map(|_| ()),
        }
    }
}

impl<'a> From<&'a Database> for Rows<'a> {
    fn from(database: &'a Database) -> Self {
        Self::Database(database)
    }
}

impl<'a> From<&'a mut Transaction> for Rows<'a> {
    fn from(transaction: &'a mut Transaction) -> Self {
        Self::Transaction(transaction)
    }
}

/// SQLSTATE of a deadlock and of a transaction that another one overtook.
const OVERTAKEN: [&str; 2] = ["40001", "40P01"];

/// Whether a statement was refused only because of others at the same time: done again from the
/// start of its transaction it may succeed.
pub(crate) fn is_overtaken(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| OVERTAKEN.contains(&&*code))
}
