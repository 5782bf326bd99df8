//! A backend that stops before each call of a command, until it is told to go on.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use async_trait::async_trait;
use hos_core::commit::{Commit, Outcome};
use hos_core::error::{Fault, FaultKind};
use hos_core::standing::Standing;
use hos_core::store::{Ask, Backend, Store};

use super::state::Fate;
use crate::forward::Fronted;

/// The calls that a command stops before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    Load,
    Commit,
}

/// Where one process stops. Without [`Gate::close`] it never does.
#[derive(Clone, Default)]
pub(super) struct Gate(Arc<Mutex<Inside>>);

#[derive(Default)]
struct Inside {
    closed: bool,
    /// Who waits outside.
    waiting: Option<Call>,
    /// How the one who waits goes on.
    pass: Option<Fate>,
    /// What the next recall answers unless the store itself remembers; none forgets.
    memory: Option<Standing>,
    /// What the last recall answered.
    recalled: Option<Recalled>,
    /// What the store said to the last commit, whoever was told.
    outcome: Option<Result<Outcome, String>>,
}

/// What a recall answered.
pub(super) struct Recalled {
    pub(super) standing: Standing,
    /// Whether the store itself remembered it.
    pub(super) is_own: bool,
}

impl Gate {
    /// The backend behind this gate.
    pub(super) fn before(&self, inner: Arc<dyn Backend>) -> impl Backend + 'static {
        let front = Gated { inner: Arc::clone(&inner), gate: self.clone() };
        Fronted { front: Box::new(front), inner }
    }

    pub(super) fn close(&self) {
        self.inside().closed = true;
    }

    /// Everybody passes; whoever waited is forgotten.
    pub(super) fn open(&self) {
        *self.inside() = Inside::default();
    }

    pub(super) fn waiting(&self) -> Option<Call> {
        self.inside().waiting
    }

    pub(super) fn pass(&self, fate: Fate) {
        let mut inside = self.inside();
        (inside.waiting, inside.pass, inside.outcome) = (None, Some(fate), None);
    }

    /// Nobody waits any more: the process was killed.
    pub(super) fn leave(&self) {
        self.inside().waiting = None;
    }

    pub(super) fn remember(&self, standing: Option<Standing>) {
        let mut inside = self.inside();
        (inside.memory, inside.recalled) = (standing, None);
    }

    pub(super) fn recalled(&self) -> Option<Recalled> {
        self.inside().recalled.take()
    }

    pub(super) fn outcome(&self) -> Option<Result<Outcome, String>> {
        self.inside().outcome.take()
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stops. Whoever polls the process looks at [`Gate::waiting`], so that nobody is woken.
    async fn arrive(&self, call: Call) -> Fate {
        if !self.inside().closed {
            return Fate::Answered;
        }
        self.inside().waiting = Some(call);
        std::future::poll_fn(|_| match self.inside().pass.take() {
            Some(fate) => Poll::Ready(fate),
            None => Poll::Pending,
        })
        .await
    }
}

/// A store behind a gate.
struct Gated {
    inner: Arc<dyn Backend>,
    gate: Gate,
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Store for Gated {
    fn recall(&self, ask: &Ask) -> Option<Standing> {
        let mut inside = self.gate.inside();
        if !inside.closed {
            return self.inner.recall(ask);
        }
        let memory = inside.memory.take()?;
        let own = self.inner.recall(ask);
        let is_own = own.is_some();
        let standing = own.unwrap_or(memory);
        inside.recalled = Some(Recalled { standing: standing.clone(), is_own });
        Some(standing)
    }

    async fn load_all(&self, asks: &[Ask]) -> Result<Vec<Standing>, Fault> {
        self.gate.arrive(Call::Load).await;
        self.inner.load_all(asks).await
    }

    async fn commit_all(&self, commits: &[Commit]) -> Vec<Result<Outcome, Fault>> {
        let fate = self.gate.arrive(Call::Commit).await;
        let lost = || Err(Fault::new(FaultKind::Ambiguous, "the answer was lost"));
        if fate == Fate::CallLost {
            return commits.iter().map(|_| lost()).collect();
        }
        let outcomes = self.inner.commit_all(commits).await;
        let said = outcomes.first().map(|said| match said {
            Ok(outcome) => Ok(outcome.clone()),
            Err(fault) => Err(fault.to_string()),
        });
        self.gate.inside().outcome = said;
        match fate {
            Fate::AnswerLost => commits.iter().map(|_| lost()).collect(),
            _ => outcomes,
        }
    }
}
