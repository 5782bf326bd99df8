//! Who may, read from the roles and rules of a law as policy weighs them: default deny, what takes
//! away comes first, a superuser's role holds every grant, and a role has what it inherits.

use std::collections::BTreeSet;

use hos_core::law::Law;
use hos_core::policy::{RoleDefinition, RuleDefinition, RuleEffect};

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

/// The roles that hold an ability, in the order of the law.
#[must_use]
pub fn holders<'a>(law: &'a Law, ability: &str) -> Vec<Holder<'a>> {
    let rules = about(law, ability);
    let holder = |role: &'a RoleDefinition| {
        let holding = weigh(law, &role.name, &rules)?;
        Some(Holder { role: role.name.as_str(), holding })
    };
    let roles = law.roles().iter().filter(|_| law.rules().knows(ability));
    roles.filter_map(holder).collect()
}

/// When a role by itself holds an ability; none when it never does, and for a role or an ability
/// that the law does not know.
///
/// ```
/// use hos_core::law::Law;
/// use hos_inspect::holders::{Holding, holding};
///
/// let law = Law::builder("shop", "1")
///     .roles(["clerk"])
///     .allow_if("order.cancel", ["clerk"], "actor.id != 'trainee'")
///     .build()?;
/// let clerk = holding(&law, "clerk", "order.cancel");
/// let condition = clerk.as_ref().and_then(Holding::condition);
/// assert_eq!(condition.as_deref(), Some("actor.id != \"trainee\""));
/// assert_eq!(holding(&law, "clerk", "order.sell"), None);
/// # Ok::<(), hos_core::error::LawError>(())
/// ```
#[must_use]
pub fn holding(law: &Law, role: &str, ability: &str) -> Option<Holding> {
    let known = law.rules().knows(ability).then(|| about(law, ability))?;
    weigh(law, role, &known)
}

/// The rules about an ability, each with its condition in its canonical text.
fn about<'a>(law: &'a Law, ability: &str) -> Vec<(&'a RuleDefinition, Option<String>)> {
    let rules = law.definition().rules.iter().filter(|rule| rule.names(ability));
    rules.map(|rule| (rule, rule.condition().map(|condition| condition.to_string()))).collect()
}

/// What the rules about an ability say to a role.
fn weigh(law: &Law, role: &str, rules: &[(&RuleDefinition, Option<String>)]) -> Option<Holding> {
    let inherited = law.inherited(role);
    if inherited.is_empty() {
        return None;
    }
    let (mut permits, mut forbids) = (BTreeSet::new(), BTreeSet::new());
    let mut always = law.rules().is_superuser(role);
    for (rule, condition) in rules {
        // A forbid without roles is about every actor; a permit without roles is no law.
        let named = rule.roles.is_empty()
            || rule.roles.iter().any(|named| inherited.iter().any(|role| role.name == *named));
        if !named {
            continue;
        }
        match (rule.effect, condition.clone()) {
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
