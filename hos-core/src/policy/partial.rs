//! The answer of the rules where not everything that they may read is known.

use std::collections::BTreeSet;

use super::weigh::Weight;
use super::{Answer, DecisionEffect, Question, RoleSet, Rule, Rules};
use crate::condition::Path;

impl Rules {
    /// Answers a question of which some paths are not known; none for an unknown ability. What is
    /// unknown is not taken for absent: where the answer may depend on it, there is none.
    ///
    /// # Errors
    ///
    /// The paths that the answer may depend on.
    pub(crate) fn answer_without(
        &self,
        question: &Question<'_>,
        is_unknown: &dyn Fn(&Path) -> bool,
    ) -> Option<Result<Answer, BTreeSet<Path>>> {
        let table = self.tables.get(question.ability)?;
        let (mode, banned) = (table.mode(question), question.standing.banned);
        let answer = |effect| Some(Ok(Answer { effect, mode, banned }));
        let roles = self.role_set(question);
        let environment = question.environment();
        let heaviest = |rules: Vec<&Rule>| {
            let weights = rules.into_iter().filter_map(|rule| rule.weigh(roles, &environment));
            weights.max().unwrap_or(Weight::Nothing)
        };
        let (forbids, mut unknown) = known(&table.forbids, roles, is_unknown);
        let forbidden = heaviest(forbids);
        if banned || forbidden == Weight::Holds {
            return answer(DecisionEffect::Deny);
        }
        let (permits, unknown_permits) = known(&table.permits, roles, is_unknown);
        let holds_already = roles.meets(self.superusers) || question.grants().next().is_some();
        let permitted = if holds_already { Weight::Holds } else { heaviest(permits) };
        if permitted != Weight::Holds {
            if unknown_permits.is_empty() {
                // Nothing permits: no forbid that is not known changes that.
                return answer(permitted.as_permit());
            }
            unknown.extend(unknown_permits);
        }
        if !unknown.is_empty() {
            return Some(Err(unknown));
        }
        match forbidden {
            Weight::Nothing => answer(permitted.as_permit()),
            Weight::Errs | Weight::Holds => answer(forbidden.as_forbid()),
        }
    }
}

/// The rules about some roles that read nothing unknown; and what the others read of it.
fn known<'r>(
    rules: &'r [Rule],
    roles: RoleSet,
    is_unknown: &dyn Fn(&Path) -> bool,
) -> (Vec<&'r Rule>, BTreeSet<Path>) {
    let mut known = Vec::new();
    let mut unknown = BTreeSet::new();
    for rule in rules.iter().filter(|rule| rule.roles.is_none_or(|named| named.meets(roles))) {
        let reads = rule.condition.iter().flat_map(|condition| condition.paths());
        let unread: Vec<&Path> = reads.filter(|path| is_unknown(path)).collect();
        if unread.is_empty() {
            known.push(rule);
        }
        unknown.extend(unread.into_iter().cloned());
    }
    (known, unknown)
}
