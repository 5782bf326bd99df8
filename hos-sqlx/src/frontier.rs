//! The frontier of a log as stores keep it.

use hos_core::error::{Fault, FaultKind};
use hos_core::merkle::{Frontier, Hash};

use crate::fault::corrupt;

/// Reads a frontier.
pub(crate) fn frontier(size: u64, bytes: &[u8]) -> Result<Frontier, Fault> {
    Frontier::from_bytes(size, bytes).map_err(|error| corrupt("the head of a log").caused_by(error))
}

/// Appends a leaf.
pub(crate) fn appended(frontier: &mut Frontier, leaf: Hash) -> Result<(), Fault> {
    let full = |error| Fault::new(FaultKind::Full, "the log is full").caused_by(error);
    frontier.push(leaf).map_err(full)
}
