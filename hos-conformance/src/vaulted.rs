//! The suite's law with a vault, and a vault that fails when it is told to.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use hos_core::actor::Actor;
use hos_core::cipher::KeyId;
use hos_core::command::{Erasure, Record};
use hos_core::error::{Fault, FaultKind};
use hos_core::hos::Hos;
use hos_core::id::{ActorId, Name, Tenant, World};
use hos_core::laws::Proofs as _;
use hos_core::proof::LogEntry;
use hos_core::time::{ProofId, Timestamp};
use hos_core::vault::{
    Closed, KeyWrapper, MasterKeys, Person, PersonKeys, StoredKey, StoredPerson, Vault, Wrapped,
};

use crate::forward::Shared;
use crate::law::law;
use crate::stage::{Stage, firm, root, world};

/// Two master keys; the first one wraps.
pub(crate) const MASTERS: &str = "\
    2026 MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY\n\
    2025 ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA\n";

pub(crate) fn master() -> Arc<dyn KeyWrapper> {
    Arc::new(MasterKeys::parse(MASTERS).expect("master keys"))
}

impl Stage {
    /// The suite's law as a process opens it that has the vault of the backend.
    pub(crate) async fn vaulted(&self) -> Hos {
        self.with_vault(self.ground.vault().await).await
    }

    /// The suite's law with some vault.
    pub(crate) async fn with_vault(&self, vault: Arc<dyn Vault>) -> Hos {
        let options = self.options().vault(vault, master());
        let opened = Hos::open_with([law()], Shared(self.backend()), options).await;
        opened.expect("a law opens")
    }
}

pub(crate) fn person(id: &str) -> Person {
    Person { world: world(), tenant: firm(), id: ActorId::new(id).unwrap() }
}

/// Somebody says something, which is kept as a part of an entry.
pub(crate) async fn say(hos: &Hos, actor: &Actor, what: &str) -> ProofId {
    said(hos, Record::new(actor, &world(), &firm(), "note"), what).await
}

/// A record that says something.
pub(crate) async fn said(hos: &Hos, record: Record, what: &str) -> ProofId {
    let record = record.payload("said", what).key(what);
    hos.record(&record).await.expect("a record").proof_id
}

/// Erases a person of the firm; by the superuser.
pub(crate) fn erase(id: &str, key: &str) -> Erasure {
    let person = ActorId::new(id).unwrap();
    Erasure::person(&root(), &world(), &firm(), &person, "consent_withdrawn")
        .requester("subject")
        .key(key)
}

pub(crate) async fn find(hos: &Hos, id: ProofId) -> LogEntry {
    hos.find(&world(), &firm(), id).await.expect("it reads").expect("the entry is there")
}

/// What a record said, if it can be read.
pub(crate) async fn told(hos: &Hos, id: ProofId) -> Option<String> {
    find(hos, id).await.parts.first().map(|part| part.body.clone())
}

/// When a call of a vault fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Before it was done.
    Before(&'static str),
    /// After it was done: the answer is lost.
    After(&'static str),
}

/// A vault whose next call of some name is cut, once, and which holds a damaged key.
pub(crate) struct CutVault {
    inner: Arc<dyn Vault>,
    cut: Mutex<Option<Cut>>,
    damaged: Mutex<Option<Person>>,
}

impl CutVault {
    pub(crate) fn new(inner: Arc<dyn Vault>) -> Arc<Self> {
        Arc::new(Self { inner, cut: Mutex::default(), damaged: Mutex::default() })
    }

    pub(crate) fn cut(&self, cut: Cut) {
        *self.cut.lock().unwrap_or_else(PoisonError::into_inner) = Some(cut);
    }

    /// From now on nobody reads the keys of a person.
    pub(crate) fn damage(&self, person: &Person) {
        *self.damaged.lock().unwrap_or_else(PoisonError::into_inner) = Some(person.clone());
    }

    fn take(&self, cut: Cut) -> Result<(), Fault> {
        let mut waiting = self.cut.lock().unwrap_or_else(PoisonError::into_inner);
        if *waiting != Some(cut) {
            return Ok(());
        }
        *waiting = None;
        Err(Fault::new(FaultKind::Unavailable, "cut"))
    }
}

macro_rules! cut {
    ($self:ident, $name:literal, $call:expr) => {{
        $self.take(Cut::Before($name))?;
        let answer = $call.await?;
        $self.take(Cut::After($name))?;
        Ok(answer)
    }};
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl Vault for CutVault {
    async fn keys(&self, person: &Person) -> Result<PersonKeys, Fault> {
        let damaged = self.damaged.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if damaged.as_ref() == Some(person) {
            return Err(Fault::new(FaultKind::Corrupt, "a key that cannot be read"));
        }
        cut!(self, "keys", self.inner.keys(person))
    }

    async fn add(&self, key: &StoredKey) -> Result<(), Fault> {
        cut!(self, "add", self.inner.add(key))
    }

    async fn find(
        &self,
        world: &World,
        tenant: &Tenant,
        ids: &[KeyId],
    ) -> Result<Vec<StoredKey>, Fault> {
        cut!(self, "find", self.inner.find(world, tenant, ids))
    }

    async fn close(&self, person: &Person, since: u64) -> Result<Closed, Fault> {
        cut!(self, "close", self.inner.close(person, since))
    }

    async fn destroy(
        &self,
        person: &Person,
        through: u32,
        entry: ProofId,
        at: Timestamp,
    ) -> Result<u32, Fault> {
        cut!(self, "destroy", self.inner.destroy(person, through, entry, at))
    }

    async fn hold(&self, person: &Person, matter: &Name, at: Timestamp) -> Result<Name, Fault> {
        cut!(self, "hold", self.inner.hold(person, matter, at))
    }

    async fn release(&self, person: &Person, matter: &Name, until: Timestamp) -> Result<(), Fault> {
        cut!(self, "release", self.inner.release(person, matter, until))
    }

    async fn held(&self, world: &World, tenant: &Tenant) -> Result<Option<Name>, Fault> {
        cut!(self, "held", self.inner.held(world, tenant))
    }

    async fn walked(&self, world: &World, tenant: &Tenant) -> Result<u64, Fault> {
        cut!(self, "walked", self.inner.walked(world, tenant))
    }

    async fn walk_to(&self, world: &World, tenant: &Tenant, size: u64) -> Result<(), Fault> {
        cut!(self, "walk_to", self.inner.walk_to(world, tenant, size))
    }

    async fn page(&self, after: Option<KeyId>, limit: u32) -> Result<Vec<StoredKey>, Fault> {
        cut!(self, "page", self.inner.page(after, limit))
    }

    async fn persons(
        &self,
        after: Option<&Person>,
        limit: u32,
    ) -> Result<Vec<StoredPerson>, Fault> {
        cut!(self, "persons", self.inner.persons(after, limit))
    }

    async fn adopt(&self, person: &StoredPerson) -> Result<(), Fault> {
        cut!(self, "adopt", self.inner.adopt(person))
    }

    async fn rewrap(&self, id: KeyId, from: &Wrapped, to: &Wrapped) -> Result<bool, Fault> {
        cut!(self, "rewrap", self.inner.rewrap(id, from, to))
    }
}
