//! The rules that may turn an answer to one holder, each with its condition.

use std::collections::{BTreeMap, BTreeSet};

use hos_core::condition::Expression;
use hos_core::id::Ability;
use hos_core::law::Law;
use hos_core::policy::RuleEffect;

use super::ask::Holder;

/// All rules of a law, by what they are about.
pub(super) struct Rules<'a> {
    pub(super) law: &'a Law,
    conditions: Vec<Option<Expression>>,
    about: BTreeMap<Ability, Vec<usize>>,
}

/// What may turn an answer: holders with the same are answered the same.
#[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Turning {
    /// The places of the rules with a condition; none where those without decide.
    pub(super) rules: BTreeSet<usize>,
    /// For each ability whether the rules without condition allow, and whether they forbid.
    bare: Vec<(bool, bool)>,
}

impl<'a> Rules<'a> {
    pub(super) fn new(law: &'a Law) -> Self {
        let rules = &law.definition().rules;
        let about = law.rules().abilities().into_iter().map(|ability| {
            let named = rules.iter().enumerate().filter(|(_, rule)| rule.names(ability.as_str()));
            let places = named.map(|(at, _)| at).collect();
            (ability, places)
        });
        let about = about.collect();
        Self { law, conditions: rules.iter().map(|rule| rule.condition()).collect(), about }
    }

    /// What may turn the answer to a holder.
    pub(super) fn turning(&self, holder: &Holder, abilities: &[&str]) -> Turning {
        let mut turning = Turning::default();
        for ability in abilities {
            let bare = self.turn(holder, ability, &mut turning.rules);
            turning.bare.push(bare);
        }
        turning
    }

    /// Whether the rules without condition allow, and whether they forbid.
    fn turn(&self, holder: &Holder, ability: &str, rules: &mut BTreeSet<usize>) -> (bool, bool) {
        let (mut forbids, mut permits) = (Vec::new(), Vec::new());
        let mut always = holder.is_superuser;
        for at in self.about.get(ability).into_iter().flatten() {
            let Some(rule) = self.law.definition().rules.get(*at) else { continue };
            let is_about =
                rule.roles.is_empty() || rule.roles.iter().any(|role| holder.roles.contains(role));
            match (rule.effect, self.condition(*at)) {
                _ if !is_about => {}
                (RuleEffect::Forbid, None) => return (always, true),
                (RuleEffect::Forbid, Some(_)) => forbids.push(*at),
                (RuleEffect::Permit, None) => always = true,
                (RuleEffect::Permit, Some(_)) => permits.push(*at),
            }
        }
        match (always, permits.is_empty()) {
            (true, _) => rules.extend(forbids),
            (false, true) => {}
            (false, false) => rules.extend(forbids.into_iter().chain(permits)),
        }
        (always, false)
    }

    pub(super) fn condition(&self, at: usize) -> Option<&Expression> {
        self.conditions.get(at).and_then(Option::as_ref)
    }

    /// What some rules say, in one way only.
    pub(super) fn said(&self, turning: &Turning) -> String {
        let said = turning.rules.iter().filter_map(|at| {
            let rule = self.law.definition().rules.get(*at)?;
            Some(format!("{:?} {}", rule.effect, self.condition(*at)?))
        });
        said.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join("\n")
    }
}
