//! What a backend under test offers to the suite.

use std::sync::Arc;

use async_trait::async_trait;
use hos_core::error::Fault;
use hos_core::id::{Tenant, World};
use hos_core::memory::{MemoryStore, MemoryTransaction};
use hos_core::store::{Backend, Store, Survey};
use hos_core::subject::Subject;
use hos_core::vault::{MemoryVault, Vault};

pub use crate::forward::Sequenced;

/// Makes backends, one for each case.
#[async_trait]
pub trait Factory: Send + Sync {
    /// A new, empty backend that shares nothing with any other.
    async fn fresh(&self) -> Box<dyn Ground>;
}

/// One backend that a case runs on.
#[async_trait]
pub trait Ground: Send + Sync {
    /// The backend; every call gives the same one.
    fn backend(&self) -> Arc<dyn Backend>;

    /// The vault beside the backend; every call gives the same one.
    async fn vault(&self) -> Arc<dyn Vault>;

    /// The backend as a whole, if it can be seen so.
    fn survey(&self) -> Option<Arc<dyn Survey>> {
        None
    }

    /// Begins a transaction of the caller's.
    async fn begin(&self) -> Box<dyn Transaction + '_>;

    /// Closes the backend and opens it again over the same data.
    async fn reopen(&mut self) -> Answer {
        Answer::Unsupported
    }

    /// Changes what was committed behind the law's back, as an operator with a console could try.
    async fn tamper(&self, _tampering: &Tampering) -> Answer {
        Answer::Unsupported
    }
}

/// A transaction of the caller's, which the law may be run in.
#[async_trait]
pub trait Transaction: Send {
    /// The store over the transaction.
    fn store(&mut self) -> Box<dyn Store + '_>;

    /// Commits it.
    async fn commit(self: Box<Self>) -> Result<(), Fault>;

    /// Rolls it back.
    async fn rollback(self: Box<Self>) -> Result<(), Fault>;
}

/// What a backend said to a wish that not every backend can fulfil.
///
/// Exhaustive: it did it, it refused, or it has no such door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It was done.
    Done,
    /// The backend's own schema refused it.
    Refused,
    /// The backend has no such door.
    Unsupported,
}

/// A change behind the law's back.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Tampering {
    /// Change one byte of a stored leaf.
    ChangeLeaf {
        /// Whose log.
        world: World,
        /// Whose log.
        tenant: Tenant,
        /// Which entry.
        index: u64,
    },
    /// Delete an entry.
    DeleteEntry {
        /// Whose log.
        world: World,
        /// Whose log.
        tenant: Tenant,
        /// Which entry.
        index: u64,
    },
    /// Give a subject another state.
    MoveSubject {
        /// Which subject.
        subject: Subject,
        /// The state.
        state: String,
    },
    /// Delete a subject.
    DeleteSubject {
        /// Which subject.
        subject: Subject,
    },
}

/// Makes stores in memory: the executable specification.
#[derive(Debug, Clone, Copy, Default)]
pub struct MemoryFactory;

#[async_trait]
impl Factory for MemoryFactory {
    async fn fresh(&self) -> Box<dyn Ground> {
        Box::new(MemoryGround(MemoryStore::new(), MemoryVault::new()))
    }
}

struct MemoryGround(MemoryStore, MemoryVault);

#[async_trait]
impl Ground for MemoryGround {
    fn backend(&self) -> Arc<dyn Backend> {
        Arc::new(self.0.clone())
    }

    async fn vault(&self) -> Arc<dyn Vault> {
        Arc::new(self.1.clone())
    }

    fn survey(&self) -> Option<Arc<dyn Survey>> {
        Some(Arc::new(self.0.clone()))
    }

    async fn begin(&self) -> Box<dyn Transaction + '_> {
        Box::new(self.0.begin())
    }
}

#[async_trait]
impl Transaction for MemoryTransaction {
    fn store(&mut self) -> Box<dyn Store + '_> {
        Box::new(&*self)
    }

    async fn commit(self: Box<Self>) -> Result<(), Fault> {
        Self::commit(*self)
    }

    async fn rollback(self: Box<Self>) -> Result<(), Fault> {
        Ok(())
    }
}
