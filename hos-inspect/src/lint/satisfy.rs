//! Whether a condition can hold at all, and whether it can err.
//!
//! A condition that holds has held in one of its ways: a list of atoms, each of which was evaluated
//! without error to what the way says. A way whose atoms contradict each other is none.

mod budget;
mod facts;

use std::collections::BTreeSet;

use hos_core::actor::{ACTOR_BUILT_INS, ActorKind};
use hos_core::condition::{Expression, Path, Root};
use hos_core::subject::SUBJECT_BUILT_INS;
use hos_core::value::{Type, Value};

pub(super) use budget::Budget;
use facts::Facts;

/// The most ways that one condition is followed through; one with more may hold.
const WAYS_MAX: usize = 256;

/// What is known of values before anything is evaluated.
pub(super) struct Domains {
    /// The states that a subject may be in; none where that is not known.
    states: Option<BTreeSet<Value>>,
    /// What may do it.
    kinds: BTreeSet<Value>,
    /// Whether the command may have input and facts.
    is_given: bool,
}

impl Domains {
    pub(super) fn new<'s>(states: impl IntoIterator<Item = &'s str>) -> Self {
        let states: BTreeSet<Value> = states.into_iter().map(Value::from).collect();
        Self {
            states: (!states.is_empty()).then_some(states),
            kinds: ActorKind::ALL.into_iter().map(|kind| Value::from(kind.as_str())).collect(),
            is_given: true,
        }
    }

    /// Of a timer in a state: a job fires it, which gives nothing.
    pub(super) fn of_timer(state: &str) -> Self {
        let kinds = BTreeSet::from([Value::from(ActorKind::Job.as_str())]);
        Self { kinds, is_given: false, ..Self::new([state]) }
    }

    /// Whether an attribute is never there.
    fn lacks(&self, path: &Path) -> bool {
        !self.is_given && matches!(path.root, Root::Input | Root::Facts)
    }

    fn of(&self, path: &Path) -> Option<BTreeSet<Value>> {
        match (path.root, path.name.as_str()) {
            (Root::Actor, "kind") => Some(self.kinds.clone()),
            (Root::Subject, "state") => self.states.clone(),
            _ => None,
        }
    }
}

/// Whether something may make all of these hold at once. No is proven, yes is not: it is also the
/// answer where the budget ends.
pub(super) fn may_hold(
    conditions: &[(&Expression, bool)],
    domains: &Domains,
    budget: &mut Budget,
) -> bool {
    let Some(ways) = product(conditions.iter().copied(), budget) else { return true };
    ways.iter().any(|way| is_possible(way, domains, budget).unwrap_or(true))
}

/// None where the budget ends.
fn is_possible(way: &[Atom<'_>], domains: &Domains, budget: &mut Budget) -> Option<bool> {
    let mut facts = Facts::new(domains);
    for atom in way {
        budget.spend(weight(atom.expression))?;
        if !facts.learn(atom.expression, atom.holds) {
            return Some(false);
        }
    }
    Some(facts.agree())
}

/// Whether something absent may make a condition err. No is proven, yes is not.
pub(super) fn may_err(condition: &Expression, domains: &Domains, budget: &mut Budget) -> bool {
    errs(condition, &BTreeSet::new(), domains, budget)
}

/// An expression of type bool that is no chain, and whether it holds.
#[derive(Clone, Copy)]
struct Atom<'e> {
    expression: &'e Expression,
    holds: bool,
}

/// The members of a list are learned one by one.
fn weight(atom: &Expression) -> usize {
    match atom {
        Expression::In { set, .. } => match set.as_ref() {
            Expression::Literal(Value::Set(members)) => members.len().saturating_add(1),
            _ => 1,
        },
        _ => 1,
    }
}

type Ways<'e> = Vec<Vec<Atom<'e>>>;

/// None for too many.
fn ways<'e>(expression: &'e Expression, holds: bool, budget: &mut Budget) -> Option<Ways<'e>> {
    match expression {
        Expression::Literal(value) => {
            Some(if *value == Value::Bool(holds) { vec![Vec::new()] } else { Vec::new() })
        }
        Expression::Not(operand) => ways(operand, !holds, budget),
        Expression::And(operands) | Expression::Or(operands) => {
            let each = operands.iter().map(|operand| (operand, holds));
            match matches!(expression, Expression::And(_)) == holds {
                true => product(each, budget),
                false => sum(each, budget),
            }
        }
        atom => Some(vec![vec![Atom { expression: atom, holds }]]),
    }
}

fn sum<'e>(
    all: impl Iterator<Item = (&'e Expression, bool)>,
    budget: &mut Budget,
) -> Option<Ways<'e>> {
    let mut sum = Vec::new();
    for (expression, holds) in all {
        budget.spend(1)?;
        sum.extend(ways(expression, holds, budget)?);
        if sum.len() > WAYS_MAX {
            return None;
        }
    }
    Some(sum)
}

/// Every way of the first with every way of the second, and so on.
fn product<'e>(
    all: impl Iterator<Item = (&'e Expression, bool)>,
    budget: &mut Budget,
) -> Option<Ways<'e>> {
    let mut product: Ways<'e> = vec![Vec::new()];
    let mut too_many = false;
    for (expression, holds) in all {
        budget.spend(1)?;
        // OK to go on after one with too many: another that has no way at all decides.
        let Some(ways) = ways(expression, holds, budget) else {
            too_many = true;
            continue;
        };
        if product.len().saturating_mul(ways.len()) > WAYS_MAX {
            too_many = true;
            continue;
        }
        // Most have one way: no copy is made of what is known already.
        if let [only] = ways.as_slice() {
            budget.spend(product.len().saturating_mul(only.len()))?;
            product.iter_mut().for_each(|way| way.extend_from_slice(only));
            continue;
        }
        let mut joined = Vec::with_capacity(product.len().saturating_mul(ways.len()));
        for first in &product {
            for second in &ways {
                budget.spend(first.len().saturating_add(second.len()))?;
                joined.push([first.as_slice(), second].concat());
            }
        }
        product = joined;
    }
    (!too_many || product.is_empty()).then_some(product)
}

/// As the evaluator goes: left to right, and no further than it would.
fn errs(
    expression: &Expression,
    present: &BTreeSet<&Path>,
    domains: &Domains,
    budget: &mut Budget,
) -> bool {
    match expression {
        Expression::Literal(_) | Expression::Now | Expression::Has(_) => false,
        Expression::Path(path) => !present.contains(path) && !is_always_present(path),
        Expression::Not(operand) | Expression::Size(operand) => {
            errs(operand, present, domains, budget)
        }
        Expression::Compare { left, right, .. } => {
            errs(left, present, domains, budget) || errs(right, present, domains, budget)
        }
        Expression::In { needle, set } => {
            errs(needle, present, domains, budget) || errs(set, present, domains, budget)
        }
        Expression::StartsWith { text, prefix } => {
            errs(text, present, domains, budget) || errs(prefix, present, domains, budget)
        }
        Expression::And(operands) => chain_errs(operands, true, present, domains, budget),
        Expression::Or(operands) => chain_errs(operands, false, present, domains, budget),
    }
}

/// A chain goes on while its operands are `goes_on`.
fn chain_errs(
    operands: &[Expression],
    goes_on: bool,
    present: &BTreeSet<&Path>,
    domains: &Domains,
    budget: &mut Budget,
) -> bool {
    let mut present: BTreeSet<&Path> = present.clone();
    for operand in operands {
        if errs(operand, &present, domains, budget) {
            return true;
        }
        if !may_hold(&[(operand, goes_on)], domains, budget) {
            return false;
        }
        match operand {
            Expression::Has(path) if goes_on => present.insert(path),
            Expression::Not(inner) if !goes_on => match inner.as_ref() {
                Expression::Has(path) => present.insert(path),
                _ => false,
            },
            _ => false,
        };
    }
    false
}

/// The names that every actor and every subject has.
fn is_always_present(path: &Path) -> bool {
    let built_ins: &[(&str, Type)] = match path.root {
        Root::Actor => &ACTOR_BUILT_INS,
        Root::Subject => &SUBJECT_BUILT_INS,
        Root::Context | Root::Input | Root::Facts => &[],
    };
    built_ins.iter().any(|(name, _)| path.name == *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(text: &str) -> bool {
        let condition = Expression::parse(text).unwrap();
        let domains = Domains::new(["draft", "paid"]);
        may_hold(&[(&condition, true)], &domains, &mut Budget::new())
    }

    #[test]
    fn what_contradicts_itself_never_holds() {
        for text in [
            "false",
            "1 == 2",
            "!('a' in ['a', 'b'])",
            "subject.a == 'x' && subject.a == 'y'",
            "subject.a == 'x' && 'x' != subject.a",
            "subject.a in ['x', 'y'] && subject.a in ['z']",
            "subject.a in ['x', 'y'] && !(subject.a in ['y', 'x'])",
            "subject.n > 3 && subject.n < 4",
            "subject.n >= 3 && subject.n < 3",
            "subject.n >= 3 && subject.n <= 3 && subject.n != 3",
            "size(subject.a) < 0",
            "subject.b && !subject.b",
            "has(subject.a) && !has(subject.a)",
            "!has(subject.a) && subject.a == 'x'",
            "subject.a.startsWith('x') && !subject.a.startsWith('x')",
            "subject.a == subject.c && subject.c != subject.a",
            "subject.n < subject.m && subject.m < subject.n",
            "subject.n < subject.n",
            "actor.kind == 'robot'",
            "actor.kind != 'user' && !(actor.kind in ['service', 'job', 'webhook'])",
            "subject.state == 'pait'",
            "(subject.a == 'x' || subject.a == 'y') && subject.a == 'z'",
            "!(subject.a != 'x' || subject.a == 'x')",
        ] {
            assert!(!holds(text), "{text}");
        }
    }

    #[test]
    fn what_may_hold_is_not_called_impossible() {
        for text in [
            "true",
            "subject.a == 'x'",
            "subject.a == 'x' && subject.c == 'y'",
            "subject.a != 'x' && subject.a != 'y'",
            "subject.a in ['x', 'y'] && subject.a in ['y', 'z']",
            "subject.n > 3 && subject.n < 5",
            "subject.n >= 3 && subject.n <= 3",
            "subject.t > subject.u && subject.t != now",
            "size(subject.a) <= 0",
            "subject.b || !subject.b",
            "!has(subject.a) || subject.a == 'x'",
            "subject.a == subject.c && subject.a >= subject.c",
            "subject.n <= subject.m && subject.m <= subject.n",
            "actor.kind == 'job'",
            "subject.state in ['paid', 'gone']",
            "(subject.a == 'x' || subject.a == 'y') && subject.a == 'y'",
            "'x' in subject.s && 'y' in subject.s",
        ] {
            assert!(holds(text), "{text}");
        }
    }

    #[test]
    fn a_condition_too_large_to_follow_may_hold() {
        let either = |at: usize| format!("(subject.a{at} == 'x' || subject.a{at} == 'y')");
        let text = (0..9).map(either).collect::<Vec<_>>().join(" && ");
        assert!(holds(&text));
        assert!(holds(&format!("{text} && subject.b && !subject.b")));
        assert!(!holds(&format!("{text} && false")));
    }

    #[test]
    fn what_asks_first_does_not_err() {
        let errs = |text: &str| {
            let condition = Expression::parse(text).unwrap();
            may_err(&condition, &Domains::new([]), &mut Budget::new())
        };
        assert!(errs("subject.a == 'x'"));
        assert!(errs("!has(subject.a) && subject.a == 'x'"));
        assert!(errs("has(subject.a) && subject.c == 'x'"));
        assert!(!errs("has(subject.a) && subject.a == 'x'"));
        assert!(!errs("!has(subject.a) || subject.a == 'x'"));
        assert!(!errs("false && subject.a == 'x'"));
        assert!(!errs("actor.id == 'x' && subject.state == 'draft' && now == now"));
    }
}
