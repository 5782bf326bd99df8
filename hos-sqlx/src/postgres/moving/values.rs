//! Rows as arrays, one for each column, and back.

use hos_core::error::Fault;
use sqlx::Postgres;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use uuid::Uuid;

use crate::moving::{Cell, Row, Shape, Table};
use crate::postgres::row::column;

type Bound<'q> = Query<'q, Postgres, PgArguments>;

/// Binds one array for each column.
pub(super) fn bind<'q>(query: Bound<'q>, table: Table, rows: &'q [Row]) -> Bound<'q> {
    table.columns().iter().enumerate().fold(query, |query, (at, column)| {
        let cells = rows.iter().map(|row| row.get(at).unwrap_or(&Cell::Null));
        match column.shape {
            Shape::Integer => query.bind(cells.map(Cell::integer).collect::<Vec<_>>()),
            Shape::Boolean => query.bind(cells.map(truth).collect::<Vec<_>>()),
            Shape::Text => query.bind(cells.map(Cell::text).collect::<Vec<_>>()),
            Shape::Bytes => query.bind(cells.map(Cell::bytes).collect::<Vec<_>>()),
            Shape::Uuid => query.bind(cells.map(uuid).collect::<Vec<_>>()),
        }
    })
}

/// Binds the values of a key.
pub(super) fn bind_key<'q>(query: Bound<'q>, table: Table, key: &'q Row) -> Bound<'q> {
    table.key().iter().zip(key).fold(query, |query, (column, cell)| match column.shape {
        Shape::Integer | Shape::Boolean => query.bind(cell.integer()),
        Shape::Text => query.bind(cell.text()),
        Shape::Bytes => query.bind(cell.bytes()),
        Shape::Uuid => query.bind(uuid(cell)),
    })
}

/// Reads a row of a table.
pub(super) fn cells(table: Table, row: &PgRow) -> Result<Row, Fault> {
    let columns = table.columns().iter().enumerate();
    columns.map(|(at, column)| cell(row, at, column.shape)).collect()
}

fn cell(row: &PgRow, at: usize, shape: Shape) -> Result<Cell, Fault> {
    let cell = match shape {
        Shape::Integer => column::<Option<_>>(row, at)?.map(Cell::Integer),
        Shape::Boolean => {
            column::<Option<bool>>(row, at)?.map(|value| Cell::Integer(i64::from(value)))
        }
        Shape::Text => column::<Option<_>>(row, at)?.map(Cell::Text),
        Shape::Bytes => column::<Option<_>>(row, at)?.map(Cell::Bytes),
        Shape::Uuid => {
            column::<Option<Uuid>>(row, at)?.map(|id| Cell::Bytes(id.into_bytes().to_vec()))
        }
    };
    Ok(cell.unwrap_or(Cell::Null))
}

fn truth(cell: &Cell) -> Option<bool> {
    cell.integer().map(|value| value != 0)
}

fn uuid(cell: &Cell) -> Option<Uuid> {
    Uuid::from_slice(cell.bytes()?).ok()
}
