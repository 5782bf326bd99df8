//! What a backend implements. A backend executes commits; it never sees the judge.

mod seals;
mod segments;
mod survey;

use async_trait::async_trait;

pub use seals::Seals;

use crate::command::DueTimer;
use crate::commit::{
    Commit, ContractRecord, LawRecord, MigrationCommit, MigrationOutcome, Outcome, Pinned,
};
use crate::error::Fault;
use crate::id::{ActorId, CommandKey, Kind, Role, SubjectId, Tenant, Topic, Version, World};
use crate::proof::{LogEntry, LogHead};
use crate::standing::Standing;
use crate::subject::Subject;
use crate::time::{ProofId, Timestamp};

pub use segments::{ArchiveReader, Archived, RELEASE_MAX, Segments};
pub use survey::{
    AnchorRow, AttestationRow, Beside, CheckpointRow, EntryRow, PartRow, Picture, Placeless,
    ScopeRow, StandingGroup, StandingLine, SubjectRow, Survey, TileRow, Unplaced, UnplacedRow,
};

/// The most commands in one batch.
pub const BATCH_MAX: usize = 256;

/// What a judgement needs to know: of one actor, in one tenant, about up to 16 subjects.
#[derive(Debug, Clone)]
pub struct Ask {
    /// The world.
    pub world: World,
    /// The tenant, or the reserved one.
    pub tenant: Tenant,
    /// Whose standing.
    pub actor: ActorId,
    /// Which subjects; all of this world and tenant.
    pub subjects: Vec<Subject>,
    /// Whether it led to something already.
    pub key: Option<CommandKey>,
}

/// Keeps subjects, standing and receipts.
///
/// # Duties
///
/// - `load_all` answers every ask, misses included, in the order of the asks. Each
///   [`Standing`] is one consistent picture: it never shows a subject moved and the key absent.
/// - `commit_all` answers every commit, in order. Each commit is written whole or not at all,
///   after its subjects' proofs, its generations and its key were compared *inside* the write;
///   the comparison holds until the transaction ends. A commit that was judged upon an earlier
///   one names its proof, so that it is [`Outcome::Conflict`] where that one is not written. One
///   item's answer never depends on a neighbour of another subject.
/// - An answer is given only after the transaction has ended. When the end is not known, the
///   answer is a fault of the kind `Ambiguous`, and a retry by key finds the truth.
/// - A dropped future leaves neither an open transaction nor half a commit.
/// - A subject whose last commit was terminal never changes again, and no subject or entry is
///   ever deleted, by any path through the database.
/// - Ids are compared byte for byte.
#[async_trait]
pub trait Store: Send + Sync {
    /// A standing as it is remembered, without asking the database and without a receipt; none
    /// when something of it is not remembered, as always by default.
    ///
    /// It may be stale. A commit that is judged upon it is safe, because whatever was read is
    /// compared again; a refusal is not, and is never answered before the standing was loaded.
    fn recall(&self, _ask: &Ask) -> Option<Standing> {
        None
    }

    /// Loads one standing per ask, in order. At most [`BATCH_MAX`] asks.
    async fn load_all(&self, asks: &[Ask]) -> Result<Vec<Standing>, Fault>;

    /// Commits each on its own, in order, and answers each. At most [`BATCH_MAX`] commits.
    async fn commit_all(&self, commits: &[Commit]) -> Vec<Result<Outcome, Fault>>;
}

/// Reads what stands beside the hot path: laws, pins, timers, keys, lists.
#[async_trait]
pub trait Archive: Send + Sync {
    /// The laws that came into force in a world, oldest first; the last one is.
    async fn laws(&self, world: &World) -> Result<Vec<LawRecord>, Fault>;

    /// The contract versions that were recorded for a world.
    async fn contracts(&self, world: &World) -> Result<Vec<ContractRecord>, Fault>;

    /// The (kind, version) pairs that live, non-terminal subjects of a world pin.
    async fn pins(&self, world: &World) -> Result<Vec<(Kind, Version)>, Fault>;

    /// Timers of a world that are due, the longest due first, those that are due at once in an
    /// order of the store's own; at most `PAGE_MAX`. Takes as long as there are timers to answer,
    /// however many others wait or are due.
    async fn due_timers(
        &self,
        world: &World,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<DueTimer>, Fault>;

    /// Moves timers that could not be fired to a later time; those that are not as they were read
    /// are left alone. At most [`BATCH_MAX`] timers.
    async fn postpone_timers(&self, timers: &[DueTimer], until: Timestamp) -> Result<(), Fault>;

    /// Deletes receipts that expired, at most so many; says how many went.
    async fn sweep_receipts(&self, now: Timestamp, limit: u32) -> Result<u32, Fault>;

    /// The members of a scope with their roles, by actor id, after one, at most `PAGE_MAX`.
    async fn members(
        &self,
        world: &World,
        tenant: &Tenant,
        after: Option<&ActorId>,
        limit: u32,
    ) -> Result<Vec<(ActorId, Vec<Role>)>, Fault>;

    /// Who holds or held a time-boxed grant in a scope, by id, each once, after one, at most
    /// `PAGE_MAX`.
    async fn grantees(
        &self,
        world: &World,
        tenant: &Tenant,
        after: Option<&ActorId>,
        limit: u32,
    ) -> Result<Vec<ActorId>, Fault>;

    /// The tenants of a world by id, after one, at most `PAGE_MAX`; never the reserved one.
    async fn tenants(
        &self,
        world: &World,
        after: Option<&Tenant>,
        limit: u32,
    ) -> Result<Vec<Tenant>, Fault>;
}

/// Which live subjects are listed: of one tenant and kind, by the contract version that they pin.
#[derive(Debug, Clone)]
pub struct PinnedAsk {
    /// The world.
    pub world: World,
    /// The tenant.
    pub tenant: Tenant,
    /// The kind.
    pub kind: Kind,
    /// The version that they pin.
    pub version: Version,
    /// Only those after this one.
    pub after: Option<SubjectId>,
    /// The most; at most [`MIGRATION_BATCH_MAX`](crate::commit::MIGRATION_BATCH_MAX).
    pub limit: u32,
}

/// Moves subjects between contract versions.
#[async_trait]
pub trait Migrations: Send + Sync {
    /// Live subjects that pin a contract version, in the order of the bytes of their ids. What a
    /// page costs does not depend on how many subjects there are.
    async fn pinned(&self, ask: &PinnedAsk) -> Result<Vec<Pinned>, Fault>;

    /// Writes a batch of a migration whole or not at all, as [`MigrationCommit`] says. A commit
    /// that was judged on one of its subjects before is [`Outcome::Conflict`] from then on, for the
    /// proof of the subject's state is another.
    async fn migrate(&self, batch: &MigrationCommit) -> Result<MigrationOutcome, Fault>;
}

/// Reads the logs. One per (world, tenant). Of entries that were archived there may be no rows, or
/// not all: whoever reads a log looks at its [`Segments`] too, as `Hos` does.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// Size and root; those of an empty log for a tenant that has none.
    async fn head(&self, world: &World, tenant: &Tenant) -> Result<LogHead, Fault>;

    /// One entry of this tenant by its number.
    async fn find(
        &self,
        world: &World,
        tenant: &Tenant,
        id: ProofId,
    ) -> Result<Option<LogEntry>, Fault>;

    /// Entries from an index on, at most [`PAGE_MAX`](crate::proof::PAGE_MAX).
    async fn page(
        &self,
        world: &World,
        tenant: &Tenant,
        from: u64,
        limit: u32,
    ) -> Result<Vec<LogEntry>, Fault>;

    /// The entries of one subject that raised its revision, after a revision, in order.
    async fn history(
        &self,
        subject: &Subject,
        after: u64,
        limit: u32,
    ) -> Result<Vec<LogEntry>, Fault>;

    /// Gives recorded entries that have no place in their log yet their index, at most so many;
    /// answers with how many it is done. Any process may call it. Always 0 where entries are
    /// numbered as they are recorded.
    ///
    /// An entry whose leaf is not what its hash says is set aside, so that it holds up nobody: it
    /// has no place from then on, and [`Seals::quarantined`] names it.
    async fn sequence_pending(&self, limit: u32) -> Result<u32, Fault>;

    /// The tiles and checkpoints of the same logs.
    fn seals(&self) -> &dyn Seals;
}

/// Deletes parts, which their commitments survive.
#[async_trait]
pub trait Erasures: Send + Sync {
    /// Deletes what there is of parts of this tenant's entries, each an entry and a name, and keeps
    /// [`Part::erased`](crate::proof::Part::erased) in its place; answers how many were there and
    /// not erased. Nothing else of an entry changes.
    async fn delete_parts(
        &self,
        world: &World,
        tenant: &Tenant,
        parts: &[(ProofId, String)],
        by: ProofId,
    ) -> Result<u32, Fault>;
}

/// A message that waits to be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxRow {
    /// Its number; not an order across subjects.
    pub id: u64,
    /// The subject.
    pub subject: Subject,
    /// The subject's revision: the order within the subject.
    pub revision: u64,
    /// The entry that proves what is told.
    pub entry: ProofId,
    /// Where to.
    pub topic: Topic,
    /// Canonical JSON.
    pub payload: String,
    /// The W3C trace that it continues.
    pub traceparent: Option<String>,
}

/// Reads and ticks off the outbox.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Messages that wait, of each subject in the order of its revisions.
    async fn waiting(&self, limit: u32) -> Result<Vec<OutboxRow>, Fault>;

    /// Ticks messages off.
    async fn done(&self, ids: &[u64]) -> Result<(), Fault>;
}

/// A whole backend.
pub trait Backend: Store + Archive + Migrations + Ledger + Erasures + Segments + Outbox {}

impl<T: Store + Archive + Migrations + Ledger + Erasures + Segments + Outbox> Backend for T {}
