//! Evaluation: total, without allocation, as deep as the expression and no deeper.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::{Comparison, Expression, Path, Root};
use crate::time::Timestamp;
use crate::value::{Attributes, Type, Value};

/// Where values come from when a condition is evaluated.
#[derive(Clone, Copy)]
pub struct Environment<'a> {
    /// Who acts.
    pub actor: &'a dyn Lookup,
    /// The thing acted on.
    pub subject: &'a dyn Lookup,
    /// What the world says of the request.
    pub context: &'a dyn Lookup,
    /// What the client sent.
    pub input: &'a dyn Lookup,
    /// What the world observed.
    pub facts: &'a dyn Lookup,
    /// The time of the decision.
    pub now: Timestamp,
}

impl<'a> Environment<'a> {
    /// A time and nothing else: the start for `Environment { subject, ..Environment::at(now) }`.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        let nothing = &Nothing;
        Self {
            actor: nothing,
            subject: nothing,
            context: nothing,
            input: nothing,
            facts: nothing,
            now,
        }
    }

    fn lookup(&self, path: &Path) -> Option<ValueRef<'a>> {
        let root = match path.root {
            Root::Actor => self.actor,
            Root::Subject => self.subject,
            Root::Context => self.context,
            Root::Input => self.input,
            Root::Facts => self.facts,
        };
        root.lookup(path.name.as_str())
    }
}

impl fmt::Debug for Environment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment").field("now", &self.now).finish_non_exhaustive()
    }
}

/// Gives attributes by name.
///
/// The same name must give the same value for as long as one decision lasts.
pub trait Lookup {
    /// The value of an attribute, if it is present.
    fn lookup(&self, name: &str) -> Option<ValueRef<'_>>;
}

impl Lookup for Attributes {
    fn lookup(&self, name: &str) -> Option<ValueRef<'_>> {
        self.get(name).map(ValueRef::from)
    }
}

/// A [`Lookup`] that has nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nothing;

impl Lookup for Nothing {
    fn lookup(&self, _: &str) -> Option<ValueRef<'_>> {
        None
    }
}

/// A value that somebody else keeps.
///
/// Exhaustive, and in the same order, as [`Value`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ValueRef<'a> {
    /// True or false.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A text.
    String(&'a str),
    /// A point in time.
    Time(Timestamp),
    /// A set of values of one type.
    Set(&'a BTreeSet<Value>),
}

impl ValueRef<'_> {
    /// Whether the value is of a type; the empty set is of every set type.
    pub(super) fn is_of(self, declared: Type) -> bool {
        match self {
            Self::Bool(_) => declared == Type::Bool,
            Self::Integer(_) => declared == Type::Integer,
            Self::String(_) => declared == Type::String,
            Self::Time(_) => declared == Type::Time,
            // OK because values of one type stand together: the ends speak for the middle.
            Self::Set(members) => declared.member().is_some_and(|member| {
                let mut ends = members.first().into_iter().chain(members.last());
                ends.all(|end| member.admits(end))
            }),
        }
    }
}

impl<'a> From<&'a Value> for ValueRef<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Bool(value) => Self::Bool(*value),
            Value::Integer(number) => Self::Integer(*number),
            Value::String(text) => Self::String(text),
            Value::Time(time) => Self::Time(*time),
            Value::Set(members) => Self::Set(members),
        }
    }
}

impl From<ValueRef<'_>> for Value {
    fn from(value: ValueRef<'_>) -> Self {
        match value {
            ValueRef::Bool(value) => Self::Bool(value),
            ValueRef::Integer(number) => Self::Integer(number),
            ValueRef::String(text) => Self::from(text),
            ValueRef::Time(time) => Self::Time(time),
            ValueRef::Set(members) => Self::Set(Arc::new(members.clone())),
        }
    }
}

/// The one run-time error: a declared attribute is absent, or has a value of another type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` is absent")]
pub struct Absent {
    /// Which attribute.
    pub path: Path,
}

/// The value of an expression that was checked, given the types of what it reads.
pub(super) fn evaluate<'e>(
    expression: &'e Expression,
    reads: &'e [(Path, Type)],
    environment: &'e Environment<'_>,
) -> Result<ValueRef<'e>, Absent> {
    Evaluator { reads, environment }.value(expression)
}

/// INVARIANT: the expression was checked and every value read is of its declared type, so each
/// operand has the type that its operator asks for; another type reads as false, or as no size.
pub(super) struct Evaluator<'e> {
    /// Few, and mostly the very path that is asked for: a walk is faster than a search.
    pub(super) reads: &'e [(Path, Type)],
    pub(super) environment: &'e Environment<'e>,
}

impl<'e> Evaluator<'e> {
    pub(super) fn value(&self, expression: &'e Expression) -> Result<ValueRef<'e>, Absent> {
        let holds = match expression {
            Expression::Literal(value) => return Ok(ValueRef::from(value)),
            Expression::Path(path) => {
                return self.read(path).ok_or_else(|| Absent { path: path.clone() });
            }
            Expression::Now => return Ok(ValueRef::Time(self.environment.now)),
            Expression::Size(operand) => return Ok(size(self.value(operand)?)),
            Expression::Has(path) => self.read(path).is_some(),
            Expression::Not(operand) => !self.holds(operand)?,
            Expression::And(operands) => self.all(operands)?,
            Expression::Or(operands) => self.any(operands)?,
            Expression::Compare { operator, left, right } => {
                operator.holds(self.value(left)?, self.value(right)?)
            }
            Expression::In { needle, set } => is_in(self.value(needle)?, self.value(set)?),
            Expression::StartsWith { text, prefix } => {
                starts_with(self.value(text)?, self.value(prefix)?)
            }
        };
        Ok(ValueRef::Bool(holds))
    }

    /// Left to right, up to the first false or error.
    fn all(&self, operands: &'e [Expression]) -> Result<bool, Absent> {
        for operand in operands {
            if !self.holds(operand)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Left to right, up to the first true or error.
    fn any(&self, operands: &'e [Expression]) -> Result<bool, Absent> {
        for operand in operands {
            if self.holds(operand)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(super) fn holds(&self, operand: &'e Expression) -> Result<bool, Absent> {
        Ok(self.value(operand)? == ValueRef::Bool(true))
    }

    /// A value of another type than declared is no answer to the question that was asked.
    pub(super) fn read(&self, path: &Path) -> Option<ValueRef<'e>> {
        let (_, declared) = self.reads.iter().find(|(read, _)| read == path)?;
        self.environment.lookup(path).filter(|value| value.is_of(*declared))
    }
}

impl Comparison {
    /// Whether the operator asks for equality, which every type has.
    pub(super) fn is_equality(self) -> bool {
        matches!(self, Self::Equal | Self::NotEqual)
    }

    /// Strings compare byte by byte, which is the order of their code points.
    pub(super) fn holds(self, left: ValueRef<'_>, right: ValueRef<'_>) -> bool {
        match self {
            Self::Equal => left == right,
            Self::NotEqual => left != right,
            Self::Less => left < right,
            Self::LessOrEqual => left <= right,
            Self::Greater => left > right,
            Self::GreaterOrEqual => left >= right,
        }
    }
}

pub(super) fn size(operand: ValueRef<'_>) -> ValueRef<'_> {
    let size = match operand {
        ValueRef::String(text) => text.chars().count(),
        ValueRef::Set(members) => members.len(),
        ValueRef::Bool(_) | ValueRef::Integer(_) | ValueRef::Time(_) => 0,
    };
    ValueRef::Integer(i64::try_from(size).unwrap_or(i64::MAX))
}

/// A walk, because looking up a borrowed string in a set of values would allocate it; a set has
/// few members.
pub(super) fn is_in(needle: ValueRef<'_>, set: ValueRef<'_>) -> bool {
    match set {
        ValueRef::Set(members) => members.iter().any(|member| ValueRef::from(member) == needle),
        _ => false,
    }
}

pub(super) fn starts_with(text: ValueRef<'_>, prefix: ValueRef<'_>) -> bool {
    match (text, prefix) {
        (ValueRef::String(text), ValueRef::String(prefix)) => text.starts_with(prefix),
        _ => false,
    }
}
