//! A row of any of the databases, and what is read from it.

use sqlx::mysql::MySqlRow;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{ColumnIndex, Error, Row as _};

/// A row.
#[non_exhaustive]
pub enum Row {
    /// Of SQLite.
    Sqlite(SqliteRow),
    /// Of PostgreSQL.
    Postgres(PgRow),
    /// Of MariaDB or MySQL.
    Mysql(MySqlRow),
}

impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Row").finish_non_exhaustive()
    }
}

impl Row {
    /// A column by its name or its number from 0 on.
    ///
    /// # Errors
    ///
    /// A column that is missing, or is null where nothing says that it may be.
    pub fn get<C: Column>(&self, index: impl Index) -> Result<C, Error> {
        C::of(self, index)
    }
}

/// What names a column: its name, or its number from 0 on.
pub trait Index: ColumnIndex<SqliteRow> + ColumnIndex<PgRow> + ColumnIndex<MySqlRow> {}

impl<I: ColumnIndex<SqliteRow> + ColumnIndex<PgRow> + ColumnIndex<MySqlRow>> Index for I {}

/// What a column holds.
pub trait Column: Sized {
    /// Reads it.
    ///
    /// # Errors
    ///
    /// As [`Row::get`].
    fn of(row: &Row, index: impl Index) -> Result<Self, Error>;
}

/// Reads a whole row.
pub trait FromRow: Sized {
    /// Reads it.
    ///
    /// # Errors
    ///
    /// As [`Row::get`].
    fn from_row(row: &Row) -> Result<Self, Error>;
}

macro_rules! columns {
    ($($type:ty),+) => { $(
        impl Column for $type {
            fn of(row: &Row, index: impl Index) -> Result<Self, Error> {
                // Unchecked, because databases differ in how wide an integer is that they computed.
                match row {
                    Row::Sqlite(row) => row.try_get_unchecked(index),
                    Row::Postgres(row) => row.try_get_unchecked(index),
                    Row::Mysql(row) => row.try_get_unchecked(index),
                }
            }
        }
    )+ };
}
columns!(i64, String, Vec<u8>, Option<i64>, Option<String>, Option<Vec<u8>>);

/// Truth is 0 or 1 in every table here.
impl Column for bool {
    fn of(row: &Row, index: impl Index) -> Result<Self, Error> {
        Ok(i64::of(row, index)? != 0)
    }
}

macro_rules! single_columns {
    ($($type:ty),+) => { $(
        impl FromRow for $type {
            fn from_row(row: &Row) -> Result<Self, Error> {
                row.get(0)
            }
        }
    )+ };
}
single_columns!(i64, String, Vec<u8>, bool);

macro_rules! tuples {
    ($(($($type:ident $index:literal),+))+) => { $(
        impl<$($type: Column),+> FromRow for ($($type,)+) {
            fn from_row(row: &Row) -> Result<Self, Error> {
                Ok(($(row.get::<$type>($index)?,)+))
            }
        }
    )+ };
}
tuples!((A 0, B 1) (A 0, B 1, C 2) (A 0, B 1, C 2, D 3));

/// Reads the fields of a struct from the columns of their names.
macro_rules! from_row {
    ($type:ty { $($field:ident),+ $(,)? }) => {
        impl $crate::database::FromRow for $type {
            fn from_row(row: &$crate::database::Row) -> Result<Self, sqlx::Error> {
                Ok(Self { $($field: row.get(stringify!($field))?),+ })
            }
        }
    };
}
pub(crate) use from_row;
