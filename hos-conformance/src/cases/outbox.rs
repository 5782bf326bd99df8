//! Messages that wait to be published.

use hos_core::command::Opening;
use hos_core::laws::Contracts as _;
use hos_core::proof::PAGE_MAX;

use crate::case::cases;
use crate::stage::{Stage, act, code, owner, ship, subject, viewer};

cases!(
    "outbox",
    [
        outbox_row_is_written_with_the_move,
        outbox_row_of_an_opening_is_written,
        outbox_row_of_each_topic_is_written,
        outbox_of_a_move_without_topics_is_empty,
        outbox_of_a_refusal_or_unchanged_is_empty,
        outbox_payload_tells_action_states_and_attributes,
        outbox_carries_the_traceparent,
        outbox_order_of_a_subject_is_that_of_its_revisions,
        outbox_limit_holds_and_keeps_the_order,
        outbox_done_ticks_off_and_nothing_else,
        outbox_done_twice_or_of_the_unknown_is_harmless,
        outbox_ids_are_never_used_again,
        outbox_of_a_compound_command_tells_of_every_subject,
    ]
);

async fn outbox_row_is_written_with_the_move(stage: Stage) {
    let payment = stage.subject("payment", "p").await;
    let receipt = stage.moved(&act(&owner(), &payment, "settle", "k")).await;
    let rows = stage.outbox().await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].subject, payment);
    assert_eq!((rows[0].revision, rows[0].entry), (2, receipt.proof_id));
    assert_eq!(rows[0].topic, "payment.settled");
}

async fn outbox_row_of_an_opening_is_written(stage: Stage) {
    let order = stage.order("o").await;
    let rows = stage.outbox().await;
    assert_eq!(rows.len(), 1);
    assert_eq!((&rows[0].subject, rows[0].revision), (&order, 1));
    assert_eq!(rows[0].topic, "order.opened");
}

async fn outbox_row_of_each_topic_is_written(stage: Stage) {
    let order = stage.order("o").await;
    stage.moved(&act(&owner(), &order, "pay", "k")).await;
    let mut topics: Vec<String> = stage
        .outbox()
        .await
        .iter()
        .filter(|row| row.revision == 2)
        .map(|row| row.topic.to_string())
        .collect();
    topics.sort();
    assert_eq!(topics, ["ledger.paid", "order.paid"]);
}

async fn outbox_of_a_move_without_topics_is_empty(stage: Stage) {
    let lamp = stage.subject("lamp", "l").await;
    stage.moved(&act(&owner(), &lamp, "light", "k")).await;
    assert_eq!(stage.outbox().await, []);
}

async fn outbox_of_a_refusal_or_unchanged_is_empty(stage: Stage) {
    let payment = stage.subject("payment", "p").await;
    assert_eq!(code(stage.send(&act(&viewer(), &payment, "settle", "k1")).await), "denied");
    stage.moved(&act(&owner(), &payment, "settle", "k2")).await;
    stage.send(&act(&owner(), &payment, "settle", "k3")).await.unwrap();
    assert_eq!(stage.outbox().await.len(), 1);
}

async fn outbox_payload_tells_action_states_and_attributes(stage: Stage) {
    let order = stage.order("o").await;
    stage.moved(&act(&owner(), &order, "pay", "k1")).await;
    stage.moved(&ship(&owner(), &order, "k2")).await;
    let rows = stage.outbox().await;
    let shipped = rows.iter().find(|row| row.topic == "order.shipped").unwrap();
    assert_eq!(
        shipped.payload,
        "{\"action\":\"ship\",\"attributes\":{\"customer\":\"customer-1\",\"note\":\"post\",\
         \"total\":50},\"from\":\"paid\",\"to\":\"shipped\"}"
    );
    let opened = rows.iter().find(|row| row.topic == "order.opened").unwrap();
    assert!(!opened.payload.contains("\"from\""), "{}", opened.payload);
}

async fn outbox_carries_the_traceparent(stage: Stage) {
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let payment = stage.subject("payment", "p").await;
    stage.moved(&act(&owner(), &payment, "settle", "k").traceparent(trace)).await;
    let order = Opening::new(&owner(), &subject("order", "o")).attribute("customer", "c").key("o");
    stage.hos.open(&order).await.unwrap();
    let rows = stage.outbox().await;
    let of = |kind: &str| rows.iter().find(|row| row.subject.kind == kind).unwrap();
    assert_eq!(of("payment").traceparent.as_deref(), Some(trace));
    assert_eq!(of("order").traceparent, None);
}

async fn outbox_order_of_a_subject_is_that_of_its_revisions(stage: Stage) {
    let lamps = [stage.subject("lamp", "a").await, stage.subject("lamp", "b").await];
    for round in 0..5 {
        for lamp in &lamps {
            stage.moved(&act(&owner(), lamp, "light", &format!("{lamp} on {round}"))).await;
            stage.moved(&act(&owner(), lamp, "dim", &format!("{lamp} off {round}"))).await;
        }
    }
    let rows = stage.outbox().await;
    for lamp in &lamps {
        let revisions: Vec<u64> =
            rows.iter().filter(|row| row.subject == *lamp).map(|row| row.revision).collect();
        assert_eq!(revisions, [3, 5, 7, 9, 11]);
    }
}

async fn outbox_limit_holds_and_keeps_the_order(stage: Stage) {
    let lamp = stage.subject("lamp", "l").await;
    for round in 0..4 {
        stage.moved(&act(&owner(), &lamp, "light", &format!("on {round}"))).await;
        stage.moved(&act(&owner(), &lamp, "dim", &format!("off {round}"))).await;
    }
    let mut revisions = Vec::new();
    loop {
        let rows = stage.backend().waiting(3).await.unwrap();
        assert!(rows.len() <= 3);
        if rows.is_empty() {
            break;
        }
        let ids: Vec<u64> = rows.iter().map(|row| row.id).collect();
        stage.backend().done(&ids).await.unwrap();
        revisions.extend(rows.iter().map(|row| row.revision));
    }
    assert_eq!(revisions, [3, 5, 7, 9]);
}

async fn outbox_done_ticks_off_and_nothing_else(stage: Stage) {
    for id in ["a", "b", "c"] {
        stage.order(id).await;
    }
    let rows = stage.outbox().await;
    stage.backend().done(&[rows[1].id]).await.unwrap();
    assert_eq!(stage.outbox().await, [rows[0].clone(), rows[2].clone()]);
    assert_eq!(stage.at(&rows[1].subject).await.1, 1);
}

async fn outbox_done_twice_or_of_the_unknown_is_harmless(stage: Stage) {
    stage.order("o").await;
    let rows = stage.outbox().await;
    let backend = stage.backend();
    backend.done(&[]).await.unwrap();
    backend.done(&[rows[0].id + 1_000]).await.unwrap();
    assert_eq!(stage.outbox().await, rows);
    backend.done(&[rows[0].id, rows[0].id]).await.unwrap();
    backend.done(&[rows[0].id]).await.unwrap();
    assert_eq!(stage.outbox().await, []);
}

async fn outbox_ids_are_never_used_again(stage: Stage) {
    stage.order("a").await;
    let first = stage.outbox().await;
    stage.backend().done(&[first[0].id]).await.unwrap();
    let stage = stage.restart().await;
    stage.order("b").await;
    let second = stage.backend().waiting(PAGE_MAX).await.unwrap();
    assert_ne!(second[0].id, first[0].id, "a late tick would take another's message");
}

async fn outbox_of_a_compound_command_tells_of_every_subject(stage: Stage) {
    let order = stage.order("o").await;
    let payment = stage.subject("payment", "p").await;
    let receipt = stage.moved(&act(&owner(), &order, "pay", "k").and(&payment, "settle")).await;
    let rows = stage.outbox().await;
    let of = |topic: &str| rows.iter().find(|row| row.topic == topic).map(|row| row.entry);
    assert_eq!(of("order.paid"), Some(receipt.proof_id));
    assert_eq!(of("payment.settled"), Some(receipt.also[0].proof_id));
}
