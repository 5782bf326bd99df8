//! Judges transitions.

use super::plan::{Moved, PlannedStep};
use super::{Judge, Stop, Verdict};
use crate::command::Command;
use crate::commit::{Commit, OutboxWrite, SubjectAfter, SubjectChange, TimerWrite};
use crate::contract::Contract;
use crate::encoding::{encode, encode_attributes};
use crate::error::Refusal;
use crate::id::{Name, State, Topic};
use crate::proof::{Entry, EntryType, part};
use crate::receipt::{Receipt, StepReceipt};
use crate::standing::Standing;
use crate::subject::{Snapshot, Subject};

impl Judge<'_> {
    /// Judges a transition: whom it concerns, whether it may, whether it can, and its proof.
    #[must_use]
    pub fn transition(&self, command: &Command, standing: &Standing) -> Verdict {
        self.transition_commit(command, standing).into()
    }

    fn transition_commit(&self, command: &Command, standing: &Standing) -> Result<Commit, Stop> {
        let envelope = &command.envelope;
        let (key, fingerprint) =
            self.admit(&command.actor, envelope, standing, || command.fingerprint())?;
        let plan = self.plan(command, standing)?;
        let Subject { world, tenant, .. } = command.subject();
        let log = self.origin(world, tenant);
        let mut changes = Vec::with_capacity(plan.steps.len());
        let mut entries = Vec::with_capacity(plan.steps.len());
        let mut receipts = Vec::with_capacity(plan.steps.len());
        for planned in &plan.steps {
            let (change, entry) = self.write_step(command, planned, &log);
            receipts.push(step_receipt(planned, &change));
            changes.push(change);
            entries.extend(entry);
        }
        let mut receipts = receipts.into_iter();
        // OK because a command has at least one step.
        let step = receipts.next().ok_or(Refusal::NotFound)?;
        let receipt = Receipt { also: receipts.collect(), ..self.receipt(step) };
        Ok(Commit {
            world: world.clone(),
            tenant: tenant.clone(),
            versions: standing.versions,
            receipt: Some(self.keep(key, fingerprint, receipt)),
            changes,
            standing: None,
            entries,
            person: envelope.person(&command.actor),
            shadowed: plan.shadowed(),
        })
    }

    fn write_step(
        &self,
        command: &Command,
        planned: &PlannedStep<'_>,
        log: &str,
    ) -> (SubjectChange, Option<Entry>) {
        let PlannedStep { step, snapshot, contract, .. } = planned;
        let from_revision = snapshot.revision;
        let unchanged = SubjectChange {
            subject: step.subject.clone(),
            from_revision,
            from_proof: Some(snapshot.proof_id),
            after: None,
        };
        let (Some(moved), Some(attributes)) = (&planned.moved, planned.attributes_after()) else {
            return (unchanged, None);
        };
        let entry = self.seal_step(command, planned, moved, log);
        let after = Snapshot {
            state: moved.entry.to().clone(),
            revision: from_revision + 1,
            attributes,
            contract: snapshot.contract.clone(),
            proof_id: entry.id,
        };
        let told = Told {
            action: moved.entry.name().as_str(),
            from: Some(snapshot.state.as_str()),
            topics: moved.entry.topics(),
            traceparent: command.envelope.traceparent.as_deref(),
        };
        let after = self.subject_after(contract, after, &told);
        (SubjectChange { after: Some(after), ..unchanged }, Some(entry))
    }

    fn seal_step(
        &self,
        command: &Command,
        planned: &PlannedStep<'_>,
        moved: &Moved<'_>,
        log: &str,
    ) -> Entry {
        let PlannedStep { step, snapshot, contract, .. } = planned;
        let type_ = if command.timer { EntryType::Timer } else { EntryType::Transition };
        let permission = Some(planned.permission);
        let mut leaf = self.leaf(type_, log, &command.actor, &command.envelope, permission);
        leaf.subject = Some(&step.subject);
        leaf.revision = Some(snapshot.revision + 1);
        leaf.action = Some(moved.entry.name().as_str());
        leaf.from = Some(snapshot.state.as_str());
        leaf.to = Some(moved.entry.to().as_str());
        leaf.contract = Some(contract.digest());
        leaf.code = moved.entry.proof().map(Name::as_str);
        let bags = [
            (part::ATTRIBUTES, &moved.changes),
            (part::FACTS, &step.facts),
            (part::INPUT, &step.input),
        ];
        let given = bags.into_iter().filter(|(_, bag)| !bag.is_empty());
        leaf.seal(self.ids, given.map(|(name, bag)| (name, encode_attributes(bag))).collect())
    }

    /// The timers and messages of a subject's new state.
    pub(super) fn subject_after(
        &self,
        contract: &Contract,
        snapshot: Snapshot,
        told: &Told<'_>,
    ) -> SubjectAfter {
        let timers = self.timers(contract, &snapshot.state);
        let outbox = told.rows(&snapshot);
        let terminal = contract.is_terminal(snapshot.state.as_str());
        SubjectAfter { snapshot, terminal, timers, outbox }
    }
}

impl Judge<'_> {
    /// The timers of a state that is entered now.
    pub(crate) fn timers(&self, contract: &Contract, state: &State) -> Vec<TimerWrite> {
        let timers = contract.timers().iter().filter(|timer| timer.state() == state);
        let timers = timers.map(|timer| TimerWrite {
            action: timer.action().clone(),
            due_at: self.now.after(timer.after()),
        });
        timers.collect()
    }
}

/// What is published about a move.
pub(super) struct Told<'a> {
    pub(super) action: &'a str,
    pub(super) from: Option<&'a str>,
    pub(super) topics: &'a [Topic],
    pub(super) traceparent: Option<&'a str>,
}

impl Told<'_> {
    fn rows(&self, after: &Snapshot) -> Vec<OutboxWrite> {
        if self.topics.is_empty() {
            return Vec::new();
        }
        let payload = encode(256, |object| {
            object.string("action", self.action);
            object.object("attributes", |object| {
                after
                    .attributes
                    .iter()
                    .for_each(|(name, value)| object.value(name.as_str(), value));
            });
            object.optional("from", self.from);
            object.string("to", after.state.as_str());
        });
        let row = |topic: &Topic| OutboxWrite {
            entry: after.proof_id,
            topic: topic.clone(),
            payload: payload.clone(),
            traceparent: self.traceparent.map(ToOwned::to_owned),
        };
        self.topics.iter().map(row).collect()
    }
}

fn step_receipt(planned: &PlannedStep<'_>, change: &SubjectChange) -> StepReceipt {
    let snapshot = change.after.as_ref().map_or(planned.snapshot, |after| &after.snapshot);
    StepReceipt {
        proof_id: snapshot.proof_id,
        subject: Some(planned.step.subject.clone()),
        action: planned.action.clone(),
        from: Some(planned.snapshot.state.clone()),
        to: Some(snapshot.state.clone()),
        revision: snapshot.revision,
        effect: planned.effect(),
        contract_version: Some(snapshot.contract.clone()),
    }
}
