//! Fires timers that are due, batch after batch.

use super::{Hos, TIMER_RETRY, TIMERS_FIRED_MAX, internal};
use crate::actor::Actor;
use crate::command::{Command, DueTimer};
use crate::error::{Error, Fault, Refusal};
use crate::id::ActionName;
use crate::laws::Fired;
use crate::receipt::Receipt;
use crate::store::BATCH_MAX;
use crate::subject::Subject;
use crate::time::Timestamp;

impl Hos {
    /// Fires due timers of the worlds of this process, at most so many and never more than
    /// [`TIMERS_FIRED_MAX`]; each as an ordinary transition by a job, each once however many
    /// processes call this. Answers one [`Fired`] per timer, in the order in which they fired.
    ///
    /// Timers go in batches of up to [`BATCH_MAX`], the longest due first; one that another
    /// process fired meanwhile answers that receipt, `replayed`. Worlds take turns: many timers of
    /// one do not hold up those of another. A timer that is refused, or meets a fault, is tried
    /// again after [`TIMER_RETRY`].
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
            let outcomes = self.transition_all(&commands).await;
            let unsettled = batch.iter().zip(&outcomes).filter(|(_, outcome)| !settles(outcome));
            let unsettled: Vec<DueTimer> = unsettled.map(|(timer, _)| timer.clone()).collect();
            if !unsettled.is_empty() {
                self.store.postpone_timers(&unsettled, now.after(TIMER_RETRY)).await?;
            }
            fired.extend(batch.iter().cloned().zip(outcomes).map(|(timer, outcome)| {
                let DueTimer { subject, action, due_at, .. } = timer;
                Fired { subject, action, due_at, outcome }
            }));
        }
        Ok(fired)
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
fn settles(outcome: &Result<Receipt, Error>) -> bool {
    match outcome {
        Ok(_) => true,
        // A job that may not know the subject is answered `not_found`: its timer waits like others.
        Err(Error::Refused(refusal)) => matches!(refusal, Refusal::StaleRevision { .. }),
        Err(Error::Fault(_)) => false,
    }
}
