//! A condition as the formula that holds where the condition surely comes out one way.
//!
//! The two outcomes are built apart, and an absent attribute is neither: a formula asks `has`
//! before it reads, so that Cedar never errs where the law would.

use std::collections::BTreeSet;

use hos_core::condition::{Comparison, Expression, Path, Root};
use hos_core::value::{Schema, Type, Value};

use super::formula::Formula;
use super::text::{accessed, attribute, literal, owner, pattern};
use super::{FORMULA_NODES_MAX, Why};

/// What a rule's condition may read of subjects and is not the same in every law.
pub(super) struct Schemas<'a> {
    pub(super) actor: &'a Schema,
    pub(super) context: &'a Schema,
    pub(super) subject: &'a Schema,
}

impl Schemas<'_> {
    /// What holds exactly where the condition comes out as wanted.
    ///
    /// # Errors
    ///
    /// Every reason why Cedar cannot say it.
    pub(super) fn formula(
        &self,
        condition: &Expression,
        wanted: bool,
    ) -> Result<Formula, BTreeSet<Why>> {
        let mut builder = Builder { schemas: self, nodes: 0, faults: BTreeSet::new() };
        let formula = builder.when(condition, wanted);
        if builder.faults.is_empty() { Ok(formula) } else { Err(builder.faults) }
    }

    fn type_of(&self, path: &Path) -> Option<Type> {
        let schema = match path.root {
            Root::Actor => self.actor,
            Root::Subject => self.subject,
            Root::Context => self.context,
            Root::Input | Root::Facts => return None,
        };
        schema.get(&path.name).copied()
    }
}

/// INVARIANT: the condition was checked, so each operand has the type that its operator asks for.
/// Where a formula cannot be built, a fault was kept and what is returned is not used.
struct Builder<'s> {
    schemas: &'s Schemas<'s>,
    nodes: usize,
    faults: BTreeSet<Why>,
}

impl Builder<'_> {
    fn when(&mut self, expression: &Expression, wanted: bool) -> Formula {
        self.nodes += 1;
        if self.nodes > FORMULA_NODES_MAX {
            return self.refuse(Why::Entangled);
        }
        match expression {
            Expression::Literal(value) if *value == Value::Bool(wanted) => Formula::Always,
            Expression::Literal(_) => Formula::Never,
            Expression::Not(operand) => self.when(operand, !wanted),
            Expression::And(operands) => self.chain(operands, wanted, true),
            Expression::Or(operands) => self.chain(operands, wanted, false),
            Expression::Compare { operator, left, right } => {
                self.compare(*operator, (left, right), wanted)
            }
            Expression::In { needle, set } => self.member((needle, set), wanted),
            Expression::Has(path) if is_given(path) => constant(wanted),
            Expression::Has(path) if self.schemas.type_of(path).is_none() => self.refuse(Why::Torn),
            Expression::Has(path) if wanted => Formula::Atom(has(path)),
            Expression::Has(path) => Formula::Atom(format!("!({})", has(path))),
            Expression::StartsWith { text, prefix } => self.starts_with(text, prefix, wanted),
            // What is left is a path of type bool.
            path => match self.value(path) {
                Some(text) => guarded([path], denied(text, wanted)),
                None => Formula::Never,
            },
        }
    }

    /// A chain is `neutral` if all its operands are, else what the first of the others is. An
    /// operand that cannot be decided hides those behind it.
    fn chain(&mut self, operands: &[Expression], wanted: bool, neutral: bool) -> Formula {
        if wanted == neutral {
            let all: Vec<_> = operands.iter().map(|operand| self.when(operand, wanted)).collect();
            return Formula::all(all);
        }
        let mut chain = Formula::Never;
        for operand in operands.iter().rev() {
            let decides = self.when(operand, wanted);
            if chain != Formula::Never && !is_total(operand) {
                chain = Formula::all([self.when(operand, neutral), chain]);
            }
            chain = Formula::any([decides, chain]);
        }
        chain
    }

    fn compare(
        &mut self,
        operator: Comparison,
        (left, right): (&Expression, &Expression),
        wanted: bool,
    ) -> Formula {
        if is_condition(left) || is_condition(right) {
            let alike = (operator == Comparison::Equal) == wanted;
            let either = [true, false].map(|left_is| {
                Formula::all([self.when(left, left_is), self.when(right, left_is == alike)])
            });
            return Formula::any(either);
        }
        let operator = if wanted { operator } else { opposite(operator) };
        match (left, right) {
            (Expression::Size(sized), Expression::Literal(Value::Integer(number))) => {
                self.size(sized, operator, *number)
            }
            (Expression::Literal(Value::Integer(number)), Expression::Size(sized)) => {
                self.size(sized, turned(operator), *number)
            }
            _ => {
                let is_order = !matches!(operator, Comparison::Equal | Comparison::NotEqual);
                if is_order && self.type_of(left) == Some(Type::String) {
                    return self.refuse(Why::StringOrder);
                }
                let (Some(one), Some(other)) = (self.value(left), self.value(right)) else {
                    return Formula::Never;
                };
                guarded([left, right], format!("{one} {} {other}", operator.as_str()))
            }
        }
    }

    /// Cedar knows whether a text or a set is empty, and no other size.
    fn size(&mut self, sized: &Expression, operator: Comparison, number: i64) -> Formula {
        if let Some(size) = literal_size(sized) {
            return constant(holds(operator, size, number));
        }
        let is_equality = matches!(operator, Comparison::Equal | Comparison::NotEqual);
        let above = [1, i64::MAX].map(|size| holds(operator, size, number));
        if above[0] != above[1] || is_equality && number > 0 {
            return self.refuse(Why::Size);
        }
        let Some(text) = self.value(sized) else { return Formula::Never };
        let is_text = self.type_of(sized) == Some(Type::String);
        let empty = holds(operator, 0, number);
        match (empty == above[0], is_text) {
            (true, _) if empty => Formula::all(present([sized])),
            (true, _) => Formula::Never,
            (false, true) => {
                guarded([sized], format!("{text} {} \"\"", if empty { "==" } else { "!=" }))
            }
            (false, false) => guarded([sized], denied(format!("{text}.isEmpty()"), empty)),
        }
    }

    fn member(&mut self, (needle, set): (&Expression, &Expression), wanted: bool) -> Formula {
        let Some(members) = self.value(set) else { return Formula::Never };
        let contains = |text: &str| denied(format!("{members}.contains({text})"), wanted);
        if is_condition(needle) {
            let either = [true, false].map(|is| {
                let contains = guarded([set], contains(if is { "true" } else { "false" }));
                Formula::all([self.when(needle, is), contains])
            });
            return Formula::any(either);
        }
        match self.value(needle) {
            Some(text) => guarded([needle, set], contains(&text)),
            None => Formula::Never,
        }
    }

    fn starts_with(&mut self, text: &Expression, prefix: &Expression, wanted: bool) -> Formula {
        let Expression::Literal(Value::String(start)) = prefix else {
            return self.refuse(Why::Prefix);
        };
        match self.value(text) {
            Some(value) if wanted => guarded([text], format!("{value} like {}", pattern(start))),
            Some(value) => guarded([text], format!("!({value} like {})", pattern(start))),
            None => Formula::Never,
        }
    }

    /// The text of what is no condition; none for what Cedar cannot say.
    fn value(&mut self, expression: &Expression) -> Option<String> {
        Some(match expression {
            Expression::Literal(value) => literal(value),
            Expression::Path(path) if self.schemas.type_of(path).is_none() => {
                self.refuse(Why::Torn);
                return None;
            }
            Expression::Path(path) => accessed(path),
            Expression::Now => "context.decidedAt".to_owned(),
            Expression::Size(sized) => match literal_size(sized) {
                Some(size) => size.to_string(),
                None => {
                    self.refuse(Why::Size);
                    return None;
                }
            },
            _ => {
                self.refuse(Why::Entangled);
                return None;
            }
        })
    }

    fn type_of(&self, expression: &Expression) -> Option<Type> {
        match expression {
            Expression::Literal(Value::String(_)) => Some(Type::String),
            Expression::Path(path) => self.schemas.type_of(path),
            _ => None,
        }
    }

    fn refuse(&mut self, why: Why) -> Formula {
        self.faults.insert(why);
        Formula::Never
    }
}

/// A relation behind the presence of what it reads, in reading order.
fn guarded<const N: usize>(operands: [&Expression; N], relation: String) -> Formula {
    Formula::all(present(operands).chain([Formula::Atom(relation)]))
}

fn present<const N: usize>(operands: [&Expression; N]) -> impl Iterator<Item = Formula> {
    operands.into_iter().filter_map(|operand| match operand {
        Expression::Path(path) if !is_given(path) => Some(Formula::Atom(has(path))),
        _ => None,
    })
}

fn has(path: &Path) -> String {
    format!("{} has {}", owner(path.root), attribute(path.name.as_str()))
}

/// Every actor has these, and a request without them is denied as a whole.
fn is_given(path: &Path) -> bool {
    path.root == Root::Actor && matches!(path.name.as_str(), "id" | "kind")
}

/// Whether it is decided whatever is absent.
fn is_total(expression: &Expression) -> bool {
    match expression {
        Expression::Path(path) => is_given(path),
        Expression::Literal(_) | Expression::Now | Expression::Has(_) => true,
        Expression::Not(operand) | Expression::Size(operand) => is_total(operand),
        Expression::And(operands) | Expression::Or(operands) => operands.iter().all(is_total),
        Expression::Compare { left, right, .. } => is_total(left) && is_total(right),
        Expression::In { needle, set } => is_total(needle) && is_total(set),
        Expression::StartsWith { text, prefix } => is_total(text) && is_total(prefix),
    }
}

/// Whether it is true or false by evaluation, and no value that is simply there.
fn is_condition(expression: &Expression) -> bool {
    !matches!(
        expression,
        Expression::Literal(_) | Expression::Path(_) | Expression::Now | Expression::Size(_)
    )
}

fn constant(holds: bool) -> Formula {
    if holds { Formula::Always } else { Formula::Never }
}

fn denied(text: String, wanted: bool) -> String {
    if wanted { text } else { format!("!{text}") }
}

fn literal_size(sized: &Expression) -> Option<i64> {
    let size = match sized {
        Expression::Literal(Value::String(text)) => text.chars().count(),
        Expression::Literal(Value::Set(members)) => members.len(),
        _ => return None,
    };
    i64::try_from(size).ok()
}

fn holds(operator: Comparison, left: i64, right: i64) -> bool {
    match operator {
        Comparison::Equal => left == right,
        Comparison::NotEqual => left != right,
        Comparison::Less => left < right,
        Comparison::LessOrEqual => left <= right,
        Comparison::Greater => left > right,
        Comparison::GreaterOrEqual => left >= right,
    }
}

/// The operator that holds exactly where this one does not.
fn opposite(operator: Comparison) -> Comparison {
    match operator {
        Comparison::Equal => Comparison::NotEqual,
        Comparison::NotEqual => Comparison::Equal,
        Comparison::Less => Comparison::GreaterOrEqual,
        Comparison::LessOrEqual => Comparison::Greater,
        Comparison::Greater => Comparison::LessOrEqual,
        Comparison::GreaterOrEqual => Comparison::Less,
    }
}

/// The operator that says the same with its sides exchanged.
fn turned(operator: Comparison) -> Comparison {
    match operator {
        Comparison::Less => Comparison::Greater,
        Comparison::LessOrEqual => Comparison::GreaterOrEqual,
        Comparison::Greater => Comparison::Less,
        Comparison::GreaterOrEqual => Comparison::LessOrEqual,
        same => same,
    }
}
