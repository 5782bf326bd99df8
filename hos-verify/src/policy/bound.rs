//! How long a key of logs counts, by what it signs: sizes, because clocks are nobody's proof.

use crate::epoch::split;

/// One end of the checkpoints of a log for which a key counts. A later epoch is behind all sizes of
/// an earlier one, as the last note before a lost history is.
#[derive(Clone, Debug)]
pub(super) struct Bound {
    /// The key's place among the logs of the policy.
    pub(super) key: usize,
    end: End,
    log: String,
    at: (u64, u64),
}

/// Which end; the checkpoint at it counts.
#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    From,
    Until,
}

impl Bound {
    pub(super) fn new(key: usize, end: End, origin: &str, size: u64) -> Self {
        let (log, epoch) = split(origin);
        Self { key, end, log: log.to_owned(), at: (epoch, size) }
    }

    /// Whether it leaves the checkpoint of this origin and size to the key; none where what was
    /// signed is no checkpoint.
    pub(super) fn holds(&self, origin: &str, size: Option<u64>) -> bool {
        let (log, epoch) = split(origin);
        let is_within = |size| match self.end {
            End::From => (epoch, size) >= self.at,
            End::Until => (epoch, size) <= self.at,
        };
        log != self.log || size.is_some_and(is_within)
    }
}
