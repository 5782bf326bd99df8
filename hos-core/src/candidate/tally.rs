//! Counts divergences, with bounds on what is kept.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::BuildHasher as _;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use foldhash::fast::RandomState;

use super::covered::Covered;
use super::report::{
    Cause, Direction, DivergenceCount, DivergenceReport, Example, LawLabel, add_line,
};
use super::{
    CAUSES_EACH_MAX, CAUSES_SAMPLED_EVERY, EXAMPLES_MAX, EXAMPLES_OF_ABILITY_MAX, LINES_MAX,
};
use crate::id::Ability;
use crate::law::Law;
use crate::policy::Question;
use crate::sampling::is_chosen;
use crate::time::Timestamp;

/// What is told of one divergence.
pub(super) struct Told<'a> {
    pub(super) direction: Direction,
    pub(super) codes: [&'a str; 2],
    pub(super) tenant: &'a str,
    pub(super) question: &'a Question<'a>,
}

impl Told<'_> {
    /// A number for what it is one of: who asks for what, by which roles, and what came of it.
    fn sort(&self, hasher: &RandomState) -> u64 {
        let Question { actor, ability, standing, .. } = self.question;
        let (ours, worlds) = (&standing.roles, &standing.world_roles);
        hasher.hash_one((self.direction, self.codes, ability, actor.kind(), ours, worlds))
    }
}

/// What was seen of one ability.
#[derive(Debug)]
pub(super) struct AbilityTally {
    /// Whether the laws may answer differently about it.
    pub(super) is_changed: bool,
    /// Whether both know it and say different things about it: it is to be seen before it changes.
    needs_evidence: bool,
    pub(super) is_expected: bool,
    weighed: AtomicU64,
    gains: AtomicU64,
    losses: AtomicU64,
    others: AtomicU64,
}

impl AbilityTally {
    pub(super) fn new(is_changed: bool, needs_evidence: bool, is_expected: bool) -> Self {
        let (weighed, gains, losses, others) = Default::default();
        Self { is_changed, needs_evidence, is_expected, weighed, gains, losses, others }
    }

    pub(super) fn weighed(&self) {
        self.weighed.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts one; answers how many there were before it.
    fn add(&self, direction: Direction) -> u64 {
        let counter = match direction {
            Direction::Gains => &self.gains,
            Direction::Loses => &self.losses,
            Direction::Differs => &self.others,
        };
        counter.fetch_add(1, Ordering::Relaxed)
    }

    fn count(&self) -> DivergenceCount {
        DivergenceCount {
            gains: self.gains.load(Ordering::Relaxed),
            losses: self.losses.load(Ordering::Relaxed),
            others: self.others.load(Ordering::Relaxed),
        }
    }
}

#[derive(Debug)]
pub(super) struct Tally {
    since: Timestamp,
    judged: AtomicU64,
    weighed: AtomicU64,
    errors: AtomicU64,
    /// Microseconds; the time before all times where there is none.
    last_unexpected: AtomicI64,
    hasher: RandomState,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    tenants: HashMap<String, DivergenceCount, RandomState>,
    sorts: HashMap<u64, Sort, RandomState>,
    causes: BTreeMap<Cause, DivergenceCount>,
    examples: Vec<(Rank, Example)>,
    unlisted: u64,
}

/// What an example is worth, the least number most: how many came before it of its ability and
/// direction, then the direction.
type Rank = (u64, Direction);

/// Divergences of the same roles, about the same ability, to the same end.
#[derive(Debug)]
struct Sort {
    direction: Direction,
    roles: Vec<String>,
    seen: u64,
}

impl Sort {
    fn of(told: &Told<'_>) -> Self {
        let roles = told.question.standing.all_roles().map(ToString::to_string);
        Self { direction: told.direction, roles: roles.collect(), seen: 0 }
    }

    /// Counts one more. How many of its sort it stands for when causes are told: each of the first
    /// for itself; then one in every so many for all of these.
    fn next(&mut self) -> u64 {
        let before = self.seen;
        self.seen += 1;
        if before < CAUSES_EACH_MAX {
            return 1;
        }
        let every = NonZeroU64::MIN.saturating_add(CAUSES_SAMPLED_EVERY - 1);
        if is_chosen(before, every) { every.get() } else { 0 }
    }
}

impl Tally {
    pub(super) fn new(now: Timestamp) -> Self {
        Self {
            since: now,
            judged: AtomicU64::new(0),
            weighed: AtomicU64::new(0),
            errors: AtomicU64::new(0),
            last_unexpected: AtomicI64::new(i64::MIN),
            hasher: RandomState::default(),
            kept: Mutex::default(),
        }
    }

    pub(super) fn judged(&self) {
        self.judged.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts what both laws weigh.
    pub(super) fn weighed(&self) {
        self.weighed.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn erred(&self) {
        self.errors.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a divergence; one of the first of its sort is kept with all that is known of it.
    pub(super) fn diverged(
        &self,
        ability: &AbilityTally,
        told: &Told<'_>,
        causes: impl FnOnce() -> Vec<Cause>,
        example: impl FnOnce(Vec<Cause>) -> Example,
    ) {
        let before = ability.add(told.direction);
        if !ability.is_expected {
            let now = told.question.now.as_micros();
            self.last_unexpected.fetch_max(now, Ordering::Relaxed);
        }
        let sort = told.sort(&self.hasher);
        let stands_for = self.kept().add(told, sort);
        let is_example = before < EXAMPLES_OF_ABILITY_MAX;
        if stands_for == 0 && !is_example {
            return;
        }
        // Found without the lock, for that takes longer than all else.
        let causes = causes();
        let mut kept = self.kept();
        if stands_for > 0 {
            kept.explain(&causes, DivergenceCount::of(told.direction, stands_for));
        }
        if is_example {
            kept.show((before, told.direction), || example(causes));
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn report(
        &self,
        live: &Law,
        candidate: &Law,
        abilities: &HashMap<Ability, AbilityTally, RandomState>,
        now: Timestamp,
    ) -> DivergenceReport {
        let mut totals = DivergenceCount::default();
        let mut unexpected = DivergenceCount::default();
        let mut lines = BTreeMap::new();
        let mut evidence = BTreeMap::new();
        let mut expected = BTreeSet::new();
        for (ability, tally) in abilities {
            let count = tally.count();
            let weighed = tally.weighed.load(Ordering::Relaxed);
            if tally.needs_evidence || weighed > 0 {
                evidence.insert(ability.as_str().to_owned(), weighed);
            }
            if tally.is_expected {
                expected.insert(ability.as_str().to_owned());
            }
            if count.is_zero() {
                continue;
            }
            totals.add(count);
            if !tally.is_expected {
                unexpected.add(count);
            }
            lines.insert(ability.as_str().to_owned(), count);
        }
        let last = self.last_unexpected.load(Ordering::Relaxed);
        let kept = self.kept();
        let (roles, left_out) = kept.roles();
        let mut examples: Vec<Example> =
            kept.examples.iter().map(|(_, example)| example.clone()).collect();
        examples.sort_by(|one, other| {
            (one.direction, &one.ability, one.at).cmp(&(other.direction, &other.ability, other.at))
        });
        DivergenceReport {
            world: live.world().clone(),
            live: LawLabel::of(live),
            candidate: LawLabel::of(candidate),
            since: self.since,
            at: now,
            covered: Covered::span(self.since, now),
            expected,
            judged: self.judged.load(Ordering::Relaxed),
            weighed: self.weighed.load(Ordering::Relaxed),
            evidence,
            errors: self.errors.load(Ordering::Relaxed),
            totals,
            unexpected,
            last_unexpected: (last != i64::MIN).then(|| Timestamp::from_micros(last)),
            abilities: lines,
            tenants: kept.tenants.iter().map(|(name, count)| (name.clone(), *count)).collect(),
            roles,
            causes: kept.causes.iter().map(|(cause, count)| (cause.clone(), *count)).collect(),
            unlisted: kept.unlisted.saturating_add(left_out),
            examples,
        }
    }
}

impl Kept {
    /// Answers for how many of its sort it stands.
    fn add(&mut self, told: &Told<'_>, sort: u64) -> u64 {
        let one = DivergenceCount::of(told.direction, 1);
        let (mut is_listed, tenants) = (true, self.tenants.len());
        match self.tenants.get_mut(told.tenant) {
            Some(line) => line.add(one),
            None if tenants < LINES_MAX => {
                self.tenants.insert(told.tenant.to_owned(), one);
            }
            None => is_listed = false,
        }
        let has_room = self.sorts.len() < LINES_MAX;
        let stands_for = match self.sorts.entry(sort) {
            Entry::Occupied(sort) => Some(sort.into_mut().next()),
            Entry::Vacant(sort) if has_room => Some(sort.insert(Sort::of(told)).next()),
            Entry::Vacant(_) => None,
        };
        self.unlisted += u64::from(!is_listed || stands_for.is_none());
        stands_for.unwrap_or_default()
    }

    /// Where all places are taken, the one that is worth least gives way: else the abilities that
    /// come first and part often would hide a gain that comes later.
    fn show(&mut self, rank: Rank, example: impl FnOnce() -> Example) {
        if self.examples.len() >= EXAMPLES_MAX {
            let ranks = self.examples.iter().map(|(rank, _)| *rank).enumerate();
            let Some((least, last)) = ranks.max_by_key(|(_, rank)| *rank) else { return };
            if last <= rank {
                return;
            }
            self.examples.swap_remove(least);
        }
        self.examples.push((rank, example()));
    }

    fn explain(&mut self, causes: &[Cause], count: DivergenceCount) {
        let mut is_listed = true;
        for cause in causes {
            is_listed &= add_line(&mut self.causes, cause, count, LINES_MAX);
        }
        if !is_listed {
            self.unlisted = self.unlisted.saturating_add(count.total());
        }
    }

    /// By role; and how many found no room there.
    fn roles(&self) -> (BTreeMap<String, DivergenceCount>, u64) {
        let (mut roles, mut left_out) = (BTreeMap::new(), 0_u64);
        for sort in self.sorts.values() {
            let count = DivergenceCount::of(sort.direction, sort.seen);
            let mut is_listed = true;
            for role in &sort.roles {
                is_listed &= add_line(&mut roles, role.as_str(), count, LINES_MAX);
            }
            if !is_listed {
                left_out = left_out.saturating_add(sort.seen);
            }
        }
        (roles, left_out)
    }
}
