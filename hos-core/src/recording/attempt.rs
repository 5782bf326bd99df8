//! What was attempted, where a decision was made for a transition.

use serde::{Deserialize, Serialize};

use super::record::SubjectRecord;
use crate::command::{Command, Step, Wish};
use crate::error::Refusal;
use crate::id::Name;
use crate::judge::{Plan, Refused};
use crate::receipt::Effect;
use crate::value::Attributes;

/// What was attempted, and what came of it as if every ability were enforced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttemptRecord {
    /// What was to become of the record's subject.
    pub wish: WishRecord,
    /// What was to become of others in the same commit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<AlsoRecord>,
    /// Whether the world was closed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub world_closed: bool,
    /// `moved`, `unchanged`, or the code of the refusal.
    pub outcome: String,
    /// The guards that failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub guards: Vec<Name>,
}

/// What was to become of one subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WishRecord {
    /// The action that was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Or the state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The client's input.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    pub input: Attributes,
    /// What the world observed.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    pub facts: Attributes,
    /// The revision that the caller saw.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<u64>,
}

/// Another subject of the same commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlsoRecord {
    /// As it was.
    pub subject: SubjectRecord,
    /// What was to become of it.
    pub wish: WishRecord,
}

impl AttemptRecord {
    /// `subjects` are those of the steps, in order; `without` leaves out what is redacted.
    pub(super) fn new(
        command: &Command,
        subjects: Vec<SubjectRecord>,
        is_closed: bool,
        planned: &Result<Plan<'_>, Refused>,
        without: impl Fn(&Step) -> (Attributes, Attributes),
    ) -> Self {
        let wish = |step: &Step| {
            let (input, facts) = without(step);
            let (action, to) = match &step.wish {
                Wish::Action(action) => (Some(action.clone()), None),
                Wish::State(state) => (None, Some(state.clone())),
            };
            WishRecord { action, to, input, facts, seen: step.seen }
        };
        let steps = command.steps().into_iter().zip(subjects);
        let (outcome, guards) = match planned {
            Ok(plan) if plan.steps().iter().any(|step| step.effect() == Effect::Moved) => {
                ("moved", Vec::new())
            }
            Ok(_) => ("unchanged", Vec::new()),
            Err(Refused { refusal: Refusal::GuardFailed(guards), .. }) => {
                ("guard_failed", guards.clone())
            }
            Err(refused) => (refused.refusal.code(), Vec::new()),
        };
        Self {
            wish: wish(&command.first),
            also: steps
                .skip(1)
                .map(|(step, subject)| AlsoRecord { subject, wish: wish(step) })
                .collect(),
            world_closed: is_closed,
            outcome: outcome.to_owned(),
            guards,
        }
    }

    /// Whether it was let through, as if it had been enforced.
    #[must_use]
    pub fn was_allowed(&self) -> bool {
        matches!(self.outcome.as_str(), "moved" | "unchanged")
    }

    /// Every bag of values, with what it is called.
    pub(super) fn bags(&self) -> impl Iterator<Item = (&'static str, &Attributes)> {
        let wishes = std::iter::once(&self.wish).chain(self.also.iter().map(|also| &also.wish));
        let wished = wishes.flat_map(|wish| [("input", &wish.input), ("facts", &wish.facts)]);
        wished.chain(self.also.iter().map(|also| ("subject", &also.subject.attributes)))
    }
}
