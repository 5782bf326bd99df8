//! Fires timers that are due, batch after batch.

use std::collections::HashMap;

use super::{Hos, TIMER_RETRY, TIMERS_FIRED_MAX, internal};
use crate::actor::Actor;
use crate::command::{Command, DueTimer};
use crate::error::{Error, Fault, Refusal};
use crate::laws::Fired;
use crate::receipt::Receipt;
use crate::store::BATCH_MAX;
use crate::subject::Subject;
use crate::time::Timestamp;

impl Hos {
    /// Fires due timers of the worlds of this process, at most so many and never more than
    /// [`TIMERS_FIRED_MAX`]; each as an ordinary transition by a job, each once however many
    /// processes call this. Answers one [`Fired`] per timer, the longest due first.
    ///
    /// Timers go in batches of up to [`BATCH_MAX`], in an order of chance, so that processes that
    /// call this at once share the work; a timer that another one fired answers that receipt,
    /// `replayed`. Worlds take turns: many timers of one do not hold up those of another. A timer
    /// that is refused, or meets a fault, is tried again after [`TIMER_RETRY`].
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
        let mut batches = batches(self.due(now, limit.min(TIMERS_FIRED_MAX)).await?);
        while !batches.is_empty() {
            let batch = batches.swap_remove(self.below(batches.len()));
            let commands: Vec<Command> =
                batch.iter().map(|(_, timer)| timer_command(&actor, timer)).collect();
            let outcomes = self.transition_all(&commands).await;
            let answered = batch.into_iter().zip(outcomes);
            let answered: Vec<_> = answered.map(|((at, timer), it)| (at, timer, it)).collect();
            self.postpone(&answered, now.after(TIMER_RETRY)).await?;
            fired.extend(answered);
        }
        fired.sort_by_key(|(at, ..)| *at);
        let fired =
            fired.into_iter().map(|(_, DueTimer { subject, action, due_at, .. }, outcome)| Fired {
                subject,
                action,
                due_at,
                outcome,
            });
        Ok(fired.collect())
    }

    /// What is due: the longest due of each world, then the second of each, and so on.
    async fn due(&self, now: Timestamp, limit: u32) -> Result<Vec<DueTimer>, Fault> {
        let mut due = Vec::new();
        for world in self.bench.worlds() {
            let mut of_world = self.store.due_timers(world, now, limit).await?;
            // Those that are due at once come as each store likes.
            of_world.sort_by(|one, other| {
                (one.due_at, &one.subject, &one.action).cmp(&(
                    other.due_at,
                    &other.subject,
                    &other.action,
                ))
            });
            due.extend(of_world.into_iter().enumerate());
        }
        due.sort_by_key(|(turn, timer)| (*turn, timer.due_at));
        due.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(due.into_iter().map(|(_, timer)| timer).collect())
    }

    async fn postpone(&self, answered: &[Answered], until: Timestamp) -> Result<(), Fault> {
        let over = answered.iter().filter(|(.., outcome)| !settles(outcome));
        let waiting: Vec<DueTimer> = over.map(|(_, timer, _)| timer.clone()).collect();
        for chunk in waiting.chunks(BATCH_MAX) {
            self.store.postpone_timers(chunk, until).await?;
        }
        Ok(())
    }

    /// By chance, a number below this one.
    fn below(&self, bound: usize) -> usize {
        if bound < 2 {
            return 0;
        }
        let mut bytes = [0; 8];
        self.bench.ids.fill(&mut bytes);
        usize::from_le_bytes(bytes) % bound
    }
}

/// A timer, its place among those that were due, and what it led to.
type Answered = (usize, DueTimer, Result<Receipt, Error>);

/// Batches that may be fired in any order: all timers of one subject are in one of them, in their
/// own order.
fn batches(due: Vec<DueTimer>) -> Vec<Vec<(usize, DueTimer)>> {
    let mut batches: Vec<Vec<_>> = Vec::new();
    let mut batch_of: HashMap<Subject, usize> = HashMap::new();
    for (at, timer) in due.into_iter().enumerate() {
        let batch = *batch_of.entry(timer.subject.clone()).or_insert_with(|| {
            if batches.last().is_none_or(|last| last.len() >= BATCH_MAX) {
                batches.push(Vec::new());
            }
            batches.len() - 1
        });
        if let Some(batch) = batches.get_mut(batch) {
            batch.push((at, timer));
        }
    }
    batches
}

/// One timer, one key: whoever fires it a second time replays.
fn timer_command(actor: &Actor, timer: &DueTimer) -> Command {
    let DueTimer { subject, revision, action, due_at } = timer;
    let key = format!("timer:{}:{revision}:{action}:{subject}", due_at.as_micros());
    Command::new(actor, subject, action.as_str()).seen(*revision).key(key).by_timer()
}

/// Whether a timer is over: it moved its subject, or the subject moved on without it.
fn settles(outcome: &Result<Receipt, Error>) -> bool {
    match outcome {
        Ok(_) => true,
        // A job that may not know the subject is answered `not_found`: its timer waits like others.
        Err(Error::Refused(refusal)) => matches!(refusal, Refusal::StaleRevision { .. }),
        Err(Error::Fault(_)) => false,
    }
}
