//! Which way a replay goes: chance from a seed, and where nobody went before first.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::Protocol;
use super::state::{Action, Sight, State};
use crate::random::Random;

/// The most steps that are remembered as walked; later ones are walked unremembered.
const WALKED_MAX: usize = 4_000_000;

/// What was walked, and what was seen on the way.
#[derive(Debug)]
pub struct Tally {
    random: Random,
    seed: u64,
    traces: u64,
    steps: u64,
    /// Recalls that the store itself answered.
    pub(super) remembered: u64,
    walked: BTreeSet<u64>,
    sights: BTreeMap<Sight, u64>,
}

impl Tally {
    /// Nothing yet; chance begins at a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed),
            seed,
            traces: 0,
            steps: 0,
            remembered: 0,
            walked: BTreeSet::new(),
            sights: BTreeMap::new(),
        }
    }

    /// Different steps that were walked: a state, and what happened in it.
    #[must_use]
    pub fn walked(&self) -> usize {
        self.walked.len()
    }

    /// How often the end of a step let this be seen.
    #[must_use]
    pub fn seen(&self, sight: Sight) -> u64 {
        self.sights.get(&sight).copied().unwrap_or(0)
    }

    /// Recalls that the store itself answered.
    #[must_use]
    pub fn remembered(&self) -> u64 {
        self.remembered
    }

    /// One that was not walked yet, if there is one; each kind as likely as another.
    pub(super) fn choose(&mut self, protocol: &Protocol, state: &State) -> Option<Action> {
        let actions = protocol.actions(state);
        let fresh: Vec<Action> =
            actions.iter().copied().filter(|at| !self.walked.contains(&hash(state, *at))).collect();
        let mut kinds: BTreeMap<usize, Vec<Action>> = BTreeMap::new();
        for action in if fresh.is_empty() { actions } else { fresh } {
            kinds.entry(kind(action)).or_default().push(action);
        }
        let kinds: Vec<Vec<Action>> = kinds.into_values().collect();
        if kinds.is_empty() {
            return None;
        }
        let kind = self.random.one_of(&kinds).clone();
        Some(*self.random.one_of(&kind))
    }

    pub(super) fn step(&mut self, before: &State, action: Action, sight: Sight) {
        self.steps += 1;
        *self.sights.entry(sight).or_default() += 1;
        if self.walked.len() < WALKED_MAX {
            self.walked.insert(hash(before, action));
        }
    }

    pub(super) fn trace(&mut self) {
        self.traces += 1;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, traces, steps, remembered, walked, sights, .. } = self;
        write!(
            f,
            "seed {seed}: {traces} traces, {steps} steps, {} of them different, {remembered} \
             recalled by the store;",
            walked.len()
        )?;
        for (sight, count) in sights.iter().filter(|(sight, _)| **sight != Sight::Nothing) {
            write!(f, " {sight:?} {count}")?;
        }
        Ok(())
    }
}

/// How many states a protocol has, and how many steps between them.
#[must_use]
pub fn edges(protocol: &Protocol) -> (usize, usize) {
    let start = protocol.start();
    let mut known = BTreeSet::from([hashed(&start)]);
    let mut open = VecDeque::from([start]);
    let mut edges = 0;
    while let Some(state) = open.pop_front() {
        for action in protocol.actions(&state) {
            edges += 1;
            let next = protocol.next(&state, action);
            if known.insert(hashed(&next)) {
                open.push_back(next);
            }
        }
    }
    (known.len(), edges)
}

fn kind(action: Action) -> usize {
    match action {
        Action::Send { recalled: None, .. } => 0,
        Action::Send { recalled: Some(_), .. } => 1,
        Action::Load { .. } => 2,
        Action::Commit { .. } => 3,
        Action::Crash { .. } => 4,
        Action::Change(_) => 5,
    }
}

fn hash(state: &State, action: Action) -> u64 {
    let mut hasher = DefaultHasher::new();
    (state, action).hash(&mut hasher);
    hasher.finish()
}

fn hashed(state: &State) -> u64 {
    let mut hasher = DefaultHasher::new();
    state.hash(&mut hasher);
    hasher.finish()
}
