//! What a command would do: the first half of judging, and a dry run by itself.

use std::sync::Arc;

use super::{Judge, Permission, Refused, check_bag, refuse_faults};
use crate::actor::Actor;
use crate::command::{Command, STEPS_MAX, Step, Wish};
use crate::commit::Shadowed;
use crate::condition::{Environment, Nothing};
use crate::contract::{Action, Contract, failing};
use crate::error::{InputFault, Refusal};
use crate::id::{Ability, ActionName, State, Topic};
use crate::receipt::Effect;
use crate::standing::Standing;
use crate::subject::{Snapshot, Subject, SubjectView};
use crate::value::Attributes;

/// What a command would do: the answer of a dry run, and the first half of judging.
#[derive(Debug)]
pub struct Plan<'a> {
    pub(super) steps: Vec<PlannedStep<'a>>,
}

impl<'a> Plan<'a> {
    /// The steps, in the order of the command.
    #[must_use]
    pub fn steps(&self) -> &[PlannedStep<'a>] {
        &self.steps
    }

    /// Whether only a mode of `shadow` lets the command through.
    #[must_use]
    pub fn diverges(&self) -> bool {
        self.steps.iter().any(|step| step.permission.shadowed.is_some())
    }

    /// The abilities that only a mode of `shadow` lets through.
    pub(super) fn shadowed(&self) -> Vec<Shadowed> {
        let steps = self.steps.iter();
        steps.filter_map(|step| step.permission.shadowed(step.ability.as_str())).collect()
    }
}

/// What a command would do to one subject.
#[derive(Debug)]
pub struct PlannedStep<'a> {
    pub(super) step: &'a Step,
    pub(super) snapshot: &'a Snapshot,
    pub(super) contract: &'a Contract,
    pub(super) permission: Permission,
    /// What it needs.
    ability: &'a Ability,
    pub(super) action: ActionName,
    /// None leaves the subject as it is.
    pub(super) moved: Option<Moved<'a>>,
}

#[derive(Debug)]
pub(super) struct Moved<'a> {
    pub(super) entry: &'a Action,
    pub(super) changes: Attributes,
}

impl PlannedStep<'_> {
    /// Which subject.
    #[must_use]
    pub fn subject(&self) -> &Subject {
        &self.step.subject
    }

    /// What would be done.
    #[must_use]
    pub fn action(&self) -> &ActionName {
        &self.action
    }

    /// The state before.
    #[must_use]
    pub fn from(&self) -> &State {
        &self.snapshot.state
    }

    /// The state after.
    #[must_use]
    pub fn to(&self) -> &State {
        self.moved.as_ref().map_or(&self.snapshot.state, |moved| moved.entry.to())
    }

    pub(crate) fn contract(&self) -> &Contract {
        self.contract
    }

    /// Where it would be published.
    pub(crate) fn topics(&self) -> &[Topic] {
        self.moved.as_ref().map_or(&[], |moved| moved.entry.topics())
    }

    /// What it would leave of attributes; none where it would not move.
    pub(crate) fn attributes_after(&self) -> Option<Arc<Attributes>> {
        let moved = self.moved.as_ref()?;
        if moved.changes.is_empty() {
            return Some(Arc::clone(&self.snapshot.attributes));
        }
        let mut after = (*self.snapshot.attributes).clone();
        for (name, value) in moved.changes.iter() {
            after.set(name.clone(), value.clone());
        }
        Some(Arc::new(after))
    }

    /// Whether it would move.
    #[must_use]
    pub fn effect(&self) -> Effect {
        if self.moved.is_some() { Effect::Moved } else { Effect::Unchanged }
    }
}

impl<'a> Judge<'a> {
    /// What a command would do, without proof and without a key: a dry run.
    ///
    /// # Errors
    ///
    /// [`Refused`], in the order of the law: world open, subject exists, policy, unchanged,
    /// action exists from here, guards, revision.
    pub fn plan<'b>(
        &self,
        command: &'b Command,
        standing: &'b Standing,
    ) -> Result<Plan<'b>, Refused>
    where
        'a: 'b,
    {
        self.require_open(standing)?;
        self.require_not_banned(standing)?;
        self.check_steps(command)?;
        let steps = command.steps();
        let mut planned = Vec::with_capacity(steps.len());
        for (at, step) in steps.into_iter().enumerate() {
            let snapshot = standing.subjects.get(at).and_then(Option::as_ref);
            let snapshot = snapshot.filter(|_| standing.tenant_exists).ok_or(Refusal::NotFound)?;
            planned.push(self.plan_step(command, step, snapshot, standing)?);
        }
        Ok(Plan { steps: planned })
    }

    /// What can be said of the steps without looking at any subject.
    fn check_steps(&self, command: &Command) -> Result<(), Refusal> {
        let steps = command.steps();
        let mut faults = Vec::new();
        if steps.len() > STEPS_MAX {
            let message = format!("are more than {}", STEPS_MAX);
            faults.push(InputFault::new("steps", message));
        }
        let first = command.subject();
        for (at, step) in steps.iter().enumerate() {
            if step.subject.world != first.world || step.subject.tenant != first.tenant {
                return Err(Refusal::WorldMismatch);
            }
            if steps.iter().take(at).any(|other| other.subject == step.subject) {
                faults.push(InputFault::new("steps", format!("name `{}` twice", step.subject)));
            }
            self.check_wish(step, &mut faults);
        }
        refuse_faults(faults)
    }

    fn check_wish(&self, step: &Step, faults: &mut Vec<InputFault>) {
        let kind = &step.subject.kind;
        let mut versions = self.law.contracts().filter(|contract| contract.kind() == kind);
        let known = match &step.wish {
            Wish::Action(action) => versions.any(|contract| contract.action(action).is_some()),
            Wish::State(state) => versions.any(|contract| contract.resolve_state(state).is_some()),
        };
        if self.law.contract(kind.as_str()).is_none() {
            faults.push(InputFault::new("kind", format!("`{kind}` has no contract")));
        } else if !known {
            let (field, text) = match &step.wish {
                Wish::Action(action) => ("action", action),
                Wish::State(state) => ("to", state),
            };
            faults.push(InputFault::new(field, format!("`{text}` is not known to `{kind}`")));
        }
    }

    fn plan_step<'b>(
        &self,
        command: &'b Command,
        step: &'b Step,
        snapshot: &'b Snapshot,
        standing: &Standing,
    ) -> Result<PlannedStep<'b>, Refused>
    where
        'a: 'b,
    {
        let view = SubjectView::of(&step.subject, snapshot);
        let kind = step.subject.kind.as_str();
        let contract = self.law.contract_version(kind, snapshot.contract.as_str());
        // A live subject's is there, or known to another process alone; one that ended may have
        // outlived its version.
        let contract = contract.ok_or(Refusal::NotFound)?;
        let found = self.find(command, step, contract, &view, standing)?;
        let planned = |moved, action| PlannedStep {
            step,
            snapshot,
            contract,
            permission: found.permission,
            ability: found.ability,
            action,
            moved,
        };
        let Some(entry) = found.entry else {
            check_seen(step, snapshot)?;
            return Ok(planned(None, found.action));
        };
        let environment = Environment {
            actor: &command.actor,
            subject: &view,
            context: &Nothing,
            input: &step.input,
            facts: &step.facts,
            now: self.now,
        };
        let mut faults = Vec::new();
        let (input, facts) = (entry.input(), entry.facts());
        check_bag("input", &step.input, input.schema(), input.required(), &mut faults);
        check_bag("facts", &step.facts, facts.schema(), facts.required(), &mut faults);
        refuse_faults(faults)?;
        let failing = failing(entry.guards(), &environment);
        if !failing.is_empty() {
            return Err(Refusal::GuardFailed(failing).into());
        }
        check_seen(step, snapshot)?;
        let changes = entry.assign(&snapshot.attributes, &environment);
        Ok(planned(Some(Moved { entry, changes }), found.action))
    }

    /// The actions that an interface may offer: policy allows them and they start here.
    #[must_use]
    pub fn allowed_actions(
        &self,
        actor: &Actor,
        subject: &Subject,
        context: &Attributes,
        standing: &Standing,
    ) -> Vec<ActionName> {
        let snapshot = standing.subjects.first().and_then(Option::as_ref);
        let Some(snapshot) = snapshot else { return Vec::new() };
        if self.require_open(standing).is_err() || !standing.tenant_exists {
            return Vec::new();
        }
        let version = snapshot.contract.as_str();
        let Some(contract) = self.law.contract_version(subject.kind.as_str(), version) else {
            return Vec::new();
        };
        let view = SubjectView::of(subject, snapshot);
        let may = |entry: &&Action| {
            self.permit(actor, entry.ability().as_str(), &view, context, standing).is_some()
        };
        let entries = contract.actions_from(snapshot.state.as_str()).filter(may);
        entries.map(|entry| entry.name().clone()).collect()
    }
}

pub(super) fn check_seen(step: &Step, snapshot: &Snapshot) -> Result<(), Refusal> {
    match step.seen {
        Some(seen) if seen != snapshot.revision => {
            Err(Refusal::StaleRevision { seen, current: snapshot.revision })
        }
        _ => Ok(()),
    }
}
