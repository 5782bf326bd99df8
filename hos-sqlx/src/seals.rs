//! Seals as databases keep them.

use hos_core::error::{Fault, FaultKind};
use hos_core::merkle::{HASH_BYTES, Hash};
use hos_core::seal::{AttestationKind, LogName, Span, Tile};

use crate::fault::corrupt;

/// The names of a log; none, which no world has, for the deployment's.
pub(crate) fn names(log: &LogName) -> (&str, &str) {
    match log {
        LogName::Deployment => ("", ""),
        LogName::Tenant(world, tenant) => (world.as_str(), tenant.as_str()),
    }
}

/// A tile's level as a database takes it.
pub(crate) fn level(tile: &Tile) -> i32 {
    i32::from(tile.level)
}

/// Reads the hashes of a span.
pub(crate) fn hashes(log: &LogName, span: Span, bytes: &[u8]) -> Result<Vec<Hash>, Fault> {
    let (hashes, rest) = bytes.as_chunks::<HASH_BYTES>();
    if !rest.is_empty() || hashes.len() != span.count() {
        let message = format!("the log of {log} lacks hashes: {span:?}");
        return Err(Fault::new(FaultKind::Corrupt, message));
    }
    Ok(hashes.to_vec())
}

pub(crate) fn attestation_kind(name: &str) -> Result<AttestationKind, Fault> {
    AttestationKind::parse(name).ok_or_else(|| corrupt("an attestation of another kind"))
}

pub(crate) fn no_checkpoint() -> Fault {
    Fault::new(FaultKind::Limit, "the deployment's log has no checkpoint of this size")
}

/// Raises the alarm about an entry that is not what was recorded: its leaf, or its hash, was
/// changed before it had its place, or it is gone.
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(crate) fn set_aside(scope: i64, entry: impl std::fmt::Display) {
    tracing::error!(
        target: "hos::quarantine", scope, %entry,
        "an entry is not what was recorded; it was set aside and has no place in its log"
    );
}

/// Spans as three lists: level, place or first hash, and how many; 0 for a whole tile.
#[cfg(feature = "postgres")]
pub(crate) fn spans(spans: &[Span]) -> (Vec<i32>, Vec<i64>, Vec<i32>) {
    let (mut levels, mut firsts, mut counts) = (Vec::new(), Vec::new(), Vec::new());
    for span in spans {
        let (level, first, count) = match *span {
            Span::Tile { level, place } => (level, place, 0),
            Span::Edge { level, first, count } => (level, first, count),
        };
        levels.push(i32::from(level));
        firsts.push(crate::encoding::signed(first));
        counts.push(i32::from(count));
    }
    (levels, firsts, counts)
}
