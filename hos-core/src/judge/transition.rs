//! Judges transitions.

use std::sync::Arc;

use super::{Denial, Judge, Permission, Refused, Stop, Verdict, check_bag, refuse_faults};
use crate::command::{Command, Step, Wish};
use crate::commit::{Commit, OutboxWrite, SubjectAfter, SubjectChange, TimerWrite};
use crate::condition::{Environment, Nothing};
use crate::contract::{Action, Contract, failing};
use crate::encoding::{encode, encode_attributes};
use crate::error::{InputFault, Refusal};
use crate::id::{ActionName, State, Topic};
use crate::proof::{Entry, EntryType, part};
use crate::receipt::{Effect, Receipt, StepReceipt};
use crate::standing::Standing;
use crate::subject::{Snapshot, Subject, SubjectView};
use crate::value::Attributes;

/// What a command would do: the answer of a dry run, and the first half of judging.
#[derive(Debug)]
pub struct Plan<'a> {
    steps: Vec<PlannedStep<'a>>,
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
        self.steps.iter().any(|step| step.permission.diverged)
    }
}

/// What a command would do to one subject.
#[derive(Debug)]
pub struct PlannedStep<'a> {
    step: &'a Step,
    snapshot: &'a Snapshot,
    contract: &'a Contract,
    permission: Permission,
    action: ActionName,
    /// None leaves the subject as it is.
    moved: Option<Moved<'a>>,
}

#[derive(Debug)]
struct Moved<'a> {
    entry: &'a Action,
    changes: Attributes,
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

    /// Whether it would move.
    #[must_use]
    pub fn effect(&self) -> Effect {
        if self.moved.is_some() { Effect::Moved } else { Effect::Unchanged }
    }
}

impl<'a> Judge<'a> {
    /// Judges a transition: whom it concerns, whether it may, whether it can, and its proof.
    #[must_use]
    pub fn transition(&self, command: &Command, standing: &Standing) -> Verdict {
        self.transition_commit(command, standing).into()
    }

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
        if steps.len() > crate::command::STEPS_MAX {
            let message = format!("are more than {}", crate::command::STEPS_MAX);
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
        // `Hos::open` refuses laws without a live subject's contract version.
        let contract = contract.ok_or(Refusal::NotFound)?;
        let found = self.find(command, step, contract, &view, standing)?;
        let planned = |moved, action| PlannedStep {
            step,
            snapshot,
            contract,
            permission: found.permission,
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

    /// Finds the entry that is wished for, after policy has been asked for its ability.
    fn find<'b>(
        &self,
        command: &Command,
        step: &Step,
        contract: &'b Contract,
        view: &SubjectView<'_>,
        standing: &Standing,
    ) -> Result<Found<'b>, Refused> {
        let state = view.state.as_str();
        let target = match &step.wish {
            Wish::Action(_) => None,
            Wish::State(to) => contract.resolve_state(to),
        };
        let wished = |entry: &&Action| match (&step.wish, target) {
            (Wish::Action(action), _) => entry.name() == action.as_str(),
            (Wish::State(_), target) => Some(entry.to()) == target,
        };
        let anywhere: Vec<&'b Action> = contract.actions().iter().filter(wished).collect();
        let here: Vec<&'b Action> =
            anywhere.iter().copied().filter(|entry| entry.starts_in(state)).collect();
        let there: Vec<&'b Action> =
            anywhere.iter().copied().filter(|entry| *entry.to() == state).collect();
        // What would be unchanged needs the ability of an entry that leads here, no other's.
        let candidates = match (here.is_empty(), there.is_empty()) {
            (false, _) => &here,
            (true, false) => &there,
            (true, true) => &anywhere,
        };
        let permitted = candidates.iter().find_map(|entry| {
            let context = &command.envelope.context;
            let ability = entry.ability().as_str();
            self.permit(&command.actor, ability, view, context, standing)
                .map(|permission| (*entry, permission))
        });
        let Some((first, permission)) = permitted else {
            let entry = candidates.first().copied();
            return Err(self.deny((command, step), entry, view, contract, standing));
        };
        if here.is_empty() && !there.is_empty() {
            return Ok(Found { entry: None, action: first.name().clone(), permission });
        }
        match here.as_slice() {
            [entry] => Ok(Found { entry: Some(entry), action: entry.name().clone(), permission }),
            [] => Err(impossible(&step.wish, view, contract, || {
                self.allowed(command, contract, view, standing)
            })
            .into()),
            several => {
                let names = several.iter().map(|entry| entry.name().clone()).collect();
                Err(Refusal::AmbiguousAction(names).into())
            }
        }
    }

    fn deny(
        &self,
        (command, step): (&Command, &Step),
        entry: Option<&Action>,
        view: &SubjectView<'_>,
        contract: &Contract,
        standing: &Standing,
    ) -> Refused {
        let (actor, envelope) = (&command.actor, &command.envelope);
        let Some(entry) = entry else {
            return self.deny_nameless(command, step, view, contract, standing).into();
        };
        let (ability, action) = (entry.ability().as_str(), entry.name().as_str());
        let critical = entry.is_critical();
        let denial = Denial { actor, view, envelope, ability, action, critical };
        self.denied(&denial, standing, Some(contract.digest()))
    }

    /// Nothing in the subject's contract is called so or leads there: there is no ability to ask
    /// for. Who may do anything to the subject may learn that; it is no question of policy.
    fn deny_nameless(
        &self,
        command: &Command,
        step: &Step,
        view: &SubjectView<'_>,
        contract: &Contract,
        standing: &Standing,
    ) -> Refusal {
        let (actor, context) = (&command.actor, &command.envelope.context);
        let may = |entry: &Action| {
            self.permit(actor, entry.ability().as_str(), view, context, standing).is_some()
        };
        if contract.actions().iter().any(may) {
            return impossible(&step.wish, view, contract, || {
                self.allowed(command, contract, view, standing)
            });
        }
        let known = self.may_know(actor, view, context, standing);
        if known { Refusal::Denied } else { Refusal::NotFound }
    }

    fn allowed(
        &self,
        command: &Command,
        contract: &Contract,
        view: &SubjectView<'_>,
        standing: &Standing,
    ) -> Vec<ActionName> {
        let context = &command.envelope.context;
        let may = |entry: &&Action| {
            let ability = entry.ability().as_str();
            self.permit(&command.actor, ability, view, context, standing).is_some()
        };
        let entries = contract.actions_from(view.state.as_str()).filter(may);
        entries.map(|entry| entry.name().clone()).collect()
    }

    /// The actions that an interface may offer: policy allows them and they start here.
    #[must_use]
    pub fn allowed_actions(
        &self,
        actor: &crate::actor::Actor,
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
            diverged: plan.diverges(),
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
        let unchanged = SubjectChange { subject: step.subject.clone(), from_revision, after: None };
        let Some(moved) = &planned.moved else { return (unchanged, None) };
        let entry = self.seal_step(command, planned, moved, log);
        let attributes = if moved.changes.is_empty() {
            Arc::clone(&snapshot.attributes)
        } else {
            Arc::new(merged(&snapshot.attributes, &moved.changes))
        };
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
        leaf.code = moved.entry.proof().map(crate::id::Name::as_str);
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
        let timers = contract.timers().iter().filter(|timer| *timer.state() == snapshot.state);
        let timers = timers.map(|timer| TimerWrite {
            action: timer.action().clone(),
            due_at: self.now.after(timer.after()),
        });
        let timers = timers.collect();
        let outbox = told.rows(&snapshot);
        let terminal = contract.is_terminal(snapshot.state.as_str());
        SubjectAfter { snapshot, terminal, timers, outbox }
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

struct Found<'a> {
    entry: Option<&'a Action>,
    action: ActionName,
    permission: Permission,
}

fn wish_text(wish: &Wish) -> &str {
    match wish {
        Wish::Action(text) | Wish::State(text) => text,
    }
}

/// The contract's refusal; that a state is terminal is told first.
fn impossible(
    wish: &Wish,
    view: &SubjectView<'_>,
    contract: &Contract,
    allowed: impl FnOnce() -> Vec<ActionName>,
) -> Refusal {
    if contract.is_terminal(view.state.as_str()) {
        return Refusal::TerminalState(view.state.clone());
    }
    let (from, action) = (view.state.as_str().to_owned(), wish_text(wish).to_owned());
    Refusal::InvalidTransition { from, action, allowed: allowed() }
}

fn check_seen(step: &Step, snapshot: &Snapshot) -> Result<(), Refusal> {
    match step.seen {
        Some(seen) if seen != snapshot.revision => {
            Err(Refusal::StaleRevision { seen, current: snapshot.revision })
        }
        _ => Ok(()),
    }
}

fn merged(before: &Attributes, changes: &Attributes) -> Attributes {
    let mut after = before.clone();
    changes.iter().for_each(|(name, value)| after.set(name.clone(), value.clone()));
    after
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
