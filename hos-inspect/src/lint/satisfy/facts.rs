//! What the atoms of one way say, gathered until two of them contradict each other.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use hos_core::condition::{Comparison, Expression, Path};
use hos_core::value::Value;

use super::Domains;

/// INVARIANT: every atom that was learned was evaluated without error, so all that it reads is
/// there.
pub(super) struct Facts<'e> {
    domains: &'e Domains,
    /// By the text of what is compared with constants.
    terms: BTreeMap<String, Term>,
    /// How two of them may stand to each other, the smaller text first.
    pairs: BTreeMap<(String, String), Relation>,
    /// Whatever else holds or does not, by its text.
    others: BTreeMap<String, bool>,
    present: BTreeSet<&'e Path>,
    absent: BTreeSet<&'e Path>,
}

impl<'e> Facts<'e> {
    pub(super) fn new(domains: &'e Domains) -> Self {
        Self {
            domains,
            terms: BTreeMap::new(),
            pairs: BTreeMap::new(),
            others: BTreeMap::new(),
            present: BTreeSet::new(),
            absent: BTreeSet::new(),
        }
    }

    /// Whether an atom may be so beside what is known.
    pub(super) fn learn(&mut self, atom: &'e Expression, holds: bool) -> bool {
        match atom {
            Expression::Has(path) => {
                let side = if holds { &mut self.present } else { &mut self.absent };
                side.insert(path);
                return true;
            }
            atom => read(atom, &mut self.present),
        }
        match atom {
            Expression::Path(_) => {
                self.restrict(atom, Relation::EQUAL, &Value::Bool(holds));
                true
            }
            Expression::Compare { operator, left, right } => {
                let relation = Relation::of(*operator);
                self.compare(left, if holds { relation } else { relation.other() }, right)
            }
            Expression::In { needle, set } => self.member(atom, needle, set, holds),
            Expression::StartsWith { text, prefix } => match (text.as_ref(), prefix.as_ref()) {
                (
                    Expression::Literal(Value::String(text)),
                    Expression::Literal(Value::String(prefix)),
                ) => text.starts_with(prefix.as_ref()) == holds,
                (_, Expression::Literal(Value::String(prefix))) if prefix.is_empty() => holds,
                (text, prefix) if text == prefix => holds,
                _ => self.other(atom, holds),
            },
            _ => self.other(atom, holds),
        }
    }

    /// Whether all that was learned may be so at once.
    pub(super) fn agree(&self) -> bool {
        self.absent.is_disjoint(&self.present)
            && !self.present.iter().any(|path| self.domains.lacks(path))
            && self.terms.values().all(Term::has_value)
    }

    fn compare(&mut self, left: &Expression, relation: Relation, right: &Expression) -> bool {
        match (constant(left), constant(right)) {
            (Some(left), Some(right)) => relation.admits(left.cmp(&right)),
            (None, Some(value)) => {
                self.restrict(left, relation, &value);
                true
            }
            (Some(value), None) => {
                self.restrict(right, relation.swapped(), &value);
                true
            }
            (None, None) if left == right => relation.admits(Ordering::Equal),
            (None, None) => {
                let (left, right) = (left.to_string(), right.to_string());
                let (key, relation) = if left < right {
                    ((left, right), relation)
                } else {
                    ((right, left), relation.swapped())
                };
                let known = self.pairs.entry(key).or_insert(Relation::ANY);
                *known = known.and(relation);
                *known != Relation::NONE
            }
        }
    }

    fn member(
        &mut self,
        atom: &Expression,
        needle: &Expression,
        set: &Expression,
        holds: bool,
    ) -> bool {
        let Expression::Literal(Value::Set(members)) = set else {
            return self.other(atom, holds);
        };
        match constant(needle) {
            Some(needle) => members.contains(&needle) == holds,
            None => {
                let term = self.term(needle);
                if holds {
                    term.one_of(members);
                } else {
                    term.none_of.extend(members.iter().cloned());
                }
                true
            }
        }
    }

    fn other(&mut self, atom: &Expression, holds: bool) -> bool {
        *self.others.entry(atom.to_string()).or_insert(holds) == holds
    }

    fn restrict(&mut self, term: &Expression, relation: Relation, value: &Value) {
        let term = self.term(term);
        if let Value::Bool(_) = value {
            term.one_of(&BTreeSet::from([Value::Bool(false), Value::Bool(true)]));
        }
        term.bounds.push((relation, value.clone()));
        if relation == Relation::EQUAL {
            term.one_of(&BTreeSet::from([value.clone()]));
        }
    }

    fn term(&mut self, term: &Expression) -> &mut Term {
        self.terms.entry(term.to_string()).or_insert_with(|| {
            let mut fresh = Term::default();
            match term {
                Expression::Path(path) => fresh.one_of = self.domains.of(path),
                Expression::Size(_) => {
                    fresh.bounds.push((Relation::NOT_LESS, Value::Integer(0)));
                }
                _ => {}
            }
            fresh
        })
    }
}

/// What is known of one value.
#[derive(Default)]
struct Term {
    one_of: Option<BTreeSet<Value>>,
    none_of: BTreeSet<Value>,
    bounds: Vec<(Relation, Value)>,
}

impl Term {
    fn one_of(&mut self, values: &BTreeSet<Value>) {
        self.one_of = Some(match self.one_of.take() {
            Some(known) => known.intersection(values).cloned().collect(),
            None => values.clone(),
        });
    }

    /// Whether some value fits. Between bounds, where nothing more is known, one may.
    fn has_value(&self) -> bool {
        let fits = |value: &Value| {
            let within = |(relation, bound): &(Relation, Value)| relation.admits(value.cmp(bound));
            !self.none_of.contains(value) && self.bounds.iter().all(within)
        };
        if let Some(values) = &self.one_of {
            return values.iter().any(fits);
        }
        let least = self.bounds.iter().filter_map(|(relation, bound)| relation.least(bound)).max();
        let most = self.bounds.iter().filter_map(|(relation, bound)| relation.most(bound)).min();
        match (least, most) {
            (Some(least), Some(most)) if least == most => fits(&least),
            (Some(least), Some(most)) => least < most,
            _ => true,
        }
    }
}

/// The ways in which one value may stand to another: less, equal, greater, as bits.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Relation(u8);

impl Relation {
    const NONE: Self = Self(0);
    const EQUAL: Self = Self(0b010);
    const NOT_LESS: Self = Self(0b110);
    const ANY: Self = Self(0b111);

    fn of(operator: Comparison) -> Self {
        Self(match operator {
            Comparison::Less => 0b001,
            Comparison::Equal => 0b010,
            Comparison::LessOrEqual => 0b011,
            Comparison::Greater => 0b100,
            Comparison::NotEqual => 0b101,
            Comparison::GreaterOrEqual => 0b110,
        })
    }

    fn other(self) -> Self {
        Self(!self.0 & Self::ANY.0)
    }

    fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The same, said from the other side.
    fn swapped(self) -> Self {
        Self((self.0 & 0b001) << 2 | self.0 & 0b010 | (self.0 & 0b100) >> 2)
    }

    fn admits(self, ordering: Ordering) -> bool {
        let bit = match ordering {
            Ordering::Less => 0b001,
            Ordering::Equal => 0b010,
            Ordering::Greater => 0b100,
        };
        self.0 & bit != 0
    }

    /// The least value that may stand so to a bound, where there is one.
    fn least(self, bound: &Value) -> Option<Value> {
        match (self.0 & 0b001, bound) {
            (0, Value::Integer(bound)) if self.0 == 0b100 => {
                Some(Value::Integer(bound.saturating_add(1)))
            }
            (0, bound) => Some(bound.clone()),
            _ => None,
        }
    }

    /// The greatest, likewise.
    fn most(self, bound: &Value) -> Option<Value> {
        match (self.0 & 0b100, bound) {
            (0, Value::Integer(bound)) if self.0 == 0b001 => {
                Some(Value::Integer(bound.saturating_sub(1)))
            }
            (0, bound) => Some(bound.clone()),
            _ => None,
        }
    }
}

/// The value of what reads nothing.
fn constant(expression: &Expression) -> Option<Value> {
    let size = |size: usize| i64::try_from(size).ok().map(Value::Integer);
    match expression {
        Expression::Literal(value) => Some(value.clone()),
        Expression::Size(operand) => match operand.as_ref() {
            Expression::Literal(Value::String(text)) => size(text.chars().count()),
            Expression::Literal(Value::Set(members)) => size(members.len()),
            _ => None,
        },
        _ => None,
    }
}

/// What is read on every way through: chains inside may stop before they read the rest.
fn read<'e>(expression: &'e Expression, all: &mut BTreeSet<&'e Path>) {
    match expression {
        Expression::Path(path) => {
            all.insert(path);
        }
        Expression::Not(operand) | Expression::Size(operand) => read(operand, all),
        Expression::Compare { left, right, .. } => {
            read(left, all);
            read(right, all);
        }
        Expression::In { needle, set } => {
            read(needle, all);
            read(set, all);
        }
        Expression::StartsWith { text, prefix } => {
            read(text, all);
            read(prefix, all);
        }
        Expression::And(operands) | Expression::Or(operands) => {
            operands.iter().take(1).for_each(|operand| read(operand, all));
        }
        Expression::Literal(_) | Expression::Now | Expression::Has(_) => {}
    }
}
