//! Holds, which refuse erasures.

use std::sync::Arc;

use hos_core::command::{Erasure, Hold};
use hos_core::error::Error;
use hos_core::hos::Hos;
use hos_core::id::ActorId;
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
        erasing_is_judged_again_when_a_hold_overtakes_it,
        erasing_hold_is_placed_and_lifted_with_proof,
        erasing_hold_cut_midway_keeps_the_person,
        erasing_hold_is_never_renewed_by_a_replay,
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
