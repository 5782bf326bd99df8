//! Fires timers that are due, batch after batch.

use std::collections::BTreeMap;
use std::time::Duration;

use super::settle::ask_transition;
use super::{Hos, TIMER_RETRY, TIMER_RETRY_MAX, TIMER_STUCK_AFTER, TIMERS_FIRED_MAX, internal};
use crate::actor::Actor;
use crate::command::{Command, DueTimer};
use crate::error::{Error, Fault, FaultKind, Refusal};
use crate::id::ActionName;
use crate::laws::Fired;
use crate::receipt::Receipt;
use crate::store::{Ask, BATCH_MAX};
use crate::subject::{Snapshot, Subject};
use crate::time::Timestamp;

type Answer = Result<Receipt, Error>;

impl Hos {
    /// Fires due timers of the worlds of this process, at most so many and never more than
    /// [`TIMERS_FIRED_MAX`]; each as an ordinary transition by a job, each once however many
    /// processes call this. Answers one [`Fired`] per timer, in the order in which they fired.
    ///
    /// Timers go in batches of up to [`BATCH_MAX`], the longest due first; one that another
    /// process fired meanwhile answers that receipt, `replayed`. Worlds take turns: many timers of
    /// one do not hold up those of another. A fault that lasts, as of a damaged row, is met by the
    /// timer that it is about, not by the others of its batch.
    ///
    /// A timer that meets a fault is tried again after [`TIMER_RETRY`]. One that is refused is
    /// tried again after as long as it has been due, so ever more seldom, up to
    /// [`TIMER_RETRY_MAX`]; it is never given up, for another law, another role or an open world
    /// may let it through. After [`TIMER_STUCK_AFTER`] it is told as stuck, and logged as an error
    /// (`tracing`, target `hos::timer`).
    ///
    /// To be called again at once while it answers as many as it may.
    ///
    /// # Errors
    ///
    /// A [`Fault`] when due timers cannot be read, or those that did not fire cannot be postponed;
    /// what happens to each is in its `outcome`.
    pub async fn fire_due(&self, now: Timestamp, limit: u32) -> Result<Vec<Fired>, Fault> {
        let actor = Actor::job("timer").map_err(internal)?;
        let mut fired = Vec::new();
        for batch in self.due(now, limit.min(TIMERS_FIRED_MAX)).await?.chunks(BATCH_MAX) {
            let commands: Vec<Command> =
                batch.iter().map(|timer| timer_command(&actor, timer)).collect();
            let outcomes = self.fire(&commands).await;
            let ages = self.ages(batch, &commands, &outcomes, now).await;
            let mut postponed: BTreeMap<Timestamp, Vec<DueTimer>> = BTreeMap::new();
            for ((timer, outcome), age) in batch.iter().zip(outcomes).zip(ages) {
                let again_at = (!settles(&outcome)).then(|| now.after(wait(age)));
                let is_stuck = again_at.is_some() && age >= TIMER_STUCK_AFTER;
                let DueTimer { subject, action, due_at, .. } = timer.clone();
                if is_stuck {
                    tracing::error!(target: "hos::timer", %subject, %action, "a timer is stuck");
                }
                if let Some(again_at) = again_at {
                    postponed.entry(again_at).or_default().push(timer.clone());
                }
                fired.push(Fired { subject, action, due_at, outcome, again_at, is_stuck });
            }
            for (again_at, timers) in postponed {
                self.store.postpone_timers(&timers, again_at).await?;
            }
        }
        Ok(fired)
    }

    /// Fires them together; those that met a fault that lasts again in halves, until each that is
    /// left has met one of its own.
    async fn fire(&self, commands: &[Command]) -> Vec<Answer> {
        let mut answers: Vec<Option<Answer>> = commands.iter().map(|_| None).collect();
        let mut left: Vec<Vec<usize>> = vec![(0..commands.len()).collect()];
        while let Some(some) = left.pop() {
            let batch: Vec<Command> =
                some.iter().filter_map(|at| commands.get(*at).cloned()).collect();
            let mut again = Vec::new();
            for (at, outcome) in some.iter().zip(self.transition_all(&batch).await) {
                if batch.len() > 1 && lasts(&outcome) {
                    again.push(*at);
                } else if let Some(answer) = answers.get_mut(*at) {
                    *answer = Some(outcome);
                }
            }
            let second = again.split_off(again.len() / 2);
            left.extend([second, again].into_iter().filter(|half| !half.is_empty()));
        }
        let missing = || Err(Fault::new(FaultKind::Internal, "a timer was not answered").into());
        answers.into_iter().map(|answer| answer.unwrap_or_else(missing)).collect()
    }

    /// For how long each timer that is refused has been due in all; nothing for the others, and
    /// where that cannot be found out.
    async fn ages(
        &self,
        timers: &[DueTimer],
        commands: &[Command],
        outcomes: &[Answer],
        now: Timestamp,
    ) -> Vec<Duration> {
        let mut ages = vec![Duration::ZERO; timers.len()];
        let refused = outcomes.iter().enumerate().filter(|(_, outcome)| is_refused(outcome));
        let refused: Vec<usize> = refused.map(|(at, _)| at).collect();
        let asks: Vec<Ask> =
            refused.iter().filter_map(|at| commands.get(*at)).map(ask_transition).collect();
        if asks.is_empty() {
            return ages;
        }
        let standings = match self.load_all(&asks).await {
            Ok(standings) => standings,
            Err(fault) => {
                tracing::warn!(target: "hos::timer", %fault, "nobody knows how long they are due");
                return ages;
            }
        };
        for (at, standing) in refused.into_iter().zip(&standings) {
            let snapshot = standing.subjects.first().and_then(Option::as_ref);
            if let (Some(timer), Some(age), Some(snapshot)) =
                (timers.get(at), ages.get_mut(at), snapshot)
            {
                *age = self.age(timer, snapshot, now).await;
            }
        }
        ages
    }

    /// How long ago a timer was due first: as long after its state began as the contract says.
    async fn age(&self, timer: &DueTimer, snapshot: &Snapshot, now: Timestamp) -> Duration {
        let Subject { world, kind, .. } = &timer.subject;
        let law = self.bench.law(world).ok();
        let contract = law
            .as_ref()
            .and_then(|law| law.contract_version(kind.as_str(), snapshot.contract.as_str()));
        let mut own = contract.iter().flat_map(|contract| contract.timers());
        let after = own
            .find(|own| *own.state() == snapshot.state && *own.action() == timer.action)
            .map_or(Duration::ZERO, |own| own.after());
        now.since(self.began(timer, snapshot).await.after(after))
    }

    /// When a subject came to its state: by the entry that raised its revision, for that of a
    /// migration, which proves the state too, came later.
    async fn began(&self, timer: &DueTimer, snapshot: &Snapshot) -> Timestamp {
        let before = snapshot.revision.saturating_sub(1);
        let raised = self.store.history(&timer.subject, before, 1).await.unwrap_or_else(|fault| {
            tracing::warn!(target: "hos::timer", %fault, "nobody knows since when they are due");
            Vec::new()
        });
        raised.first().map_or(snapshot.proof_id, |entry| entry.id).at()
    }

    /// What is due: the longest due of each world, then the second of each, and so on.
    async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<DueTimer>, Fault> {
        let mut due = Vec::new();
        for world in self.bench.worlds() {
            let mut of_world = self.store.due_timers(world, now, limit).await?;
            // Those that are due at once come as each store likes.
            of_world.sort_by(|one, other| order(one).cmp(&order(other)));
            due.extend(of_world.into_iter().enumerate());
        }
        due.sort_by_key(|(turn, timer)| (*turn, timer.due_at));
        due.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(due.into_iter().map(|(_, timer)| timer).collect())
    }
}

fn order(timer: &DueTimer) -> (Timestamp, &Subject, &ActionName) {
    (timer.due_at, &timer.subject, &timer.action)
}

/// One timer, one key: whoever fires it a second time replays.
fn timer_command(actor: &Actor, timer: &DueTimer) -> Command {
    let DueTimer { subject, revision, action, due_at } = timer;
    let key = format!("timer:{}:{revision}:{action}:{subject}", due_at.as_micros());
    Command::new(actor, subject, action.as_str()).seen(*revision).key(key).by_timer()
}

/// Whether a timer is over: it moved its subject, or the subject moved on without it.
fn settles(outcome: &Answer) -> bool {
    match outcome {
        Ok(_) => true,
        // A job that may not know the subject is answered `not_found`: its timer waits like others.
        Err(Error::Refused(refusal)) => matches!(refusal, Refusal::StaleRevision { .. }),
        Err(Error::Fault(_)) => false,
    }
}

/// Whether the law refuses a timer, and not only somebody who was quicker.
fn is_refused(outcome: &Answer) -> bool {
    let passes = |refusal: &Refusal| matches!(refusal, Refusal::Conflict | Refusal::InProgress);
    matches!(outcome, Err(Error::Refused(refusal)) if !settles(outcome) && !passes(refusal))
}

/// Whether a fault is likely to be met again, and is about one timer of a batch.
fn lasts(outcome: &Answer) -> bool {
    let kind = match outcome {
        Err(Error::Fault(fault)) => fault.kind(),
        _ => return false,
    };
    matches!(kind, FaultKind::Corrupt | FaultKind::Internal | FaultKind::Limit)
}

/// As long as it has been due, in few steps, so that many are postponed together.
fn wait(age: Duration) -> Duration {
    let mut wait = TIMER_RETRY;
    while wait * 2 <= age && wait < TIMER_RETRY_MAX {
        wait *= 2;
    }
    wait.min(TIMER_RETRY_MAX)
}
