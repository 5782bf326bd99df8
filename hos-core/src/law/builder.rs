//! Builds laws in code.

use std::time::Duration;

use super::{Law, LawDefinition, MigrationDefinition};
use crate::contract::{Contract, Written};
use crate::error::LawError;
use crate::policy::{RoleDefinition, RuleDefinition, RuleEffect};
use crate::value::Type;

/// Builds a [`Law`] in code.
///
/// ```
/// use hos_core::contract::{ActionDefinition, Contract};
/// use hos_core::law::Law;
/// use hos_core::value::Type;
///
/// let order = Contract::builder("order", "1")
///     .states(["pending", "cancelled"])
///     .initial("pending")
///     .terminal(["cancelled"])
///     .attribute("customer", Type::String)
///     .open("order.create", ["customer"])
///     .action(ActionDefinition::new("cancel", ["pending"], "cancelled", "order.cancel"))
///     .build()?;
/// let law = Law::builder("pazar", "2026-12-01")
///     .roles(["owner", "customer"])
///     .allow("order.*", ["owner"])
///     .allow_if("order.cancel", ["customer"], "subject.customer == actor.id")
///     .contract(order)
///     .build()?;
/// assert!(law.rules().knows("order.cancel"));
/// # Ok::<(), hos_core::error::LawError>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct LawBuilder {
    pub(super) definition: LawDefinition,
}

impl LawBuilder {
    /// Declares roles.
    pub fn roles<R: Into<RoleDefinition>>(mut self, roles: impl IntoIterator<Item = R>) -> Self {
        self.definition.roles.extend(roles.into_iter().map(Into::into));
        self
    }

    /// Grants an ability, `resource.*` or `*` to roles.
    pub fn allow<S: Into<String>>(self, ability: &str, roles: impl IntoIterator<Item = S>) -> Self {
        self.rule(RuleEffect::Permit, ability, roles, None)
    }

    /// Grants to roles where a condition holds.
    pub fn allow_if<S: Into<String>>(
        self,
        ability: &str,
        roles: impl IntoIterator<Item = S>,
        when: impl Into<Written>,
    ) -> Self {
        self.rule(RuleEffect::Permit, ability, roles, Some(when.into()))
    }

    /// Takes away from roles, whatever grants; from every actor when no roles are named.
    pub fn forbid<S: Into<String>>(
        self,
        ability: &str,
        roles: impl IntoIterator<Item = S>,
    ) -> Self {
        self.rule(RuleEffect::Forbid, ability, roles, None)
    }

    /// Takes away where a condition holds.
    pub fn forbid_if<S: Into<String>>(
        self,
        ability: &str,
        roles: impl IntoIterator<Item = S>,
        when: impl Into<Written>,
    ) -> Self {
        self.rule(RuleEffect::Forbid, ability, roles, Some(when.into()))
    }

    fn rule<S: Into<String>>(
        mut self,
        effect: RuleEffect,
        ability: &str,
        roles: impl IntoIterator<Item = S>,
        when: Option<Written>,
    ) -> Self {
        self.definition.rules.push(RuleDefinition {
            id: None,
            effect,
            abilities: vec![ability.to_owned()],
            roles: roles.into_iter().map(Into::into).collect(),
            when,
        });
        self
    }

    /// Declares an ability that no permit and no contract names.
    pub fn ability(mut self, ability: &str) -> Self {
        self.definition.abilities.push(ability.to_owned());
        self
    }

    /// Marks abilities whose denied attempts leave evidence.
    pub fn critical<S: Into<String>>(mut self, abilities: impl IntoIterator<Item = S>) -> Self {
        self.definition.critical.extend(abilities.into_iter().map(Into::into));
        self
    }

    /// Declares a claim of actors.
    pub fn claim(mut self, name: &str, type_: Type) -> Self {
        self.definition.actor.insert(name.to_owned(), type_);
        self
    }

    /// Declares a name in the context of requests.
    pub fn context(mut self, name: &str, type_: Type) -> Self {
        self.definition.context.insert(name.to_owned(), type_);
        self
    }

    /// How long a command key is kept.
    pub fn key_retention(mut self, retention: Duration) -> Self {
        self.definition.key_retention_seconds = retention.as_secs();
        self
    }

    /// Adds a contract; of one kind, the last is current.
    pub fn contract(mut self, contract: Contract) -> Self {
        self.definition.contracts.push(contract.into_definition());
        self
    }

    /// Says what becomes of live subjects of one contract version under another.
    pub fn migration(mut self, migration: MigrationDefinition) -> Self {
        self.definition.migrations.push(migration);
        self
    }

    /// Validates.
    ///
    /// # Errors
    ///
    /// As [`Law::new`].
    pub fn build(self) -> Result<Law, LawError> {
        Law::new(&self.definition)
    }
}
