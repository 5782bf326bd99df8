//! Rounds of seals, as long as somebody wants them.

use std::time::Duration;

use hos_core::hos::Hos;
use hos_core::id::{ActorId, Role, World};
use hos_core::law::Law;
use hos_core::laws::Registry as _;
use hos_core::memory::MemoryStore;
use hos_core::note::SigningKey;
use hos_core::policy::RoleDefinition;
use hos_core::proof::PAGE_MAX;
use hos_core::seal::{Keys, LogName};
use hos_work::{DirectoryKeeper, SealingOptions, seal_forever};

#[tokio::test(start_paused = true)]
async fn rounds_seal_and_anchor_until_they_are_dropped() {
    let directory = tempfile::tempdir().unwrap();
    let law = Law::builder("desk", "1").roles([RoleDefinition::superuser("root")]).build().unwrap();
    let hos = Hos::open([law], MemoryStore::new()).await.unwrap();
    let key = SigningKey::from_seed("hos.local", &[7; 32]).unwrap();
    let keeper = DirectoryKeeper::open(directory.path()).unwrap();
    let sealer = hos.sealer(Keys::new(key), keeper).unwrap();
    let options = SealingOptions::default().anchor_every(Duration::from_secs(2));
    let rounds = tokio::spawn(async move { seal_forever(&sealer, options).await });
    let (root, role) = (ActorId::new("root").unwrap(), Role::new("root").unwrap());
    hos.bootstrap(&World::new("desk").unwrap(), &root, &role, b"boot").await.unwrap();
    let mut anchored = Vec::new();
    while anchored.is_empty() {
        // Time stands still but for whoever waits for it.
        tokio::time::advance(Duration::from_millis(250)).await;
        tokio::task::yield_now().await;
        anchored = hos.checkpoints(&LogName::Deployment, 0, PAGE_MAX).await.unwrap();
    }
    rounds.abort();
    assert!(rounds.await.unwrap_err().is_cancelled());
}
