//! Weighs one command a second time, under the candidate.

use super::Trial;
use super::compare::Asked;
use super::report::{Cause, Direction, Side};
use super::suppose::Laws;
use super::tally::AbilityTally;
use crate::command::{Adoption, Command, Opening, Record, Step, Wish};
use crate::commit::{Commit, SubjectAfter};
use crate::condition::{Lookup, Nothing};
use crate::contract::Contract;
use crate::error::Refusal;
use crate::id::{State, Topic};
use crate::judge::{Judge, Plan, Start};
use crate::law::Law;
use crate::policy::{DecisionEffect, Question};
use crate::standing::{Modes, Standing};
use crate::subject::{Snapshot, SubjectView};

/// What a report says of a command that was let through, and of one that was, to another end.
type Words = [&'static str; 2];

/// What a law comes to.
type End<'a, T> = Result<T, &'a Refusal>;

impl Trial {
    /// Compares what comes of one transition.
    pub(crate) fn transition(
        &self,
        judge: &Judge<'_>,
        command: &Command,
        standing: &Standing,
        live: End<'_, &Commit>,
    ) {
        let Some(live) = of_law(live) else { return };
        self.tally.judged();
        let steps = command.steps();
        let is_changed = |step: &&Step| self.kinds.contains(&step.subject().kind);
        if !steps.iter().any(is_changed) && standing.modes.is_enforced() {
            return;
        }
        let laws = Laws { live: &self.live, candidate: &self.candidate };
        let supposed = laws.supposed(&steps, standing, judge.now());
        let candidate_judge = judge.under(&self.candidate);
        let planned = candidate_judge.plan(command, &supposed);
        let planned = planned.as_ref().map_err(|refused| &refused.refusal);
        let Some((view, ability)) = self.concerned(command, standing) else { return };
        let undecided = || {
            is_undecided(&candidate_judge, command, &supposed)
                && !is_undecided(judge, command, standing)
        };
        let context = &command.envelope.context;
        let subject = Some(view.subject);
        let asked = Asked { tenant: &command.subject().tenant, subject, context };
        let question = judge.question(command.actor(), ability, &view, context, standing);
        let is_alike = |commit: &Commit, plan: &&Plan<'_>| leads_alike(judge, commit, plan);
        let ends = (live, planned);
        self.compare((&question, asked), ["moved", "moved_otherwise"], ends, undecided, is_alike);
    }

    /// Compares what comes of one opening.
    pub(crate) fn opening(
        &self,
        judge: &Judge<'_>,
        opening: &Opening,
        standing: &Standing,
        live: End<'_, &Commit>,
    ) {
        let Some(contract) = self.contract(opening) else { return };
        let ability = contract.open().ability().as_str();
        let Some(live) = self.starts((opening, ability), standing, live) else { return };
        let (candidate, supposed) = (judge.under(&self.candidate), enforced(standing));
        let planned = candidate.plan_open(opening, &supposed);
        self.start(judge, (opening, ability), standing, live, planned.as_ref());
    }

    /// Compares what comes of one adoption.
    pub(crate) fn adoption(
        &self,
        judge: &Judge<'_>,
        adoption: &Adoption,
        standing: &Standing,
        live: End<'_, &Commit>,
    ) {
        let asked = (&adoption.opening, "hos.adopt");
        let Some(live) = self.starts(asked, standing, live) else { return };
        let (candidate, supposed) = (judge.under(&self.candidate), enforced(standing));
        let planned = candidate.plan_adopt(adoption, &supposed);
        self.start(judge, asked, standing, live, planned.as_ref());
    }

    /// What came of a subject's beginning, where the candidate may say otherwise.
    fn starts<'v>(
        &self,
        (opening, ability): (&Opening, &str),
        standing: &Standing,
        live: End<'v, &'v Commit>,
    ) -> Option<End<'v, &'v Commit>> {
        let live = of_law(live)?;
        self.tally.judged();
        let is_changed = self.abilities.get(ability).is_some_and(|tally| tally.is_changed);
        let kind = &opening.subject.kind;
        let is_weighed = is_changed || self.kinds.contains(kind) || !standing.modes.is_enforced();
        if !is_weighed {
            return None;
        }
        self.weighed(ability);
        Some(live)
    }

    fn start(
        &self,
        judge: &Judge<'_>,
        (opening, ability): (&Opening, &str),
        standing: &Standing,
        live: End<'_, &Commit>,
        candidate: End<'_, &Start<'_>>,
    ) {
        let Opening { actor, subject, attributes, envelope } = opening;
        let Some(contract) = self.contract(opening) else { return };
        let view = SubjectView { subject, state: contract.initial(), revision: 0, attributes };
        let context = &envelope.context;
        let asked = Asked { tenant: &subject.tenant, subject: Some(subject), context };
        let question = judge.question(actor, ability, &view, context, standing);
        let is_alike = |commit: &Commit, start: &&Start<'_>| begins_alike(judge, commit, start);
        let (words, ends) = (["opened", "opened_otherwise"], (live, candidate));
        let undecided = || self.is_undecided(&question);
        self.compare((&question, asked), words, ends, undecided, is_alike);
    }

    /// The contract of one of the laws, for what is to begin.
    fn contract(&self, opening: &Opening) -> Option<&Contract> {
        let kind = opening.subject.kind.as_str();
        self.live.contract(kind).or_else(|| self.candidate.contract(kind)).map(AsRef::as_ref)
    }

    /// Compares what comes of one record.
    pub(crate) fn record(
        &self,
        judge: &Judge<'_>,
        record: &Record,
        standing: &Standing,
        live: End<'_, &Commit>,
    ) {
        let Some(live) = of_law(live) else { return };
        self.tally.judged();
        if self.abilities.get("hos.record").is_some_and(|tally| !tally.is_changed) {
            return;
        }
        self.weighed("hos.record");
        let supposed = enforced(standing);
        let candidate_judge = judge.under(&self.candidate);
        let candidate = candidate_judge.plan_record(record, &supposed);
        let snapshot = standing.subjects.first().and_then(Option::as_ref);
        let about = record.subject.as_ref().zip(snapshot);
        let view = about.map(|(subject, snapshot)| SubjectView::of(subject, snapshot));
        let subject: &dyn Lookup = view.as_ref().map_or(&Nothing, |view| view);
        let context = &record.envelope.context;
        let asked = Asked { tenant: &record.tenant, subject: record.subject.as_ref(), context };
        let question = judge.question(&record.actor, "hos.record", subject, context, standing);
        let (words, ends) = (["recorded", "recorded"], (live, candidate.as_ref()));
        let undecided = || self.is_undecided(&question);
        self.compare((&question, asked), words, ends, undecided, |_, _| true);
    }

    fn weighed(&self, ability: &str) {
        self.tally.weighed();
        if let Some(tally) = self.abilities.get(ability) {
            tally.weighed();
        }
    }

    /// Whether the candidate alone cannot decide.
    fn is_undecided(&self, question: &Question<'_>) -> bool {
        let enforced = Question { modes: &Modes::default(), ..*question };
        let answer = |law: &Law, question| law.rules().answer(question).map(|answer| answer.effect);
        answer(&self.candidate, &enforced) == Some(DecisionEffect::Indeterminate)
            && answer(&self.live, question) != Some(DecisionEffect::Indeterminate)
    }

    fn compare<T>(
        &self,
        (question, asked): (&Question<'_>, Asked<'_>),
        [done, otherwise]: Words,
        (live, candidate): (End<'_, &Commit>, End<'_, T>),
        undecided: impl FnOnce() -> bool,
        is_alike: impl FnOnce(&Commit, &T) -> bool,
    ) {
        let ill_formed = Refusal::InvalidInput(Vec::new());
        let candidate = match candidate {
            _ if !self.admits(question.actor, asked.context) => Err(&ill_formed),
            candidate => candidate,
        };
        if matches!(candidate, Err(Refusal::Denied | Refusal::NotFound)) && undecided() {
            self.tally.erred();
        }
        let (direction, [live_code, candidate_code]) = match (live, &candidate) {
            (Ok(commit), Ok(end)) if is_alike(commit, end) => return,
            (Ok(_), Ok(_)) => (Direction::Differs, [done, otherwise]),
            (Err(live), Ok(_)) => (Direction::Gains, [live.code(), done]),
            (Ok(_), Err(candidate)) => (Direction::Loses, [done, candidate.code()]),
            (Err(live), Err(candidate)) if is_same(live, candidate) => return,
            (Err(live), Err(candidate)) => (Direction::Differs, [live.code(), candidate.code()]),
        };
        let Some(tally) = self.abilities.get(question.ability) else { return };
        let causes = || {
            let mut causes = self.causes(question);
            causes.extend(guards(Side::Live, live.err()));
            causes.extend(guards(Side::Candidate, candidate.err()));
            causes
        };
        self.part(tally, (question, asked), direction, [live_code, candidate_code], causes);
    }

    /// Of the steps, each of which is counted, the one that is told: the first of which nobody
    /// expects that it changes. With the ability that it needs under one of the laws.
    fn concerned<'s>(
        &'s self,
        command: &'s Command,
        standing: &'s Standing,
    ) -> Option<(SubjectView<'s>, &'s str)> {
        let steps = command.steps().into_iter().zip(&standing.subjects);
        let concerned = steps.filter_map(|(step, snapshot)| {
            let snapshot = snapshot.as_ref()?;
            Some((SubjectView::of(step.subject(), snapshot), self.ability(step, snapshot)?))
        });
        let concerned: Vec<(SubjectView<'s>, &'s str)> = concerned.collect();
        if !concerned.is_empty() {
            self.tally.weighed();
        }
        let tally = |ability: &str| self.abilities.get(ability);
        concerned.iter().filter_map(|(_, ability)| tally(ability)).for_each(AbilityTally::weighed);
        let is_unexpected = |ability: &str| {
            tally(ability).is_some_and(|tally| tally.is_changed && !tally.is_expected)
        };
        let told = concerned.iter().position(|(_, ability)| is_unexpected(ability)).unwrap_or(0);
        concerned.into_iter().nth(told)
    }

    fn ability(&self, step: &Step, snapshot: &Snapshot) -> Option<&str> {
        let (kind, pinned) = (step.subject().kind.as_str(), snapshot.contract.as_str());
        let live = self.live.contract_version(kind, pinned);
        let contracts = live.into_iter().chain(self.candidate.contract(kind));
        let mut wished = contracts.filter_map(|contract| match &step.wish {
            Wish::Action(action) => contract.action(action),
            Wish::State(state) => {
                let state = contract.resolve_state(state)?;
                contract.actions().iter().find(|action| action.to() == state)
            }
        });
        Some(wished.next()?.ability().as_str())
    }
}

/// Whether a law cannot decide about a step of a command.
fn is_undecided(judge: &Judge<'_>, command: &Command, standing: &Standing) -> bool {
    let (actor, context) = (command.actor(), &command.envelope.context);
    command.steps().into_iter().zip(&standing.subjects).any(|(step, snapshot)| {
        let Some(snapshot) = snapshot else { return false };
        let Some(entries) = judge.entries(step, snapshot) else { return false };
        let view = SubjectView::of(step.subject(), snapshot);
        entries.candidates().iter().any(|entry| {
            let ability = entry.ability().as_str();
            let answer = judge.answer(actor, ability, &view, context, standing);
            answer.is_some_and(|answer| answer.effect == DecisionEffect::Indeterminate)
        })
    })
}

/// What the law in force came to. None of what is wrong with the call itself: that is no question
/// of one law or the other.
fn of_law<T>(live: End<'_, T>) -> Option<End<'_, T>> {
    match live {
        Err(Refusal::MissingKey | Refusal::KeyReused | Refusal::InvalidWorld) => None,
        live => Some(live),
    }
}

fn enforced(standing: &Standing) -> Standing {
    Standing { modes: std::sync::Arc::default(), ..standing.clone() }
}

/// Whether a plan leads where a commit led, sets the same timers and tells the same topics.
fn leads_alike(judge: &Judge<'_>, commit: &Commit, plan: &Plan<'_>) -> bool {
    let changes = commit.changes();
    changes.len() == plan.steps().len()
        && changes.iter().zip(plan.steps()).all(|(change, step)| match change.after() {
            None => step.attributes_after().is_none(),
            Some(after) => step.attributes_after().is_some_and(|attributes| {
                *attributes == *after.snapshot().attributes
                    && is_left(judge, after, step.contract(), step.to(), step.topics())
            }),
        })
}

fn begins_alike(judge: &Judge<'_>, commit: &Commit, start: &Start<'_>) -> bool {
    let topics = start.contract.open().topics();
    let mut after = commit.changes().iter().filter_map(|change| change.after());
    after.all(|after| is_left(judge, after, start.contract, &start.state, topics))
}

/// Whether a contract would have left a subject so.
fn is_left(
    judge: &Judge<'_>,
    after: &SubjectAfter,
    contract: &Contract,
    state: &State,
    topics: &[Topic],
) -> bool {
    after.snapshot().state == *state
        && after.is_terminal() == contract.is_terminal(state.as_str())
        && after.timers() == judge.timers(contract, state)
        && after.outbox().iter().map(|row| &row.topic).eq(topics)
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
