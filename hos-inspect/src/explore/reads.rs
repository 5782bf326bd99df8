//! What conditions read, and what of it is still read later on.

use std::collections::{BTreeMap, BTreeSet};

use hos_core::condition::{Comparison, Expression, Path, Root};
use hos_core::contract::{Action, ActionDefinition, Contract};
use hos_core::id::{Name, State};
use hos_core::value::Value;

/// Everything that a contract evaluates, and what is asked of it beside.
pub(super) fn expressions(contract: &Contract, invariant: Option<&Expression>) -> Vec<Expression> {
    let guards = contract.open().guards().iter();
    let guards = guards.chain(contract.actions().iter().flat_map(Action::guards));
    let guards = guards.map(|guard| guard.condition().expression().clone());
    let sources = contract.definition().actions.iter().flat_map(|action| action.set.values());
    let sources = sources.filter_map(|source| source.parse().ok());
    guards.chain(sources).chain(invariant.cloned()).collect()
}

/// What an expression is made of.
pub(crate) fn operands(expression: &Expression) -> Vec<&Expression> {
    match expression {
        Expression::Literal(_) | Expression::Path(_) | Expression::Now | Expression::Has(_) => {
            Vec::new()
        }
        Expression::Not(operand) | Expression::Size(operand) => vec![operand],
        Expression::And(operands) | Expression::Or(operands) => operands.iter().collect(),
        Expression::Compare { left, right, .. } => vec![left, right],
        Expression::In { needle, set } => vec![needle, set],
        Expression::StartsWith { text, prefix } => vec![text, prefix],
    }
}

/// The attributes that an expression reads or asks for.
pub(crate) fn paths(expression: &Expression) -> BTreeSet<Path> {
    let mut found = BTreeSet::new();
    if let Expression::Path(path) | Expression::Has(path) = expression {
        found.insert(path.clone());
    }
    operands(expression).into_iter().for_each(|operand| found.extend(paths(operand)));
    found
}

pub(crate) fn asks_now(expression: &Expression) -> bool {
    *expression == Expression::Now || operands(expression).into_iter().any(asks_now)
}

/// What is read: attributes, and whether the clock is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Reads {
    pub(super) paths: BTreeSet<Path>,
    pub(super) now: bool,
}

impl Reads {
    fn add(&mut self, expression: &Expression) {
        self.paths.extend(paths(expression));
        self.now |= asks_now(expression);
    }

    fn extend(&mut self, other: &Self) {
        self.paths.extend(other.paths.iter().cloned());
        self.now |= other.now;
    }

    pub(super) fn of(expressions: impl IntoIterator<Item = Expression>) -> Self {
        let mut reads = Self::default();
        expressions.into_iter().for_each(|expression| reads.add(&expression));
        reads
    }

    /// The subject's declared attributes among them.
    pub(super) fn attributes<'r>(
        &'r self,
        contract: &'r Contract,
    ) -> impl Iterator<Item = &'r Name> {
        let own = self.paths.iter().filter(|path| path.root == Root::Subject);
        own.map(|path| &path.name).filter(|name| contract.attributes().contains_key(*name))
    }
}

/// What is read of a subject from each state on, as long as it matters.
pub(super) struct Live {
    states: BTreeMap<String, Reads>,
}

impl Live {
    /// Follows the actions backwards until nothing more is found.
    pub(super) fn of(contract: &Contract, invariant: Option<&Expression>) -> Self {
        let asked = |state: &State| {
            let mut reads = Reads::default();
            if let Some(invariant) = invariant {
                in_state(invariant, state.as_str(), &mut reads);
            }
            (state.as_str().to_owned(), reads)
        };
        let states = contract.states().iter().map(asked).collect();
        let mut live = Self { states };
        while live.follow(contract) {}
        live
    }

    pub(super) fn at(&self, state: &str) -> Reads {
        self.states.get(state).cloned().unwrap_or_default()
    }

    fn follow(&mut self, contract: &Contract) -> bool {
        let before = self.states.clone();
        for (action, definition) in contract.actions().iter().zip(&contract.definition().actions) {
            let mut reads = self.of_action(action, definition);
            reads.paths.retain(|path| path.root == Root::Subject);
            // What is overwritten in any case is not read later as it was before.
            let mut later = self.at(action.to().as_str());
            later.paths.retain(|path| {
                let source = definition.set.get(path.name.as_str()).map(|source| source.parse());
                !source.is_some_and(|source| source.is_ok_and(|source| is_there(action, &source)))
            });
            reads.extend(&later);
            for from in action.from() {
                self.states.entry(from.as_str().to_owned()).or_default().extend(&reads);
            }
        }
        before != self.states
    }

    /// What an action reads, to be let through and for what is read of it later.
    pub(super) fn of_action(&self, action: &Action, definition: &ActionDefinition) -> Reads {
        let guards = action.guards().iter().map(|guard| guard.condition().expression().clone());
        let mut reads = Reads::of(guards);
        let later = self.at(action.to().as_str());
        for (name, source) in &definition.set {
            let is_live = later.paths.iter().any(|path| path.name.as_str() == name);
            if let (true, Ok(source)) = (is_live, source.parse()) {
                reads.add(&source);
            }
        }
        reads
    }
}

/// Whether an assignment of this value happens whenever its action does.
fn is_there(action: &Action, source: &Expression) -> bool {
    match source {
        Expression::Literal(_) | Expression::Now => true,
        Expression::Path(path) => match path.root {
            Root::Input => action.input().required().contains(&path.name),
            Root::Facts => action.facts().required().contains(&path.name),
            _ => false,
        },
        _ => false,
    }
}

/// What an expression reads of a subject that is in a state; what the state alone decides, if it
/// does.
fn in_state(expression: &Expression, state: &str, reads: &mut Reads) -> Option<bool> {
    let is_state = |operand: &Expression| {
        matches!(operand, Expression::Path(path)
        if path.root == Root::Subject && path.name.as_str() == "state")
    };
    match expression {
        Expression::Not(operand) => in_state(operand, state, reads).map(|holds| !holds),
        Expression::And(operands) => chain(operands, false, state, reads),
        Expression::Or(operands) => chain(operands, true, state, reads),
        Expression::Compare { operator, left, right } if is_state(left) => {
            let is_same = **right == Expression::Literal(Value::from(state));
            match (operator, right.as_ref()) {
                (Comparison::Equal, Expression::Literal(_)) => Some(is_same),
                (Comparison::NotEqual, Expression::Literal(_)) => Some(!is_same),
                _ => unknown(expression, reads),
            }
        }
        Expression::In { needle, set } if is_state(needle) => match set.as_ref() {
            Expression::Literal(Value::Set(states)) => Some(states.contains(&Value::from(state))),
            _ => unknown(expression, reads),
        },
        _ => unknown(expression, reads),
    }
}

fn unknown(expression: &Expression, reads: &mut Reads) -> Option<bool> {
    reads.add(expression);
    None
}

/// Left to right, up to what decides the chain. What was read before it may have erred.
fn chain(operands: &[Expression], deciding: bool, state: &str, reads: &mut Reads) -> Option<bool> {
    let mut known = Some(!deciding);
    for operand in operands {
        match in_state(operand, state, reads) {
            Some(holds) if holds == deciding => return known.map(|_| deciding),
            Some(_) => {}
            None => known = None,
        }
    }
    known
}
