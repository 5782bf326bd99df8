//! Rules that others make idle: permits that forbids cover, and rules that say what others say.

use std::collections::{BTreeMap, BTreeSet};

use hos_core::condition::Expression;
use hos_core::id::Ability;
use hos_core::policy::RuleEffect;

use super::satisfy::{Domains, may_hold};
use super::view::{RuleView, View};
use super::{Finding, FindingCode};

/// The most rules that one message names.
const NAMED_MAX: usize = 3;

/// A permit that never grants: whoever it is about, and whatever for, some forbid binds too, and
/// leaves no case.
pub(super) fn contradictory(view: &mut View<'_>, findings: &mut Vec<Finding>) {
    let domains = view.domains();
    let mut found = Vec::new();
    for (at, rule) in view.rules.iter().enumerate() {
        if rule.idle || !rule.is_permit() {
            continue;
        }
        let Some(forbids) = covering_forbids(view, rule, &domains) else { continue };
        let message = format!(
            "it never grants: {} takes away all of it; remove the permit, or say in the forbid \
             what it leaves",
            names(&forbids)
        );
        findings.push(rule.finding(FindingCode::ContradictoryRules, message));
        found.push(at);
    }
    view.set_idle(&found);
}

/// The forbids that leave no case of a permit, or none.
fn covering_forbids<'v>(
    view: &'v View<'_>,
    permit: &RuleView<'_>,
    domains: &Domains,
) -> Option<Vec<&'v str>> {
    let mut covering = BTreeSet::new();
    let mut proven: BTreeSet<Vec<usize>> = BTreeSet::new();
    let roles: Vec<&String> = permit
        .definition
        .roles
        .iter()
        .filter(|role| !view.law.rules().is_superuser(role))
        .collect();
    for ability in &permit.abilities {
        for role in &roles {
            let bind = view.forbids(ability, role);
            let at: Vec<usize> = bind.iter().map(|(at, _)| *at).collect();
            if bind.is_empty() || !proven.contains(&at) && grants(permit, &bind, domains) {
                return None;
            }
            proven.insert(at);
            covering.extend(bind.into_iter().map(|(at, rule)| (at, rule.id)));
        }
    }
    Some(covering.into_iter().map(|(_, id)| id).collect())
}

/// Whether a permit may hold where none of these forbids does.
pub(super) fn grants(
    permit: &RuleView<'_>,
    forbids: &[(usize, &RuleView<'_>)],
    domains: &Domains,
) -> bool {
    let mut all: Vec<(&Expression, bool)> = permit.when.iter().map(|when| (when, true)).collect();
    for (_, forbid) in forbids {
        match &forbid.when {
            None => return false,
            Some(when) => all.push((when, false)),
        }
    }
    may_hold(&all, domains)
}

/// A rule that changes no answer: all that it says is said by others without a condition, or under
/// the same. Of rules that say the same the first stays.
pub(super) fn shadowed(view: &mut View<'_>, findings: &mut Vec<Finding>) {
    let mut said = said(view);
    let mut order: Vec<usize> = (0..view.rules.len()).rev().collect();
    // Conditional rules first: what makes them idle has no condition and outlives them.
    order.sort_by_key(|at| view.rules.get(*at).is_none_or(|rule| rule.when.is_none()));
    let mut found = BTreeMap::new();
    for at in order {
        let Some(rule) = view.rules.get(at).filter(|rule| !rule.idle) else { continue };
        if !is_covered(view, rule, &said) {
            continue;
        }
        for key in keys(view, rule) {
            if let Some(count) = said.get_mut(&key) {
                *count = count.saturating_sub(1);
            }
        }
        let message = format!(
            "it changes no answer: {} already {} the same abilities for the same roles; remove \
             one of them",
            names(&covering_rules(view, at, rule)),
            if rule.is_permit() { "grants" } else { "takes away" },
        );
        found.insert(at, rule.finding(FindingCode::ShadowedRule, message));
        view.set_idle(&[at]);
    }
    findings.extend(found.into_values());
}

/// What a rule says to one role about one ability, under which condition.
type Key = (RuleEffect, Option<String>, Ability, String);

/// Stands for whoever has no role, which forbids without roles are about too.
const NOBODY: &str = "";

/// How many rules say each thing.
fn said(view: &View<'_>) -> BTreeMap<Key, u32> {
    let mut said = BTreeMap::new();
    for rule in view.rules.iter().filter(|rule| !rule.idle) {
        for key in keys(view, rule) {
            let count: &mut u32 = said.entry(key).or_default();
            *count = count.saturating_add(1);
        }
    }
    said
}

fn keys(view: &View<'_>, rule: &RuleView<'_>) -> Vec<Key> {
    let roles = view.law.roles().iter().map(|role| role.name.as_str());
    let about = roles.chain([NOBODY]).filter(|role| view.is_about(rule, role));
    let when = rule.when.as_ref().map(ToString::to_string);
    let effect = rule.definition.effect;
    let key = |role: &str| {
        let key = |ability: &Ability| (effect, when.clone(), ability.clone(), role.to_owned());
        rule.abilities.iter().map(key).collect::<Vec<_>>()
    };
    about.flat_map(key).collect()
}

/// Whether others say all that a rule says to the roles that it names.
fn is_covered(view: &View<'_>, rule: &RuleView<'_>, said: &BTreeMap<Key, u32>) -> bool {
    let effect = rule.definition.effect;
    let when = rule.when.as_ref().map(ToString::to_string);
    let targets = targets(view, rule);
    rule.abilities.iter().all(|ability| {
        targets.iter().all(|role| {
            let count = |when: Option<String>| {
                let key = (effect, when, ability.clone(), (*role).to_owned());
                said.get(&key).copied().unwrap_or_default()
            };
            // Its own saying is counted too.
            count(when.clone()) > 1 || when.is_some() && count(None) > 0
        })
    })
}

/// Whoever has another role that the rule is about has one of these by inheritance.
fn targets<'r>(view: &View<'_>, rule: &'r RuleView<'_>) -> Vec<&'r str> {
    if rule.definition.roles.is_empty() {
        return vec![NOBODY];
    }
    let roles = rule.definition.roles.iter().map(String::as_str);
    roles.filter(|role| !rule.is_permit() || !view.law.rules().is_superuser(role)).collect()
}

/// The rules that say some of what a rule says.
fn covering_rules<'v>(view: &'v View<'_>, at: usize, rule: &RuleView<'_>) -> Vec<&'v str> {
    let targets = targets(view, rule);
    let text = |rule: &RuleView<'_>| rule.when.as_ref().map(ToString::to_string);
    let when = text(rule);
    let covers = |(other_at, other): &(usize, &RuleView<'_>)| {
        *other_at != at
            && !other.idle
            && other.definition.effect == rule.definition.effect
            && (other.when.is_none() || text(other) == when)
            && !other.abilities.is_disjoint(&rule.abilities)
            && targets.iter().any(|role| view.is_about(other, role))
    };
    let covering = view.rules.iter().enumerate().filter(covers);
    covering.map(|(_, other)| other.id).collect()
}

fn names(ids: &[&str]) -> String {
    let mut named: Vec<String> = ids.iter().take(NAMED_MAX).map(|id| format!("`{id}`")).collect();
    if ids.len() > NAMED_MAX {
        named.push(format!("{} more", ids.len() - NAMED_MAX));
    }
    named.join(" and ")
}
