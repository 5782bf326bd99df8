//! Which entry of the contract a command means, and whether policy lets it.

use super::{Denial, Judge, Permission, Refused};
use crate::command::{Command, Step, Wish};
use crate::contract::{Action, Contract};
use crate::digest::Digest;
use crate::error::Refusal;
use crate::id::{Ability, ActionName};
use crate::standing::Standing;
use crate::subject::{Snapshot, Subject, SubjectView};

impl Judge<'_> {
    /// Finds the entry that is wished for, after policy has been asked for its ability.
    pub(super) fn find<'b>(
        &self,
        command: &Command,
        step: &Step,
        contract: &'b Contract,
        view: &SubjectView<'_>,
        standing: &Standing,
    ) -> Result<Found<'b>, Refused> {
        let found = entries(step, contract, view);
        let candidates = found.candidates();
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
        if found.here.is_empty() && !found.there.is_empty() {
            let action = first.name().clone();
            return Ok(Found { entry: None, action, ability: first.ability(), permission });
        }
        match found.here.as_slice() {
            [entry] => {
                let action = entry.name().clone();
                Ok(Found { entry: Some(entry), action, ability: first.ability(), permission })
            }
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
        let once = command.timer.then(|| timer_denial_dedup(view.subject, view.revision, action));
        let denial = Denial { actor, view, envelope, ability, action, critical, once };
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

    pub(super) fn allowed(
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
}

impl Judge<'_> {
    /// The entries that a step may mean, of the contract that its subject pins; none where the law
    /// lacks that contract.
    pub(crate) fn entries(&self, step: &Step, snapshot: &Snapshot) -> Option<Entries<'_>> {
        let (kind, version) = (step.subject.kind.as_str(), snapshot.contract.as_str());
        let contract = self.law.contract_version(kind, version)?;
        Some(entries(step, contract, &SubjectView::of(&step.subject, snapshot)))
    }
}

pub(super) struct Found<'a> {
    /// None leaves the subject as it is.
    pub(super) entry: Option<&'a Action>,
    pub(super) action: ActionName,
    /// What was asked of policy.
    pub(super) ability: &'a Ability,
    pub(super) permission: Permission,
}

/// The entries of a contract that are wished for.
pub(crate) struct Entries<'a> {
    anywhere: Vec<&'a Action>,
    /// Those that start in the present state.
    pub(crate) here: Vec<&'a Action>,
    /// Those that lead to it.
    pub(crate) there: Vec<&'a Action>,
}

impl<'a> Entries<'a> {
    /// What would be unchanged needs the ability of an entry that leads here, no other's.
    pub(crate) fn candidates(&self) -> &[&'a Action] {
        match (self.here.is_empty(), self.there.is_empty()) {
            (false, _) => &self.here,
            (true, false) => &self.there,
            (true, true) => &self.anywhere,
        }
    }
}

pub(super) fn entries<'b>(
    step: &Step,
    contract: &'b Contract,
    view: &SubjectView<'_>,
) -> Entries<'b> {
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
    let here = anywhere.iter().copied().filter(|entry| entry.starts_in(state)).collect();
    let there = anywhere.iter().copied().filter(|entry| *entry.to() == state).collect();
    Entries { anywhere, here, there }
}

fn wish_text(wish: &Wish) -> &str {
    match wish {
        Wish::Action(text) | Wish::State(text) => text,
    }
}

/// The contract's refusal; that a state is terminal is told first.
pub(super) fn impossible(
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

/// Suppresses a second denial of a timer, however often it is tried while its state stands.
fn timer_denial_dedup(subject: &Subject, revision: u64, action: &str) -> Digest {
    Digest::of(format!("timer denial\0{revision}\0{action}\0{subject}").as_bytes())
}
