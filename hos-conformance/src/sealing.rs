//! What cases of seals share: keys, keepers and signers that fail when told.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use hos_core::checkpoint::Checkpoint as Signed;
use hos_core::error::{Fault, FaultKind};
use hos_core::hos::{Hos, Sealer, Sealing};
use hos_core::id::Tenant;
use hos_core::merkle::Hash;
use hos_core::note::{Signature, SignedNote, SigningKey, VerifierKey};
use hos_core::seal::{Checkpoint, Keeper, Keys, LogName, MemoryKeeper, Signer};

use crate::forward::Hook;
use crate::stage::{Stage, act, firm, owner, world};

/// The name of the suite's deployment, and of its keys.
pub(crate) const DEPLOYMENT: &str = "suite.example";

pub(crate) fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(DEPLOYMENT, &[seed; 32]).unwrap()
}

pub(crate) fn sealer_over(hos: &Hos, keeper: &Arc<MemoryKeeper>) -> Sealer {
    hos.sealer(Keys::new(key(7)), Arc::clone(keeper)).expect("a sealer")
}

impl Stage {
    pub(crate) fn sealer(&self, keeper: &Arc<MemoryKeeper>) -> Sealer {
        sealer_over(&self.hos, keeper)
    }

    /// Gives every entry its place.
    pub(crate) async fn settle(&self) {
        while self.hos.sequence_pending(1_000).await.expect("entries are numbered") > 0 {}
    }

    /// Adds so many entries to the firm's log.
    pub(crate) async fn touched(&self, order: &str, times: u32, key: &str) {
        let order = crate::stage::subject("order", order);
        let touch =
            |n| act(&owner(), &order, "touch", &format!("{key} {n}")).input("note", "again");
        let commands: Vec<_> = (0..times).map(touch).collect();
        for receipt in self.hos.transition_all(&commands).await {
            receipt.expect("an order is touched");
        }
        self.settle().await;
    }

    /// Seals the firm's log, which has new entries.
    pub(crate) async fn sealed(&self, sealer: &Sealer) -> Checkpoint {
        self.settle().await;
        published(sealer.seal(&world(), &firm()).await.expect("the log is sealed"))
    }
}

pub(crate) fn published(sealing: Sealing) -> Checkpoint {
    match sealing {
        Sealing::Sealed(checkpoint) => checkpoint,
        other => panic!("expected a new checkpoint, got {other:?}"),
    }
}

pub(crate) fn log_of(tenant: &Tenant) -> LogName {
    LogName::of(&world(), tenant)
}

/// What was signed, once the key's signature was checked.
pub(crate) fn signed(note: &str, key: &SigningKey) -> Signed {
    let note = SignedNote::parse(note.as_bytes()).expect("a note");
    note.verify(&[key.verifier_key()]).expect("a note of this key");
    Signed::parse(note.text()).expect("a checkpoint")
}

/// A note over a log that is not there.
pub(crate) fn forged(origin: &str, size: u64, root: Hash) -> String {
    let text = Signed::new(origin, size, root).unwrap().to_text();
    SignedNote::new(&text, vec![key(7).sign(&text)]).unwrap().to_string()
}

pub(crate) fn kind<T: std::fmt::Debug>(answer: Result<T, Fault>) -> FaultKind {
    answer.expect_err("a fault").kind()
}

/// A signer before whose next signature something else happens, or which fails.
#[derive(Clone)]
pub(crate) struct Interrupted {
    keys: Arc<Keys>,
    hook: Arc<Mutex<Option<Hook>>>,
    pub(crate) fails: Arc<AtomicBool>,
}

impl Interrupted {
    pub(crate) fn new(hook: Option<Hook>) -> Self {
        let keys = Arc::new(Keys::new(key(7)));
        Self { keys, hook: Arc::new(Mutex::new(hook)), fails: Arc::default() }
    }
}

#[async_trait]
impl Signer for Interrupted {
    fn keys(&self) -> &[VerifierKey] {
        self.keys.keys()
    }

    async fn sign(&self, text: &str) -> Result<Vec<Signature>, Fault> {
        if self.fails.swap(false, Ordering::SeqCst) {
            return Err(Fault::new(FaultKind::Key, "injected: no key"));
        }
        let hook = self.hook.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(hook) = hook {
            hook().await;
        }
        self.keys.sign(text).await
    }
}

/// A keeper whose next answer is lost, after it kept or before.
#[derive(Clone, Default)]
pub(crate) struct Forgetful {
    pub(crate) inner: Arc<MemoryKeeper>,
    pub(crate) dies_before: Arc<AtomicBool>,
    pub(crate) dies_after: Arc<AtomicBool>,
}

#[async_trait]
impl Keeper for Forgetful {
    async fn last(&self, origin: &str) -> Result<Option<String>, Fault> {
        self.inner.last(origin).await
    }

    async fn keep(&self, origin: &str, size: u64, note: &str) -> Result<(), Fault> {
        let dead = || Fault::new(FaultKind::Unavailable, "injected: the process died");
        if self.dies_before.swap(false, Ordering::SeqCst) {
            return Err(dead());
        }
        self.inner.keep(origin, size, note).await?;
        if self.dies_after.swap(false, Ordering::SeqCst) { Err(dead()) } else { Ok(()) }
    }
}
