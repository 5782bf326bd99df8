//! What an operator should know of a database: facts from each, judged alike.

#[cfg(any(feature = "mysql", feature = "postgres"))]
mod server;

use std::time::Duration;

use hos_core::time::Timestamp;

#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(crate) use server::{clock, partitions, pending};

/// More rows than this are not counted.
pub const COUNTED_MAX: i64 = 100_000;
/// Proofs and messages should not wait for longer, timers not be overdue for longer.
const WAITING: Duration = Duration::from_secs(60);
/// By then something that should run does not.
const WAITING_LONG: Duration = Duration::from_secs(3_600);
/// So many messages may wait: what the gates of a remote law ask for too.
const MESSAGES: i64 = 100;
/// What one look at a database found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Checkup {
    /// What was looked at; a stable name, such as `clock_skew`.
    pub name: &'static str,
    /// How it is.
    pub level: Level,
    /// What was found.
    pub found: String,
    /// What to do; empty where nothing is to be done.
    pub advice: &'static str,
}

/// How something is, the best first.
///
/// Exhaustive: good, to be looked at, or wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "good, to be looked at, or wrong")]
pub enum Level {
    /// As it should be.
    Good,
    /// To be looked at.
    Warning,
    /// Wrong.
    Failure,
}

impl Level {
    /// The level as text.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Warning => "warning",
            Self::Failure => "failure",
        }
    }
}

impl Checkup {
    pub(crate) fn new(
        name: &'static str,
        level: Level,
        found: impl Into<String>,
        advice: &'static str,
    ) -> Self {
        let advice = if level == Level::Good { "" } else { advice };
        Self { name, level, found: found.into(), advice }
    }
}

/// How many rows wait, and since when the oldest does.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Queue {
    pub(crate) count: i64,
    pub(crate) oldest: Option<Timestamp>,
}

impl Queue {
    fn age(&self, now: Timestamp) -> Duration {
        let age = self.oldest.map_or(0, |oldest| now.as_micros() - oldest.as_micros());
        Duration::from_micros(u64::try_from(age).unwrap_or(0))
    }

    fn tell(&self, now: Timestamp) -> String {
        let more = if self.count >= COUNTED_MAX { " or more" } else { "" };
        match self.count {
            0 => "none".to_owned(),
            count => format!("{count}{more}, the oldest for {} s", self.age(now).as_secs()),
        }
    }

    fn level(&self, now: Timestamp) -> Level {
        match self.age(now) {
            age if age > WAITING_LONG => Level::Failure,
            age if age > WAITING => Level::Warning,
            _ => Level::Good,
        }
    }
}

pub(crate) fn schema(version: Option<usize>, newest: usize) -> Checkup {
    let (level, found, advice) = match version {
        Some(version) if version == newest => (Level::Good, format!("version {version}"), ""),
        Some(version) if version < newest => {
            let found = format!("version {version}; {} steps to {newest}", newest - version);
            (Level::Failure, found, "run `hos migrate`")
        }
        Some(version) => {
            let found = format!("version {version}, this program knows {newest}");
            (Level::Failure, found, "use the newer program that wrote it")
        }
        None => {
            let advice = "check the address, or run `hos migrate` to make it";
            (Level::Failure, "nothing of the law is here".to_owned(), advice)
        }
    };
    Checkup::new("schema", level, found, advice)
}

/// Names that should be there and are not.
pub(crate) fn missing(name: &'static str, what: &str, missing: &[String]) -> Checkup {
    let (level, found) = match missing {
        [] => (Level::Good, format!("every {what} is there")),
        missing => (Level::Failure, format!("missing: {}", missing.join(", "))),
    };
    let advice = "somebody took protections away: run `hos fsck`, then restore them";
    Checkup::new(name, level, found, advice)
}

pub(crate) fn outbox(queue: Queue, now: Timestamp) -> Checkup {
    let many = if queue.count >= MESSAGES { Level::Warning } else { Level::Good };
    let advice = "see that whoever publishes messages runs and ticks them off";
    Checkup::new("outbox", queue.level(now).max(many), queue.tell(now), advice)
}

pub(crate) fn timers(queue: Queue, now: Timestamp) -> Checkup {
    let advice = "call `Hos::fire_due` each second, in any process";
    Checkup::new("overdue_timers", queue.level(now), queue.tell(now), advice)
}

/// The names of the triggers that the texts of a schema make.
pub(crate) fn triggers<'t>(texts: impl Iterator<Item = &'t str>) -> Vec<&'t str> {
    let mut names: Vec<&str> = texts
        .flat_map(|text| text.split("TRIGGER "))
        .filter_map(|rest| rest.split_whitespace().next())
        .filter(|name| name.starts_with("hos_"))
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn a_queue_is_judged_by_its_oldest() {
        let now = at(10_000);
        let queue = |oldest| Queue { count: 3, oldest: Some(at(oldest)) };
        assert_eq!(timers(Queue::default(), now).level, Level::Good);
        assert_eq!(timers(queue(9_999), now).level, Level::Good);
        assert_eq!(timers(queue(9_900), now).level, Level::Warning);
        assert_eq!(outbox(queue(5_000), now).level, Level::Failure);
        let many = Queue { count: COUNTED_MAX, oldest: Some(now) };
        assert_eq!(outbox(many, now).level, Level::Warning);
        assert!(outbox(many, now).found.contains("or more"));
    }

    #[test]
    fn a_schema_that_is_behind_says_what_to_run() {
        assert_eq!(schema(Some(2), 2).level, Level::Good);
        assert!(schema(Some(1), 2).advice.contains("hos migrate"));
        assert_eq!(schema(Some(3), 2).level, Level::Failure);
        assert_eq!(schema(None, 2).level, Level::Failure);
    }

    #[test]
    fn triggers_are_read_from_the_schema() {
        let texts = ["CREATE TRIGGER hos_b BEFORE", "CREATE OR REPLACE TRIGGER hos_a\n TRIGGER %I"];
        assert_eq!(triggers(texts.into_iter()), ["hos_a", "hos_b"]);
    }
}
