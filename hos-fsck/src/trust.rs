//! What comes from outside the database.

use std::collections::VecDeque;

use hos_verify::checkpoint::Checkpoint;
use hos_verify::policy::Policy;

use crate::scope::Whose;

/// Whose signatures count, and what was known before.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trust {
    pub(crate) policy: Option<Policy>,
    pub(crate) known: Vec<Checkpoint>,
}

impl Trust {
    /// What is known of a log, the smallest first.
    pub(crate) fn known(&self, whose: Whose<'_>) -> VecDeque<&Checkpoint> {
        let own = self.known.iter().filter(|known| whose.owns(known.origin()));
        let mut own: Vec<&Checkpoint> = own.collect();
        own.sort_by_key(|known| known.size());
        own.into()
    }
}
