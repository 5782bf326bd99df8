//! A law as the lints read it: each rule with its id, its abilities, and who it is about.

use std::collections::BTreeSet;

use hos_core::condition::Expression;
use hos_core::id::Ability;
use hos_core::law::Law;
use hos_core::policy::{RuleDefinition, RuleEffect};

use super::satisfy::Domains;
use super::{Finding, FindingCode};

pub(super) struct View<'a> {
    pub(super) law: &'a Law,
    pub(super) rules: Vec<RuleView<'a>>,
}

pub(super) struct RuleView<'a> {
    pub(super) id: &'a str,
    pub(super) definition: &'a RuleDefinition,
    pub(super) abilities: BTreeSet<Ability>,
    pub(super) when: Option<Expression>,
    /// Found to change nothing: the lints after that look at the law without it.
    pub(super) idle: bool,
}

impl<'a> View<'a> {
    pub(super) fn new(law: &'a Law) -> Self {
        let known = law.rules().abilities();
        let rule = |(definition, id): (&'a RuleDefinition, &'a str)| RuleView {
            id,
            definition,
            abilities: known
                .iter()
                .filter(|known| definition.names(known.as_str()))
                .cloned()
                .collect(),
            when: definition.condition(),
            idle: false,
        };
        let rules = law.definition().rules.iter().zip(law.rules().ids());
        Self { law, rules: rules.map(rule).collect() }
    }

    /// The roles that hold no grant but those that rules give, in order.
    pub(super) fn ordinary_roles(&self) -> impl Iterator<Item = &'a str> {
        let roles = self.law.roles().iter().map(|role| role.name.as_str());
        roles.filter(|role| !self.law.rules().is_superuser(role))
    }

    /// Whether whoever has a role is whom a rule is about.
    pub(super) fn is_about(&self, rule: &RuleView<'_>, role: &str) -> bool {
        let named = &rule.definition.roles;
        named.is_empty()
            || self.law.inherited(role).iter().any(|inherited| named.contains(&inherited.name))
    }

    /// The forbids of an ability that bind whoever has a role, each with its place.
    pub(super) fn forbids(&self, ability: &Ability, role: &str) -> Vec<(usize, &RuleView<'a>)> {
        let binds = |(_, rule): &(usize, &RuleView<'a>)| {
            !rule.idle
                && !rule.is_permit()
                && rule.abilities.contains(ability)
                && self.is_about(rule, role)
        };
        self.rules.iter().enumerate().filter(binds).collect()
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

    /// The rules of one effect that change something, in order.
    pub(super) fn rules_of(&self, effect: RuleEffect) -> impl Iterator<Item = &RuleView<'a>> {
        self.rules.iter().filter(move |rule| !rule.idle && rule.definition.effect == effect)
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
