//! Questions and proofs: what never moves a subject.

use std::sync::Arc;

use async_trait::async_trait;

use super::bench::Bench;
use super::settle::ask;
use super::{ATTEMPTS_MAX, Hos};
use crate::actor::Actor;
use crate::candidate::Asked;
use crate::command::Record;
use crate::condition::{Lookup, Nothing};
use crate::error::{Error, Fault, FaultKind, InputFault, Refusal};
use crate::id::{Ability, ActionName, ActorId, Kind, Tenant, World};
use crate::judge::{Judge, check_bag};
use crate::law::Law;
use crate::laws::{
    Decision, EntriesAbout, Explanation, Filter, Holders, Policy, Proofs, Prospect, Query,
};
use crate::policy::{Answer, DecisionEffect, Question, Reason, ReasonCode};
use crate::proof::{LogEntry, LogHead};
use crate::receipt::Receipt;
use crate::recording::About;
use crate::standing::{Mode, Standing};
use crate::store::{Ask, BATCH_MAX};
use crate::subject::{Subject, SubjectView};
use crate::time::{ProofId, Timestamp};
use crate::value::Attributes;

impl Bench {
    pub(super) fn ask_query(&self, query: &Query) -> Result<(Ask, Arc<Law>), Error> {
        let law = self.law(&query.world)?;
        let mut faults = query.faults.clone();
        if !law.rules().knows(&query.ability) {
            faults.push(InputFault::new("ability", format!("`{}` is not known", query.ability)));
        }
        check_request(&law, &query.actor, &query.context, faults)?;
        let subjects = query.subject.iter().cloned().collect();
        Ok((ask(&query.world, &query.tenant, &query.actor, subjects, None), law))
    }

    pub(super) fn ask_prospect(&self, prospect: &Prospect) -> Result<(Ask, Arc<Law>), Error> {
        let Prospect { actor, subject, context, faults } = prospect;
        let law = self.law(&subject.world)?;
        check_request(&law, actor, context, faults.clone())?;
        Ok((ask(&subject.world, &subject.tenant, actor, vec![subject.clone()], None), law))
    }
}

fn check_request(
    law: &Law,
    actor: &Actor,
    context: &Attributes,
    mut faults: Vec<InputFault>,
) -> Result<(), Refusal> {
    check_bag("actor", actor.claims(), law.actor(), &[], &mut faults);
    check_bag("context", context, law.context(), &[], &mut faults);
    if faults.is_empty() { Ok(()) } else { Err(Refusal::InvalidInput(faults)) }
}

/// Asks about one question as it stands; none for a subject or a tenant that does not exist.
pub(super) fn question<T>(
    query: &Query,
    standing: &Standing,
    now: Timestamp,
    ask: impl FnOnce(&Question<'_>, Option<&SubjectView<'_>>) -> T,
) -> Option<T> {
    if !standing.tenant_exists && !query.tenant.is_world() {
        return None;
    }
    let view = match &query.subject {
        None => None,
        Some(subject) => {
            let snapshot = standing.subjects.first().and_then(Option::as_ref)?;
            Some(SubjectView::of(subject, snapshot))
        }
    };
    let subject: &dyn Lookup = view.as_ref().map_or(&Nothing, |view| view);
    let question = Question {
        actor: &query.actor,
        ability: &query.ability,
        subject,
        context: &query.context,
        standing: &standing.actor,
        modes: &standing.modes,
        now,
    };
    Some(ask(&question, view.as_ref()))
}

/// Weighs one question. Err for a subject that does not exist, or that the actor may not know
/// of: the two are answered alike.
pub(super) fn weigh(
    judge: &Judge<'_>,
    query: &Query,
    standing: &Standing,
    ask: impl FnOnce(&Question<'_>) -> Option<(Answer, Vec<Reason>)>,
) -> Result<(Answer, Vec<Reason>), Answer> {
    let missing = Answer { banned: standing.actor.banned, ..MISSING };
    let weighed = question(query, standing, judge.now(), |question, view| {
        let (answer, reasons) = ask(question)?;
        let may_know = |view| judge.may_know(&query.actor, view, &query.context, standing);
        let is_hidden = !answer.permits() && view.is_some_and(|view| !may_know(view));
        (!is_hidden).then_some((answer, reasons))
    });
    weighed.flatten().ok_or(missing)
}

fn decision(law: &Law, answer: Answer) -> Decision {
    Decision {
        effect: answer.effect,
        mode: answer.mode,
        banned: answer.banned,
        policy_version: law.version().clone(),
        policy_digest: law.digest(),
    }
}

const MISSING: Answer = Answer { effect: DecisionEffect::Deny, mode: Mode::Enforce, banned: false };

fn decide(bench: &Bench, law: &Arc<Law>, query: &Query, standing: &Standing) -> Decision {
    let judge = bench.judge(law);
    let trial = bench.trial(law);
    let ask = |question: &Question<'_>| {
        let answer = law.rules().answer(question)?;
        if let Some(trial) = &trial {
            let (tenant, subject) = (&query.tenant, query.subject.as_ref());
            trial.decision(question, Asked { tenant, subject, context: &query.context }, answer);
        }
        bench.count(&query.world, &query.tenant, &query.ability, answer);
        // Where the mode is `off`, nothing was decided.
        if let Some(recorder) = &bench.recorder
            && answer.mode != Mode::Off
            && recorder.wants()
        {
            recorder.keep(question, answer, &about(law, query, standing));
        }
        Some((answer, Vec::new()))
    };
    let weighed = weigh(&judge, query, standing, ask);
    decision(law, weighed.map_or_else(|missing| missing, |(answer, _)| answer))
}

fn about<'a>(law: &'a Law, query: &'a Query, standing: &'a Standing) -> About<'a> {
    let snapshot = standing.subjects.first().and_then(Option::as_ref);
    About {
        world: &query.world,
        tenant: &query.tenant,
        context: &query.context,
        subject: query.subject.as_ref().zip(snapshot),
        policy_version: law.version(),
        policy_digest: law.digest(),
    }
}

fn filter(
    bench: &Bench,
    law: &Law,
    query: &Query,
    kind: &Kind,
    standing: &Standing,
) -> Result<Filter, Error> {
    if query.subject.is_some() {
        let fault = InputFault::new("subject", "a list is about no single subject");
        return Err(Refusal::InvalidInput(vec![fault]).into());
    }
    if standing.world.is_none() {
        return Err(Refusal::InvalidWorld.into());
    }
    Ok(Filter::new(law, query, kind, standing, bench.clock.now())?)
}

#[async_trait]
impl Policy for Hos {
    async fn can(&self, query: &Query) -> Result<Decision, Error> {
        let (standing, law) = self.asked(|bench| bench.ask_query(query)).await?;
        if standing.world.is_none() {
            return Err(Refusal::InvalidWorld.into());
        }
        Ok(decide(&self.bench, &law, query, &standing))
    }

    async fn can_all(&self, queries: &[Query]) -> Vec<Result<Decision, Error>> {
        let decide = |law: &Arc<Law>, query: &Query, standing: &Standing| {
            Ok(decide(&self.bench, law, query, standing))
        };
        self.ask_all(queries, decide).await
    }

    async fn explain(&self, query: &Query) -> Result<Explanation, Error> {
        let (standing, law) = self.asked(|bench| bench.ask_query(query)).await?;
        let ask = |question: &Question<'_>| law.rules().explain(question);
        let explained = weigh(&self.bench.judge(&law), query, &standing, ask);
        let (answer, reasons) = explained.unwrap_or_else(|missing| {
            let code = if missing.banned { ReasonCode::Banned } else { ReasonCode::NotFound };
            (missing, vec![Reason { code, rule: None }])
        });
        Ok(Explanation { decision: decision(&law, answer), reasons })
    }

    async fn filter(&self, query: &Query, kind: &Kind) -> Result<Filter, Error> {
        let (standing, law) = self.asked(|bench| bench.ask_query(query)).await?;
        filter(&self.bench, &law, query, kind, &standing)
    }

    async fn filter_all(&self, queries: &[Query], kind: &Kind) -> Vec<Result<Filter, Error>> {
        let filter = |law: &Arc<Law>, query: &Query, standing: &Standing| {
            filter(&self.bench, law, query, kind, standing)
        };
        self.ask_all(queries, filter).await
    }

    async fn who_can(
        &self,
        query: &Query,
        after: Option<&ActorId>,
        limit: u32,
    ) -> Result<Holders, Error> {
        self.holders(query, after, limit).await
    }

    async fn abilities_of(&self, prospect: &Prospect) -> Result<Vec<Ability>, Error> {
        self.abilities_told(prospect).await
    }

    async fn actions_of(&self, prospect: &Prospect) -> Result<Vec<ActionName>, Error> {
        let (standing, law) = self.asked(|bench| bench.ask_prospect(prospect)).await?;
        let Prospect { actor, subject, context, .. } = prospect;
        Ok(self.bench.judge(&law).allowed_actions(actor, subject, context, &standing))
    }
}

impl Hos {
    /// Answers several questions, each on its own, in order.
    async fn ask_all<T>(
        &self,
        queries: &[Query],
        answer: impl Fn(&Arc<Law>, &Query, &Standing) -> Result<T, Error>,
    ) -> Vec<Result<T, Error>> {
        let mut answers = Vec::with_capacity(queries.len());
        for chunk in queries.chunks(BATCH_MAX) {
            answers.extend(self.ask_chunk(chunk, &answer).await);
        }
        answers
    }

    async fn ask_chunk<T>(
        &self,
        queries: &[Query],
        answer: impl Fn(&Arc<Law>, &Query, &Standing) -> Result<T, Error>,
    ) -> Vec<Result<T, Error>> {
        for _ in 0..ATTEMPTS_MAX {
            let asked: Vec<_> = queries.iter().map(|query| self.bench.ask_query(query)).collect();
            let asks: Vec<Ask> = asked.iter().flatten().map(|(ask, _)| ask.clone()).collect();
            let loaded = self.load_each(&asks).await;
            let loaded =
                loaded.unwrap_or_else(|fault| asks.iter().map(|_| Err(fault.again())).collect());
            let under = asked.iter().flatten().zip(&loaded);
            let mut under =
                under.filter_map(|((_, law), loaded)| Some((law, loaded.as_ref().ok()?)));
            if !under.all(|(law, standing)| self.bench.is_in_force(law, standing)) {
                continue;
            }
            let mut loaded = loaded.into_iter();
            let missing = || Err(Fault::new(FaultKind::Internal, "the store did not answer"));
            let answers = queries.iter().zip(asked).map(|(query, asked)| {
                asked.and_then(|(_, law)| {
                    answer(&law, query, &loaded.next().unwrap_or_else(missing)?)
                })
            });
            return answers.collect();
        }
        queries.iter().map(|_| Err(Refusal::Conflict.into())).collect()
    }
}

#[async_trait]
impl Proofs for Hos {
    async fn record(&self, record: &Record) -> Result<Receipt, Error> {
        self.record_one(record).await
    }

    async fn find(
        &self,
        world: &World,
        tenant: &Tenant,
        id: ProofId,
    ) -> Result<Option<LogEntry>, Fault> {
        let found = self.found(world, tenant, id).await?;
        let mut found: Vec<LogEntry> = found.into_iter().collect();
        self.bench.open(world, tenant, &mut found).await?;
        Ok(found.pop())
    }

    async fn page(
        &self,
        world: &World,
        tenant: &Tenant,
        from: u64,
        limit: u32,
    ) -> Result<Vec<LogEntry>, Fault> {
        let mut page = self.paged(world, tenant, from, limit).await?;
        self.bench.open(world, tenant, &mut page).await?;
        Ok(page)
    }

    async fn history(
        &self,
        subject: &Subject,
        after: u64,
        limit: u32,
    ) -> Result<Vec<LogEntry>, Fault> {
        let mut page = self.lived(subject, after, limit).await?;
        self.bench.open(&subject.world, &subject.tenant, &mut page).await?;
        Ok(page)
    }

    async fn entries_about(
        &self,
        subject: &Subject,
        from: u64,
        limit: u32,
    ) -> Result<EntriesAbout, Fault> {
        self.told_about(subject, from, limit).await
    }

    async fn head(&self, world: &World, tenant: &Tenant) -> Result<LogHead, Fault> {
        self.store.head(world, tenant).await
    }
}
