use async_trait::async_trait;

use crate::error::Fault;
use crate::id::{Tenant, World};
use crate::merkle::Hash;
use crate::proof::EpochRecord;
use crate::seal::{
    Anchor, Attestation, Checkpoint, LogName, LogState, Publication, Published, Span, Tile,
};
use crate::time::ProofId;

/// Keeps tiles, checkpoints, and the deployment's log over the checkpoints of all others.
///
/// # Duties
///
/// - A log is *unsealed* from its first entry beyond the last checkpoint on until a checkpoint
///   over all its entries is published, and *unanchored* from a checkpoint on until that one is in
///   the deployment's log. To list either costs what is listed, however many logs lie idle.
/// - What is written here is never changed or deleted, by any path through the database.
/// - Each write is whole or not at all.
#[async_trait]
pub trait Seals: Send + Sync {
    /// Unsealed logs, each with a number of the store's by which they are ordered; only those
    /// after a number, at most `PAGE_MAX`.
    async fn unsealed(&self, after: Option<u64>, limit: u32) -> Result<Vec<(u64, LogName)>, Fault>;

    /// How far a log has come: one consistent picture; that of an empty log for one that is not
    /// there.
    async fn state(&self, log: &LogName) -> Result<LogState, Fault>;

    /// How far each log has come, in order; at most `PAGE_MAX`.
    async fn states(&self, logs: &[LogName]) -> Result<Vec<LogState>, Fault> {
        let mut states = Vec::with_capacity(logs.len());
        for log in logs {
            states.push(self.state(log).await?);
        }
        Ok(states)
    }

    /// The hashes of each span, in order, at most [`SPANS_MAX`](crate::seal::SPANS_MAX).
    /// `Corrupt` when a span is not wholly there.
    async fn hashes(&self, log: &LogName, spans: &[Span]) -> Result<Vec<Vec<Hash>>, Fault>;

    /// The hashes of spans of several logs, as `hashes` answers those of one; at most
    /// [`SPANS_MAX`](crate::seal::SPANS_MAX) of all together.
    async fn hashes_of(
        &self,
        asked: &[(LogName, Vec<Span>)],
    ) -> Result<Vec<Vec<Vec<Hash>>>, Fault> {
        let mut read = Vec::with_capacity(asked.len());
        for (log, spans) in asked {
            read.push(self.hashes(log, spans).await?);
        }
        Ok(read)
    }

    /// Writes tiles, at most [`TILES_WRITTEN_MAX`](crate::seal::TILES_WRITTEN_MAX); one that is
    /// there already is left alone. `Corrupt` when one that is there is another.
    async fn write_tiles(&self, log: &LogName, tiles: &[Tile]) -> Result<(), Fault>;

    /// Publishes a checkpoint, if the last one still is over `base` entries (0 for none), it is
    /// over more, and the log has as many.
    async fn publish(
        &self,
        log: &LogName,
        base: u64,
        checkpoint: &Checkpoint,
    ) -> Result<Published, Fault>;

    /// Publishes checkpoints of different logs, at most
    /// [`PUBLISHED_TOGETHER_MAX`](crate::seal::PUBLISHED_TOGETHER_MAX), each as `publish` does; the
    /// answers are in order.
    async fn publish_all(&self, publications: &[Publication]) -> Result<Vec<Published>, Fault> {
        let mut published = Vec::with_capacity(publications.len());
        for Publication { log, base, checkpoint } in publications {
            published.push(self.publish(log, *base, checkpoint).await?);
        }
        Ok(published)
    }

    /// The checkpoints of a log over at least so many entries, the smallest first, at most
    /// `PAGE_MAX`.
    async fn checkpoints(
        &self,
        log: &LogName,
        from: u64,
        limit: u32,
    ) -> Result<Vec<Checkpoint>, Fault>;

    /// The epochs of a log that entries opened, in their order.
    async fn epochs(&self, log: &LogName) -> Result<Vec<EpochRecord>, Fault>;

    /// The last checkpoints of unanchored logs, at most `PAGE_MAX`.
    async fn unanchored(&self, limit: u32) -> Result<Vec<(LogName, Checkpoint)>, Fault>;

    /// Appends checkpoints to the deployment's log, whose size is the first one's index; false,
    /// and nothing is written, when somebody was quicker.
    async fn anchor(&self, anchors: &[Anchor]) -> Result<bool, Fault>;

    /// The deployment's log from an index on, at most `PAGE_MAX`.
    async fn anchors(&self, from: u64, limit: u32) -> Result<Vec<Anchor>, Fault>;

    /// Where a log's smallest checkpoint over more than so many entries is in the deployment's log.
    async fn anchor_over(&self, log: &LogName, entries: u64) -> Result<Option<Anchor>, Fault>;

    /// Keeps what an outsider said about a checkpoint of the deployment's log; what the same
    /// outsider said about it before is left alone. `Limit` when there is no such checkpoint.
    async fn attest(&self, attestation: &Attestation) -> Result<(), Fault>;

    /// What outsiders said about checkpoints of at least this size, the smallest first, at most
    /// `PAGE_MAX`.
    async fn attestations(&self, from: u64, limit: u32) -> Result<Vec<Attestation>, Fault>;

    /// Entries of a tenant that were set aside because their leaf is not what its hash says, and
    /// have no place still, by number from one on, at most `PAGE_MAX`.
    async fn quarantined(
        &self,
        world: &World,
        tenant: &Tenant,
        from: Option<ProofId>,
        limit: u32,
    ) -> Result<Vec<ProofId>, Fault>;
}
