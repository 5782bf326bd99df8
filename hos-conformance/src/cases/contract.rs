//! How a subject comes under its contract.

use hos_core::command::{Adoption, Opening};
use hos_core::error::{Error, Refusal};
use hos_core::laws::{Contracts as _, Proofs as _};
use hos_core::receipt::Effect;
use hos_core::time::Timestamp;
use hos_core::value::Value;

use crate::case::cases;
use crate::law::{WORLD, builder, order};
use crate::stage::{
    START, Stage, act, clerk, code, customer, leaf, owner, stranger, subject, viewer,
};

cases!(
    "contract",
    [
        contract_opens_in_the_initial_state_at_revision_one,
        contract_opening_leaves_one_proof,
        contract_opening_pins_the_current_version,
        contract_opening_keeps_attributes_of_every_type,
        contract_opening_needs_an_ability_of_its_own,
        contract_opening_needs_its_required_attributes,
        contract_opening_lists_every_failing_guard,
        contract_opening_twice_is_refused,
        contract_opening_again_after_the_end_is_refused,
        contract_opening_tells_an_outsider_nothing_of_the_state,
        contract_opening_of_an_unknown_tenant_finds_nothing,
        contract_opening_in_the_reserved_tenant_is_refused,
        contract_adoption_takes_any_state_and_says_so,
        contract_adoption_reads_an_alias,
        contract_adoption_into_a_terminal_state_stays_there,
        contract_adoption_needs_its_ability_and_a_reason,
        contract_adoption_of_an_unknown_state_is_refused,
        contract_adoption_of_a_subject_under_the_law_is_refused,
        contract_of_a_kind_unknown_is_refused,
        contract_version_that_was_dropped_is_not_guessed_about,
    ]
);

fn opening(id: &str) -> Opening {
    Opening::new(&owner(), &subject("order", id)).attribute("customer", "customer-1")
}

async fn contract_opens_in_the_initial_state_at_revision_one(stage: Stage) {
    let receipt = stage.hos.open(&opening("o").key("k")).await.unwrap();
    assert_eq!((receipt.revision, receipt.effect), (1, Effect::Moved));
    assert_eq!(receipt.action, "open");
    assert_eq!(receipt.from, None);
    assert_eq!(receipt.to.as_ref().map(AsRef::as_ref), Some("pending"));
    assert_eq!(receipt.recorded_at, Timestamp::from_micros(START));
    assert_eq!(stage.at(&subject("order", "o")).await, ("pending".to_owned(), 1));
}

async fn contract_opening_leaves_one_proof(stage: Stage) {
    let size = stage.size().await;
    let receipt = stage.hos.open(&opening("o").key("k")).await.unwrap();
    let log = stage.log().await;
    assert_eq!(stage.size().await, size + 1);
    let last = log.last().unwrap();
    assert_eq!(last.id, receipt.proof_id);
    let leaf = leaf(last);
    assert_eq!(leaf["typ"], "opened/1");
    assert_eq!(leaf["subject"], "order:o");
    assert_eq!(leaf["revision"], 1);
    assert_eq!(leaf["to"], "pending");
}

async fn contract_opening_pins_the_current_version(stage: Stage) {
    let receipt = stage.hos.open(&opening("o").key("k")).await.unwrap();
    assert_eq!(receipt.contract_version.as_ref().map(AsRef::as_ref), Some("1"));
    let situation = stage.hos.situation(&subject("order", "o")).await.unwrap().unwrap();
    assert_eq!(situation.snapshot.contract, "1");
    assert_eq!(situation.terminal, Some(false));
}

async fn contract_opening_keeps_attributes_of_every_type(stage: Stage) {
    let due = Timestamp::from_micros(START + 1);
    let tags: Value = ["b", "a", "é\u{1f600}\"\\\n"].into_iter().collect();
    let opening = opening("o")
        .attribute("total", hos_core::value::INTEGER_MAX)
        .attribute("note", "çay \"demli\"\n\u{0}\u{7f}\u{2028}")
        .attribute("urgent", false)
        .attribute("due", due)
        .attribute("tags", tags.clone());
    stage.hos.open(&opening.key("k")).await.unwrap();
    let situation = stage.hos.situation(&subject("order", "o")).await.unwrap().unwrap();
    let attributes = situation.snapshot.attributes;
    assert_eq!(attributes.iter().len(), 6);
    let kept = |name: &str| attributes.get(name).cloned();
    assert_eq!(kept("customer"), Some("customer-1".into()));
    assert_eq!(kept("total"), Some(hos_core::value::INTEGER_MAX.into()));
    assert_eq!(kept("note"), Some("çay \"demli\"\n\u{0}\u{7f}\u{2028}".into()));
    assert_eq!(kept("urgent"), Some(false.into()));
    assert_eq!(kept("due"), Some(due.into()));
    assert_eq!(kept("tags"), Some(tags));
}

async fn contract_opening_needs_an_ability_of_its_own(stage: Stage) {
    let lamp = subject("lamp", "l");
    let refused = stage.hos.open(&Opening::new(&viewer(), &lamp).key("k")).await;
    assert_eq!(code(refused), "denied");
    assert!(!stage.exists(&lamp).await);
    let own = Opening::new(&customer(), &subject("order", "o")).attribute("customer", "c").key("k");
    stage.hos.open(&own).await.expect("a customer opens an order");
}

async fn contract_opening_needs_its_required_attributes(stage: Stage) {
    let order = subject("order", "o");
    let refused = stage.hos.open(&Opening::new(&owner(), &order).key("k")).await;
    assert_eq!(code(refused), "invalid_input");
    assert!(!stage.exists(&order).await);
}

async fn contract_opening_lists_every_failing_guard(stage: Stage) {
    let refused = stage.hos.open(&opening("o").attribute("customer", "").key("k")).await;
    match refused {
        Err(Error::Refused(Refusal::GuardFailed(codes))) => {
            assert_eq!(codes, ["customer_empty"]);
        }
        other => panic!("expected a failing guard, got {other:?}"),
    }
    assert!(!stage.exists(&subject("order", "o")).await);
}

async fn contract_opening_twice_is_refused(stage: Stage) {
    stage.hos.open(&opening("o").key("k1")).await.unwrap();
    let size = stage.size().await;
    assert_eq!(code(stage.hos.open(&opening("o").key("k2")).await), "invalid_transition");
    assert_eq!(stage.size().await, size);
}

async fn contract_opening_again_after_the_end_is_refused(stage: Stage) {
    let order = stage.cancelled("o").await;
    assert_eq!(code(stage.hos.open(&opening("o").key("again")).await), "invalid_transition");
    assert_eq!(stage.at(&order).await, ("cancelled".to_owned(), 2));
}

async fn contract_opening_tells_an_outsider_nothing_of_the_state(stage: Stage) {
    stage.cancelled("o").await;
    let theirs = Opening::new(&stranger(), &subject("order", "o")).attribute("customer", "x");
    match stage.hos.open(&theirs.key("k")).await {
        Err(Error::Refused(Refusal::InvalidTransition { from, allowed, .. })) => {
            assert_eq!(from, "");
            assert_eq!(allowed.len(), 0);
        }
        other => panic!("expected an invalid transition, got {other:?}"),
    }
}

async fn contract_opening_of_an_unknown_tenant_finds_nothing(stage: Stage) {
    let order = hos_core::subject::Subject::new(WORLD, "firm-9", "order", "o").unwrap();
    let opening = Opening::new(&owner(), &order).attribute("customer", "c").key("k");
    assert_eq!(code(stage.hos.open(&opening).await), "not_found");
    assert!(!stage.exists(&order).await);
}

async fn contract_opening_in_the_reserved_tenant_is_refused(stage: Stage) {
    let mut order = subject("order", "o");
    order.tenant = hos_core::id::Tenant::world();
    let root = crate::stage::root();
    let opening = Opening::new(&root, &order).attribute("customer", "c").key("k");
    assert_eq!(code(stage.hos.open(&opening).await), "invalid_input");
}

fn adoption(id: &str, state: &str) -> Adoption {
    Adoption::new(opening(id).key(format!("adopt {id}")), state, "it was there before")
}

async fn contract_adoption_takes_any_state_and_says_so(stage: Stage) {
    let receipt = stage.hos.adopt(&adoption("o", "shipped")).await.unwrap();
    assert_eq!((receipt.revision, receipt.effect), (1, Effect::Moved));
    assert_eq!(receipt.action, "adopt");
    assert_eq!(stage.at(&subject("order", "o")).await, ("shipped".to_owned(), 1));
    let log = stage.log().await;
    let last = log.last().unwrap();
    assert_eq!(leaf(last)["typ"], "adopted/1");
    let names: Vec<&str> = last.parts.iter().map(|part| part.name.as_str()).collect();
    assert_eq!(names, ["attributes", "reason"]);
    assert_eq!(stage.hos.history(&subject("order", "o"), 0, 10).await.unwrap().len(), 1);
}

async fn contract_adoption_reads_an_alias(stage: Stage) {
    let receipt = stage.hos.adopt(&adoption("o", "settled")).await.unwrap();
    assert_eq!(receipt.to.as_ref().map(AsRef::as_ref), Some("paid"));
    assert_eq!(stage.at(&subject("order", "o")).await.0, "paid");
    assert_eq!(leaf(stage.log().await.last().unwrap())["to"], "paid");
}

async fn contract_adoption_into_a_terminal_state_stays_there(stage: Stage) {
    stage.hos.adopt(&adoption("o", "delivered")).await.unwrap();
    let order = subject("order", "o");
    let refused = stage.send(&act(&owner(), &order, "cancel", "k")).await;
    assert_eq!(code(refused), "terminal_state");
    assert!(stage.hos.situation(&order).await.unwrap().unwrap().terminal.unwrap());
}

async fn contract_adoption_needs_its_ability_and_a_reason(stage: Stage) {
    let by_clerk = Opening::new(&clerk(), &subject("order", "o")).attribute("customer", "c");
    let denied = Adoption::new(by_clerk.key("k1"), "paid", "before");
    assert_eq!(code(stage.hos.adopt(&denied).await), "denied");
    let silent = Adoption::new(opening("o").key("k2"), "paid", "  ");
    assert_eq!(code(stage.hos.adopt(&silent).await), "invalid_input");
    assert!(!stage.exists(&subject("order", "o")).await);
}

async fn contract_adoption_of_an_unknown_state_is_refused(stage: Stage) {
    assert_eq!(code(stage.hos.adopt(&adoption("o", "lost")).await), "invalid_input");
}

async fn contract_adoption_of_a_subject_under_the_law_is_refused(stage: Stage) {
    stage.order("o").await;
    assert_eq!(code(stage.hos.adopt(&adoption("o", "paid")).await), "invalid_transition");
    assert_eq!(stage.at(&subject("order", "o")).await, ("pending".to_owned(), 1));
}

async fn contract_of_a_kind_unknown_is_refused(stage: Stage) {
    let opening = Opening::new(&owner(), &subject("boat", "b")).key("k");
    assert_eq!(code(stage.hos.open(&opening).await), "invalid_input");
}

async fn contract_version_that_was_dropped_is_not_guessed_about(stage: Stage) {
    stage.hos.adopt(&adoption("o", "delivered")).await.unwrap();
    let next = builder(WORLD, "2").contract(order("2")).build().unwrap();
    let hos = stage.open([next]).await.unwrap();
    let situation = hos.situation(&subject("order", "o")).await.unwrap().unwrap();
    assert_eq!((situation.snapshot.contract.as_str(), situation.terminal), ("1", None));
}
