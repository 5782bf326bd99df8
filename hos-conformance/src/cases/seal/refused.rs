//! What is not sealed, and what goes on after a sealer died.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use hos_core::error::FaultKind;
use hos_core::hos::Sealing;
use hos_core::laws::Registry as _;
use hos_core::merkle::root_of;
use hos_core::note::SigningKey;
use hos_core::proof::PAGE_MAX;
use hos_core::seal::{
    Anchor, Checkpoint, Keeper as _, Keys, LogName, MemoryKeeper, TILE_HASHES, Tile,
};

use crate::case::cases;
use crate::sealing::{Forgetful, Interrupted, forged, key, kind, log_of, published, signed};
use crate::stage::{NEIGHBOUR, Stage, firm, tenant, world};

cases!(
    "seal",
    [
        seal_refuses_a_log_that_is_behind_what_was_signed,
        seal_of_an_idle_log_tells_that_it_came_back,
        seal_refuses_a_log_that_is_beside_what_was_signed,
        seal_refuses_a_checkpoint_over_other_entries,
        seal_refuses_a_log_with_a_tile_of_other_entries,
        seal_compares_leaves_before_it_writes_tiles,
        seal_refuses_a_deployment_whose_leaf_is_not_its_note,
        seal_that_is_refused_holds_up_no_other_log,
        seal_without_a_key_publishes_nothing,
        seal_by_a_key_of_another_name_is_refused,
        seal_goes_on_where_a_sealer_died_before_it_kept,
        seal_publishes_what_was_kept_before_a_sealer_died,
        seal_signs_anew_what_was_kept_without_its_signature,
        seal_refuses_where_another_store_was_signed_first,
    ]
);

async fn seal_refuses_a_log_that_is_behind_what_was_signed(stage: Stage) {
    stage.settle().await;
    let keeper: Arc<MemoryKeeper> = Arc::default();
    let origin = stage.hos.origin(&log_of(&firm()));
    let size = stage.size().await;
    keeper.keep(&origin, size + 1, &forged(&origin, size + 1, [7; 32])).await.unwrap();
    let sealer = stage.sealer(&keeper);
    assert_eq!(kind(sealer.seal(&world(), &firm()).await), FaultKind::Restored);
    assert_eq!(stage.hos.checkpoints(&log_of(&firm()), 0, 1).await.unwrap(), []);
}

/// Nothing has been recorded since the backup: nobody would look.
async fn seal_of_an_idle_log_tells_that_it_came_back(stage: Stage) {
    stage.order("o").await;
    stage.settle().await;
    let keeper: Arc<MemoryKeeper> = Arc::default();
    let sealer = stage.sealer(&keeper);
    assert!(sealer.seal_every().await.unwrap().refused.is_empty());
    let origin = stage.hos.origin(&log_of(&firm()));
    let size = stage.size().await;
    keeper.keep(&origin, size + 1, &forged(&origin, size + 1, [7; 32])).await.unwrap();
    assert_eq!(sealer.seal_pending(100).await.unwrap().tried(), 0);
    let told = sealer.seal_every().await.unwrap().refused;
    let told: Vec<_> = told.into_iter().map(|(log, fault)| (log, fault.kind())).collect();
    assert_eq!(told, [(log_of(&firm()), FaultKind::Restored)]);
    assert_eq!(kind(sealer.seal(&world(), &firm()).await), FaultKind::Restored);
}

async fn seal_refuses_a_log_that_is_beside_what_was_signed(stage: Stage) {
    stage.order("o").await;
    stage.settle().await;
    let origin = stage.hos.origin(&log_of(&firm()));
    for below in 0..2 {
        let size = stage.size().await - below;
        let keeper: Arc<MemoryKeeper> = Arc::default();
        keeper.keep(&origin, size, &forged(&origin, size, [7; 32])).await.unwrap();
        let sealer = stage.sealer(&keeper);
        assert_eq!(kind(sealer.seal(&world(), &firm()).await), FaultKind::Restored);
    }
    assert_eq!(stage.hos.checkpoints(&log_of(&firm()), 0, 1).await.unwrap(), []);
}

async fn seal_refuses_a_checkpoint_over_other_entries(stage: Stage) {
    stage.settle().await;
    let log = log_of(&firm());
    let origin = stage.hos.origin(&log);
    let size = stage.size().await;
    let note = forged(&origin, size, [7; 32]);
    let sealed_at = hos_core::time::Timestamp::EPOCH;
    let checkpoint = Checkpoint { size, note, sealed_at };
    stage.backend().seals().publish(&log, 0, &checkpoint).await.unwrap();
    stage.order("o").await;
    stage.settle().await;
    let sealer = stage.sealer(&Arc::default());
    assert_eq!(kind(sealer.seal(&world(), &firm()).await), FaultKind::Corrupt);
    let entry = stage.log().await.remove(0);
    assert_eq!(kind(stage.hos.prove(&world(), &firm(), entry.id).await), FaultKind::Corrupt);
}

async fn seal_refuses_a_log_with_a_tile_of_other_entries(stage: Stage) {
    stage.settle().await;
    let hashes = vec![[1; 32]; TILE_HASHES];
    let tile = Tile { level: 0, place: 0, root: root_of(hashes.iter().copied()), hashes };
    stage.backend().seals().write_tiles(&log_of(&firm()), &[tile]).await.unwrap();
    stage.order("o").await;
    stage.touched("o", 255, "touch").await;
    let sealer = stage.sealer(&Arc::default());
    assert_eq!(kind(sealer.seal(&world(), &firm()).await), FaultKind::Corrupt);
    assert_eq!(stage.hos.checkpoints(&log_of(&firm()), 0, 1).await.unwrap(), []);
}

async fn seal_compares_leaves_before_it_writes_tiles(stage: Stage) {
    stage.order("o").await;
    stage.settle().await;
    let log = log_of(&firm());
    let size = stage.size().await;
    let note = forged(&stage.hos.origin(&log), size, [7; 32]);
    let sealed_at = hos_core::time::Timestamp::EPOCH;
    let checkpoint = Checkpoint { size, note, sealed_at };
    stage.backend().seals().publish(&log, 0, &checkpoint).await.unwrap();
    stage.touched("o", 256, "touch").await;
    let sealer = stage.sealer(&Arc::default());
    assert_eq!(kind(sealer.seal(&world(), &firm()).await), FaultKind::Corrupt);
    assert_eq!(stage.backend().seals().state(&log).await.unwrap().tiles, 0);
}

async fn seal_refuses_a_deployment_whose_leaf_is_not_its_note(stage: Stage) {
    let sealer = stage.sealer(&Arc::default());
    let Checkpoint { size, note, .. } = stage.sealed(&sealer).await;
    let anchor = Anchor { index: 0, log: log_of(&firm()), size, note, leaf_hash: [7; 32] };
    assert!(stage.backend().seals().anchor(&[anchor]).await.unwrap());
    assert_eq!(kind(sealer.anchor_round(PAGE_MAX).await), FaultKind::Corrupt);
    assert_eq!(stage.hos.checkpoints(&LogName::Deployment, 0, 1).await.unwrap(), []);
}

async fn seal_that_is_refused_holds_up_no_other_log(stage: Stage) {
    stage.settle().await;
    let keeper: Arc<MemoryKeeper> = Arc::default();
    let log = log_of(&firm());
    let origin = stage.hos.origin(&log);
    keeper.keep(&origin, 1_000, &forged(&origin, 1_000, [7; 32])).await.unwrap();
    let sealer = stage.sealer(&keeper);
    let all = sealer.seal_pending(PAGE_MAX).await.unwrap();
    assert_eq!(all.sealed.len(), 2, "{all:?}");
    let [(refused, fault)] = all.refused.as_slice() else { panic!("{all:?}") };
    assert_eq!((refused, fault.kind()), (&log, FaultKind::Restored));
    stage.change_neighbour().await;
    // One at a time: the refused log has its turn, and then the other.
    let mut sealed = 0;
    for _ in 0..4 {
        sealed += sealer.seal_pending(1).await.unwrap().sealed.len();
    }
    assert_eq!(sealed, 1);
    assert_eq!(stage.hos.checkpoints(&log_of(&tenant(NEIGHBOUR)), 0, 9).await.unwrap().len(), 2);
}

async fn seal_without_a_key_publishes_nothing(stage: Stage) {
    stage.settle().await;
    let signer = Interrupted::new(None);
    signer.fails.store(true, Ordering::SeqCst);
    let sealer = stage.hos.sealer(signer, Arc::<MemoryKeeper>::default()).unwrap();
    assert_eq!(kind(sealer.seal(&world(), &firm()).await), FaultKind::Key);
    assert_eq!(stage.hos.checkpoints(&log_of(&firm()), 0, 1).await.unwrap(), []);
    published(sealer.seal(&world(), &firm()).await.unwrap());
}

async fn seal_by_a_key_of_another_name_is_refused(stage: Stage) {
    let other = SigningKey::from_seed("other.example", &[7; 32]).unwrap();
    let sealer = stage.hos.sealer(Keys::new(other.clone()), MemoryKeeper::default());
    assert_eq!(kind(sealer), FaultKind::Key);
    assert_eq!(kind(Keys::new(key(7)).beside(other)), FaultKind::Key);
    assert_eq!(kind(Keys::new(key(7)).beside(key(7))), FaultKind::Key);
}

async fn seal_goes_on_where_a_sealer_died_before_it_kept(stage: Stage) {
    stage.settle().await;
    let keeper = Forgetful::default();
    keeper.dies_before.store(true, Ordering::SeqCst);
    let sealer = stage.hos.sealer(Keys::new(key(7)), keeper.clone()).unwrap();
    assert_eq!(kind(sealer.seal(&world(), &firm()).await), FaultKind::Unavailable);
    stage.order("o").await;
    let checkpoint = stage.sealed(&sealer).await;
    assert_eq!(checkpoint.size, stage.size().await);
}

async fn seal_signs_anew_what_was_kept_without_its_signature(stage: Stage) {
    stage.settle().await;
    let keeper = Forgetful::default();
    keeper.dies_after.store(true, Ordering::SeqCst);
    let stranger = stage.hos.sealer(Keys::new(key(8)), keeper.clone()).unwrap();
    assert_eq!(kind(stranger.seal(&world(), &firm()).await), FaultKind::Unavailable);
    let sealer = stage.hos.sealer(Keys::new(key(7)), keeper.clone()).unwrap();
    let checkpoint = stage.sealed(&sealer).await;
    assert_eq!(signed(&checkpoint.note, &key(7)).size(), stage.size().await);
}

async fn seal_refuses_where_another_store_was_signed_first(stage: Stage) {
    stage.settle().await;
    let keeper: Arc<MemoryKeeper> = Arc::default();
    let (origin, size) = (stage.hos.origin(&log_of(&firm())), stage.size().await);
    let other = (Arc::clone(&keeper), forged(&origin, size, [7; 32]));
    let hook = async move { other.0.keep(&origin, size, &other.1).await.unwrap() };
    let signer = Interrupted::new(Some(Box::new(move || Box::pin(hook))));
    let sealer = stage.hos.sealer(signer, keeper).unwrap();
    assert_eq!(kind(sealer.seal(&world(), &firm()).await), FaultKind::Restored);
    assert_eq!(stage.hos.checkpoints(&log_of(&firm()), 0, 1).await.unwrap(), []);
}

async fn seal_publishes_what_was_kept_before_a_sealer_died(stage: Stage) {
    stage.settle().await;
    let keeper = Forgetful::default();
    keeper.dies_after.store(true, Ordering::SeqCst);
    let sealer = stage.hos.sealer(Keys::new(key(7)), keeper.clone()).unwrap();
    assert_eq!(kind(sealer.seal(&world(), &firm()).await), FaultKind::Unavailable);
    let kept = keeper.inner.last(&stage.hos.origin(&log_of(&firm()))).await.unwrap().unwrap();
    let checkpoint = stage.sealed(&sealer).await;
    assert_eq!(checkpoint.note, kept);
    signed(&checkpoint.note, &key(7));
    assert_eq!(sealer.seal(&world(), &firm()).await.unwrap(), Sealing::Unchanged(Some(checkpoint)));
}

impl Stage {
    /// Adds an entry to the neighbour's log.
    async fn change_neighbour(&self) {
        let neighbour = tenant(NEIGHBOUR);
        let change = crate::stage::member("clerk-2", &["clerk"]);
        let root = crate::stage::root();
        let command = hos_core::command::StandingCommand::new(&root, &world(), &neighbour, change);
        let changed = self.hos.change_standing(&command.key("clerk-2")).await;
        changed.expect("a member of the neighbour's");
        self.settle().await;
    }
}
