//! One task that acts and writes down what it found.

use std::sync::Arc;

use hos_conformance::random::Random;
use hos_core::prelude::*;
use hos_core::receipt::StepReceipt;

use crate::answer::Patient;
use crate::checker::{Operation, Seen, TERMINAL, Version};
use crate::job::{job, worker};
use crate::load::is_passing;
use crate::tally::Tally;

/// Stands for a terminal state's revision until that is known: refusals do not name it.
const LAST: u64 = u64::MAX - 1;
const READINGS_MAX: u32 = 4_000;

pub(crate) struct Recorder {
    patient: Patient,
    tenant: Tenant,
    task: u64,
    number: u64,
    random: Random,
    /// Counts what happens: who has a smaller number was earlier.
    clock: Arc<Tally>,
    pub(crate) operations: Vec<Operation>,
}

impl Recorder {
    pub(crate) fn new(
        patient: Patient,
        tenant: &Tenant,
        task: u64,
        random: Random,
        clock: Arc<Tally>,
    ) -> Self {
        let (tenant, operations) = (tenant.clone(), Vec::new());
        Self { patient, tenant, task, number: 0, random, clock, operations }
    }

    /// Reads or moves something; `ending` when the last two jobs may end.
    pub(crate) async fn act(&mut self, ending: bool) {
        self.number += 1;
        let at = self.random.below(crate::JOBS);
        match self.random.below(8) {
            0..3 => self.read(at).await,
            3 if ending => self.send(self.command(4 + at % 2, "finish")).await,
            3..5 => self.send(self.command(at, "touch")).await,
            // One of a pair lies down and sees to it that the other is up. In every order of such
            // commands one of them is awake.
            _ => {
                let (one, other) = (at % 4, (at % 4) ^ 1);
                let command = self.command(one, "doze").and(&job(&self.tenant, other), "wake");
                self.send(command).await;
            }
        }
    }

    async fn read(&mut self, at: u64) {
        let subject = job(&self.tenant, at);
        for _ in 0..READINGS_MAX {
            let start = self.clock.raise();
            match self.patient.load.hos().situation(&subject).await {
                Ok(situation) => {
                    let snapshot = situation.unwrap().snapshot;
                    let found = version(snapshot.revision, snapshot.state.as_str());
                    let name = format!("read-{}-{}", self.task, self.number);
                    self.note(name, start, vec![Seen { subject: at, found, left: None }]);
                    return;
                }
                Err(error) => assert!(is_passing(&error), "{error:?}"),
            }
            self.patient.running().await;
        }
        panic!("a read was not answered in {READINGS_MAX} attempts");
    }

    fn command(&self, at: u64, action: &str) -> Command {
        Command::new(&worker(), &job(&self.tenant, at), action)
    }

    /// Sends it by one of three ways until it is answered, by a receipt or a refusal.
    async fn send(&mut self, command: Command) {
        let side = *self.random.one_of(&["own", "lane", "within"]);
        let key = format!("{side}-{}-{}", self.task, self.number);
        let command = command.key(&key);
        let start = self.clock.raise();
        match self.patient.answer(&key, &command).await {
            Ok(receipt) => {
                let steps = std::iter::once(&receipt.step).chain(&receipt.also);
                self.note(key, start, steps.map(seen).collect());
            }
            Err(Refusal::TerminalState(state)) if command.steps().len() == 1 => {
                let found = version(LAST, state.as_str());
                let subject = number(command.subject());
                self.note(key, start, vec![Seen { subject, found, left: None }]);
            }
            Err(Refusal::TerminalState(_) | Refusal::InvalidTransition { .. }) => {}
            Err(refusal) => panic!("`{key}`: {refusal:?}"),
        }
    }

    fn note(&mut self, name: String, start: u64, seen: Vec<Seen>) {
        self.operations.push(Operation { name, start, finish: self.clock.raise(), seen });
    }
}

/// Gives those who found a subject ended the revision that it ended with.
pub(crate) fn name_the_last(operations: &mut [Operation], subject: u64, revision: u64) {
    let seen = operations.iter_mut().flat_map(|operation| &mut operation.seen);
    for seen in seen.filter(|seen| seen.subject == subject && seen.found.revision == LAST) {
        assert_eq!(seen.found.state, TERMINAL);
        seen.found.revision = revision;
    }
}

fn seen(step: &StepReceipt) -> Seen {
    let state = |state: &Option<hos_core::id::State>| state.as_ref().unwrap().as_str().to_owned();
    let subject = number(step.subject.as_ref().unwrap());
    let (from, to) = (state(&step.from), state(&step.to));
    match step.effect {
        Effect::Moved => {
            let (found, left) = (version(step.revision - 1, &from), version(step.revision, &to));
            Seen { subject, found, left: Some(left) }
        }
        Effect::Unchanged => Seen { subject, found: version(step.revision, &to), left: None },
    }
}

fn number(subject: &Subject) -> u64 {
    subject.id.as_str().strip_prefix("j-").unwrap().parse().unwrap()
}

fn version(revision: u64, state: &str) -> Version {
    Version { revision, state: state.to_owned() }
}
