//! Rules that others make idle: permits that forbids cover, and rules that say what others say.

mod said;

use std::collections::BTreeMap;

use fixedbitset::FixedBitSet;
use hos_core::policy::RuleEffect;

use super::cases::{Cases, grants};
use super::satisfy::{Budget, Domains};
use super::view::{RuleView, View};
use super::{Finding, FindingCode};
use said::Said;

/// The most rules that one message names.
const NAMED_MAX: usize = 3;

/// A permit that never grants: whoever it is about, and whatever for, some forbid binds too, and
/// leaves no case.
pub(super) fn contradictory(view: &mut View<'_>, budget: &mut Budget, findings: &mut Vec<Finding>) {
    let domains = view.domains();
    let cases = Cases::new(view);
    let mut found = Vec::new();
    for (at, permit) in view.rules_of(RuleEffect::Permit) {
        let covering = covering_forbids(view, permit, &cases, &domains, budget);
        let Some(forbids) = covering else { continue };
        let ids = forbids.ones().filter_map(|at| view.rules.get(at)).map(|rule| rule.id);
        let message = format!(
            "it never grants: {} takes away all of it; remove the permit, or say in the forbid \
             what it leaves",
            names(&ids.collect::<Vec<_>>())
        );
        findings.push(permit.finding(FindingCode::ContradictoryRules, message));
        found.push(at);
    }
    view.set_idle(&found);
}

/// The forbids that leave no case of a permit, or none.
fn covering_forbids(
    view: &View<'_>,
    permit: &RuleView<'_>,
    cases: &Cases,
    domains: &Domains,
    budget: &mut Budget,
) -> Option<FixedBitSet> {
    let bound = cases.of_rule(permit);
    let all = || bound.ones().filter_map(|case| cases.forbids(case));
    if all().any(FixedBitSet::is_clear) {
        return None;
    }
    let mut covering = FixedBitSet::with_capacity(view.rules.len());
    for forbids in all() {
        if grants(view, permit, forbids, domains, budget) {
            return None;
        }
        covering.union_with(forbids);
    }
    Some(covering)
}

/// A rule that changes no answer: all that it says is said by others without a condition, or under
/// the same. Of rules that say the same the first stays.
pub(super) fn shadowed(view: &mut View<'_>, findings: &mut Vec<Finding>) {
    let mut found = BTreeMap::new();
    for effect in [RuleEffect::Permit, RuleEffect::Forbid] {
        let mut plain = Vec::new();
        let mut conditional: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, rule) in view.rules_of(effect) {
            match &rule.when {
                None => plain.push(at),
                Some(when) => conditional.entry(when.to_string()).or_default().push(at),
            }
        }
        let said = Said::by(view, &plain);
        // Conditional rules first: what makes them idle has no condition and outlives them.
        for alike in conditional.values() {
            let said_alike = Said::by(view, alike);
            of_one_condition(view, alike, said_alike, Some((&plain, &said)), &mut found);
        }
        of_one_condition(view, &plain, said, None, &mut found);
    }
    findings.extend(found.into_values());
}

/// Rules of one effect and condition, and those of the effect without a condition.
fn of_one_condition(
    view: &mut View<'_>,
    alike: &[usize],
    mut said: Said,
    plain: Option<(&[usize], &Said)>,
    found: &mut BTreeMap<usize, Finding>,
) {
    for at in alike.iter().rev() {
        let Some(rule) = view.rules.get(*at) else { continue };
        // Its own saying is counted too.
        let covered = |role: usize, ability: usize| {
            said.count(role, ability) > 1
                || plain.is_some_and(|(_, said)| said.count(role, ability) > 0)
        };
        let mut targets = rule.targets.ones();
        if !targets.all(|role| rule.abilities.ones().all(|ability| covered(role, ability))) {
            continue;
        }
        said.forget(rule);
        let mut others = [alike, plain.map_or(&[], |(plain, _)| plain)].concat();
        others.sort_unstable();
        let message = format!(
            "it changes no answer: {} already {} the same abilities for the same roles; remove \
             one of them",
            names(&covering_rules(view, *at, rule, &others)),
            if rule.is_permit() { "grants" } else { "takes away" },
        );
        found.insert(*at, rule.finding(FindingCode::ShadowedRule, message));
        view.set_idle(&[*at]);
    }
}

/// Of some rules those that say some of what a rule says.
fn covering_rules<'a>(
    view: &View<'a>,
    at: usize,
    rule: &RuleView<'_>,
    others: &[usize],
) -> Vec<&'a str> {
    let covers = |other: &&RuleView<'_>| {
        !other.idle
            && !other.abilities.is_disjoint(&rule.abilities)
            && !other.about.is_disjoint(&rule.targets)
    };
    let others = others.iter().filter(|other| **other != at);
    others.filter_map(|other| view.rules.get(*other)).filter(covers).map(|rule| rule.id).collect()
}

fn names(ids: &[&str]) -> String {
    let mut named: Vec<String> = ids.iter().take(NAMED_MAX).map(|id| format!("`{id}`")).collect();
    if ids.len() > NAMED_MAX {
        named.push(format!("{} more", ids.len() - NAMED_MAX));
    }
    named.join(" and ")
}
