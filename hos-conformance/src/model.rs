//! The commit protocol as a model that can be searched in full, and held to the stores.
//!
//! Two processes serve a few intents on one job: each takes one, recalls or loads, judges, commits,
//! and begins again after a conflict, while processes are killed, calls and answers are lost, and
//! standing changes. [`Protocol::actions`] says what may happen and [`Protocol::next`] what comes
//! of it; [`ALWAYS`] must hold in every state. [`Replay`] does the same to real stores, step by
//! step, through the law itself, and compares.

mod gate;
mod property;
mod replay;
mod state;
mod step;
mod walk;

pub use property::{ALWAYS, Property, SOMETIMES};
pub use replay::Replay;
pub(crate) use replay::law;
pub use state::{
    Action, Code, Entry, Fate, Group, Intent, Kept, PROCESSES, Picture, Process, Row, Sight, Stage,
    State, Told, Wish, Wrongs,
};
pub use walk::{Tally, edges};

/// The protocol with the intents that are sent under it, and how much may go wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protocol {
    /// What it is called where it is counted.
    pub name: &'static str,
    /// What clients want.
    pub intents: Vec<Intent>,
    /// The groups of standing that may change.
    pub groups: Vec<Group>,
    /// How much may happen.
    pub bounds: Bounds,
    /// What is left out of it, to see that somebody notices.
    pub mutant: Option<Mutant>,
}

/// How much may happen before the model ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// How often each intent is sent.
    pub sends: u8,
    /// How many changes of standing there are.
    pub changes: usize,
    /// How many processes are killed.
    pub crashes: u8,
    /// How many calls or answers of commits are lost.
    pub losses: u8,
}

/// What may be left out of the protocol.
///
/// Exhaustive: each of them is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutant {
    /// The proof of the subject's state is not compared.
    ProofUncompared,
    /// The generation of a group is not compared.
    GroupUncompared(Group),
    /// Whether the key led to something is not looked up inside the write.
    KeyUncompared,
    /// A key's receipt answers any command.
    FingerprintIgnored,
    /// The state is written before its proof, and the call is cut between.
    Torn,
    /// The receipt is written after the answer was sent, which is cut off.
    ReceiptApart,
    /// A refusal on a remembered standing is answered.
    RefusedOnMemory,
    /// Evidence of a denial is written without comparing what was read.
    EvidenceUncompared,
    /// Evidence of a denial is written for each attempt, and not once per key.
    EvidenceRepeated,
}

impl Protocol {
    /// One-shots in parallel under keys of their own, and the end of the job.
    #[must_use]
    pub fn race() -> Self {
        Self {
            name: "race",
            intents: vec![
                intent(0, Wish::Start, None),
                intent(1, Wish::Start, Some(1)),
                intent(2, Wish::Finish, None),
                intent(3, Wish::Touch, None),
            ],
            groups: Vec::new(),
            bounds: Bounds { sends: 1, changes: 0, crashes: 1, losses: 1 },
            mutant: None,
        }
    }

    /// One key, sent again and again, and by mistake for something else too.
    #[must_use]
    pub fn key() -> Self {
        Self {
            name: "key",
            intents: vec![intent(0, Wish::Touch, None), intent(0, Wish::Start, None)],
            groups: vec![Group::Members],
            bounds: Bounds { sends: 3, changes: 1, crashes: 1, losses: 2 },
            mutant: None,
        }
    }

    /// Standing that changes to and fro while commands are under way.
    #[must_use]
    pub fn standing() -> Self {
        Self {
            name: "standing",
            intents: vec![intent(0, Wish::Start, None), intent(1, Wish::Finish, None)],
            groups: Group::ALL.to_vec(),
            bounds: Bounds { sends: 2, changes: 2, crashes: 0, losses: 1 },
            mutant: None,
        }
    }

    /// All of it at once.
    #[must_use]
    pub fn whole() -> Self {
        Self {
            name: "whole",
            intents: vec![
                intent(0, Wish::Start, None),
                intent(1, Wish::Touch, Some(2)),
                intent(1, Wish::Start, None),
                intent(2, Wish::Finish, None),
            ],
            groups: Group::ALL.to_vec(),
            bounds: Bounds { sends: 2, changes: 3, crashes: 2, losses: 2 },
            mutant: None,
        }
    }

    /// The same with a rule left out.
    #[must_use]
    pub fn without(self, mutant: Mutant) -> Self {
        Self { mutant: Some(mutant), ..self }
    }

    /// The state before anything happened: the job was opened, and its actor is a member.
    #[must_use]
    pub fn start(&self) -> State {
        let keys = self.intents.iter().map(|intent| intent.key + 1).max().unwrap_or(0);
        State {
            kept: Kept {
                row: Row { stage: Stage::Waiting, revision: 1, proof: 0 },
                log: vec![Entry::Opened],
                receipts: vec![None; keys],
                changes: Vec::new(),
            },
            processes: [Process::Idle; PROCESSES],
            told: vec![None; self.intents.len()],
            lost: vec![false; self.intents.len()],
            sends: vec![self.bounds.sends; self.intents.len()],
            crashes: self.bounds.crashes,
            losses: self.bounds.losses,
            sight: Sight::Nothing,
            wrongs: Wrongs::default(),
        }
    }
}

fn intent(key: usize, wish: Wish, seen: Option<u64>) -> Intent {
    Intent { key, wish, seen }
}
