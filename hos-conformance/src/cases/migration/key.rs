//! A batch is a command: its key answers a retry as the first sending was answered.

use hos_core::command::{Migration, StandingChange};
use hos_core::hos::{Hos, MigrationReport};
use hos_core::laws::Contracts as _;
use hos_core::standing::WorldStatus;

use super::law::later;
use super::race::racing;
use super::{fresh_key, migrated, migration, reopened, snapshot, without_total};
use crate::faults::{Call, FaultyStore, Injection};
use crate::forward::Shared;
use crate::stage::{NEIGHBOUR, Stage, act, code, firm, owner, root, tenant, world};

/// A batch without a key.
fn bare() -> Migration {
    Migration::new(&root(), &world(), &firm(), "order", "1", "2")
}

/// The stored answer: without examples, which are in no receipt.
fn again(first: &MigrationReport) -> MigrationReport {
    let mut again = first.clone();
    again.examples.clear();
    again.replayed = true;
    again
}

pub(super) async fn migration_without_a_key_is_refused(stage: Stage) {
    let order = stage.order("a").await;
    let hos = reopened(&stage).await;
    assert_eq!(code(hos.migrate(&bare(), 100).await), "missing_key");
    assert_eq!(code(hos.migrate(&bare().key(""), 100).await), "missing_key");
    assert_eq!(code(hos.migrate(&bare().key("k".repeat(256)), 100).await), "invalid_input");
    assert_eq!(snapshot(&hos, &order).await.contract, "1");
    assert_eq!(hos.migrate(&bare().key([0xff; 255]), 100).await.unwrap().migrated, 1);
}

pub(super) async fn migration_that_is_sent_again_is_answered_as_the_first_time(stage: Stage) {
    for id in ["a", "c", "d"] {
        stage.order(id).await;
    }
    without_total(&stage, "b").await;
    let hos = reopened(&stage).await;
    let batch = bare().key("k");
    let first = hos.migrate(&batch, 2).await.unwrap();
    assert_eq!((first.migrated, first.failed, first.replayed), (1, 1, false));
    assert_eq!(first.next.as_ref().map(AsRef::as_ref), Some("b"));
    let size = stage.size().await;
    assert_eq!(hos.migrate(&batch, 2).await.unwrap(), again(&first));
    // How many at once is no part of what was intended.
    assert_eq!(hos.migrate(&batch, 100).await.unwrap(), again(&first));
    assert_eq!(stage.size().await, size);
    let rest = bare().after(first.next.unwrap()).key("l");
    let last = hos.migrate(&rest, 100).await.unwrap();
    assert_eq!((last.migrated, last.next.clone()), (2, None));
    assert_eq!(hos.migrate(&rest, 100).await.unwrap(), again(&last));
    assert_eq!(stage.size().await, size + 1);
}

pub(super) async fn migration_replays_in_a_closed_world_and_after_a_restart(stage: Stage) {
    stage.order("a").await;
    let batch = bare().key("k");
    let first = reopened(&stage).await.migrate(&batch, 100).await.unwrap();
    let stage = stage.restart_with([later()]).await.unwrap();
    stage.change_world(StandingChange::SetWorld { status: WorldStatus::Closed }, "close").await;
    assert_eq!(stage.hos.migrate(&batch, 100).await.unwrap(), again(&first));
    assert_eq!(code(stage.hos.migrate(&bare().key("l"), 100).await), "world_closed");
}

pub(super) async fn migration_under_a_used_key_is_refused(stage: Stage) {
    let (one, two) = (stage.order("a").await, stage.order("b").await);
    stage.moved(&act(&owner(), &one, "touch", "k")).await;
    let hos = reopened(&stage).await;
    assert_eq!(code(hos.migrate(&bare().key("k"), 100).await), "key_reused");
    let first = hos.migrate(&bare().key("l"), 1).await.unwrap();
    assert_eq!(first.migrated, 1);
    let rest = bare().after(first.next.unwrap());
    assert_eq!(code(hos.migrate(&rest.clone().key("l"), 1).await), "key_reused");
    let touch = act(&owner(), &two, "touch", "l");
    assert_eq!(code(hos.transition(&touch).await), "key_reused");
    assert_eq!(snapshot(&hos, &two).await.contract, "1");
    // Next door the key is another one.
    let there = Migration::new(&root(), &world(), &tenant(NEIGHBOUR), "order", "1", "2");
    assert_eq!(hos.migrate(&there.key("l"), 1).await.unwrap(), MigrationReport::default());
    assert_eq!(hos.migrate(&rest.key("m"), 1).await.unwrap().migrated, 1);
}

pub(super) async fn migration_that_finds_nothing_keeps_no_key(stage: Stage) {
    let hos = reopened(&stage).await;
    let batch = bare().key("k");
    assert_eq!(hos.migrate(&batch, 100).await.unwrap(), MigrationReport::default());
    stage.order("a").await;
    let report = hos.migrate(&batch, 100).await.unwrap();
    assert_eq!((report.migrated, report.replayed), (1, false));
}

pub(super) async fn migration_in_shadow_looks_at_no_key(stage: Stage) {
    let one = stage.order("a").await;
    stage.order("b").await;
    stage.moved(&act(&owner(), &one, "touch", "k")).await;
    let hos = reopened(&stage).await;
    for shadow in [bare().shadow(), bare().key("k").shadow(), bare().shadow().key("k")] {
        let told = hos.migrate(&shadow, 100).await.unwrap();
        assert_eq!((told.migrated, told.proof, told.replayed), (2, None, false));
    }
    assert_eq!(hos.migrate(&bare().key(fresh_key()), 100).await.unwrap().migrated, 2);
}

pub(super) async fn migration_of_two_with_one_key_moves_once(stage: Stage) {
    stage.order("a").await;
    stage.order("b").await;
    let hos = reopened(&stage).await;
    let size = stage.size().await;
    let batch = bare().key("k");
    let quicker = batch.clone();
    let (raced, trap) = racing(&stage, move || {
        Box::pin(async move { assert_eq!(hos.migrate(&quicker, 1).await.unwrap().migrated, 1) })
    })
    .await;
    let report = raced.migrate(&batch, 100).await.unwrap();
    assert!(trap.sprang());
    assert_eq!((report.migrated, report.skipped, report.replayed), (1, 0, true));
    assert_eq!(report.next.as_ref().map(AsRef::as_ref), Some("a"));
    assert_eq!(stage.size().await, size + 1);
}

/// Nothing that was read has changed, but somebody was quicker with the key.
pub(super) async fn migration_is_overtaken_by_its_key(stage: Stage) {
    let order = stage.order("a").await;
    let lamp = stage.subject("lamp", "a").await;
    let light = act(&owner(), &lamp, "light", "k");
    let first = stage.hos.clone();
    let (raced, trap) = racing(&stage, move || {
        Box::pin(async move { drop(first.transition(&light).await.unwrap()) })
    })
    .await;
    assert_eq!(code(raced.migrate(&bare().key("k"), 100).await), "key_reused");
    assert!(trap.sprang());
    assert_eq!(snapshot(&raced, &order).await.contract, "1");
}

pub(super) async fn migration_whose_answer_was_lost_is_complete_all_the_same(stage: Stage) {
    let order = stage.order("a").await;
    let lost = |call: Call, _: u64| match call {
        Call::Write => Injection::After,
        _ => Injection::Pass,
    };
    let store = FaultyStore::new(Shared(stage.backend()), lost);
    let hos = Hos::open_with([later()], store, stage.options()).await.unwrap();
    let batch = migration();
    let fault = hos.migrate(&batch, 100).await.unwrap_err();
    assert!(fault.is_retryable(), "{fault:?}");
    let now = snapshot(&hos, &order).await;
    assert_eq!(now.contract, "2");
    let again = hos.migrate(&batch, 100).await.unwrap();
    assert_eq!((again.migrated, again.replayed, again.proof), (1, true, Some(now.proof_id)));
    assert_eq!(hos.migrate(&migration(), 100).await.unwrap(), MigrationReport::default());
}

pub(super) async fn migration_leaves_replays_as_they_were(stage: Stage) {
    let order = stage.order("a").await;
    let touch = act(&owner(), &order, "touch", "k");
    let first = stage.moved(&touch).await;
    let hos = reopened(&stage).await;
    migrated(&hos).await;
    let replay = hos.transition(&touch).await.unwrap();
    assert!(replay.replayed);
    assert_eq!((replay.step, replay.recorded_at), (first.step, first.recorded_at));
    let reused = hos.transition(&act(&owner(), &order, "pay", "k")).await;
    assert_eq!(code(reused), "key_reused");
}
