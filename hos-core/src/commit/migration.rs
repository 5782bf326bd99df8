//! A batch of subjects that come to pin another contract version: all of it or nothing.

use super::{KeptReceipt, TimerWrite};
use crate::id::{Kind, SubjectId, Tenant, World};
use crate::proof::Entry;
use crate::standing::Versions;
use crate::subject::Snapshot;
use crate::time::ProofId;

/// The most subjects of one batch, which one entry proves.
pub const MIGRATION_BATCH_MAX: u32 = 1_000;
/// About the most that the attributes of one batch take, in bytes; one subject always fits.
pub const MIGRATION_BYTES_MAX: usize = 4 << 20;

/// A live subject as a store lists it by the version that it pins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pinned {
    /// Which one; the kind is that of the list.
    pub id: SubjectId,
    /// What it is.
    pub snapshot: Snapshot,
    /// The timers that run, by action.
    pub timers: Vec<TimerWrite>,
}

/// The writes of one judged batch, with the version of everything that was read.
///
/// Like [`Commit`](super::Commit) only the judge builds one. A store executes it in one database
/// transaction:
///
/// 1. a generation is not what was read, or something is stored under the command's key:
///    [`MigrationOutcome::Conflict`];
/// 2. the proof of a subject's state is not what was read: [`MigrationOutcome::Moved`];
/// 3. else the entry with its parts and the receipt are recorded, and each subject gets its new
///    contract version, state, attributes and timers, and the entry as the proof of its state. Its
///    revision stays.
#[derive(Debug, Clone)]
pub struct MigrationCommit {
    pub(crate) world: World,
    pub(crate) tenant: Tenant,
    pub(crate) kind: Kind,
    pub(crate) versions: Versions,
    pub(crate) receipt: KeptReceipt,
    pub(crate) entry: Entry,
    pub(crate) subjects: Vec<Repinned>,
}

impl MigrationCommit {
    /// The world.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The tenant.
    #[must_use]
    pub fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    /// The kind of all its subjects.
    #[must_use]
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// The generations that were read.
    #[must_use]
    pub fn versions(&self) -> &Versions {
        &self.versions
    }

    /// What is kept under the command's key.
    #[must_use]
    pub fn receipt(&self) -> &KeptReceipt {
        &self.receipt
    }

    /// The one entry that proves the batch.
    #[must_use]
    pub fn entry(&self) -> &Entry {
        &self.entry
    }

    /// The subjects, by id; at least one, at most [`MIGRATION_BATCH_MAX`], none of them terminal,
    /// before or after.
    #[must_use]
    pub fn subjects(&self) -> &[Repinned] {
        &self.subjects
    }
}

/// One subject of a batch.
#[derive(Debug, Clone)]
pub struct Repinned {
    pub(crate) id: SubjectId,
    pub(crate) from_proof: ProofId,
    pub(crate) after: Snapshot,
    pub(crate) timers: Vec<TimerWrite>,
}

impl Repinned {
    /// Which one.
    #[must_use]
    pub fn id(&self) -> &SubjectId {
        &self.id
    }

    /// The proof of the state that was read, which a store compares.
    #[must_use]
    pub fn from_proof(&self) -> ProofId {
        self.from_proof
    }

    /// State, attributes and contract version from now on; the revision is the one that it had.
    #[must_use]
    pub fn after(&self) -> &Snapshot {
        &self.after
    }

    /// The timers that run now; all others of the subject end.
    #[must_use]
    pub fn timers(&self) -> &[TimerWrite] {
        &self.timers
    }
}

/// What a store answers to a batch.
///
/// Exhaustive: a conflict is an answer, not an error.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a conflict is an answer, not an error")]
pub enum MigrationOutcome {
    /// Everything was written.
    Committed,
    /// The standing has changed, or another command was quicker with the key; nothing was written.
    Conflict,
    /// These subjects moved meanwhile; nothing was written.
    Moved(Vec<SubjectId>),
}
