//! What is left of a condition: conjunctions and disjunctions of Cedar's own relations.

use std::fmt::{self, Display};

/// A text that Cedar evaluates without an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Formula {
    Always,
    Never,
    /// A relation, or the denial of one: binds tighter than `&&`.
    Atom(String),
    All(Vec<Self>),
    Any(Vec<Self>),
}

impl Formula {
    /// Left to right; what was asked before is not asked again.
    pub(super) fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut all = Vec::new();
        for part in parts {
            match part {
                Self::Always => {}
                Self::Never => return Self::Never,
                Self::All(inner) => inner.into_iter().for_each(|part| add(&mut all, part)),
                part => add(&mut all, part),
            }
        }
        one_or(all, Self::Always, Self::All)
    }

    pub(super) fn any(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut any = Vec::new();
        for part in parts {
            match part {
                Self::Never => {}
                Self::Always => return Self::Always,
                Self::Any(inner) => inner.into_iter().for_each(|part| add(&mut any, part)),
                part => add(&mut any, part),
            }
        }
        one_or(any, Self::Never, Self::Any)
    }
}

fn add(parts: &mut Vec<Formula>, part: Formula) {
    if !parts.contains(&part) {
        parts.push(part);
    }
}

fn one_or(
    mut parts: Vec<Formula>,
    none: Formula,
    many: impl FnOnce(Vec<Formula>) -> Formula,
) -> Formula {
    match parts.pop() {
        None => none,
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            many(parts)
        }
    }
}

impl Display for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (parts, sign) = match self {
            Self::Always => return f.write_str("true"),
            Self::Never => return f.write_str("false"),
            Self::Atom(text) => return f.write_str(text),
            Self::All(parts) => (parts, " && "),
            Self::Any(parts) => (parts, " || "),
        };
        for (at, part) in parts.iter().enumerate() {
            f.write_str(if at == 0 { "" } else { sign })?;
            match part {
                Self::All(_) | Self::Any(_) => write!(f, "({part})")?,
                part => Display::fmt(part, f)?,
            }
        }
        Ok(())
    }
}
