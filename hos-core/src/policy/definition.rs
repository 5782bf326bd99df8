//! Roles and rules as plain data: what a file holds and what the builder fills.

use serde::{Deserialize, Serialize};

use crate::actor::ActorKind;
use crate::condition::Expression;
use crate::contract::Written;

/// A role before it is validated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleDefinition {
    /// The name.
    pub name: String,
    /// The roles whose grants it has too.
    #[serde(default)]
    pub inherits: Vec<String>,
    /// Whether memberships of it are in the whole world instead of one tenant.
    #[serde(default)]
    pub world: bool,
    /// Whether it holds every grant. Forbids, bans, contracts and proofs still bind.
    #[serde(default)]
    pub superuser: bool,
    /// The kind of actor that has it without a membership.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub implicit: Option<ActorKind>,
}

impl RoleDefinition {
    /// A role that a membership in one tenant gives.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            inherits: Vec::new(),
            world: false,
            superuser: false,
            implicit: None,
        }
    }

    /// A role of the whole world that holds every grant.
    #[must_use]
    pub fn superuser(name: &str) -> Self {
        Self { world: true, superuser: true, ..Self::new(name) }
    }

    /// A role of the whole world.
    #[must_use]
    pub fn world(name: &str) -> Self {
        Self { world: true, ..Self::new(name) }
    }

    /// A role that every actor of a kind has, in every tenant.
    #[must_use]
    pub fn implicit(name: &str, kind: ActorKind) -> Self {
        Self { implicit: Some(kind), ..Self::new(name) }
    }

    /// Has the grants of another role too.
    #[must_use]
    pub fn inherits(mut self, role: &str) -> Self {
        self.inherits.push(role.to_owned());
        self
    }
}

impl From<&str> for RoleDefinition {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

/// Whether a rule permits or forbids.
///
/// Exhaustive: forbid beats permit, and there is no third.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "a rule permits or forbids")]
pub enum RuleEffect {
    /// Grants.
    Permit,
    /// Takes away, whatever grants.
    Forbid,
}

impl RuleEffect {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Permit => "permit",
            Self::Forbid => "forbid",
        }
    }
}

/// A rule before it is validated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleDefinition {
    /// The id that reasons name; made from the first ability when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Whether it permits or forbids.
    pub effect: RuleEffect,
    /// `order.cancel`, `order.*` or `*`.
    pub abilities: Vec<String>,
    /// The roles that it is about. A forbid without roles is about every actor.
    #[serde(default)]
    pub roles: Vec<String>,
    /// What must hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Written>,
}

impl RuleDefinition {
    /// Whether it is about an ability, by name or by a wildcard.
    #[must_use]
    pub fn names(&self, ability: &str) -> bool {
        self.abilities.iter().any(|text| match text.strip_suffix('*') {
            None => text == ability,
            Some(resource) => {
                resource.is_empty() || resource.ends_with('.') && ability.starts_with(resource)
            }
        })
    }

    /// What must hold; none for a rule that always does. The rules of a law parse.
    #[must_use]
    pub fn condition(&self) -> Option<Expression> {
        self.when.as_ref()?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standing::AbilityPattern;

    #[test]
    fn a_rule_names_what_its_patterns_match() {
        for text in ["order.pay", "order.*", "*", "*.pay", "orders.*", "order.p*", ".*", "", "**"] {
            let rule = RuleDefinition {
                id: None,
                effect: RuleEffect::Permit,
                abilities: vec![text.to_owned()],
                roles: Vec::new(),
                when: None,
            };
            for ability in ["order.pay", "orders.pay", "order.refund"] {
                let matches = AbilityPattern::parse(text).is_ok_and(|one| one.matches(ability));
                assert_eq!(rule.names(ability), matches, "{text} {ability}");
            }
        }
    }
}
