//! A store whose calls fail, linger or answer with a conflict, as a script says.

mod withstand;

pub use withstand::withstand;

use std::future::poll_fn;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;

use async_trait::async_trait;
use hos_core::command::DueTimer;
use hos_core::commit::{
    Commit, ContractRecord, LawRecord, MigrationCommit, MigrationOutcome, Outcome, Pinned,
};
use hos_core::error::{Fault, FaultKind};
use hos_core::id::{ActorId, Kind, Role, Tenant, Version, World};
use hos_core::proof::{LogEntry, LogHead, SegmentRecord};
use hos_core::standing::Standing;
use hos_core::store::{
    Archive, Ask, Backend, Erasures, Ledger, Migrations, Outbox, OutboxRow, PinnedAsk, Seals,
    Segments, Store,
};
use hos_core::subject::Subject;
use hos_core::time::{ProofId, Timestamp};

/// Which sort of call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Call {
    /// `load_all`.
    Load,
    /// `commit_all`.
    Commit,
    /// Any other that reads.
    Read,
    /// Any other that writes.
    Write,
}

/// What happens to a call.
///
/// Exhaustive: it fails before, it fails after, it lingers, it conflicts, or nothing happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Injection {
    /// Nothing.
    Pass,
    /// It fails, and nothing was done.
    Before,
    /// It is done, and its answer is lost.
    After,
    /// It lets others go first, so many times, before it begins.
    Delay(u32),
    /// A commit is answered with a conflict, and nothing was written; other calls pass.
    Conflict,
}

/// A wrapper of a backend that does what a script says to each of its calls.
///
/// The script is told the sort of a call and how many of that sort came before it.
pub struct FaultyStore<S> {
    inner: S,
    script: Box<dyn Fn(Call, u64) -> Injection + Send + Sync>,
    calls: [AtomicU64; 4],
    injected: AtomicU64,
}

impl<S> std::fmt::Debug for FaultyStore<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FaultyStore").field("injected", &self.injected).finish_non_exhaustive()
    }
}

impl<S> FaultyStore<S> {
    /// Wraps a backend.
    pub fn new(inner: S, script: impl Fn(Call, u64) -> Injection + Send + Sync + 'static) -> Self {
        let calls = [const { AtomicU64::new(0) }; 4];
        Self { inner, script: Box::new(script), calls, injected: AtomicU64::new(0) }
    }

    /// The backend within, whose calls nothing happens to.
    pub fn inner(&self) -> &S {
        &self.inner
    }

    /// How many calls something happened to.
    pub fn injected(&self) -> u64 {
        self.injected.load(Ordering::SeqCst)
    }

    async fn next(&self, call: Call) -> Result<Injection, Fault> {
        let slot = match call {
            Call::Load => 0,
            Call::Commit => 1,
            Call::Read => 2,
            Call::Write => 3,
        };
        let before = self.calls[slot].fetch_add(1, Ordering::SeqCst);
        let injection = (self.script)(call, before);
        if injection != Injection::Pass {
            self.injected.fetch_add(1, Ordering::SeqCst);
        }
        match injection {
            Injection::Before => {
                Err(Fault::new(FaultKind::Unavailable, "injected: nothing was done"))
            }
            Injection::Delay(times) => {
                for _ in 0..times {
                    let_others_go_first().await;
                }
                Ok(Injection::Pass)
            }
            other => Ok(other),
        }
    }
}

fn lost() -> Fault {
    Fault::new(FaultKind::Ambiguous, "injected: it was done and the answer was lost")
}

async fn let_others_go_first() {
    let mut asked = false;
    poll_fn(|context| {
        if asked {
            return Poll::Ready(());
        }
        asked = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Does one call that is not a commit, as the script says.
macro_rules! inject {
    ($store:expr, $call:expr, $done:expr) => {{
        let injection = $store.next($call).await?;
        let answer = $done.await?;
        if injection == Injection::After { Err(lost()) } else { Ok(answer) }
    }};
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<S: Store> Store for FaultyStore<S> {
    fn recall(&self, ask: &Ask) -> Option<Standing> {
        self.inner.recall(ask)
    }

    async fn load_all(&self, asks: &[Ask]) -> Result<Vec<Standing>, Fault> {
        inject!(self, Call::Load, self.inner.load_all(asks))
    }

    async fn commit_all(&self, commits: &[Commit]) -> Vec<Result<Outcome, Fault>> {
        match self.next(Call::Commit).await {
            Err(fault) => {
                let copy = |_: &Commit| Err(Fault::new(fault.kind(), fault.to_string()));
                commits.iter().map(copy).collect()
            }
            Ok(Injection::Conflict) => commits.iter().map(|_| Ok(Outcome::Conflict)).collect(),
            Ok(Injection::After) => {
                let outcomes = self.inner.commit_all(commits).await;
                outcomes.into_iter().map(|_| Err(lost())).collect()
            }
            Ok(_) => self.inner.commit_all(commits).await,
        }
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<S: Backend> Archive for FaultyStore<S> {
    async fn laws(&self, world: &World) -> Result<Vec<LawRecord>, Fault> {
        inject!(self, Call::Read, self.inner.laws(world))
    }

    async fn contracts(&self, world: &World) -> Result<Vec<ContractRecord>, Fault> {
        inject!(self, Call::Read, self.inner.contracts(world))
    }

    async fn pins(&self, world: &World) -> Result<Vec<(Kind, Version)>, Fault> {
        inject!(self, Call::Read, self.inner.pins(world))
    }

    async fn due_timers(
        &self,
        world: &World,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<DueTimer>, Fault> {
        inject!(self, Call::Read, self.inner.due_timers(world, now, limit))
    }

    async fn postpone_timers(&self, timers: &[DueTimer], until: Timestamp) -> Result<(), Fault> {
        inject!(self, Call::Write, self.inner.postpone_timers(timers, until))
    }

    async fn sweep_receipts(&self, now: Timestamp, limit: u32) -> Result<u32, Fault> {
        inject!(self, Call::Write, self.inner.sweep_receipts(now, limit))
    }

    async fn members(
        &self,
        world: &World,
        tenant: &Tenant,
        after: Option<&ActorId>,
        limit: u32,
    ) -> Result<Vec<(ActorId, Vec<Role>)>, Fault> {
        inject!(self, Call::Read, self.inner.members(world, tenant, after, limit))
    }

    async fn grantees(
        &self,
        world: &World,
        tenant: &Tenant,
        after: Option<&ActorId>,
        limit: u32,
    ) -> Result<Vec<ActorId>, Fault> {
        inject!(self, Call::Read, self.inner.grantees(world, tenant, after, limit))
    }

    async fn tenants(
        &self,
        world: &World,
        after: Option<&Tenant>,
        limit: u32,
    ) -> Result<Vec<Tenant>, Fault> {
        inject!(self, Call::Read, self.inner.tenants(world, after, limit))
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<S: Backend> Migrations for FaultyStore<S> {
    async fn pinned(&self, ask: &PinnedAsk) -> Result<Vec<Pinned>, Fault> {
        inject!(self, Call::Read, self.inner.pinned(ask))
    }

    async fn migrate(&self, batch: &MigrationCommit) -> Result<MigrationOutcome, Fault> {
        inject!(self, Call::Write, self.inner.migrate(batch))
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<S: Backend> Ledger for FaultyStore<S> {
    async fn head(&self, world: &World, tenant: &Tenant) -> Result<LogHead, Fault> {
        inject!(self, Call::Read, self.inner.head(world, tenant))
    }

    async fn find(
        &self,
        world: &World,
        tenant: &Tenant,
        id: ProofId,
    ) -> Result<Option<LogEntry>, Fault> {
        inject!(self, Call::Read, self.inner.find(world, tenant, id))
    }

    async fn page(
        &self,
        world: &World,
        tenant: &Tenant,
        from: u64,
        limit: u32,
    ) -> Result<Vec<LogEntry>, Fault> {
        inject!(self, Call::Read, self.inner.page(world, tenant, from, limit))
    }

    async fn history(
        &self,
        subject: &Subject,
        after: u64,
        limit: u32,
    ) -> Result<Vec<LogEntry>, Fault> {
        inject!(self, Call::Read, self.inner.history(subject, after, limit))
    }

    async fn sequence_pending(&self, limit: u32) -> Result<u32, Fault> {
        inject!(self, Call::Write, self.inner.sequence_pending(limit))
    }

    fn seals(&self) -> &dyn Seals {
        self.inner.seals()
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<S: Backend> Segments for FaultyStore<S> {
    async fn segments(
        &self,
        world: &World,
        tenant: &Tenant,
        after: u64,
        limit: u32,
    ) -> Result<Vec<SegmentRecord>, Fault> {
        inject!(self, Call::Read, self.inner.segments(world, tenant, after, limit))
    }

    async fn release(
        &self,
        world: &World,
        tenant: &Tenant,
        first: u64,
        limit: u32,
    ) -> Result<u32, Fault> {
        inject!(self, Call::Write, self.inner.release(world, tenant, first, limit))
    }

    async fn refill(
        &self,
        world: &World,
        tenant: &Tenant,
        first: u64,
        entries: &[LogEntry],
    ) -> Result<bool, Fault> {
        inject!(self, Call::Write, self.inner.refill(world, tenant, first, entries))
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<S: Backend> Erasures for FaultyStore<S> {
    async fn delete_parts(
        &self,
        world: &World,
        tenant: &Tenant,
        parts: &[(ProofId, String)],
        by: ProofId,
    ) -> Result<u32, Fault> {
        inject!(self, Call::Write, self.inner.delete_parts(world, tenant, parts, by))
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<S: Backend> Outbox for FaultyStore<S> {
    async fn waiting(&self, limit: u32) -> Result<Vec<OutboxRow>, Fault> {
        inject!(self, Call::Read, self.inner.waiting(limit))
    }

    async fn done(&self, ids: &[u64]) -> Result<(), Fault> {
        inject!(self, Call::Write, self.inner.done(ids))
    }
}
