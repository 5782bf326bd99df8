//! Grants of more, or to more, than one would name one by one.

use hos_core::policy::RuleEffect;

use super::view::{RuleView, View};
use super::{Finding, FindingCode};

pub(super) fn over_broad(view: &View<'_>, findings: &mut Vec<Finding>) {
    for (_, rule) in view.rules_of(RuleEffect::Permit) {
        let mut causes = Vec::new();
        causes.extend(everything(rule));
        causes.extend(own_abilities(rule));
        causes.extend(to_everyone(view, rule));
        if !causes.is_empty() {
            let message = format!("it grants {}", causes.join("; and "));
            findings.push(rule.finding(FindingCode::OverBroad, message));
        }
    }
}

/// OK because a permit to superusers alone was found idle before.
fn everything(rule: &RuleView<'_>) -> Option<String> {
    rule.definition.abilities.iter().any(|ability| ability == "*").then(|| {
        format!(
            "every ability, those of the law itself too, to `{}`; name the abilities, or make the \
             role a superuser's",
            rule.definition.roles.join(" ")
        )
    })
}

fn own_abilities(rule: &RuleView<'_>) -> Option<String> {
    rule.definition.abilities.iter().any(|ability| ability == "hos.*").then(|| {
        format!(
            "every ability of the law itself to `{}`, who may then grant themselves any other; \
             name the abilities",
            rule.definition.roles.join(" ")
        )
    })
}

/// What a role grants that no membership gives: every actor of a kind has it.
fn to_everyone(view: &View<'_>, rule: &RuleView<'_>) -> Option<String> {
    let about = rule.about.ones().filter_map(|at| view.law.roles().get(at));
    let kinds: Vec<&str> =
        about.filter_map(|role| role.implicit).map(|kind| kind.as_str()).collect();
    if kinds.is_empty() {
        return None;
    }
    let kinds = kinds.join(" and every ");
    let wildcards = rule.definition.abilities.iter().filter(|ability| ability.ends_with(".*"));
    let wildcards: Vec<&str> = wildcards.map(String::as_str).collect();
    if !wildcards.is_empty() {
        return Some(format!(
            "`{}`, and whatever is added to it, to every {kinds}; name the abilities",
            wildcards.join(" ")
        ));
    }
    if rule.when.is_some() {
        return None;
    }
    let weighty = |ability: &&hos_core::id::Ability| {
        ability.resource() == "hos" || view.law.rules().is_critical(ability.as_str())
    };
    let weighty: Vec<&str> =
        view.abilities_of(rule).filter(weighty).map(|ability| ability.as_str()).collect();
    (!weighty.is_empty()).then(|| {
        format!(
            "`{}`, critical or of the law itself, to every {kinds} without a condition; add one, \
             or grant it to a role that memberships give",
            weighty.join(" ")
        )
    })
}
