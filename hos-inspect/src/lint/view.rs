//! A law as the lints read it: each rule with its id, its abilities, and who it is about.

use std::collections::{BTreeMap, BTreeSet};

use hos_core::condition::Expression;
use hos_core::id::Ability;
use hos_core::law::Law;
use hos_core::policy::{RuleDefinition, RuleEffect};
use hos_core::standing::AbilityPattern;

use super::satisfy::Domains;
use super::{Finding, FindingCode};

pub(super) struct View<'a> {
    pub(super) law: &'a Law,
    pub(super) rules: Vec<RuleView<'a>>,
    /// Each role and all that it inherits, itself included.
    closures: BTreeMap<&'a str, BTreeSet<&'a str>>,
    superusers: BTreeSet<&'a str>,
}

pub(super) struct RuleView<'a> {
    pub(super) id: String,
    pub(super) definition: &'a RuleDefinition,
    pub(super) abilities: BTreeSet<Ability>,
    pub(super) when: Option<Expression>,
    /// Found to change nothing: the lints after that look at the law without it.
    pub(super) idle: bool,
}

impl<'a> View<'a> {
    pub(super) fn new(law: &'a Law) -> Self {
        let definition = law.definition();
        let known = law.rules().abilities();
        let ids = rule_ids(&definition.rules);
        let rule = |(definition, id): (&'a RuleDefinition, String)| {
            let patterns = definition.abilities.iter().map(|text| AbilityPattern::parse(text));
            let patterns: Vec<AbilityPattern> = patterns.filter_map(Result::ok).collect();
            let matched = |ability: &&Ability| {
                patterns.iter().any(|pattern| pattern.matches(ability.as_str()))
            };
            RuleView {
                id,
                definition,
                abilities: known.iter().filter(matched).cloned().collect(),
                when: definition.when.as_ref().and_then(|when| when.parse().ok()),
                idle: false,
            }
        };
        let inherits: BTreeMap<&str, &Vec<String>> =
            definition.roles.iter().map(|role| (role.name.as_str(), &role.inherits)).collect();
        let names = inherits.keys().copied();
        Self {
            law,
            rules: definition.rules.iter().zip(ids).map(rule).collect(),
            closures: names.map(|name| (name, closure(name, &inherits))).collect(),
            superusers: {
                let superusers = definition.roles.iter().filter(|role| role.superuser);
                superusers.map(|role| role.name.as_str()).collect()
            },
        }
    }

    /// The roles that hold no grant but those that rules give, in order.
    pub(super) fn ordinary_roles(&self) -> impl Iterator<Item = &'a str> {
        let roles = self.law.roles().iter().map(|role| role.name.as_str());
        roles.filter(|role| !self.is_superuser(role))
    }

    /// Whether a role holds every grant.
    pub(super) fn is_superuser(&self, role: &str) -> bool {
        self.closures.get(role).is_some_and(|closure| !closure.is_disjoint(&self.superusers))
    }

    /// Whether whoever has a role is whom a rule is about.
    pub(super) fn is_about(&self, rule: &RuleView<'_>, role: &str) -> bool {
        rule.definition.roles.is_empty()
            || self.closures.get(role).is_some_and(|closure| {
                rule.definition.roles.iter().any(|named| closure.contains(named.as_str()))
            })
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

fn closure<'a>(name: &'a str, inherits: &BTreeMap<&'a str, &'a Vec<String>>) -> BTreeSet<&'a str> {
    let mut closure = BTreeSet::new();
    let mut open = vec![name];
    while let Some(next) = open.pop() {
        if closure.insert(next) {
            open.extend(inherits.get(next).into_iter().copied().flatten().map(String::as_str));
        }
    }
    closure
}

/// The ids that reasons name: a rule without one is called by its effect and first ability, and by
/// a number from the second on.
fn rule_ids(rules: &[RuleDefinition]) -> Vec<String> {
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let mut ids = Vec::with_capacity(rules.len());
    for rule in rules {
        let id = rule.id.clone().unwrap_or_else(|| {
            let effect = if rule.effect == RuleEffect::Permit { "permit" } else { "forbid" };
            let base = format!("{effect} {}", rule.abilities.first().map_or("rule", |a| a));
            let copies = (2_u32..).map(|copy| format!("{base} {copy}"));
            let mut free = std::iter::once(base.clone()).chain(copies);
            free.find(|id| !taken.contains(id)).unwrap_or_default()
        });
        taken.insert(id.clone());
        ids.push(id);
    }
    ids
}
