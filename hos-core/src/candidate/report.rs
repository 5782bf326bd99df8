//! What a trial found.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::covered::Covered;
use super::{EXAMPLES_MAX, EXAMPLES_OF_ABILITY_MAX, LINES_MAX};
use crate::digest::Digest;
use crate::id::{Version, World};
use crate::law::Law;
use crate::time::Timestamp;

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
    /// So many of one direction.
    pub(super) fn of(direction: Direction, times: u64) -> Self {
        let is = |other| if direction == other { times } else { 0 };
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
    /// When the report was made, or the trial ended.
    pub at: Timestamp,
    /// The times between the two at which some process had the candidate on trial.
    pub covered: Covered,
    /// The abilities that were meant to change.
    pub expected: BTreeSet<String>,
    /// How many decisions and commands were judged while the candidate was on trial.
    pub judged: u64,
    /// How many of them might have come out otherwise, and were weighed by both.
    pub weighed: u64,
    /// How often each ability was weighed about which the laws differ, or which is not enforced.
    /// What the law in force does not know cannot be weighed beside it, and is not told here.
    pub evidence: BTreeMap<String, u64>,
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
    /// By tenant.
    pub tenants: BTreeMap<String, DivergenceCount>,
    /// By role that the actor holds.
    pub roles: BTreeMap<String, DivergenceCount>,
    /// By what only one of the laws found. Of those who hold the same roles, ask for the same and
    /// are answered the same, each of the first [`CAUSES_EACH_MAX`](super::CAUSES_EACH_MAX) counts;
    /// then one in [`CAUSES_SAMPLED_EVERY`](super::CAUSES_SAMPLED_EVERY) is looked into, and
    /// counts for as many. All else is exact.
    pub causes: Vec<(Cause, DivergenceCount)>,
    /// How many found no room in one of those lines.
    pub unlisted: u64,
    /// The first of each ability and direction: gains, then losses, then others.
    pub examples: Vec<Example>,
}

impl DivergenceReport {
    /// The sum of what two processes saw, or one before and after a restart; none for reports
    /// about other laws, or for which other abilities were meant to change.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Option<Self> {
        let is_same = self.world == other.world
            && self.live == other.live
            && self.candidate == other.candidate
            && self.expected == other.expected;
        if !is_same {
            return None;
        }
        self.since = self.since.min(other.since);
        self.at = self.at.max(other.at);
        self.covered = self.covered.and(&other.covered);
        self.judged = self.judged.saturating_add(other.judged);
        self.weighed = self.weighed.saturating_add(other.weighed);
        for (ability, times) in &other.evidence {
            let line = self.evidence.entry(ability.clone()).or_default();
            *line = line.saturating_add(*times);
        }
        self.errors = self.errors.saturating_add(other.errors);
        self.totals.add(other.totals);
        self.unexpected.add(other.unexpected);
        self.last_unexpected = self.last_unexpected.max(other.last_unexpected);
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
        self.examples = chosen(self.examples);
        Some(self)
    }
}

/// The first of each ability and direction, before second and third ones of others.
fn chosen(mut examples: Vec<Example>) -> Vec<Example> {
    let in_order = |one: &Example, other: &Example| {
        (one.direction, &one.ability, one.at).cmp(&(other.direction, &other.ability, other.at))
    };
    examples.sort_by(in_order);
    let mut ranked: Vec<(u64, Example)> = Vec::new();
    for example in examples {
        let rank = ranked.last().map_or(0, |(rank, before)| {
            let is_another =
                (before.direction, &before.ability) != (example.direction, &example.ability);
            if is_another { 0 } else { rank + 1 }
        });
        ranked.push((rank, example));
    }
    ranked.retain(|(rank, _)| *rank < EXAMPLES_OF_ABILITY_MAX);
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.truncate(EXAMPLES_MAX);
    let mut examples: Vec<Example> = ranked.into_iter().map(|(_, example)| example).collect();
    examples.sort_by(in_order);
    examples
}

/// Adds to a line if there is room for it.
pub(super) fn add_line<K: Ord + Borrow<N>, N: Ord + ToOwned<Owned = K> + ?Sized>(
    lines: &mut BTreeMap<K, DivergenceCount>,
    name: &N,
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
    lines.insert(name.to_owned(), count);
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
