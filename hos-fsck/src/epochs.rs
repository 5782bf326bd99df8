//! The epochs of a log, as the entries tell that open them.

use hos_verify::checkpoint::Checkpoint;
use hos_verify::epoch::{Opening, Said, said, split};

use crate::report::{Finding, FindingCode};
use crate::scope::Whose;

/// The most epochs of a log that are followed.
pub(crate) const EPOCHS_MAX: usize = 1_000;

/// What is known of the epochs of one log so far.
#[derive(Debug, Default)]
pub(crate) struct Epochs {
    /// Each with the index of its entry, in the order of these.
    openings: Vec<(u64, Opening)>,
    /// That of the last checkpoint.
    last: u64,
}

impl Epochs {
    /// Those of the deployment's log, whose entries stand in the logs of worlds.
    pub(crate) fn of_deployment(mut openings: Vec<(u64, Opening)>) -> Self {
        openings.sort_by_key(|(_, opening)| opening.number);
        Self { openings, last: 1 }
    }

    /// Takes in an entry that opens an epoch.
    pub(crate) fn add(&mut self, whose: Whose<'_>, at: u64, opening: Opening) -> Option<Finding> {
        let before = self.openings.last().map_or(1, |(_, before)| before.number);
        let number = opening.number;
        let is_next = number == before.max(opening.known_epoch()).saturating_add(1);
        let is_back = opening.size <= at;
        if self.openings.len() < EPOCHS_MAX {
            self.openings.push((at, opening));
        }
        (!is_next || !is_back).then(|| {
            let message = format!("it opens epoch {number} after epoch {before}");
            whose.finding(FindingCode::EpochDiffers, message).at(at)
        })
    }

    /// Whether a checkpoint is of another epoch than the log was in.
    pub(crate) fn differs(&mut self, whose: Whose<'_>, checkpoint: &Checkpoint) -> Option<Finding> {
        let (size, epoch) = (checkpoint.size(), split(checkpoint.origin()).1);
        let last = self.last.max(1);
        let reached = match whose {
            Whose::Tenant(_) => {
                let under = self.openings.iter().rfind(|(index, _)| *index < size);
                under.map_or(1, |(_, opening)| opening.number)
            }
            Whose::Deployment => {
                let is_open = self.openings.iter().any(|(_, opening)| opening.number == epoch);
                if epoch >= last && (epoch == 1 || is_open) { epoch } else { last }
            }
        };
        self.last = last.max(epoch);
        (epoch != reached).then(|| {
            let message = format!(
                "the checkpoint over {size} entries is of epoch {epoch}, the log was in {reached}"
            );
            whose.finding(FindingCode::EpochDiffers, message)
        })
    }

    /// Whether an entry says that what a known checkpoint is over was lost.
    pub(crate) fn lost(&self, known: &Checkpoint) -> bool {
        matches!(said(&self.openings, known), Said::Lost(..))
    }
}
