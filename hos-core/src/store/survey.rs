//! Sees everything that is kept, as it is in one moment: what a check of the whole reads.

mod beside;
mod entry;

use async_trait::async_trait;

pub use beside::{
    AnchorRow, AttestationRow, Beside, CheckpointRow, Placeless, TileRow, Unplaced, UnplacedRow,
};
pub use entry::{EntryRow, PartRow};

use crate::error::Fault;
use crate::id::{Tenant, World};
use crate::time::ProofId;

/// Sees a whole deployment: every world, every tenant.
///
/// For checks and reports. Nothing is decided by what is seen here, so that names are texts and
/// values are bytes as they were found: whoever wrote around the law may have written anything, and
/// no row that nobody could have written keeps the others from being seen.
#[async_trait]
pub trait Survey: Send + Sync {
    /// Everything as it is now, whatever is written later. It holds one connection until it is
    /// dropped, and on a server what is deleted meanwhile is not cleared away before that.
    async fn picture(&self) -> Result<Box<dyn Picture>, Fault>;
}

/// A deployment as it was in one moment. Pages hold at most [`PAGE_MAX`](crate::proof::PAGE_MAX)
/// rows, in the order of the bytes of their keys, and cost the same however much there is.
#[async_trait]
pub trait Picture: Send {
    /// The tenants of all worlds and the worlds themselves, after one.
    async fn scopes(
        &mut self,
        after: Option<(&str, &str)>,
        limit: u32,
    ) -> Result<Vec<ScopeRow>, Fault>;

    /// What stands beside the entries: tiles, checkpoints, the deployment's log, and what has no
    /// place in any log.
    fn beside(&mut self) -> &mut dyn Beside;

    /// The numbered entries of a log from an index on.
    async fn entries(
        &mut self,
        world: &World,
        tenant: &Tenant,
        from: u64,
        limit: u32,
    ) -> Result<Vec<EntryRow>, Fault>;

    /// The recorded entries of a log that wait for their place, after a number of the queue, in the
    /// order in which they get it; each with its number.
    async fn waiting_entries(
        &mut self,
        world: &World,
        tenant: &Tenant,
        after: u64,
        limit: u32,
    ) -> Result<Vec<(u64, EntryRow)>, Fault>;

    /// The subjects of a tenant by kind and id, after one, each with the entry that it names.
    async fn subjects(
        &mut self,
        world: &World,
        tenant: &Tenant,
        after: Option<(&str, &str)>,
        limit: u32,
    ) -> Result<Vec<SubjectRow>, Fault>;

    /// Rows of standing by key, after one.
    async fn standing(
        &mut self,
        world: &World,
        tenant: &Tenant,
        group: StandingGroup,
        after: &str,
        limit: u32,
    ) -> Result<Vec<StandingLine>, Fault>;
}

/// A tenant, or a world under the reserved tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeRow {
    /// The world; what a name is, unless a hand wrote around the law.
    pub world: String,
    /// The tenant, likewise.
    pub tenant: String,
    /// `open` or `closed`; none where nothing is registered.
    pub status: Option<String>,
    /// How many entries of the log are numbered, as the head of the log says; 0 for what cannot be
    /// a count.
    pub size: u64,
    /// The peaks of the log's tree, largest first, as the head of the log says.
    pub frontier: Vec<u8>,
}

/// A subject as it is kept, and the entry that it names as its proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectRow {
    /// Its kind.
    pub kind: String,
    /// Which one.
    pub id: String,
    /// The state.
    pub state: String,
    /// The revision; 0 for what cannot be one.
    pub revision: u64,
    /// Whether nothing leaves the state.
    pub terminal: bool,
    /// The contract version that it pins.
    pub contract: String,
    /// Its attributes, as JSON.
    pub attributes: String,
    /// The entry that proves all this.
    pub proof_id: ProofId,
    /// The leaf of that entry; none where the tenant has no such entry, or one that is no text.
    pub leaf: Option<String>,
}

/// What rows of standing are about.
///
/// Exhaustive: a store must know every one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a store must know every one")]
pub enum StandingGroup {
    /// The ban list. Key: the actor; no value.
    Ban,
    /// Contract versions of a world. Key: kind, version and digest with spaces between; no value.
    Contract,
    /// Time-boxed grants. Key: the grant's number; value: a JSON array of actor, pattern, time in
    /// microseconds, and 1 for a break-glass or 0.
    Grant,
    /// Laws that came into force in a world. Key: which one, counted from 1, in ten digits; value:
    /// version and digest with a space between.
    Law,
    /// Memberships. Key: the actor; value: a JSON array of roles.
    Member,
    /// Modes. Key: the ability, or `*` for all without one of their own; value: the mode.
    Mode,
}

impl StandingGroup {
    /// Every group.
    pub const ALL: [Self; 6] =
        [Self::Ban, Self::Contract, Self::Grant, Self::Law, Self::Member, Self::Mode];

    /// The name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ban => "ban",
            Self::Contract => "contract",
            Self::Grant => "grant",
            Self::Law => "law",
            Self::Member => "member",
            Self::Mode => "mode",
        }
    }
}

/// A row of standing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct StandingLine {
    /// What it is about.
    pub key: String,
    /// What it says.
    pub value: String,
}
