//! Weighs one decision a second time, under the candidate.

use std::collections::BTreeSet;

use super::report::{Cause, Direction, Example, Side};
use super::tally::{AbilityTally, Told};
use super::{CAUSES_MAX, Trial};
use crate::actor::Actor;
use crate::id::Tenant;
use crate::judge::check_bag;
use crate::law::Law;
use crate::policy::{Answer, DecisionEffect, Question, Reason, ReasonCode};
use crate::standing::{Mode, Modes};
use crate::subject::Subject;
use crate::value::Attributes;

/// Who asked about what, where.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) tenant: &'a Tenant,
    pub(crate) subject: Option<&'a Subject>,
    pub(crate) context: &'a Attributes,
}

impl Trial {
    /// Compares the answers to one question, of which the law in force gave its own.
    pub(crate) fn decision(&self, question: &Question<'_>, asked: Asked<'_>, live: Answer) {
        let Some(ability) = self.abilities.get(question.ability) else { return };
        self.tally.judged();
        if !ability.is_changed && question.modes.is_enforced() {
            return;
        }
        self.tally.weighed();
        ability.weighed();
        let enforced = Question { modes: &Modes::default(), ..*question };
        let admits = self.admits(question.actor, asked.context);
        let candidate = self.candidate.rules().answer(&enforced).filter(|_| admits);
        let Some(direction) = parted(live, candidate) else { return };
        if candidate.is_some_and(|answer| answer.effect == DecisionEffect::Indeterminate) {
            self.tally.erred();
        }
        let codes = [code(Some(live)), if admits { code(candidate) } else { "invalid_input" }];
        self.part(ability, (question, asked), direction, codes, || self.causes(question));
    }

    /// Counts one divergence. Its causes cost more than all else, and are not always looked for.
    pub(super) fn part(
        &self,
        ability: &AbilityTally,
        (question, asked): (&Question<'_>, Asked<'_>),
        direction: Direction,
        [live, candidate]: [&str; 2],
        causes: impl FnOnce() -> Vec<Cause>,
    ) {
        let (tenant, now) = (asked.tenant.as_str(), question.now);
        let told = Told { direction, codes: [live, candidate], tenant, question };
        self.tally.diverged(ability, &told, causes, |causes| Example {
            direction,
            at: now,
            ability: question.ability.to_owned(),
            tenant: tenant.to_owned(),
            actor: question.actor.id().to_string(),
            roles: question.standing.all_roles().map(ToString::to_string).collect(),
            subject: asked.subject.map(ToString::to_string).unwrap_or_default(),
            live: live.to_owned(),
            candidate: candidate.to_owned(),
            causes,
        });
    }

    /// Whether the candidate takes such claims and such a context at all.
    pub(super) fn admits(&self, actor: &Actor, context: &Attributes) -> bool {
        let mut faults = Vec::new();
        check_bag("actor", actor.claims(), self.candidate.actor(), &[], &mut faults);
        check_bag("context", context, self.candidate.context(), &[], &mut faults);
        faults.is_empty()
    }

    /// What only one of the laws finds.
    pub(super) fn causes(&self, question: &Question<'_>) -> Vec<Cause> {
        let enforced = Question { modes: &Modes::default(), ..*question };
        let reasons = |law: &Law| {
            let explained = law.rules().explain(&enforced);
            explained.map(|(_, reasons)| reasons).unwrap_or_default()
        };
        let (live, candidate) = (reasons(&self.live), reasons(&self.candidate));
        let only = |side, own: &[Reason], others: &[Reason]| {
            let others: BTreeSet<&Reason> = others.iter().collect();
            let decides = |reason: &&Reason| {
                reason.code != ReasonCode::ConditionFailed && !others.contains(reason)
            };
            let cause = |reason: &Reason| Cause {
                side,
                code: reason.code.as_str().to_owned(),
                rule: reason.rule.clone().unwrap_or_default(),
            };
            own.iter().filter(decides).map(cause).take(CAUSES_MAX / 2).collect::<Vec<_>>()
        };
        let mut causes = only(Side::Live, &live, &candidate);
        causes.extend(only(Side::Candidate, &candidate, &live));
        causes
    }
}

/// None where the two come to the same.
fn parted(live: Answer, candidate: Option<Answer>) -> Option<Direction> {
    let permits = candidate.is_some_and(|answer| answer.permits());
    match (live.permits(), permits) {
        (false, true) => Some(Direction::Gains),
        (true, false) => Some(Direction::Loses),
        (true, true) => None,
        (false, false) => (Some(live.effect) != candidate.map(|answer| answer.effect))
            .then_some(Direction::Differs),
    }
}

fn code(answer: Option<Answer>) -> &'static str {
    match answer {
        None => "unknown_ability",
        Some(Answer { banned: true, .. }) => "banned",
        Some(Answer { mode: Mode::Shadow, .. }) => "shadow",
        Some(Answer { mode: Mode::Off, .. }) => "off",
        Some(Answer { effect, .. }) => effect.as_str(),
    }
}
