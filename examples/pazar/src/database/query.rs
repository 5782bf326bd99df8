//! A statement with its arguments, for whichever database it meets.

use std::sync::Arc;

use hos_core::laws::Filter;
use hos_sqlx::Pooler;
use hos_sqlx::filter::{Columns, Filterable};
use sqlx::mysql::MySql;
use sqlx::postgres::Postgres;
use sqlx::sqlite::Sqlite;
use sqlx::{AssertSqlSafe, Encode, Error, QueryBuilder, Type};

use super::dialect::{Clause, Dialect, Part, Spelling, ending, parts, spelling};
use super::{Database, DatabaseError, FromRow, Row, Rows, Transaction, Value};

/// A statement with its arguments.
#[derive(Debug, Clone)]
pub struct Query {
    text: &'static str,
    clause: Clause,
    values: Vec<Value>,
}

/// A statement. Its places are `?1`, `?2`.., or bare `?` for the next argument.
#[must_use]
pub fn query(text: &'static str) -> Query {
    Query { text, clause: Clause::None, values: Vec::new() }
}

impl Query {
    /// Gives the next argument.
    #[must_use]
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Gives the next argument: whether a row passes one of the law's filters. Its place stands in
    /// a `WHERE` beside others with `AND`, and never under a `NOT`.
    #[must_use]
    pub fn filter(mut self, table: Columns, filters: Vec<Filter>) -> Self {
        self.values.push(Value::Filters(table, filters));
        self
    }

    /// Keeps the selected rows as they are until the transaction ends. SQLite keeps all of them,
    /// for there nobody else writes meanwhile.
    #[must_use]
    pub fn for_update(self) -> Self {
        Self { clause: Clause::ForUpdate, ..self }
    }

    /// Inserts nothing where a unique key is taken, and says so by the number of rows.
    #[must_use]
    pub fn unless_known(self) -> Self {
        Self { clause: Clause::UnlessKnown, ..self }
    }

    /// Writes; answers how many rows. Outside a transaction it is one of its own.
    ///
    /// # Errors
    ///
    /// What the database says.
    pub async fn execute(self, rows: impl Into<Rows<'_>>) -> Result<u64, DatabaseError> {
        match rows.into() {
            Rows::Transaction(transaction) => Ok(self.execute_in(transaction).await?),
            Rows::Database(database) => {
                let mut transaction = database.begin().await?;
                let written = self.execute_in(&mut transaction).await?;
                transaction.commit().await?;
                Ok(written)
            }
        }
    }

    async fn execute_in(self, transaction: &mut Transaction) -> Result<u64, Error> {
        Ok(match transaction {
            Transaction::Sqlite(native) => {
                self.native::<Sqlite>()?.execute(&mut **native).await?.rows_affected()
            }
            Transaction::Postgres(native, pooler) => {
                let query = self.native::<Postgres>()?.persistent(is_named(*pooler));
                query.execute(&mut **native).await?.rows_affected()
            }
            Transaction::Mysql(native) => {
                self.native::<MySql>()?.execute(&mut **native).await?.rows_affected()
            }
        })
    }

    /// Reads every row.
    ///
    /// # Errors
    ///
    /// What the database says, or a row that does not fit.
    pub async fn fetch_all<T: FromRow>(
        self,
        rows: impl Into<Rows<'_>>,
    ) -> Result<Vec<T>, DatabaseError> {
        let rows = self.fetch(rows.into()).await?;
        Ok(rows.iter().map(T::from_row).collect::<Result<_, _>>()?)
    }

    /// Reads the row of a query that finds one at most.
    ///
    /// # Errors
    ///
    /// As [`Query::fetch_all`].
    pub async fn fetch_optional<T: FromRow>(
        self,
        rows: impl Into<Rows<'_>>,
    ) -> Result<Option<T>, DatabaseError> {
        let rows = self.fetch(rows.into()).await?;
        Ok(rows.first().map(T::from_row).transpose()?)
    }

    /// Reads the row of a query that finds one always.
    ///
    /// # Errors
    ///
    /// As [`Query::fetch_all`], and when there is none.
    pub async fn fetch_one<T: FromRow>(
        self,
        rows: impl Into<Rows<'_>>,
    ) -> Result<T, DatabaseError> {
        self.fetch_optional(rows).await?.ok_or_else(|| Error::RowNotFound.into())
    }

    async fn fetch(self, rows: Rows<'_>) -> Result<Vec<Row>, DatabaseError> {
        let filters = self.values.iter().any(|value| matches!(value, Value::Filters(..)));
        macro_rules! read {
            ($native:ty, $from:expr, $row:expr) => {
                read!($native, $from, $row, true)
            };
            ($native:ty, $from:expr, $row:expr, $named:expr) => {{
                let rows = match filters {
                    false => self.native::<$native>()?.persistent($named).fetch_all($from).await?,
                    true => {
                        let mut filtered = self.filtered::<$native>()?;
                        filtered.build().persistent($named).fetch_all($from).await?
                    }
                };
                rows.into_iter().map($row).collect()
            }};
        }
        Ok(match rows {
            Rows::Database(database) => match database {
                Database::Sqlite(store) => read!(Sqlite, store.reader(), Row::Sqlite),
                Database::Postgres(store) if is_named(store.pooler()) => {
                    read!(Postgres, store.pool(), Row::Postgres)
                }
                // A pooler would give the two halves of a statement to different sessions.
                Database::Postgres(store) => {
                    let mut native = store.begin().await?;
                    let rows = read!(Postgres, &mut *native, Row::Postgres, false);
                    native.commit().await?;
                    rows
                }
                Database::Mysql(store) => read!(MySql, store.reader(), Row::Mysql),
            },
            Rows::Transaction(transaction) => match transaction {
                Transaction::Sqlite(native) => read!(Sqlite, &mut **native, Row::Sqlite),
                Transaction::Postgres(native, pooler) => {
                    read!(Postgres, &mut **native, Row::Postgres, is_named(*pooler))
                }
                Transaction::Mysql(native) => read!(MySql, &mut **native, Row::Mysql),
            },
        })
    }

    /// The statement in the words of one database.
    fn native<DB: Spoken>(self) -> Result<sqlx::query::Query<'static, DB, DB::Arguments>, Error>
    where
        Option<i64>: Encode<'static, DB> + Type<DB>,
        Option<String>: Encode<'static, DB> + Type<DB>,
        Option<Vec<u8>>: Encode<'static, DB> + Type<DB>,
    {
        let spelling = spelling(DB::DIALECT, self.clause, self.text);
        let Spelling { text, places } = &*spelling;
        // Safe because it was spelled from a static text: no value is ever part of it.
        let mut native = sqlx::query(AssertSqlSafe(Arc::clone(text)));
        for place in places {
            native = match self.values.get(*place).cloned().ok_or_else(|| missing(*place))? {
                Value::Integer(value) => native.bind(value),
                Value::Text(value) => native.bind(value),
                Value::Bytes(value) => native.bind(value),
                Value::Filters(..) => return Err(missing(*place)),
            };
        }
        Ok(native)
    }

    /// As [`Query::native`], with what filters ask. Their text differs with the law and with who
    /// asks, but it is made of static texts as well, and every value is bound.
    fn filtered<DB: Spoken>(self) -> Result<QueryBuilder<DB>, DatabaseError>
    where
        Option<i64>: Encode<'static, DB> + Type<DB>,
        Option<String>: Encode<'static, DB> + Type<DB>,
        Option<Vec<u8>>: Encode<'static, DB> + Type<DB>,
    {
        let mut native = QueryBuilder::new("");
        for part in parts(self.text) {
            match part {
                Part::Text(text) => native.push(text),
                Part::Place(place) => {
                    match self.values.get(place).ok_or_else(|| missing(place))? {
                        Value::Integer(value) => native.push_bind(*value),
                        Value::Text(value) => native.push_bind(value.clone()),
                        Value::Bytes(value) => native.push_bind(value.clone()),
                        Value::Filters(table, filters) => {
                            table.push_any(&mut native, filters)?;
                            &mut native
                        }
                    }
                }
            };
        }
        native.push(ending(DB::DIALECT, self.clause));
        Ok(native)
    }
}

fn missing(place: usize) -> Error {
    Error::Protocol(format!("argument {} is missing", place + 1))
}

/// A database of sqlx's, and how it speaks.
trait Spoken: Filterable {
    const DIALECT: Dialect;
}

impl Spoken for Sqlite {
    const DIALECT: Dialect = Dialect::Sqlite;
}

impl Spoken for Postgres {
    const DIALECT: Dialect = Dialect::Postgres;
}

impl Spoken for MySql {
    const DIALECT: Dialect = Dialect::Mysql;
}

/// Whether a statement is prepared by a name: a pooler's next transaction would not find it.
fn is_named(pooler: Pooler) -> bool {
    pooler == Pooler::None
}
