//! How many rules say each thing: one number for each role and ability.

use crate::lint::view::{RuleView, View};

/// INVARIANT: as large as the law has roles and abilities, and no larger for more rules.
pub(super) struct Said {
    abilities: usize,
    /// The abilities of each role; of whoever has none, last.
    counts: Vec<u16>,
}

impl Said {
    /// What some rules say.
    pub(super) fn by(view: &View<'_>, rules: &[usize]) -> Self {
        let abilities = view.abilities.len();
        let roles = view.law.roles().len().saturating_add(1);
        let mut said = Self { abilities, counts: vec![0; roles.saturating_mul(abilities)] };
        for rule in rules.iter().filter_map(|at| view.rules.get(*at)) {
            said.each(rule, |count| *count = count.saturating_add(1));
        }
        said
    }

    /// How many say something to a role about an ability.
    pub(super) fn count(&self, role: usize, ability: usize) -> u16 {
        self.counts.get(role * self.abilities + ability).copied().unwrap_or_default()
    }

    pub(super) fn forget(&mut self, rule: &RuleView<'_>) {
        self.each(rule, |count| *count = count.saturating_sub(1));
    }

    fn each(&mut self, rule: &RuleView<'_>, change: impl Fn(&mut u16)) {
        for role in rule.about.ones() {
            let start = role * self.abilities;
            let own = self.counts.get_mut(start..start + self.abilities).unwrap_or_default();
            for ability in rule.abilities.ones() {
                own.get_mut(ability).into_iter().for_each(&change);
            }
        }
    }
}
