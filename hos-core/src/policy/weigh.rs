//! Weighs one question against the table of its ability. Never allocates but for reasons.

use super::{Answer, DecisionEffect, Question, Reason, ReasonCode, RoleSet, Rule, Rules, Table};
use crate::condition::{Environment, Nothing};
use crate::standing::{Grant, Mode};

impl Rules {
    pub(super) fn weigh(
        &self,
        question: &Question<'_>,
        reasons: &mut impl Reasons,
    ) -> Option<Answer> {
        // First, because roles are far away: they are on their way while the ability is hashed.
        let roles = self.role_set(question);
        let table = self.tables.get(question.ability)?;
        let mode = table.mode(question);
        let answer = |effect, banned| Some(Answer { effect, mode, banned });
        if question.standing.banned {
            reasons.add(ReasonCode::Banned, None);
            return answer(DecisionEffect::Deny, true);
        }
        match mode {
            Mode::Enforce => {}
            Mode::Shadow => reasons.add(ReasonCode::ModeShadow, None),
            Mode::Off => {
                reasons.add(ReasonCode::ModeOff, None);
                return answer(DecisionEffect::Indeterminate, false);
            }
        }
        let granted = table.permitted.union(self.superusers);
        if roles.meets(granted) && table.forbids.is_empty() && !reasons.wants_all() {
            return answer(DecisionEffect::Allow, false);
        }
        let environment = question.environment();
        let forbidden = weigh_forbids(&table.forbids, roles, &environment, reasons);
        if forbidden != Weight::Nothing && !reasons.wants_all() {
            return answer(forbidden.as_forbid(), false);
        }
        let permitted = self.weigh_permits(table, roles, question, &environment, reasons);
        if forbidden == Weight::Nothing {
            if permitted == Weight::Nothing {
                reasons.add(ReasonCode::NotGranted, None);
            }
            return answer(permitted.as_permit(), false);
        }
        answer(forbidden.as_forbid(), false)
    }

    pub(super) fn role_set(&self, question: &Question<'_>) -> RoleSet {
        let mut set = self.implicit.of(question.actor.kind());
        let ours = question.standing.roles.iter().map(|role| (role, false));
        let worlds = question.standing.world_roles.iter().map(|role| (role, true));
        for (role, world) in ours.chain(worlds) {
            // A role in the wrong scope grants nothing.
            if let Some(entry) = self.role(role.as_str())
                && entry.world == world
            {
                set = set.union(entry.closure);
            }
        }
        set
    }

    fn weigh_permits(
        &self,
        table: &Table,
        roles: RoleSet,
        question: &Question<'_>,
        environment: &Environment<'_>,
        reasons: &mut impl Reasons,
    ) -> Weight {
        let mut weight = Weight::Nothing;
        if roles.meets(table.permitted) {
            weight = Weight::Holds;
        }
        if roles.meets(self.superusers) {
            reasons.add(ReasonCode::Superuser, None);
            weight = Weight::Holds;
        }
        for grant in question.grants() {
            let code = if grant.break_glass { ReasonCode::BreakGlass } else { ReasonCode::Granted };
            reasons.add(code, Some(&grant.id));
            weight = Weight::Holds;
        }
        if !roles.meets(table.conditional) && !reasons.wants_all() {
            return weight;
        }
        for rule in &table.permits {
            if weight == Weight::Holds && !reasons.wants_all() {
                break;
            }
            match rule.weigh(roles, environment) {
                Some(Weight::Holds) => {
                    reasons.add(ReasonCode::Permitted, Some(&rule.id));
                    weight = Weight::Holds;
                }
                Some(Weight::Errs) => {
                    reasons.add(ReasonCode::AttributeAbsent, Some(&rule.id));
                    weight = weight.max(Weight::Errs);
                }
                Some(Weight::Nothing) => reasons.add(ReasonCode::ConditionFailed, Some(&rule.id)),
                None => {}
            }
        }
        weight
    }
}

impl Table {
    /// How hard it bites; the abilities of the law itself are always enforced.
    pub(super) fn mode(&self, question: &Question<'_>) -> Mode {
        if self.built_in { Mode::Enforce } else { question.modes.mode(question.ability) }
    }
}

impl Question<'_> {
    /// Time-boxed grants of the ability that have not ended.
    pub(super) fn grants(&self) -> impl Iterator<Item = &Grant> {
        let grants = self.standing.grants.iter();
        grants.filter(|grant| grant.until > self.now && grant.pattern.matches(self.ability))
    }

    /// What conditions read.
    pub(super) fn environment(&self) -> Environment<'_> {
        Environment {
            actor: self.actor,
            subject: self.subject,
            context: self.context,
            input: &Nothing,
            facts: &Nothing,
            now: self.now,
        }
    }
}

fn weigh_forbids(
    rules: &[Rule],
    roles: RoleSet,
    environment: &Environment<'_>,
    reasons: &mut impl Reasons,
) -> Weight {
    let mut weight = Weight::Nothing;
    for rule in rules {
        match rule.weigh(roles, environment) {
            Some(Weight::Holds) => {
                reasons.add(ReasonCode::Forbidden, Some(&rule.id));
                weight = Weight::Holds;
            }
            Some(Weight::Errs) => {
                reasons.add(ReasonCode::AttributeAbsent, Some(&rule.id));
                weight = weight.max(Weight::Errs);
            }
            Some(Weight::Nothing) | None => {}
        }
    }
    weight
}

impl Rule {
    /// None when the rule is about other roles.
    pub(super) fn weigh(&self, roles: RoleSet, environment: &Environment<'_>) -> Option<Weight> {
        if self.roles.is_some_and(|named| !named.meets(roles)) {
            return None;
        }
        Some(match &self.condition {
            None => Weight::Holds,
            Some(condition) => match condition.holds(environment) {
                Ok(true) => Weight::Holds,
                Ok(false) => Weight::Nothing,
                Err(_) => Weight::Errs,
            },
        })
    }
}

/// What a set of rules comes to; what holds outweighs what errs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    Nothing,
    Errs,
    Holds,
}

impl Weight {
    pub(super) fn as_permit(self) -> DecisionEffect {
        match self {
            Self::Nothing => DecisionEffect::Deny,
            Self::Errs => DecisionEffect::Indeterminate,
            Self::Holds => DecisionEffect::Allow,
        }
    }

    pub(super) fn as_forbid(self) -> DecisionEffect {
        match self {
            Self::Errs => DecisionEffect::Indeterminate,
            Self::Nothing | Self::Holds => DecisionEffect::Deny,
        }
    }
}

/// Where reasons go: nowhere on the hot path, so that they cost nothing there.
pub(super) trait Reasons {
    fn wants_all(&self) -> bool;
    fn add(&mut self, code: ReasonCode, rule: Option<&dyn std::fmt::Display>);
}

pub(super) struct Silent;

impl Reasons for Silent {
    fn wants_all(&self) -> bool {
        false
    }

    fn add(&mut self, _: ReasonCode, _: Option<&dyn std::fmt::Display>) {}
}

impl Reasons for Vec<Reason> {
    fn wants_all(&self) -> bool {
        true
    }

    fn add(&mut self, code: ReasonCode, rule: Option<&dyn std::fmt::Display>) {
        self.push(Reason { code, rule: rule.map(ToString::to_string) });
    }
}
