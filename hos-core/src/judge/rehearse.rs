//! Why can this not be done? Everything that stands in the way, not the first thing alone.

mod beginning;

use super::find::{entries, impossible};
use super::plan::check_seen;
use super::{Judge, check_bag};
use crate::actor::Actor;
use crate::command::{Command, Envelope, STEPS_MAX, Step};
use crate::condition::{Environment, Lookup, Nothing};
use crate::contract::{Action, failing};
use crate::error::Refusal;
use crate::id::{ActionName, State};
use crate::policy::{Reason, ReasonCode};
use crate::standing::Standing;
use crate::subject::{Subject, SubjectView};
use crate::value::Attributes;

/// What would come of a command, an opening or a record, and everything that stands in its way.
///
/// For operators and for tests: it tells more than the actor may know. What the actor itself
/// would be answered is [`Rehearsal::refusal`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rehearsal {
    /// What the command would be refused with; none where it would be done.
    pub refusal: Option<Refusal>,
    /// Each step, in the order of the command; none where the steps do not go together.
    pub steps: Vec<RehearsedStep>,
}

/// What would come of one step.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RehearsedStep {
    /// Which subject; none for a record that is about none.
    pub subject: Option<Subject>,
    /// Its state; none for a subject that does not exist.
    pub from: Option<State>,
    /// The action, where there is one by that name or to that state, of several the first by name
    /// and by state; `open`, or what is recorded.
    pub action: Option<ActionName>,
    /// The state that it leads to.
    pub to: Option<State>,
    /// Why policy answers as it does, for the ability that is needed.
    pub reasons: Vec<Reason>,
    /// Everything that stands in the way, in the order in which a command is checked.
    pub obstacles: Vec<Refusal>,
}

impl Rehearsal {
    /// The same, with one more thing in the way of all of it, which is checked last.
    pub(crate) fn hindered(mut self, by: Refusal) -> Self {
        for step in &mut self.steps {
            step.obstacles.push(by.clone());
        }
        self.refusal.get_or_insert(by);
        self
    }
}

impl RehearsedStep {
    fn of(subject: Option<Subject>, ill_formed: Option<&Refusal>) -> Self {
        let obstacles = ill_formed.into_iter().cloned().collect();
        Self { subject, from: None, action: None, to: None, reasons: Vec::new(), obstacles }
    }
}

impl Judge<'_> {
    /// What would come of a command, and everything that stands in its way. Writes nothing.
    #[must_use]
    pub fn rehearse(&self, command: &Command, standing: &Standing) -> Rehearsal {
        let ill_formed = self.ill_formed(&command.actor, &command.envelope);
        let refusal = self.plan(command, standing).err().map(|refused| refused.refusal);
        let steps = command.steps();
        let first = command.subject();
        let is_elsewhere =
            |step: &&Step| step.subject.world != first.world || step.subject.tenant != first.tenant;
        let is_apart = steps.len() > STEPS_MAX || steps.iter().any(is_elsewhere);
        // The standing was asked about subjects of one tenant, and of no more than so many.
        if is_apart {
            return Rehearsal { refusal: ill_formed.or(refusal), steps: Vec::new() };
        }
        let rehearsed = steps.into_iter().enumerate().map(|(at, step)| {
            let mut rehearsed = RehearsedStep::of(Some(step.subject.clone()), ill_formed.as_ref());
            rehearsed.obstacles.extend(self.require_open(standing).err());
            rehearsed.obstacles.extend(self.require_not_banned(standing).err());
            self.rehearse_step(command, (at, step), standing, &mut rehearsed);
            rehearsed
        });
        let steps = rehearsed.collect();
        Rehearsal { steps, refusal: ill_formed.or(refusal) }
    }

    fn ill_formed(&self, actor: &Actor, envelope: &Envelope) -> Option<Refusal> {
        let mut faults = envelope.faults.clone();
        check_bag("actor", actor.claims(), self.law.actor(), &[], &mut faults);
        check_bag("context", &envelope.context, self.law.context(), &[], &mut faults);
        super::refuse_faults(faults).err()
    }

    fn rehearse_step(
        &self,
        command: &Command,
        (at, step): (usize, &Step),
        standing: &Standing,
        rehearsed: &mut RehearsedStep,
    ) {
        let snapshot = standing.subjects.get(at).and_then(Option::as_ref);
        let kind = step.subject.kind.as_str();
        let known = snapshot.filter(|_| standing.tenant_exists).and_then(|snapshot| {
            Some((snapshot, self.law.contract_version(kind, snapshot.contract.as_str())?))
        });
        let Some((snapshot, contract)) = known else {
            rehearsed.obstacles.push(Refusal::NotFound);
            return;
        };
        rehearsed.from = Some(snapshot.state.clone());
        let view = SubjectView::of(&step.subject, snapshot);
        let found = entries(step, contract, &view);
        // By its name and not by its place, which says nothing.
        let named = |entry: &&Action| (entry.name().clone(), entry.to().clone());
        let first = found.candidates().iter().copied().min_by_key(named);
        rehearsed.action = first.map(|entry| entry.name().clone());
        rehearsed.to = first.map(|entry| entry.to().clone());
        if let Some(entry) = first {
            let (ability, context) = (entry.ability().as_str(), &command.envelope.context);
            rehearsed.reasons = self.reasons(&command.actor, ability, &view, context, standing);
        }
        let may = |entry: &&Action| {
            let (ability, context) = (entry.ability().as_str(), &command.envelope.context);
            self.permit(&command.actor, ability, &view, context, standing).is_some()
        };
        if first.is_some() && !found.candidates().iter().any(may) {
            rehearsed.obstacles.push(Refusal::Denied);
        }
        match found.here.as_slice() {
            [] if found.there.is_empty() => {
                let allowed = || self.allowed(command, contract, &view, standing);
                rehearsed.obstacles.push(impossible(&step.wish, &view, contract, allowed));
            }
            [] => {}
            [entry] => self.rehearse_entry(command, step, entry, &view, rehearsed),
            several => {
                let names = several.iter().map(|entry| entry.name().clone()).collect();
                rehearsed.obstacles.push(Refusal::AmbiguousAction(names));
            }
        }
        rehearsed.obstacles.extend(check_seen(step, snapshot).err());
    }

    fn rehearse_entry(
        &self,
        command: &Command,
        step: &Step,
        entry: &Action,
        view: &SubjectView<'_>,
        rehearsed: &mut RehearsedStep,
    ) {
        let mut faults = Vec::new();
        let (input, facts) = (entry.input(), entry.facts());
        check_bag("input", &step.input, input.schema(), input.required(), &mut faults);
        check_bag("facts", &step.facts, facts.schema(), facts.required(), &mut faults);
        rehearsed.obstacles.extend(super::refuse_faults(faults).err());
        let environment = Environment {
            actor: &command.actor,
            subject: view,
            context: &Nothing,
            input: &step.input,
            facts: &step.facts,
            now: self.now,
        };
        let failing = failing(entry.guards(), &environment);
        if !failing.is_empty() {
            rehearsed.obstacles.push(Refusal::GuardFailed(failing));
        }
    }

    fn reasons(
        &self,
        actor: &Actor,
        ability: &str,
        subject: &dyn Lookup,
        context: &Attributes,
        standing: &Standing,
    ) -> Vec<Reason> {
        let question = self.question(actor, ability, subject, context, standing);
        let unknown = || vec![Reason { code: ReasonCode::NotGranted, rule: None }];
        self.law.rules().explain(&question).map_or_else(unknown, |(_, reasons)| reasons)
    }
}
