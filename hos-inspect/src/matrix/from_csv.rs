//! Comma-separated values.

use csv::{ReaderBuilder, StringRecord, Trim};

use super::Reader;
use super::place::Place;
use super::quotes::{SetAside, set_aside};

pub(super) fn read(reader: &mut Reader, text: &str) {
    let SetAside { text, lines, marks, is_headless } = set_aside(text);
    for mark in marks {
        let message = "nothing closes this quotation mark before a comma or the end of a line";
        reader.fault("unclosed_quote", mark, message.to_owned());
    }
    if is_headless {
        return;
    }
    let mut builder = ReaderBuilder::new();
    let builder = builder.has_headers(false).flexible(true).trim(Trim::All);
    // Its own lines are those of the end of the row before, empty lines and all.
    let mut rows = builder.from_reader(text.as_bytes()).into_records().zip(lines);
    let (head, line) = match rows.next() {
        Some((Ok(head), line)) => (head, line),
        Some((Err(error), line)) => return unreadable(reader, &error, line),
        None => {
            let message = "nothing is there, expected `ability` and the roles".to_owned();
            return reader.fault("missing", Place::Cell { line: 1, column: 1 }, message);
        }
    };
    if head.get(0) != Some("ability") {
        let message = "the first line begins with `ability`".to_owned();
        reader.fault("missing", Place::Cell { line, column: 1 }, message);
    }
    let named = head.iter().enumerate().skip(1);
    let roles: Vec<Option<String>> =
        named.map(|(at, name)| reader.role(name, Place::Cell { line, column: at + 1 })).collect();
    if roles.is_empty() {
        let message = "no role is named behind `ability`".to_owned();
        reader.fault("missing", Place::Cell { line, column: 2 }, message);
    }
    for (record, line) in rows {
        match record {
            Ok(record) => row(reader, &roles, &record, line),
            Err(error) => return unreadable(reader, &error, line),
        }
    }
}

/// A row as long as the first: what is missing or too much may have slipped from its column.
fn row(reader: &mut Reader, roles: &[Option<String>], record: &StringRecord, line: usize) {
    let (found, expected) = (record.len(), roles.len() + 1);
    if found != expected {
        let message = format!("{found} cells, expected {expected} as in the first line");
        let column = found.min(expected);
        reader.fault("unreadable", Place::Cell { line, column }, message);
    }
    let mut cells = Vec::with_capacity(roles.len());
    for (at, (role, cell)) in roles.iter().zip(record.iter().skip(1)).enumerate() {
        let place = Place::Cell { line, column: at + 2 };
        match role {
            Some(role) => cells.push((role.clone(), cell, place)),
            // Its column has a fault already; the cell may have its own.
            None => drop(reader.cell(cell, place)),
        }
    }
    reader.row((record.get(0).unwrap_or_default(), Place::Cell { line, column: 1 }), &cells);
}

fn unreadable(reader: &mut Reader, error: &csv::Error, line: usize) {
    reader.fault("unreadable", Place::Cell { line, column: 1 }, error.to_string());
}
