//! What is left of a condition when all but the subject is known (partial evaluation).
//!
//! The language has three outcomes: true, false, and an absent attribute. A [`Predicate`] has two,
//! and asks for one outcome alone; so there is one for "true" and one for "false", and neither is
//! the other's opposite. It has no negation: whatever an absent attribute touches does not hold,
//! as in SQL whatever NULL touches is not true.

use super::evaluate::Evaluator;
use super::{Comparison, Condition, Environment, Expression, Lookup, Path, Root, ValueRef};
use crate::id::Name;
use crate::value::{Schema, Type, Value};

/// The most nodes that are made of one condition.
pub const PREDICATE_NODES_MAX: usize = 4_096;

/// What a subject must be like.
///
/// Exhaustive: whoever translates predicates must know every one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a translation is exact or refused")]
pub enum Predicate {
    /// Any subject will do.
    Always,
    /// None will.
    Never,
    /// All of two or more.
    All(Vec<Self>),
    /// One of two or more.
    Any(Vec<Self>),
    /// The attribute is there.
    Present(Attribute),
    /// It is not.
    Absent(Attribute),
    /// Both are there, and compare so.
    Compare {
        /// Before the operator.
        left: Term,
        /// How they are compared; order is defined for integers, strings (by bytes) and times.
        operator: Comparison,
        /// After it.
        right: Term,
    },
    /// Both are there, and the set has the member, or has it not.
    Member {
        /// What is looked for.
        needle: Term,
        /// Where.
        set: Term,
        /// Whether it must be found.
        found: bool,
    },
    /// Both are there, and the text starts so, or does not.
    Prefix {
        /// The text.
        text: Term,
        /// What it is to start with, byte for byte.
        prefix: Term,
        /// Whether it must.
        found: bool,
    },
}

/// One side of a comparison.
///
/// Exhaustive, as [`Predicate`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a translation is exact or refused")]
pub enum Term {
    /// What was known.
    Value(Value),
    /// What the subject says.
    Attribute(Attribute),
    /// The code points of a string, or the members of a set.
    Size(Attribute),
}

/// A subject's attribute: a declared one, or `id`, `state`, `revision`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Attribute {
    /// Its name.
    pub name: Name,
    /// Its declared type; a value of another type counts as absent.
    pub type_: Type,
}

/// A condition of which more than [`PREDICATE_NODES_MAX`] nodes would be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a condition is too entangled for a list: more than {PREDICATE_NODES_MAX} nodes")]
pub struct TooEntangled;

impl Condition {
    /// What a subject must be like so that the condition is `wanted`: true, or false. A subject of
    /// which the condition cannot be decided is like neither.
    ///
    /// What `environment.subject` gives holds of every subject; `schema` says what else they have.
    ///
    /// # Errors
    ///
    /// [`TooEntangled`]
    pub fn residual(
        &self,
        wanted: bool,
        environment: &Environment<'_>,
        schema: &Schema,
    ) -> Result<Predicate, TooEntangled> {
        let evaluator = Evaluator { reads: self.reads(), environment };
        let mut residue = Residue { evaluator, schema, nodes: 0 };
        residue.when(self.expression(), wanted)
    }
}

struct Residue<'e> {
    evaluator: Evaluator<'e>,
    schema: &'e Schema,
    nodes: usize,
}

impl<'e> Residue<'e> {
    fn when(
        &mut self,
        expression: &'e Expression,
        wanted: bool,
    ) -> Result<Predicate, TooEntangled> {
        self.nodes += 1;
        if self.nodes > PREDICATE_NODES_MAX {
            return Err(TooEntangled);
        }
        if !self.is_open(expression) {
            return Ok(match self.evaluator.holds(expression) {
                Ok(holds) if holds == wanted => Predicate::Always,
                _ => Predicate::Never,
            });
        }
        Ok(match expression {
            Expression::Not(operand) => self.when(operand, !wanted)?,
            Expression::And(operands) => self.chain(operands, wanted, true)?,
            Expression::Or(operands) => self.chain(operands, wanted, false)?,
            Expression::Compare { operator, left, right } => {
                self.compare(*operator, left, right, wanted)?
            }
            Expression::In { needle, set } => match (self.term(needle), self.term(set)) {
                (Some(needle), Some(set)) => Predicate::Member { needle, set, found: wanted },
                _ => Predicate::Never,
            },
            Expression::StartsWith { text, prefix } => match (self.term(text), self.term(prefix)) {
                (Some(text), Some(prefix)) => Predicate::Prefix { text, prefix, found: wanted },
                _ => Predicate::Never,
            },
            Expression::Has(path) => match (self.attribute(path), wanted) {
                (Some(attribute), true) => Predicate::Present(attribute),
                (Some(attribute), false) => Predicate::Absent(attribute),
                (None, _) => Predicate::Never,
            },
            // What is left is a path of type bool.
            _ => match self.term(expression) {
                Some(left) => {
                    let right = Term::Value(Value::Bool(wanted));
                    Predicate::Compare { left, operator: Comparison::Equal, right }
                }
                None => Predicate::Never,
            },
        })
    }

    /// A chain is `neutral` if all its operands are, else what the first of the others is. An
    /// operand that cannot be decided hides those behind it.
    fn chain(
        &mut self,
        operands: &'e [Expression],
        wanted: bool,
        neutral: bool,
    ) -> Result<Predicate, TooEntangled> {
        if wanted == neutral {
            let all: Result<Vec<_>, _> =
                operands.iter().map(|operand| self.when(operand, wanted)).collect();
            return Ok(Predicate::all(all?));
        }
        let mut chain = Predicate::Never;
        for operand in operands.iter().rev() {
            let decides = self.when(operand, wanted)?;
            if chain != Predicate::Never && !self.is_total(operand) {
                chain = Predicate::all(vec![self.when(operand, neutral)?, chain]);
            }
            chain = Predicate::any(vec![decides, chain]);
        }
        Ok(chain)
    }

    fn compare(
        &mut self,
        operator: Comparison,
        left: &'e Expression,
        right: &'e Expression,
        wanted: bool,
    ) -> Result<Predicate, TooEntangled> {
        if is_term(left) && is_term(right) {
            let operator = if wanted { operator } else { operator.opposite() };
            return Ok(match (self.term(left), self.term(right)) {
                (Some(left @ Term::Value(_)), Some(right)) => {
                    Predicate::Compare { left: right, operator: operator.turned(), right: left }
                }
                (Some(left), Some(right)) => Predicate::Compare { left, operator, right },
                _ => Predicate::Never,
            });
        }
        let alike = (operator == Comparison::Equal) == wanted;
        let mut either = Vec::with_capacity(2);
        for left_is in [true, false] {
            let both = vec![self.when(left, left_is)?, self.when(right, left_is == alike)?];
            either.push(Predicate::all(both));
        }
        Ok(Predicate::any(either))
    }

    /// None for what is absent from every subject.
    fn term(&self, expression: &'e Expression) -> Option<Term> {
        match expression {
            Expression::Path(path) if self.is_open_path(path) => {
                self.attribute(path).map(Term::Attribute)
            }
            Expression::Size(operand) if self.is_open(operand) => match &**operand {
                Expression::Path(path) => self.attribute(path).map(Term::Size),
                _ => None,
            },
            _ => self.evaluator.value(expression).ok().map(|value| Term::Value(value.into())),
        }
    }

    fn attribute(&self, path: &Path) -> Option<Attribute> {
        let type_ = *self.schema.get(&path.name)?;
        Some(Attribute { name: path.name.clone(), type_ })
    }

    /// Whether its value turns on the subject.
    fn is_open(&self, expression: &Expression) -> bool {
        match expression {
            Expression::Path(path) | Expression::Has(path) => self.is_open_path(path),
            _ => expression.operands().any(|operand| self.is_open(operand)),
        }
    }

    /// Whether subjects have it, of the type that was declared where it is read.
    fn is_open_path(&self, path: &Path) -> bool {
        let declared = self.evaluator.reads.iter().find(|(read, _)| read == path);
        path.root == Root::Subject
            && self.evaluator.environment.subject.lookup(path.name.as_str()).is_none()
            && declared.is_some_and(|(_, type_)| self.schema.get(&path.name) == Some(type_))
    }

    /// Whether it can be decided of every subject.
    fn is_total(&self, expression: &Expression) -> bool {
        match expression {
            Expression::Path(path) if self.is_open_path(path) => {
                matches!(path.name.as_str(), "id" | "state" | "revision")
            }
            Expression::Path(path) => self.evaluator.read(path).is_some(),
            Expression::Has(_) => true,
            _ => expression.operands().all(|operand| self.is_total(operand)),
        }
    }
}

/// Whether it is not made of conditions.
fn is_term(expression: &Expression) -> bool {
    matches!(
        expression,
        Expression::Literal(_) | Expression::Path(_) | Expression::Now | Expression::Size(_)
    )
}

impl Predicate {
    /// All of these.
    #[must_use]
    pub fn all(predicates: impl IntoIterator<Item = Self>) -> Self {
        let mut all = Vec::new();
        for predicate in predicates {
            match predicate {
                Self::Never => return Self::Never,
                Self::Always => {}
                Self::All(more) => all.extend(more),
                other => all.push(other),
            }
        }
        match all.pop() {
            None => Self::Always,
            Some(only) if all.is_empty() => only,
            Some(last) => {
                all.push(last);
                Self::All(all)
            }
        }
    }

    /// One of these.
    #[must_use]
    pub fn any(predicates: impl IntoIterator<Item = Self>) -> Self {
        let mut any = Vec::new();
        for predicate in predicates {
            match predicate {
                Self::Always => return Self::Always,
                Self::Never => {}
                Self::Any(more) => any.extend(more),
                other => any.push(other),
            }
        }
        match any.pop() {
            None => Self::Never,
            Some(only) if any.is_empty() => only,
            Some(last) => {
                any.push(last);
                Self::Any(any)
            }
        }
    }

    /// Whether a subject is like this.
    #[must_use]
    pub fn holds(&self, subject: &dyn Lookup) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::All(all) => all.iter().all(|predicate| predicate.holds(subject)),
            Self::Any(any) => any.iter().any(|predicate| predicate.holds(subject)),
            Self::Present(attribute) => attribute.of(subject).is_some(),
            Self::Absent(attribute) => attribute.of(subject).is_none(),
            Self::Compare { left, operator, right } => {
                both(left, right, subject).is_some_and(|(left, right)| operator.holds(left, right))
            }
            Self::Member { needle, set, found } => both(needle, set, subject)
                .is_some_and(|(needle, set)| super::evaluate::is_in(needle, set) == *found),
            Self::Prefix { text, prefix, found } => both(text, prefix, subject)
                .is_some_and(|(text, prefix)| super::evaluate::starts_with(text, prefix) == *found),
        }
    }
}

fn both<'v>(
    left: &'v Term,
    right: &'v Term,
    subject: &'v dyn Lookup,
) -> Option<(ValueRef<'v>, ValueRef<'v>)> {
    Some((left.of(subject)?, right.of(subject)?))
}

impl Term {
    fn of<'v>(&'v self, subject: &'v dyn Lookup) -> Option<ValueRef<'v>> {
        match self {
            Self::Value(value) => Some(ValueRef::from(value)),
            Self::Attribute(attribute) => attribute.of(subject),
            Self::Size(attribute) => attribute.of(subject).map(super::evaluate::size),
        }
    }
}

impl Attribute {
    fn of<'v>(&self, subject: &'v dyn Lookup) -> Option<ValueRef<'v>> {
        subject.lookup(self.name.as_str()).filter(|value| value.is_of(self.type_))
    }
}

impl Comparison {
    /// What holds exactly where this does not, of two values that are there.
    fn opposite(self) -> Self {
        match self {
            Self::Equal => Self::NotEqual,
            Self::NotEqual => Self::Equal,
            Self::Less => Self::GreaterOrEqual,
            Self::LessOrEqual => Self::Greater,
            Self::Greater => Self::LessOrEqual,
            Self::GreaterOrEqual => Self::Less,
        }
    }

    /// The same with its sides exchanged.
    fn turned(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
            equality => equality,
        }
    }
}
