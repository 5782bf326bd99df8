//! The condition language: typed, total, bounded, and data.
//!
//! An [`Expression`] has three forms that say the same: a builder, a JSON tree, and a text that is
//! a strict subset of CEL (the Common Expression Language). A [`Condition`] is an expression of
//! type bool that was checked against a [`Scope`]; it is evaluated in an [`Environment`] without
//! allocating, and the only thing that can go wrong then is an [`Absent`] attribute.
//!
//! Two things differ from CEL on purpose. `&&` and `||` go left to right and short-circuit, as in
//! Cedar: an error on the left is the answer. And a list of literals is a set: its order and its
//! repetitions do not count.

mod check;
mod data;
mod error;
mod evaluate;
mod path;
mod predicate;
mod print;
mod residual;
mod text;
mod token;

use std::str::FromStr;

use crate::value::Value;

pub use check::{Checked, Condition, Scope};
pub use error::{ExpressionError, ExpressionErrorKind};
pub use evaluate::{Absent, Environment, Lookup, Nothing, ValueRef};
pub use path::{Path, Root};
pub use predicate::{Attribute, Predicate, Term};
pub use residual::{PREDICATE_NODES_MAX, TooEntangled};

/// The most nodes of one expression; a list of literals is one node.
pub const EXPRESSION_NODES_MAX: usize = 256;
/// The most levels of one expression, and of parentheses, calls and `!` inside each other.
pub const EXPRESSION_DEPTH_MAX: usize = 32;
/// The longest text form, in bytes: of what is parsed, and of a checked expression as printed.
pub const EXPRESSION_TEXT_BYTES_MAX: usize = 4_096;

/// An expression that nobody checked yet: plain data.
///
/// It prints as its canonical text and serializes as a tree, `{"eq": [{"path": "subject.owner"},
/// {"path": "actor.id"}]}`; wherever a tree is read, a string is read as text form.
///
/// Exhaustive: whoever translates expressions (to SQL, say) must know every one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression {
    /// A value, written down: `"paid"`, `-7`, `true`, `timestamp("..")`, `["a", "b"]`.
    Literal(Value),
    /// An attribute: `subject.owner`.
    Path(Path),
    /// The time of the decision: `now`.
    Now,
    /// The opposite: `!x`.
    Not(Box<Self>),
    /// All of two or more, left to right: `x && y`.
    And(Vec<Self>),
    /// One of two or more, left to right: `x || y`.
    Or(Vec<Self>),
    /// Two values of one type, compared: `x < y`.
    Compare {
        /// How they are compared.
        operator: Comparison,
        /// The value before the operator.
        left: Box<Self>,
        /// The value after the operator.
        right: Box<Self>,
    },
    /// Membership: `x in subject.members`.
    In {
        /// What is looked for.
        needle: Box<Self>,
        /// Where it is looked for.
        set: Box<Self>,
    },
    /// Whether a declared attribute is present: `has(subject.owner)`.
    Has(Path),
    /// The code points of a string or the members of a set: `size(x)`.
    Size(Box<Self>),
    /// Whether a string starts with another: `x.startsWith("a")`.
    StartsWith {
        /// The longer string.
        text: Box<Self>,
        /// The shorter string.
        prefix: Box<Self>,
    },
}

impl Expression {
    /// Parses the text form, the strict subset of CEL.
    ///
    /// ```
    /// use hos_core::condition::Expression;
    ///
    /// let text = "subject.customer == actor.id && !(subject.state in ['paid', 'shipped'])";
    /// let expression = Expression::parse(text)?;
    /// assert_eq!(
    ///     expression.to_string(),
    ///     r#"subject.customer == actor.id && !(subject.state in ["paid", "shipped"])"#,
    /// );
    /// # Ok::<(), hos_core::condition::ExpressionError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The first fault in reading order: grammar, or one of the limits.
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        text::parse(text)
    }

    /// A value, written down.
    #[must_use]
    pub fn literal(value: impl Into<Value>) -> Self {
        Self::Literal(value.into())
    }

    /// The value of an attribute.
    ///
    /// # Errors
    ///
    /// As for [`Path::new`].
    pub fn path(root: Root, name: impl AsRef<str>) -> Result<Self, ExpressionError> {
        Path::new(root, name).map(Self::Path)
    }

    /// Whether an attribute is present.
    ///
    /// # Errors
    ///
    /// As for [`Path::new`].
    pub fn has(root: Root, name: impl AsRef<str>) -> Result<Self, ExpressionError> {
        Path::new(root, name).map(Self::Has)
    }

    /// `!self`
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "a builder reads best as one chain")]
    pub fn not(self) -> Self {
        Self::Not(Box::new(self))
    }

    /// `self && other`, one more operand if `self` is such a chain already.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match self {
            Self::And(mut operands) => {
                operands.push(other);
                Self::And(operands)
            }
            first => Self::And(vec![first, other]),
        }
    }

    /// `self || other`, one more operand if `self` is such a chain already.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match self {
            Self::Or(mut operands) => {
                operands.push(other);
                Self::Or(operands)
            }
            first => Self::Or(vec![first, other]),
        }
    }

    /// Compares with the operator given.
    #[must_use]
    pub fn compare(self, operator: Comparison, other: Self) -> Self {
        Self::Compare { operator, left: Box::new(self), right: Box::new(other) }
    }

    /// `self == other`
    #[must_use]
    pub fn eq(self, other: Self) -> Self {
        self.compare(Comparison::Equal, other)
    }

    /// `self != other`
    #[must_use]
    pub fn ne(self, other: Self) -> Self {
        self.compare(Comparison::NotEqual, other)
    }

    /// `self < other`
    #[must_use]
    pub fn lt(self, other: Self) -> Self {
        self.compare(Comparison::Less, other)
    }

    /// `self <= other`
    #[must_use]
    pub fn le(self, other: Self) -> Self {
        self.compare(Comparison::LessOrEqual, other)
    }

    /// `self > other`
    #[must_use]
    pub fn gt(self, other: Self) -> Self {
        self.compare(Comparison::Greater, other)
    }

    /// `self >= other`
    #[must_use]
    pub fn ge(self, other: Self) -> Self {
        self.compare(Comparison::GreaterOrEqual, other)
    }

    /// `self in set`
    #[must_use]
    pub fn is_in(self, set: Self) -> Self {
        Self::In { needle: Box::new(self), set: Box::new(set) }
    }

    /// `size(self)`
    #[must_use]
    pub fn size(self) -> Self {
        Self::Size(Box::new(self))
    }

    /// `self.startsWith(prefix)`
    #[must_use]
    pub fn starts_with(self, prefix: Self) -> Self {
        Self::StartsWith { text: Box::new(self), prefix: Box::new(prefix) }
    }

    /// What this node is made of, left to right.
    fn operands(&self) -> impl Iterator<Item = &Self> {
        let (first, second, chain): (Option<&Self>, Option<&Self>, &[Self]) = match self {
            Self::Literal(_) | Self::Path(_) | Self::Now | Self::Has(_) => (None, None, &[]),
            Self::Not(operand) | Self::Size(operand) => (Some(operand), None, &[]),
            Self::And(operands) | Self::Or(operands) => (None, None, operands),
            Self::Compare { left, right, .. } => (Some(left), Some(right), &[]),
            Self::In { needle, set } => (Some(needle), Some(set), &[]),
            Self::StartsWith { text, prefix } => (Some(text), Some(prefix), &[]),
        };
        first.into_iter().chain(second).chain(chain)
    }

    /// Refuses what is too deep or too large, without ever going deeper than allowed.
    fn check_bounds(&self) -> Result<(), ExpressionError> {
        self.count_nodes(1, &mut 0)
    }

    fn count_nodes(&self, depth: usize, nodes: &mut usize) -> Result<(), ExpressionError> {
        *nodes += 1;
        check_limits(depth, *nodes)?;
        self.operands().try_for_each(|operand| operand.count_nodes(depth + 1, nodes))
    }
}

fn check_limits(depth: usize, nodes: usize) -> Result<(), ExpressionError> {
    if depth > EXPRESSION_DEPTH_MAX {
        let message =
            format!("expression is too deep, expected at most {EXPRESSION_DEPTH_MAX} levels");
        return Err(ExpressionError::new(ExpressionErrorKind::TooDeep, message));
    }
    if nodes > EXPRESSION_NODES_MAX {
        let message =
            format!("expression is too large, expected at most {EXPRESSION_NODES_MAX} nodes");
        return Err(ExpressionError::new(ExpressionErrorKind::TooLarge, message));
    }
    Ok(())
}

impl FromStr for Expression {
    type Err = ExpressionError;

    fn from_str(text: &str) -> Result<Self, ExpressionError> {
        Self::parse(text)
    }
}

/// How two values of one type are compared.
///
/// Exhaustive: these are the relations of CEL, `in` apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Comparison {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Comparison {
    const ALL: [Self; 6] = [
        Self::Equal,
        Self::NotEqual,
        Self::Less,
        Self::LessOrEqual,
        Self::Greater,
        Self::GreaterOrEqual,
    ];

    /// The sign in the text form.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}
