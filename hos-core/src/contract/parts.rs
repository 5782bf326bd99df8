//! What a contract is made of: openings, actions, guards, fields, timers.

use std::time::Duration;

use crate::condition::{Checked, Condition, Environment};
use crate::id::{Ability, ActionName, Name, State, Topic};
use crate::value::{Attributes, Schema};

/// How a subject comes under its contract.
#[derive(Debug, Clone)]
pub struct Open {
    pub(super) ability: Ability,
    pub(super) required: Vec<Name>,
    pub(super) guards: Vec<Guard>,
    pub(super) topics: Vec<Topic>,
}

/// What a button does: a move from some states to one, and the ability that it needs.
#[derive(Debug, Clone)]
pub struct Action {
    pub(super) name: ActionName,
    pub(super) from: Vec<State>,
    pub(super) to: State,
    pub(super) ability: Ability,
    pub(super) input: Fields,
    pub(super) facts: Fields,
    pub(super) guards: Vec<Guard>,
    pub(super) set: Vec<(Name, Checked)>,
    pub(super) topics: Vec<Topic>,
    pub(super) proof: Option<Name>,
    pub(super) critical: bool,
}

/// A condition with the code that a refusal lists.
#[derive(Debug, Clone)]
pub struct Guard {
    pub(super) code: Name,
    pub(super) condition: Condition,
}

/// The declared input or facts of an action.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    pub(super) schema: Schema,
    pub(super) required: Vec<Name>,
}

/// After so long in a state, a job does the action.
#[derive(Debug, Clone)]
pub struct Timer {
    pub(super) state: State,
    pub(super) after: Duration,
    pub(super) action: ActionName,
}

impl Open {
    /// What an actor needs to open one.
    #[must_use]
    pub fn ability(&self) -> &Ability {
        &self.ability
    }

    /// The attributes that must be given.
    #[must_use]
    pub fn required(&self) -> &[Name] {
        &self.required
    }

    /// The conditions on a fresh subject.
    #[must_use]
    pub fn guards(&self) -> &[Guard] {
        &self.guards
    }

    /// Where an opening is published.
    #[must_use]
    pub fn topics(&self) -> &[Topic] {
        &self.topics
    }
}

impl Action {
    /// The name.
    #[must_use]
    pub fn name(&self) -> &ActionName {
        &self.name
    }

    /// The states that it starts in.
    #[must_use]
    pub fn from(&self) -> &[State] {
        &self.from
    }

    /// Whether it starts in this state.
    #[must_use]
    pub fn starts_in(&self, state: &str) -> bool {
        self.from.iter().any(|from| from == state)
    }

    /// The state that it leads to.
    #[must_use]
    pub fn to(&self) -> &State {
        &self.to
    }

    /// What an actor needs.
    #[must_use]
    pub fn ability(&self) -> &Ability {
        &self.ability
    }

    /// The declared input: the client's.
    #[must_use]
    pub fn input(&self) -> &Fields {
        &self.input
    }

    /// The declared facts: observed by the world, for guards and assignments only.
    #[must_use]
    pub fn facts(&self) -> &Fields {
        &self.facts
    }

    /// The guards.
    #[must_use]
    pub fn guards(&self) -> &[Guard] {
        &self.guards
    }

    /// Where a move is published.
    #[must_use]
    pub fn topics(&self) -> &[Topic] {
        &self.topics
    }

    /// The world's own name for the proof of this move.
    #[must_use]
    pub fn proof(&self) -> Option<&Name> {
        self.proof.as_ref()
    }

    /// Whether an attempt that is denied leaves evidence.
    #[must_use]
    pub fn is_critical(&self) -> bool {
        self.critical
    }

    /// The attributes after the move, and those of them that changed.
    ///
    /// An assignment whose source is absent leaves its attribute as it was.
    pub(crate) fn assign(&self, before: &Attributes, environment: &Environment<'_>) -> Attributes {
        let mut changes = Attributes::new();
        for (name, source) in &self.set {
            if let Ok(value) = source.evaluate(environment)
                && before.get(name.as_str()) != Some(&value)
            {
                changes.set(name.clone(), value);
            }
        }
        changes
    }
}

impl Guard {
    /// The code that a refusal lists.
    #[must_use]
    pub fn code(&self) -> &Name {
        &self.code
    }

    /// What must hold.
    #[must_use]
    pub fn condition(&self) -> &Condition {
        &self.condition
    }
}

/// The codes of the guards that do not hold; one that errs does not hold.
pub(crate) fn failing(guards: &[Guard], environment: &Environment<'_>) -> Vec<Name> {
    let fails = |guard: &&Guard| !matches!(guard.condition.holds(environment), Ok(true));
    guards.iter().filter(fails).map(|guard| guard.code.clone()).collect()
}

impl Fields {
    /// Names and types.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The names that must be given.
    #[must_use]
    pub fn required(&self) -> &[Name] {
        &self.required
    }
}

impl Timer {
    /// The state that it runs in.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// How long after the subject entered the state.
    #[must_use]
    pub fn after(&self) -> Duration {
        self.after
    }

    /// What the job does then.
    #[must_use]
    pub fn action(&self) -> &ActionName {
        &self.action
    }
}
