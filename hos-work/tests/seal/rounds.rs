//! Rounds of seals, as long as somebody wants them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use hos_core::error::{Fault, FaultKind};
use hos_core::hos::{Hos, Sealer};
use hos_core::id::{ActorId, Role, World};
use hos_core::law::Law;
use hos_core::laws::Registry as _;
use hos_core::memory::MemoryStore;
use hos_core::note::SigningKey;
use hos_core::policy::RoleDefinition;
use hos_core::proof::PAGE_MAX;
use hos_core::seal::{Keeper, Keys, LogName, MemoryKeeper};
use hos_work::{DirectoryKeeper, SealingOptions, seal_forever};

#[tokio::test(start_paused = true)]
async fn rounds_seal_and_anchor_until_they_are_dropped() {
    let directory = tempfile::tempdir().unwrap();
    let sealer = desk(DirectoryKeeper::open(directory.path()).unwrap()).await;
    let hos = sealer.hos().clone();
    let options = SealingOptions::default().anchor_every(Duration::from_secs(2));
    let rounds = tokio::spawn(async move { seal_forever(&sealer, options).await });
    let mut anchored = Vec::new();
    while anchored.is_empty() {
        pass().await;
        anchored = hos.checkpoints(&LogName::Deployment, 0, PAGE_MAX).await.unwrap();
    }
    rounds.abort();
    assert!(rounds.await.unwrap_err().is_cancelled());
}

#[tokio::test(start_paused = true)]
async fn a_deployment_that_cannot_be_anchored_does_not_have_every_log_looked_at_in_every_round() {
    let asked = Arc::new(Asked::default());
    let sealer =
        desk(Unanchored { asked: Arc::clone(&asked), rest: MemoryKeeper::default() }).await;
    let rounds =
        tokio::spawn(async move { seal_forever(&sealer, SealingOptions::default()).await });
    while asked.deployment.load(Ordering::Relaxed) < 20 {
        pass().await;
    }
    rounds.abort();
    assert!(rounds.await.unwrap_err().is_cancelled());
    // It is looked at as every log is, and when its first entries are sealed.
    assert!(asked.tenant.load(Ordering::Relaxed) <= 4, "{asked:?}");
}

/// A world whose first entries wait to be sealed.
async fn desk(keeper: impl Keeper + 'static) -> Sealer {
    let law = Law::builder("desk", "1").roles([RoleDefinition::superuser("root")]).build().unwrap();
    let hos = Hos::open([law], MemoryStore::new()).await.unwrap();
    let key = SigningKey::from_seed("hos.local", &[7; 32]).unwrap();
    let (root, role) = (ActorId::new("root").unwrap(), Role::new("root").unwrap());
    hos.bootstrap(&World::new("desk").unwrap(), &root, &role, b"boot").await.unwrap();
    hos.sealer(Keys::new(key), keeper).unwrap()
}

/// Time stands still but for whoever waits for it.
async fn pass() {
    tokio::time::advance(Duration::from_millis(250)).await;
    tokio::task::yield_now().await;
}

#[derive(Debug, Default)]
struct Asked {
    tenant: AtomicU32,
    deployment: AtomicU32,
}

/// A keeper that answers for no log of a deployment.
struct Unanchored {
    asked: Arc<Asked>,
    rest: MemoryKeeper,
}

#[async_trait]
impl Keeper for Unanchored {
    async fn last(&self, origin: &str) -> Result<Option<String>, Fault> {
        if origin.ends_with("/deployment") {
            self.asked.deployment.fetch_add(1, Ordering::Relaxed);
            return Err(Fault::new(FaultKind::Unavailable, "the deployment's note is away"));
        }
        self.asked.tenant.fetch_add(1, Ordering::Relaxed);
        self.rest.last(origin).await
    }

    async fn keep(&self, origin: &str, size: u64, note: &str) -> Result<(), Fault> {
        self.rest.keep(origin, size, note).await
    }
}
