//! A second, naive store in memory, into which faults can be planted: the suite must find each.

mod migration;
mod read;
mod seals;
mod segments;
mod tables;

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use hos_core::error::{Fault, FaultKind};
use hos_core::store::{Backend, Store};
use hos_core::vault::{MemoryVault, Vault};

use crate::ground::{Answer, Factory, Ground, Tampering, Transaction};
use tables::Tables;

/// A fault of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Plant {
    /// None: the naive store is right.
    Nothing,
    /// Receipts are neither looked for when judging nor when committing.
    ReplayUnchecked,
    /// The key is not looked for again inside the write.
    KeyUncheckedInWrite,
    /// The key of another command is answered as a replay inside the write.
    FingerprintIgnored,
    /// Receipts are not written.
    KeyForgotten,
    /// The last byte of a long key is cut off.
    KeyShortened,
    /// Keys of all tenants share one scope.
    KeyOfNoTenant,
    /// Keys of all worlds share one scope.
    KeyOfNoWorld,
    /// The subjects are not compared.
    SubjectUncompared,
    /// The numbers of the subjects' revisions are compared, not their proofs: a chain goes on after
    /// one of its links was not written.
    RevisionCompared,
    /// The generation of memberships is not compared.
    MembersUncompared,
    /// The generation of the ban list is not compared.
    BansUncompared,
    /// The generation of grants is not compared.
    GrantsUncompared,
    /// The generation of modes is not compared.
    ModesUncompared,
    /// The generation of the world's status is not compared.
    StatusUncompared,
    /// A law that comes into force raises no generation.
    ActivationUncounted,
    /// The generations of the whole world are not compared.
    WorldUncompared,
    /// The entry of a transition is not written.
    ProofLost,
    /// Parts are not written.
    PartsLost,
    /// Messages are not written.
    OutboxLost,
    /// An entry is found under every tenant.
    TenantBlind,
    /// A subject that ended shows the state before.
    TerminalRevived,
    /// Timers of states that were left go on.
    TimerKept,
    /// A timer is not postponed.
    TimerNotPostponed,
    /// Timers of every world are due in each.
    TimerOfAnyWorld,
    /// Evidence of one key is written each time.
    EvidenceTwice,
    /// Only the first subject of a compound command is written.
    HalfWritten,
    /// Subject ids are compared without regard to case.
    CaseBlind,
    /// Receipts are swept before their time.
    SweptEarly,
    /// History has entries that raised no revision.
    HistoryMixed,
    /// Entries can be deleted.
    EntryDeletable,
    /// Ended subjects can be revived.
    SubjectRevivable,
    /// The subjects of a migration are not compared.
    MigrationUncompared,
    /// A migrated subject keeps the proof that it had.
    MigrationKeepsProof,
    /// The entry of a migration is not written.
    MigrationUnproved,
    /// A migration lists the subjects of every tenant, and those that ended.
    MigrationListsAll,
    /// A checkpoint is published whatever the last one is.
    SealUncompared,
    /// A log that was sealed once is not listed again.
    SealForgotten,
    /// Checkpoints of every tenant are shown to each.
    SealsOfAnyTenant,
    /// A tile is taken for another that is there.
    TileOverwritten,
    /// The deployment's log takes leaves at places that are taken.
    AnchorUncompared,
    /// A segment is archived wherever it begins, and comes back in any turn.
    SegmentAnywhere,
    /// Rows are let go beyond the segment.
    ReleasedBeyond,
    /// Rows of a segment that was restored are let go.
    SegmentNeverReturns,
}

/// Makes naive stores with one fault.
#[derive(Debug, Clone, Copy)]
pub struct PlantedFactory(pub Plant);

#[async_trait]
impl Factory for PlantedFactory {
    async fn fresh(&self) -> Box<dyn Ground> {
        Box::new(PlantedStore { plant: self.0, tables: Arc::default(), vault: MemoryVault::new() })
    }
}

/// The naive store. Clones share it.
#[derive(Debug, Clone)]
pub struct PlantedStore {
    plant: Plant,
    tables: Arc<Mutex<Tables>>,
    vault: MemoryVault,
}

impl PlantedStore {
    fn with<T>(&self, act: impl FnOnce(&mut Tables) -> T) -> T {
        act(&mut self.tables.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl Ground for PlantedStore {
    fn backend(&self) -> Arc<dyn Backend> {
        Arc::new(self.clone())
    }

    async fn vault(&self) -> Arc<dyn Vault> {
        Arc::new(self.vault.clone())
    }

    async fn begin(&self) -> Box<dyn Transaction + '_> {
        let copy = self.with(|tables| tables.clone());
        let base = copy.changes;
        let (tables, vault) = (Arc::new(Mutex::new(copy)), self.vault.clone());
        let copy = Self { plant: self.plant, tables, vault };
        Box::new(PlantedTransaction { store: self.clone(), copy, base })
    }

    async fn tamper(&self, tampering: &Tampering) -> Answer {
        self.with(|tables| tables.tamper(self.plant, tampering))
    }
}

struct PlantedTransaction {
    store: PlantedStore,
    copy: PlantedStore,
    base: u64,
}

#[async_trait]
impl Transaction for PlantedTransaction {
    fn store(&mut self) -> Box<dyn Store + '_> {
        Box::new(self.copy.clone())
    }

    async fn commit(self: Box<Self>) -> Result<(), Fault> {
        let copy = self.copy.with(|tables| tables.clone());
        self.store.with(|tables| {
            if tables.changes != self.base {
                return Err(Fault::new(FaultKind::Busy, "the store changed meanwhile"));
            }
            *tables = copy;
            Ok(())
        })
    }

    async fn rollback(self: Box<Self>) -> Result<(), Fault> {
        Ok(())
    }
}
