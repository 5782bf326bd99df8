//! Stores that are borrowed, or owned in a box.

use async_trait::async_trait;
use hos_core::commit::{Commit, Outcome};
use hos_core::error::Fault;
use hos_core::standing::Standing;
use hos_core::store::{Ask, Store};

/// A borrowed store, so that one transaction serves several calls at once.
pub(crate) struct Borrowed<'s>(pub(crate) &'s dyn Store);

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Store for Borrowed<'_> {
    fn recall(&self, ask: &Ask) -> Option<Standing> {
        self.0.recall(ask)
    }

    async fn load_all(&self, asks: &[Ask]) -> Result<Vec<Standing>, Fault> {
        self.0.load_all(asks).await
    }

    async fn commit_all(&self, commits: &[Commit]) -> Vec<Result<Outcome, Fault>> {
        self.0.commit_all(commits).await
    }
}

/// A store in a box.
pub(crate) struct Owned<'s>(pub(crate) Box<dyn Store + 's>);

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Store for Owned<'_> {
    fn recall(&self, ask: &Ask) -> Option<Standing> {
        self.0.recall(ask)
    }

    async fn load_all(&self, asks: &[Ask]) -> Result<Vec<Standing>, Fault> {
        self.0.load_all(asks).await
    }

    async fn commit_all(&self, commits: &[Commit]) -> Vec<Result<Outcome, Fault>> {
        self.0.commit_all(commits).await
    }
}
