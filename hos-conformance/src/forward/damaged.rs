//! A store of which one row cannot be read.

use std::sync::Arc;

use async_trait::async_trait;
use hos_core::commit::{Commit, Outcome};
use hos_core::error::{Fault, FaultKind};
use hos_core::standing::Standing;
use hos_core::store::{Ask, Backend, Store};
use hos_core::subject::Subject;

/// A store that answers nobody who asks for one subject, and remembers nothing.
pub(crate) struct Damaged {
    pub(crate) inner: Arc<dyn Backend>,
    pub(crate) subject: Subject,
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Store for Damaged {
    fn recall(&self, _ask: &Ask) -> Option<Standing> {
        None
    }

    async fn load_all(&self, asks: &[Ask]) -> Result<Vec<Standing>, Fault> {
        if asks.iter().any(|ask| ask.subjects.contains(&self.subject)) {
            return Err(Fault::new(FaultKind::Corrupt, "a row that cannot be read"));
        }
        self.inner.load_all(asks).await
    }

    async fn commit_all(&self, commits: &[Commit]) -> Vec<Result<Outcome, Fault>> {
        self.inner.commit_all(commits).await
    }
}
