//! Seals: what a log's tiles and checkpoints are, and who signs and remembers them.

mod growth;
mod keeper;
mod signer;

use std::fmt;

use crate::error::{Fault, FaultKind};
use crate::id::{Tenant, World};
use crate::merkle::Hash;
use crate::proof::EpochRecord;
use crate::time::Timestamp;

pub(crate) use growth::Growth;
pub use keeper::{KEPT_TOGETHER_MAX, Keeper, KeptNote, MemoryKeeper, overtaken};
pub use signer::{KEYS_MAX, Keys, Signer};

/// How many hashes a tile has: it is of height 8.
pub const TILE_HASHES: usize = 256;
/// The most spans that are read at once.
pub const SPANS_MAX: usize = 256;
/// The most checkpoints that are published at once.
pub const PUBLISHED_TOGETHER_MAX: usize = 256;
/// The most tiles that are written at once.
pub const TILES_WRITTEN_MAX: usize = 32;
/// The longest note of a checkpoint that is kept, in bytes.
pub const CHECKPOINT_BYTES_MAX: usize = 8_192;
/// The largest attestation that is kept, in bytes: a time-stamp token with its certificates.
pub const ATTESTATION_BYTES_MAX: usize = 65_535;
/// The longest name of who attests, in bytes.
pub const ATTESTER_BYTES_MAX: usize = 255;

/// Which log.
///
/// Exhaustive: a log is a tenant's, or the one over all checkpoints.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a log is a tenant's, or the one over all")]
pub enum LogName {
    /// The log over the checkpoints of all others.
    Deployment,
    /// The log of a tenant, or that of a world under the reserved tenant.
    Tenant(World, Tenant),
}

impl LogName {
    /// The log of a tenant.
    #[must_use]
    pub fn of(world: &World, tenant: &Tenant) -> Self {
        Self::Tenant(world.clone(), tenant.clone())
    }
}

impl fmt::Display for LogName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deployment => f.write_str("the deployment"),
            Self::Tenant(world, tenant) => write!(f, "`{world}/{tenant}`"),
        }
    }
}

/// A whole tile of height 8: 256 hashes of one level, and the root of the subtree over them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "what a tile is will not change")]
pub struct Tile {
    /// 0 over the hashes of leaves, 1 over the roots of tiles of level 0, and so on.
    pub level: u8,
    /// How many tiles of its level are left of it.
    pub place: u64,
    /// The root over its hashes.
    pub root: Hash,
    /// Its hashes, [`TILE_HASHES`] of them.
    pub hashes: Vec<Hash>,
}

/// Hashes that stand side by side on one level of tiles.
///
/// Exhaustive: they are a whole tile or the edge of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a whole tile or the edge of one")]
pub enum Span {
    /// The hashes of a tile that is written.
    Tile {
        /// Its level.
        level: u8,
        /// Its place.
        place: u64,
    },
    /// Hashes that may be of no tile yet: of leaves for level 0, else the roots of tiles of the
    /// level below.
    Edge {
        /// The level.
        level: u8,
        /// The first one.
        first: u64,
        /// How many, at most [`TILE_HASHES`].
        count: u16,
    },
}

impl Span {
    /// How many hashes it has.
    #[must_use]
    pub fn count(self) -> usize {
        match self {
            Self::Tile { .. } => TILE_HASHES,
            Self::Edge { count, .. } => usize::from(count),
        }
    }
}

/// A checkpoint that was published: a signed note over the first entries of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "what a store keeps of a checkpoint")]
pub struct Checkpoint {
    /// Over how many entries.
    pub size: u64,
    /// The signed note (C2SP `signed-note`), as its bytes were signed.
    pub note: String,
    /// When it was sealed, by the clock of whoever sealed it.
    pub sealed_at: Timestamp,
}

/// How far a log has come.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "what a store answers of a log")]
pub struct LogState {
    /// How many entries have their place.
    pub size: u64,
    /// The root over them, where the store keeps one beside the entries.
    pub root: Option<Hash>,
    /// How many tiles of level 0 are written; those above them are written with them.
    pub tiles: u64,
    /// The last checkpoint.
    pub sealed: Option<Checkpoint>,
    /// The last epoch that an entry opened, whether or not that entry has its place; 1 where none
    /// did.
    pub epoch: u64,
}

/// How far the proof of an entry has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ProofState {
    /// It was set aside: its leaf is not what was recorded. An operator has to look.
    Quarantined,
    /// It was committed with what it proves.
    Recorded,
    /// It has its place in the log.
    Sequenced,
    /// A signed checkpoint is over it: from here on it is proof.
    Sealed,
    /// An outsider attested a checkpoint of the deployment that is over that one: from here on it
    /// is proof against ourselves.
    Anchored,
}

/// A checkpoint that is to be published.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "what a store publishes")]
pub struct Publication {
    /// Whose it is.
    pub log: LogName,
    /// Over how many entries the one is that it was made upon; 0 for none.
    pub base: u64,
    /// The checkpoint.
    pub checkpoint: Checkpoint,
}

/// What became of a checkpoint that was to be published.
///
/// Exhaustive: it was, or somebody was quicker.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "it was published, or somebody was quicker")]
pub enum Published {
    /// It is the last one now.
    Done,
    /// Another is the last one, and nothing was written.
    Outrun(Option<Checkpoint>),
}

/// A leaf of the deployment's log: a checkpoint of another log, verbatim.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "what a store keeps of an anchor")]
pub struct Anchor {
    /// Its place in the deployment's log.
    pub index: u64,
    /// Whose checkpoint it is.
    pub log: LogName,
    /// Over how many entries of that log.
    pub size: u64,
    /// The signed note: the leaf's bytes.
    pub note: String,
    /// The leaf's hash.
    pub leaf_hash: Hash,
}

/// What an outsider said about a checkpoint of the deployment's log.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "what a store keeps of an attestation")]
pub struct Attestation {
    /// The size of the checkpoint.
    pub size: u64,
    /// What sort of.
    pub kind: AttestationKind,
    /// Who: a witness's key as `name+id`, or the name of a time-stamping authority.
    pub attester: String,
    /// A signature line of the note, or the bytes of a token.
    pub body: Vec<u8>,
}

/// The sort of an [`Attestation`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum AttestationKind {
    /// A witness's cosignature (C2SP `tlog-cosignature`), as a signature line.
    Cosignature,
    /// A time-stamp token (RFC 3161), as its bytes.
    Timestamp,
}

impl AttestationKind {
    /// Its name in a store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cosignature => "cosignature",
            Self::Timestamp => "rfc3161",
        }
    }

    /// Reads a name of a store.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Cosignature, Self::Timestamp].into_iter().find(|kind| kind.as_str() == text)
    }
}

impl EpochRecord {
    /// Whose epoch it is.
    #[must_use]
    pub fn log(&self) -> LogName {
        if self.of_deployment {
            LogName::Deployment
        } else {
            LogName::of(&self.world, &self.tenant)
        }
    }
}

/// A log is not what its own tiles say: it is not sealed, others are.
pub(crate) fn inconsistent(log: &LogName, what: impl fmt::Display) -> Fault {
    let message = format!("the log of {log} is not sealed: {what}; compare it with a backup");
    Fault::new(FaultKind::Corrupt, message)
}
