//! A count that others can wait for.

use std::time::Duration;

use tokio::sync::watch;

/// Longer than any load here stands still: a server that was killed is started and recovers.
const PATIENCE: Duration = Duration::from_secs(120);

#[derive(Default)]
pub(crate) struct Tally(watch::Sender<u64>);

impl Tally {
    /// Counts one more; answers how many there were before.
    pub(crate) fn raise(&self) -> u64 {
        let mut before = 0;
        self.0.send_modify(|count| {
            before = *count;
            *count += 1;
        });
        before
    }

    /// Waits until there are so many.
    pub(crate) async fn reach(&self, count: u64) {
        let mut told = self.0.subscribe();
        let reached = tokio::time::timeout(PATIENCE, told.wait_for(|now| *now >= count)).await;
        assert!(reached.is_ok(), "the load stands still before {count}");
    }
}
