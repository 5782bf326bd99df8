//! Seals: tiles, checkpoints, and who may publish them.

mod refused;
mod together;

use std::sync::Arc;

use futures_util::future::join_all;
use hos_core::error::FaultKind;
use hos_core::hos::Sealing;
use hos_core::merkle::{root_of, verify_consistency, verify_inclusion};
use hos_core::proof::PAGE_MAX;
use hos_core::seal::{
    Checkpoint, Keys, LogName, MemoryKeeper, ProofState, Published, Span, TILE_HASHES, Tile,
};

use crate::case::{Case, cases};
use crate::sealing::{Interrupted, key, kind, log_of, sealer_over, signed};
use crate::stage::{FIRM, NEIGHBOUR, Stage, act, firm, owner, subject, tenant, world};

cases!(
    "seal",
    [
        seal_publishes_a_note_that_verifies,
        seal_without_new_entries_changes_nothing,
        seal_of_an_empty_log_is_none,
        seal_checkpoints_are_each_consistent_with_the_next,
        seal_is_only_over_more_entries,
        seal_by_many_at_once_publishes_one_note,
        seal_race_is_lost_by_the_slower,
        seal_pending_seals_every_log_that_grew_and_no_other,
        seal_tiles_hold_the_leaf_hashes,
        seal_tiles_are_written_by_many_at_once,
        seal_tile_is_never_another,
        seal_proofs_from_tiles_verify,
        seal_state_of_an_entry_rises,
        seal_of_a_tenant_says_nothing_of_another,
        seal_with_two_keys_verifies_under_either,
        seal_survives_a_restart,
    ]
);

/// The cases of this group and its rooms.
pub(super) fn all() -> Vec<Case> {
    [CASES, refused::CASES, together::CASES].concat()
}

async fn seal_publishes_a_note_that_verifies(stage: Stage) {
    stage.order("o").await;
    let sealer = stage.sealer(&Arc::default());
    let checkpoint = stage.sealed(&sealer).await;
    let signed = signed(&checkpoint.note, &key(7));
    let log = stage.log().await;
    assert_eq!(signed.origin(), format!("suite.example/w/{}/t/{FIRM}/main", world()));
    assert_eq!((signed.size(), checkpoint.size), (stage.size().await, stage.size().await));
    assert_eq!(*signed.root(), root_of(log.iter().map(|entry| entry.leaf_hash)));
    let kept = stage.hos.checkpoints(&log_of(&firm()), 0, PAGE_MAX).await.unwrap();
    assert_eq!(kept, [checkpoint]);
}

async fn seal_without_new_entries_changes_nothing(stage: Stage) {
    let sealer = stage.sealer(&Arc::default());
    let checkpoint = stage.sealed(&sealer).await;
    for _ in 0..2 {
        let again = sealer.seal(&world(), &firm()).await.unwrap();
        assert_eq!(again, Sealing::Unchanged(Some(checkpoint.clone())));
    }
    let kept = stage.hos.checkpoints(&log_of(&firm()), 0, PAGE_MAX).await.unwrap();
    assert_eq!(kept, [checkpoint]);
}

async fn seal_of_an_empty_log_is_none(stage: Stage) {
    let sealer = stage.sealer(&Arc::default());
    let sealing = sealer.seal(&world(), &tenant("firm-9")).await.unwrap();
    assert_eq!(sealing, Sealing::Unchanged(None));
    let log = log_of(&tenant("firm-9"));
    assert_eq!(stage.hos.checkpoints(&log, 0, PAGE_MAX).await.unwrap(), []);
}

async fn seal_checkpoints_are_each_consistent_with_the_next(stage: Stage) {
    let sealer = stage.sealer(&Arc::default());
    stage.sealed(&sealer).await;
    stage.order("o").await;
    stage.sealed(&sealer).await;
    stage.touched("o", 250, "touch").await;
    stage.sealed(&sealer).await;
    stage.touched("o", 40, "more").await;
    stage.sealed(&sealer).await;
    let log = log_of(&firm());
    let checkpoints = stage.hos.checkpoints(&log, 0, PAGE_MAX).await.unwrap();
    assert_eq!(checkpoints.len(), 4);
    for pair in checkpoints.windows(2) {
        let proof = stage.hos.prove_consistency(&log, &pair[0], &pair[1]).await.unwrap();
        let (old, new) = (signed(&pair[0].note, &key(7)), signed(&pair[1].note, &key(7)));
        verify_consistency(old.size(), old.root(), new.size(), new.root(), &proof).unwrap();
    }
    let later = stage.hos.checkpoints(&log, checkpoints[1].size, 2).await.unwrap();
    assert_eq!(later, checkpoints[1..3]);
}

async fn seal_is_only_over_more_entries(stage: Stage) {
    stage.order("o").await;
    let checkpoint = stage.sealed(&stage.sealer(&Arc::default())).await;
    stage.order("p").await;
    stage.settle().await;
    let (log, backend) = (log_of(&firm()), stage.backend());
    let seals = backend.seals();
    let size = seals.state(&log).await.unwrap().size;
    assert_eq!(size, checkpoint.size + 1);
    for (base, over) in [(checkpoint.size, size + 1), (0, size), (checkpoint.size, 1), (size, size)]
    {
        let other = Checkpoint { size: over, ..checkpoint.clone() };
        let published = seals.publish(&log, base, &other).await.unwrap();
        assert_eq!(published, Published::Outrun(Some(checkpoint.clone())), "{base} {over}");
    }
    let kept = stage.hos.checkpoints(&log, 0, PAGE_MAX).await.unwrap();
    assert_eq!(kept, [checkpoint]);
}

async fn seal_by_many_at_once_publishes_one_note(stage: Stage) {
    stage.order("o").await;
    stage.settle().await;
    let sealers: Vec<_> = (0..8).map(|_| stage.sealer(&Arc::default())).collect();
    let (world, firm) = (world(), firm());
    let sealed = join_all(sealers.iter().map(|sealer| sealer.seal(&world, &firm))).await;
    let log = log_of(&firm);
    let checkpoints = stage.hos.checkpoints(&log, 0, PAGE_MAX).await.unwrap();
    let [checkpoint] = checkpoints.as_slice() else { panic!("{checkpoints:?}") };
    let mut published = 0;
    for sealing in sealed {
        match sealing.unwrap() {
            Sealing::Sealed(own) => {
                assert_eq!(own, *checkpoint);
                published += 1;
            }
            other => assert_eq!(other, Sealing::Unchanged(Some(checkpoint.clone()))),
        }
    }
    assert_eq!(published, 1);
}

async fn seal_race_is_lost_by_the_slower(stage: Stage) {
    stage.order("o").await;
    stage.settle().await;
    let quicker = sealer_over(&stage.hos, &Arc::default());
    let signer = Interrupted::new(Some(Box::new(move || {
        Box::pin(async move { drop(quicker.seal(&world(), &firm()).await.unwrap()) })
    })));
    let keeper: Arc<MemoryKeeper> = Arc::default();
    let slower = stage.hos.sealer(signer, keeper).unwrap();
    let sealing = slower.seal(&world(), &firm()).await.unwrap();
    let kept = stage.hos.checkpoints(&log_of(&firm()), 0, PAGE_MAX).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(sealing, Sealing::Unchanged(kept.first().cloned()));
}

async fn seal_pending_seals_every_log_that_grew_and_no_other(stage: Stage) {
    stage.settle().await;
    let sealer = stage.sealer(&Arc::default());
    let all = sealer.seal_pending(PAGE_MAX).await.unwrap();
    let mut logs: Vec<LogName> = all.sealed.iter().map(|(log, _)| log.clone()).collect();
    logs.sort();
    let mut expected = ["@world", FIRM, NEIGHBOUR]
        .map(|of| LogName::of(&world(), &hos_core::id::Tenant::from_stored(of).unwrap()));
    expected.sort();
    assert_eq!((logs.as_slice(), all.tried()), (expected.as_slice(), 3), "{all:?}");
    assert_eq!(sealer.seal_pending(PAGE_MAX).await.unwrap().tried(), 0);
    stage.order("o").await;
    stage.settle().await;
    // Whoever asks for one gets one, and each its turn.
    let one = sealer.seal_pending(1).await.unwrap();
    assert_eq!(one.sealed.first().map(|(log, _)| log), Some(&log_of(&firm())));
    assert_eq!(sealer.seal_pending(PAGE_MAX).await.unwrap().tried(), 0);
}

async fn seal_tiles_hold_the_leaf_hashes(stage: Stage) {
    stage.order("o").await;
    stage.touched("o", 256, "touch").await;
    stage.touched("o", 256, "more").await;
    stage.sealed(&stage.sealer(&Arc::default())).await;
    let backend = stage.backend();
    let seals = backend.seals();
    let log = log_of(&firm());
    assert_eq!(seals.state(&log).await.unwrap().tiles, 2);
    let hashes: Vec<_> = stage.log().await.iter().map(|entry| entry.leaf_hash).collect();
    let spans = [
        Span::Tile { level: 0, place: 1 },
        Span::Edge { level: 1, first: 0, count: 2 },
        Span::Edge { level: 0, first: 512, count: 3 },
        Span::Tile { level: 0, place: 0 },
    ];
    let read = seals.hashes(&log, &spans).await.unwrap();
    let roots = [&hashes[..256], &hashes[256..512]].map(|tile| root_of(tile.iter().copied()));
    assert_eq!(read[0], hashes[256..512]);
    assert_eq!(read[1], roots);
    assert_eq!(read[2], hashes[512..515]);
    assert_eq!(read[3], hashes[..256]);
    for missing in [Span::Tile { level: 0, place: 2 }, Span::Edge { level: 1, first: 1, count: 2 }]
    {
        assert_eq!(kind(seals.hashes(&log, &[missing]).await), FaultKind::Corrupt);
    }
}

async fn seal_tiles_are_written_by_many_at_once(stage: Stage) {
    stage.order("o").await;
    stage.touched("o", 256, "touch").await;
    let sealers: Vec<_> = (0..4).map(|_| stage.sealer(&Arc::default())).collect();
    let (world, firm) = (world(), firm());
    for sealing in join_all(sealers.iter().map(|sealer| sealer.seal(&world, &firm))).await {
        sealing.unwrap();
    }
    assert_eq!(stage.backend().seals().state(&log_of(&firm)).await.unwrap().tiles, 1);
}

async fn seal_tile_is_never_another(stage: Stage) {
    stage.settle().await;
    let (log, backend) = (log_of(&firm()), stage.backend());
    let seals = backend.seals();
    let hashes = vec![[1; 32]; TILE_HASHES];
    let tile = Tile { level: 0, place: 0, root: root_of(hashes.iter().copied()), hashes };
    seals.write_tiles(&log, std::slice::from_ref(&tile)).await.unwrap();
    seals.write_tiles(&log, std::slice::from_ref(&tile)).await.unwrap();
    let other = Tile { root: [2; 32], ..tile.clone() };
    assert_eq!(kind(seals.write_tiles(&log, &[other]).await), FaultKind::Corrupt);
    let read = seals.hashes(&log, &[Span::Tile { level: 0, place: 0 }]).await.unwrap();
    assert_eq!(read[0], tile.hashes);
    let root = seals.hashes(&log, &[Span::Edge { level: 1, first: 0, count: 1 }]).await.unwrap();
    assert_eq!(root[0], [tile.root]);
}

async fn seal_proofs_from_tiles_verify(stage: Stage) {
    stage.order("o").await;
    stage.touched("o", 255, "touch").await;
    stage.touched("o", 60, "more").await;
    let sealer = stage.sealer(&Arc::default());
    let checkpoint = stage.sealed(&sealer).await;
    let head = signed(&checkpoint.note, &key(7));
    let log = stage.log().await;
    for entry in log.iter().step_by(17).chain(log.last()) {
        let proven = stage.hos.prove(&world(), &firm(), entry.id).await.unwrap().unwrap();
        assert_eq!(Some(proven.index), entry.index);
        assert_eq!((&proven.entry, &proven.checkpoint), (entry, &checkpoint));
        let (root, hash) = (head.root(), &entry.leaf_hash);
        verify_inclusion(root, head.size(), proven.index, hash, &proven.proof).unwrap();
    }
    // What came later is not under the checkpoint yet.
    let cancel = act(&owner(), &subject("order", "o"), "cancel", "cancel");
    let late = stage.moved(&cancel).await.proof_id;
    stage.settle().await;
    assert_eq!(stage.hos.prove(&world(), &firm(), late).await.unwrap(), None);
    stage.sealed(&sealer).await;
    assert!(stage.hos.prove(&world(), &firm(), late).await.unwrap().is_some());
}

async fn seal_state_of_an_entry_rises(stage: Stage) {
    let keeper: Arc<MemoryKeeper> = Arc::default();
    let sealer = stage.sealer(&keeper);
    stage.order("o").await;
    stage.settle().await;
    let entry = stage.log().await.pop().unwrap();
    let state = async || stage.hos.proof_state(&world(), &firm(), entry.id).await.unwrap();
    assert_eq!(state().await, Some(ProofState::Sequenced));
    stage.sealed(&sealer).await;
    assert_eq!(state().await, Some(ProofState::Sealed));
    sealer.anchor_round(PAGE_MAX).await.unwrap();
    assert_eq!(state().await, Some(ProofState::Sealed), "nobody outside has seen it");
    let deployment = stage.hos.checkpoints(&LogName::Deployment, 0, 1).await.unwrap();
    stage.hos.timestamped(deployment[0].size, "tsa.example", b"token").await.unwrap();
    assert_eq!(state().await, Some(ProofState::Anchored));
}

async fn seal_of_a_tenant_says_nothing_of_another(stage: Stage) {
    let sealer = stage.sealer(&Arc::default());
    stage.order("o").await;
    let ours = stage.sealed(&sealer).await;
    let entry = stage.log().await.pop().unwrap();
    let theirs = tenant(NEIGHBOUR);
    assert_eq!(stage.hos.checkpoints(&log_of(&theirs), 0, PAGE_MAX).await.unwrap(), []);
    assert_eq!(stage.hos.prove(&world(), &theirs, entry.id).await.unwrap(), None);
    assert_eq!(stage.hos.proof_state(&world(), &theirs, entry.id).await.unwrap(), None);
    sealer.seal(&world(), &theirs).await.unwrap();
    let own = stage.hos.checkpoints(&log_of(&theirs), 0, PAGE_MAX).await.unwrap();
    assert_eq!(own.len(), 1);
    assert_ne!(signed(&own[0].note, &key(7)).origin(), signed(&ours.note, &key(7)).origin());
    sealer.anchor_round(PAGE_MAX).await.unwrap();
    let anchor = stage.hos.prove_anchor(&world(), &theirs, 0).await.unwrap().unwrap();
    assert_eq!(anchor.anchor.note, own[0].note);
}

async fn seal_with_two_keys_verifies_under_either(stage: Stage) {
    let keeper: Arc<MemoryKeeper> = Arc::default();
    stage.sealed(&stage.sealer(&keeper)).await;
    stage.order("o").await;
    let keys = Keys::new(key(7)).beside(key(8)).unwrap();
    let both = stage.sealed(&stage.hos.sealer(keys, Arc::clone(&keeper)).unwrap()).await;
    assert_eq!(signed(&both.note, &key(7)), signed(&both.note, &key(8)));
    stage.order("p").await;
    let new = stage.hos.sealer(Keys::new(key(8)), keeper).unwrap();
    signed(&stage.sealed(&new).await.note, &key(8));
}

async fn seal_survives_a_restart(stage: Stage) {
    let keeper: Arc<MemoryKeeper> = Arc::default();
    stage.order("o").await;
    let first = stage.sealed(&stage.sealer(&keeper)).await;
    let stage = stage.restart().await;
    let sealer = stage.sealer(&keeper);
    let again = sealer.seal(&world(), &firm()).await.unwrap();
    assert_eq!(again, Sealing::Unchanged(Some(first.clone())));
    stage.order("p").await;
    let second = stage.sealed(&sealer).await;
    let proof = stage.hos.prove_consistency(&log_of(&firm()), &first, &second).await;
    assert!(proof.is_ok(), "{proof:?}");
}
