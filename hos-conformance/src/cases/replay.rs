//! Replays outlive what has changed since; and end with their retention.

use hos_core::command::{Opening, StandingChange};
use hos_core::laws::Contracts as _;
use hos_core::receipt::Receipt;
use hos_core::standing::WorldStatus;

use crate::case::cases;
use crate::stage::{Stage, act, ban, clerk, code, member, owner, subject};

const RETENTION: u64 = 7 * 86_400;

cases!(
    "idempotency",
    [
        idempotency_replay_goes_on_in_a_closed_world,
        idempotency_replay_goes_on_after_a_ban,
        idempotency_replay_goes_on_after_the_membership_ended,
        idempotency_replay_goes_on_after_a_restart,
        idempotency_replay_goes_on_after_the_end,
        idempotency_replay_of_a_compound_command_answers_every_step,
        idempotency_receipts_are_kept_for_their_retention,
        idempotency_expired_receipts_are_swept,
        idempotency_sweep_takes_no_more_than_its_limit,
        idempotency_sweep_leaves_subjects_and_proofs,
        idempotency_receipt_stands_until_it_is_swept,
    ]
);

/// Pays as the clerk, lets something happen, and sends the same again.
async fn replay_after(stage: Stage, change: impl AsyncFnOnce(Stage) -> Stage) {
    let order = stage.order("o").await;
    let pay = act(&clerk(), &order, "pay", "pay");
    let first = stage.moved(&pay).await;
    let stage = change(stage).await;
    let replay = stage.send(&pay).await.expect("a replay");
    assert_eq!(replay, Receipt { replayed: true, ..first });
}

async fn idempotency_replay_goes_on_in_a_closed_world(stage: Stage) {
    replay_after(stage, async |stage: Stage| {
        let change = StandingChange::SetWorld { status: WorldStatus::Closed };
        stage.change_world(change, "close").await;
        stage
    })
    .await;
}

async fn idempotency_replay_goes_on_after_a_ban(stage: Stage) {
    replay_after(stage, async |stage: Stage| {
        stage.change(ban("clerk-1"), "ban").await;
        stage
    })
    .await;
}

async fn idempotency_replay_goes_on_after_the_membership_ended(stage: Stage) {
    replay_after(stage, async |stage: Stage| {
        stage.change(member("clerk-1", &[]), "end").await;
        stage
    })
    .await;
}

async fn idempotency_replay_goes_on_after_a_restart(stage: Stage) {
    replay_after(stage, async |stage: Stage| stage.restart().await).await;
}

async fn idempotency_replay_goes_on_after_the_end(stage: Stage) {
    replay_after(stage, async |stage: Stage| {
        stage.moved(&act(&owner(), &subject("order", "o"), "cancel", "cancel")).await;
        stage
    })
    .await;
}

async fn idempotency_replay_of_a_compound_command_answers_every_step(stage: Stage) {
    let order = stage.order("o").await;
    let payment = stage.subject("payment", "p").await;
    let both = act(&owner(), &order, "pay", "k").and(&payment, "settle");
    let first = stage.moved(&both).await;
    let replay = stage.send(&both).await.unwrap();
    assert_eq!(replay.also.len(), 1);
    assert_eq!(replay, Receipt { replayed: true, ..first });
}

async fn idempotency_receipts_are_kept_for_their_retention(stage: Stage) {
    let lamp = stage.subject("lamp", "l").await;
    let light = act(&owner(), &lamp, "light", "k");
    stage.moved(&light).await;
    stage.advance(RETENTION - 1);
    assert_eq!(stage.hos.sweep_receipts(1_000).await.unwrap(), 0);
    assert!(stage.send(&light).await.unwrap().replayed);
}

async fn idempotency_expired_receipts_are_swept(stage: Stage) {
    let lamp = stage.subject("lamp", "l").await;
    let light = act(&owner(), &lamp, "light", "k1");
    stage.moved(&light).await;
    stage.moved(&act(&owner(), &lamp, "dim", "k2")).await;
    stage.advance(RETENTION);
    assert_ne!(stage.hos.sweep_receipts(1_000).await.unwrap(), 0);
    assert_eq!(stage.hos.sweep_receipts(1_000).await.unwrap(), 0);
    stage.moved(&light).await;
}

async fn idempotency_sweep_takes_no_more_than_its_limit(stage: Stage) {
    for at in 0..5 {
        stage.subject("lamp", &format!("l{at}")).await;
    }
    stage.advance(RETENTION);
    assert_eq!(stage.hos.sweep_receipts(2).await.unwrap(), 2);
    assert_eq!(stage.hos.sweep_receipts(0).await.unwrap(), 0);
    assert!(stage.hos.sweep_receipts(1_000).await.unwrap() >= 3);
}

async fn idempotency_sweep_leaves_subjects_and_proofs(stage: Stage) {
    let lamp = stage.subject("lamp", "l").await;
    let (log, messages) = (stage.log().await, stage.outbox().await);
    stage.advance(RETENTION);
    stage.hos.sweep_receipts(1_000).await.unwrap();
    assert_eq!(stage.at(&lamp).await, ("off".to_owned(), 1));
    assert_eq!((stage.log().await, stage.outbox().await), (log, messages));
}

async fn idempotency_receipt_stands_until_it_is_swept(stage: Stage) {
    let opening = Opening::new(&owner(), &subject("lamp", "l")).key("k");
    stage.hos.open(&opening).await.unwrap();
    stage.advance(RETENTION + 1);
    let again = stage.hos.open(&opening).await.unwrap();
    assert!(again.replayed, "late, yet better than a second opening");
    let other = Opening::new(&owner(), &subject("lamp", "m")).key("k");
    assert_eq!(code(stage.hos.open(&other).await), "key_reused");
}
