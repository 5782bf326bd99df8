//! Statements that are sent as one message: a compound statement of MariaDB's, prepared once for
//! each shape.

use hos_core::error::Fault;
use sqlx::error::BoxDynError;
use sqlx::mysql::{MySql, MySqlArguments, MySqlConnection};
use sqlx::{Arguments as _, AssertSqlSafe, Encode, Error, Type};

use super::fault::{classify, classify_commit};
use super::lines::{LINES_MAX, Lines};

/// A statement has at most 65,535 placeholders.
const VALUES_MAX: usize = 60_000;
/// What is longer is sent in parts: a server takes 16 MiB at once if nobody has told it otherwise.
const BYTES_MAX: usize = 1 << 20;

/// Statements within a transaction, sent together as far as they fit, the last one with `COMMIT`.
pub(super) struct Compound<'c> {
    connection: &'c mut MySqlConnection,
    text: String,
    values: Values,
}

/// The values of the placeholders so far.
#[derive(Default)]
pub(super) struct Values {
    arguments: MySqlArguments,
    count: usize,
    bytes: usize,
}

impl Values {
    pub(super) fn add<'v, T>(&mut self, value: T) -> Result<(), BoxDynError>
    where
        T: Encode<'v, MySql> + Type<MySql>,
    {
        self.count += 1;
        self.bytes += value.size_hint();
        self.arguments.add(value)
    }
}

impl<'c> Compound<'c> {
    pub(super) fn new(connection: &'c mut MySqlConnection) -> Self {
        Self { connection, text: String::new(), values: Values::default() }
    }

    /// Adds a statement over all rows, which may be none.
    pub(super) async fn add<T>(
        &mut self,
        lines: &'static Lines,
        rows: &[T],
        bind: impl Fn(&T, &mut Values) -> Result<(), BoxDynError>,
    ) -> Result<(), Fault> {
        for rows in rows.chunks(LINES_MAX) {
            let bind = |values: &mut Values| rows.iter().try_for_each(|row| bind(row, values));
            self.add_one(lines.text(rows.len()), bind).await?;
        }
        Ok(())
    }

    /// Adds a statement, whose placeholders are fewer than 2,000.
    pub(super) async fn add_one(
        &mut self,
        statement: &'static str,
        bind: impl FnOnce(&mut Values) -> Result<(), BoxDynError>,
    ) -> Result<(), Fault> {
        if self.values.count > VALUES_MAX || self.values.bytes > BYTES_MAX {
            self.send("").await.map_err(classify)?;
        }
        self.text.push_str(statement);
        self.text.push_str(";\n");
        bind(&mut self.values).map_err(|error| classify(Error::Encode(error)))
    }

    /// Sends what is left and commits.
    pub(super) async fn commit(mut self) -> Result<(), Fault> {
        self.send("COMMIT;\n").await.map_err(classify_commit)
    }

    async fn send(&mut self, last: &str) -> Result<(), Error> {
        let text = std::mem::take(&mut self.text);
        let values = std::mem::take(&mut self.values);
        // Safe because it is made of static statements.
        let text = AssertSqlSafe(format!("BEGIN NOT ATOMIC\n{text}{last}END"));
        let query = sqlx::query_with(text, values.arguments);
        query.execute(&mut *self.connection).await.map(drop)
    }
}
