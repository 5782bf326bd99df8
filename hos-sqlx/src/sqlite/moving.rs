//! The file that a deployment moves out of: opened read-only, seen as it was in one moment.

mod statements;

use std::collections::HashMap;
use std::path::Path;

use hos_core::digest::Digest;
use hos_core::error::{Fault, FaultKind};
use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{Arguments as _, ConnectOptions as _, Row as _};

use super::fault::classify;
use super::migrate;
use super::row::{column, unchecked};
use crate::fault::corrupt;
use crate::moving::{BATCH, Cell, Identity, Row, Shape, Table};

/// How many months of entries get partitions of their own; what is later than that shares one.
const MOMENTS_MAX: usize = 240;
/// No month is shorter: 28 days, in milliseconds.
const MONTH_MIN: u64 = 28 * 24 * 60 * 60 * 1_000;

/// One connection holds a picture of the file, the other sees whether it was written to.
#[derive(Debug)]
pub(crate) struct Source {
    picture: SqliteConnection,
    watch: SqliteConnection,
    version: i64,
    state: String,
    names: HashMap<i64, (String, String)>,
}

impl Source {
    /// Opens a file of the present schema and looks at it.
    pub(crate) async fn open(path: &Path) -> Result<Self, Fault> {
        let mut watch = connect(path).await?;
        let version = read(&mut watch, "PRAGMA data_version").await?;
        let mut picture = connect(path).await?;
        execute(&mut picture, "BEGIN").await?;
        migrate::check_current(&mut picture).await?;
        let state = state(&mut picture).await?;
        let names = names(&mut picture).await?;
        Ok(Self { picture, watch, version, state, names })
    }

    pub(crate) async fn identity(&mut self) -> Result<Identity, Fault> {
        let text: String = read(&mut self.picture, statements::DEPLOYMENT).await?;
        let deployment = Digest::of(text.as_bytes()).to_string();
        Ok(Identity { deployment, state: self.state.clone() })
    }

    /// Refuses a file of which entries are archived: the other database takes no state whose proof
    /// does not come with it.
    pub(crate) async fn require_unarchived(&mut self) -> Result<(), Fault> {
        let archived: i64 = read(&mut self.picture, statements::ARCHIVED).await?;
        if archived == 0 {
            return Ok(());
        }
        let message = format!(
            "{archived} segments of the file's logs are archived; restore them, move, and archive \
             them again in the new database"
        );
        Err(Fault::new(FaultKind::Unsupported, message))
    }

    /// The rows of a table after a key, in the order of the keys.
    pub(crate) async fn read(&mut self, table: Table, after: &Row) -> Result<Vec<Row>, Fault> {
        let mut arguments = SqliteArguments::default();
        for cell in after {
            match cell {
                Cell::Null => arguments.add(None::<i64>),
                Cell::Integer(value) => arguments.add(*value),
                Cell::Text(value) => arguments.add(value.clone()),
                Cell::Bytes(value) => arguments.add(value.clone()),
            }
            .map_err(|error| classify(sqlx::Error::Encode(error)))?;
        }
        let most = i64::try_from(BATCH).unwrap_or(i64::MAX);
        arguments.add(most).map_err(|error| classify(sqlx::Error::Encode(error)))?;
        let query = sqlx::query_with(statements::page(table), arguments);
        let rows = query.fetch_all(&mut self.picture).await.map_err(classify)?;
        rows.iter().map(|row| cells(table, row)).collect()
    }

    pub(crate) async fn count(&mut self, table: Table) -> Result<u64, Fault> {
        let count: i64 = read(&mut self.picture, statements::count(table)).await?;
        Ok(u64::try_from(count).unwrap_or_default())
    }

    /// The highest number that was ever given in each table that numbers its rows.
    pub(crate) async fn highest(&mut self) -> Result<Vec<(Table, i64)>, Fault> {
        let mut highest = Vec::with_capacity(statements::HIGHEST.len());
        for (table, text) in statements::HIGHEST {
            highest.push((table, read(&mut self.picture, text).await?));
        }
        Ok(highest)
    }

    /// Moments in microseconds, in their order: every entry was recorded in the month of one of
    /// them or in the month after it.
    pub(crate) async fn moments(&mut self) -> Result<Vec<i64>, Fault> {
        let (mut moments, mut from) = (Vec::new(), 0_u128);
        while moments.len() < MOMENTS_MAX {
            let query = sqlx::query(statements::NEXT_ENTRY).bind(from.to_be_bytes().to_vec());
            let row = query.fetch_optional(&mut self.picture).await.map_err(classify)?;
            let Some(row) = row else { break };
            let moment = moment(unchecked(&row, 0)?)?;
            moments.push(i64::try_from(moment * 1_000).unwrap_or(i64::MAX));
            let Some(later) = u128::from(moment + MONTH_MIN).checked_mul(1 << 80) else { break };
            from = later;
        }
        Ok(moments)
    }

    /// Whether anybody wrote to the file since it was opened.
    pub(crate) async fn was_written(&mut self) -> Result<bool, Fault> {
        let version: i64 = read(&mut self.watch, "PRAGMA data_version").await?;
        Ok(version != self.version || state(&mut self.watch).await? != self.state)
    }

    /// World and tenant of a scope.
    pub(crate) fn name(&self, scope: i64) -> String {
        self.names.get(&scope).map_or_else(
            || format!("scope {scope}"),
            |(world, tenant)| format!("world `{world}`, tenant `{tenant}`"),
        )
    }

    /// Where an entry stands and which one it is.
    pub(crate) fn place(&self, entry: &Row) -> String {
        let at = |index: usize| entry.get(index).and_then(Cell::integer).unwrap_or(-1);
        let id = entry.get(2).and_then(Cell::bytes).and_then(|id| id.try_into().ok());
        let id = id.map(|id| hos_core::time::ProofId::from_bytes(id).to_string());
        let (scope, id) = (self.name(at(0)), id.unwrap_or_default());
        format!("{scope}, index {}, entry {id}", at(1))
    }
}

async fn connect(path: &Path) -> Result<SqliteConnection, Fault> {
    SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .pragma("query_only", "ON")
        .pragma("cache_size", "-32768")
        .row_buffer_size(BATCH)
        .disable_statement_logging()
        .connect()
        .await
        .map_err(classify)
}

/// Everything that a write of the law changes.
async fn state(connection: &mut SqliteConnection) -> Result<String, Fault> {
    let mut text: String = read(connection, statements::STATE).await?;
    for table in Table::ALL {
        let count: i64 = read(connection, statements::count(table)).await?;
        text.push_str(&format!(",{count}"));
    }
    Ok(Digest::of(text.as_bytes()).to_string())
}

async fn names(connection: &mut SqliteConnection) -> Result<HashMap<i64, (String, String)>, Fault> {
    let query = sqlx::query("SELECT number, world, tenant FROM hos_scope");
    let rows = query.fetch_all(connection).await.map_err(classify)?;
    let name = |row: &SqliteRow| Ok((column(row, 0)?, (column(row, 1)?, column(row, 2)?)));
    rows.iter().map(name).collect()
}

async fn execute(connection: &mut SqliteConnection, text: &'static str) -> Result<(), Fault> {
    sqlx::query(text).execute(connection).await.map_err(classify)?;
    Ok(())
}

async fn read<T>(connection: &mut SqliteConnection, text: &'static str) -> Result<T, Fault>
where
    T: for<'r> sqlx::Decode<'r, sqlx::Sqlite>,
{
    let row = sqlx::query(text).fetch_one(connection).await.map_err(classify)?;
    unchecked(&row, 0)
}

/// The milliseconds that the number of an entry begins with (RFC 9562, section 5.7).
fn moment(id: &[u8]) -> Result<u64, Fault> {
    let id: [u8; 16] = id.try_into().map_err(|_| corrupt("a number of an entry"))?;
    Ok(u64::try_from(u128::from_be_bytes(id) >> 80).unwrap_or(u64::MAX))
}

fn cells(table: Table, row: &SqliteRow) -> Result<Row, Fault> {
    let columns = table.columns();
    if row.len() != columns.len() {
        let message = format!("the statement of {} has other columns", table.name());
        return Err(Fault::new(FaultKind::Internal, message));
    }
    columns.iter().enumerate().map(|(at, column)| cell(row, at, column.shape)).collect()
}

fn cell(row: &SqliteRow, at: usize, shape: Shape) -> Result<Cell, Fault> {
    let cell = match shape {
        Shape::Integer | Shape::Boolean => unchecked::<Option<_>>(row, at)?.map(Cell::Integer),
        Shape::Text => unchecked::<Option<_>>(row, at)?.map(Cell::Text),
        Shape::Bytes | Shape::Uuid => unchecked::<Option<_>>(row, at)?.map(Cell::Bytes),
    };
    match &cell {
        Some(Cell::Bytes(bytes)) if shape == Shape::Uuid && bytes.len() != 16 => {
            Err(corrupt("a number of an entry"))
        }
        _ => Ok(cell.unwrap_or(Cell::Null)),
    }
}
