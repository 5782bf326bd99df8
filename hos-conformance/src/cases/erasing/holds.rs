//! Holds, which refuse erasures.

use std::sync::Arc;

use hos_core::command::{Erasure, Hold};
use hos_core::error::Error;
use hos_core::hos::{ErasureWalk, Hos};
use hos_core::id::{ActorId, Name};
use hos_core::time::Timestamp;
use hos_core::vault::{MemoryVault, Vault as _};

use super::super::erasure::verify;
use super::{raced, taker, walk};
use crate::case::cases;
use crate::stage::{Stage, code, firm, leaf, owner, root, world};
use crate::vaulted::{Cut, CutVault, erase, find, person, say, told};

cases!(
    "erasure",
    [
        erasing_is_refused_by_a_hold,
        erasing_of_a_held_persons_part_is_refused,
        erasing_of_a_held_persons_plain_part_is_refused,
        erasing_is_judged_again_when_a_hold_overtakes_it,
        erasing_hold_is_placed_and_lifted_with_proof,
        erasing_hold_cut_midway_keeps_the_person,
        erasing_hold_is_never_renewed_by_a_replay,
        erasing_hold_outlives_the_end_of_an_earlier_one,
        erasing_hold_ends_whatever_the_clock_says,
        erasing_walk_never_places_a_hold_that_was_lifted,
        erasing_walk_never_lifts_a_hold_in_force,
        erasing_walk_is_overtaken_by_the_end_of_a_hold,
        erasing_hold_comes_back_to_a_restored_vault,
    ]
);

fn hold(person: &str, matter: &str, key: &str) -> Hold {
    let person = ActorId::new(person).unwrap();
    Hold::place(&root(), &world(), &firm(), &person, matter).key(key)
}

fn lift(person: &str, matter: &str, key: &str) -> Hold {
    let person = ActorId::new(person).unwrap();
    Hold::lift(&root(), &world(), &firm(), &person, matter).key(key)
}

async fn erasing_is_refused_by_a_hold(stage: Stage) {
    let hos = stage.vaulted().await;
    let id = say(&hos, &owner(), "kept").await;
    hos.hold(&hold("owner-1", "case_17", "h")).await.unwrap();
    for key in ["e1", "e2"] {
        match hos.erase(&erase("owner-1", key)).await {
            Err(Error::Refused(hos_core::error::Refusal::Held(matter))) => {
                assert_eq!(matter, "case_17");
            }
            other => panic!("held: {other:?}"),
        }
    }
    assert!(told(&hos, id).await.is_some());
    hos.erase(&erase("clerk-1", "e3")).await.expect("nobody else is held");
    hos.hold(&lift("owner-1", "case_17", "l")).await.unwrap();
    let erased = hos.erase(&erase("owner-1", "e1")).await.unwrap();
    assert_eq!(taker(&find(&hos, id).await), Some(erased.proof_id));
}

async fn erasing_of_a_held_persons_part_is_refused(stage: Stage) {
    let hos = stage.vaulted().await;
    let id = say(&hos, &owner(), "kept").await;
    hos.hold(&hold("owner-1", "case_17", "h")).await.unwrap();
    let parts = [(id, "payload".to_owned())];
    let erasure = Erasure::parts(&root(), &world(), &firm(), parts, "mistake").key("e");
    assert_eq!(code(hos.erase(&erasure).await), "held");
    assert!(told(&hos, id).await.is_some());
}

async fn erasing_of_a_held_persons_plain_part_is_refused(stage: Stage) {
    let hos = stage.vaulted().await;
    // As from before there was a vault.
    let id = say(&stage.hos, &owner(), "kept").await;
    let theirs = say(&stage.hos, &root(), "not kept").await;
    hos.hold(&hold("owner-1", "case_17", "h")).await.unwrap();
    let erasure = |id, key: &str| {
        let parts = [(id, "payload".to_owned())];
        Erasure::parts(&root(), &world(), &firm(), parts, "mistake").key(key)
    };
    assert_eq!(code(hos.erase(&erasure(id, "e1")).await), "held");
    assert!(told(&hos, id).await.is_some());
    hos.erase(&erasure(theirs, "e2")).await.expect("nobody holds the superuser");
    hos.hold(&lift("owner-1", "case_17", "l")).await.unwrap();
    hos.erase(&erasure(id, "e1")).await.expect("nobody holds the person any more");
    assert_eq!(told(&hos, id).await, None);
}

async fn erasing_is_judged_again_when_a_hold_overtakes_it(stage: Stage) {
    let vault = stage.ground.vault().await;
    let first = |hos: Hos| async move {
        hos.hold(&hold("owner-1", "case_17", "h")).await.expect("a hold");
    };
    let (hos, trap) = raced(&stage, vault, first).await;
    let id = say(&stage.vaulted().await, &owner(), "kept").await;
    assert_eq!(code(hos.erase(&erase("owner-1", "e")).await), "held");
    assert!(trap.sprang());
    assert!(told(&hos, id).await.is_some());
    let log = verify(&hos, &firm()).await;
    assert!(log.iter().all(|entry| leaf(entry)["typ"] != "erasure/1"));
}

async fn erasing_hold_is_placed_and_lifted_with_proof(stage: Stage) {
    let hos = stage.vaulted().await;
    let placed = hos.hold(&hold("owner-1", "case_17", "h")).await.unwrap();
    assert_eq!(code(hos.hold(&hold("owner-1", "case_18", "h2")).await), "held");
    let lifted = hos.hold(&lift("owner-1", "case_17", "l")).await.unwrap();
    for (receipt, action) in [(placed, "place"), (lifted, "lift")] {
        assert_eq!(receipt.action, action);
        let leaf = leaf(&find(&hos, receipt.proof_id).await);
        assert_eq!((&leaf["typ"], &leaf["action"]), (&"hold/1".into(), &action.into()));
        assert_eq!((&leaf["target"], &leaf["matter"]), (&"owner-1".into(), &"case_17".into()));
    }
    hos.hold(&hold("owner-1", "case_18", "h3")).await.expect("for another matter now");
    let person = ActorId::new("owner-1").unwrap();
    let by_owner = Hold::lift(&owner(), &world(), &firm(), &person, "case_18").key("l2");
    assert_eq!(code(hos.hold(&by_owner).await), "denied");
    assert_eq!(code(hos.erase(&erase("owner-1", "e")).await), "held");
    verify(&hos, &firm()).await;
}

async fn erasing_hold_cut_midway_keeps_the_person(stage: Stage) {
    let vault = CutVault::new(stage.ground.vault().await);
    let hos = stage.with_vault(vault.clone()).await;
    vault.cut(Cut::After("hold"));
    hos.hold(&hold("owner-1", "case_17", "h")).await.unwrap_err();
    assert_eq!(code(hos.erase(&erase("owner-1", "e")).await), "held");
    assert!(!hos.hold(&hold("owner-1", "case_17", "h")).await.unwrap().replayed);
    vault.cut(Cut::Before("release"));
    hos.hold(&lift("owner-1", "case_17", "l")).await.unwrap_err();
    assert_eq!(code(hos.erase(&erase("owner-1", "e")).await), "held");
    assert!(hos.hold(&lift("owner-1", "case_17", "l")).await.unwrap().replayed);
    hos.erase(&erase("owner-1", "e")).await.expect("nobody holds the person any more");
}

async fn erasing_hold_is_never_renewed_by_a_replay(stage: Stage) {
    let hos = stage.vaulted().await;
    hos.hold(&hold("owner-1", "case_17", "h1")).await.unwrap();
    stage.advance(1);
    hos.hold(&lift("owner-1", "case_17", "l1")).await.unwrap();
    stage.advance(1);
    assert!(hos.hold(&hold("owner-1", "case_17", "h1")).await.unwrap().replayed);
    let vault = stage.ground.vault().await;
    assert_eq!(vault.keys(&person("owner-1")).await.unwrap().held, None);
    hos.hold(&hold("owner-1", "case_17", "h2")).await.unwrap();
    assert!(hos.hold(&lift("owner-1", "case_17", "l1")).await.unwrap().replayed);
    assert_eq!(walk(&hos).await, (0, 0));
    assert!(vault.keys(&person("owner-1")).await.unwrap().held.is_some(), "the later hold stays");
}

async fn erasing_hold_comes_back_to_a_restored_vault(stage: Stage) {
    let vault = MemoryVault::new();
    let backup = vault.backup();
    let hos = stage.with_vault(Arc::new(vault)).await;
    hos.hold(&hold("owner-1", "case_17", "h1")).await.unwrap();
    hos.hold(&hold("clerk-1", "case_18", "h2")).await.unwrap();
    stage.advance(1);
    hos.hold(&lift("clerk-1", "case_18", "l")).await.unwrap();
    let restored = stage.with_vault(Arc::new(backup.clone())).await;
    walk(&restored).await;
    let held = async |id| backup.keys(&person(id)).await.unwrap().held;
    assert!(held("owner-1").await.is_some());
    assert_eq!(held("clerk-1").await, None);
}

async fn erasing_hold_outlives_the_end_of_an_earlier_one(stage: Stage) {
    let vault = CutVault::new(stage.ground.vault().await);
    let hos = stage.with_vault(vault.clone()).await;
    hos.hold(&hold("owner-1", "case_17", "h1")).await.unwrap();
    vault.cut(Cut::Before("release"));
    hos.hold(&lift("owner-1", "case_17", "l")).await.unwrap_err();
    // Its end is recorded, and not done yet, when it is placed anew: in the same microsecond.
    hos.hold(&hold("owner-1", "case_17", "h2")).await.unwrap();
    assert!(hos.hold(&lift("owner-1", "case_17", "l")).await.unwrap().replayed);
    assert_eq!(code(hos.erase(&erase("owner-1", "e")).await), "held");
    hos.hold(&lift("owner-1", "case_17", "l2")).await.unwrap();
    hos.erase(&erase("owner-1", "e")).await.expect("nobody holds the person any more");
}

async fn erasing_hold_ends_whatever_the_clock_says(stage: Stage) {
    let vault = stage.ground.vault().await;
    let hos = stage.vaulted().await;
    let matter = Name::new("case_17").unwrap();
    vault.hold(&person("owner-1"), &matter, Timestamp::MAX).await.unwrap();
    hos.hold(&lift("owner-1", "case_17", "l")).await.unwrap();
    assert_eq!(vault.keys(&person("owner-1")).await.unwrap().held, None);
}

async fn erasing_walk_never_places_a_hold_that_was_lifted(stage: Stage) {
    let hos = stage.vaulted().await;
    hos.hold(&hold("owner-1", "case_17", "h")).await.unwrap();
    stage.advance(1);
    hos.hold(&lift("owner-1", "case_17", "l")).await.unwrap();
    let restored = CutVault::new(Arc::new(MemoryVault::new()));
    restored.cut(Cut::Before("hold"));
    walk(&stage.with_vault(restored.clone()).await).await;
    assert_eq!(restored.keys(&person("owner-1")).await.unwrap().held, None);
}

async fn erasing_walk_never_lifts_a_hold_in_force(stage: Stage) {
    let vault = CutVault::new(stage.ground.vault().await);
    let hos = stage.with_vault(vault.clone()).await;
    for turn in 0..2 {
        hos.hold(&hold("owner-1", "case_17", &format!("h{turn}"))).await.unwrap();
        stage.advance(1);
        hos.hold(&lift("owner-1", "case_17", &format!("l{turn}"))).await.unwrap();
    }
    hos.hold(&hold("owner-1", "case_17", "h")).await.unwrap();
    stage.settle().await;
    vault.cut(Cut::Before("release"));
    walk(&hos).await;
    let restored = CutVault::new(Arc::new(MemoryVault::new()));
    let hos = stage.with_vault(restored.clone()).await;
    for cut in [Cut::Before("release"), Cut::After("hold")] {
        restored.cut(cut);
        let mut walk = ErasureWalk::new(&world(), &firm());
        while !walk.is_over() {
            // Broken off, it goes on.
            let broken = hos.repeat_erasures(&mut walk).await;
            assert!(broken.is_ok() || cut == Cut::After("hold"), "{broken:?}");
        }
        assert!(restored.keys(&person("owner-1")).await.unwrap().held.is_some());
    }
}

async fn erasing_walk_is_overtaken_by_the_end_of_a_hold(stage: Stage) {
    stage.vaulted().await.hold(&hold("owner-1", "case_17", "h")).await.unwrap();
    stage.settle().await;
    let restored = CutVault::new(Arc::new(MemoryVault::new()));
    let hos = stage.with_vault(restored.clone()).await;
    let mut walk = ErasureWalk::new(&world(), &firm());
    restored.cut(Cut::Before("keys"));
    hos.repeat_erasures(&mut walk).await.unwrap_err();
    hos.hold(&lift("owner-1", "case_17", "l")).await.unwrap();
    stage.settle().await;
    assert_eq!(hos.repeat_erasures(&mut walk).await.unwrap().holds, 1, "for a moment");
    assert!(walk.is_over());
    assert_eq!(restored.keys(&person("owner-1")).await.unwrap().held, None);
}
