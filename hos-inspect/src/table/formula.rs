//! Where a cell holds, in the fewest words: a sum of products of what the conditions compare.

use std::collections::BTreeSet;

use hos_core::condition::{Comparison, Expression, Root};

use crate::explore::reads::{operands, paths};

/// The most things compared that are weighed against each other for one cell.
const ATOMS_MAX: usize = 64;
/// The most pairs of settings, one allowed and one denied, that are weighed for one cell.
const PAIRS_MAX: usize = 1 << 18;

/// What one comparison comes to in one setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Truth {
    Holds,
    Fails,
    /// Something that it reads is absent.
    Errs,
    /// No condition came to read it.
    Unread,
}

/// Something that conditions compare or ask for, and that holds or does not.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Atom {
    pub(super) expression: Expression,
    yes: String,
    no: String,
}

/// Which atoms hold, fail and err in one setting, as bits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Point {
    holds: u64,
    fails: u64,
    errs: u64,
}

/// The atoms of some conditions, each once, in the order in which they are told.
pub(super) fn atoms(expressions: &[&Expression]) -> Vec<Atom> {
    let mut atoms = Vec::new();
    expressions.iter().for_each(|expression| gather(expression, &mut atoms));
    let rank = |atom: &Atom| {
        let first = paths(&atom.expression).into_iter().map(|path| {
            let root = match path.root {
                Root::Subject => 0_u8,
                Root::Actor => 1,
                _ => 2,
            };
            (root, path.name)
        });
        (first.min(), atom.yes.clone())
    };
    atoms.sort_by_key(rank);
    atoms.dedup_by(|one, other| one.yes == other.yes);
    atoms
}

fn gather(expression: &Expression, atoms: &mut Vec<Atom>) {
    match expression {
        Expression::And(_) | Expression::Or(_) | Expression::Not(_) => {
            operands(expression).into_iter().for_each(|operand| gather(operand, atoms));
        }
        Expression::Literal(_) => {}
        _ => atoms.push(Atom::new(expression)),
    }
}

impl Atom {
    fn new(expression: &Expression) -> Self {
        let Expression::Compare { operator, left, right } = expression else {
            let yes = label(expression);
            return Self { expression: expression.clone(), no: format!("!{yes}"), yes };
        };
        let (operator, opposite) = match operator {
            Comparison::Equal | Comparison::NotEqual => (Comparison::Equal, Comparison::NotEqual),
            Comparison::Less => (Comparison::Less, Comparison::GreaterOrEqual),
            Comparison::LessOrEqual => (Comparison::LessOrEqual, Comparison::Greater),
            Comparison::Greater => (Comparison::Greater, Comparison::LessOrEqual),
            Comparison::GreaterOrEqual => (Comparison::GreaterOrEqual, Comparison::Less),
        };
        let expression = Expression::Compare { operator, left: left.clone(), right: right.clone() };
        let own = own(left, right).or_else(|| own(right, left));
        let own = own.filter(|_| operator == Comparison::Equal);
        let said = |operator: Comparison| format!("{left}{}{right}", operator.as_str());
        let yes = own.clone().unwrap_or_else(|| said(operator));
        let no = own.map_or_else(|| said(opposite), |own| format!("!{own}"));
        Self { expression, yes, no }
    }
}

fn own(left: &Expression, right: &Expression) -> Option<String> {
    match left {
        Expression::Path(path) if path.root == Root::Subject && is_actor(right) => {
            Some(format!("own.{}", path.name))
        }
        _ => None,
    }
}

fn is_actor(expression: &Expression) -> bool {
    matches!(expression, Expression::Path(path)
        if path.root == Root::Actor && path.name.as_str() == "id")
}

fn label(expression: &Expression) -> String {
    match expression {
        Expression::Path(path) => match path.root {
            Root::Subject => format!("is.{}", path.name),
            Root::Actor => format!("claim.{}", path.name),
            _ => path.to_string(),
        },
        Expression::In { needle, set } => match set.as_ref() {
            Expression::Path(path) if path.root == Root::Subject && is_actor(needle) => {
                format!("in.{}", path.name)
            }
            _ => format!("({expression})"),
        },
        Expression::Has(_) | Expression::StartsWith { .. } => expression.to_string(),
        _ => format!("({expression})"),
    }
}

impl Point {
    pub(super) fn new(truths: impl Iterator<Item = Truth>) -> Self {
        let mut point = Self::default();
        for (at, truth) in truths.take(ATOMS_MAX).enumerate() {
            let bit = 1 << at;
            match truth {
                Truth::Holds => point.holds |= bit,
                Truth::Fails => point.fails |= bit,
                Truth::Errs => point.errs |= bit,
                Truth::Unread => {}
            }
        }
        point
    }

    /// The atoms that tell another point from this one for sure.
    fn told(self, other: Self) -> u64 {
        self.holds & (other.fails | other.errs) | self.fails & (other.holds | other.errs)
    }

    fn among(self, atoms: u64) -> Self {
        let Self { holds, fails, errs } = self;
        Self { holds: holds & atoms, fails: fails & atoms, errs: errs & atoms }
    }

    /// Whether this, as a product, holds at a point for sure.
    fn covers(self, point: Self) -> bool {
        self.holds & !point.holds == 0 && self.fails & !point.fails == 0
    }

    fn said(self, atoms: &[Atom]) -> String {
        let literals = atoms.iter().enumerate().filter_map(|(at, atom)| {
            let is_in = |bits: u64| bits >> at & 1 == 1;
            is_in(self.holds).then_some(&atom.yes).or(is_in(self.fails).then_some(&atom.no))
        });
        literals.map(String::as_str).collect::<Vec<_>>().join("&")
    }
}

/// The shortest sum of products that holds at all that is allowed and nowhere that is denied; none
/// if it needs more than so many atoms.
pub(super) fn formula(
    atoms: &[Atom],
    allowed: &BTreeSet<Point>,
    denied: &BTreeSet<Point>,
    most: usize,
) -> Option<String> {
    if atoms.len() > ATOMS_MAX || allowed.len().saturating_mul(denied.len()) > PAIRS_MAX {
        return None;
    }
    let needed = needed(atoms, allowed, denied)?;
    let bits: Vec<u64> = (0..ATOMS_MAX).map(|at| 1 << at).filter(|bit| needed & bit != 0).collect();
    if bits.len() > most {
        return None;
    }
    let [allowed, denied] = [allowed, denied]
        .map(|points| points.iter().map(|point| point.among(needed)).collect::<BTreeSet<_>>());
    let mut terms = vec![Point::default()];
    for bit in bits {
        let more = |term: &Point| {
            [
                *term,
                Point { holds: term.holds | bit, ..*term },
                Point { fails: term.fails | bit, ..*term },
            ]
        };
        terms = terms.iter().flat_map(more).collect();
    }
    terms.retain(|term| denied.iter().all(|point| term.told(*point) != 0));
    terms.sort_by_key(|term| {
        let cared = term.holds | term.fails;
        (cared.count_ones(), cared, term.holds)
    });
    let mut open = allowed;
    let mut products = Vec::new();
    while !open.is_empty() {
        let covered = |term: &Point| open.iter().filter(|point| term.covers(**point)).count();
        let most = terms.iter().map(covered).max().filter(|most| *most > 0)?;
        let best = *terms.iter().find(|term| covered(term) == most)?;
        open.retain(|point| !best.covers(*point));
        products.push(best.said(atoms));
    }
    Some(products.join("|"))
}

/// As few atoms as tell each that is allowed from each that is denied.
fn needed(atoms: &[Atom], allowed: &BTreeSet<Point>, denied: &BTreeSet<Point>) -> Option<u64> {
    let pairs = allowed.iter().flat_map(|one| denied.iter().map(|other| one.told(*other)));
    let pairs: BTreeSet<u64> = pairs.collect();
    let is_enough = |atoms: u64| pairs.iter().all(|told| told & atoms != 0);
    let mut needed = u64::MAX;
    is_enough(needed).then_some(())?;
    // Whether something is there mostly follows from what it is.
    let (asking, others): (Vec<_>, Vec<_>) = (0..ATOMS_MAX).rev().partition(|at| {
        atoms.get(*at).is_none_or(|atom| matches!(atom.expression, Expression::Has(_)))
    });
    for at in asking.into_iter().chain(others) {
        let without = needed & !(1 << at);
        if is_enough(without) {
            needed = without;
        }
    }
    Some(needed)
}
