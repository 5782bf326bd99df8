//! Which values stand for all: of everything that conditions compare, below, at and above.
//!
//! What is compared with each other, or given to each other, is one class and has one set of
//! values: the literals of the class and their neighbours, and as many values beside them as the
//! class has members, so that these can stand in every order.

mod sets;
mod whole;

use std::collections::{BTreeMap, BTreeSet};

use hos_core::actor::ActorKind;
use hos_core::condition::{Comparison, Expression, Path, Root};
use hos_core::contract::Contract;
use hos_core::time::Timestamp;
use hos_core::value::{INTEGER_MAX, STRING_BYTES_MAX, Type, Value};

use sets::sets;

use super::reads::{expressions, operands, paths};

/// The most values that stand for one class.
pub const VALUES_MAX: usize = 128;
/// The most members of a class that are set apart from each other.
pub const MEMBERS_APART_MAX: usize = 6;
/// The most members of a set that are tried in every combination.
const MEMBERS_COMBINED_MAX: usize = 4;
/// When the clock of an exploration begins: 2026-01-01T00:00:00Z.
const START: i64 = 1_767_225_600_000_000;

pub(super) const SUBJECT: &str = "s-1";
pub(super) const TENANT: &str = "tenant";
const NOW: &str = "now";

/// The values of every class.
#[derive(Debug, Default)]
pub(crate) struct Domains {
    /// From what is read, as it is printed, to the first of its class.
    firsts: BTreeMap<String, String>,
    /// By the first.
    classes: BTreeMap<String, Class>,
}

#[derive(Debug, Default, Clone)]
struct Class {
    members: usize,
    literals: BTreeSet<Value>,
    /// How long strings and sets of the class are to be.
    sizes: BTreeSet<i64>,
    /// Whether its strings are put in order, or looked into.
    is_ordered: bool,
    /// Whether it is compared with what has no name: the size of something, part of a literal.
    is_partial: bool,
}

impl Domains {
    /// Gathers from a contract and what is asked of it beside.
    pub(super) fn of(contract: &Contract, invariant: Option<&Expression>) -> Self {
        let mut domains = Self::default();
        for (name, value) in [
            ("subject.id", SUBJECT),
            ("subject.tenant", TENANT),
            ("subject.kind", contract.kind().as_str()),
        ] {
            domains.add_if_read(contract, invariant, name, [Value::from(value)]);
        }
        let states = contract.states().iter().map(|state| Value::from(state.as_str()));
        domains.add_if_read(contract, invariant, "subject.state", states);
        let kinds = ActorKind::ALL.map(|kind| Value::from(kind.as_str()));
        domains.add_if_read(contract, invariant, "actor.kind", kinds);
        for expression in expressions(contract, invariant) {
            domains.learn(&expression);
        }
        for action in &contract.definition().actions {
            for (name, source) in &action.set {
                let path = Path::new(Root::Subject, name).map(Expression::Path);
                if let (Ok(path), Ok(source)) = (path, source.parse()) {
                    domains.relate(&path, &source, false);
                }
            }
        }
        domains
    }

    /// Gathers from conditions; of each constant the values, where the conditions read it.
    pub(crate) fn of_conditions(
        conditions: &[&Expression],
        constants: &[(&str, Vec<Value>)],
    ) -> Self {
        let mut domains = Self::default();
        for (name, values) in constants {
            let is_it = |path: &Path| path.to_string() == *name;
            if conditions.iter().any(|condition| paths(condition).iter().any(is_it)) {
                domains.class((*name).to_owned()).literals.extend(values.iter().cloned());
            }
        }
        conditions.iter().for_each(|condition| domains.learn(condition));
        domains
    }

    /// Constants count in their class only where something is compared with them.
    fn add_if_read(
        &mut self,
        contract: &Contract,
        invariant: Option<&Expression>,
        name: &str,
        values: impl IntoIterator<Item = Value>,
    ) {
        let is_read = expressions(contract, invariant)
            .iter()
            .any(|expression| paths(expression).iter().any(|p| p.to_string() == name));
        if is_read {
            let class = self.class(name.to_owned());
            class.literals.extend(values);
        }
    }

    /// The values that stand for all that a path may have.
    pub(crate) fn values(&self, path: &Path, type_: Type) -> Vec<Value> {
        match type_.member() {
            Some(member) => {
                let members = self.scalars(&format!("member of {path}"), member);
                let own = self.find(&path.to_string());
                sets(members, member, own.unwrap_or(&Class::default()))
            }
            None => self.scalars(&path.to_string(), type_),
        }
    }

    /// The times that stand for all.
    pub(crate) fn times(&self) -> Vec<Timestamp> {
        let values = self.scalars(NOW, Type::Time).into_iter();
        let times = values.filter_map(|value| match value {
            Value::Time(time) => Some(time),
            _ => None,
        });
        times.collect()
    }

    /// What is not told apart because there is too much of it.
    pub(super) fn cuts(&self) -> Vec<String> {
        let mut cuts = Vec::new();
        for (first, class) in &self.classes {
            let names = || {
                let names = self.firsts.iter().filter(|(_, known)| *known == first);
                names.map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
            };
            if class.members > MEMBERS_APART_MAX {
                cuts.push(format!(
                    "{} are compared with each other: {MEMBERS_APART_MAX} at most stand apart",
                    names()
                ));
            }
            if class.count() > VALUES_MAX {
                cuts.push(format!("{} have over {VALUES_MAX} values to be tried", names()));
            }
        }
        cuts
    }

    fn scalars(&self, name: &str, type_: Type) -> Vec<Value> {
        let nothing = Class { members: 1, ..Class::default() };
        let class = self.find(name).unwrap_or(&nothing);
        let values: Vec<Value> = match type_ {
            Type::Bool => [false, true].map(Value::from).into(),
            Type::Integer => {
                let numbers = class.numbers(0, integer).into_iter();
                let numbers = numbers.filter(|n| (-INTEGER_MAX..=INTEGER_MAX).contains(n));
                numbers.map(Value::Integer).collect()
            }
            Type::Time => {
                let times = class.numbers(START, micros).into_iter();
                times.map(|micros| Value::Time(Timestamp::from_micros(micros))).collect()
            }
            _ => class.strings().into_iter().collect(),
        };
        values.into_iter().take(VALUES_MAX).collect()
    }

    fn learn(&mut self, expression: &Expression) {
        match expression {
            Expression::Compare { operator, left, right } => {
                let ordered = !matches!(operator, Comparison::Equal | Comparison::NotEqual);
                self.relate(left, right, ordered);
            }
            Expression::In { needle, set } => self.relate_member(needle, set),
            Expression::StartsWith { text, prefix } => {
                self.relate(text, prefix, true);
                if let (Expression::Literal(_), Some(name)) = (text.as_ref(), name(prefix)) {
                    self.class(name).is_partial = true;
                }
                if let (Some(name), Expression::Literal(Value::String(prefix))) =
                    (name(text), prefix.as_ref())
                {
                    let longer = Value::from(format!("{prefix}~"));
                    self.class(name.clone()).literals.insert(longer);
                    self.class(name).literals.extend(behind(prefix));
                }
            }
            _ => {}
        }
        if let Some(name) = name(expression) {
            self.class(name);
        }
        operands(expression).into_iter().for_each(|operand| self.learn(operand));
    }

    fn relate(&mut self, one: &Expression, other: &Expression, is_ordered: bool) {
        match (one, other) {
            (Expression::Size(of), Expression::Literal(Value::Integer(size)))
            | (Expression::Literal(Value::Integer(size)), Expression::Size(of)) => {
                self.sized(of, [size.saturating_sub(1), *size, size.saturating_add(1)]);
            }
            (Expression::Size(of), rest) | (rest, Expression::Size(of)) => {
                self.sized(of, [0, 1, 2]);
                self.is_partial(of);
                if let Expression::Size(of) = rest {
                    self.sized(of, [0, 1, 2]);
                    self.is_partial(of);
                } else if let Some(name) = name(rest) {
                    self.class(name).literals.insert(Value::Integer(1));
                    self.is_partial(rest);
                }
            }
            (Expression::Literal(value), rest) | (rest, Expression::Literal(value)) => {
                if let Some(name) = name(rest) {
                    let class = self.class(name);
                    class.literals.insert(value.clone());
                    class.is_ordered |= is_ordered;
                }
            }
            (one, other) => {
                if let (Some(one), Some(other)) = (name(one), name(other)) {
                    self.unite(&one, &other, is_ordered);
                }
            }
        }
    }

    fn relate_member(&mut self, needle: &Expression, set: &Expression) {
        if let Expression::Size(of) = needle {
            self.is_partial(of);
            self.is_partial(set);
        }
        match (set, name(needle), name(set)) {
            (Expression::Literal(Value::Set(members)), Some(needle), _) => {
                self.class(needle).literals.extend(members.iter().cloned());
            }
            (_, Some(needle), Some(set)) => self.unite(&needle, &format!("member of {set}"), false),
            (_, None, Some(set)) => {
                if let Expression::Literal(value) = needle {
                    self.class(format!("member of {set}")).literals.insert(value.clone());
                }
            }
            _ => {}
        }
    }

    fn sized(&mut self, of: &Expression, sizes: [i64; 3]) {
        if let Some(name) = name(of) {
            self.class(name).sizes.extend(sizes.into_iter().filter(|size| *size >= 0));
        }
    }

    fn is_partial(&mut self, of: &Expression) {
        if let Some(name) = name(of) {
            self.class(name).is_partial = true;
        }
    }

    fn find(&self, name: &str) -> Option<&Class> {
        self.firsts.get(name).and_then(|first| self.classes.get(first))
    }

    fn class(&mut self, name: String) -> &mut Class {
        let first = self.firsts.entry(name.clone()).or_insert(name).clone();
        self.classes.entry(first).or_insert_with(|| Class { members: 1, ..Class::default() })
    }

    /// Makes one class of two.
    fn unite(&mut self, one: &str, other: &str, is_ordered: bool) {
        self.class(other.to_owned());
        self.class(one.to_owned()).is_ordered |= is_ordered;
        let (one, other) = (self.firsts.get(one).cloned(), self.firsts.get(other).cloned());
        let (Some(one), Some(other)) = (one, other) else { return };
        if one == other {
            return;
        }
        let second = self.classes.remove(&other).unwrap_or_default();
        self.firsts.values_mut().filter(|first| **first == other).for_each(|first| {
            first.clone_from(&one);
        });
        let united = self.class(one);
        united.members += second.members;
        united.literals.extend(second.literals);
        united.sizes.extend(second.sizes);
        united.is_ordered |= second.is_ordered;
        united.is_partial |= second.is_partial;
    }
}

impl Class {
    /// Every literal, the numbers beside it, and above them as many as there are members.
    fn numbers(&self, start: i64, number: impl Fn(&Value) -> Option<i64>) -> BTreeSet<i64> {
        let literals: BTreeSet<i64> = self.literals.iter().filter_map(number).collect();
        let room = if self.members > 1 { self.apart() } else { 1 };
        let near = |literal: &i64| literal.saturating_sub(room)..=literal.saturating_add(room);
        let mut numbers: BTreeSet<i64> = literals.iter().flat_map(near).collect();
        let top = literals.last().copied().unwrap_or(start);
        let apart = if self.members > 1 || literals.is_empty() { self.apart() } else { 0 };
        numbers.extend((0..apart).map(|above| top.saturating_add(above)));
        numbers
    }

    /// How many values there are, whatever their type.
    fn count(&self) -> usize {
        let numbers = self.numbers(0, integer).len().max(self.numbers(START, micros).len());
        numbers.max(self.strings().len())
    }

    fn apart(&self) -> i64 {
        i64::try_from(self.members.min(MEMBERS_APART_MAX)).unwrap_or(1)
    }

    /// Every literal, one of each size, and others that are none of them.
    fn strings(&self) -> BTreeSet<Value> {
        let is_string = |value: &&Value| matches!(value, Value::String(_));
        let mut strings: BTreeSet<Value> =
            self.literals.iter().filter(is_string).cloned().collect();
        if self.is_ordered {
            let longer = strings.iter().filter_map(|value| match value {
                // The very next one, and one that can be read.
                Value::String(text) => {
                    Some(["\0", "!"].map(|end| Value::from(format!("{text}{end}"))))
                }
                _ => None,
            });
            let longer = longer.flatten();
            strings = longer.collect::<BTreeSet<_>>().union(&strings).cloned().collect();
            strings.insert(Value::from(""));
        }
        let lengths = self.sizes.iter().filter_map(|size| usize::try_from(*size).ok());
        let lengths = lengths.filter(|length| *length <= STRING_BYTES_MAX);
        strings.extend(lengths.map(|length| Value::from("x".repeat(length))));
        let others = if self.members > 1 { self.apart() } else { 1 };
        let others = usize::try_from(others).unwrap_or(1);
        let new = (0_u32..).map(|other| Value::from(format!("other-{other}")));
        let new: Vec<Value> = new.filter(|value| !strings.contains(value)).take(others).collect();
        strings.extend(new);
        strings
    }
}

/// The first text that no longer starts with another, but for those with rare characters.
fn behind(prefix: &str) -> Option<Value> {
    let mut characters = prefix.chars();
    let last = characters.next_back()?;
    let next = char::from_u32(u32::from(last).saturating_add(1))?;
    Some(Value::from(format!("{}{next}", characters.as_str())))
}

fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Integer(number) => Some(*number),
        _ => None,
    }
}

fn micros(value: &Value) -> Option<i64> {
    match value {
        Value::Time(time) => Some(time.as_micros()),
        _ => None,
    }
}

/// What an expression is called in its class: a path, or the clock.
fn name(expression: &Expression) -> Option<String> {
    match expression {
        Expression::Path(_) | Expression::Now => Some(expression.to_string()),
        _ => None,
    }
}
