//! Files of laws: read within limits, comments left out, every fault with its place.

use std::io::Read as _;
use std::path::Path;

use hos_core::contract::{Contract, FILE_BYTES_MAX};
use hos_core::error::LawError;
use hos_core::law::Law;
use hos_inspect::matrix::{Matrix, MatrixError};
use serde::Serialize;

use crate::exit::{Exit, Trouble};

/// How many faults are told where a law is wanted for something else.
const FAULTS_TOLD: usize = 8;

/// What a file holds.
#[derive(Debug)]
pub(crate) enum Content {
    Law(Box<Law>),
    Contract(Box<Contract>),
    Matrix(Box<Matrix>),
}

/// One thing that is wrong with a file.
#[derive(Debug, Serialize)]
pub(crate) struct FileFault {
    pub(crate) code: &'static str,
    /// In words.
    pub(crate) at: String,
    /// A pointer (RFC 6901).
    pub(crate) pointer: String,
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) message: String,
}

/// The bytes of a file, at most so many; more of them end the program so.
pub(crate) fn bytes(path: &Path, most: usize, too_many: Exit) -> Result<Vec<u8>, Trouble> {
    let shown = path.display();
    let unreadable = |error: std::io::Error| {
        let message = format!("{shown} cannot be read: {error}");
        Trouble::new(Exit::Address, message, "check the path")
    };
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    file.take(limit).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > most {
        let message = format!("{shown} has more than {most} bytes");
        return Err(Trouble::new(too_many, message, "is it the right file?"));
    }
    Ok(bytes)
}

/// The text of a file, at most so many bytes.
pub(crate) fn text(path: &Path, most: usize) -> Result<String, Trouble> {
    let shown = path.display();
    String::from_utf8(bytes(path, most, Exit::Wrong)?).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let message = format!("{shown} is not UTF-8 from byte {at} on");
        Trouble::new(Exit::Wrong, message, "save it as UTF-8")
    })
}

/// Reads a file: what it holds, or everything that is wrong with it.
pub(crate) fn read(path: &Path) -> Result<Result<Content, Vec<FileFault>>, Trouble> {
    let text = text(path, FILE_BYTES_MAX)?;
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    Ok(match extension.to_ascii_lowercase().as_str() {
        "csv" => matrix(Matrix::from_csv(&text)),
        "toml" => matrix(Matrix::from_toml(&text)),
        _ => {
            let text = without_comments(&text);
            if is_contract(&text) {
                let read = Contract::from_json(&text);
                read.map(|read| Content::Contract(Box::new(read))).map_err(|error| faults(&error))
            } else {
                let read = Law::from_json(&text);
                read.map(|read| Content::Law(Box::new(read))).map_err(|error| faults(&error))
            }
        }
    })
}

/// The law in a file.
pub(crate) fn law(path: &Path) -> Result<Law, Trouble> {
    match read(path)? {
        Ok(Content::Law(law)) => Ok(*law),
        Ok(Content::Contract(_) | Content::Matrix(_)) => {
            let message = format!("{} holds no law by itself", path.display());
            Err(Trouble::new(Exit::Wrong, message, "give the file of a law"))
        }
        Err(faults) => {
            let message = format!("{} holds {} faults", path.display(), faults.len());
            let causes = faults.iter().take(FAULTS_TOLD);
            let cause = |fault: &FileFault| {
                let FileFault { line, column, code, message, .. } = fault;
                format!("{}:{line}:{column}: {message} ({code})", path.display())
            };
            let trouble = Trouble::new(Exit::Wrong, message, "see all of them with `hos check`");
            Err(Trouble { causes: causes.map(cause).collect(), ..trouble })
        }
    }
}

fn matrix(read: Result<Matrix, MatrixError>) -> Result<Content, Vec<FileFault>> {
    let fault = |fault: &hos_inspect::matrix::MatrixFault| FileFault {
        code: fault.code,
        at: "matrix".to_owned(),
        pointer: String::new(),
        line: fault.line,
        column: fault.column,
        message: fault.message.clone(),
    };
    match read {
        Ok(matrix) => Ok(Content::Matrix(Box::new(matrix))),
        Err(error) => Err(error.faults().iter().map(fault).collect()),
    }
}

pub(crate) fn faults(error: &LawError) -> Vec<FileFault> {
    let fault = |fault: &hos_core::error::LawFault| FileFault {
        code: fault.code,
        at: fault.at.clone(),
        pointer: fault.pointer.clone(),
        line: fault.position.map_or(1, |position| position.line),
        column: fault.position.map_or(1, |position| position.column),
        message: fault.message.clone(),
    };
    error.faults().iter().map(fault).collect()
}

/// A contract names its kind, a law its world.
fn is_contract(text: &str) -> bool {
    let value: Option<serde_json::Value> = serde_json::from_str(text).ok();
    value.is_some_and(|value| value.get("world").is_none() && value.get("kind").is_some())
}

/// The text with comments and last commas as spaces, so that every place stays the same.
fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    let mut comma = None;
    while let Some(c) = characters.next() {
        match (c, characters.peek()) {
            ('"', _) => {
                comma = None;
                out.push(c);
                while let Some(c) = characters.next() {
                    out.push(c);
                    match c {
                        '\\' => out.extend(characters.next()),
                        '"' => break,
                        _ => {}
                    }
                }
            }
            ('/', Some('/')) => {
                out.push(' ');
                while let Some(c) = characters.next_if(|c| *c != '\n') {
                    out.push(blank(c));
                }
            }
            ('/', Some('*')) => {
                out.push(' ');
                out.extend(characters.next().map(blank));
                let mut last = ' ';
                for c in characters.by_ref() {
                    out.push(blank(c));
                    if (last, c) == ('*', '/') {
                        break;
                    }
                    last = c;
                }
            }
            (',', _) => {
                comma = Some(out.len());
                out.push(c);
            }
            ('}' | ']', _) => {
                if let Some(at) = comma.take() {
                    out.replace_range(at..at + 1, " ");
                }
                out.push(c);
            }
            (c, _) => {
                if !c.is_whitespace() {
                    comma = None;
                }
                out.push(c);
            }
        }
    }
    out
}

fn blank(c: char) -> char {
    if c == '\n' || c == '\r' { c } else { ' ' }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_last_commas_become_spaces() {
        for (text, plain) in [
            ("{\"a\": 1, // one\n\"b\": 2}", "{\"a\": 1,       \n\"b\": 2}"),
            ("[1, /* two\n */ 2,]", "[1,       \n    2 ]"),
            ("{\"a\": [1,\n],\n}", "{\"a\": [1 \n] \n}"),
            ("\"// no, ,}\\\" /* \"", "\"// no, ,}\\\" /* \""),
            ("[1,,]", "[1, ]"),
            ("/* ends nowhere", "               "),
        ] {
            assert_eq!(without_comments(text), plain);
        }
    }

    #[test]
    fn a_contract_is_told_from_a_law() {
        assert!(is_contract("{\"kind\": \"order\"}"));
        assert!(!is_contract("{\"world\": \"pazar\", \"kind\": 1}"));
        assert!(!is_contract("no json"));
    }
}
