//! Calls of stored procedures.

use std::fmt::Write as _;

use sqlx::Arguments as _;
use sqlx::error::BoxDynError;
use sqlx::mysql::MySqlArguments;

use crate::encoding::hex;

/// An argument of a procedure.
#[derive(Clone)]
pub(super) enum Argument {
    Integer(Option<i64>),
    Bytes(Option<Vec<u8>>),
    Text(Option<String>),
}

impl Argument {
    pub(super) fn name(name: &str) -> Self {
        Self::Bytes(Some(name.as_bytes().to_vec()))
    }
}

/// The arguments for a prepared call.
pub(super) fn bind(arguments: Vec<Argument>) -> Result<MySqlArguments, BoxDynError> {
    let mut bound = MySqlArguments::default();
    for argument in arguments {
        match argument {
            Argument::Integer(value) => bound.add(value)?,
            Argument::Bytes(value) => bound.add(value)?,
            Argument::Text(value) => bound.add(value)?,
        }
    }
    Ok(bound)
}

/// The call as one text, for a connection of the caller's.
///
/// A future that is dropped while its statement is being prepared leaves answers in the connection
/// that belong to nobody; a text is not prepared. Nothing in it but digits comes from outside:
/// bytes and texts are written in hexadecimal.
pub(super) fn text(procedure: &'static str, arguments: &[Argument]) -> String {
    let mut text = format!("CALL {procedure}(");
    for (at, argument) in arguments.iter().enumerate() {
        let comma = if at == 0 { "" } else { ", " };
        // OK because writing to a string cannot fail.
        let _infallible = match argument {
            Argument::Integer(Some(value)) => write!(text, "{comma}{value}"),
            Argument::Bytes(Some(bytes)) => write!(text, "{comma}_binary x'{}'", hex(bytes)),
            Argument::Text(Some(value)) => {
                write!(text, "{comma}_utf8mb4 x'{}'", hex(value.as_bytes()))
            }
            Argument::Integer(None) | Argument::Bytes(None) | Argument::Text(None) => {
                write!(text, "{comma}NULL")
            }
        };
    }
    text.push(')');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_but_digits_comes_from_outside() {
        let hostile = "'); DROP TABLE hos_entry; --";
        let arguments = [
            Argument::Integer(Some(-7)),
            Argument::name(hostile),
            Argument::Text(Some("\u{e9}'".to_owned())),
            Argument::Text(None),
        ];
        let text = text("hos_commit", &arguments);
        let name = hex(hostile.as_bytes());
        let expected = format!("CALL hos_commit(-7, _binary x'{name}', _utf8mb4 x'c3a927', NULL)");
        assert_eq!(text, expected);
    }
}
