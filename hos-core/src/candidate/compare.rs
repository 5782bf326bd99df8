//! Weighs one decision or transition a second time, under the candidate.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::report::{Cause, Direction, Example, Side};
use super::{CAUSES_MAX, Trial};
use crate::actor::Actor;
use crate::command::{Command, Step, Wish};
use crate::contract::Contract;
use crate::error::Refusal;
use crate::id::Tenant;
use crate::judge::{Judge, Plan, Verdict, check_bag};
use crate::law::Law;
use crate::policy::{Answer, DecisionEffect, Question, Reason, ReasonCode};
use crate::standing::{Mode, Modes, Standing};
use crate::subject::{Snapshot, Subject, SubjectView};
use crate::time::Timestamp;
use crate::value::Attributes;

/// Who asked about what, where.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) tenant: &'a Tenant,
    pub(crate) subject: Option<&'a Subject>,
    pub(crate) context: &'a Attributes,
}

impl Trial {
    /// Compares the answers to one question.
    pub(crate) fn decision(&self, question: &Question<'_>, asked: Asked<'_>) {
        let Some(ability) = self.abilities.get(question.ability) else { return };
        self.tally.judged();
        if !ability.is_changed && question.modes.is_enforced() {
            return;
        }
        let Some(live) = self.live.rules().answer(question) else { return };
        let enforced = Question { modes: &Modes::default(), ..*question };
        let admits = self.admits(question.actor, asked.context);
        let candidate = self.candidate.rules().answer(&enforced).filter(|_| admits);
        let Some(direction) = parted(live, candidate) else { return };
        if candidate.is_some_and(|answer| answer.effect == DecisionEffect::Indeterminate) {
            self.tally.erred();
        }
        self.tally.diverged(ability, direction, question.now, || Example {
            live: code(Some(live)).to_owned(),
            candidate: if admits { code(candidate) } else { "invalid_input" }.to_owned(),
            causes: self.causes(question),
            ..example(question, direction, asked)
        });
    }

    /// Compares what comes of one command.
    pub(crate) fn transition(
        &self,
        judge: &Judge<'_>,
        command: &Command,
        standing: &Standing,
        verdict: &Verdict,
    ) {
        let live = match verdict {
            Verdict::Commit(commit) => Ok(&**commit),
            // What is wrong with the call itself is no question of one law or the other.
            Verdict::Refused(refused) => match &refused.refusal {
                Refusal::MissingKey | Refusal::KeyReused | Refusal::InvalidWorld => return,
                refusal => Err(refusal),
            },
            Verdict::Replayed(_) => return,
        };
        self.tally.judged();
        let steps = command.steps();
        let is_changed = |step: &&Step| self.kinds.contains(&step.subject().kind);
        if !steps.iter().any(is_changed) && standing.modes.is_enforced() {
            return;
        }
        let supposed = self.supposed(&steps, standing, judge.now());
        let judge = judge.under(&self.candidate);
        let planned = judge.plan(command, &supposed);
        let ill_formed = Refusal::InvalidInput(Vec::new());
        let candidate = match &planned {
            _ if !self.admits(command.actor(), &command.envelope.context) => Err(&ill_formed),
            planned => planned.as_ref().map_err(|refused| &refused.refusal),
        };
        let (direction, [live_code, candidate_code]) = match (live, candidate) {
            (Ok(commit), Ok(plan)) if is_alike(commit, plan) => return,
            (Ok(_), Ok(_)) => (Direction::Differs, ["moved", "moved_otherwise"]),
            (Err(live), Ok(_)) => (Direction::Gains, [live.code(), "moved"]),
            (Ok(_), Err(candidate)) => (Direction::Loses, ["moved", candidate.code()]),
            (Err(live), Err(candidate)) if is_same(live, candidate) => return,
            (Err(live), Err(candidate)) => (Direction::Differs, [live.code(), candidate.code()]),
        };
        let Some((view, ability)) = self.concerned(command, standing) else { return };
        let Some(tally) = self.abilities.get(ability) else { return };
        let question = Question {
            actor: command.actor(),
            ability,
            subject: &view,
            context: &command.envelope.context,
            standing: &standing.actor,
            modes: &standing.modes,
            now: judge.now(),
        };
        self.tally.diverged(tally, direction, question.now, || {
            let subject = command.subject();
            let context = &command.envelope.context;
            let asked = Asked { tenant: &subject.tenant, subject: Some(subject), context };
            let mut causes = self.causes(&question);
            causes.extend(guards(Side::Live, live.err()));
            causes.extend(guards(Side::Candidate, candidate.err()));
            Example {
                live: live_code.to_owned(),
                candidate: candidate_code.to_owned(),
                causes,
                ..example(&question, direction, asked)
            }
        });
    }

    /// Whether the candidate takes such claims and such a context at all.
    fn admits(&self, actor: &Actor, context: &Attributes) -> bool {
        let mut faults = Vec::new();
        check_bag("actor", actor.claims(), self.candidate.actor(), &[], &mut faults);
        check_bag("context", context, self.candidate.context(), &[], &mut faults);
        faults.is_empty()
    }

    /// The standing as the candidate would find it: enforced, and a subject of the current
    /// contract on the current one of the candidate, as its migration would leave it. Without a
    /// migration it is there as it is, if its state is.
    fn supposed(&self, steps: &[&Step], standing: &Standing, now: Timestamp) -> Standing {
        let mut supposed = Standing { modes: Arc::default(), ..standing.clone() };
        for (step, snapshot) in steps.iter().zip(&mut supposed.subjects) {
            let kind = step.subject().kind.as_str();
            let current = |law: &Law| law.contract(kind).map(|contract| contract.version().clone());
            if let Some(snapshot) = snapshot
                && current(&self.live).as_ref() == Some(&snapshot.contract)
                && let Some(contract) = self.candidate.contract(kind)
                && snapshot.contract != *contract.version()
            {
                self.repin(step, contract, snapshot, now);
            }
        }
        supposed
    }

    fn repin(&self, step: &Step, contract: &Contract, snapshot: &mut Snapshot, now: Timestamp) {
        let (kind, from) = (step.subject().kind.as_str(), snapshot.contract.as_str());
        let map = self.candidate.migration(kind, from, contract.version().as_str());
        let state = match map {
            Some(map) => map.state(snapshot.state.as_str()).cloned(),
            None => contract.resolve_state(snapshot.state.as_str()).cloned(),
        };
        let Some(state) = state else { return };
        if let Some(map) = map {
            let view = SubjectView::of(step.subject(), snapshot);
            snapshot.attributes = Arc::new(map.attributes(&view, now));
        }
        snapshot.state = state;
        snapshot.contract = contract.version().clone();
    }

    /// The first subject, and the ability that its step needs under one of the laws.
    fn concerned<'s>(
        &'s self,
        command: &'s Command,
        standing: &'s Standing,
    ) -> Option<(SubjectView<'s>, &'s str)> {
        let subject = command.subject();
        let snapshot = standing.subjects.first()?.as_ref()?;
        let (kind, pinned) = (subject.kind.as_str(), snapshot.contract.as_str());
        let live = self.live.contract_version(kind, pinned);
        let contracts = live.into_iter().chain(self.candidate.contract(kind));
        let mut wished = contracts.filter_map(|contract| match &command.first.wish {
            Wish::Action(action) => contract.action(action),
            Wish::State(state) => {
                let state = contract.resolve_state(state)?;
                contract.actions().iter().find(|action| action.to() == state)
            }
        });
        Some((SubjectView::of(subject, snapshot), wished.next()?.ability().as_str()))
    }

    /// What only one of the laws finds.
    fn causes(&self, question: &Question<'_>) -> Vec<Cause> {
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

fn example(question: &Question<'_>, direction: Direction, asked: Asked<'_>) -> Example {
    let roles = question.standing.roles.iter().chain(&question.standing.world_roles);
    Example {
        direction,
        at: question.now,
        ability: question.ability.to_owned(),
        tenant: asked.tenant.to_string(),
        actor: question.actor.id().to_string(),
        roles: roles.map(ToString::to_string).collect(),
        subject: asked.subject.map(ToString::to_string).unwrap_or_default(),
        live: String::new(),
        candidate: String::new(),
        causes: Vec::new(),
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

/// Whether a plan leads where a commit led.
fn is_alike(commit: &crate::commit::Commit, plan: &Plan<'_>) -> bool {
    let changes = commit.changes();
    changes.len() == plan.steps().len()
        && changes.iter().zip(plan.steps()).all(|(change, step)| match change.after() {
            None => step.attributes_after().is_none(),
            Some(after) => step.attributes_after().is_some_and(|attributes| {
                let snapshot = after.snapshot();
                snapshot.state == *step.to() && *attributes == *snapshot.attributes
            }),
        })
}

/// Whether two refusals say the same; what else is allowed is no part of that.
fn is_same(live: &Refusal, candidate: &Refusal) -> bool {
    match (live, candidate) {
        (Refusal::GuardFailed(live), Refusal::GuardFailed(candidate)) => live == candidate,
        (live, candidate) => live.code() == candidate.code(),
    }
}

fn guards(side: Side, refusal: Option<&Refusal>) -> Vec<Cause> {
    let Some(refusal) = refusal else { return Vec::new() };
    let cause = |rule: String| Cause { side, code: refusal.code().to_owned(), rule };
    match refusal {
        Refusal::GuardFailed(names) => names.iter().map(|name| cause(name.to_string())).collect(),
        Refusal::Denied | Refusal::NotFound | Refusal::Banned => Vec::new(),
        _ => vec![cause(String::new())],
    }
}
