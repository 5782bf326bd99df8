//! A backend with another store in front of its own.

use std::sync::Arc;

use async_trait::async_trait;
use hos_core::command::DueTimer;
use hos_core::commit::{
    Commit, ContractRecord, LawRecord, MigrationCommit, MigrationOutcome, Outcome, Pinned,
};
use hos_core::error::Fault;
use hos_core::id::{ActorId, Kind, Role, Tenant, Version, World};
use hos_core::proof::{LogEntry, LogHead};
use hos_core::standing::Standing;
use hos_core::store::{
    Archive, Ask, Backend, Erasures, Ledger, Migrations, Outbox, OutboxRow, PinnedAsk, Seals, Store,
};
use hos_core::subject::Subject;
use hos_core::time::{ProofId, Timestamp};

/// A backend with another store in front.
pub(crate) struct Fronted {
    pub(crate) front: Box<dyn Store>,
    pub(crate) inner: Arc<dyn Backend>,
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Store for Fronted {
    fn recall(&self, ask: &Ask) -> Option<Standing> {
        self.front.recall(ask)
    }

    async fn load_all(&self, asks: &[Ask]) -> Result<Vec<Standing>, Fault> {
        self.front.load_all(asks).await
    }

    async fn commit_all(&self, commits: &[Commit]) -> Vec<Result<Outcome, Fault>> {
        self.front.commit_all(commits).await
    }
}

forward_all_but_writes!(Fronted, inner);
forward_migrations!(Fronted, inner);
