//! A backend that is watched: was anything written that was judged on what no longer held?

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use hos_core::commit::{Commit, Outcome};
use hos_core::error::Fault;
use hos_core::id::ActorId;
use hos_core::standing::Standing;
use hos_core::store::{Ask, Backend, Store};

use crate::forward::Fronted;

/// What was seen of a backend. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Witness(Arc<AtomicU64>);

impl Witness {
    /// How many commits were written although a generation that they had read had risen.
    #[must_use]
    pub fn overtaken(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// A backend and what is seen of it. It must answer without waiting: whoever watches looks first.
#[must_use]
pub fn watched(inner: Arc<dyn Backend>) -> (impl Backend, Witness) {
    let witness = Witness::default();
    let front = Watch { inner: Arc::clone(&inner), witness: witness.clone() };
    (Fronted { front: Box::new(front), inner }, witness)
}

/// A backend with another store in front, which answers loads and commits in its place.
#[must_use]
pub fn fronted(front: Box<dyn Store>, inner: Arc<dyn Backend>) -> impl Backend {
    Fronted { front, inner }
}

struct Watch {
    inner: Arc<dyn Backend>,
    witness: Witness,
}

impl Watch {
    async fn is_old(&self, commit: &Commit) -> bool {
        let (world, tenant) = (commit.world().clone(), commit.tenant().clone());
        let actor = ActorId::new("watch").unwrap();
        let ask = Ask { world, tenant, actor, subjects: Vec::new(), key: None };
        self.inner.load_all(&[ask]).await.unwrap()[0].versions != *commit.versions()
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Store for Watch {
    fn recall(&self, ask: &Ask) -> Option<Standing> {
        self.inner.recall(ask)
    }

    async fn load_all(&self, asks: &[Ask]) -> Result<Vec<Standing>, Fault> {
        self.inner.load_all(asks).await
    }

    async fn commit_all(&self, commits: &[Commit]) -> Vec<Result<Outcome, Fault>> {
        let mut outcomes = Vec::with_capacity(commits.len());
        for commit in commits {
            let is_old = self.is_old(commit).await;
            let mut outcome = self.inner.commit_all(std::slice::from_ref(commit)).await;
            let outcome = outcome.pop().unwrap();
            if is_old && matches!(outcome, Ok(Outcome::Committed)) {
                self.witness.0.fetch_add(1, Ordering::SeqCst);
            }
            outcomes.push(outcome);
        }
        outcomes
    }
}
