use async_trait::async_trait;

use crate::error::Fault;
use crate::seal::LogName;
use crate::time::ProofId;

/// What a picture shows beside the entries of logs. Pages are those of a
/// [`Picture`](super::Picture).
#[async_trait]
pub trait Beside: Send {
    /// The tiles of a log from a level and a place on, in the order of levels and places.
    async fn tiles(
        &mut self,
        log: &LogName,
        from: (u8, u64),
        limit: u32,
    ) -> Result<Vec<TileRow>, Fault>;

    /// The checkpoints of a log over at least so many entries, the smallest first.
    async fn checkpoints(
        &mut self,
        log: &LogName,
        from: u64,
        limit: u32,
    ) -> Result<Vec<CheckpointRow>, Fault>;

    /// The deployment's log from an index on.
    async fn anchors(&mut self, from: u64, limit: u32) -> Result<Vec<AnchorRow>, Fault>;

    /// What outsiders said about the deployment's checkpoints, by size, kind and name, after one.
    async fn attestations(
        &mut self,
        after: Option<(u64, &str, &str)>,
        limit: u32,
    ) -> Result<Vec<AttestationRow>, Fault>;

    /// Looks through entries of every log, by number after one, for those that neither have a place
    /// in a log nor wait for one; at first also for those that waited or were set aside and are
    /// gone. Looks at so many at most, and says where to go on.
    async fn unplaced(&mut self, after: Option<ProofId>, limit: u32) -> Result<Unplaced, Fault>;
}

/// A whole tile as its row holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TileRow {
    /// Its level.
    pub level: u8,
    /// Its place on the level.
    pub place: u64,
    /// The root over its hashes.
    pub root: Vec<u8>,
    /// Its hashes, one after the other.
    pub hashes: Vec<u8>,
}

/// A checkpoint as its row holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointRow {
    /// Over how many entries.
    pub size: u64,
    /// The signed note.
    pub note: Vec<u8>,
}

/// A leaf of the deployment's log as its row holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnchorRow {
    /// Its place.
    pub index: u64,
    /// The world whose checkpoint it is; empty where there is no such log.
    pub world: String,
    /// The tenant, likewise.
    pub tenant: String,
    /// Over how many entries of that log.
    pub size: u64,
    /// The signed note: the leaf.
    pub note: Vec<u8>,
    /// The leaf's hash.
    pub leaf_hash: Vec<u8>,
    /// The note of that log's checkpoint of this size; none where it has none.
    pub checkpoint: Option<Vec<u8>>,
}

/// What an outsider said, as its row holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttestationRow {
    /// The size of the deployment's checkpoint that it is about.
    pub size: u64,
    /// The name of what sort it is of.
    pub kind: String,
    /// Who said it.
    pub attester: String,
    /// A signature line, or a token.
    pub body: Vec<u8>,
    /// The note of that checkpoint; none where there is none.
    pub checkpoint: Option<Vec<u8>>,
}

/// What a look at some entries found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unplaced {
    /// Those without a place.
    pub rows: Vec<UnplacedRow>,
    /// After which number to go on; none at the end.
    pub next: Option<ProofId>,
}

/// Why an entry has no place.
///
/// Exhaustive: these are all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "these are all")]
pub enum Placeless {
    /// It is in no log and does not wait.
    Lost,
    /// It was set aside because it was not what was recorded.
    SetAside,
    /// It waits or was set aside, and is not there.
    Gone,
}

/// An entry that neither has a place nor waits for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnplacedRow {
    /// The world whose it is; empty where there is no such log.
    pub world: String,
    /// The tenant, likewise.
    pub tenant: String,
    /// Which one.
    pub id: ProofId,
    /// Why.
    pub why: Placeless,
}
