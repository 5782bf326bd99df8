//! A store in memory that tells what it was asked, dawdles, waits at a gate, and panics.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use hos_core::command::DueTimer;
use hos_core::commit::{
    Commit, ContractRecord, LawRecord, MigrationCommit, MigrationOutcome, Outcome, Pinned,
};
use hos_core::error::Fault;
use hos_core::id::{ActorId, Kind, Role, Tenant, Version, World};
use hos_core::memory::MemoryStore;
use hos_core::proof::{LogEntry, LogHead, SegmentRecord};
use hos_core::standing::Standing;
use hos_core::store::{
    Archive, Ask, Erasures, Ledger, Migrations, Outbox, OutboxRow, PinnedAsk, Seals, Segments,
    Store,
};
use hos_core::subject::Subject;
use hos_core::time::{ProofId, Timestamp};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::sync::{Semaphore, watch};

/// A command with this key panics where it is loaded.
pub(crate) const PANICS: &str = "panic";

#[derive(Debug, Default)]
pub(crate) struct Watched {
    inner: MemoryStore,
    watch: Arc<Watch>,
}

impl Watched {
    pub(crate) fn watch(&self) -> Arc<Watch> {
        Arc::clone(&self.watch)
    }
}

/// What a [`Watched`] store was asked, and how it is slowed down.
#[derive(Debug)]
pub(crate) struct Watch {
    batches: watch::Sender<Vec<Vec<String>>>,
    naps: Mutex<Option<StdRng>>,
    gate: Mutex<Option<Arc<Semaphore>>>,
}

impl Default for Watch {
    fn default() -> Self {
        let (batches, _) = watch::channel(Vec::new());
        Self { batches, naps: Mutex::default(), gate: Mutex::default() }
    }
}

impl Watch {
    /// The keys of each load so far.
    pub(crate) fn batches(&self) -> Vec<Vec<String>> {
        self.batches.borrow().clone()
    }

    pub(crate) fn times_asked(&self, key: &str) -> usize {
        self.batches.borrow().iter().flatten().filter(|asked| *asked == key).count()
    }

    pub(crate) fn forget(&self) {
        self.batches.send_modify(Vec::clear);
    }

    /// Waits until so many loads have begun.
    pub(crate) async fn until(&self, loads: usize) {
        let mut batches = self.batches.subscribe();
        batches.wait_for(|batches| batches.len() >= loads).await.unwrap();
    }

    /// Dawdles at random from now on.
    pub(crate) fn dawdle(&self, seed: u64) {
        *self.naps.lock().unwrap() = Some(StdRng::seed_from_u64(seed));
    }

    /// Lets no load pass any more but for each permit of the gate.
    pub(crate) fn gate(&self) -> Arc<Semaphore> {
        let gate = Arc::new(Semaphore::new(0));
        *self.gate.lock().unwrap() = Some(Arc::clone(&gate));
        gate
    }

    async fn nap(&self) {
        let yields = self.naps.lock().unwrap().as_mut().map_or(0, |rng| rng.random_range(0..6));
        for _ in 0..yields {
            tokio::task::yield_now().await;
        }
    }
}

#[async_trait]
impl Store for Watched {
    async fn load_all(&self, asks: &[Ask]) -> Result<Vec<Standing>, Fault> {
        let key = |ask: &Ask| ask.key.as_ref().map_or_else(String::new, |key| text(key.as_bytes()));
        let keys: Vec<String> = asks.iter().map(key).collect();
        let panics = keys.iter().any(|key| key == PANICS);
        self.watch.batches.send_modify(|batches| batches.push(keys));
        let gate = self.watch.gate.lock().unwrap().clone();
        if let Some(gate) = gate {
            gate.acquire().await.unwrap().forget();
        }
        self.watch.nap().await;
        assert!(!panics, "asked to panic");
        self.inner.load_all(asks).await
    }

    async fn commit_all(&self, commits: &[Commit]) -> Vec<Result<Outcome, Fault>> {
        self.watch.nap().await;
        let outcomes = self.inner.commit_all(commits).await;
        self.watch.nap().await;
        outcomes
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[async_trait]
impl Archive for Watched {
    async fn laws(&self, world: &World) -> Result<Vec<LawRecord>, Fault> {
        self.inner.laws(world).await
    }

    async fn contracts(&self, world: &World) -> Result<Vec<ContractRecord>, Fault> {
        self.inner.contracts(world).await
    }

    async fn pins(&self, world: &World) -> Result<Vec<(Kind, Version)>, Fault> {
        self.inner.pins(world).await
    }

    async fn due_timers(
        &self,
        world: &World,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<DueTimer>, Fault> {
        self.inner.due_timers(world, now, limit).await
    }

    async fn postpone_timers(&self, timers: &[DueTimer], until: Timestamp) -> Result<(), Fault> {
        self.inner.postpone_timers(timers, until).await
    }

    async fn sweep_receipts(&self, now: Timestamp, limit: u32) -> Result<u32, Fault> {
        self.inner.sweep_receipts(now, limit).await
    }

    async fn members(
        &self,
        world: &World,
        tenant: &Tenant,
        after: Option<&ActorId>,
        limit: u32,
    ) -> Result<Vec<(ActorId, Vec<Role>)>, Fault> {
        self.inner.members(world, tenant, after, limit).await
    }

    async fn grantees(
        &self,
        world: &World,
        tenant: &Tenant,
        after: Option<&ActorId>,
        limit: u32,
    ) -> Result<Vec<ActorId>, Fault> {
        self.inner.grantees(world, tenant, after, limit).await
    }

    async fn tenants(
        &self,
        world: &World,
        after: Option<&Tenant>,
        limit: u32,
    ) -> Result<Vec<Tenant>, Fault> {
        self.inner.tenants(world, after, limit).await
    }
}

#[async_trait]
impl Migrations for Watched {
    async fn pinned(&self, ask: &PinnedAsk) -> Result<Vec<Pinned>, Fault> {
        self.inner.pinned(ask).await
    }

    async fn migrate(&self, batch: &MigrationCommit) -> Result<MigrationOutcome, Fault> {
        self.inner.migrate(batch).await
    }
}

#[async_trait]
impl Erasures for Watched {
    async fn delete_parts(
        &self,
        world: &World,
        tenant: &Tenant,
        parts: &[(ProofId, String)],
        by: ProofId,
    ) -> Result<u32, Fault> {
        self.inner.delete_parts(world, tenant, parts, by).await
    }
}

#[async_trait]
impl Ledger for Watched {
    async fn head(&self, world: &World, tenant: &Tenant) -> Result<LogHead, Fault> {
        self.inner.head(world, tenant).await
    }

    async fn find(
        &self,
        world: &World,
        tenant: &Tenant,
        id: ProofId,
    ) -> Result<Option<LogEntry>, Fault> {
        self.inner.find(world, tenant, id).await
    }

    async fn page(
        &self,
        world: &World,
        tenant: &Tenant,
        from: u64,
        limit: u32,
    ) -> Result<Vec<LogEntry>, Fault> {
        self.inner.page(world, tenant, from, limit).await
    }

    async fn history(
        &self,
        subject: &Subject,
        after: u64,
        limit: u32,
    ) -> Result<Vec<LogEntry>, Fault> {
        self.inner.history(subject, after, limit).await
    }

    async fn sequence_pending(&self, limit: u32) -> Result<u32, Fault> {
        self.inner.sequence_pending(limit).await
    }

    fn seals(&self) -> &dyn Seals {
        self.inner.seals()
    }
}

#[async_trait]
impl Segments for Watched {
    async fn segments(
        &self,
        world: &World,
        tenant: &Tenant,
        after: u64,
        limit: u32,
    ) -> Result<Vec<SegmentRecord>, Fault> {
        self.inner.segments(world, tenant, after, limit).await
    }

    async fn release(
        &self,
        world: &World,
        tenant: &Tenant,
        first: u64,
        limit: u32,
    ) -> Result<u32, Fault> {
        self.inner.release(world, tenant, first, limit).await
    }

    async fn refill(
        &self,
        world: &World,
        tenant: &Tenant,
        first: u64,
        entries: &[LogEntry],
    ) -> Result<bool, Fault> {
        self.inner.refill(world, tenant, first, entries).await
    }
}

#[async_trait]
impl Outbox for Watched {
    async fn waiting(&self, limit: u32) -> Result<Vec<OutboxRow>, Fault> {
        self.inner.waiting(limit).await
    }

    async fn done(&self, ids: &[u64]) -> Result<(), Fault> {
        self.inner.done(ids).await
    }
}
