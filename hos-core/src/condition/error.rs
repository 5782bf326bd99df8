//! Faults of an expression: found when it is parsed or checked, never when it is evaluated.

use std::fmt;

/// Why an expression was not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExpressionError {
    /// The sort of fault.
    pub kind: ExpressionErrorKind,
    /// Where in the text, in bytes; none for a fault of a tree.
    pub at: Option<usize>,
    /// What was found and what was expected.
    pub message: String,
}

impl ExpressionError {
    pub(super) fn new(kind: ExpressionErrorKind, message: String) -> Self {
        Self { kind, at: None, message }
    }

    pub(super) fn at(mut self, at: usize) -> Self {
        self.at = Some(at);
        self
    }
}

impl fmt::Display for ExpressionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match self.at {
            Some(at) => write!(f, " (at byte {at})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ExpressionError {}

/// The sort of fault in an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ExpressionErrorKind {
    /// The text or a name breaks the grammar.
    Syntax,
    /// More text than `EXPRESSION_TEXT_BYTES_MAX`.
    TooLong,
    /// More levels than `EXPRESSION_DEPTH_MAX`.
    TooDeep,
    /// More nodes than `EXPRESSION_NODES_MAX`, or too many members in a set.
    TooLarge,
    /// `&&` or `||` over fewer than two operands.
    TooFew,
    /// An attribute, root, function or method that is not known here.
    UnknownName,
    /// An operand of the wrong type.
    TypeMismatch,
    /// A set without a type: of several types, of sets, or empty.
    MixedSet,
    /// An integer or a time beyond what the language can hold.
    OutOfRange,
}

impl ExpressionErrorKind {
    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::TooLong => "too_long",
            Self::TooDeep => "too_deep",
            Self::TooLarge => "too_large",
            Self::TooFew => "too_few",
            Self::UnknownName => "unknown_name",
            Self::TypeMismatch => "type_mismatch",
            Self::MixedSet => "mixed_set",
            Self::OutOfRange => "out_of_range",
        }
    }
}
