//! Batches as JSON, for databases that take no arrays.

use hos_core::commit::{MigrationCommit, Repinned, TimerWrite};
use hos_core::error::Fault;
use serde_json::{Value, json};

use super::bags;
use crate::encoding::hex;

/// The subjects of a batch: of each the id, the proof that was read, the new state, the new
/// attributes, and whether it has timers from now on.
pub(crate) fn lines(batch: &MigrationCommit) -> Result<String, Fault> {
    let line = |(repinned, bag): (&Repinned, String)| {
        let proof = hex(repinned.from_proof().as_bytes());
        let timed = u8::from(!repinned.timers().is_empty());
        json!([repinned.id().as_str(), proof, repinned.after().state.as_str(), bag, timed])
    };
    let lines: Vec<Value> = batch.subjects().iter().zip(bags(batch)?).map(line).collect();
    Ok(Value::from(lines).to_string())
}

/// The timers of a batch: of each the id of the subject, the action and the time.
pub(crate) fn timed_lines(batch: &MigrationCommit) -> Option<String> {
    let lines = |repinned: &Repinned| -> Vec<Value> {
        let id = repinned.id().as_str();
        let line =
            |timer: &TimerWrite| json!([id, timer.action.as_str(), timer.due_at.as_micros()]);
        repinned.timers().iter().map(line).collect()
    };
    let lines: Vec<Value> = batch.subjects().iter().flat_map(lines).collect();
    (!lines.is_empty()).then(|| Value::from(lines).to_string())
}
