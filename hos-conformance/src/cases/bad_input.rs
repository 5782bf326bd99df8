//! What is not in the law is refused, and all of it is named at once.

use hos_core::command::{Command, Opening, Record};
use hos_core::error::{Error, InputFault, Refusal};
use hos_core::laws::{Contracts as _, Policy as _, Proofs as _, Query};
use hos_core::subject::Subject;
use hos_core::value::Value;

use crate::case::cases;
use crate::stage::{FIRM, Stage, act, code, firm, owner, ship, subject, world};

cases!(
    "bad_input",
    [
        bad_input_of_an_unknown_world_is_refused_by_every_call,
        bad_input_of_an_unknown_action_is_refused,
        bad_input_of_an_unknown_state_is_refused,
        bad_input_of_an_unknown_kind_is_refused,
        bad_input_of_an_unknown_ability_is_refused,
        bad_input_of_an_undeclared_attribute_is_refused,
        bad_input_of_a_wrong_type_is_refused,
        bad_input_of_a_missing_input_or_fact_is_refused,
        bad_input_of_an_undeclared_input_or_fact_is_refused,
        bad_input_of_an_undeclared_claim_is_refused,
        bad_input_of_an_undeclared_context_is_refused,
        bad_input_of_an_ill_formed_name_is_refused,
        bad_input_of_an_ill_formed_traceparent_is_refused,
        bad_input_of_a_mixed_set_is_refused,
        bad_input_of_an_ill_formed_kind_of_record_is_refused,
        bad_input_names_every_fault_at_once,
        bad_input_writes_nothing,
    ]
);

fn faults<T: std::fmt::Debug>(answer: Result<T, Error>) -> Vec<String> {
    match answer {
        Err(Error::Refused(Refusal::InvalidInput(faults))) => {
            faults.into_iter().map(|InputFault { field, .. }| field).collect()
        }
        other => panic!("expected invalid input, got {other:?}"),
    }
}

async fn bad_input_of_an_unknown_world_is_refused_by_every_call(stage: Stage) {
    let nowhere = Subject::new("nowhere", FIRM, "order", "o").unwrap();
    assert_eq!(code(stage.send(&act(&owner(), &nowhere, "pay", "k")).await), "invalid_world");
    let opening = Opening::new(&owner(), &nowhere).key("k");
    assert_eq!(code(stage.hos.open(&opening).await), "invalid_world");
    let record = Record::about(&owner(), &nowhere, "call").key("k");
    assert_eq!(code(stage.hos.record(&record).await), "invalid_world");
    let query = Query::new(&owner(), "order.pay", &nowhere);
    assert_eq!(code(stage.hos.can(&query).await), "invalid_world");
    assert_eq!(code(stage.hos.explain(&query).await), "invalid_world");
    assert_eq!(code(stage.hos.allowed_actions(&owner(), &nowhere).await), "invalid_world");
    assert_eq!(code(stage.hos.situation(&nowhere).await), "invalid_world");
}

async fn bad_input_of_an_unknown_action_is_refused(stage: Stage) {
    let order = stage.order("o").await;
    assert_eq!(faults(stage.send(&act(&owner(), &order, "fly", "k")).await), ["action"]);
}

async fn bad_input_of_an_unknown_state_is_refused(stage: Stage) {
    let order = stage.order("o").await;
    let command = Command::to(&owner(), &order, "lost").key("k");
    assert_eq!(faults(stage.send(&command).await), ["to"]);
}

async fn bad_input_of_an_unknown_kind_is_refused(stage: Stage) {
    let boat = subject("boat", "b");
    assert_eq!(faults(stage.send(&act(&owner(), &boat, "sail", "k")).await), ["kind"]);
}

async fn bad_input_of_an_unknown_ability_is_refused(stage: Stage) {
    let order = stage.order("o").await;
    let query = Query::new(&owner(), "order.fly", &order);
    assert_eq!(faults(stage.hos.can(&query).await), ["ability"]);
}

async fn bad_input_of_an_undeclared_attribute_is_refused(stage: Stage) {
    let opening = Opening::new(&owner(), &subject("order", "o")).attribute("customer", "c");
    let opening = opening.attribute("colour", "red").key("k");
    assert_eq!(faults(stage.hos.open(&opening).await), ["attributes.colour"]);
}

async fn bad_input_of_a_wrong_type_is_refused(stage: Stage) {
    let opening = Opening::new(&owner(), &subject("order", "o")).attribute("customer", 7).key("k");
    assert_eq!(faults(stage.hos.open(&opening).await), ["attributes.customer"]);
    let order = stage.order("o").await;
    let touch = act(&owner(), &order, "touch", "k").input("total", "many");
    assert_eq!(faults(stage.send(&touch).await), ["input.total"]);
}

async fn bad_input_of_a_missing_input_or_fact_is_refused(stage: Stage) {
    let order = stage.order("o").await;
    stage.moved(&act(&owner(), &order, "pay", "k1")).await;
    let bare = act(&owner(), &order, "ship", "k2");
    assert_eq!(faults(stage.send(&bare).await), ["input.carrier", "facts.stock"]);
}

async fn bad_input_of_an_undeclared_input_or_fact_is_refused(stage: Stage) {
    let order = stage.order("o").await;
    let touch = act(&owner(), &order, "touch", "k").input("colour", "red").fact("stock", 1);
    assert_eq!(faults(stage.send(&touch).await), ["input.colour", "facts.stock"]);
}

async fn bad_input_of_an_undeclared_claim_is_refused(stage: Stage) {
    let order = stage.order("o").await;
    let actor = owner().claim("rank", 1).unwrap();
    assert_eq!(faults(stage.send(&act(&actor, &order, "pay", "k")).await), ["actor.rank"]);
    let query = Query::new(&actor, "order.pay", &order);
    assert_eq!(faults(stage.hos.can(&query).await), ["actor.rank"]);
}

async fn bad_input_of_an_undeclared_context_is_refused(stage: Stage) {
    let order = stage.order("o").await;
    let pay = act(&owner(), &order, "pay", "k").context("weather", "rain");
    assert_eq!(faults(stage.send(&pay).await), ["context.weather"]);
    let query = Query::new(&owner(), "order.pay", &order).context("channel", 1);
    assert_eq!(faults(stage.hos.can(&query).await), ["context.channel"]);
}

async fn bad_input_of_an_ill_formed_name_is_refused(stage: Stage) {
    let order = stage.order("o").await;
    let touch = act(&owner(), &order, "touch", "k").input("Not A Name", 1);
    assert_eq!(faults(stage.send(&touch).await), ["input.Not A Name"]);
}

async fn bad_input_of_an_ill_formed_traceparent_is_refused(stage: Stage) {
    let order = stage.order("o").await;
    for trace in ["with space", "\n", &"x".repeat(65)] {
        let pay = act(&owner(), &order, "pay", "k").traceparent(trace);
        assert_eq!(faults(stage.send(&pay).await), ["traceparent"]);
    }
}

async fn bad_input_of_a_mixed_set_is_refused(stage: Stage) {
    let order = stage.order("o").await;
    let mixed: Value = [Value::from("a"), Value::from(1)].into_iter().collect();
    let touch = act(&owner(), &order, "touch", "k").input("tags", mixed);
    assert_eq!(code(stage.send(&touch).await), "invalid_input");
    let nested: Value = [["a"].into_iter().collect::<Value>()].into_iter().collect();
    let touch = act(&owner(), &order, "touch", "k").input("tags", nested);
    assert_eq!(code(stage.send(&touch).await), "invalid_input");
}

async fn bad_input_of_an_ill_formed_kind_of_record_is_refused(stage: Stage) {
    for kind in ["", "With Space", "UPPER", &"x".repeat(33)] {
        let record = Record::new(&owner(), &world(), &firm(), kind).key("k");
        assert_eq!(code(stage.hos.record(&record).await), "invalid_input", "`{kind}`");
    }
}

async fn bad_input_names_every_fault_at_once(stage: Stage) {
    let opening = Opening::new(&owner(), &subject("order", "o"))
        .attribute("colour", "red")
        .attribute("total", "many")
        .key("k");
    let named = faults(stage.hos.open(&opening).await);
    assert_eq!(named, ["attributes.colour", "attributes.total", "attributes.customer"]);
}

async fn bad_input_writes_nothing(stage: Stage) {
    let order = stage.order("o").await;
    let (log, messages) = (stage.log().await, stage.outbox().await);
    let wrong = ship(&owner(), &order, "k1").input("colour", "red");
    assert!(stage.send(&wrong).await.is_err());
    assert!(stage.send(&act(&owner(), &order, "fly", "k2")).await.is_err());
    assert_eq!((stage.log().await, stage.outbox().await), (log, messages));
}
