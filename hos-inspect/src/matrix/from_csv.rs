//! Comma-separated values.

use csv::{ReaderBuilder, StringRecord, Trim};

use super::{Place, Reader};

pub(super) fn read(reader: &mut Reader, text: &str) {
    let mut builder = ReaderBuilder::new();
    let builder = builder.has_headers(false).flexible(true).trim(Trim::All);
    let mut lines = builder.from_reader(text.as_bytes()).into_records();
    let head = match lines.next() {
        Some(Ok(head)) => head,
        Some(Err(error)) => return unreadable(reader, &error),
        None => {
            let message = "nothing is there, expected `ability` and the roles".to_owned();
            return reader.fault("missing", Place { line: 1, column: 1 }, message);
        }
    };
    let line = line(&head);
    if head.get(0) != Some("ability") {
        let message = "the first line begins with `ability`".to_owned();
        reader.fault("missing", Place { line, column: 1 }, message);
    }
    let named = head.iter().enumerate().skip(1);
    let roles: Vec<Option<String>> =
        named.map(|(at, name)| reader.role(name, Place { line, column: at + 1 })).collect();
    if roles.is_empty() {
        let message = "no role is named behind `ability`".to_owned();
        reader.fault("missing", Place { line, column: 2 }, message);
    }
    for record in lines {
        match record {
            Ok(record) => row(reader, &roles, &record),
            Err(error) => return unreadable(reader, &error),
        }
    }
}

/// A row as long as the first: what is missing or too much may have slipped from its column.
fn row(reader: &mut Reader, roles: &[Option<String>], record: &StringRecord) {
    let line = line(record);
    let (found, expected) = (record.len(), roles.len() + 1);
    if found != expected {
        let message = format!("{found} cells, expected {expected} as in the first line");
        let column = found.min(expected);
        reader.fault("unreadable", Place { line, column }, message);
    }
    let mut cells = Vec::with_capacity(roles.len());
    for (at, (role, cell)) in roles.iter().zip(record.iter().skip(1)).enumerate() {
        let place = Place { line, column: at + 2 };
        match role {
            Some(role) => cells.push((role.clone(), cell, place)),
            // Its column has a fault already; the cell may have its own.
            None => drop(reader.cell(cell, place)),
        }
    }
    reader.row((record.get(0).unwrap_or_default(), Place { line, column: 1 }), &cells);
}

fn line(record: &StringRecord) -> usize {
    let line = record.position().map_or(1, csv::Position::line);
    usize::try_from(line).unwrap_or(usize::MAX)
}

fn unreadable(reader: &mut Reader, error: &csv::Error) {
    let line = error.position().map_or(1, csv::Position::line);
    let line = usize::try_from(line).unwrap_or(usize::MAX);
    reader.fault("unreadable", Place { line, column: 1 }, error.to_string());
}
