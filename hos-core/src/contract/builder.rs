//! Builds contracts in code.

use std::time::Duration;

use super::Contract;
use super::definition::{ActionDefinition, ContractDefinition, GuardDefinition, TimerDefinition};
use crate::error::LawError;
use crate::value::Type;

/// Builds a [`Contract`] in code.
#[derive(Debug, Clone)]
#[must_use]
pub struct ContractBuilder(pub(super) ContractDefinition);

impl ContractBuilder {
    /// The states.
    pub fn states<S: Into<String>>(mut self, states: impl IntoIterator<Item = S>) -> Self {
        self.0.states.extend(states.into_iter().map(Into::into));
        self
    }

    /// The state of a fresh subject.
    pub fn initial(mut self, state: &str) -> Self {
        state.clone_into(&mut self.0.initial);
        self
    }

    /// The states that nothing leaves.
    pub fn terminal<S: Into<String>>(mut self, states: impl IntoIterator<Item = S>) -> Self {
        self.0.terminal.extend(states.into_iter().map(Into::into));
        self
    }

    /// Declares an attribute.
    pub fn attribute(mut self, name: &str, type_: Type) -> Self {
        self.0.attributes.insert(name.to_owned(), type_);
        self
    }

    /// What opening needs: an ability, and attributes that must be given.
    pub fn open<S: Into<String>>(
        mut self,
        ability: &str,
        required: impl IntoIterator<Item = S>,
    ) -> Self {
        ability.clone_into(&mut self.0.open.ability);
        self.0.open.required = required.into_iter().map(Into::into).collect();
        self
    }

    /// A condition on a fresh subject.
    pub fn open_guard(mut self, code: &str, when: &str) -> Self {
        self.0.open.guards.push(GuardDefinition::new(code, when));
        self
    }

    /// Where an opening is published.
    pub fn open_topic(mut self, topic: &str) -> Self {
        self.0.open.topics.push(topic.to_owned());
        self
    }

    /// Adds an action; the order is the catalogue's.
    pub fn action(mut self, action: ActionDefinition) -> Self {
        self.0.actions.push(action);
        self
    }

    /// After so long in a state, a job does the action.
    pub fn timer(mut self, state: &str, after: Duration, action: &str) -> Self {
        self.0.timers.push(TimerDefinition {
            state: state.to_owned(),
            after_seconds: after.as_secs(),
            action: action.to_owned(),
        });
        self
    }

    /// An old name of a state, accepted on input only.
    pub fn alias(mut self, old: &str, state: &str) -> Self {
        self.0.aliases.insert(old.to_owned(), state.to_owned());
        self
    }

    /// Validates.
    ///
    /// # Errors
    ///
    /// As [`Contract::new`].
    pub fn build(self) -> Result<Contract, LawError> {
        Contract::new(self.0)
    }
}
