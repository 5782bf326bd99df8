//! Who may, read from the roles and rules of a law as policy weighs them: default deny, what takes
//! away comes first, a superuser's role holds every grant, and a role has what it inherits.

use std::collections::BTreeSet;

use hos_core::id::Ability;
use hos_core::law::Law;
use hos_core::policy::{RoleDefinition, RuleDefinition, RuleEffect};
use hos_core::standing::AbilityPattern;

/// A role that may, held by itself: without memberships of other roles, grants and bans.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Holder<'a> {
    /// The role.
    pub role: &'a str,
    /// Always, or only where something holds.
    pub holding: Holding,
}

/// When a role holds an ability.
///
/// Exhaustive: a permission has conditions or none; a role that never may is no holder.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "with conditions or without")]
pub enum Holding {
    /// Always.
    Always,
    /// Where one of the first holds, if there are any, and none of the second.
    Where {
        /// Conditions of permits, as the law writes them.
        permits: BTreeSet<String>,
        /// Conditions of forbids.
        forbids: BTreeSet<String>,
    },
}

impl Holder<'_> {
    /// The role; with a star where it may not always.
    #[must_use]
    pub fn mark(&self) -> String {
        let star = if self.holding == Holding::Always { "" } else { "*" };
        format!("{}{star}", self.role)
    }
}

impl Holding {
    /// All conditions as one; none where there are none.
    #[must_use]
    pub fn condition(&self) -> Option<String> {
        let Self::Where { permits, forbids } = self else { return None };
        let any = match (permits.len(), permits.first()) {
            (1, Some(only)) if forbids.is_empty() => return Some(only.clone()),
            (0, _) => None,
            _ => Some(permits.iter().map(|c| format!("({c})")).collect::<Vec<_>>().join(" || ")),
        };
        let grouped = any.map(|any| match permits.len() > 1 && !forbids.is_empty() {
            true => format!("({any})"),
            false => any,
        });
        let not = forbids.iter().map(|condition| format!("!({condition})"));
        Some(grouped.into_iter().chain(not).collect::<Vec<_>>().join(" && "))
    }
}

/// The roles that hold an ability, as the law declares them.
pub(super) fn holders<'a>(law: &'a Law, ability: &Ability) -> Vec<Holder<'a>> {
    let about = |rule: &&RuleDefinition| {
        let patterns = rule.abilities.iter().filter_map(|text| AbilityPattern::parse(text).ok());
        patterns.into_iter().any(|pattern| pattern.matches(ability.as_str()))
    };
    let rules: Vec<&RuleDefinition> = law.definition().rules.iter().filter(about).collect();
    let holder = |role: &'a RoleDefinition| {
        let holding = holding(&closure(law, role), &rules)?;
        Some(Holder { role: role.name.as_str(), holding })
    };
    law.roles().iter().filter_map(holder).collect()
}

/// What the rules about an ability say to a role; none when it never may.
fn holding(roles: &[&RoleDefinition], rules: &[&RuleDefinition]) -> Option<Holding> {
    let (mut permits, mut forbids) = (BTreeSet::new(), BTreeSet::new());
    let mut always = roles.iter().any(|role| role.superuser);
    for rule in rules {
        // A forbid without roles is about every actor; a permit without roles is no law.
        let named = rule.roles.is_empty()
            || rule.roles.iter().any(|named| roles.iter().any(|role| role.name == *named));
        if !named {
            continue;
        }
        match (rule.effect, condition(rule)) {
            (RuleEffect::Forbid, None) => return None,
            (RuleEffect::Forbid, Some(condition)) => drop(forbids.insert(condition)),
            (RuleEffect::Permit, None) => always = true,
            (RuleEffect::Permit, Some(condition)) => drop(permits.insert(condition)),
        }
    }
    if always {
        permits.clear();
    }
    match (always, permits.is_empty(), forbids.is_empty()) {
        (false, true, _) => None,
        (true, _, true) => Some(Holding::Always),
        _ => Some(Holding::Where { permits, forbids }),
    }
}

/// A rule's condition in its canonical text.
fn condition(rule: &RuleDefinition) -> Option<String> {
    let expression = rule.when.as_ref()?.parse().ok()?;
    Some(expression.to_string())
}

/// A role and all that it inherits.
fn closure<'a>(law: &'a Law, role: &'a RoleDefinition) -> Vec<&'a RoleDefinition> {
    let mut closure: Vec<&RoleDefinition> = Vec::new();
    let mut open = vec![role];
    while let Some(role) = open.pop() {
        if closure.iter().any(|known| known.name == role.name) {
            continue;
        }
        closure.push(role);
        let inherited = |known: &&RoleDefinition| role.inherits.contains(&known.name);
        open.extend(law.roles().iter().filter(inherited));
    }
    closure
}
