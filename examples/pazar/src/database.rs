//! The database: one set of statements over SQLite, PostgreSQL and MariaDB.
//!
//! The law keeps a store of its own for each of them, and so does this: a [`Transaction`] holds
//! the native one, in which the law runs. Statements are static texts with numbered places; their
//! arguments are bound, never written into the text.

mod dialect;
mod query;
mod row;
mod url;
mod value;

use hos_core::error::Fault;
use hos_core::hos::{Hos, HosOptions, Within};
use hos_core::law::Law;
use hos_sqlx::{GuardedColumn, SqliteStore, WithinExt as _};

pub use dialect::Dialect;
pub use query::{Query, query};
pub(crate) use row::from_row;
pub use row::{Column, FromRow, Index, Row};
pub use url::{DatabaseUrl, DatabaseUrlError};
pub use value::Value;

/// Where everything is kept. Clones share it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Database {
    /// One file.
    Sqlite(SqliteStore),
}

/// A transaction, in which rows and law are written together. Dropped, it is taken back.
#[derive(Debug)]
#[non_exhaustive]
pub enum Transaction {
    /// Of the one connection that writes.
    Sqlite(sqlx::Transaction<'static, sqlx::Sqlite>),
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
}

impl LawRows<'_> {
    /// Where a statement finds them.
    pub fn rows(&mut self) -> Rows<'_> {
        match self {
            Self::Open(database) => Rows::Database(database),
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
            DatabaseUrl::Postgres(_) | DatabaseUrl::Mysql(_) => {
                let message = "this version keeps everything in a file";
                Err(Fault::new(hos_core::error::FaultKind::Foreign, message))
            }
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
        }
    }

    /// How it speaks.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
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
        }
    }

    /// Where the law's own tables can be read.
    ///
    /// # Errors
    ///
    /// What the database says.
    pub async fn law_rows(&self) -> Result<LawRows<'_>, DatabaseError> {
        match self {
            Self::Sqlite(_) => Ok(LawRows::Open(self)),
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
        }
    }

    /// Closes every connection.
    ///
    /// # Errors
    ///
    /// What the store says; everything is closed all the same.
    pub async fn close(&self) -> Result<(), Fault> {
        match self {
            Self::Sqlite(store) => store.close().await,
        }
    }
}

impl Transaction {
    /// The law within this transaction.
    pub fn within(&mut self, hos: &Hos) -> Within<'_> {
        match self {
            Self::Sqlite(native) => hos.within(native),
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
        }
    }

    /// Runs a static script of several statements without arguments.
    ///
    /// # Errors
    ///
    /// What the database says.
    pub(crate) async fn run(&mut self, script: &'static str) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(native) => sqlx::raw_sql(script).execute(&mut **native).await.map(|_| ()),
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
