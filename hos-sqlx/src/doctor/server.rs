//! What only a server has: a clock of its own, a queue of proofs, partitions.

use std::time::Duration;

use hos_core::time::Timestamp;

use super::{Checkup, Level, Queue};

/// A clock may differ by so much.
const SKEW: Duration = Duration::from_secs(1);
/// So many months should have partitions of their own, this one counted.
const MONTHS_AHEAD: i64 = 2;

pub(crate) fn clock(skew_micros: i64) -> Checkup {
    let limit = i64::try_from(SKEW.as_micros()).unwrap_or(i64::MAX);
    let level = if skew_micros.abs() > limit { Level::Warning } else { Level::Good };
    let found = format!("the database is {} ms ahead", skew_micros / 1_000);
    let advice = "synchronise the clocks: grants, timers and leases go by them";
    Checkup::new("clock_skew", level, found, advice)
}

pub(crate) fn pending(queue: Queue, now: Timestamp) -> Checkup {
    let advice = "call `Hos::sequence_pending` again and again, in any process";
    Checkup::new("unsequenced_entries", queue.level(now), queue.tell(now), advice)
}

pub(crate) fn partitions(months: i64) -> Checkup {
    let level = if months < MONTHS_AHEAD { Level::Warning } else { Level::Good };
    let found = format!("{months} months from this one on have partitions");
    Checkup::new("partitions", level, found, "call `partition_ahead` daily; entries share one else")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_and_partitions_have_limits() {
        assert_eq!(clock(-900_000).level, Level::Good);
        assert_eq!(clock(-1_100_000).level, Level::Warning);
        assert_eq!(partitions(1).level, Level::Warning);
        assert_eq!(partitions(2).level, Level::Good);
        let now = Timestamp::from_micros(100_000_000);
        let queue = Queue { count: 1, oldest: Some(Timestamp::EPOCH) };
        assert_eq!(pending(queue, now).level, Level::Warning);
    }
}
