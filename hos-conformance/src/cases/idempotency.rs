//! One key, one intent, one receipt.

use hos_core::actor::Actor;
use hos_core::command::{Adoption, Command, Opening, Record};
use hos_core::id::{KEY_BYTES_MAX, RequestId};
use hos_core::laws::{Contracts as _, Proofs as _};
use hos_core::receipt::Effect;

use crate::case::cases;
use crate::stage::{Stage, act, clerk, code, firm, owner, ship, subject, viewer, world};

cases!(
    "idempotency",
    [
        idempotency_key_is_mandatory_on_every_command,
        idempotency_key_of_no_bytes_is_missing,
        idempotency_key_of_one_byte_is_kept,
        idempotency_key_of_255_bytes_is_kept,
        idempotency_key_of_256_bytes_is_refused,
        idempotency_key_is_any_bytes,
        idempotency_keys_that_begin_alike_are_different,
        idempotency_replay_answers_the_first_receipt,
        idempotency_replay_writes_nothing,
        idempotency_replay_of_an_opening_answers_the_first_receipt,
        idempotency_replay_of_an_adoption_answers_the_first_receipt,
        idempotency_replay_of_unchanged_answers_the_first_receipt,
        idempotency_key_with_another_subject_is_reused,
        idempotency_key_with_another_action_is_reused,
        idempotency_key_with_another_actor_is_reused,
        idempotency_key_with_another_kind_of_actor_is_reused,
        idempotency_key_with_another_input_is_reused,
        idempotency_key_with_another_sort_of_command_is_reused,
        idempotency_reused_key_writes_nothing,
        idempotency_fingerprint_leaves_out_what_the_client_did_not_intend,
        idempotency_refusals_are_not_stored,
        idempotency_key_of_a_denial_may_be_used_again,
        idempotency_scope_of_a_key_is_the_tenant,
    ]
);

async fn idempotency_key_is_mandatory_on_every_command(stage: Stage) {
    let order = stage.order("o").await;
    assert_eq!(code(stage.send(&Command::new(&owner(), &order, "pay")).await), "missing_key");
    let opening = Opening::new(&owner(), &subject("order", "p")).attribute("customer", "c");
    assert_eq!(code(stage.hos.open(&opening).await), "missing_key");
    assert_eq!(code(stage.hos.adopt(&Adoption::new(opening, "paid", "x")).await), "missing_key");
    let record = Record::new(&owner(), &world(), &firm(), "call");
    assert_eq!(code(stage.hos.record(&record).await), "missing_key");
}

async fn idempotency_key_of_no_bytes_is_missing(stage: Stage) {
    let order = stage.order("o").await;
    assert_eq!(code(stage.send(&act(&owner(), &order, "pay", "")).await), "missing_key");
}

async fn replays(stage: &Stage, key: &[u8]) {
    let order = stage.order("o").await;
    let command = Command::new(&owner(), &order, "pay").key(key);
    stage.moved(&command).await;
    assert!(stage.send(&command).await.unwrap().replayed);
}

async fn idempotency_key_of_one_byte_is_kept(stage: Stage) {
    replays(&stage, b"k").await;
}

async fn idempotency_key_of_255_bytes_is_kept(stage: Stage) {
    replays(&stage, &[b'k'; KEY_BYTES_MAX]).await;
}

async fn idempotency_key_of_256_bytes_is_refused(stage: Stage) {
    let order = stage.order("o").await;
    let command = Command::new(&owner(), &order, "pay").key([b'k'; KEY_BYTES_MAX + 1]);
    assert_eq!(code(stage.send(&command).await), "invalid_input");
    assert_eq!(stage.at(&order).await.1, 1);
}

async fn idempotency_key_is_any_bytes(stage: Stage) {
    replays(&stage, &[0, 255, 0, b'\'', b'"', 0xc3, 0x28, b'\\', 0]).await;
}

async fn idempotency_keys_that_begin_alike_are_different(stage: Stage) {
    let lamp = stage.subject("lamp", "l").await;
    let long = [b'k'; KEY_BYTES_MAX];
    let mut other = long;
    other[KEY_BYTES_MAX - 1] = b'K';
    for (key, action) in [(&long[..], "light"), (&other[..], "dim"), (&long[..254], "light")] {
        stage.moved(&Command::new(&owner(), &lamp, action).key(key)).await;
    }
}

async fn idempotency_replay_answers_the_first_receipt(stage: Stage) {
    let order = stage.order("o").await;
    let pay = act(&owner(), &order, "pay", "k1");
    let first = stage.moved(&pay).await;
    stage.moved(&ship(&owner(), &order, "k2")).await;
    stage.advance(60);
    let replay = stage.send(&pay).await.unwrap();
    assert!(replay.replayed);
    let expected = hos_core::receipt::Receipt { replayed: true, ..first };
    assert_eq!(replay, expected, "as it was, not as it would be now");
}

async fn idempotency_replay_writes_nothing(stage: Stage) {
    let order = stage.order("o").await;
    let pay = act(&owner(), &order, "pay", "k");
    stage.moved(&pay).await;
    let (size, messages) = (stage.size().await, stage.outbox().await.len());
    stage.send(&pay).await.unwrap();
    assert_eq!((stage.size().await, stage.outbox().await.len()), (size, messages));
    assert_eq!(stage.at(&order).await.1, 2);
}

async fn idempotency_replay_of_an_opening_answers_the_first_receipt(stage: Stage) {
    let opening = Opening::new(&owner(), &subject("lamp", "l")).key("k1");
    let first = stage.hos.open(&opening).await.unwrap();
    stage.moved(&act(&owner(), &subject("lamp", "l"), "light", "k2")).await;
    let replay = stage.hos.open(&opening).await.unwrap();
    assert!(replay.replayed);
    assert_eq!((replay.proof_id, replay.revision), (first.proof_id, 1));
}

async fn idempotency_replay_of_an_adoption_answers_the_first_receipt(stage: Stage) {
    let opening = Opening::new(&owner(), &subject("lamp", "l")).key("k1");
    let adoption = Adoption::new(opening, "on", "it was lit");
    let first = stage.hos.adopt(&adoption).await.unwrap();
    let replay = stage.hos.adopt(&adoption).await.unwrap();
    assert!(replay.replayed);
    assert_eq!(replay.proof_id, first.proof_id);
}

async fn idempotency_replay_of_unchanged_answers_the_first_receipt(stage: Stage) {
    let lamp = stage.subject("lamp", "l").await;
    stage.moved(&act(&owner(), &lamp, "light", "k1")).await;
    let again = act(&owner(), &lamp, "light", "k2");
    let unchanged = stage.send(&again).await.unwrap();
    assert_eq!(unchanged.effect, Effect::Unchanged);
    stage.moved(&act(&owner(), &lamp, "dim", "k3")).await;
    let replay = stage.send(&again).await.unwrap();
    assert!(replay.replayed, "it does not light the lamp a second time");
    assert_eq!(replay.effect, Effect::Unchanged);
    assert_eq!(stage.at(&lamp).await.0, "off");
}

async fn reused(stage: &Stage, first: &Command, second: &Command) {
    stage.moved(first).await;
    assert_eq!(code(stage.send(second).await), "key_reused");
}

async fn idempotency_key_with_another_subject_is_reused(stage: Stage) {
    let (a, b) = (stage.order("a").await, stage.order("b").await);
    reused(&stage, &act(&owner(), &a, "pay", "k"), &act(&owner(), &b, "pay", "k")).await;
    assert_eq!(stage.at(&b).await.1, 1);
}

async fn idempotency_key_with_another_action_is_reused(stage: Stage) {
    let order = stage.order("o").await;
    let (pay, cancel) = (act(&owner(), &order, "pay", "k"), act(&owner(), &order, "cancel", "k"));
    reused(&stage, &pay, &cancel).await;
}

async fn idempotency_key_with_another_actor_is_reused(stage: Stage) {
    let order = stage.order("o").await;
    reused(&stage, &act(&owner(), &order, "pay", "k"), &act(&clerk(), &order, "pay", "k")).await;
}

async fn idempotency_key_with_another_kind_of_actor_is_reused(stage: Stage) {
    let order = stage.order("o").await;
    let service = Actor::service("owner-1").unwrap();
    reused(&stage, &act(&owner(), &order, "pay", "k"), &act(&service, &order, "pay", "k")).await;
}

async fn idempotency_key_with_another_input_is_reused(stage: Stage) {
    let order = stage.order("o").await;
    let touch = |note: &str| act(&owner(), &order, "touch", "k").input("note", note);
    reused(&stage, &touch("a"), &touch("b")).await;
    let bare = act(&owner(), &order, "touch", "k");
    assert_eq!(code(stage.send(&bare).await), "key_reused");
}

async fn idempotency_key_with_another_sort_of_command_is_reused(stage: Stage) {
    let order = stage.order("o").await;
    stage.moved(&act(&owner(), &order, "pay", "k")).await;
    let record = Record::about(&owner(), &order, "call").key("k");
    assert_eq!(code(stage.hos.record(&record).await), "key_reused");
    let opening = Opening::new(&owner(), &subject("lamp", "l")).key("k");
    assert_eq!(code(stage.hos.open(&opening).await), "key_reused");
}

async fn idempotency_reused_key_writes_nothing(stage: Stage) {
    let order = stage.order("o").await;
    stage.moved(&act(&owner(), &order, "pay", "k")).await;
    let (size, messages) = (stage.size().await, stage.outbox().await.len());
    assert_eq!(code(stage.send(&act(&owner(), &order, "cancel", "k")).await), "key_reused");
    assert_eq!((stage.size().await, stage.outbox().await.len()), (size, messages));
    let replay = stage.send(&act(&owner(), &order, "pay", "k")).await.unwrap();
    assert!(replay.replayed, "the first receipt stays");
}

async fn idempotency_fingerprint_leaves_out_what_the_client_did_not_intend(stage: Stage) {
    let order = stage.order("o").await;
    stage.moved(&act(&owner(), &order, "pay", "k1")).await;
    let first = stage.moved(&ship(&owner(), &order, "k2").seen(2)).await;
    stage.advance(5);
    let again = ship(&owner(), &order, "k2")
        .fact("stock", 0)
        .seen(9)
        .request(RequestId::new("other").unwrap())
        .traceparent("00-11111111111111111111111111111111-2222222222222222-01");
    let replay = stage.send(&again).await.unwrap();
    assert!(replay.replayed);
    assert_eq!(replay.proof_id, first.proof_id);
}

async fn idempotency_refusals_are_not_stored(stage: Stage) {
    let order = stage.order("o").await;
    let shipping = ship(&owner(), &order, "k1");
    assert_eq!(code(stage.send(&shipping).await), "invalid_transition");
    stage.moved(&act(&owner(), &order, "pay", "k2")).await;
    stage.moved(&shipping).await;
}

async fn idempotency_key_of_a_denial_may_be_used_again(stage: Stage) {
    let order = stage.order("o").await;
    let cancel = act(&viewer(), &order, "cancel", "k");
    assert_eq!(code(stage.send(&cancel).await), "denied");
    stage.change(crate::stage::member("viewer-1", &["owner"]), "promote").await;
    stage.moved(&cancel).await;
}

async fn idempotency_scope_of_a_key_is_the_tenant(stage: Stage) {
    let order = stage.order("o").await;
    stage.moved(&act(&owner(), &order, "pay", "same")).await;
    let theirs =
        hos_core::subject::Subject::new(crate::law::WORLD, crate::stage::NEIGHBOUR, "order", "o")
            .unwrap();
    let neighbour = crate::stage::user("owner-2");
    let opening = Opening::new(&neighbour, &theirs).attribute("customer", "c").key("same");
    assert!(!stage.hos.open(&opening).await.unwrap().replayed);
}
