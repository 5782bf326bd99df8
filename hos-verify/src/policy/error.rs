use std::error::Error;
use std::fmt;

use super::{POLICY_BYTES_MAX, POLICY_NAMES_MAX};
use crate::note::NoteError;

/// One fault of a trust file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyFault {
    /// The line, counted from 1; 0 for what concerns the whole file.
    pub line: usize,
    /// What is wrong there.
    pub kind: PolicyFaultKind,
}

/// What is wrong with a line of a trust file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PolicyFaultKind {
    /// The file is longer than [`POLICY_BYTES_MAX`].
    TooLong,
    /// A control character other than tab and newline.
    Characters,
    /// The line is none of `log`, `witness`, `group` and `quorum`, or of another form.
    Form,
    /// What follows a key is no `from SIZE ORIGIN` or `until SIZE ORIGIN` of a log that it signs
    /// for.
    Bound,
    /// The key cannot be read, or is of the wrong kind for its line.
    Key(NoteError),
    /// The key stands on an earlier line, perhaps under another name.
    RepeatedKey,
    /// The name stands on an earlier line, or is `none`.
    RepeatedName,
    /// No earlier line defines the name.
    UnknownName(String),
    /// The name is a member of a group already.
    RepeatedMember(String),
    /// The threshold is no number from 1 to the number of members.
    Threshold,
    /// There are more than [`POLICY_NAMES_MAX`] of these lines.
    TooMany,
    /// There is no quorum line, or more than one.
    Quorum,
}

impl fmt::Display for PolicyFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(formatter, "line {}: ", self.line)?;
        }
        match &self.kind {
            PolicyFaultKind::TooLong => {
                write!(formatter, "a trust file is at most {POLICY_BYTES_MAX} bytes")
            }
            PolicyFaultKind::Characters => {
                write!(formatter, "tab and newline are the only control characters")
            }
            PolicyFaultKind::Form => write!(
                formatter,
                "write `log KEY [URL] [BOUNDS]`, `witness NAME KEY [URL]`, \
                 `group NAME COUNT MEMBER..` or `quorum NAME`"
            ),
            PolicyFaultKind::Bound => write!(
                formatter,
                "bound a key by `from SIZE ORIGIN` or `until SIZE ORIGIN`, of a log that it \
                 signs for"
            ),
            PolicyFaultKind::Key(error) => fmt::Display::fmt(error, formatter),
            PolicyFaultKind::RepeatedKey => write!(formatter, "this key stands here twice"),
            PolicyFaultKind::RepeatedName => write!(formatter, "this name is taken"),
            PolicyFaultKind::UnknownName(name) => {
                write!(formatter, "no line above defines `{}`", name.escape_default())
            }
            PolicyFaultKind::RepeatedMember(name) => {
                write!(formatter, "`{}` is a member already", name.escape_default())
            }
            PolicyFaultKind::Threshold => write!(
                formatter,
                "a group needs `any`, `all` or a number from 1 to that of its members"
            ),
            PolicyFaultKind::TooMany => {
                write!(formatter, "at most {POLICY_NAMES_MAX} lines of a kind are read")
            }
            PolicyFaultKind::Quorum => {
                write!(formatter, "a trust file has one quorum line; `quorum none` asks for nobody")
            }
        }
    }
}

impl Error for PolicyFault {}
