//! The log: what happened, provably.

use std::sync::Arc;

use hos_core::command::Record;
use hos_core::error::FaultKind;
use hos_core::laws::Proofs as _;
use hos_core::merkle::{self, first_bad, root_of, verify_consistency, verify_inclusion};
use hos_core::proof::PAGE_MAX;
use hos_core::subject::Subject;
use hos_core::time::ProofId;

use crate::case::cases;
use crate::ground::{Answer, Tampering};
use crate::sealing::log_of;
use crate::stage::{Stage, act, code, customer, firm, leaf, owner, root, tenant, viewer, world};

cases!(
    "proof",
    [
        proof_of_an_empty_log_is_the_empty_root,
        proof_indexes_are_gapless_from_zero,
        proof_root_is_that_of_the_leaf_hashes,
        proof_leaf_hash_is_that_of_the_leaf_bytes,
        proof_inclusions_of_every_entry_verify,
        proof_earlier_heads_stay_true,
        proof_page_begins_where_it_is_asked_to,
        proof_page_is_no_longer_than_asked,
        proof_page_past_the_end_is_empty,
        proof_is_found_by_its_number,
        proof_of_an_unknown_number_is_not_found,
        proof_history_is_complete_and_in_order,
        proof_history_begins_after_a_revision,
        proof_history_leaves_out_what_raised_no_revision,
        proof_record_carries_the_revision_without_raising_it,
        proof_record_of_no_subject_is_kept,
        proof_record_goes_on_in_a_closed_world,
        proof_record_about_a_missing_subject_finds_nothing,
        proof_correction_names_what_it_corrects,
        proof_correction_of_what_is_not_there_is_refused,
        proof_of_a_critical_denial_is_recorded_once_per_key,
        proof_of_a_denial_names_what_was_attempted,
        proof_of_an_uncritical_denial_is_not_recorded,
        proof_changed_byte_is_found_and_the_first_bad_index_named,
        proof_is_never_deleted,
        proof_subject_is_never_deleted_or_revived_by_hand,
    ]
);

async fn played(stage: &Stage) {
    let order = stage.order("o").await;
    stage.moved(&act(&owner(), &order, "touch", "p1").input("note", "x")).await;
    stage.moved(&act(&owner(), &order, "pay", "p2")).await;
    assert_eq!(code(stage.send(&act(&viewer(), &order, "cancel", "p3")).await), "denied");
    stage.moved(&act(&owner(), &order, "cancel", "p4")).await;
}

async fn proof_of_an_empty_log_is_the_empty_root(stage: Stage) {
    let head = stage.hos.head(&world(), &tenant("firm-9")).await.unwrap();
    assert_eq!((head.size, head.root), (0, merkle::empty_root()));
    assert_eq!(stage.hos.page(&world(), &tenant("firm-9"), 0, 10).await.unwrap(), []);
}

async fn proof_indexes_are_gapless_from_zero(stage: Stage) {
    played(&stage).await;
    let log = stage.log().await;
    let indexes: Vec<Option<u64>> = log.iter().map(|entry| entry.index).collect();
    let expected: Vec<Option<u64>> = (0..stage.size().await).map(Some).collect();
    assert_eq!(indexes, expected);
}

async fn proof_root_is_that_of_the_leaf_hashes(stage: Stage) {
    played(&stage).await;
    let log = stage.log().await;
    let head = stage.hos.head(&world(), &firm()).await.unwrap();
    assert_eq!(head.size, u64::try_from(log.len()).unwrap());
    assert_eq!(head.root, root_of(log.iter().map(|e| merkle::leaf_hash(e.leaf.as_bytes()))));
}

async fn proof_leaf_hash_is_that_of_the_leaf_bytes(stage: Stage) {
    played(&stage).await;
    let log = stage.log().await;
    assert_eq!(first_bad(0, log.iter().map(|entry| (&entry.leaf, entry.leaf_hash))), None);
}

async fn proof_inclusions_of_every_entry_verify(stage: Stage) {
    played(&stage).await;
    let checkpoint = stage.sealed(&stage.sealer(&Arc::default())).await;
    let (log, entries) = (log_of(&firm()), stage.log().await);
    let head = stage.hos.head(&world(), &firm()).await.unwrap();
    assert_eq!(checkpoint.size, head.size);
    let indexes: Vec<u64> = (0..head.size).collect();
    let paths = stage.hos.prove_inclusions(&log, &checkpoint, &indexes).await.unwrap();
    assert_eq!((paths.len(), entries.len()), (indexes.len(), indexes.len()));
    for (entry, path) in entries.iter().zip(&paths) {
        let index = entry.index.unwrap();
        verify_inclusion(&head.root, head.size, index, &entry.leaf_hash, path).unwrap();
        let proven = stage.hos.prove(&world(), &firm(), entry.id).await.unwrap().unwrap();
        assert_eq!(&proven.proof, path);
    }
    let none = stage.hos.prove_inclusions(&log, &checkpoint, &[]).await.unwrap();
    assert!(none.is_empty());
    let too_many = vec![0; usize::try_from(PAGE_MAX).unwrap() + 1];
    for beyond in [vec![0, head.size], too_many] {
        let fault = stage.hos.prove_inclusions(&log, &checkpoint, &beyond).await.unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Limit);
    }
}

async fn proof_earlier_heads_stay_true(stage: Stage) {
    let keeper = Arc::default();
    let mut before = Vec::new();
    for order in ["a", "b", "c"] {
        stage.order(order).await;
        let checkpoint = stage.sealed(&stage.sealer(&keeper)).await;
        before.push((checkpoint, stage.hos.head(&world(), &firm()).await.unwrap()));
    }
    played(&stage).await;
    let checkpoint = stage.sealed(&stage.sealer(&keeper)).await;
    let (log, after) = (log_of(&firm()), stage.hos.head(&world(), &firm()).await.unwrap());
    for (earlier, head) in before {
        assert!(after.size > head.size);
        let proof = stage.hos.prove_consistency(&log, &earlier, &checkpoint).await.unwrap();
        verify_consistency(head.size, &head.root, after.size, &after.root, &proof).unwrap();
    }
}

async fn proof_page_begins_where_it_is_asked_to(stage: Stage) {
    played(&stage).await;
    let log = stage.log().await;
    for from in 0..log.len() {
        let page = stage.hos.page(&world(), &firm(), u64::try_from(from).unwrap(), PAGE_MAX).await;
        assert_eq!(page.unwrap(), log[from..]);
    }
}

async fn proof_page_is_no_longer_than_asked(stage: Stage) {
    played(&stage).await;
    let log = stage.log().await;
    assert_eq!(stage.hos.page(&world(), &firm(), 1, 2).await.unwrap(), log[1..3]);
    assert_eq!(stage.hos.page(&world(), &firm(), 0, 0).await.unwrap(), []);
}

async fn proof_page_past_the_end_is_empty(stage: Stage) {
    for from in [stage.size().await, u64::from(u32::MAX), u64::MAX] {
        assert_eq!(stage.hos.page(&world(), &firm(), from, 10).await.unwrap(), []);
    }
}

async fn proof_is_found_by_its_number(stage: Stage) {
    played(&stage).await;
    for entry in stage.log().await {
        let found = stage.hos.find(&world(), &firm(), entry.id).await.unwrap();
        assert_eq!(found, Some(entry));
    }
}

async fn proof_of_an_unknown_number_is_not_found(stage: Stage) {
    let unknown = ProofId::from_bytes([0x5a; 16]);
    assert_eq!(stage.hos.find(&world(), &firm(), unknown).await.unwrap(), None);
}

async fn proof_history_is_complete_and_in_order(stage: Stage) {
    played(&stage).await;
    let order = crate::stage::subject("order", "o");
    let history = stage.hos.history(&order, 0, PAGE_MAX).await.unwrap();
    let actions: Vec<_> = history.iter().map(|entry| leaf(entry)["action"].clone()).collect();
    assert_eq!(actions, ["open", "touch", "pay", "cancel"]);
    let log = stage.log().await;
    assert!(history.iter().all(|entry| log.contains(entry)));
}

async fn proof_history_begins_after_a_revision(stage: Stage) {
    played(&stage).await;
    let order = crate::stage::subject("order", "o");
    let all = stage.hos.history(&order, 0, PAGE_MAX).await.unwrap();
    assert_eq!(stage.hos.history(&order, 2, PAGE_MAX).await.unwrap(), all[2..]);
    assert_eq!(stage.hos.history(&order, 1, 1).await.unwrap(), all[1..2]);
    assert_eq!(stage.hos.history(&order, 4, PAGE_MAX).await.unwrap(), []);
}

async fn proof_history_leaves_out_what_raised_no_revision(stage: Stage) {
    let order = stage.order("o").await;
    stage.hos.record(&Record::about(&owner(), &order, "call").key("k1")).await.unwrap();
    assert_eq!(code(stage.send(&act(&viewer(), &order, "cancel", "k2")).await), "denied");
    assert_eq!(stage.hos.history(&order, 0, 10).await.unwrap().len(), 1);
}

async fn proof_record_carries_the_revision_without_raising_it(stage: Stage) {
    let order = stage.order("o").await;
    stage.moved(&act(&owner(), &order, "touch", "k1")).await;
    let record = Record::about(&owner(), &order, "call").payload("minutes", 3).key("k2");
    let receipt = stage.hos.record(&record).await.unwrap();
    assert_eq!(receipt.revision, 2);
    assert_eq!(stage.at(&order).await.1, 2);
    let entry = stage.hos.find(&world(), &firm(), receipt.proof_id).await.unwrap().unwrap();
    let leaf = leaf(&entry);
    assert_eq!((&leaf["typ"], &leaf["code"]), (&"record/1".into(), &"call".into()));
    assert_eq!((&leaf["subject"], &leaf["revision"]), (&"order:o".into(), &2.into()));
    assert_eq!(entry.parts[0].body, "{\"minutes\":3}");
}

async fn proof_record_of_no_subject_is_kept(stage: Stage) {
    let record = Record::new(&owner(), &world(), &firm(), "audit_done").key("k");
    let receipt = stage.hos.record(&record).await.unwrap();
    let entry = stage.hos.find(&world(), &firm(), receipt.proof_id).await.unwrap().unwrap();
    assert_eq!(leaf(&entry).get("subject"), None);
    assert!(stage.hos.record(&record).await.unwrap().replayed);
}

async fn proof_record_goes_on_in_a_closed_world(stage: Stage) {
    let status = hos_core::standing::WorldStatus::Closed;
    stage.change_world(hos_core::command::StandingChange::SetWorld { status }, "close").await;
    let record = Record::new(&owner(), &world(), &firm(), "audit_done").key("k");
    stage.hos.record(&record).await.expect("closing never stops evidence");
    assert!(stage.size().await > 0);
}

async fn proof_record_about_a_missing_subject_finds_nothing(stage: Stage) {
    let missing = crate::stage::subject("order", "missing");
    let record = Record::about(&owner(), &missing, "call").key("k");
    assert_eq!(code(stage.hos.record(&record).await), "not_found");
}

async fn proof_correction_names_what_it_corrects(stage: Stage) {
    let wrong = Record::new(&owner(), &world(), &firm(), "count").payload("boxes", 3).key("k1");
    let wrong = stage.hos.record(&wrong).await.unwrap();
    let right = Record::new(&owner(), &world(), &firm(), "count").payload("boxes", 4);
    let right = stage.hos.record(&right.corrects(wrong.proof_id).key("k2")).await.unwrap();
    let entry = stage.hos.find(&world(), &firm(), right.proof_id).await.unwrap().unwrap();
    let leaf = leaf(&entry);
    assert_eq!(leaf["typ"], "correction/1");
    assert_eq!(leaf["ref"]["id"], wrong.proof_id.to_string());
    assert!(stage.hos.find(&world(), &firm(), wrong.proof_id).await.unwrap().is_some());
}

async fn proof_correction_of_what_is_not_there_is_refused(stage: Stage) {
    let (order, other) = (stage.order("o").await, stage.order("p").await);
    let about = |order: &Subject| Record::about(&owner(), order, "count");
    let wrong = stage.hos.record(&about(&order).key("k1")).await.unwrap().proof_id;
    let size = stage.size().await;
    let refused = async |record: Record, key: &str| code(stage.hos.record(&record.key(key)).await);
    let missing = ProofId::from_bytes([7; 16]);
    assert_eq!(refused(about(&order).corrects(missing), "k2").await, "invalid_input");
    assert_eq!(refused(about(&other).corrects(wrong), "k3").await, "invalid_input");
    let elsewhere = Record::new(&root(), &world(), &hos_core::id::Tenant::world(), "count");
    assert_eq!(refused(elsewhere.corrects(wrong), "k5").await, "invalid_input", "another log");
    let stranger = Record::about(&viewer(), &order, "count").corrects(missing);
    assert_eq!(refused(stranger, "k6").await, "denied", "policy is asked first");
    assert_eq!(stage.size().await, size, "nothing was written");
    let right = about(&order).corrects(wrong).key("k7");
    let receipt = stage.hos.record(&right).await.unwrap();
    let again = stage.hos.record(&right).await.unwrap();
    assert_eq!((again.proof_id, again.replayed), (receipt.proof_id, true));
    let nothing = Record::new(&owner(), &world(), &firm(), "count").corrects(wrong);
    stage.hos.record(&nothing.key("k8")).await.unwrap();
}

async fn proof_of_a_critical_denial_is_recorded_once_per_key(stage: Stage) {
    let order = stage.order("o").await;
    let size = stage.size().await;
    for _ in 0..3 {
        let denied = stage.send(&act(&viewer(), &order, "cancel", "k1")).await;
        assert_eq!(code(denied), "denied");
    }
    assert_eq!(stage.size().await, size + 1);
    assert_eq!(code(stage.send(&act(&viewer(), &order, "cancel", "k2")).await), "denied");
    assert_eq!(stage.size().await, size + 2);
}

async fn proof_of_a_denial_names_what_was_attempted(stage: Stage) {
    let payment = stage.subject("payment", "p").await;
    let attempt = act(&customer(), &payment, "settle", "k");
    assert_eq!(code(stage.send(&attempt).await), "not_found", "the answer hides the subject");
    let log = stage.log().await;
    let leaf = leaf(log.last().unwrap());
    assert_eq!(leaf["typ"], "denial/1");
    assert_eq!((&leaf["action"], &leaf["ability"]), (&"settle".into(), &"payment.settle".into()));
    assert_eq!((&leaf["subject"], &leaf["revision"]), (&"payment:p".into(), &1.into()));
    assert_eq!((&leaf["code"], &leaf["from"]), (&"denied".into(), &"due".into()));
    assert_eq!(stage.at(&payment).await.1, 1);
}

async fn proof_of_an_uncritical_denial_is_not_recorded(stage: Stage) {
    let order = stage.order("o").await;
    let size = stage.size().await;
    assert_eq!(code(stage.send(&act(&viewer(), &order, "touch", "k")).await), "denied");
    assert_eq!(stage.size().await, size);
}

async fn proof_changed_byte_is_found_and_the_first_bad_index_named(stage: Stage) {
    played(&stage).await;
    let before = stage.log().await;
    let tampering = Tampering::ChangeLeaf { world: world(), tenant: firm(), index: 3 };
    match stage.ground.tamper(&tampering).await {
        Answer::Done => {
            let log = stage.log().await;
            let stored = log.iter().map(|entry| (&entry.leaf, entry.leaf_hash));
            assert_eq!(first_bad(0, stored), Some(3));
        }
        Answer::Refused | Answer::Unsupported => assert_eq!(stage.log().await, before),
    }
}

async fn proof_is_never_deleted(stage: Stage) {
    played(&stage).await;
    let before = stage.log().await;
    let tampering = Tampering::DeleteEntry { world: world(), tenant: firm(), index: 3 };
    assert_ne!(stage.ground.tamper(&tampering).await, Answer::Done);
    assert_eq!(stage.log().await, before);
}

async fn proof_subject_is_never_deleted_or_revived_by_hand(stage: Stage) {
    let order = stage.cancelled("o").await;
    let revive = Tampering::MoveSubject { subject: order.clone(), state: "pending".to_owned() };
    assert_ne!(stage.ground.tamper(&revive).await, Answer::Done);
    let delete = Tampering::DeleteSubject { subject: order.clone() };
    assert_ne!(stage.ground.tamper(&delete).await, Answer::Done);
    assert_eq!(stage.at(&order).await, ("cancelled".to_owned(), 2));
    assert_eq!(code(stage.send(&act(&owner(), &order, "pay", "k")).await), "terminal_state");
}
