//! How each command is judged, and what is said of it beside the answer.

use std::sync::Arc;

use super::bench::Bench;
use crate::actor::Actor;
use crate::candidate::{Asked, Trial};
use crate::command::{Adoption, Command, Opening, Record, StandingCommand};
use crate::commit::Commit;
use crate::condition::{Lookup, Nothing};
use crate::contract::Contract;
use crate::error::Refusal;
use crate::id::{Tenant, World};
use crate::judge::{Judge, Verdict};
use crate::law::Law;
use crate::policy::Question;
use crate::standing::Standing;
use crate::subject::SubjectView;
use crate::time::Timestamp;
use crate::value::Attributes;

/// What is done with a question to policy, and about whom it is asked.
pub(super) type Ask<'a> = dyn FnMut(&Question<'_>, Asked<'_>) + 'a;

/// What a command came to.
pub(super) type End<'a> = Result<&'a Commit, &'a Refusal>;

/// A command that was judged: by whom, upon what, and what it came to.
#[derive(Clone, Copy)]
pub(super) struct Ended<'a> {
    pub(super) judge: &'a Judge<'a>,
    pub(super) standing: &'a Standing,
    pub(super) end: End<'a>,
}

/// What a command is judged upon, until it is known what becomes of it.
pub(super) struct Hearing {
    law: Arc<Law>,
    standing: Standing,
    now: Timestamp,
    /// Whether the standing was loaded just now: what is remembered refuses nobody.
    pub(super) is_fresh: bool,
}

/// A command that the bench judges.
pub(super) trait Case: Send + Sync {
    fn judge(&self, judge: &Judge<'_>, standing: &Standing) -> Verdict;

    /// Weighs the command under the candidate too.
    fn weigh(&self, _trial: &Trial, _ended: Ended<'_>) {}

    /// Asks policy for what it needs, as judging does, until something is denied.
    fn ask(&self, _judge: &Judge<'_>, _standing: &Standing, _ask: &mut Ask<'_>) {}

    /// Keeps the attempt, where there is a recorder that wants it.
    fn keep(&self, _bench: &Bench, _ended: Ended<'_>) {}
}

impl<F: Fn(&Judge<'_>, &Standing) -> Verdict + Send + Sync> Case for F {
    fn judge(&self, judge: &Judge<'_>, standing: &Standing) -> Verdict {
        self(judge, standing)
    }
}

impl Case for Command {
    fn judge(&self, judge: &Judge<'_>, standing: &Standing) -> Verdict {
        judge.transition(self, standing)
    }

    fn weigh(&self, trial: &Trial, Ended { judge, standing, end }: Ended<'_>) {
        trial.transition(judge, self, standing, end);
    }

    fn ask(&self, judge: &Judge<'_>, standing: &Standing, ask: &mut Ask<'_>) {
        let (actor, context) = (self.actor(), &self.envelope.context);
        for (step, snapshot) in self.steps().into_iter().zip(&standing.subjects) {
            let Some(snapshot) = snapshot else { return };
            let entries = judge.entries(step, snapshot);
            let entry = entries.and_then(|entries| entries.candidates().first().copied());
            let Some(entry) = entry else { return };
            let subject = step.subject();
            let view = SubjectView::of(subject, snapshot);
            let ability = entry.ability().as_str();
            let asked = Asked { tenant: &subject.tenant, subject: Some(subject), context };
            ask(&judge.question(actor, ability, &view, context, standing), asked);
        }
    }

    fn keep(&self, bench: &Bench, ended: Ended<'_>) {
        if let Some(recorder) = &bench.recorder
            && recorder.wants_attempt(ended.end.err())
        {
            recorder.keep_attempt(ended.judge, self, ended.standing);
        }
    }
}

impl Case for Opening {
    fn judge(&self, judge: &Judge<'_>, standing: &Standing) -> Verdict {
        judge.open(self, standing)
    }

    fn weigh(&self, trial: &Trial, Ended { judge, standing, end }: Ended<'_>) {
        trial.opening(judge, self, standing, end);
    }

    fn ask(&self, judge: &Judge<'_>, standing: &Standing, ask: &mut Ask<'_>) {
        if let Some(contract) = judge.law().contract(self.subject.kind.as_str()) {
            begins(self, contract.open().ability().as_str(), contract, (judge, standing), ask);
        }
    }

    fn keep(&self, bench: &Bench, ended: Ended<'_>) {
        if let Some(contract) = ended.judge.law().contract(self.subject.kind.as_str()) {
            bench.keep_beginning(self, contract.open().ability().as_str(), contract, ended);
        }
    }
}

impl Case for Adoption {
    fn judge(&self, judge: &Judge<'_>, standing: &Standing) -> Verdict {
        judge.adopt(self, standing)
    }

    fn weigh(&self, trial: &Trial, Ended { judge, standing, end }: Ended<'_>) {
        trial.adoption(judge, self, standing, end);
    }

    fn ask(&self, judge: &Judge<'_>, standing: &Standing, ask: &mut Ask<'_>) {
        if let Some(contract) = judge.law().contract(self.opening.subject.kind.as_str()) {
            begins(&self.opening, "hos.adopt", contract, (judge, standing), ask);
        }
    }

    fn keep(&self, bench: &Bench, ended: Ended<'_>) {
        if let Some(contract) = ended.judge.law().contract(self.opening.subject.kind.as_str()) {
            bench.keep_beginning(&self.opening, "hos.adopt", contract, ended);
        }
    }
}

impl Case for Record {
    fn judge(&self, judge: &Judge<'_>, standing: &Standing) -> Verdict {
        judge.record(self, standing)
    }

    fn weigh(&self, trial: &Trial, Ended { judge, standing, end }: Ended<'_>) {
        trial.record(judge, self, standing, end);
    }

    fn ask(&self, judge: &Judge<'_>, standing: &Standing, ask: &mut Ask<'_>) {
        let snapshot = standing.subjects.first().and_then(Option::as_ref);
        let view = self.subject.as_ref().zip(snapshot);
        let view = view.map(|(subject, snapshot)| SubjectView::of(subject, snapshot));
        let about: &dyn Lookup = view.as_ref().map_or(&Nothing, |view| view);
        let context = &self.envelope.context;
        let asked = Asked { tenant: &self.tenant, subject: self.subject.as_ref(), context };
        ask(&judge.question(&self.actor, "hos.record", about, context, standing), asked);
    }

    fn keep(&self, bench: &Bench, ended: Ended<'_>) {
        bench.keep_record(self, ended);
    }
}

impl Case for StandingCommand {
    fn judge(&self, judge: &Judge<'_>, standing: &Standing) -> Verdict {
        judge.change_standing(self, standing)
    }

    fn weigh(&self, trial: &Trial, Ended { judge, standing, end }: Ended<'_>) {
        self.need().weigh(trial, judge, standing, end.err());
    }

    fn ask(&self, judge: &Judge<'_>, standing: &Standing, ask: &mut Ask<'_>) {
        self.need().ask(judge, standing, ask);
    }
}

/// A built-in ability that a command of the law's own needs; all that a candidate may answer
/// otherwise about it.
pub(super) struct Need<'a> {
    pub(super) actor: &'a Actor,
    pub(super) ability: &'a str,
    pub(super) tenant: &'a Tenant,
    pub(super) context: &'a Attributes,
}

impl StandingCommand {
    fn need(&self) -> Need<'_> {
        let (actor, tenant, context) = (&self.actor, &self.tenant, &self.envelope.context);
        Need { actor, ability: self.change().ability(), tenant, context }
    }
}

impl Need<'_> {
    fn ask(&self, judge: &Judge<'_>, standing: &Standing, ask: &mut Ask<'_>) {
        let Need { actor, ability, tenant, context } = *self;
        let asked = Asked { tenant, subject: None, context };
        ask(&judge.question(actor, ability, &Nothing, context, standing), asked);
    }

    fn weigh(
        &self,
        trial: &Trial,
        judge: &Judge<'_>,
        standing: &Standing,
        refused: Option<&Refusal>,
    ) {
        // Of what is wrong with the call itself, no law is asked.
        let is_asked = !matches!(
            refused,
            Some(
                Refusal::MissingKey
                    | Refusal::KeyReused
                    | Refusal::InvalidWorld
                    | Refusal::WorldClosed
                    | Refusal::Conflict
            )
        );
        if is_asked {
            self.ask(judge, standing, &mut |question, asked| {
                if let Some(live) = judge.law().rules().answer(question) {
                    trial.decision(question, asked, live);
                }
            });
        }
    }
}

/// Asks as for a subject that is to begin.
fn begins(
    opening: &Opening,
    ability: &str,
    contract: &Contract,
    (judge, standing): (&Judge<'_>, &Standing),
    ask: &mut Ask<'_>,
) {
    let Opening { actor, subject, attributes, envelope } = opening;
    let context = &envelope.context;
    let view = SubjectView { subject, state: contract.initial(), revision: 0, attributes };
    let asked = Asked { tenant: &subject.tenant, subject: Some(subject), context };
    ask(&judge.question(actor, ability, &view, context, standing), asked);
}

impl Bench {
    /// What a command is to be judged upon.
    pub(super) fn hearing(
        &self,
        world: &World,
        standing: Standing,
        is_fresh: bool,
    ) -> Result<Hearing, Refusal> {
        Ok(Hearing { law: self.law(world)?, standing, now: self.clock.now(), is_fresh })
    }

    pub(super) fn judged(&self, case: &dyn Case, hearing: &Hearing) -> Verdict {
        case.judge(&self.judge_at(&hearing.law, hearing.now), &hearing.standing)
    }

    /// Weighs what a command came to beside the candidate, records the attempt, and counts what
    /// policy refused. To be told once it is the answer: what is judged again did not happen.
    pub(super) fn note(&self, case: &dyn Case, hearing: &Hearing, end: End<'_>) {
        let Hearing { law, standing, now, .. } = hearing;
        let judge = self.judge_at(law, *now);
        let ended = Ended { judge: &judge, standing, end };
        if let Some(trial) = self.trial(law) {
            case.weigh(&trial, ended);
        }
        case.keep(self, ended);
        match end {
            Ok(commit) => self.count_shadowed(commit),
            Err(refusal) => {
                self.count_refusal(&judge, refusal, |ask| case.ask(&judge, standing, ask))
            }
        }
    }

    /// Counts what policy answered where it refused: what was denied first.
    fn count_refusal(&self, judge: &Judge<'_>, refusal: &Refusal, asks: impl FnOnce(&mut Ask<'_>)) {
        if !matches!(refusal, Refusal::Denied | Refusal::NotFound | Refusal::Banned) {
            return;
        }
        let (world, mut is_counted) = (judge.law().world(), false);
        asks(&mut |question, asked| {
            let answer = judge.law().rules().answer(question).filter(|answer| !answer.permits());
            if let Some(answer) = answer.filter(|_| !is_counted) {
                is_counted = true;
                self.count(world, asked.tenant, question.ability, answer);
            }
        });
    }

    /// Counts, and weighs beside the candidate, what a command of the law's own came to by policy.
    pub(super) fn note_need(
        &self,
        law: &Arc<Law>,
        need: &Need<'_>,
        standing: &Standing,
        refused: Option<&Refusal>,
    ) {
        let judge = self.judge(law);
        if let Some(trial) = self.trial(law) {
            need.weigh(&trial, &judge, standing, refused);
        }
        if let Some(refusal) = refused {
            self.count_refusal(&judge, refusal, |ask| need.ask(&judge, standing, ask));
        }
    }
}
