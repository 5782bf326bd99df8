//! What an expression reads: an attribute of one of five roots.

use std::fmt;
use std::str::FromStr;

use super::print::quoted;
use super::{ExpressionError, ExpressionErrorKind};
use crate::id::Name;

/// An attribute of something: `subject.customer`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path {
    /// Of what.
    pub root: Root,
    /// Which attribute.
    pub name: Name,
}

impl Path {
    /// Names an attribute.
    ///
    /// # Errors
    ///
    /// [`ExpressionErrorKind::Syntax`] if the name breaks the grammar of names, or is a word that
    /// CEL keeps for itself (`in`, `true`, `false`, `null`).
    pub fn new(root: Root, name: impl AsRef<str>) -> Result<Self, ExpressionError> {
        let name = name.as_ref();
        let refuse = |why: fmt::Arguments<'_>| {
            let message = format!("{} is no attribute name: {why}", quoted(name));
            ExpressionError::new(ExpressionErrorKind::Syntax, message)
        };
        if is_keyword(name) {
            return Err(refuse(format_args!("the word is reserved, expected another one")));
        }
        let name = Name::new(name).map_err(|fault| refuse(format_args!("{fault}")))?;
        Ok(Self { root, name })
    }
}

/// Whether CEL refuses this name after a dot (its grammar: `SELECTOR`).
pub(super) fn is_keyword(name: &str) -> bool {
    matches!(name, "in" | "true" | "false" | "null")
}

impl FromStr for Path {
    type Err = ExpressionError;

    /// Reads `root.name`, without spaces.
    fn from_str(text: &str) -> Result<Self, ExpressionError> {
        let halves = text.split_once('.');
        match halves.and_then(|(root, name)| Some((Root::from_word(root)?, name))) {
            Some((root, name)) => Self::new(root, name),
            None => {
                let message = format!(
                    "{} is no path, expected an attribute such as `subject.owner`",
                    quoted(text)
                );
                Err(ExpressionError::new(ExpressionErrorKind::Syntax, message))
            }
        }
    }
}

/// What an expression may read.
///
/// Exhaustive: nothing else stands before the judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Root {
    /// Who acts.
    Actor,
    /// The thing acted on.
    Subject,
    /// What the world says of the request.
    Context,
    /// What the client sent.
    Input,
    /// What the world observed.
    Facts,
}

impl Root {
    /// The word in the text form.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Actor => "actor",
            Self::Subject => "subject",
            Self::Context => "context",
            Self::Input => "input",
            Self::Facts => "facts",
        }
    }

    pub(super) fn from_word(word: &str) -> Option<Self> {
        let all = [Self::Actor, Self::Subject, Self::Context, Self::Input, Self::Facts];
        all.into_iter().find(|root| root.as_str() == word)
    }
}
