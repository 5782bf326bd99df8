//! Counts divergences, with bounds on what is kept.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use foldhash::fast::RandomState;

use super::covered::Covered;
use super::report::{
    Cause, Direction, DivergenceCount, DivergenceReport, Example, LawLabel, add_line,
};
use super::{EXAMPLES_MAX, EXAMPLES_OF_ABILITY_MAX, LINES_MAX};
use crate::id::Ability;
use crate::law::Law;
use crate::time::Timestamp;

/// What is told of one divergence.
pub(super) struct Told<'a> {
    pub(super) direction: Direction,
    pub(super) tenant: &'a str,
    pub(super) roles: Vec<&'a str>,
    pub(super) causes: Vec<Cause>,
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
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    tenants: BTreeMap<String, DivergenceCount>,
    roles: BTreeMap<String, DivergenceCount>,
    causes: BTreeMap<Cause, DivergenceCount>,
    examples: Vec<Example>,
    unlisted: u64,
}

impl Tally {
    pub(super) fn new(now: Timestamp) -> Self {
        Self {
            since: now,
            judged: AtomicU64::new(0),
            weighed: AtomicU64::new(0),
            errors: AtomicU64::new(0),
            last_unexpected: AtomicI64::new(i64::MIN),
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
        told: Told<'_>,
        now: Timestamp,
        example: impl FnOnce(Vec<Cause>) -> Example,
    ) {
        let before = ability.add(told.direction);
        if !ability.is_expected {
            self.last_unexpected.fetch_max(now.as_micros(), Ordering::Relaxed);
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.add(&told);
        if before < EXAMPLES_OF_ABILITY_MAX && kept.examples.len() < EXAMPLES_MAX {
            kept.examples.push(example(told.causes));
        }
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
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let mut examples = kept.examples.clone();
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
            tenants: kept.tenants.clone(),
            roles: kept.roles.clone(),
            causes: kept.causes.iter().map(|(cause, count)| (cause.clone(), *count)).collect(),
            unlisted: kept.unlisted,
            examples,
        }
    }
}

impl Kept {
    fn add(&mut self, told: &Told<'_>) {
        let one = DivergenceCount::one(told.direction);
        let mut listed = add_line(&mut self.tenants, told.tenant, one, LINES_MAX);
        for role in &told.roles {
            listed &= add_line(&mut self.roles, *role, one, LINES_MAX);
        }
        for cause in &told.causes {
            listed &= add_line(&mut self.causes, cause, one, LINES_MAX);
        }
        self.unlisted += u64::from(!listed);
    }
}
