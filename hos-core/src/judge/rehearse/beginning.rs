//! Why can this not be opened, or recorded?

use super::{Judge, Rehearsal, RehearsedStep, check_bag};
use crate::actor::Actor;
use crate::command::{Envelope, Opening, Record};
use crate::condition::{Environment, Lookup, Nothing};
use crate::contract::{Contract, failing};
use crate::error::{InputFault, Refusal};
use crate::id::{ActionName, State};
use crate::judge::{action_name, refuse_faults};
use crate::standing::Standing;
use crate::subject::{Subject, SubjectView};

impl Judge<'_> {
    /// What would come of an opening, and everything that stands in its way. Writes nothing.
    #[must_use]
    pub fn rehearse_open(&self, opening: &Opening, standing: &Standing) -> Rehearsal {
        let (subject, envelope) = (&opening.subject, &opening.envelope);
        let ill_formed = self.ill_formed(&opening.actor, envelope);
        let mut step = RehearsedStep::of(Some(subject.clone()), ill_formed.as_ref());
        step.obstacles.extend(self.require_open(standing).err());
        step.obstacles.extend(self.require_not_banned(standing).err());
        match self.law.contract(subject.kind.as_str()) {
            None => {
                let message = format!("`{}` has no contract", subject.kind);
                let fault = InputFault::new("kind", message);
                step.obstacles.push(Refusal::InvalidInput(vec![fault]));
            }
            Some(contract) => self.rehearse_start(opening, contract, standing, &mut step),
        }
        let refusal = ill_formed.or_else(|| self.plan_open(opening, standing).err());
        Rehearsal { refusal, steps: vec![step] }
    }

    fn rehearse_start(
        &self,
        opening: &Opening,
        contract: &Contract,
        standing: &Standing,
        step: &mut RehearsedStep,
    ) {
        let (actor, subject) = (&opening.actor, &opening.subject);
        let (attributes, required) = (&opening.attributes, contract.open().required());
        let mut faults = Vec::new();
        check_bag("attributes", attributes, contract.attributes(), required, &mut faults);
        if subject.tenant.is_world() {
            faults.push(InputFault::new("tenant", "the reserved tenant has no subjects"));
        }
        step.obstacles.extend(refuse_faults(faults).err());
        step.action = ActionName::new("open").ok();
        step.to = Some(contract.initial().clone());
        if !standing.tenant_exists {
            step.obstacles.push(Refusal::NotFound);
            return;
        }
        let state: &State = contract.initial();
        let view = SubjectView { subject, state, revision: 0, attributes };
        let ability = contract.open().ability().as_str();
        self.rehearse_policy(actor, ability, &view, &opening.envelope, standing, step);
        step.obstacles.extend(self.require_fresh(standing, "open").err());
        let environment = Environment {
            actor,
            subject: &view,
            context: &Nothing,
            input: &Nothing,
            facts: &Nothing,
            now: self.now,
        };
        let failing = failing(contract.open().guards(), &environment);
        if !failing.is_empty() {
            step.obstacles.push(Refusal::GuardFailed(failing));
        }
    }

    /// What would come of a record, and everything that stands in its way but for what it corrects.
    /// Writes nothing.
    #[must_use]
    pub fn rehearse_record(&self, record: &Record, standing: &Standing) -> Rehearsal {
        let (actor, envelope) = (&record.actor, &record.envelope);
        let ill_formed = self.ill_formed(actor, envelope);
        let mut step = RehearsedStep::of(record.subject.clone(), ill_formed.as_ref());
        step.obstacles.extend(self.require_not_banned(standing).err());
        let action = action_name(&record.kind);
        step.obstacles.extend(action.as_ref().err().cloned());
        step.action = action.ok();
        if !record.payload.is_within_limits() {
            let fault = InputFault::new("payload", "is beyond the limits of number or size");
            step.obstacles.push(Refusal::InvalidInput(vec![fault]));
        }
        let snapshot = standing.subjects.first().and_then(Option::as_ref);
        let is_there = standing.tenant_exists || record.tenant.is_world();
        if is_there && record.subject.is_some() == snapshot.is_some() {
            step.from = snapshot.map(|snapshot| snapshot.state.clone());
            let about: Option<(&Subject, _)> = record.subject.as_ref().zip(snapshot);
            let view = about.map(|(subject, snapshot)| SubjectView::of(subject, snapshot));
            let subject: &dyn Lookup = view.as_ref().map_or(&Nothing, |view| view);
            self.rehearse_policy(actor, "hos.record", subject, envelope, standing, &mut step);
        } else {
            step.obstacles.push(Refusal::NotFound);
        }
        let refusal = ill_formed.or_else(|| self.plan_record(record, standing).err());
        Rehearsal { refusal, steps: vec![step] }
    }

    fn rehearse_policy(
        &self,
        actor: &Actor,
        ability: &str,
        subject: &dyn Lookup,
        envelope: &Envelope,
        standing: &Standing,
        step: &mut RehearsedStep,
    ) {
        let context = &envelope.context;
        step.reasons = self.reasons(actor, ability, subject, context, standing);
        if self.permit(actor, ability, subject, context, standing).is_none() {
            step.obstacles.push(Refusal::Denied);
        }
    }
}
