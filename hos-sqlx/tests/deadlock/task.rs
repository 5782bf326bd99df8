//! One of the tasks that get into each other's way.

use std::collections::BTreeSet;
use std::fmt;

use hos_conformance::random::Random;
use hos_core::command::STEPS_MAX;
use hos_core::error::FaultKind;
use hos_core::prelude::*;
use hos_core::time::ProofId;
use hos_sqlx::WithinExt as _;

use crate::house::House;
use crate::job::{job, tenant, worker};
use crate::{FIRMS, JOBS};

/// The most commands of one batch.
const BATCH: u64 = 24;

/// How commands are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Each on its own.
    Lone,
    /// Many at once.
    Batch,
    /// Each in a transaction of the caller's.
    Within,
    /// All of these.
    Mixed,
}

impl Way {
    pub(crate) const ALL: [Self; 4] = [Self::Lone, Self::Batch, Self::Within, Self::Mixed];
}

/// What became of commands.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    done: u64,
    /// Steps that moved a subject.
    pub(crate) moved: u64,
    pub(crate) proofs: BTreeSet<ProofId>,
    /// Others were quicker, as often as it was tried.
    conflicts: u64,
    /// Others held a row for too long.
    busy: u64,
    /// Transactions of the caller's that the database undid.
    pub(crate) undone: u64,
}

impl Sent {
    pub(crate) fn add(&mut self, other: &Self) {
        self.done += other.done;
        self.moved += other.moved;
        self.proofs.extend(&other.proofs);
        self.conflicts += other.conflicts;
        self.busy += other.busy;
        self.undone += other.undone;
    }
}

impl fmt::Display for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { done, moved, conflicts, busy, undone, .. } = self;
        write!(f, "{done} done, {moved} moves; {conflicts} conflicts, {busy} busy, {undone} undone")
    }
}

pub(crate) struct Task {
    house: House,
    hos: Hos,
    way: Way,
    number: u64,
    random: Random,
    pub(crate) sent: Sent,
}

impl Task {
    pub(crate) fn new(house: House, hos: Hos, way: Way, number: u64, seed: u64) -> Self {
        let random = Random::new(seed ^ (number << 32));
        Self { house, hos, way, number, random, sent: Sent::default() }
    }

    pub(crate) async fn work(&mut self, commands: u64) {
        for at in 0..commands {
            let way = match self.way {
                Way::Mixed => *self.random.one_of(&[Way::Lone, Way::Batch, Way::Within]),
                way => way,
            };
            match way {
                Way::Lone => {
                    let command = self.command(at, 0, STEPS_MAX as u64);
                    let answer = self.hos.transition(&command).await;
                    self.note(answer, false);
                }
                Way::Batch => {
                    let count = self.random.below(BATCH) + 1;
                    let batch: Vec<Command> =
                        (0..count).map(|place| self.command(at, place, 4)).collect();
                    for answer in self.hos.transition_all(&batch).await {
                        self.note(answer, false);
                    }
                }
                Way::Within | Way::Mixed => {
                    let command = self.command(at, 0, STEPS_MAX as u64);
                    let answer = self.within(&command).await;
                    self.note(answer, true);
                }
            }
        }
    }

    /// Touches up to so many subjects of one firm, in an order of chance.
    fn command(&mut self, at: u64, place: u64, steps_max: u64) -> Command {
        let firm = tenant(self.random.one_of::<&str>(&FIRMS));
        let steps = self.random.below(steps_max) + 1;
        let mut left: Vec<u64> = (0..JOBS).collect();
        let mut next = || {
            let chosen = self.random.below(left.len() as u64);
            job(&firm, left.swap_remove(usize::try_from(chosen).unwrap()))
        };
        let command = Command::new(&worker(), &next(), "touch");
        let command = (1..steps).fold(command, |command, _| command.and(&next(), "touch"));
        command.key(format!("{:?}-{}-{at}-{place}", self.way, self.number))
    }

    fn note(&mut self, answer: Result<Receipt, Error>, is_callers: bool) {
        match answer {
            Ok(receipt) => {
                self.sent.done += 1;
                for step in std::iter::once(&receipt.step).chain(&receipt.also) {
                    self.sent.moved += 1;
                    self.sent.proofs.insert(step.proof_id);
                }
            }
            Err(Error::Refused(Refusal::Conflict)) => self.sent.conflicts += 1,
            Err(Error::Fault(fault)) if fault.kind() == FaultKind::Busy => self.sent.busy += 1,
            Err(Error::Fault(fault)) if is_callers && fault.kind() == FaultKind::Transaction => {
                self.sent.undone += 1;
            }
            Err(error) => panic!("{:?}: {error:?}", self.way),
        }
    }

    async fn within(&self, command: &Command) -> Result<Receipt, Error> {
        macro_rules! moved {
            ($store:expr) => {{
                let mut transaction = $store.begin().await?;
                let receipt = self.hos.within(&mut transaction).transition(command).await?;
                transaction.commit().await.unwrap();
                Ok(receipt)
            }};
        }
        match &self.house {
            House::Sqlite(store) => moved!(store),
            House::Postgres(store) => moved!(store),
            House::MariaDb(store) => moved!(store),
        }
    }
}
