//! One track of a lane: what waits in it, and whether somebody is at work on it.

use std::sync::{Arc, PoisonError};

use hos_core::command::Command;
use hos_core::error::{Error, Fault, FaultKind};
use hos_core::hos::Hos;
use hos_core::id::{Tenant, World};
use hos_core::receipt::Receipt;
use tokio::sync::{Notify, oneshot};

use super::options::LaneOptions;
use super::pins::Pin;
use super::queue::FairQueue;
use super::runtime::{Mutex, MutexGuard, Runtime};
use super::turn::Turn;

pub(super) type Answer = Result<Receipt, Error>;

/// One queue and at most one task at work on it.
#[derive(Debug)]
pub(super) struct Track {
    hos: Hos,
    options: LaneOptions,
    state: Mutex<State>,
    /// Tells everybody when room was made, the work ended or the track was closed. Everybody,
    /// because whoever is told alone and is not polled any more would keep the news to itself.
    changed: Notify,
}

/// INVARIANT: while anything waits, `at_work` is true and a [`Turn`] lives. Both change under one
/// lock: a turn ends only by finding the queue empty, and who finds none at work starts one.
#[derive(Debug, Default)]
struct State {
    waiting: FairQueue<(World, Tenant), Entry>,
    at_work: bool,
    closed: bool,
}

/// A command that waits, and where its answer goes.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) command: Command,
    pub(super) answer: oneshot::Sender<Answer>,
    /// Where the caller stands, for a command that is not gathered with others.
    pub(super) span: tracing::Span,
    /// Keeps the subject on this track until the command has ended.
    pub(super) pin: Pin,
}

/// What became of an attempt to enter.
enum Entered {
    /// The turn at work will come to it.
    Waits,
    /// Nobody was at work: the one who entered starts a turn.
    Starts,
    Full(Box<Entry>),
    Closed,
}

impl Track {
    pub(super) fn new(hos: Hos, options: LaneOptions) -> Self {
        Self { hos, options, state: Mutex::new(State::default()), changed: Notify::new() }
    }

    pub(super) fn hos(&self) -> &Hos {
        &self.hos
    }

    pub(super) fn waiting(&self) -> usize {
        self.lock().waiting.len()
    }

    pub(super) fn fills_a_batch(&self, commands: usize) -> bool {
        commands >= self.options.batch_limit()
    }

    pub(super) fn require_open(&self) -> Result<(), Fault> {
        if self.lock().closed { Err(closed()) } else { Ok(()) }
    }

    /// Hands a command to whoever is at work, or starts somebody, and waits for the answer.
    pub(super) async fn submit(
        self: &Arc<Self>,
        runtime: Runtime,
        command: &Command,
        pin: Pin,
    ) -> Answer {
        let (answer, answered) = oneshot::channel();
        let span = tracing::Span::current();
        let mut entry = Entry { command: command.clone(), answer, span, pin };
        loop {
            // Made before the look at the queue, so that room made after the look is heard of.
            let changed = self.changed.notified();
            match self.enter(entry) {
                Entered::Waits => break,
                Entered::Starts => {
                    Turn::start(Arc::clone(self), &runtime);
                    break;
                }
                Entered::Full(back) => entry = *back,
                Entered::Closed => return Err(closed().into()),
            }
            changed.await;
        }
        answered.await.unwrap_or_else(|_| Err(lost().into()))
    }

    fn enter(&self, entry: Entry) -> Entered {
        let subject = entry.command.subject();
        let key = (subject.world.clone(), subject.tenant.clone());
        let mut state = self.lock();
        if state.closed {
            return Entered::Closed;
        }
        let room = self.options.queue_limit().saturating_sub(state.waiting.len());
        if state.waiting.len_of(&key) >= room {
            return Entered::Full(Box::new(entry));
        }
        state.waiting.push(key, entry);
        if std::mem::replace(&mut state.at_work, true) { Entered::Waits } else { Entered::Starts }
    }

    /// The next batch; none ends the turn. Whoever left before the work began is passed over.
    pub(super) fn take(&self) -> Option<Vec<Entry>> {
        let mut batch = Vec::new();
        let mut state = self.lock();
        while batch.len() < self.options.batch_limit()
            && let Some(entry) = state.waiting.pop()
        {
            if !entry.answer.is_closed() {
                batch.push(entry);
            }
        }
        state.at_work = !batch.is_empty();
        drop(state);
        self.changed.notify_waiters();
        (!batch.is_empty()).then_some(batch)
    }

    /// A turn ended in a panic: whether another must go on, because something waits.
    pub(super) fn goes_on(&self) -> bool {
        let mut state = self.lock();
        state.at_work = !state.waiting.is_empty();
        let goes_on = state.at_work;
        drop(state);
        self.changed.notify_waiters();
        goes_on
    }

    /// No turn can go on: everything that waits is answered, and the track is free again.
    pub(super) fn abandon(&self) {
        let mut state = self.lock();
        state.at_work = false;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        for entry in waiting.into_items() {
            // OK because a caller who left needs no answer.
            let _left = entry.answer.send(Err(abandoned().into()));
        }
        self.changed.notify_waiters();
    }

    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_waiters();
    }

    /// Waits until nobody is at work.
    pub(super) async fn idle(&self) {
        loop {
            let changed = self.changed.notified();
            if !self.lock().at_work {
                return;
            }
            changed.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn closed() -> Fault {
    Fault::new(FaultKind::Unavailable, "the lane is closed; nothing was written")
}

fn abandoned() -> Fault {
    let message = "the runtime of the lane shut down before the command began; nothing was written";
    Fault::new(FaultKind::Unavailable, message)
}

fn lost() -> Fault {
    let message = "the batch ended without an answer; send the same command with the same key";
    Fault::new(FaultKind::Ambiguous, message)
}
