//! What may stand between an actor and a subject: asked again with each of it switched on and off.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use hos_core::actor::{Actor, ActorKind};
use hos_core::condition::{Path, Root};
use hos_core::id::Name;
use hos_core::law::Law;
use hos_core::value::{Attributes, Schema, Type, Value};

use super::ask::{ME, NOON};
use super::reads::Reads;
use super::{Cell, RELATIONS_SHOWN_MAX, Sign};

/// The most relations that one contract is asked about.
const RELATIONS_MAX: usize = 32;

/// What stands between an actor and a subject, and may turn a decision.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Relation {
    Attribute(Name, Type),
    Claim(Name, Type),
    Context(Name, Type),
}

impl Relation {
    fn all(law: &Law, attributes: &Schema) -> Vec<Self> {
        let probed = |(_, type_): &(&Name, &Type)| {
            !matches!(type_, Type::BoolSet | Type::IntegerSet | Type::TimeSet)
        };
        let attribute = |(name, type_): (&Name, &Type)| Self::Attribute(name.clone(), *type_);
        let claim = |(name, type_): (&Name, &Type)| Self::Claim(name.clone(), *type_);
        let context = |(name, type_): (&Name, &Type)| Self::Context(name.clone(), *type_);
        let own = attributes.iter().filter(probed).map(attribute);
        let said = claims(law).filter(probed).map(claim);
        own.chain(said).chain(law.context().iter().filter(probed).map(context)).collect()
    }

    /// What a condition reads that turns on it: a claim may say what the subject's attribute of
    /// the name does, so that it turns on both.
    fn paths(&self) -> Vec<Path> {
        let path = |root, name: &Name| Path { root, name: name.clone() };
        match self {
            Self::Attribute(name, _) => vec![path(Root::Subject, name), path(Root::Actor, name)],
            Self::Claim(name, _) => vec![path(Root::Actor, name)],
            Self::Context(name, _) => vec![path(Root::Context, name)],
        }
    }

    fn label(&self) -> String {
        match self {
            Self::Attribute(name, type_) => match type_ {
                Type::Bool => format!("is.{name}"),
                Type::Integer => format!("big.{name}"),
                Type::Time => format!("later.{name}"),
                Type::StringSet => format!("in.{name}"),
                _ => format!("own.{name}"),
            },
            Self::Claim(name, _) => format!("claim.{name}"),
            Self::Context(name, _) => format!("context.{name}"),
        }
    }
}

/// The value that a name has where a relation holds, and where it does not.
fn probe(type_: Type, holds: bool, yes: &str, no: &str) -> Value {
    let text = if holds { yes } else { no };
    match type_ {
        Type::Bool => Value::Bool(holds),
        Type::Integer => Value::Integer(if holds { 1_000_000_000 } else { 0 }),
        Type::Time => {
            let day = Duration::from_secs(86_400);
            Value::Time(if holds { NOON.after(day) } else { NOON.before(day) })
        }
        Type::StringSet => [text].into_iter().collect(),
        _ => Value::from(text),
    }
}

/// One world to ask in: who asks, about what, in which context.
pub(super) struct Setting {
    pub(super) actor: Actor,
    pub(super) attributes: Attributes,
    pub(super) context: Attributes,
}

/// By the relevant relations, and their points where the answer allows.
type Formulas = BTreeMap<(Vec<usize>, BTreeSet<usize>), String>;

/// The settings of one contract: each spanned by the relations that hold in it, as bits.
pub(super) struct Settings<'a> {
    pub(super) law: &'a Law,
    schema: &'a Schema,
    reads: &'a Reads,
    /// Those that a rule about some ability reads.
    relations: Vec<Relation>,
    made: RefCell<BTreeMap<(ActorKind, u64), Rc<Setting>>>,
    /// Many cells share one, and to find the shortest is dear.
    formulas: RefCell<Formulas>,
}

impl<'a> Settings<'a> {
    pub(super) fn new(law: &'a Law, schema: &'a Schema, reads: &'a Reads) -> Self {
        let mut relations = Relation::all(law, schema);
        relations.retain(|relation| reads.anywhere(&relation.paths()));
        relations.truncate(RELATIONS_MAX);
        Self {
            law,
            schema,
            reads,
            relations,
            made: RefCell::default(),
            formulas: RefCell::default(),
        }
    }

    /// The relations that may turn an answer about one of some abilities, as bits.
    fn read(&self, abilities: &[&str]) -> u64 {
        let is_read = |relation: &Relation| {
            abilities.iter().any(|ability| self.reads.any(ability, &relation.paths()))
        };
        let bit = |(at, relation): (usize, &Relation)| u64::from(is_read(relation)) << at;
        self.relations.iter().enumerate().map(bit).sum()
    }

    fn at(&self, kind: ActorKind, held: u64) -> Option<Rc<Setting>> {
        let made = self.made.borrow().get(&(kind, held)).cloned();
        made.or_else(|| {
            let setting = Rc::new(self.make(kind, held)?);
            self.made.borrow_mut().insert((kind, held), Rc::clone(&setting));
            Some(setting)
        })
    }

    /// None would be an ill-formed name, and the law has checked them all.
    fn make(&self, kind: ActorKind, held: u64) -> Option<Setting> {
        let holds = |relation: Relation| {
            let at = self.relations.iter().position(|other| *other == relation);
            at.is_some_and(|at| held >> at & 1 == 1)
        };
        let mut attributes = Attributes::new();
        for (name, type_) in self.schema {
            let own = holds(Relation::Attribute(name.clone(), *type_));
            attributes.set(name.clone(), probe(*type_, own, ME, &format!("the {name}'s")));
        }
        let mut actor = Actor::new(kind, ME.parse().ok()?);
        for (name, type_) in claims(self.law) {
            let own = holds(Relation::Claim(name.clone(), *type_));
            let same = attributes.get(name.as_str()).filter(|value| own && type_.admits(value));
            let value = same.cloned().unwrap_or_else(|| probe(*type_, own, "claimed", "elsewhere"));
            actor = actor.claim(name.as_str(), value).ok()?;
        }
        let mut context = Attributes::new();
        for (name, type_) in self.law.context() {
            let own = holds(Relation::Context(name.clone(), *type_));
            context.set(name.clone(), probe(*type_, own, ME, "unsaid"));
        }
        Some(Setting { actor, attributes, context })
    }

    /// Answers one cell: asks in every setting that the relevant relations span.
    ///
    /// `may` asks policy alone, about these abilities; `ask` says nothing for a denial, else the
    /// sign of what is allowed.
    pub(super) fn cell(
        &self,
        kind: ActorKind,
        abilities: &[&str],
        may: impl Fn(&Setting) -> bool,
        ask: impl Fn(&Setting) -> Option<Sign>,
    ) -> Cell {
        let may = |held: u64| self.at(kind, held).is_some_and(|setting| may(&setting));
        let relevant = relevant(self.read(abilities), may);
        if relevant.len() > RELATIONS_SHOWN_MAX {
            // OK because a relation is relevant only where some setting is allowed.
            return Cell { sign: Sign::Allowed, when: Some("..".to_owned()) };
        }
        let held = |point: usize| {
            let on = |(at, bit): (usize, &usize)| u64::from(point >> at & 1 == 1) << bit;
            relevant.iter().enumerate().map(on).sum()
        };
        let points = 1_usize << relevant.len();
        let ask = |point: usize| ask(self.at(kind, held(point))?.as_ref());
        let answers: Vec<Option<Sign>> = (0..points).map(ask).collect();
        let Some(sign) = answers.iter().flatten().next() else { return Cell::DENIED };
        let allowed = |(point, answer): (usize, &Option<Sign>)| answer.map(|_| point);
        let allowed: BTreeSet<usize> = answers.iter().enumerate().filter_map(allowed).collect();
        if allowed.len() == points {
            return Cell { sign: *sign, when: None };
        }
        Cell { sign: *sign, when: Some(self.formula(relevant, allowed)) }
    }

    fn formula(&self, relevant: Vec<usize>, allowed: BTreeSet<usize>) -> String {
        let key = (relevant, allowed);
        if let Some(known) = self.formulas.borrow().get(&key) {
            return known.clone();
        }
        let label = |at: &usize| self.relations.get(*at).map(Relation::label).unwrap_or_default();
        let labels: Vec<String> = key.0.iter().map(label).collect();
        let formula = formula(&labels, &key.1);
        self.formulas.borrow_mut().insert(key, formula.clone());
        formula
    }
}

/// Of some relations those that turn an answer somewhere among none, all, and all but one or two.
fn relevant(some: u64, may: impl Fn(u64) -> bool) -> Vec<usize> {
    let bits: Vec<usize> = (0..RELATIONS_MAX).filter(|bit| some >> bit & 1 == 1).collect();
    let mut known: BTreeMap<u64, bool> = BTreeMap::new();
    let mut at = |held: u64| *known.entry(held).or_insert_with(|| may(held));
    let mut relevant = BTreeSet::new();
    for start in [0, some] {
        for (place, one) in bits.iter().enumerate() {
            for two in bits.iter().skip(place) {
                let near = start ^ (1 << one | 1 << two);
                let turns = |bit: &&usize| at(near) != at(near ^ 1 << *bit);
                relevant.extend(bits.iter().filter(turns));
            }
        }
    }
    relevant.into_iter().collect()
}

fn claims(law: &Law) -> impl Iterator<Item = (&Name, &Type)> {
    law.actor().iter().filter(|(name, _)| !["id", "kind"].contains(&name.as_str()))
}

/// The shortest sum of products that holds at exactly these points.
fn formula(labels: &[String], allowed: &BTreeSet<usize>) -> String {
    let mut terms = Vec::new();
    for cared in 0..1_usize << labels.len() {
        for values in (0..=cared).filter(|values| values & cared == *values) {
            let covers = |point: usize| point & cared == values;
            let points = (0..1_usize << labels.len()).filter(|point| covers(*point));
            let points: BTreeSet<usize> = points.collect();
            if points.is_subset(allowed) {
                terms.push((cared, values, points));
            }
        }
    }
    terms.sort_by_key(|(cared, values, _)| (cared.count_ones(), *cared, *values));
    let mut open = allowed.clone();
    let mut products = Vec::new();
    while !open.is_empty() {
        let most = terms.iter().map(|(_, _, points)| points.intersection(&open).count()).max();
        let best =
            terms.iter().find(|(_, _, points)| Some(points.intersection(&open).count()) == most);
        let Some((cared, values, points)) = best else { break };
        open.retain(|point| !points.contains(point));
        products.push(product(labels, *cared, *values));
    }
    products.join("|")
}

fn product(labels: &[String], cared: usize, values: usize) -> String {
    let literal = |(at, label): (usize, &String)| {
        let not = if values >> at & 1 == 1 { "" } else { "!" };
        (cared >> at & 1 == 1).then(|| format!("{not}{label}"))
    };
    labels.iter().enumerate().filter_map(literal).collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_is_the_shortest_sum() {
        let labels = ["a".to_owned(), "b".to_owned()];
        let formula = |allowed: &[usize]| formula(&labels, &allowed.iter().copied().collect());
        assert_eq!(formula(&[1, 3]), "a");
        assert_eq!(formula(&[3]), "a&b");
        assert_eq!(formula(&[1, 2, 3]), "a|b");
        assert_eq!(formula(&[0]), "!a&!b");
        assert_eq!(formula(&[1]), "a&!b");
        assert_eq!(formula(&[1, 2]), "a&!b|!a&b");
    }
}
