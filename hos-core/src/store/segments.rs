//! Logs in two places: what is in the store, and what is in the archive.

use async_trait::async_trait;

use crate::error::Fault;
use crate::id::{Tenant, World};
use crate::proof::{LogEntry, SegmentRecord};
use crate::subject::Subject;
use crate::time::ProofId;

/// The most entries that one call lets go or takes back.
pub const RELEASE_MAX: u32 = 1_000;

/// Keeps how the segments of each log stand, lets their rows go, and takes them back.
///
/// # Duties
///
/// - A [`StandingRow::Segment`](crate::commit::StandingRow::Segment) is written with its entry or
///   not at all. One of turn 0 begins where the last segment ends (0 for the first) and ends within
///   the log; a later one has first and end of the segment that stands, and the next turn, and all
///   rows of the segment are there. Anything else is a conflict.
/// - Rows of entries are deleted only while their segment is archived, by any path through the
///   database; and rows that stand in an archived segment are not what the log says: nobody has to
///   believe them.
#[async_trait]
pub trait Segments: Send + Sync {
    /// The segments of a log that end after an index, in order, at most
    /// [`PAGE_MAX`](crate::proof::PAGE_MAX), each as it stands now.
    async fn segments(
        &self,
        world: &World,
        tenant: &Tenant,
        after: u64,
        limit: u32,
    ) -> Result<Vec<SegmentRecord>, Fault>;

    /// Deletes entries of the archived segment that begins at an index, with leaves and parts, in
    /// the order of the log, at most [`RELEASE_MAX`]; says how many went. 0 when nothing is left,
    /// and when there is no such segment or it was restored.
    async fn release(
        &self,
        world: &World,
        tenant: &Tenant,
        first: u64,
        limit: u32,
    ) -> Result<u32, Fault>;

    /// Puts entries of the archived segment that begins at an index back, at most [`RELEASE_MAX`];
    /// those that are there already are left as they are. Says whether there is such a segment.
    ///
    /// They count only once the segment is restored: whoever says so compares them before.
    async fn refill(
        &self,
        world: &World,
        tenant: &Tenant,
        first: u64,
        entries: &[LogEntry],
    ) -> Result<bool, Fault>;
}

/// Reads entries where they were archived. What it answers it has verified against the manifest
/// that the segment's record names.
#[async_trait]
pub trait ArchiveReader: Send + Sync {
    /// Entries of a segment from an index on, in order, at most
    /// [`PAGE_MAX`](crate::proof::PAGE_MAX). `log` is the origin of the log.
    async fn entries(
        &self,
        log: &str,
        segment: &SegmentRecord,
        from: u64,
        limit: u32,
    ) -> Result<Vec<LogEntry>, Fault>;

    /// One entry of a segment by its number.
    async fn find(
        &self,
        log: &str,
        segment: &SegmentRecord,
        id: ProofId,
    ) -> Result<Option<LogEntry>, Fault>;

    /// The entries of a segment that raised a subject's revision, after a revision, in order, at
    /// most [`PAGE_MAX`](crate::proof::PAGE_MAX).
    async fn history(
        &self,
        log: &str,
        segment: &SegmentRecord,
        subject: &Subject,
        after: u64,
        limit: u32,
    ) -> Result<Vec<LogEntry>, Fault>;
}

/// Why an entry cannot be read here: the source of a fault of the kind
/// [`Archived`](crate::error::FaultKind::Archived).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("entries from {first} to before {end} are archived by entry {entry}")]
pub struct Archived {
    /// The entry `archive/1`.
    pub entry: ProofId,
    /// The index of the segment's first entry.
    pub first: u64,
    /// One more than the index of its last entry.
    pub end: u64,
}

impl Archived {
    /// What a fault says of the archive, if it is of that kind.
    ///
    /// For a number that no row has, the segment is the first that may hold it: without the
    /// archive nobody can tell whether it does.
    #[must_use]
    pub fn of(fault: &Fault) -> Option<&Self> {
        std::error::Error::source(fault)?.downcast_ref()
    }
}

impl From<&SegmentRecord> for Archived {
    fn from(segment: &SegmentRecord) -> Self {
        Self { entry: segment.entry, first: segment.first, end: segment.end }
    }
}
