//! A law as the lints read it: each rule with its id, its abilities, and who it is about.
//!
//! Abilities, roles and rules are known by their places, so that sets of them are bits.

use fixedbitset::FixedBitSet;
use hos_core::condition::Expression;
use hos_core::id::Ability;
use hos_core::law::Law;
use hos_core::policy::{RuleDefinition, RuleEffect};

use super::satisfy::Domains;
use super::{Finding, FindingCode};

pub(super) struct View<'a> {
    pub(super) law: &'a Law,
    /// Every ability that the law knows, in order.
    pub(super) abilities: Vec<Ability>,
    pub(super) rules: Vec<RuleView<'a>>,
}

pub(super) struct RuleView<'a> {
    pub(super) id: &'a str,
    pub(super) definition: &'a RuleDefinition,
    pub(super) abilities: FixedBitSet,
    /// The roles whose holders it is about. A place after the last role stands for whoever has
    /// none, whom forbids without roles are about too.
    pub(super) about: FixedBitSet,
    /// Of these, the ones that are enough to look at: whoever has another has one of them by
    /// inheritance, and to a superuser a permit adds nothing.
    pub(super) targets: FixedBitSet,
    pub(super) when: Option<Expression>,
    /// Found to change nothing: the lints after that look at the law without it.
    pub(super) idle: bool,
}

impl<'a> View<'a> {
    pub(super) fn new(law: &'a Law) -> Self {
        let abilities = law.rules().abilities();
        let closures: Vec<FixedBitSet> =
            law.roles().iter().map(|role| closure(law, &role.name)).collect();
        let superusers = places(law.roles(), |role| law.rules().is_superuser(&role.name));
        let rule = |(definition, id): (&'a RuleDefinition, &'a str)| {
            let named = named(law, &definition.roles);
            let mut targets = named.clone();
            if definition.roles.is_empty() {
                targets.insert(law.roles().len());
            } else if definition.effect == RuleEffect::Permit {
                targets.difference_with(&superusers);
            }
            RuleView {
                id,
                definition,
                abilities: places(&abilities, |ability| definition.names(ability.as_str())),
                about: about(definition, &named, &closures),
                targets,
                when: definition.condition(),
                idle: false,
            }
        };
        let rules = law.definition().rules.iter().zip(law.rules().ids());
        Self { law, rules: rules.map(rule).collect(), abilities }
    }

    /// The roles that hold no grant but those that rules give, in order.
    pub(super) fn ordinary_roles(&self) -> impl Iterator<Item = (usize, &'a str)> {
        let roles = self.law.roles().iter().map(|role| role.name.as_str());
        roles.enumerate().filter(|(_, role)| !self.law.rules().is_superuser(role))
    }

    /// The abilities that a rule is about, in order.
    pub(super) fn abilities_of(&self, rule: &RuleView<'_>) -> impl Iterator<Item = &Ability> {
        rule.abilities.ones().filter_map(|at| self.abilities.get(at))
    }

    /// What is known of any subject that a rule may be asked about.
    pub(super) fn domains(&self) -> Domains {
        Domains::new(self.law.contracts().flat_map(|c| c.states()).map(|state| state.as_str()))
    }

    pub(super) fn set_idle(&mut self, found: &[usize]) {
        for at in found {
            if let Some(rule) = self.rules.get_mut(*at) {
                rule.idle = true;
            }
        }
    }

    /// The rules of one effect that change something, each with its place.
    pub(super) fn rules_of(
        &self,
        effect: RuleEffect,
    ) -> impl Iterator<Item = (usize, &RuleView<'a>)> {
        let rules = self.rules.iter().enumerate();
        rules.filter(move |(_, rule)| !rule.idle && rule.definition.effect == effect)
    }
}

impl RuleView<'_> {
    pub(super) fn is_permit(&self) -> bool {
        self.definition.effect == RuleEffect::Permit
    }

    pub(super) fn finding(&self, code: FindingCode, message: impl Into<String>) -> Finding {
        Finding { code, about: format!("rule `{}`", self.id), message: message.into() }
    }
}

fn places<T>(all: &[T], is_one: impl Fn(&T) -> bool) -> FixedBitSet {
    let mut places = FixedBitSet::with_capacity(all.len());
    let of = all.iter().enumerate().filter(|(_, one)| is_one(one));
    places.extend(of.map(|(at, _)| at));
    places
}

fn closure(law: &Law, role: &str) -> FixedBitSet {
    let inherited = law.inherited(role);
    places(law.roles(), |role| inherited.iter().any(|other| other.name == role.name))
}

fn named(law: &Law, names: &[String]) -> FixedBitSet {
    let mut places = places(law.roles(), |role| names.contains(&role.name));
    places.grow(law.roles().len().saturating_add(1));
    places
}

fn about(rule: &RuleDefinition, named: &FixedBitSet, closures: &[FixedBitSet]) -> FixedBitSet {
    let mut about =
        places(closures, |closure| rule.roles.is_empty() || !closure.is_disjoint(named));
    about.grow(closures.len().saturating_add(1));
    about.set(closures.len(), rule.roles.is_empty());
    about
}
