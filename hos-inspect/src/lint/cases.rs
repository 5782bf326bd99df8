//! Which forbids bind whoever has a role, at an ability.

use std::collections::BTreeMap;

use fixedbitset::FixedBitSet;
use hos_core::condition::Expression;
use hos_core::policy::RuleEffect;

use super::satisfy::{Budget, Domains, may_hold};
use super::view::{RuleView, View};

/// Roles and abilities with the same forbids are one case, asked about once.
pub(super) struct Cases {
    abilities: usize,
    /// The case of each ability, role by role.
    cells: Vec<usize>,
    /// The places of the forbids of each case.
    forbids: Vec<FixedBitSet>,
}

impl Cases {
    pub(super) fn new(view: &View<'_>) -> Self {
        let abilities = view.abilities.len();
        let none = FixedBitSet::with_capacity(view.rules.len());
        let mut cells = vec![none; view.law.roles().len().saturating_mul(abilities)];
        for (at, rule) in view.rules_of(RuleEffect::Forbid) {
            for role in rule.about.ones() {
                // Whoever has no role has no cell either: no rule permits anything there.
                for ability in rule.abilities.ones() {
                    if let Some(cell) = cells.get_mut(role * abilities + ability) {
                        cell.insert(at);
                    }
                }
            }
        }
        let mut known: BTreeMap<FixedBitSet, usize> = BTreeMap::new();
        let case = |forbids: FixedBitSet| {
            let next = known.len();
            *known.entry(forbids).or_insert(next)
        };
        let cells = cells.into_iter().map(case).collect();
        let mut forbids: Vec<(usize, FixedBitSet)> =
            known.into_iter().map(|(forbids, case)| (case, forbids)).collect();
        forbids.sort_unstable_by_key(|(case, _)| *case);
        let forbids = forbids.into_iter().map(|(_, forbids)| forbids).collect();
        Self { abilities, cells, forbids }
    }

    /// The case of a role at an ability.
    pub(super) fn of(&self, role: usize, ability: usize) -> Option<usize> {
        self.cells.get(role * self.abilities + ability).copied()
    }

    /// The cases of all that a rule says to the roles that it names.
    pub(super) fn of_rule(&self, rule: &RuleView<'_>) -> FixedBitSet {
        let mut cases = FixedBitSet::with_capacity(self.forbids.len());
        for role in rule.targets.ones() {
            cases.extend(rule.abilities.ones().filter_map(|ability| self.of(role, ability)));
        }
        cases
    }

    /// The places of the forbids of a case.
    pub(super) fn forbids(&self, case: usize) -> Option<&FixedBitSet> {
        self.forbids.get(case)
    }
}

/// Whether a permit may hold where none of the forbids of a case does.
pub(super) fn grants(
    view: &View<'_>,
    permit: &RuleView<'_>,
    forbids: &FixedBitSet,
    domains: &Domains,
    budget: &mut Budget,
) -> bool {
    let mut all: Vec<(&Expression, bool)> = permit.when.iter().map(|when| (when, true)).collect();
    for forbid in forbids.ones().filter_map(|at| view.rules.get(at)) {
        match &forbid.when {
            None => return false,
            Some(when) => all.push((when, false)),
        }
    }
    may_hold(&all, domains, budget)
}
