//! Whether a candidate may be enforced.

use std::fmt;
use std::time::Duration;

use super::report::{DivergenceCount, DivergenceReport};
use crate::time::Timestamp;

/// How long a candidate must have been on trial, and without an unexpected divergence.
pub const QUIET_BEFORE_READY: Duration = Duration::from_secs(7 * 86_400);
/// How much must have been judged.
pub const JUDGED_BEFORE_READY: u64 = 1_000;
/// How often each ability must have been weighed about which the laws differ.
pub const WEIGHED_BEFORE_READY: u64 = 30;
/// Fewer than one in so many may have come out undecided under the candidate alone.
pub const WEIGHED_PER_ERROR: u64 = 1_000;
/// Fewer messages may wait in the outbox.
pub const OUTBOX_BACKLOG_BEFORE_READY: u64 = 100;
/// The oldest message of the outbox waits for less.
pub const OUTBOX_AGE_BEFORE_READY: Duration = Duration::from_secs(300);
/// 95 of 100 calls take less.
pub const P95_BEFORE_READY: Duration = Duration::from_millis(300);
/// 99 of 100 calls take less.
pub const P99_BEFORE_READY: Duration = Duration::from_millis(800);

/// What was measured of the running world while its candidate was on trial. What is left out was
/// not measured, and stands in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::exhaustive_structs, reason = "whoever measures names everything")]
pub struct Operations {
    /// How many messages wait in the outbox.
    pub outbox_backlog: Option<u64>,
    /// For how long the oldest of them waits; zero where none does.
    pub outbox_age: Option<Duration>,
    /// How many messages were given up.
    pub dead_letters: Option<u64>,
    /// What 95 of 100 calls take at most.
    pub p95: Option<Duration>,
    /// What 99 of 100 calls take at most.
    pub p99: Option<Duration>,
}

impl DivergenceReport {
    /// Whether enforcing the candidate is safe, by what was seen and by what was measured
    /// meanwhile.
    #[must_use]
    pub fn readiness(&self, operations: &Operations) -> Readiness {
        let mut blockers = self.seen();
        blockers.extend(operations.blockers());
        Readiness { blockers }
    }

    fn seen(&self) -> Vec<Blocker> {
        let mut blockers = Vec::new();
        if self.judged < JUDGED_BEFORE_READY {
            blockers.push(Blocker::TooFewJudged { judged: self.judged });
        }
        let meant = |ability: &String| self.expected.contains(ability);
        let few = self.evidence.iter().filter(|(_, weighed)| **weighed < WEIGHED_BEFORE_READY);
        blockers.extend(few.filter(|(ability, _)| !meant(ability)).map(|(ability, weighed)| {
            Blocker::TooFewWeighed { ability: ability.clone(), weighed: *weighed }
        }));
        let covered = self.covered.total();
        if covered < QUIET_BEFORE_READY {
            blockers.push(Blocker::TooShort { since: self.since, covered });
        }
        if let Some(last) = self.last_unexpected
            && self.covered.after(last) < QUIET_BEFORE_READY
        {
            blockers.push(Blocker::Diverged { unexpected: self.unexpected, last });
        }
        if self.errors > 0 && self.errors.saturating_mul(WEIGHED_PER_ERROR) >= self.weighed {
            blockers.push(Blocker::Errors { errors: self.errors, weighed: self.weighed });
        }
        blockers
    }
}

impl Operations {
    fn blockers(&self) -> impl Iterator<Item = Blocker> {
        let Self { outbox_backlog, outbox_age, dead_letters, p95, p99 } = *self;
        let beyond = [
            measured("the outbox's backlog", outbox_backlog, |backlog| {
                (backlog >= OUTBOX_BACKLOG_BEFORE_READY)
                    .then_some(Blocker::OutboxBacklog { backlog })
            }),
            measured("the age of the outbox's oldest message", outbox_age, |age| {
                (age >= OUTBOX_AGE_BEFORE_READY).then_some(Blocker::OutboxAge { age })
            }),
            measured("dead letters", dead_letters, |dead| {
                (dead > 0).then_some(Blocker::DeadLetters { dead })
            }),
            measured("the calls' p95", p95, |p95| {
                (p95 >= P95_BEFORE_READY).then_some(Blocker::SlowP95 { p95 })
            }),
            measured("the calls' p99", p99, |p99| {
                (p99 >= P99_BEFORE_READY).then_some(Blocker::SlowP99 { p99 })
            }),
        ];
        beyond.into_iter().flatten()
    }
}

fn measured<T>(
    what: &'static str,
    value: Option<T>,
    beyond: impl FnOnce(T) -> Option<Blocker>,
) -> Option<Blocker> {
    value.map_or(Some(Blocker::NotMeasured { what }), beyond)
}

/// Whether a candidate may be enforced, and what stands in its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readiness {
    blockers: Vec<Blocker>,
}

impl Readiness {
    /// Whether nothing stands in the way.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.blockers.is_empty()
    }

    /// Everything that stands in the way.
    #[must_use]
    pub fn blockers(&self) -> &[Blocker] {
        &self.blockers
    }
}

/// What stands in the way of enforcing a candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Blocker {
    /// Fewer than [`JUDGED_BEFORE_READY`] judgements.
    TooFewJudged {
        /// How many there were.
        judged: u64,
    },
    /// The laws differ about an ability of which too little was seen. Where that cannot be had,
    /// [`Candidate::expect`](super::Candidate::expect) says that it is known.
    TooFewWeighed {
        /// The ability.
        ability: String,
        /// How often it was weighed by both.
        weighed: u64,
    },
    /// On trial for less than [`QUIET_BEFORE_READY`].
    TooShort {
        /// Since when.
        since: Timestamp,
        /// For how long of the time since then.
        covered: Duration,
    },
    /// An unexpected divergence within [`QUIET_BEFORE_READY`].
    Diverged {
        /// How many there were in all.
        unexpected: DivergenceCount,
        /// The last one.
        last: Timestamp,
    },
    /// One in [`WEIGHED_PER_ERROR`] judgements that both weighed, or more, was undecided under the
    /// candidate alone.
    Errors {
        /// How many.
        errors: u64,
        /// Of how many.
        weighed: u64,
    },
    /// Something of [`Operations`] was not measured.
    NotMeasured {
        /// What.
        what: &'static str,
    },
    /// [`OUTBOX_BACKLOG_BEFORE_READY`] messages wait, or more.
    OutboxBacklog {
        /// How many.
        backlog: u64,
    },
    /// A message waits for [`OUTBOX_AGE_BEFORE_READY`] or longer.
    OutboxAge {
        /// For how long.
        age: Duration,
    },
    /// Messages were given up.
    DeadLetters {
        /// How many.
        dead: u64,
    },
    /// Five of 100 calls take [`P95_BEFORE_READY`] or longer.
    SlowP95 {
        /// How long.
        p95: Duration,
    },
    /// One of 100 calls takes [`P99_BEFORE_READY`] or longer.
    SlowP99 {
        /// How long.
        p99: Duration,
    },
}

impl fmt::Display for Blocker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = QUIET_BEFORE_READY.as_secs() / 86_400;
        match self {
            Self::TooFewJudged { judged } => {
                write!(f, "{judged} judgements; wait for {JUDGED_BEFORE_READY}")
            }
            Self::TooFewWeighed { ability, weighed } => write!(
                f,
                "`{ability}` differs and was weighed {weighed} times; wait for \
                 {WEIGHED_BEFORE_READY}, or expect it"
            ),
            Self::TooShort { since, covered } => write!(
                f,
                "on trial for {} hours since {since}; it takes {days} days",
                covered.as_secs() / 3_600
            ),
            Self::Diverged { unexpected, last } => write!(
                f,
                "{} unexpected divergences, the last at {last}; mend the candidate, or expect \
                 what is meant, and wait {days} days",
                unexpected.total()
            ),
            Self::Errors { errors, weighed } => write!(
                f,
                "{errors} of {weighed} judgements were undecided under the candidate alone; ask \
                 `has(..)` before what may be absent"
            ),
            Self::NotMeasured { what } => write!(f, "{what}: not measured"),
            Self::OutboxBacklog { backlog } => write!(
                f,
                "{backlog} messages wait in the outbox, not under {OUTBOX_BACKLOG_BEFORE_READY}"
            ),
            Self::OutboxAge { age } => {
                write!(f, "the outbox's oldest message waits {age:?}; {OUTBOX_AGE_BEFORE_READY:?}")
            }
            Self::DeadLetters { dead } => write!(f, "{dead} messages were given up"),
            Self::SlowP95 { p95 } => write!(f, "p95 is {p95:?}; less than {P95_BEFORE_READY:?}"),
            Self::SlowP99 { p99 } => write!(f, "p99 is {p99:?}; less than {P99_BEFORE_READY:?}"),
        }
    }
}
