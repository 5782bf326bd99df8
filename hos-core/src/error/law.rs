//! What is wrong with a law or a contract: everything at once, with its place.

use std::error::Error as StdError;
use std::fmt;

use serde::Serialize;

use super::list;
use crate::id::IdError;

/// The most faults that one reading tells; one more says that there are others.
pub const FAULTS_MAX: usize = 256;
/// The longest name in a pointer, in bytes; a longer one is no name of a law.
const POINTER_NAME_BYTES_MAX: usize = 128;

/// One thing that is wrong with a law or a contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LawFault {
    /// The stable code, such as `unreachable_state`.
    pub code: &'static str,
    /// Where, such as `contract order/1 action cancel`.
    pub at: String,
    /// Where in the JSON form of the definition, as a pointer (RFC 6901).
    pub pointer: String,
    /// Where in the file that was read; none for a definition that was read from none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    /// What is wrong and what was expected.
    pub message: String,
    /// How many bytes into the text at the pointer.
    #[serde(skip)]
    pub(crate) offset: Option<usize>,
}

/// A place in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "a line and a column are a place")]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The character within the line, from 1.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} column {}", self.line, self.column)
    }
}

impl fmt::Display for LawFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(position) = self.position {
            write!(f, "{position}: ")?;
        }
        write!(f, "{}: {} ({})", self.at, self.message, self.code)
    }
}

/// Everything that is wrong with a law or a contract, at once; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LawError {
    faults: Vec<LawFault>,
}

impl LawError {
    /// The faults, in the order of the definition.
    #[must_use]
    pub fn faults(&self) -> &[LawFault] {
        &self.faults
    }

    /// Whether one of the faults has this code.
    #[must_use]
    pub fn has(&self, code: &str) -> bool {
        self.faults.iter().any(|fault| fault.code == code)
    }

    /// Says of each fault where in a file its place of the definition is.
    pub(crate) fn moved(mut self, pointer: impl Fn(&str) -> String) -> Self {
        for fault in &mut self.faults {
            fault.pointer = pointer(&fault.pointer);
        }
        self
    }

    /// Says of each fault where it stands.
    pub(crate) fn placed(mut self, place: impl Fn(&LawFault) -> Option<Position>) -> Self {
        for fault in &mut self.faults {
            fault.position = fault.position.or_else(|| place(fault));
        }
        self
    }
}

impl fmt::Display for LawError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the law has {} fault(s): {}", self.faults.len(), list(&self.faults))
    }
}

impl StdError for LawError {}

/// Where in a definition: in words, and as a pointer (RFC 6901).
#[derive(Debug, Clone)]
pub(crate) struct Place {
    words: String,
    pointer: String,
}

impl Place {
    /// The whole of a definition.
    pub(crate) fn whole(words: impl Into<String>) -> Self {
        Self { words: words.into(), pointer: String::new() }
    }

    /// A field of this, called as this is.
    pub(crate) fn field(&self, name: &str) -> Self {
        let end = name.floor_char_boundary(POINTER_NAME_BYTES_MAX);
        let name = name.get(..end).unwrap_or_default();
        let escaped = name.replace('~', "~0").replace('/', "~1");
        Self { words: self.words.clone(), pointer: format!("{}/{escaped}", self.pointer) }
    }

    /// One of a list in this, called as this is.
    pub(crate) fn item(&self, index: usize) -> Self {
        Self { words: self.words.clone(), pointer: format!("{}/{index}", self.pointer) }
    }

    /// The same place in other words.
    pub(crate) fn called(self, words: impl Into<String>) -> Self {
        Self { words: words.into(), ..self }
    }

    /// The same place with more words.
    pub(crate) fn named(self, words: impl fmt::Display) -> Self {
        let words = format!("{} {words}", self.words);
        Self { words, ..self }
    }
}

/// Gathers faults while a definition is read.
#[derive(Debug, Default)]
pub(crate) struct LawFaults(Vec<LawFault>);

impl LawFaults {
    pub(crate) fn add(&mut self, code: &'static str, at: &Place, message: impl Into<String>) {
        self.add_in(code, at, message, None);
    }

    /// A fault so many bytes into the text at a place.
    pub(crate) fn add_in(
        &mut self,
        code: &'static str,
        at: &Place,
        message: impl Into<String>,
        offset: Option<usize>,
    ) {
        let Place { words, pointer } = at.clone();
        let (code, message) = match self.0.len() {
            ..FAULTS_MAX => (code, message.into()),
            FAULTS_MAX => ("too_many", format!("more than {FAULTS_MAX} faults; mend these first")),
            _ => return,
        };
        self.0.push(LawFault { code, at: words, pointer, position: None, message, offset });
    }

    /// Keeps what parsed; adds the fault of what did not.
    pub(crate) fn keep<T>(&mut self, at: &Place, parsed: Result<T, IdError>) -> Option<T> {
        parsed.map_err(|error| self.add("ill_formed", at, error.to_string())).ok()
    }

    pub(crate) fn limit(&mut self, at: &Place, what: &str, count: usize, max: usize) {
        if count > max {
            self.add("too_many", at, format!("{count} {what}, at most {max} are allowed"));
        }
    }

    /// Takes over the faults of what stands at a place.
    pub(crate) fn extend(&mut self, at: &Place, error: LawError) {
        let faults = error
            .faults
            .into_iter()
            .map(|fault| LawFault { pointer: format!("{}{}", at.pointer, fault.pointer), ..fault });
        let room = (FAULTS_MAX + 1).saturating_sub(self.0.len());
        self.0.extend(faults.take(room));
    }

    /// Whether no more is told.
    pub(crate) fn is_full(&self) -> bool {
        self.0.len() > FAULTS_MAX
    }

    pub(crate) fn finish<T>(self, value: Option<T>) -> Result<T, LawError> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(LawError { faults: self.0 }),
        }
    }
}
