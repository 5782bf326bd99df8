//! What the steps of a life are proved against: the last checkpoint, and the paths that lead to it.

use std::collections::BTreeMap;

use hos_core::checkpoint::Checkpoint as Signed;
use hos_core::error::FaultKind;
use hos_core::merkle::{self, Hash};
use hos_core::note::SignedNote;
use hos_core::proof::{LogEntry, LogHead};
use hos_core::seal::{Checkpoint, LogName};

use crate::app::App;
use crate::error::Problem;

/// What a checkpoint is over. One that cannot be read is over nothing that any path leads to.
pub(super) fn signed(checkpoint: &Checkpoint) -> LogHead {
    let note = SignedNote::parse(checkpoint.note.as_bytes()).ok();
    let read = note.and_then(|note| Signed::parse(note.text()).ok());
    let root = read.filter(|read| read.size() == checkpoint.size).map(|read| *read.root());
    LogHead { size: checkpoint.size, root: root.unwrap_or_default() }
}

/// The head of a log of which nothing is sealed.
pub(super) fn nothing() -> LogHead {
    LogHead { size: 0, root: merkle::empty_root() }
}

/// The paths of those entries that the checkpoint is over. Where its tiles are not whole, none
/// leads anywhere, which is what the page is to say.
pub(super) async fn paths(
    app: &App,
    log: &LogName,
    sealed: Option<&Checkpoint>,
    entries: &[LogEntry],
) -> Result<BTreeMap<u64, Vec<Hash>>, Problem> {
    let Some(checkpoint) = sealed else { return Ok(BTreeMap::new()) };
    let placed = entries.iter().filter_map(|entry| entry.index);
    let placed: Vec<u64> = placed.filter(|index| *index < checkpoint.size).collect();
    match app.hos().prove_inclusions(log, checkpoint, &placed).await {
        Ok(paths) => Ok(placed.into_iter().zip(paths).collect()),
        Err(fault) if fault.kind() == FaultKind::Corrupt => Ok(BTreeMap::new()),
        Err(fault) => Err(fault.into()),
    }
}
