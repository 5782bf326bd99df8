//! In which epoch a log is sealed.

use hos_verify::epoch::{join, split};

use super::{Sealer, read, restored};
use crate::error::{Fault, FaultKind};
use crate::seal::{LogName, LogState};

impl Sealer {
    /// The origin of a log in its epoch, and the note of the keeper that the log has to go on from;
    /// none where an epoch begins, whose entry names that note.
    pub(super) async fn in_epoch(
        &self,
        log: &LogName,
        origin: &str,
        kept: Option<String>,
        state: &LogState,
    ) -> Result<(String, Option<String>), Fault> {
        let known = kept.as_deref().map(|note| read(log, origin, note)).transpose()?;
        let last = state.sealed.as_ref().map(|last| read(log, origin, &last.note)).transpose()?;
        let reached = known.as_ref().or(last.as_ref()).map_or(1, |note| split(note.origin()).1);
        if reached > state.epoch {
            let what = format!("is in epoch {}, epoch {reached} was signed", state.epoch);
            return Err(restored(log, &what));
        }
        let here = join(origin, state.epoch);
        if reached == state.epoch {
            return Ok((here, kept));
        }
        let records = self.hos.epochs(log).await?;
        let opened = match records.last() {
            Some(record) => self.hos.opening(record).await?,
            None => None,
        };
        // Of the deployment's log it stands in another.
        let is_there = |index| index < state.size || *log == LogName::Deployment;
        let opened = opened.filter(|(entry, _)| entry.index.is_some_and(is_there));
        let Some((_, opening)) = opened else {
            let message = format!("the entry that opens an epoch of {log} has no place yet");
            return Err(Fault::new(FaultKind::Busy, message));
        };
        let named = &opening.known;
        let is_named = known.is_none_or(|known| {
            let is_it = known.size() < named.size() || known.root() == named.root();
            known.origin() == named.origin() && known.size() <= named.size() && is_it
        });
        if !is_named {
            let what = format!(
                "began epoch {} upon another note than the last that was signed",
                state.epoch
            );
            return Err(restored(log, &what));
        }
        Ok((here, None))
    }
}
