//! Keys, and parts that are erased one by one.

use std::collections::BTreeSet;
use std::sync::Arc;

use hos_core::command::{Erasure, Record};
use hos_core::error::{Error, FaultKind};
use hos_core::hos::Hos;
use hos_core::id::ActorId;
use hos_core::laws::{Contracts as _, Proofs as _};
use hos_core::proof::{LogEntry, Withheld, Withholding};
use hos_core::vault::MasterKeys;

use super::verify;
use crate::case::cases;
use crate::faults::{Call, FaultyStore, Injection};
use crate::forward::Shared;
use crate::law::law;
use crate::stage::{NEIGHBOUR, Stage, act, code, firm, leaf, owner, root, tenant, user, world};
use crate::vaulted::{erase, find, said, say, told};

cases!(
    "erasure",
    [
        erasure_without_a_vault_is_a_fault,
        erasure_parts_without_a_vault_stay_sealed,
        erasure_under_another_master_key_opens_nothing,
        erasure_rewraps_keys_and_changes_no_part,
        erasure_of_single_parts_deletes_their_rows,
        erasure_of_single_parts_goes_with_its_entry,
        erasure_of_unknown_parts_is_refused,
        erasure_of_parts_next_door_is_refused,
        erasure_seals_no_two_parts_alike,
    ]
);

async fn erasure_without_a_vault_is_a_fault(stage: Stage) {
    let answer = stage.hos.erase(&erase("owner-1", "k")).await;
    let fault = answer.unwrap_err();
    assert_eq!(fault.fault().unwrap().kind(), FaultKind::Unsupported);
    let size = stage.size().await;
    assert_eq!(stage.hos.head(&world(), &firm()).await.unwrap().size, size);
}

async fn erasure_parts_without_a_vault_stay_sealed(stage: Stage) {
    let hos = stage.vaulted().await;
    let id = say(&hos, &owner(), "something").await;
    let entry = find(&stage.hos, id).await;
    assert_eq!(entry.parts, []);
    assert!(matches!(entry.withheld[0].why, Withholding::Sealed(_)), "{entry:?}");
    let plain = say(&stage.hos, &owner(), "in the clear").await;
    assert!(told(&hos, plain).await.is_some(), "what was plain stays plain");
    let elsewhere = stage.with_vault(Arc::new(hos_core::vault::MemoryVault::new())).await;
    let entry = find(&elsewhere, id).await;
    assert!(matches!(entry.withheld[0].why, Withholding::Sealed(_)), "{entry:?}");
}

async fn erasure_under_another_master_key_opens_nothing(stage: Stage) {
    let hos = stage.vaulted().await;
    let id = say(&hos, &owner(), "something").await;
    let cases = [
        ("2030 MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY", FaultKind::Unauthorized),
        ("2026 ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA", FaultKind::Corrupt),
    ];
    for (text, kind) in cases {
        let master = Arc::new(MasterKeys::parse(text).unwrap());
        let options = stage.options().vault(stage.ground.vault().await, master);
        let wrong = Hos::open_with([law()], Shared(stage.backend()), options).await.unwrap();
        assert_eq!(wrong.find(&world(), &firm(), id).await.unwrap_err().kind(), kind);
        let record = Record::new(&owner(), &world(), &firm(), "note").payload("said", "more");
        let fault = wrong.record(&record.key("more")).await.unwrap_err();
        assert_eq!(fault.fault().unwrap().kind(), kind, "nothing is written in the clear");
    }
    assert!(told(&hos, id).await.is_some());
}

async fn erasure_rewraps_keys_and_changes_no_part(stage: Stage) {
    let vault = stage.ground.vault().await;
    let open = async |text: &str| {
        let master = Arc::new(MasterKeys::parse(text).unwrap());
        let options = stage.options().vault(Arc::clone(&vault), master);
        Hos::open_with([law()], Shared(stage.backend()), options).await.unwrap()
    };
    let (old, new) = (
        "2025 ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA",
        "2026 MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY",
    );
    let hos = open(old).await;
    let mut ids = Vec::new();
    for at in 0..5 {
        let person = ActorId::new(format!("p-{at}")).unwrap();
        let record = Record::new(&owner(), &world(), &firm(), "note").person(&person);
        ids.push(said(&hos, record, &format!("note {at}")).await);
    }
    let rows = stage.backend().page(&world(), &firm(), 0, 100).await.unwrap();
    let both = open(&format!("{new}\n{old}")).await;
    let (mut count, mut after) = (0, None);
    loop {
        let (rewrapped, next) = both.rewrap_keys(after, 2).await.unwrap();
        (count, after) = (count + rewrapped, next);
        if next.is_none() {
            break;
        }
    }
    assert_eq!(count, 5);
    assert_eq!(both.rewrap_keys(None, 100).await.unwrap().0, 0, "once");
    assert_eq!(stage.backend().page(&world(), &firm(), 0, 100).await.unwrap(), rows);
    let rotated = open(new).await;
    for id in ids {
        assert!(told(&rotated, id).await.is_some(), "the old master key is needed no more");
    }
}

async fn erasure_of_single_parts_deletes_their_rows(stage: Stage) {
    let hos = stage.vaulted().await;
    let order = stage.order("o").await;
    let touch = act(&owner(), &order, "touch", "t").input("note", "mistaken");
    let touched = hos.transition(&touch).await.unwrap().proof_id;
    let other = say(&hos, &owner(), "right").await;
    let parts = [(touched, "input".to_owned())];
    let erasure = Erasure::parts(&root(), &world(), &firm(), parts, "mistake").key("k");
    let erased = hos.erase(&erasure).await.unwrap();
    let names = |entry: &LogEntry| -> Vec<String> {
        entry.parts.iter().map(|part| part.name.clone()).collect()
    };
    let left = find(&hos, touched).await;
    assert_eq!(names(&left), ["attributes"]);
    let gone = Withholding::Erased { entry: erased.proof_id, at: erased.proof_id.at() };
    assert_eq!(left.withheld, [Withheld { name: "input".to_owned(), why: gone }]);
    assert_eq!(leaf(&left)["prt"].as_array().unwrap().len(), 2, "the commitment stays");
    assert!(told(&hos, other).await.is_some());
    let said = leaf(&find(&hos, erased.proof_id).await);
    let wanted = serde_json::json!([{"id": touched.to_string(), "n": "input"}]);
    assert_eq!((&said["erased"], &said["method"]), (&wanted, &"rows_deleted".into()));
    assert_eq!((said.get("target"), said.get("through")), (None, None));
    assert!(hos.erase(&erasure).await.unwrap().replayed);
    verify(&hos, &firm()).await;
}

/// Nobody archives a part between the entry that erases it and its end.
async fn erasure_of_single_parts_goes_with_its_entry(stage: Stage) {
    let id = say(&stage.hos, &owner(), "mistaken").await;
    let lose = |call: Call, at: u64| match call {
        Call::Commit if at == 0 => Injection::After,
        _ => Injection::Pass,
    };
    let hos = stage.over(FaultyStore::new(Shared(stage.backend()), lose)).await;
    let seen = hos.part_generation(&world(), &firm()).await.unwrap();
    let parts = [(id, "payload".to_owned())];
    let erasure = Erasure::parts(&root(), &world(), &firm(), parts, "mistake").key("k");
    let lost = hos.erase(&erasure).await.unwrap_err();
    assert!(matches!(lost, Error::Fault(fault) if fault.kind() == FaultKind::Ambiguous));
    assert_eq!(told(&stage.hos, id).await, None);
    assert!(hos.part_generation(&world(), &firm()).await.unwrap() > seen);
    let erased = hos.erase(&erasure).await.unwrap();
    let withheld = find(&stage.hos, id).await.withheld.remove(0);
    assert!(matches!(withheld.why, Withholding::Erased { entry, .. } if entry == erased.proof_id));
}

async fn erasure_of_unknown_parts_is_refused(stage: Stage) {
    let hos = stage.vaulted().await;
    let id = say(&hos, &owner(), "something").await;
    let order = stage.order("o").await;
    let bare = stage.moved(&act(&owner(), &order, "pay", "p")).await.proof_id;
    let size = stage.size().await;
    let wrong = [(id, "input"), (id, "subjects"), (bare, "payload")];
    for (id, name) in wrong {
        let parts = [(id, name.to_owned())];
        let erasure = Erasure::parts(&root(), &world(), &firm(), parts, "mistake").key("k");
        assert_eq!(code(hos.erase(&erasure).await), "invalid_input");
    }
    let twice = [(id, "payload".to_owned()), (id, "payload".to_owned())];
    let erasure = Erasure::parts(&root(), &world(), &firm(), twice, "mistake").key("k");
    assert_eq!(code(hos.erase(&erasure).await), "invalid_input");
    assert_eq!(stage.size().await, size);
    assert!(told(&hos, id).await.is_some());
}

async fn erasure_of_parts_next_door_is_refused(stage: Stage) {
    let hos = stage.vaulted().await;
    let id = say(&hos, &owner(), "something").await;
    let parts = vec![(id, "payload".to_owned())];
    let there = tenant(NEIGHBOUR);
    let erasure = Erasure::parts(&root(), &world(), &there, parts.clone(), "mistake").key("k");
    assert_eq!(code(hos.erase(&erasure).await), "invalid_input");
    assert_eq!(stage.backend().delete_parts(&world(), &there, &parts, id).await.unwrap(), 0);
    assert!(told(&hos, id).await.is_some());
    assert_eq!(stage.backend().delete_parts(&world(), &firm(), &parts, id).await.unwrap(), 1);
    assert_eq!(stage.backend().delete_parts(&world(), &firm(), &parts, id).await.unwrap(), 0);
}

async fn erasure_seals_no_two_parts_alike(stage: Stage) {
    let hos = stage.vaulted().await;
    for at in 0..40 {
        let record = Record::new(&user("owner-1"), &world(), &firm(), "note");
        let record = record.payload("said", "the same").key(format!("k{at}"));
        hos.record(&record).await.unwrap();
    }
    let log = stage.backend().page(&world(), &firm(), 0, 100).await.unwrap();
    let mut nonces = BTreeSet::new();
    let mut keys = BTreeSet::new();
    let mut bodies = BTreeSet::new();
    for withheld in log.iter().flat_map(|entry| &entry.withheld) {
        let Withholding::Sealed(sealed) = &withheld.why else { panic!("sealed: {withheld:?}") };
        keys.insert(sealed.key());
        assert!(nonces.insert(*sealed.nonce()));
        assert!(bodies.insert(sealed.row(&withheld.name).body));
    }
    assert_eq!((nonces.len(), keys.len()), (40, 1));
}
