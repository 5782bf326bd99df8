//! A refusal is an answer; a fault is an accident.

mod law;

use std::error::Error as StdError;
use std::fmt;

use serde::Serialize;

pub use law::{FAULTS_MAX, LawError, LawFault, Position};
pub(crate) use law::{LawFaults, Place};

use crate::id::{ActionName, IdError, Name, State};

/// Why a call was refused. An answer, with a stable [`code`](Refusal::code).
///
/// Exhaustive: a world must be able to answer each of them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(clippy::exhaustive_enums, reason = "a caller must be able to match every answer")]
pub enum Refusal {
    /// The call itself is wrong; every fault is listed.
    #[error("the call is not valid: {}", list(.0))]
    InvalidInput(Vec<InputFault>),
    /// No such world is registered under these laws.
    #[error("no such world")]
    InvalidWorld,
    /// The subjects of one command are of different worlds or tenants.
    #[error("all subjects of one command must be of one world and tenant")]
    WorldMismatch,
    /// A command without a command key.
    #[error("a command key is required")]
    MissingKey,
    /// Policy does not allow it.
    #[error("policy does not allow this")]
    Denied,
    /// The actor is on the ban list.
    #[error("the actor is banned")]
    Banned,
    /// No such tenant or subject, or none that this actor may know of.
    #[error("not found")]
    NotFound,
    /// The world is closed to new transitions.
    #[error("the world is closed")]
    WorldClosed,
    /// The contract has no such action from the present state.
    #[error("`{action}` is not possible from `{from}`")]
    InvalidTransition {
        /// The present state; empty for a subject that may not be opened again.
        from: String,
        /// What was asked for.
        action: String,
        /// What this actor may do instead, in catalogue order.
        allowed: Vec<ActionName>,
    },
    /// The subject is in a terminal state, which nothing leaves.
    #[error("`{0}` is a terminal state")]
    TerminalState(State),
    /// Guards do not hold; every failing one is listed.
    #[error("guards do not hold: {}", list(.0))]
    GuardFailed(Vec<Name>),
    /// The caller gave the revision that it saw, and it is old.
    #[error("the subject moved on: revision {seen} was seen, {current} is current")]
    StaleRevision {
        /// What the caller saw.
        seen: u64,
        /// What is current.
        current: u64,
    },
    /// The command key was used for another command.
    #[error("the command key was used for another command")]
    KeyReused,
    /// Two actions lead to the state that was asked for.
    #[error("several actions lead there: {}", list(.0))]
    AmbiguousAction(Vec<ActionName>),
    /// A hold refuses the erasure, for this matter; or another hold is there already.
    #[error("the person is held for `{0}`")]
    Held(Name),
    /// Another, uncommitted holder of the key outlasted the lock wait. Retry.
    #[error("a command with this key is in progress")]
    InProgress,
    /// The standing kept changing under the command. Retry.
    #[error("the subject or its standing changed at the same time")]
    Conflict,
}

fn list<T: fmt::Display>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl Refusal {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidInput(_) => "invalid_input",
            Self::InvalidWorld => "invalid_world",
            Self::WorldMismatch => "world_mismatch",
            Self::MissingKey => "missing_key",
            Self::Denied => "denied",
            Self::Banned => "banned",
            Self::NotFound => "not_found",
            Self::WorldClosed => "world_closed",
            Self::InvalidTransition { .. } => "invalid_transition",
            Self::TerminalState(_) => "terminal_state",
            Self::GuardFailed(_) => "guard_failed",
            Self::StaleRevision { .. } => "stale_revision",
            Self::KeyReused => "key_reused",
            Self::AmbiguousAction(_) => "ambiguous_action",
            Self::Held(_) => "held",
            Self::InProgress => "in_progress",
            Self::Conflict => "conflict",
        }
    }

    /// The HTTP status that a world answers with.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::InvalidInput(_) | Self::InvalidWorld | Self::MissingKey => 400,
            Self::Denied | Self::Banned => 403,
            Self::NotFound => 404,
            Self::StaleRevision { .. } | Self::InProgress | Self::Conflict => 409,
            Self::WorldClosed => 410,
            Self::WorldMismatch
            | Self::InvalidTransition { .. }
            | Self::TerminalState(_)
            | Self::GuardFailed(_)
            | Self::Held(_)
            | Self::KeyReused
            | Self::AmbiguousAction(_) => 422,
        }
    }

    /// Whether the same command may succeed when sent again.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::InProgress | Self::Conflict)
    }
}

/// One thing that is wrong with a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InputFault {
    /// Which part of the call, such as `input.reason`.
    pub field: String,
    /// What is wrong, for the client to read.
    pub message: String,
}

impl InputFault {
    /// Names a part and what is wrong with it.
    #[must_use]
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

impl fmt::Display for InputFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.field, self.message)
    }
}

impl StdError for InputFault {}

/// What sort of accident a [`Fault`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FaultKind {
    /// The commit was sent and its answer lost: send the same command with the same key again.
    Ambiguous,
    /// The store cannot be reached now; nothing was written.
    Unavailable,
    /// Another writer held the store for too long; nothing was written.
    Busy,
    /// The store is full; nothing was written.
    Full,
    /// The store is read-only.
    ReadOnly,
    /// The store refused the user, the password, the encryption or a right that is needed. Mend
    /// the configuration.
    Unauthorized,
    /// The store's software is too old or lacks something that is needed. Upgrade it.
    Unsupported,
    /// The store's bytes are damaged. Restore it from a backup.
    Corrupt,
    /// The store was written by a newer version of this software. Upgrade.
    NewerSchema,
    /// The store belongs to another application. Check the path.
    Foreign,
    /// The store is behind what was signed from it, or beside it: a backup was restored. Compare
    /// the two before anything is signed again.
    Restored,
    /// A signing key is missing, damaged or open to others. It is never made anew.
    Key,
    /// The laws do not fit what the store has recorded.
    Law,
    /// The transaction that was handed in cannot be used.
    Transaction,
    /// A limit of the store was exceeded by the call.
    Limit,
    /// What was asked for is archived, and the law was opened without the archive: open it with
    /// the archive, or restore the segment. [`Archived`](crate::store::Archived) tells which.
    Archived,
    /// Anything else; a defect.
    Internal,
}

/// An accident: opaque, with a [`kind`](Fault::kind).
///
/// Its text is for the log, never for the client.
#[derive(Debug)]
pub struct Fault {
    kind: FaultKind,
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Fault {
    /// A fault of a kind; the message says what to do.
    #[must_use]
    pub fn new(kind: FaultKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    /// Keeps what caused it.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What sort of accident.
    #[must_use]
    pub fn kind(&self) -> FaultKind {
        self.kind
    }

    /// Whether sending the same command with the same key again may succeed.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self.kind, FaultKind::Ambiguous | FaultKind::Unavailable | FaultKind::Busy)
    }

    /// Whether whoever asks the store now may meet it, whatever is asked: nothing of a batch is
    /// tried alone then. Any other may be that of one of its items.
    #[must_use]
    pub fn is_everyones(&self) -> bool {
        matches!(
            self.kind,
            FaultKind::Ambiguous
                | FaultKind::Unavailable
                | FaultKind::ReadOnly
                | FaultKind::Full
                | FaultKind::Unauthorized
        )
    }

    /// The same once more, without its cause: for each whom it concerns.
    pub(crate) fn again(&self) -> Self {
        Self::new(self.kind, self.message.clone())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Fault {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

/// What a call of the law ends with when it does not succeed.
///
/// Exhaustive: an answer or an accident, there is no third.
#[derive(Debug, thiserror::Error)]
#[expect(clippy::exhaustive_enums, reason = "an answer or an accident, there is no third")]
pub enum Error {
    /// An answer.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// An accident.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl Error {
    /// The refusal, if it is one.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            Self::Fault(_) => None,
        }
    }

    /// The fault, if it is one.
    #[must_use]
    pub fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Refused(_) => None,
            Self::Fault(fault) => Some(fault),
        }
    }

    /// Whether sending the same command with the same key again may succeed.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Refused(refusal) => refusal.is_retryable(),
            Self::Fault(fault) => fault.is_retryable(),
        }
    }
}

impl From<IdError> for Error {
    fn from(error: IdError) -> Self {
        Self::Refused(Refusal::InvalidInput(vec![InputFault::new("id", error.to_string())]))
    }
}
