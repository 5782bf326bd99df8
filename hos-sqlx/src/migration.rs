//! What the databases share about migrations: batches and timers as JSON.

#[cfg(any(feature = "mysql", feature = "sqlite"))]
mod lines;

use hos_core::commit::{MigrationCommit, MigrationOutcome, Repinned, TimerWrite};
use hos_core::error::{Fault, FaultKind};
use hos_core::id::{ActionName, SubjectId};
use hos_core::time::Timestamp;

use crate::fault::corrupt;
#[cfg(any(feature = "mysql", feature = "sqlite"))]
pub(crate) use lines::{lines, timed_lines};

/// The new attributes of each subject of a batch, as a text.
pub(crate) fn bags(batch: &MigrationCommit) -> Result<Vec<String>, Fault> {
    let bag = |repinned: &Repinned| serde_json::to_string(&*repinned.after().attributes);
    let bags: Result<_, serde_json::Error> = batch.subjects().iter().map(bag).collect();
    bags.map_err(|error| unwritable("attributes").caused_by(error))
}

/// The receipt of a batch, as a text.
pub(crate) fn receipt(batch: &MigrationCommit) -> Result<String, Fault> {
    serde_json::to_string(batch.receipt().receipt())
        .map_err(|error| unwritable("a receipt").caused_by(error))
}

fn unwritable(what: &str) -> Fault {
    Fault::new(FaultKind::Internal, format!("{what} cannot be written"))
}

/// Reads timers: an array of actions and times.
pub(crate) fn timers(json: &str) -> Result<Vec<TimerWrite>, Fault> {
    let timers: Vec<(String, i64)> =
        serde_json::from_str(json).map_err(|error| corrupt("timers").caused_by(error))?;
    let timer = |(action, due_at): (String, i64)| {
        let action = ActionName::new(action).map_err(|error| corrupt("a name").caused_by(error))?;
        Ok(TimerWrite { action, due_at: Timestamp::from_micros(due_at) })
    };
    timers.into_iter().map(timer).collect()
}

/// The answer that names the subjects that moved.
pub(crate) fn moved(ids: Vec<String>) -> Result<MigrationOutcome, Fault> {
    let id = |id: String| SubjectId::new(id).map_err(|error| corrupt("an id").caused_by(error));
    Ok(MigrationOutcome::Moved(ids.into_iter().map(id).collect::<Result<_, _>>()?))
}
