//! Counts what policy answered other than allow: what could not be decided apart from denials.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use super::Hos;
use super::bench::Bench;
use crate::commit::Commit;
use crate::id::{Tenant, World};
use crate::policy::{ABILITIES_MAX, Answer, DecisionEffect};
use crate::standing::Mode;

/// The most abilities of one world that are counted each by its name; laws come and go.
pub const COUNTED_ABILITIES_MAX: usize = 4 * ABILITIES_MAX;
/// Under which name all others are counted.
const OTHERS: &str = "*";

/// How often policy did not allow one ability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct DecisionCounts {
    /// Refused: nothing permits, something forbids, or the actor is banned.
    pub denied: u64,
    /// Refused because a condition could not be decided.
    pub indeterminate: u64,
    /// Would have been denied, and was let through by a mode of `shadow`.
    pub shadow_denied: u64,
    /// Would have been refused as undecided, and was let through by a mode of `shadow`.
    pub shadow_indeterminate: u64,
}

impl DecisionCounts {
    fn of(&mut self, answer: Answer) -> Option<&mut u64> {
        let is_undecided = !answer.banned && answer.effect == DecisionEffect::Indeterminate;
        match (answer.is_shadowed(), answer.permits()) {
            (true, _) if is_undecided => Some(&mut self.shadow_indeterminate),
            (true, _) => Some(&mut self.shadow_denied),
            (false, true) => None,
            (false, false) if is_undecided => Some(&mut self.indeterminate),
            (false, false) => Some(&mut self.denied),
        }
    }
}

/// What was counted, by world and ability.
#[derive(Debug, Default)]
pub(super) struct Counts(Mutex<BTreeMap<World, BTreeMap<String, DecisionCounts>>>);

impl Counts {
    fn add(&self, world: &World, ability: &str, answer: Answer) {
        let mut worlds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !worlds.contains_key(world) {
            worlds.insert(world.clone(), BTreeMap::new());
        }
        let Some(abilities) = worlds.get_mut(world) else { return };
        let has_room = abilities.len() < COUNTED_ABILITIES_MAX;
        let name = if has_room || abilities.contains_key(ability) { ability } else { OTHERS };
        if !abilities.contains_key(name) {
            abilities.insert(name.to_owned(), DecisionCounts::default());
        }
        if let Some(count) = abilities.get_mut(name).and_then(|counts| counts.of(answer)) {
            *count = count.saturating_add(1);
        }
    }
}

impl Bench {
    /// Counts an answer that does not allow; what only a mode let through is logged too.
    pub(super) fn count(&self, world: &World, tenant: &Tenant, ability: &str, answer: Answer) {
        if DecisionCounts::default().of(answer).is_none() {
            return;
        }
        self.counts.add(world, ability, answer);
        if answer.is_shadowed() {
            let effect = answer.effect.as_str();
            let message = "only the mode let it through";
            tracing::warn!(target: "hos::shadow", %world, %tenant, ability, effect, message);
        }
    }

    /// Counts what only a mode let through, once it is written.
    pub(super) fn count_shadowed(&self, commit: &Commit) {
        for shadowed in &commit.shadowed {
            let answer = Answer { effect: shadowed.effect, mode: Mode::Shadow, banned: false };
            self.count(&commit.world, &commit.tenant, &shadowed.ability, answer);
        }
    }
}

impl Hos {
    /// How often policy did not allow an ability of a world, in this process: answers of `can` and
    /// refused commands, and what only a mode of `shadow` let through, which each is logged with
    /// tenant, ability and effect under the target `hos::shadow`. What is written in a caller's
    /// transaction counts then, whether or not the caller commits it; a command that is judged
    /// again after a conflict counts once.
    #[must_use]
    pub fn decision_counts(&self, world: &World) -> BTreeMap<String, DecisionCounts> {
        let worlds = self.bench.counts.0.lock().unwrap_or_else(PoisonError::into_inner);
        worlds.get(world).cloned().unwrap_or_default()
    }

    /// How often only a mode of `shadow` let something through, in this process.
    #[must_use]
    pub fn shadow_divergences(&self) -> u64 {
        let worlds = self.bench.counts.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all = worlds.values().flat_map(BTreeMap::values);
        let shadowed =
            all.map(|counts| counts.shadow_denied.saturating_add(counts.shadow_indeterminate));
        shadowed.fold(0, u64::saturating_add)
    }
}
