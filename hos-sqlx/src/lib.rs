//! Keeps what the law decided in an SQL database.
//!
//! [`SqliteStore`] is a whole backend in one SQLite file, its own or the one that holds a world's
//! tables; `PostgresStore` is one in a PostgreSQL database, `MysqlStore` one in a MariaDB database.
//! [`WithinExt::within`] runs the law in a transaction of the caller's, so that domain rows and law
//! rows commit together.

#![cfg_attr(
    not(any(feature = "mysql", feature = "postgres", feature = "sqlite")),
    expect(dead_code, reason = "no database was chosen")
)]

mod cache;
#[cfg(any(feature = "mysql", feature = "postgres"))]
mod connections;
#[cfg(any(feature = "mysql", feature = "sqlite"))]
mod decide;
#[cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))]
pub mod doctor;
mod encoding;
mod fault;
#[cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))]
pub mod filter;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod frontier;
mod guard;
mod known;
#[cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))]
mod migration;
#[cfg(all(feature = "sqlite", any(feature = "mysql", feature = "postgres")))]
pub mod moving;
#[cfg(feature = "mysql")]
pub mod mysql;
#[cfg(any(feature = "mysql", feature = "postgres"))]
mod patience;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(any(feature = "mysql", feature = "postgres"))]
mod recall;
#[cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))]
mod rows;
#[cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))]
mod seals;
mod segments;
#[cfg(any(feature = "mysql", feature = "postgres"))]
mod snapshots;
#[cfg(feature = "sqlite")]
pub mod sqlite;
mod standing;
#[cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))]
mod vault;
#[cfg(any(feature = "mysql", feature = "postgres"))]
mod watch;
mod within;

pub use guard::GuardedColumn;
#[cfg(all(feature = "sqlite", any(feature = "mysql", feature = "postgres")))]
pub use moving::move_house;
#[cfg(feature = "mysql")]
pub use mysql::{MysqlOptions, MysqlStore, MysqlVault};
#[cfg(feature = "postgres")]
pub use postgres::{Pooler, PostgresOptions, PostgresStore, PostgresVault};
#[cfg(feature = "sqlite")]
pub use sqlite::{SqliteOptions, SqliteStore, SqliteVault};
pub use within::{Caller, WithinExt};
