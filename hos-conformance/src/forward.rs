//! Wrappers that forward: a shared backend, a borrowed store, and one that lets others go first.

mod borrowed;
mod damaged;
#[macro_use]
mod segments;
mod trap;

use std::sync::Arc;

use async_trait::async_trait;
use hos_core::command::DueTimer;
use hos_core::commit::{
    Commit, ContractRecord, LawRecord, MigrationCommit, MigrationOutcome, Outcome, Pinned,
};
use hos_core::error::Fault;
use hos_core::id::{ActorId, Kind, Role, Tenant, Version, World};
use hos_core::proof::{LogEntry, LogHead, PAGE_MAX};
use hos_core::standing::Standing;
use hos_core::store::{
    Archive, Ask, Backend, Erasures, Ledger, Migrations, Outbox, OutboxRow, PinnedAsk, Seals, Store,
};
use hos_core::subject::Subject;
use hos_core::time::{ProofId, Timestamp};

pub(crate) use borrowed::{Borrowed, Owned};
pub(crate) use damaged::Damaged;
pub(crate) use trap::{Hook, Trap};

/// Forwards [`Archive`], [`Outbox`] and [`Erasures`] to a field.
macro_rules! forward_archive_and_outbox {
    ($type:ty, $field:tt $(, $generic:ident)?) => {
        #[async_trait]
        #[deny(clippy::missing_trait_methods)]
        impl$(<$generic: Backend>)? Archive for $type {
            async fn laws(&self, world: &World) -> Result<Vec<LawRecord>, Fault> {
                self.$field.laws(world).await
            }

            async fn contracts(&self, world: &World) -> Result<Vec<ContractRecord>, Fault> {
                self.$field.contracts(world).await
            }

            async fn pins(&self, world: &World) -> Result<Vec<(Kind, Version)>, Fault> {
                self.$field.pins(world).await
            }

            async fn due_timers(
                &self,
                world: &World,
                now: Timestamp,
                limit: u32,
            ) -> Result<Vec<DueTimer>, Fault> {
                self.$field.due_timers(world, now, limit).await
            }

            async fn postpone_timers(
                &self,
                timers: &[DueTimer],
                until: Timestamp,
            ) -> Result<(), Fault> {
                self.$field.postpone_timers(timers, until).await
            }

            async fn sweep_receipts(&self, now: Timestamp, limit: u32) -> Result<u32, Fault> {
                self.$field.sweep_receipts(now, limit).await
            }

            async fn members(
                &self,
                world: &World,
                tenant: &Tenant,
                after: Option<&ActorId>,
                limit: u32,
            ) -> Result<Vec<(ActorId, Vec<Role>)>, Fault> {
                self.$field.members(world, tenant, after, limit).await
            }

            async fn grantees(
                &self,
                world: &World,
                tenant: &Tenant,
                after: Option<&ActorId>,
                limit: u32,
            ) -> Result<Vec<ActorId>, Fault> {
                self.$field.grantees(world, tenant, after, limit).await
            }

            async fn tenants(
                &self,
                world: &World,
                after: Option<&Tenant>,
                limit: u32,
            ) -> Result<Vec<Tenant>, Fault> {
                self.$field.tenants(world, after, limit).await
            }
        }

        #[async_trait]
        #[deny(clippy::missing_trait_methods)]
        impl$(<$generic: Backend>)? Outbox for $type {
            async fn waiting(&self, limit: u32) -> Result<Vec<OutboxRow>, Fault> {
                self.$field.waiting(limit).await
            }

            async fn done(&self, ids: &[u64]) -> Result<(), Fault> {
                self.$field.done(ids).await
            }
        }

        #[async_trait]
        #[deny(clippy::missing_trait_methods)]
        impl$(<$generic: Backend>)? Erasures for $type {
            async fn delete_parts(
                &self,
                world: &World,
                tenant: &Tenant,
                parts: &[(ProofId, String)],
                by: ProofId,
            ) -> Result<u32, Fault> {
                self.$field.delete_parts(world, tenant, parts, by).await
            }
        }
    };
}

/// Forwards [`Migrations`] to a field.
macro_rules! forward_migrations {
    ($type:ty, $field:tt $(, $generic:ident)?) => {
        #[async_trait]
        #[deny(clippy::missing_trait_methods)]
        impl$(<$generic: Backend>)? Migrations for $type {
            async fn pinned(&self, ask: &PinnedAsk) -> Result<Vec<Pinned>, Fault> {
                self.$field.pinned(ask).await
            }

            async fn migrate(&self, batch: &MigrationCommit) -> Result<MigrationOutcome, Fault> {
                self.$field.migrate(batch).await
            }
        }
    };
}

/// Forwards everything but [`Store`] and [`Migrations`] to a field.
macro_rules! forward_all_but_writes {
    ($type:ty, $field:tt) => {
        forward_archive_and_outbox!($type, $field);
        forward_segments!($type, $field);

        #[async_trait]
        #[deny(clippy::missing_trait_methods)]
        impl Ledger for $type {
            async fn head(&self, world: &World, tenant: &Tenant) -> Result<LogHead, Fault> {
                self.$field.head(world, tenant).await
            }

            async fn find(
                &self,
                world: &World,
                tenant: &Tenant,
                id: ProofId,
            ) -> Result<Option<LogEntry>, Fault> {
                self.$field.find(world, tenant, id).await
            }

            async fn page(
                &self,
                world: &World,
                tenant: &Tenant,
                from: u64,
                limit: u32,
            ) -> Result<Vec<LogEntry>, Fault> {
                self.$field.page(world, tenant, from, limit).await
            }

            async fn history(
                &self,
                subject: &Subject,
                after: u64,
                limit: u32,
            ) -> Result<Vec<LogEntry>, Fault> {
                self.$field.history(subject, after, limit).await
            }

            async fn sequence_pending(&self, limit: u32) -> Result<u32, Fault> {
                self.$field.sequence_pending(limit).await
            }

            fn seals(&self) -> &dyn Seals {
                self.$field.seals()
            }
        }
    };
}

/// A backend that is shared.
#[derive(Clone)]
pub(crate) struct Shared(pub(crate) Arc<dyn Backend>);

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Store for Shared {
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

forward_all_but_writes!(Shared, 0);
forward_migrations!(Shared, 0);

/// A backend that stages its proofs, as one whose entries are numbered as they are recorded:
/// whatever waits is sequenced before a log is read.
#[derive(Debug)]
pub struct Sequenced<B>(pub B);

impl<B: Backend> Sequenced<B> {
    async fn settle(&self) -> Result<(), Fault> {
        while self.0.sequence_pending(PAGE_MAX).await? > 0 {}
        Ok(())
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<B: Backend> Store for Sequenced<B> {
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

forward_archive_and_outbox!(Sequenced<B>, 0, B);
forward_segments!(Sequenced<B>, 0, B);
forward_migrations!(Sequenced<B>, 0, B);

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<B: Backend> Ledger for Sequenced<B> {
    async fn head(&self, world: &World, tenant: &Tenant) -> Result<LogHead, Fault> {
        self.settle().await?;
        self.0.head(world, tenant).await
    }

    async fn find(
        &self,
        world: &World,
        tenant: &Tenant,
        id: ProofId,
    ) -> Result<Option<LogEntry>, Fault> {
        self.settle().await?;
        self.0.find(world, tenant, id).await
    }

    async fn page(
        &self,
        world: &World,
        tenant: &Tenant,
        from: u64,
        limit: u32,
    ) -> Result<Vec<LogEntry>, Fault> {
        self.settle().await?;
        self.0.page(world, tenant, from, limit).await
    }

    async fn history(
        &self,
        subject: &Subject,
        after: u64,
        limit: u32,
    ) -> Result<Vec<LogEntry>, Fault> {
        self.settle().await?;
        self.0.history(subject, after, limit).await
    }

    async fn sequence_pending(&self, limit: u32) -> Result<u32, Fault> {
        self.0.sequence_pending(limit).await
    }

    fn seals(&self) -> &dyn Seals {
        self.0.seals()
    }
}

/// A backend whose next commit or batch of a migration lets something else happen first.
pub(crate) struct Interposed {
    pub(crate) inner: Arc<dyn Backend>,
    pub(crate) trap: Trap,
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Store for Interposed {
    fn recall(&self, ask: &Ask) -> Option<Standing> {
        self.inner.recall(ask)
    }

    async fn load_all(&self, asks: &[Ask]) -> Result<Vec<Standing>, Fault> {
        self.inner.load_all(asks).await
    }

    async fn commit_all(&self, commits: &[Commit]) -> Vec<Result<Outcome, Fault>> {
        if let Some(hook) = self.trap.take() {
            hook().await;
        }
        self.inner.commit_all(commits).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Migrations for Interposed {
    async fn pinned(&self, ask: &PinnedAsk) -> Result<Vec<Pinned>, Fault> {
        self.inner.pinned(ask).await
    }

    async fn migrate(&self, batch: &MigrationCommit) -> Result<MigrationOutcome, Fault> {
        if let Some(hook) = self.trap.take() {
            hook().await;
        }
        self.inner.migrate(batch).await
    }
}

forward_all_but_writes!(Interposed, inner);

/// A backend whose next batch loses its first commit, after something else happened.
pub(crate) struct Beheaded {
    pub(crate) inner: Arc<dyn Backend>,
    pub(crate) trap: Trap,
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Store for Beheaded {
    fn recall(&self, ask: &Ask) -> Option<Standing> {
        self.inner.recall(ask)
    }

    async fn load_all(&self, asks: &[Ask]) -> Result<Vec<Standing>, Fault> {
        self.inner.load_all(asks).await
    }

    async fn commit_all(&self, commits: &[Commit]) -> Vec<Result<Outcome, Fault>> {
        match (self.trap.take(), commits) {
            (Some(hook), [_, rest @ ..]) => {
                hook().await;
                let mut outcomes = vec![Ok(Outcome::Conflict)];
                outcomes.extend(self.inner.commit_all(rest).await);
                outcomes
            }
            _ => self.inner.commit_all(commits).await,
        }
    }
}

forward_all_but_writes!(Beheaded, inner);
forward_migrations!(Beheaded, inner);

// After the macros that it uses.
mod fronted;

pub(crate) use fronted::Fronted;
