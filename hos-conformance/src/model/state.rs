//! What the model is made of: the store, two processes, and what was told to clients.

use std::fmt;

/// How many processes there are.
pub const PROCESSES: usize = 2;

/// The states of the job that everybody moves.
///
/// Exhaustive: the job has these states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// As it was opened.
    Waiting,
    /// Started.
    Running,
    /// Finished: terminal.
    Done,
}

impl Stage {
    /// The state's name in the job's contract.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
        }
    }
}

/// What a command asks for.
///
/// Exhaustive: the job has these actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wish {
    /// From waiting to running: once.
    Start,
    /// From waiting to waiting, or from running to running: as often as it is sent.
    Touch,
    /// From running to done; a denied attempt leaves evidence.
    Finish,
}

impl Wish {
    /// The action's name in the job's contract.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Touch => "touch",
            Self::Finish => "finish",
        }
    }
}

/// The groups of standing, each with a generation of its own.
///
/// Exhaustive: the groups of the law.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// The actor's membership: there at first.
    Members,
    /// The ban list.
    Bans,
    /// A time-boxed grant.
    Grants,
    /// The mode: `off` lets everybody through.
    Modes,
    /// Whether the world is open; this one is of the world, the others of the tenant.
    Status,
}

impl Group {
    /// Every group.
    pub const ALL: [Self; 5] = [Self::Members, Self::Bans, Self::Grants, Self::Modes, Self::Status];
}

/// One intent of a client: every sending of it carries the same key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Intent {
    /// The number of its key; two intents may wrongly share one.
    pub key: usize,
    /// What is asked for.
    pub wish: Wish,
    /// The revision that the client saw, when it says so.
    pub seen: Option<u64>,
}

/// A subject's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Row {
    /// The state.
    pub stage: Stage,
    /// 1 at opening, one more per move.
    pub revision: u64,
    /// Where in the log its proof is.
    pub proof: usize,
}

/// An entry of the log.
///
/// Exhaustive: what is recorded of the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Entry {
    /// The job was opened.
    Opened,
    /// An intent moved it.
    Moved {
        /// Which intent.
        intent: usize,
        /// The state before.
        from: Stage,
        /// The state after.
        to: Stage,
        /// The revision after.
        revision: u64,
    },
    /// An intent was denied a critical ability.
    Denied {
        /// Which intent.
        intent: usize,
    },
}

/// What an intent led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Told {
    /// Which intent.
    pub intent: usize,
    /// Whether it moved the job.
    pub moved: bool,
    /// The row after it.
    pub row: Row,
}

/// What the database holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Kept {
    /// The job.
    pub row: Row,
    /// The log.
    pub log: Vec<Entry>,
    /// By the number of the key.
    pub receipts: Vec<Option<Told>>,
    /// Every change of standing, in order; each turns its group over and raises its generation.
    pub changes: Vec<Group>,
}

/// Where a process is.
///
/// Exhaustive: there is no fourth place to stop at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Process {
    /// It serves nobody.
    Idle,
    /// It is about to load.
    Loading {
        /// Which intent it serves.
        intent: usize,
    },
    /// It has judged, and is about to commit.
    Committing {
        /// Which intent it serves.
        intent: usize,
        /// What it judged upon.
        picture: Picture,
    },
}

/// A standing as somebody read it: how long the log, and how many the changes were then.
///
/// The two may be of different times: what is remembered is remembered in parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Picture {
    /// The place in the log of the job's proof.
    pub proof: usize,
    /// So many of the changes had been made.
    pub changes: usize,
}

/// What the last step let somebody see.
///
/// Exhaustive: a checker asks for each of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sight {
    /// Nothing.
    Nothing,
    /// Something that was read had changed.
    Conflict,
    /// The first answer.
    First,
    /// The first answer was that the job is there already.
    Unchanged,
    /// The answer of before.
    Replayed,
    /// The answer of before, which its client had never been told.
    FoundAgain,
    /// A refusal.
    Refused(Code),
    /// The end is not known.
    Ambiguous,
}

/// Why an intent was refused; the order is that of the law.
///
/// Exhaustive: what a job may be refused for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// The key was used for another intent.
    KeyReused,
    /// The world is closed.
    WorldClosed,
    /// The actor is banned.
    Banned,
    /// Policy does not allow it.
    Denied,
    /// The job is done.
    TerminalState,
    /// The action does not start here.
    InvalidTransition,
    /// The client saw an older revision.
    StaleRevision,
}

impl Code {
    /// The refusal's stable code.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::KeyReused => "key_reused",
            Self::WorldClosed => "world_closed",
            Self::Banned => "banned",
            Self::Denied => "denied",
            Self::TerminalState => "terminal_state",
            Self::InvalidTransition => "invalid_transition",
            Self::StaleRevision => "stale_revision",
        }
    }
}

/// Everything at one moment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct State {
    /// What the database holds.
    pub kept: Kept,
    /// The processes.
    pub processes: [Process; PROCESSES],
    /// By intent: the receipt that its client was told first.
    pub told: Vec<Option<Told>>,
    /// By intent: whether what it led to was once written and its answer lost.
    pub lost: Vec<bool>,
    /// By intent: how often it may still be sent.
    pub sends: Vec<u8>,
    /// How many processes may still be killed.
    pub crashes: u8,
    /// How many calls or answers of commits may still be lost.
    pub losses: u8,
    /// What the last step let somebody see.
    pub sight: Sight,
    /// What can be seen in one step only, and was wrong.
    pub wrongs: Wrongs,
}

/// What can be seen in one step only, and was wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Wrongs {
    /// Two answers to one intent differed.
    pub answered_twice: bool,
    /// Something was written that the standing of that moment forbids.
    pub overtaken: bool,
    /// A refusal was answered that was not true at that moment.
    pub untrue_refusal: bool,
}

/// What may happen next.
///
/// Exhaustive: a driver must be able to do each of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// A client sends an intent, and the process judges it on what it remembers, if anything.
    Send {
        /// To which process.
        process: usize,
        /// Which intent.
        intent: usize,
        /// What is remembered.
        recalled: Option<Picture>,
    },
    /// A process loads and judges.
    Load {
        /// Which one.
        process: usize,
    },
    /// A process commits what it judged.
    Commit {
        /// Which one.
        process: usize,
        /// What becomes of the call.
        fate: Fate,
    },
    /// A process is killed.
    Crash {
        /// Which one.
        process: usize,
    },
    /// An administrator changes standing.
    Change(Group),
}

/// What becomes of a commit's call.
///
/// Exhaustive: a call or its answer is lost, or neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fate {
    /// It is answered.
    Answered,
    /// It is done and the answer lost.
    AnswerLost,
    /// It never arrives.
    CallLost,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Send { process, intent, recalled: None } => {
                write!(f, "p{process} takes intent {intent}")
            }
            Self::Send { process, intent, recalled: Some(Picture { proof, changes }) } => write!(
                f,
                "p{process} takes intent {intent}, recalls proof {proof} and {changes} changes"
            ),
            Self::Load { process } => write!(f, "p{process} loads"),
            Self::Commit { process, fate } => write!(f, "p{process} commits: {fate:?}"),
            Self::Crash { process } => write!(f, "p{process} is killed"),
            Self::Change(group) => write!(f, "{group:?} change"),
        }
    }
}
