//! What the judge decided, for a store to keep: all of it or nothing.

mod migration;

use crate::digest::Digest;
use crate::id::{ActionName, ActorId, CommandKey, Kind, Tenant, Topic, Version, World};
use crate::policy::DecisionEffect;
use crate::proof::{Entry, EpochRecord, SegmentRecord};
use crate::receipt::Receipt;
use crate::standing::Versions;
use crate::subject::{Snapshot, Subject};
use crate::time::{ProofId, Timestamp};

pub use migration::{
    MIGRATION_BATCH_MAX, MIGRATION_BYTES_MAX, MigrationCommit, MigrationOutcome, Pinned, Repinned,
};

/// The writes of one judged command, with the version of everything that was read.
///
/// It cannot be forged: its fields are private and only the judge builds one. A store reads and
/// executes it, in one database transaction:
///
/// 1. a receipt is stored under the key already: [`Outcome::Replayed`] or [`Outcome::Reused`]; one
///    may be about to be, by a transaction that does not end: [`Outcome::InProgress`];
/// 2. a generation, or the proof of a subject's state, is not what was read: [`Outcome::Conflict`];
/// 3. else everything is written: subjects, standing, entries with their parts, outbox rows,
///    timers, and the key's receipt.
///
/// ```compile_fail
/// // A commit that no judge made does not compile.
/// let commit = hos_core::commit::Commit { entries: Vec::new() };
/// ```
#[derive(Debug, Clone)]
pub struct Commit {
    pub(crate) world: World,
    pub(crate) tenant: Tenant,
    pub(crate) versions: Versions,
    pub(crate) receipt: Option<KeptReceipt>,
    pub(crate) changes: Vec<SubjectChange>,
    pub(crate) standing: Option<StandingWrite>,
    pub(crate) entries: Vec<Entry>,
    /// Whom the parts of the entries are about.
    pub(crate) person: Option<ActorId>,
    /// What only a mode of `shadow` let through.
    pub(crate) shadowed: Vec<Shadowed>,
}

/// An ability that only a mode of `shadow` let through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shadowed {
    pub(crate) ability: String,
    /// What policy said.
    pub(crate) effect: DecisionEffect,
}

impl Commit {
    /// The world.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The tenant; every row of the commit is one of this tenant's.
    #[must_use]
    pub fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    /// The generations that were read.
    #[must_use]
    pub fn versions(&self) -> &Versions {
        &self.versions
    }

    /// The receipt to be kept under the command key; none for evidence of a refusal.
    #[must_use]
    pub fn receipt(&self) -> Option<&KeptReceipt> {
        self.receipt.as_ref()
    }

    /// The subjects that were read, and what becomes of them; at most 16, all different.
    #[must_use]
    pub fn changes(&self) -> &[SubjectChange] {
        &self.changes
    }

    /// The standing that changes, in the scope of [`Commit::tenant`].
    #[must_use]
    pub fn standing(&self) -> Option<&StandingWrite> {
        self.standing.as_ref()
    }

    /// The entries, in log order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
}

/// A command's key, fingerprint and receipt.
#[derive(Debug, Clone)]
pub struct KeptReceipt {
    pub(crate) key: CommandKey,
    pub(crate) fingerprint: Digest,
    pub(crate) receipt: Receipt,
    pub(crate) expires_at: Timestamp,
}

impl KeptReceipt {
    /// The command key; its scope is (world, tenant).
    #[must_use]
    pub fn key(&self) -> &CommandKey {
        &self.key
    }

    /// Digest of what the client intended.
    #[must_use]
    pub fn fingerprint(&self) -> Digest {
        self.fingerprint
    }

    /// What the command led to.
    #[must_use]
    pub fn receipt(&self) -> &Receipt {
        &self.receipt
    }

    /// When it may be swept.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.expires_at
    }
}

/// One subject that was read, and what becomes of it.
#[derive(Debug, Clone)]
pub struct SubjectChange {
    pub(crate) subject: Subject,
    pub(crate) from_revision: u64,
    pub(crate) from_proof: Option<ProofId>,
    pub(crate) after: Option<SubjectAfter>,
}

impl SubjectChange {
    /// Which subject.
    #[must_use]
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// The revision that was read; 0 means that the subject did not exist.
    #[must_use]
    pub fn from_revision(&self) -> u64 {
        self.from_revision
    }

    /// The proof of the state that was read; none when the subject did not exist. This is what a
    /// store compares: unlike a revision's number it is never another's, neither where a commit
    /// that this one was judged upon was not written, nor after a fail-over that lost commits.
    #[must_use]
    pub fn from_proof(&self) -> Option<ProofId> {
        self.from_proof
    }

    /// What it becomes; none when it was only read and must not have moved.
    #[must_use]
    pub fn after(&self) -> Option<&SubjectAfter> {
        self.after.as_ref()
    }
}

/// A subject after a commit.
#[derive(Debug, Clone)]
pub struct SubjectAfter {
    pub(crate) snapshot: Snapshot,
    pub(crate) terminal: bool,
    pub(crate) timers: Vec<TimerWrite>,
    pub(crate) outbox: Vec<OutboxWrite>,
}

impl SubjectAfter {
    /// State, revision, attributes, contract version and proof.
    #[must_use]
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Whether nothing leaves the state; the store protects such rows by itself.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// The timers that run now; those of earlier revisions end.
    #[must_use]
    pub fn timers(&self) -> &[TimerWrite] {
        &self.timers
    }

    /// The messages to be published.
    #[must_use]
    pub fn outbox(&self) -> &[OutboxWrite] {
        &self.outbox
    }
}

/// A timer that a commit sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimerWrite {
    /// What is to be done.
    pub action: ActionName,
    /// When.
    pub due_at: Timestamp,
}

/// A message that a commit publishes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxWrite {
    /// The entry that proves what is told.
    pub entry: ProofId,
    /// Where to.
    pub topic: Topic,
    /// Canonical JSON.
    pub payload: String,
    /// The W3C trace that it continues.
    pub traceparent: Option<String>,
}

/// A change of standing as a store executes it, in the scope of the commit's tenant.
#[derive(Debug, Clone)]
pub struct StandingWrite {
    pub(crate) change: StandingRow,
}

impl StandingWrite {
    /// The row.
    #[must_use]
    pub fn row(&self) -> &StandingRow {
        &self.change
    }
}

/// A row of standing. Each one but [`StandingRow::Contract`] and [`StandingRow::Segment`] raises
/// the generation of its group in the scope.
///
/// Exhaustive: a store must execute every one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a store must execute every one")]
pub enum StandingRow {
    /// The scope itself: a tenant, or the world when the scope is the reserved tenant.
    Scope,
    /// A membership: exactly these roles, none ends it. Group `members`.
    Member {
        /// The member.
        member: ActorId,
        /// All roles.
        roles: Vec<crate::id::Role>,
    },
    /// The ban list. Group `bans`.
    Ban {
        /// Who.
        target: ActorId,
        /// On or off the list.
        banned: bool,
    },
    /// A grant, or its end. Group `grants`.
    Grant {
        /// Whose.
        target: ActorId,
        /// The grant, numbered by its own entry; a past `until` ends the one with this number.
        grant: crate::standing::Grant,
    },
    /// A mode. Group `modes`.
    Mode {
        /// For one ability, or all without a mode of their own.
        ability: Option<crate::id::Ability>,
        /// None clears it.
        mode: Option<crate::standing::Mode>,
    },
    /// Nothing but the generation of the group `grants`: whatever was judged before is judged
    /// again. An erasure writes it, so that nothing is committed under a key that it destroys.
    Generation,
    /// Parts of entries of the scope are erased with the entry that says so, as by
    /// [`Erasures::delete_parts`](crate::store::Erasures::delete_parts): whoever reads them
    /// before, to archive them, has read another generation. Group `grants`.
    Parts {
        /// Each an entry and a name.
        parts: Vec<(ProofId, String)>,
        /// The entry that erases them.
        by: ProofId,
    },
    /// The world's status. Group `status`.
    Status {
        /// From now on.
        status: crate::standing::WorldStatus,
    },
    /// A law comes into force; the last one is. Group `status`.
    Law(LawRecord),
    /// A contract version.
    Contract(ContractRecord),
    /// A segment of the scope's log goes to the archive or comes back. It is written only if the
    /// store finds it where it says: else nothing of the commit is, and the answer is
    /// [`Outcome::Conflict`]. See [`Segments`](crate::store::Segments).
    Segment(SegmentRecord),
    /// An epoch of a log begins. Group `grants`. It is written only if its number is higher than
    /// that of every epoch of the log: else nothing of the commit is, and the answer is
    /// [`Outcome::Conflict`].
    Epoch(EpochRecord),
}

/// A law that came into force, as a store has recorded it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LawRecord {
    /// The version label.
    pub version: Version,
    /// Its digest.
    pub digest: Digest,
    /// The deployment that its log names.
    pub deployment: String,
}

/// A contract version that a store has recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractRecord {
    /// The kind of subject.
    pub kind: Kind,
    /// The version label.
    pub version: Version,
    /// Its digest.
    pub digest: Digest,
}

/// What a store answers to a commit.
///
/// Exhaustive: a conflict is an answer, not an error.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a conflict is an answer, not an error")]
pub enum Outcome {
    /// Everything was written.
    Committed,
    /// The key led to this receipt before, by the same command; nothing was written.
    Replayed(Box<Receipt>),
    /// The key was used for another command; nothing was written.
    Reused,
    /// Something that was read has changed; nothing was written.
    Conflict,
    /// Another transaction holds the key, has not ended, and outlasted the lock wait; nothing was
    /// written. A store that cannot tell whose lock it waited for answers a fault of the kind
    /// `Busy`.
    InProgress,
}
