//! Rows as parameters, and back.

use hos_core::error::Fault;
use sqlx::error::BoxDynError;
use sqlx::mysql::{MySqlArguments, MySqlRow};
use sqlx::query::Query;
use sqlx::{Arguments as _, MySql};

use crate::moving::{Cell, Row, Shape, Table};
use crate::mysql::row::{optional_text, unchecked};

/// The most bytes of one statement, as long as no row alone has more: far below what any server
/// takes in one packet.
const PACKET_BYTES_MAX: usize = 1 << 20;
/// What a value takes beside its own bytes, about.
const CELL_BYTES: usize = 16;

type Bound<'q> = Query<'q, MySql, MySqlArguments>;

/// Cuts rows into as many as may go in one statement.
pub(super) fn packets(rows: &[Row]) -> Vec<&[Row]> {
    let (mut packets, mut left) = (Vec::new(), rows);
    while !left.is_empty() {
        let mut bytes = 0;
        let fits = |row: &&Row| {
            bytes += size(row);
            bytes <= PACKET_BYTES_MAX
        };
        let fitting = left.iter().take_while(fits).count();
        let (packet, later) = left.split_at(fitting.max(1));
        packets.push(packet);
        left = later;
    }
    packets
}

fn size(row: &Row) -> usize {
    let own = |cell: &Cell| match cell {
        Cell::Null | Cell::Integer(_) => 0,
        Cell::Text(text) => text.len(),
        Cell::Bytes(bytes) => bytes.len(),
    };
    row.iter().map(|cell| own(cell) + CELL_BYTES).sum()
}

/// Adds a value to those of a statement. Names are bytes to the database, and texts are when they
/// come in.
pub(super) fn add(arguments: &mut MySqlArguments, cell: &Cell) -> Result<(), BoxDynError> {
    match cell {
        Cell::Null => arguments.add(None::<i64>),
        Cell::Integer(value) => arguments.add(value),
        Cell::Text(value) => arguments.add(value.as_bytes()),
        Cell::Bytes(value) => arguments.add(value.as_slice()),
    }
}

/// Binds the key that a page comes after: each value but the last once more, for no plan follows a
/// comparison of rows.
pub(super) fn bind_key<'q>(query: Bound<'q>, key: &'q Row) -> Bound<'q> {
    let last = key.len().saturating_sub(1);
    let times = |at: usize| if at < last { 2 } else { 1 };
    let cells = key.iter().enumerate().flat_map(|(at, cell)| std::iter::repeat_n(cell, times(at)));
    cells.fold(query, |query, cell| match cell {
        Cell::Null => query.bind(None::<i64>),
        Cell::Integer(value) => query.bind(value),
        Cell::Text(value) => query.bind(value.as_bytes()),
        Cell::Bytes(value) => query.bind(value.as_slice()),
    })
}

/// Reads a row of a table.
pub(super) fn cells(table: Table, row: &MySqlRow) -> Result<Row, Fault> {
    let columns = table.columns().iter().enumerate();
    columns.map(|(at, column)| cell(row, at, column.shape)).collect()
}

fn cell(row: &MySqlRow, at: usize, shape: Shape) -> Result<Cell, Fault> {
    let cell = match shape {
        Shape::Integer | Shape::Boolean => unchecked::<Option<_>>(row, at)?.map(Cell::Integer),
        Shape::Text => optional_text(row, at)?.map(|text| Cell::Text(text.to_owned())),
        Shape::Bytes | Shape::Uuid => unchecked::<Option<_>>(row, at)?.map(Cell::Bytes),
    };
    Ok(cell.unwrap_or(Cell::Null))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_packet_is_longer_than_it_may_be() {
        let row = |bytes| vec![Cell::Integer(1), Cell::Bytes(vec![0; bytes])];
        let sizes = |rows: &[Row]| packets(rows).iter().map(|rows| rows.len()).collect::<Vec<_>>();
        assert!(packets(&[]).is_empty());
        assert_eq!(sizes(&vec![row(10); 2_000]), [2_000]);
        assert_eq!(sizes(&vec![row(400_000); 5]), [2, 2, 1]);
        let alone = [row(10), row(PACKET_BYTES_MAX), row(10), row(10)];
        assert_eq!(sizes(&alone), [1, 1, 2]);
    }
}
