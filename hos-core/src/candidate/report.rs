//! What a trial found, and whether the candidate may be enforced.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{EXAMPLES_MAX, LINES_MAX};
use crate::digest::Digest;
use crate::id::{Version, World};
use crate::law::Law;
use crate::time::Timestamp;

/// How long a candidate must have been on trial, and without an unexpected divergence.
pub const QUIET_BEFORE_READY: Duration = Duration::from_secs(7 * 86_400);
/// How much must have been judged.
pub const JUDGED_BEFORE_READY: u64 = 1_000;
/// Fewer than one in so many may have come out undecided under the candidate alone.
pub const JUDGED_PER_ERROR: u64 = 1_000;

/// Where a law and its candidate part.
///
/// Exhaustive, and in the order of what must be looked at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "more, less, or otherwise")]
pub enum Direction {
    /// Refused now, and let through by the candidate.
    Gains,
    /// Let through now, and refused by the candidate.
    Loses,
    /// Refused for another reason, or let through to another end.
    Differs,
}

/// How many divergences of each direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DivergenceCount {
    /// Refused now, let through by the candidate.
    pub gains: u64,
    /// Let through now, refused by the candidate.
    pub losses: u64,
    /// Refused or let through by both, and not alike.
    pub others: u64,
}

impl DivergenceCount {
    pub(super) fn one(direction: Direction) -> Self {
        let is = |other| u64::from(direction == other);
        Self {
            gains: is(Direction::Gains),
            losses: is(Direction::Loses),
            others: is(Direction::Differs),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }

    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.gains.saturating_add(self.losses).saturating_add(self.others)
    }

    pub(super) fn add(&mut self, other: Self) {
        self.gains = self.gains.saturating_add(other.gains);
        self.losses = self.losses.saturating_add(other.losses);
        self.others = self.others.saturating_add(other.others);
    }
}

/// Which of the two laws.
///
/// Exhaustive: there are two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "there are two")]
pub enum Side {
    /// The law in force.
    Live,
    /// The candidate.
    Candidate,
}

/// What only one of the two laws found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cause {
    /// Which law.
    pub side: Side,
    /// The stable code: of a reason of policy, or of a refusal.
    pub code: String,
    /// The rule, the grant or the guard; empty where there is none.
    pub rule: String,
}

/// One divergence, with what is needed to find it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// Who gains or loses.
    pub direction: Direction,
    /// When.
    pub at: Timestamp,
    /// What was asked for.
    pub ability: String,
    /// The tenant.
    pub tenant: String,
    /// Who asked; the opaque id.
    pub actor: String,
    /// The roles of the actor's memberships.
    pub roles: Vec<String>,
    /// The subject as `kind:id`; empty where the question was about none.
    pub subject: String,
    /// What the law in force answered, as a stable code.
    pub live: String,
    /// What the candidate answers.
    pub candidate: String,
    /// What only one of them found.
    pub causes: Vec<Cause>,
}

/// A law by its label and digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LawLabel {
    /// The version label.
    pub version: Version,
    /// The digest.
    pub digest: Digest,
}

impl LawLabel {
    pub(super) fn of(law: &Law) -> Self {
        Self { version: law.version().clone(), digest: law.digest() }
    }
}

/// Where a law and its candidate part, as one process saw it.
///
/// Counts are of judgements: a command that is judged again after a conflict counts again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DivergenceReport {
    /// The world.
    pub world: World,
    /// The law in force.
    pub live: LawLabel,
    /// The candidate.
    pub candidate: LawLabel,
    /// Since when both are weighed.
    pub since: Timestamp,
    /// When the report was made.
    pub at: Timestamp,
    /// How many decisions and transitions were weighed by both.
    pub judged: u64,
    /// How many the candidate alone could not decide, for an absent attribute.
    pub errors: u64,
    /// All divergences.
    pub totals: DivergenceCount,
    /// Those of abilities that were not expected to change.
    pub unexpected: DivergenceCount,
    /// The last of these.
    pub last_unexpected: Option<Timestamp>,
    /// By ability.
    pub abilities: BTreeMap<String, DivergenceCount>,
    /// How many divergences the lines by tenant, role and cause rest on: the first of each ability
    /// and direction.
    pub attributed: u64,
    /// By tenant.
    pub tenants: BTreeMap<String, DivergenceCount>,
    /// By role that the actor holds.
    pub roles: BTreeMap<String, DivergenceCount>,
    /// By what only one of the laws found.
    pub causes: Vec<(Cause, DivergenceCount)>,
    /// How many of the attributed found no room in one of those lines.
    pub unlisted: u64,
    /// The first of each ability and direction: gains, then losses, then others.
    pub examples: Vec<Example>,
}

impl DivergenceReport {
    /// The sum of what two processes saw, or one before and after a restart; none for reports
    /// about other laws.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Option<Self> {
        let about =
            |report: &Self| (report.world.clone(), report.live.clone(), report.candidate.clone());
        if about(&self) != about(other) {
            return None;
        }
        self.since = self.since.min(other.since);
        self.at = self.at.max(other.at);
        self.judged = self.judged.saturating_add(other.judged);
        self.errors = self.errors.saturating_add(other.errors);
        self.totals.add(other.totals);
        self.unexpected.add(other.unexpected);
        self.last_unexpected = self.last_unexpected.max(other.last_unexpected);
        self.attributed = self.attributed.saturating_add(other.attributed);
        self.unlisted = self.unlisted.saturating_add(other.unlisted);
        // As many abilities as two laws can have: these lines are bounded by themselves.
        add_lines(&mut self.abilities, &other.abilities, usize::MAX);
        let mut unlisted = add_lines(&mut self.tenants, &other.tenants, LINES_MAX);
        unlisted += add_lines(&mut self.roles, &other.roles, LINES_MAX);
        let mut causes: BTreeMap<Cause, DivergenceCount> = self.causes.into_iter().collect();
        unlisted += add_lines(&mut causes, &other.causes.iter().cloned().collect(), LINES_MAX);
        self.causes = causes.into_iter().collect();
        self.unlisted = self.unlisted.saturating_add(unlisted);
        self.examples.extend(other.examples.iter().cloned());
        self.examples.sort_by(|one, other| {
            (one.direction, &one.ability, one.at).cmp(&(other.direction, &other.ability, other.at))
        });
        self.examples.truncate(EXAMPLES_MAX);
        Some(self)
    }

    /// Whether enforcing the candidate is safe, by what was seen.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        let quiet_since = self.last_unexpected.unwrap_or(self.since).max(self.since);
        let mut blockers = Vec::new();
        if self.judged < JUDGED_BEFORE_READY {
            blockers.push(Blocker::TooFewJudged { judged: self.judged });
        }
        if self.since.after(QUIET_BEFORE_READY) > self.at {
            blockers.push(Blocker::TooShort { since: self.since });
        }
        match self.last_unexpected {
            Some(last) if quiet_since.after(QUIET_BEFORE_READY) > self.at => {
                blockers.push(Blocker::Diverged { unexpected: self.unexpected, last });
            }
            _ => {}
        }
        if self.errors.saturating_mul(JUDGED_PER_ERROR) >= self.judged.max(1) && self.errors > 0 {
            blockers.push(Blocker::Errors { errors: self.errors, judged: self.judged });
        }
        Readiness { blockers }
    }
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Blocker {
    /// Fewer than [`JUDGED_BEFORE_READY`] judgements.
    TooFewJudged {
        /// How many there were.
        judged: u64,
    },
    /// On trial for less than [`QUIET_BEFORE_READY`].
    TooShort {
        /// Since when.
        since: Timestamp,
    },
    /// An unexpected divergence within [`QUIET_BEFORE_READY`].
    Diverged {
        /// How many there were in all.
        unexpected: DivergenceCount,
        /// The last one.
        last: Timestamp,
    },
    /// One in [`JUDGED_PER_ERROR`] judgements, or more, the candidate alone could not decide.
    Errors {
        /// How many.
        errors: u64,
        /// Of how many.
        judged: u64,
    },
}

impl fmt::Display for Blocker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = QUIET_BEFORE_READY.as_secs() / 86_400;
        match self {
            Self::TooFewJudged { judged } => {
                write!(f, "{judged} judgements; wait for {JUDGED_BEFORE_READY}")
            }
            Self::TooShort { since } => write!(f, "on trial since {since}; wait {days} days"),
            Self::Diverged { unexpected, last } => write!(
                f,
                "{} unexpected divergences, the last at {last}; mend the candidate, or expect \
                 what is meant, and wait {days} days",
                unexpected.total()
            ),
            Self::Errors { errors, judged } => write!(
                f,
                "{errors} of {judged} judgements were undecided under the candidate alone; ask \
                 `has(..)` before what may be absent"
            ),
        }
    }
}

/// Adds to a line if there is room for it.
pub(super) fn add_line<K: Ord + Clone>(
    lines: &mut BTreeMap<K, DivergenceCount>,
    name: &K,
    count: DivergenceCount,
    max: usize,
) -> bool {
    if let Some(line) = lines.get_mut(name) {
        line.add(count);
        return true;
    }
    if lines.len() >= max {
        return false;
    }
    lines.insert(name.clone(), count);
    true
}

/// Adds lines where there is room; answers how many divergences found none.
fn add_lines<K: Ord + Clone>(
    lines: &mut BTreeMap<K, DivergenceCount>,
    others: &BTreeMap<K, DivergenceCount>,
    max: usize,
) -> u64 {
    let mut left_out = 0_u64;
    for (name, count) in others {
        if !add_line(lines, name, *count, max) {
            left_out = left_out.saturating_add(count.total());
        }
    }
    left_out
}
