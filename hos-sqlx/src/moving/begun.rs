//! What a database knows of the move into it.

use hos_core::error::{Fault, FaultKind};

use super::{Mark, Target};
use crate::fault::corrupt;

/// Who moves, and in what state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    /// The deployment: its worlds and the first law of each.
    pub(crate) deployment: String,
    /// Everything that a write to the file would change.
    pub(crate) state: String,
}

/// How a move begins.
#[derive(Debug)]
pub(super) enum Begun {
    /// There is something to do: everything, or what comes after the mark.
    Unfinished(Option<Mark>),
    /// The same move was finished before.
    Finished,
}

/// Begins a move, or goes on with the one that is written down.
pub(super) async fn begin(target: &mut impl Target, wanted: &Identity) -> Result<Begun, Fault> {
    if let Some(recorded) = target.recorded().await? {
        return recorded.begun(wanted);
    }
    if target.record(wanted).await? {
        return Ok(Begun::Unfinished(None));
    }
    let message = "the database holds a deployment already; move into an empty one";
    Err(Fault::new(FaultKind::Foreign, message))
}

/// The move that a database has written down.
#[derive(Debug)]
pub(crate) struct Recorded {
    pub(crate) identity: Identity,
    pub(crate) mark: Option<String>,
    pub(crate) finished: bool,
}

impl Recorded {
    /// Whether it is the one that is wanted now, and how far it had come.
    fn begun(self, wanted: &Identity) -> Result<Begun, Fault> {
        if self.finished && self.identity == *wanted {
            return Ok(Begun::Finished);
        }
        let message = if self.finished {
            "another move into this database is finished, or the file was written to since; open \
             the database"
        } else if self.identity.deployment != wanted.deployment {
            "the database holds an unfinished move of another deployment; check the path"
        } else if self.identity.state != wanted.state {
            "the file was written to since this move began; empty the database and move again"
        } else {
            let mark = self.mark.as_deref().map(serde_json::from_str).transpose();
            let mark = mark.map_err(|error| corrupt("the mark of a move").caused_by(error))?;
            return Ok(Begun::Unfinished(mark));
        };
        Err(Fault::new(FaultKind::Foreign, message))
    }
}
