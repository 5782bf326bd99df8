//! One checkpoint: its note, and the tree that it is over.

use hos_core::merkle::Hash;
use hos_core::store::CheckpointRow;
use hos_verify::checkpoint::Checkpoint;
use hos_verify::note::SignedNote;

use crate::report::FindingCode;
use crate::scope::Whose;
use crate::trust::Trust;

/// What is known of a checkpoint in which nothing is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Judged {
    /// A key of the policy signed it.
    Signed,
    /// There is no policy.
    Unjudged,
}

/// Holds a checkpoint to the root over as many entries, where it is known, and to the policy.
pub(crate) fn judge(
    whose: Whose<'_>,
    trust: &Trust,
    row: &CheckpointRow,
    root: Option<Hash>,
) -> Result<Judged, (FindingCode, String)> {
    let (note, checkpoint) = read(&row.note)?;
    let differs = |what: &str| (FindingCode::CheckpointDiffers, what.to_owned());
    if !whose.owns(checkpoint.origin()) {
        return Err(differs(&format!("is one of log {}", checkpoint.origin())));
    }
    if checkpoint.size() != row.size {
        return Err(differs(&format!("says {}", checkpoint.size())));
    }
    if root.is_some_and(|root| root != *checkpoint.root()) {
        return Err(differs("is over other entries"));
    }
    let Some(policy) = &trust.policy else { return Ok(Judged::Unjudged) };
    let endorsement = policy.endorsement(&note, checkpoint.origin());
    match endorsement.map(|endorsement| endorsement.logs.is_empty()) {
        Ok(false) => Ok(Judged::Signed),
        Ok(true) => Err(unsigned("no key of the policy for this log")),
        Err(error) => Err(unsigned(&error.to_string())),
    }
}

fn unsigned(why: &str) -> (FindingCode, String) {
    (FindingCode::CheckpointUnsigned, format!("is not signed as the policy asks: {why}"))
}

/// Reads a note and its checkpoint.
pub(crate) fn read(note: &[u8]) -> Result<(SignedNote, Checkpoint), (FindingCode, String)> {
    let wrong = |error: &dyn std::fmt::Display| {
        (FindingCode::CheckpointUnreadable, format!("cannot be read: {error}"))
    };
    let note = SignedNote::parse(note).map_err(|error| wrong(&error))?;
    let checkpoint = Checkpoint::parse(note.text()).map_err(|error| wrong(&error))?;
    Ok((note, checkpoint))
}
