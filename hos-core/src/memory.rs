//! The store in memory: the executable specification of what a backend does.

mod beside;
mod commit;
mod migration;
mod read;
mod seals;
mod segments;
mod survey;
mod tables;

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use crate::command::DueTimer;
use crate::commit::{
    Commit, ContractRecord, LawRecord, MigrationCommit, MigrationOutcome, Outcome, Pinned,
};
use crate::error::{Fault, FaultKind};
use crate::id::{ActorId, Kind, Role, Tenant, Version, World};
use crate::proof::{LogEntry, LogHead, SegmentRecord};
use crate::standing::Standing;
use crate::store::{
    Archive, Ask, Erasures, Ledger, Migrations, Outbox, OutboxRow, PinnedAsk, Seals, Segments,
    Store,
};
use crate::subject::Subject;
use crate::time::{ProofId, Timestamp};

use tables::Tables;

/// A store in memory. Clones share it.
///
/// ```
/// # futures_lite_block_on(async {
/// # use hos_core::{hos::Hos, law::Law, memory::MemoryStore};
/// let law = Law::builder("pazar", "1").roles(["owner"]).allow("shop.open", ["owner"]).build()?;
/// let hos = Hos::open([law], MemoryStore::new()).await?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// # fn futures_lite_block_on<T>(future: impl Future<Output = T>) -> T {
/// #     let mut future = std::pin::pin!(future);
/// #     let mut context = std::task::Context::from_waker(std::task::Waker::noop());
/// #     loop {
/// #         if let std::task::Poll::Ready(value) = future.as_mut().poll(&mut context) {
/// #             return value;
/// #         }
/// #     }
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    tables: Arc<Mutex<Tables>>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins a transaction over a copy, swapped in at its commit.
    #[must_use]
    pub fn begin(&self) -> MemoryTransaction {
        let copy = self.with(|tables| tables.clone());
        MemoryTransaction { base: copy.changes, copy: Self::over(copy), store: self.clone() }
    }

    fn over(tables: Tables) -> Self {
        Self { tables: Arc::new(Mutex::new(tables)) }
    }

    fn with<T>(&self, act: impl FnOnce(&mut Tables) -> T) -> T {
        act(&mut self.tables.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A transaction of a [`MemoryStore`]: a copy that nobody else sees until it is committed.
///
/// Dropped without a commit it leaves nothing.
#[derive(Debug)]
pub struct MemoryTransaction {
    store: MemoryStore,
    copy: MemoryStore,
    base: u64,
}

impl MemoryTransaction {
    /// Swaps the copy in.
    ///
    /// # Errors
    ///
    /// A [`Fault`] of the kind `Busy` when the store has changed since the transaction began;
    /// nothing was written.
    pub fn commit(self) -> Result<(), Fault> {
        let copy = self.copy.with(|tables| tables.clone());
        self.store.with(|tables| {
            if tables.changes != self.base {
                let message = "the store changed under the transaction; begin it again";
                return Err(Fault::new(FaultKind::Busy, message));
            }
            *tables = copy;
            Ok(())
        })
    }
}

#[async_trait]
impl Store for &MemoryTransaction {
    async fn load_all(&self, asks: &[Ask]) -> Result<Vec<Standing>, Fault> {
        self.copy.load_all(asks).await
    }

    async fn commit_all(&self, commits: &[Commit]) -> Vec<Result<Outcome, Fault>> {
        self.copy.commit_all(commits).await
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn load_all(&self, asks: &[Ask]) -> Result<Vec<Standing>, Fault> {
        Ok(self.with(|tables| asks.iter().map(|ask| tables.load(ask)).collect()))
    }

    async fn commit_all(&self, commits: &[Commit]) -> Vec<Result<Outcome, Fault>> {
        self.with(|tables| tables.commit_all(commits))
    }
}

#[async_trait]
impl Archive for MemoryStore {
    async fn laws(&self, world: &World) -> Result<Vec<LawRecord>, Fault> {
        Ok(self.with(|tables| tables.laws(world)))
    }

    async fn contracts(&self, world: &World) -> Result<Vec<ContractRecord>, Fault> {
        Ok(self.with(|tables| tables.contracts(world)))
    }

    async fn pins(&self, world: &World) -> Result<Vec<(Kind, Version)>, Fault> {
        Ok(self.with(|tables| tables.pins(world)))
    }

    async fn due_timers(
        &self,
        world: &World,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<DueTimer>, Fault> {
        Ok(self.with(|tables| tables.due_timers(world, now, limit)))
    }

    async fn postpone_timers(&self, timers: &[DueTimer], until: Timestamp) -> Result<(), Fault> {
        self.with(|tables| timers.iter().for_each(|timer| tables.postpone_timer(timer, until)));
        Ok(())
    }

    async fn sweep_receipts(&self, now: Timestamp, limit: u32) -> Result<u32, Fault> {
        Ok(self.with(|tables| tables.sweep_receipts(now, limit)))
    }

    async fn members(
        &self,
        world: &World,
        tenant: &Tenant,
        after: Option<&ActorId>,
        limit: u32,
    ) -> Result<Vec<(ActorId, Vec<Role>)>, Fault> {
        Ok(self.with(|tables| tables.members(world, tenant, after, limit)))
    }

    async fn grantees(
        &self,
        world: &World,
        tenant: &Tenant,
        after: Option<&ActorId>,
        limit: u32,
    ) -> Result<Vec<ActorId>, Fault> {
        Ok(self.with(|tables| tables.grantees(world, tenant, after, limit)))
    }

    async fn tenants(
        &self,
        world: &World,
        after: Option<&Tenant>,
        limit: u32,
    ) -> Result<Vec<Tenant>, Fault> {
        Ok(self.with(|tables| tables.tenants(world, after, limit)))
    }
}

#[async_trait]
impl Migrations for MemoryStore {
    async fn pinned(&self, ask: &PinnedAsk) -> Result<Vec<Pinned>, Fault> {
        Ok(self.with(|tables| tables.pinned(ask)))
    }

    async fn migrate(&self, batch: &MigrationCommit) -> Result<MigrationOutcome, Fault> {
        self.with(|tables| tables.migrate(batch))
    }
}

#[async_trait]
impl Ledger for MemoryStore {
    async fn head(&self, world: &World, tenant: &Tenant) -> Result<LogHead, Fault> {
        Ok(self.with(|tables| tables.head(world, tenant)))
    }

    async fn find(
        &self,
        world: &World,
        tenant: &Tenant,
        id: ProofId,
    ) -> Result<Option<LogEntry>, Fault> {
        Ok(self.with(|tables| tables.find(world, tenant, id)))
    }

    async fn page(
        &self,
        world: &World,
        tenant: &Tenant,
        from: u64,
        limit: u32,
    ) -> Result<Vec<LogEntry>, Fault> {
        Ok(self.with(|tables| tables.page(world, tenant, from, limit)))
    }

    async fn history(
        &self,
        subject: &Subject,
        after: u64,
        limit: u32,
    ) -> Result<Vec<LogEntry>, Fault> {
        Ok(self.with(|tables| tables.history(subject, after, limit)))
    }

    async fn sequence_pending(&self, _limit: u32) -> Result<u32, Fault> {
        Ok(0)
    }

    fn seals(&self) -> &dyn Seals {
        self
    }
}

#[async_trait]
impl Segments for MemoryStore {
    async fn segments(
        &self,
        world: &World,
        tenant: &Tenant,
        after: u64,
        limit: u32,
    ) -> Result<Vec<SegmentRecord>, Fault> {
        Ok(self.with(|tables| tables.segments(world, tenant, after, limit)))
    }

    async fn release(
        &self,
        world: &World,
        tenant: &Tenant,
        first: u64,
        limit: u32,
    ) -> Result<u32, Fault> {
        Ok(self.with(|tables| tables.release(world, tenant, first, limit)))
    }

    async fn refill(
        &self,
        world: &World,
        tenant: &Tenant,
        first: u64,
        entries: &[LogEntry],
    ) -> Result<bool, Fault> {
        self.with(|tables| tables.refill(world, tenant, first, entries))
    }
}

#[async_trait]
impl Erasures for MemoryStore {
    async fn delete_parts(
        &self,
        world: &World,
        tenant: &Tenant,
        parts: &[(ProofId, String)],
        by: ProofId,
    ) -> Result<u32, Fault> {
        Ok(self.with(|tables| tables.delete_parts(world, tenant, parts, by)))
    }
}

#[async_trait]
impl Outbox for MemoryStore {
    async fn waiting(&self, limit: u32) -> Result<Vec<OutboxRow>, Fault> {
        Ok(self.with(|tables| tables.waiting(limit)))
    }

    async fn done(&self, ids: &[u64]) -> Result<(), Fault> {
        self.with(|tables| tables.done(ids));
        Ok(())
    }
}
