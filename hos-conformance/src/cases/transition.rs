//! May this subject move now?

use hos_core::command::{Command, StandingChange};
use hos_core::error::{Error, Refusal};
use hos_core::id::RequestId;
use hos_core::laws::Contracts as _;
use hos_core::receipt::Effect;
use hos_core::standing::WorldStatus;
use hos_core::value::Value;

use crate::case::cases;
use crate::stage::{
    Stage, act, clerk, code, customer, leaf, owner, root, ship, stranger, subject, viewer,
};

cases!(
    "transition",
    [
        transition_moves_once_and_raises_the_revision_by_one,
        transition_leaves_one_proof_that_names_everything,
        transition_receipt_names_what_happened,
        transition_to_the_present_state_is_unchanged,
        transition_unchanged_writes_no_proof,
        transition_unchanged_needs_the_ability_of_its_action,
        transition_unchanged_succeeds_in_a_terminal_state,
        transition_unchanged_checks_the_seen_revision,
        transition_listed_self_loop_moves,
        transition_out_of_a_terminal_state_is_refused,
        transition_out_of_a_terminal_state_is_refused_to_a_superuser,
        transition_not_possible_from_here_lists_the_allowed,
        transition_to_a_state_is_sugar_for_its_one_action,
        transition_to_a_state_that_two_actions_reach_is_ambiguous,
        transition_to_an_alias_means_its_state,
        transition_lists_every_failing_guard,
        transition_guard_with_now_reads_the_clock,
        transition_sets_attributes_from_its_input,
        transition_leaves_attributes_whose_source_is_absent,
        transition_with_a_stale_revision_is_refused,
        transition_with_a_future_revision_is_refused,
        transition_of_a_missing_subject_finds_nothing,
        transition_in_a_closed_world_is_refused,
        transition_checks_the_world_before_the_subject,
        transition_checks_the_subject_before_policy,
        transition_checks_policy_before_the_state,
        transition_checks_the_state_before_guards,
        transition_checks_guards_before_the_revision,
        transition_refused_writes_nothing,
        transition_chain_counts_every_revision,
    ]
);

async fn transition_moves_once_and_raises_the_revision_by_one(stage: Stage) {
    let order = stage.order("o").await;
    let receipt = stage.moved(&act(&owner(), &order, "pay", "k")).await;
    assert_eq!(receipt.revision, 2);
    assert_eq!(stage.at(&order).await, ("paid".to_owned(), 2));
}

async fn transition_leaves_one_proof_that_names_everything(stage: Stage) {
    let order = stage.order("o").await;
    stage.moved(&act(&owner(), &order, "pay", "k1")).await;
    let size = stage.size().await;
    let request = RequestId::new("request-77").unwrap();
    let receipt = stage.moved(&ship(&owner(), &order, "k2").request(request)).await;
    let log = stage.log().await;
    assert_eq!(stage.size().await, size + 1);
    let last = log.last().unwrap();
    assert_eq!(last.id, receipt.proof_id);
    let leaf = leaf(last);
    let law = stage.hos.law(&crate::stage::world()).unwrap();
    assert_eq!(leaf["typ"], "transition/1");
    assert_eq!(leaf["actor"], serde_json::json!({"k": "user", "p": "owner-1"}));
    assert_eq!(leaf["subject"], "order:o");
    assert_eq!(leaf["revision"], 3);
    assert_eq!(leaf["action"], "ship");
    assert_eq!((&leaf["from"], &leaf["to"]), (&"paid".into(), &"shipped".into()));
    assert_eq!(leaf["law"], law.digest().to_string());
    assert_eq!(leaf["contract"], law.contract("order").unwrap().digest().to_string());
    assert_eq!(leaf["request"], "request-77");
    assert_eq!(leaf["code"], "shipment");
    assert_eq!(leaf["log"], "suite.example/w/suite/t/firm-1/main");
    assert_eq!(leaf["id"], receipt.proof_id.to_string());
    assert_eq!(leaf["at"], receipt.recorded_at.to_string());
    assert_eq!(last.recorded_at, receipt.recorded_at);
}

async fn transition_receipt_names_what_happened(stage: Stage) {
    let order = stage.order("o").await;
    let receipt = stage.moved(&act(&owner(), &order, "pay", "k")).await;
    assert_eq!(receipt.subject.as_ref(), Some(&order));
    assert_eq!(receipt.action, "pay");
    assert_eq!(receipt.from.as_ref().map(AsRef::as_ref), Some("pending"));
    assert_eq!(receipt.to.as_ref().map(AsRef::as_ref), Some("paid"));
    assert_eq!(receipt.contract_version.as_ref().map(AsRef::as_ref), Some("1"));
    assert_eq!(receipt.policy_version, "1");
    let situation = stage.hos.situation(&order).await.unwrap().unwrap();
    assert_eq!(situation.snapshot.proof_id, receipt.proof_id);
}

async fn transition_to_the_present_state_is_unchanged(stage: Stage) {
    let order = stage.order("o").await;
    let paid = stage.moved(&act(&owner(), &order, "pay", "k1")).await;
    let again = stage.send(&act(&owner(), &order, "pay", "k2")).await.unwrap();
    assert_eq!((again.effect, again.revision), (Effect::Unchanged, 2));
    assert_eq!(again.proof_id, paid.proof_id, "the proof of the present state");
    assert!(!again.replayed);
}

async fn transition_unchanged_writes_no_proof(stage: Stage) {
    let order = stage.order("o").await;
    stage.moved(&act(&owner(), &order, "pay", "k1")).await;
    let (size, messages) = (stage.size().await, stage.outbox().await.len());
    stage.send(&act(&owner(), &order, "pay", "k2")).await.unwrap();
    assert_eq!((stage.size().await, stage.outbox().await.len()), (size, messages));
    assert_eq!(stage.at(&order).await.1, 2);
}

async fn transition_unchanged_needs_the_ability_of_its_action(stage: Stage) {
    let order = stage.order("o").await;
    stage.moved(&act(&owner(), &order, "pay", "k1")).await;
    assert_eq!(code(stage.send(&act(&viewer(), &order, "pay", "k2")).await), "denied");
}

async fn transition_unchanged_succeeds_in_a_terminal_state(stage: Stage) {
    let order = stage.cancelled("o").await;
    let again = stage.send(&act(&owner(), &order, "cancel", "k")).await.unwrap();
    assert_eq!((again.effect, again.revision), (Effect::Unchanged, 2));
    let sugar = stage.send(&Command::to(&owner(), &order, "cancelled").key("k2")).await.unwrap();
    assert_eq!(sugar.effect, Effect::Unchanged);
}

async fn transition_unchanged_checks_the_seen_revision(stage: Stage) {
    let order = stage.order("o").await;
    stage.moved(&act(&owner(), &order, "pay", "k1")).await;
    let late = act(&owner(), &order, "pay", "k2").seen(1);
    assert_eq!(code(stage.send(&late).await), "stale_revision");
}

async fn transition_listed_self_loop_moves(stage: Stage) {
    let order = stage.order("o").await;
    let receipt = stage.moved(&act(&owner(), &order, "touch", "k")).await;
    assert_eq!(receipt.revision, 2);
    assert_eq!(receipt.from, receipt.to);
    assert_eq!(stage.at(&order).await, ("pending".to_owned(), 2));
}

async fn transition_out_of_a_terminal_state_is_refused(stage: Stage) {
    let order = stage.cancelled("o").await;
    match stage.send(&act(&owner(), &order, "pay", "k")).await {
        Err(Error::Refused(Refusal::TerminalState(state))) => assert_eq!(state, "cancelled"),
        other => panic!("expected a terminal state, got {other:?}"),
    }
    assert_eq!(stage.at(&order).await, ("cancelled".to_owned(), 2));
}

async fn transition_out_of_a_terminal_state_is_refused_to_a_superuser(stage: Stage) {
    let order = stage.cancelled("o").await;
    for action in ["pay", "ship", "touch"] {
        let command = act(&root(), &order, action, action);
        assert_eq!(code(stage.send(&command).await), "terminal_state");
    }
    assert_eq!(stage.at(&order).await, ("cancelled".to_owned(), 2));
}

async fn transition_not_possible_from_here_lists_the_allowed(stage: Stage) {
    let order = stage.order("o").await;
    match stage.send(&ship(&owner(), &order, "k")).await {
        Err(Error::Refused(Refusal::InvalidTransition { from, action, allowed })) => {
            assert_eq!((from.as_str(), action.as_str()), ("pending", "ship"));
            assert_eq!(allowed, ["pay", "touch", "cancel", "expire"]);
        }
        other => panic!("expected an invalid transition, got {other:?}"),
    }
}

async fn transition_to_a_state_is_sugar_for_its_one_action(stage: Stage) {
    let order = stage.order("o").await;
    let receipt = stage.moved(&Command::to(&owner(), &order, "paid").key("k1")).await;
    assert_eq!(receipt.action, "pay");
    let receipt = stage.moved(&Command::to(&owner(), &order, "cancelled").key("k2")).await;
    assert_eq!(receipt.action, "cancel", "only one of the two starts here");
}

async fn transition_to_a_state_that_two_actions_reach_is_ambiguous(stage: Stage) {
    let order = stage.order("o").await;
    match stage.send(&Command::to(&owner(), &order, "cancelled").key("k")).await {
        Err(Error::Refused(Refusal::AmbiguousAction(names))) => {
            assert_eq!(names, ["cancel", "expire"]);
        }
        other => panic!("expected an ambiguous action, got {other:?}"),
    }
    assert_eq!(stage.at(&order).await.1, 1);
}

async fn transition_to_an_alias_means_its_state(stage: Stage) {
    let order = stage.order("o").await;
    let receipt = stage.moved(&Command::to(&owner(), &order, "settled").key("k")).await;
    assert_eq!(receipt.to.as_ref().map(AsRef::as_ref), Some("paid"));
    assert_eq!(stage.at(&order).await.0, "paid", "an alias is never stored");
}

async fn transition_lists_every_failing_guard(stage: Stage) {
    let order = stage.order("o").await;
    stage.moved(&act(&owner(), &order, "pay", "k1")).await;
    let wrong = Command::new(&owner(), &order, "ship").input("carrier", "x").fact("stock", 0);
    match stage.send(&wrong.key("k2")).await {
        Err(Error::Refused(Refusal::GuardFailed(codes))) => {
            assert_eq!(codes, ["carrier_short", "out_of_stock"]);
        }
        other => panic!("expected failing guards, got {other:?}"),
    }
    assert_eq!(stage.at(&order).await.1, 2);
}

async fn transition_guard_with_now_reads_the_clock(stage: Stage) {
    let order = stage.order("o").await;
    let due = hos_core::time::Timestamp::from_micros(crate::stage::START + 10_000_000);
    stage.moved(&act(&owner(), &order, "touch", "k1").input("due", due)).await;
    stage.moved(&act(&owner(), &order, "pay", "k2")).await;
    stage.moved(&ship(&owner(), &order, "k3")).await;
    stage.advance(11);
    let late = act(&owner(), &order, "deliver", "k4");
    assert_eq!(code(stage.send(&late).await), "guard_failed");
    stage.clock.set(due);
    stage.moved(&late).await;
}

async fn transition_sets_attributes_from_its_input(stage: Stage) {
    let order = stage.order("o").await;
    let tags: Value = ["x", "y"].into_iter().collect();
    let touch = act(&owner(), &order, "touch", "k").input("note", "gift").input("tags", tags);
    stage.moved(&touch).await;
    let situation = stage.hos.situation(&order).await.unwrap().unwrap();
    let attributes = &situation.snapshot.attributes;
    assert_eq!(attributes.get("note"), Some(&"gift".into()));
    assert_eq!(attributes.get("tags"), Some(&["x", "y"].into_iter().collect()));
    assert_eq!(attributes.get("total"), Some(&50.into()));
}

async fn transition_leaves_attributes_whose_source_is_absent(stage: Stage) {
    let order = stage.order("o").await;
    stage.moved(&act(&owner(), &order, "touch", "k1").input("note", "gift")).await;
    stage.moved(&act(&owner(), &order, "touch", "k2")).await;
    let situation = stage.hos.situation(&order).await.unwrap().unwrap();
    assert_eq!(situation.snapshot.attributes.get("note"), Some(&"gift".into()));
}

async fn transition_with_a_stale_revision_is_refused(stage: Stage) {
    let order = stage.order("o").await;
    stage.moved(&act(&owner(), &order, "touch", "k1").seen(1)).await;
    match stage.send(&act(&owner(), &order, "touch", "k2").seen(1)).await {
        Err(Error::Refused(Refusal::StaleRevision { seen, current })) => {
            assert_eq!((seen, current), (1, 2));
        }
        other => panic!("expected a stale revision, got {other:?}"),
    }
}

async fn transition_with_a_future_revision_is_refused(stage: Stage) {
    let order = stage.order("o").await;
    let early = act(&owner(), &order, "touch", "k").seen(2);
    assert_eq!(code(stage.send(&early).await), "stale_revision");
}

async fn transition_of_a_missing_subject_finds_nothing(stage: Stage) {
    let missing = subject("order", "missing");
    for (actor, key) in [(owner(), "k1"), (root(), "k2"), (stranger(), "k3")] {
        assert_eq!(code(stage.send(&act(&actor, &missing, "pay", key)).await), "not_found");
    }
    assert!(!stage.exists(&missing).await);
}

async fn close(stage: &Stage) {
    stage.change_world(StandingChange::SetWorld { status: WorldStatus::Closed }, "close").await;
}

async fn transition_in_a_closed_world_is_refused(stage: Stage) {
    let order = stage.order("o").await;
    close(&stage).await;
    assert_eq!(code(stage.send(&act(&owner(), &order, "pay", "k")).await), "world_closed");
    let lamp = hos_core::command::Opening::new(&owner(), &subject("lamp", "l")).key("k2");
    assert_eq!(code(stage.hos.open(&lamp).await), "world_closed");
    assert_eq!(stage.at(&order).await, ("pending".to_owned(), 1));
}

async fn transition_checks_the_world_before_the_subject(stage: Stage) {
    close(&stage).await;
    let missing = subject("order", "missing");
    assert_eq!(code(stage.send(&act(&owner(), &missing, "pay", "k")).await), "world_closed");
}

async fn transition_checks_the_subject_before_policy(stage: Stage) {
    let missing = subject("order", "missing");
    assert_eq!(code(stage.send(&act(&viewer(), &missing, "pay", "k")).await), "not_found");
}

async fn transition_checks_policy_before_the_state(stage: Stage) {
    let order = stage.cancelled("o").await;
    assert_eq!(code(stage.send(&act(&viewer(), &order, "pay", "k")).await), "denied");
}

async fn transition_checks_the_state_before_guards(stage: Stage) {
    let order = stage.order("o").await;
    let wrong = Command::new(&owner(), &order, "ship").input("carrier", "x").fact("stock", 0);
    assert_eq!(code(stage.send(&wrong.key("k")).await), "invalid_transition");
}

async fn transition_checks_guards_before_the_revision(stage: Stage) {
    let order = stage.order("o").await;
    stage.moved(&act(&owner(), &order, "pay", "k1")).await;
    let wrong = ship(&owner(), &order, "k2").fact("stock", 0).seen(1);
    assert_eq!(code(stage.send(&wrong).await), "guard_failed");
}

async fn transition_refused_writes_nothing(stage: Stage) {
    let order = stage.order("o").await;
    let (size, messages) = (stage.size().await, stage.outbox().await.len());
    for (at, command) in [
        ship(&owner(), &order, "k1"),
        act(&clerk(), &order, "expire", "k2"),
        act(&customer(), &order, "touch", "k3"),
        act(&owner(), &order, "touch", "k4").seen(9),
        Command::to(&owner(), &order, "cancelled").key("k5"),
    ]
    .iter()
    .enumerate()
    {
        assert!(stage.send(command).await.is_err(), "command {at}");
    }
    assert_eq!((stage.size().await, stage.outbox().await.len()), (size, messages));
    assert_eq!(stage.at(&order).await, ("pending".to_owned(), 1));
}

async fn transition_chain_counts_every_revision(stage: Stage) {
    let lamp = stage.subject("lamp", "l").await;
    for at in 0..40_u64 {
        let action = if at % 2 == 0 { "light" } else { "dim" };
        let receipt = stage.moved(&act(&owner(), &lamp, action, &format!("k{at}"))).await;
        assert_eq!(receipt.revision, at + 2);
    }
    stage.moved(&act(&owner(), &lamp, "smash", "end")).await;
    assert_eq!(stage.at(&lamp).await, ("broken".to_owned(), 42));
}
