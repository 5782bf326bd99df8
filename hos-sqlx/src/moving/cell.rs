//! Rows as both databases understand them.

use serde::{Deserialize, Serialize};

use super::table::{Column, Shape};
use crate::encoding::hex;

/// One value. Truth is an integer, 0 or 1; a UUID is its 16 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Cell {
    Null,
    Integer(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// The values of one row, or of its key.
pub(crate) type Row = Vec<Cell>;

impl Cell {
    pub(crate) fn integer(&self) -> Option<i64> {
        match self {
            Self::Integer(value) => Some(*value),
            _ => None,
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(value) => Some(value),
            _ => None,
        }
    }

    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Bytes(value) => Some(value),
            _ => None,
        }
    }

    /// What is before every value of a shape that a key may have.
    pub(crate) fn least(shape: Shape) -> Self {
        match shape {
            Shape::Integer | Shape::Boolean => Self::Integer(-1),
            Shape::Text => Self::Text(String::new()),
            Shape::Bytes => Self::Bytes(Vec::new()),
            Shape::Uuid => Self::Bytes(vec![0; 16]),
        }
    }
}

/// The key of a row, to be read by a person.
pub(crate) fn show(columns: &[Column], key: &[Cell]) -> String {
    let one = |(column, cell): (&Column, &Cell)| {
        let value = match cell {
            Cell::Null => "null".to_owned(),
            Cell::Integer(value) => value.to_string(),
            Cell::Text(value) => format!("`{value}`"),
            Cell::Bytes(value) => hex(value),
        };
        format!("{} {value}", column.name)
    };
    columns.iter().zip(key).map(one).collect::<Vec<_>>().join(", ")
}
