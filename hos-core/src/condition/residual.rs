//! What is left of a condition when all but the subject is known (partial evaluation).

use super::evaluate::Evaluator;
use super::{
    Attribute, Comparison, Condition, Environment, Expression, Path, Predicate, Root, Term,
};
use crate::value::{Schema, Value};

/// The most nodes of a filter, and those that are looked at for one condition.
pub const PREDICATE_NODES_MAX: usize = 4_096;

/// Conditions of which more than [`PREDICATE_NODES_MAX`] nodes would be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the conditions are too entangled for a list: more than {PREDICATE_NODES_MAX} nodes")]
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
            Expression::In { needle, set } => self.member(needle, set, wanted)?,
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

    /// A needle that is a condition is looked for as whichever of the two it comes out as.
    fn member(
        &mut self,
        needle: &'e Expression,
        set: &'e Expression,
        found: bool,
    ) -> Result<Predicate, TooEntangled> {
        let Some(set) = self.term(set) else { return Ok(Predicate::Never) };
        if is_term(needle) {
            return Ok(match self.term(needle) {
                Some(needle) => Predicate::Member { needle, set, found },
                None => Predicate::Never,
            });
        }
        let mut either = Vec::with_capacity(2);
        for is in [true, false] {
            let value = Term::Value(Value::Bool(is));
            let member = Predicate::Member { needle: value, set: set.clone(), found };
            either.push(Predicate::all([self.when(needle, is)?, member]));
        }
        Ok(Predicate::any(either))
    }

    /// None for what is absent from every subject. INVARIANT: it is no condition.
    fn term(&self, expression: &'e Expression) -> Option<Term> {
        match expression {
            Expression::Path(path) if self.is_open_path(path) => {
                self.attribute(path).map(Term::Attribute)
            }
            Expression::Size(operand) if self.is_open(operand) => match &**operand {
                Expression::Path(path) => self.attribute(path).map(Term::Size),
                _ => None,
            },
            _ if self.is_open(expression) => None,
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
