//! Another law comes into force while the old one is at work, and comes back.

use hos_core::actor::Actor;
use hos_core::command::Activation;
use hos_core::error::{Error, FaultKind};
use hos_core::id::Tenant;
use hos_core::law::{Law, LawBuilder};
use hos_core::laws::{Contracts as _, Decision, Policy as _, Proofs as _, Query};
use hos_core::proof::LogEntry;
use hos_core::receipt::{Effect, Receipt};

use crate::case::cases;
use crate::forward::{Interposed, Trap};
use crate::law::{WORLD, builder, law, order};
use crate::stage::{Stage, act, code, firm, leaf, log_of, owner, root, viewer, world};

cases!(
    "activation",
    [
        activation_decides_from_then_on,
        activation_is_recorded_with_version_and_digest,
        activation_of_an_earlier_law_is_a_rollback,
        activation_needs_the_ability_of_the_law_in_force,
        activation_needs_a_key,
        activation_replayed_puts_nothing_back_in_force,
        activation_with_the_key_of_another_is_refused,
        activation_is_never_overtaken_by_what_was_judged_before,
        activation_of_a_changed_law_of_a_known_version_is_refused,
        activation_without_a_pinned_version_is_refused,
        activation_of_another_worlds_law_is_refused,
        activation_records_new_contracts,
        activation_is_for_one_process_and_seen_by_all,
        activation_elsewhere_is_followed_by_whoever_knows_the_law,
        activation_elsewhere_is_followed_before_anything_is_committed,
        activation_of_an_unknown_law_elsewhere_leaves_the_one_in_force_here,
        activation_by_opening_an_earlier_law_is_recorded,
    ]
);

/// A law of the suite's world in which a viewer may pay.
fn generous(version: &str) -> Law {
    let law = base(version).allow("order.pay", ["viewer"]);
    law.build().unwrap()
}

fn base(version: &str) -> LawBuilder {
    builder(WORLD, version).contract(order("1"))
}

async fn put(stage: &Stage, law: Law, key: &str) -> Result<Receipt, Error> {
    stage.hos.activate(&Activation::new(&root(), law).key(key)).await
}

async fn laws(stage: &Stage) -> Vec<LogEntry> {
    let mut log = log_of(&stage.hos, &world(), &Tenant::world()).await;
    log.retain(|entry| leaf(entry)["typ"] == "law/1");
    log
}

async fn may_pay(stage: &Stage, actor: &Actor) -> (bool, String) {
    let query = Query::in_tenant(actor, "order.pay", &world(), &firm());
    let decision = stage.hos.can(&query).await.unwrap();
    (decision.permits(), decision.policy_version.to_string())
}

async fn activation_decides_from_then_on(stage: Stage) {
    let order = stage.order("o").await;
    assert_eq!(code(stage.send(&act(&viewer(), &order, "pay", "k1")).await), "denied");
    assert_eq!(may_pay(&stage, &viewer()).await, (false, "1".to_owned()));
    let receipt = put(&stage, generous("2"), "a").await.unwrap();
    assert_eq!((receipt.effect, receipt.replayed), (Effect::Moved, false));
    assert_eq!(receipt.policy_version, "1", "the law that decided is the one that was in force");
    assert_eq!(may_pay(&stage, &viewer()).await, (true, "2".to_owned()));
    let paid = stage.moved(&act(&viewer(), &order, "pay", "k2")).await;
    assert_eq!(paid.policy_version, "2");
    let paid = stage.hos.find(&world(), &firm(), paid.proof_id).await.unwrap().unwrap();
    assert_eq!(leaf(&paid)["law"], generous("2").digest().to_string());
}

async fn activation_is_recorded_with_version_and_digest(stage: Stage) {
    let receipt = put(&stage, generous("2"), "a").await.unwrap();
    let entry = laws(&stage).await.pop().unwrap();
    let leaf = leaf(&entry);
    assert_eq!(entry.id, receipt.proof_id);
    let said = ["action", "from", "version"].map(|name| leaf[name].as_str().unwrap());
    assert_eq!(said, ["activate", "1", "2"]);
    assert_eq!(leaf["law"], generous("2").digest().to_string());
    assert_eq!(leaf["actor"]["p"], "root");
    let in_force = stage.hos.law_in_force(&world()).await.unwrap().unwrap();
    assert_eq!((in_force.version.as_str(), in_force.digest), ("2", generous("2").digest()));
}

async fn activation_of_an_earlier_law_is_a_rollback(stage: Stage) {
    put(&stage, generous("2"), "a").await.unwrap();
    let receipt = put(&stage, law(), "b").await.unwrap();
    assert_eq!(receipt.action, "roll_back");
    assert_eq!(may_pay(&stage, &viewer()).await, (false, "1".to_owned()));
    put(&stage, generous("2"), "c").await.unwrap();
    assert_eq!(may_pay(&stage, &viewer()).await, (true, "2".to_owned()));
    let said = |entry: &LogEntry| {
        let leaf = leaf(entry);
        let text = |name: &str| leaf[name].as_str().unwrap_or_default().to_owned();
        (text("action"), text("from"), text("version"))
    };
    let said: Vec<_> = laws(&stage).await.iter().map(said).collect();
    let steps = [("activate", "", "1"), ("activate", "1", "2"), ("roll_back", "2", "1")];
    let steps = steps.into_iter().chain([("roll_back", "1", "2")]);
    assert_eq!(said, steps.map(|(a, b, c)| (a.into(), b.into(), c.into())).collect::<Vec<_>>());
}

async fn activation_needs_the_ability_of_the_law_in_force(stage: Stage) {
    let greedy = base("2").allow("hos.law", ["owner"]).build().unwrap();
    let refused = stage.hos.activate(&Activation::new(&owner(), greedy).key("a")).await;
    assert_eq!(code(refused), "denied");
    assert_eq!(laws(&stage).await.len(), 1);
    assert_eq!(may_pay(&stage, &viewer()).await, (false, "1".to_owned()));
    stage.change_world(crate::stage::ban("root"), "ban").await;
    assert_eq!(code(put(&stage, generous("2"), "b").await), "banned");
}

async fn activation_needs_a_key(stage: Stage) {
    let refused = stage.hos.activate(&Activation::new(&root(), generous("2"))).await;
    assert_eq!(code(refused), "missing_key");
}

async fn activation_replayed_puts_nothing_back_in_force(stage: Stage) {
    let first = put(&stage, generous("2"), "a").await.unwrap();
    let again = put(&stage, generous("2"), "a").await.unwrap();
    assert!(again.replayed && again.proof_id == first.proof_id);
    assert_eq!(may_pay(&stage, &viewer()).await, (true, "2".to_owned()));
    put(&stage, law(), "b").await.unwrap();
    assert!(put(&stage, generous("2"), "a").await.unwrap().replayed);
    assert_eq!(may_pay(&stage, &viewer()).await, (false, "1".to_owned()));
    assert_eq!(laws(&stage).await.len(), 3);
}

async fn activation_with_the_key_of_another_is_refused(stage: Stage) {
    put(&stage, generous("2"), "a").await.unwrap();
    assert_eq!(code(put(&stage, generous("3"), "a").await), "key_reused");
    assert_eq!(may_pay(&stage, &viewer()).await, (true, "2".to_owned()));
}

async fn activation_is_never_overtaken_by_what_was_judged_before(stage: Stage) {
    let trap = Trap::default();
    let raced = stage.over(Interposed { inner: stage.backend(), trap: trap.clone() }).await;
    raced.activate(&Activation::new(&root(), generous("2")).key("a")).await.unwrap();
    let order = stage.order("o").await;
    let meanwhile = raced.clone();
    trap.set(Box::new(move || {
        Box::pin(async move {
            meanwhile.activate(&Activation::new(&root(), law()).key("b")).await.unwrap();
        })
    }));
    assert_eq!(code(raced.transition(&act(&viewer(), &order, "pay", "k")).await), "denied");
    assert!(trap.sprang());
    assert_eq!(stage.at(&order).await, ("pending".to_owned(), 1));
}

async fn activation_of_a_changed_law_of_a_known_version_is_refused(stage: Stage) {
    match put(&stage, generous("1"), "a").await {
        Err(Error::Fault(fault)) => assert_eq!(fault.kind(), FaultKind::Law, "{fault}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(laws(&stage).await.len(), 1);
    assert_eq!(may_pay(&stage, &viewer()).await, (false, "1".to_owned()));
}

async fn activation_without_a_pinned_version_is_refused(stage: Stage) {
    stage.order("o").await;
    let lacking = builder(WORLD, "2").contract(order("2")).build().unwrap();
    match put(&stage, lacking, "a").await {
        Err(Error::Fault(fault)) => assert_eq!(fault.kind(), FaultKind::Law, "{fault}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(laws(&stage).await.len(), 1);
    stage.moved(&act(&owner(), &crate::stage::subject("order", "o"), "pay", "k")).await;
}

async fn activation_of_another_worlds_law_is_refused(stage: Stage) {
    let elsewhere = crate::law::law_of(crate::law::OTHER_WORLD);
    assert_eq!(code(put(&stage, elsewhere, "a").await), "invalid_world");
}

async fn activation_records_new_contracts(stage: Stage) {
    let next = base("2").contract(order("2")).build().unwrap();
    put(&stage, next, "a").await.unwrap();
    let known = stage.backend().contracts(&world()).await.unwrap();
    assert!(known.iter().any(|record| record.kind == "order" && record.version == "2"));
    let order = stage.order("o").await;
    let situation = stage.hos.situation(&order).await.unwrap().unwrap();
    assert_eq!(situation.snapshot.contract, "2");
}

async fn activation_is_for_one_process_and_seen_by_all(stage: Stage) {
    let other = stage.open([law()]).await.unwrap();
    put(&stage, generous("2"), "a").await.unwrap();
    let query = Query::in_tenant(&viewer(), "order.pay", &world(), &firm());
    assert!(!other.can(&query).await.unwrap().permits());
    assert_eq!(other.law_in_force(&world()).await.unwrap().unwrap().version, "2");
    let order = stage.order("o").await;
    let denied = other.transition(&act(&viewer(), &order, "pay", "k")).await;
    assert_eq!(code(denied), "denied", "it goes on under its own law");
    // Told by the same key, it follows without a second entry.
    let told = other.activate(&Activation::new(&root(), generous("2")).key("a")).await.unwrap();
    assert!(told.replayed);
    assert!(other.can(&query).await.unwrap().permits());
    assert_eq!(laws(&stage).await.len(), 2);
}

async fn activation_by_opening_an_earlier_law_is_recorded(stage: Stage) {
    let stage = stage.restart_with([generous("2")]).await.unwrap();
    let stage = stage.restart().await;
    let last = laws(&stage).await.pop().unwrap();
    assert_eq!(leaf(&last)["action"], "roll_back");
    let before = laws(&stage).await.len();
    let stage = stage.restart().await;
    assert_eq!(laws(&stage).await.len(), before);
}

async fn activation_elsewhere_is_followed_by_whoever_knows_the_law(stage: Stage) {
    let order = stage.order("o").await;
    let other = stage.open([law()]).await.unwrap();
    other.prepare(generous("2")).unwrap();
    let query = Query::new(&viewer(), "order.pay", &order);
    let said = |decision: Decision| (decision.permits(), decision.policy_version.to_string());
    assert_eq!(said(other.can(&query).await.unwrap()), (false, "1".to_owned()));
    put(&stage, generous("2"), "a").await.unwrap();
    assert_eq!(said(other.can(&query).await.unwrap()), (true, "2".to_owned()), "the next answer");
    put(&stage, law(), "b").await.unwrap();
    let all = other.can_all(&[query.clone(), query.clone()]).await;
    let all: Vec<_> = all.into_iter().map(|answer| said(answer.unwrap())).collect();
    assert_eq!(all, [(false, "1".to_owned()), (false, "1".to_owned())], "and back again");
    assert_eq!(other.law(&world()).unwrap().version(), "1");
    put(&stage, generous("2"), "c").await.unwrap();
    let paid = other.transition(&act(&viewer(), &order, "pay", "k")).await.unwrap();
    assert_eq!(paid.policy_version, "2");
    assert_eq!(laws(&stage).await.len(), 4, "who follows records nothing");
    // Known late is followed all the same.
    let late = stage.open([generous("2")]).await.unwrap();
    put(&stage, generous("3"), "d").await.unwrap();
    assert_eq!(said(late.can(&query).await.unwrap()), (true, "2".to_owned()));
    late.prepare(generous("3")).unwrap();
    assert_eq!(said(late.can(&query).await.unwrap()), (true, "3".to_owned()));
}

async fn activation_elsewhere_is_followed_before_anything_is_committed(stage: Stage) {
    let order = stage.order("o").await;
    let trap = Trap::default();
    let raced = stage.over(Interposed { inner: stage.backend(), trap: trap.clone() }).await;
    raced.prepare(generous("2")).unwrap();
    put(&stage, generous("2"), "a").await.unwrap();
    let query = Query::new(&viewer(), "order.pay", &order);
    assert!(raced.can(&query).await.unwrap().permits());
    let meanwhile = stage.hos.clone();
    trap.set(Box::new(move || {
        Box::pin(async move {
            meanwhile.activate(&Activation::new(&root(), law()).key("b")).await.unwrap();
        })
    }));
    // Judged under the law that lets it through, which is in force no more when it is written.
    assert_eq!(code(raced.transition(&act(&viewer(), &order, "pay", "k")).await), "denied");
    assert!(trap.sprang());
    assert_eq!(stage.at(&order).await, ("pending".to_owned(), 1));
}

async fn activation_of_an_unknown_law_elsewhere_leaves_the_one_in_force_here(stage: Stage) {
    let order = stage.order("o").await;
    let other = stage.open([law()]).await.unwrap();
    other.prepare(generous("3")).unwrap();
    put(&stage, generous("2"), "a").await.unwrap();
    let query = Query::new(&viewer(), "order.pay", &order);
    for _ in 0..2 {
        assert!(!other.can(&query).await.unwrap().permits());
    }
    assert_eq!(other.law(&world()).unwrap().version(), "1");
    assert_eq!(other.law_in_force(&world()).await.unwrap().unwrap().version, "2");
    let elsewhere = crate::law::law_of(crate::law::OTHER_WORLD);
    assert_eq!(code(other.prepare(elsewhere)), "invalid_world");
}
