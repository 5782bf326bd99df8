//! May this actor do this to this subject?

use hos_core::command::{Opening, StandingChange, StandingCommand};
use hos_core::id::ActorId;
use hos_core::laws::{Contracts as _, Policy as _, Query, Registry as _};
use hos_core::policy::{DecisionEffect, ReasonCode};
use hos_core::standing::AbilityPattern;

use crate::case::cases;
use crate::stage::{
    Stage, act, ban, clerk, code, customer, firm, member, owner, root, ship, stranger, user,
    viewer, world,
};

cases!(
    "policy",
    [
        policy_denies_by_default,
        policy_grants_what_a_rule_permits,
        policy_forbids_a_superuser_too,
        policy_of_an_absent_attribute_is_indeterminate_and_denies,
        policy_counts_the_undecided_apart_from_denials,
        policy_of_an_erring_forbid_is_indeterminate_and_denies,
        policy_of_an_erring_permit_yields_to_one_that_grants,
        policy_reads_stored_attributes_and_never_the_callers,
        policy_reads_the_context_of_the_request,
        policy_reads_claims_of_the_actor,
        policy_wildcard_grants_only_its_own_resource,
        policy_inherits_roles,
        policy_of_a_role_in_the_wrong_scope_grants_nothing,
        policy_world_role_holds_in_every_tenant,
        policy_names_version_and_digest_of_its_law,
        policy_questions_never_write,
        policy_drawing_buttons_never_writes_evidence,
        policy_batch_answers_each_question_in_order,
        policy_batch_of_more_than_one_round_answers_all,
        policy_explains_every_cause,
        policy_allowed_actions_follow_the_catalogue,
        policy_allowed_actions_of_a_terminal_state_are_none,
        policy_allowed_actions_of_a_banned_actor_are_none,
        policy_of_a_missing_subject_denies_as_of_an_unknown_one,
    ]
);

async fn effect(stage: &Stage, query: &Query) -> DecisionEffect {
    stage.hos.can(query).await.expect("a decision").effect
}

async fn policy_denies_by_default(stage: Stage) {
    let order = stage.order("o").await;
    let query = Query::new(&viewer(), "order.cancel", &order);
    let decision = stage.hos.can(&query).await.unwrap();
    assert_eq!(decision.effect, DecisionEffect::Deny);
    assert!(!decision.permits());
    let denied = stage.send(&act(&viewer(), &order, "cancel", "k")).await;
    assert_eq!(code(denied), "denied");
    assert_eq!(stage.at(&order).await, ("pending".to_owned(), 1));
}

async fn policy_grants_what_a_rule_permits(stage: Stage) {
    let order = stage.order("o").await;
    let query = Query::new(&clerk(), "order.pay", &order);
    assert_eq!(effect(&stage, &query).await, DecisionEffect::Allow);
    stage.moved(&act(&clerk(), &order, "pay", "k")).await;
}

async fn policy_forbids_a_superuser_too(stage: Stage) {
    let order = stage.order("o").await;
    stage.moved(&act(&owner(), &order, "pay", "k1")).await;
    let held = ship(&owner(), &order, "k2").input("carrier", "held");
    stage.moved(&held).await;
    let query = Query::new(&root(), "order.deliver", &order);
    assert_eq!(effect(&stage, &query).await, DecisionEffect::Deny);
    assert_eq!(code(stage.send(&act(&root(), &order, "deliver", "k3")).await), "denied");
}

async fn policy_of_an_absent_attribute_is_indeterminate_and_denies(stage: Stage) {
    let order = crate::stage::subject("order", "o");
    let opening = Opening::new(&owner(), &order).attribute("customer", "customer-1").key("k0");
    stage.hos.open(&opening).await.unwrap();
    stage.moved(&act(&owner(), &order, "pay", "k1")).await;
    let query = Query::new(&clerk(), "order.ship", &order);
    let decision = stage.hos.can(&query).await.unwrap();
    assert_eq!(decision.effect, DecisionEffect::Indeterminate);
    assert!(!decision.permits());
    assert_eq!(code(stage.send(&ship(&clerk(), &order, "k2")).await), "denied");
}

async fn policy_counts_the_undecided_apart_from_denials(stage: Stage) {
    let order = crate::stage::subject("order", "o");
    let opening = Opening::new(&owner(), &order).attribute("customer", "customer-1").key("k0");
    stage.hos.open(&opening).await.unwrap();
    stage.moved(&act(&owner(), &order, "pay", "k1")).await;
    let counts = |ability: &str| {
        let counted = stage.hos.decision_counts(&order.world).remove(ability).unwrap_or_default();
        (counted.denied, counted.indeterminate)
    };
    stage.hos.can(&Query::new(&clerk(), "order.ship", &order)).await.unwrap();
    assert_eq!(counts("order.ship"), (0, 1), "no total was given");
    stage.hos.can(&Query::new(&viewer(), "order.ship", &order)).await.unwrap();
    assert_eq!(counts("order.ship"), (1, 1));
    assert_eq!(code(stage.send(&ship(&clerk(), &order, "k2")).await), "denied");
    assert_eq!(counts("order.ship"), (1, 2), "of a command too");
    assert_eq!(code(stage.send(&ship(&viewer(), &order, "k3")).await), "denied");
    assert_eq!(counts("order.ship"), (2, 2));
    stage.send(&ship(&owner(), &order, "k4")).await.unwrap();
    assert_eq!(counts("order.ship"), (2, 2), "what is allowed counts nothing");
    let tenant = StandingCommand::new(
        &clerk(),
        &order.world,
        &firm(),
        StandingChange::Unban { target: ActorId::new("somebody").unwrap() },
    );
    assert!(stage.hos.change_standing(&tenant.key("k5")).await.is_err());
    assert_eq!(counts("hos.ban"), (1, 0), "of a change of standing too");
}

async fn policy_of_an_erring_forbid_is_indeterminate_and_denies(stage: Stage) {
    let order = stage.order("o").await;
    let query = Query::new(&owner(), "order.deliver", &order);
    assert_eq!(effect(&stage, &query).await, DecisionEffect::Indeterminate);
    stage.moved(&act(&owner(), &order, "touch", "k1").input("note", "free")).await;
    assert_eq!(effect(&stage, &query).await, DecisionEffect::Allow);
}

async fn policy_of_an_erring_permit_yields_to_one_that_grants(stage: Stage) {
    let order = crate::stage::subject("order", "o");
    let opening = Opening::new(&owner(), &order).attribute("customer", "customer-1").key("k0");
    stage.hos.open(&opening).await.unwrap();
    stage.change(member("clerk-1", &["clerk", "owner"]), "k1").await;
    let query = Query::new(&clerk(), "order.ship", &order);
    assert_eq!(effect(&stage, &query).await, DecisionEffect::Allow);
}

async fn policy_reads_stored_attributes_and_never_the_callers(stage: Stage) {
    let order = stage.order("o").await;
    let theirs = Query::new(&stranger(), "order.cancel", &order);
    assert_eq!(effect(&stage, &theirs).await, DecisionEffect::Deny);
    let own = Query::new(&customer(), "order.cancel", &order);
    assert_eq!(effect(&stage, &own).await, DecisionEffect::Allow);
    let lying = act(&stranger(), &order, "cancel", "k").input("customer", "stranger-1");
    assert_eq!(code(stage.send(&lying).await), "not_found");
}

async fn policy_reads_the_context_of_the_request(stage: Stage) {
    let order = stage.order("o").await;
    let query = || Query::new(&clerk(), "order.print", &order);
    let desk = query().context("channel", "desk");
    assert_eq!(effect(&stage, &desk).await, DecisionEffect::Allow);
    let web = query().context("channel", "web");
    assert_eq!(effect(&stage, &web).await, DecisionEffect::Deny);
    assert_eq!(effect(&stage, &query()).await, DecisionEffect::Indeterminate);
}

async fn policy_reads_claims_of_the_actor(stage: Stage) {
    let order = stage.order("o").await;
    let verified = viewer().claim("verified", true).unwrap();
    let query = Query::new(&verified, "order.export", &order);
    assert_eq!(effect(&stage, &query).await, DecisionEffect::Allow);
    let not = viewer().claim("verified", false).unwrap();
    let query = Query::new(&not, "order.export", &order);
    assert_eq!(effect(&stage, &query).await, DecisionEffect::Deny);
}

async fn policy_wildcard_grants_only_its_own_resource(stage: Stage) {
    let order = stage.order("o").await;
    let lamp = stage.subject("lamp", "l").await;
    let pattern = AbilityPattern::parse("lamp.*").unwrap();
    let grant = StandingChange::Grant {
        target: ActorId::new("viewer-1").unwrap(),
        pattern,
        duration: std::time::Duration::from_secs(60),
        reason: "night shift".to_owned(),
    };
    stage.change(grant, "k").await;
    let switch = Query::new(&viewer(), "lamp.switch", &lamp);
    assert_eq!(effect(&stage, &switch).await, DecisionEffect::Allow);
    let pay = Query::new(&viewer(), "order.pay", &order);
    assert_eq!(effect(&stage, &pay).await, DecisionEffect::Deny);
}

async fn policy_inherits_roles(stage: Stage) {
    let order = stage.order("o").await;
    stage.change(member("foreman-1", &["foreman"]), "k").await;
    let query = Query::new(&user("foreman-1"), "order.pay", &order);
    assert_eq!(effect(&stage, &query).await, DecisionEffect::Allow);
}

async fn policy_of_a_role_in_the_wrong_scope_grants_nothing(stage: Stage) {
    let command = |roles: &[&str]| member("x", roles);
    let wrong = StandingCommand::new(&root(), &world(), &firm(), command(&["super_admin"]));
    use hos_core::laws::Registry as _;
    assert_eq!(code(stage.hos.change_standing(&wrong.key("k")).await), "invalid_input");
    let query = Query::in_tenant(&user("x"), "hos.record", &world(), &firm());
    assert_eq!(effect(&stage, &query).await, DecisionEffect::Deny);
}

async fn policy_world_role_holds_in_every_tenant(stage: Stage) {
    let order = stage.order("o").await;
    stage.change_world(member("auditor-1", &["auditor"]), "k").await;
    let query = Query::new(&user("auditor-1"), "order.read", &order);
    assert_eq!(effect(&stage, &query).await, DecisionEffect::Allow);
    let query = Query::new(&user("auditor-1"), "order.pay", &order);
    assert_eq!(effect(&stage, &query).await, DecisionEffect::Deny);
}

async fn policy_names_version_and_digest_of_its_law(stage: Stage) {
    let order = stage.order("o").await;
    let decision = stage.hos.can(&Query::new(&owner(), "order.pay", &order)).await.unwrap();
    let law = stage.hos.law(&world()).unwrap();
    assert_eq!(&decision.policy_version, law.version());
    assert_eq!(decision.policy_digest, law.digest());
}

async fn policy_questions_never_write(stage: Stage) {
    let order = stage.order("o").await;
    let (size, messages) = (stage.size().await, stage.outbox().await.len());
    let query = Query::new(&viewer(), "order.cancel", &order);
    stage.hos.can(&query).await.unwrap();
    stage.hos.explain(&query).await.unwrap();
    for answer in stage.hos.can_all(&[query.clone(), query]).await {
        answer.unwrap();
    }
    stage.hos.allowed_actions(&viewer(), &order).await.unwrap();
    assert_eq!((stage.size().await, stage.outbox().await.len()), (size, messages));
}

async fn policy_drawing_buttons_never_writes_evidence(stage: Stage) {
    let order = stage.order("o").await;
    let size = stage.size().await;
    assert_eq!(stage.hos.allowed_actions(&stranger(), &order).await.unwrap().len(), 0);
    assert_eq!(stage.size().await, size);
}

async fn policy_batch_answers_each_question_in_order(stage: Stage) {
    let order = stage.order("o").await;
    let queries = [
        Query::new(&owner(), "order.pay", &order),
        Query::new(&viewer(), "order.pay", &order),
        Query::new(&owner(), "order.nothing", &order),
        Query::new(&clerk(), "order.pay", &order),
    ];
    let answers = stage.hos.can_all(&queries).await;
    let permits: Vec<Option<bool>> =
        answers.iter().map(|answer| answer.as_ref().ok().map(|d| d.permits())).collect();
    assert_eq!(permits, [Some(true), Some(false), None, Some(true)]);
}

async fn policy_batch_of_more_than_one_round_answers_all(stage: Stage) {
    let order = stage.order("o").await;
    let actors = [owner(), viewer()];
    let query = |at: usize| Query::new(&actors[at % 2], "order.pay", &order);
    let queries: Vec<Query> = (0..hos_core::store::BATCH_MAX + 3).map(query).collect();
    let answers = stage.hos.can_all(&queries).await;
    assert_eq!(answers.len(), queries.len());
    for (at, answer) in answers.into_iter().enumerate() {
        assert_eq!(answer.unwrap().permits(), at % 2 == 0, "question {at}");
    }
}

async fn policy_explains_every_cause(stage: Stage) {
    let order = stage.order("o").await;
    let codes = async |query: Query| -> Vec<ReasonCode> {
        let explained = stage.hos.explain(&query).await.unwrap();
        explained.reasons.iter().map(|reason| reason.code).collect()
    };
    let own = codes(Query::new(&viewer(), "order.pay", &order)).await;
    assert_eq!(own, [ReasonCode::NotGranted]);
    let root = codes(Query::new(&root(), "order.pay", &order)).await;
    assert!(root.contains(&ReasonCode::Superuser));
    stage.change(ban("viewer-1"), "k").await;
    let banned = codes(Query::new(&viewer(), "order.read", &order)).await;
    assert!(banned.contains(&ReasonCode::Banned));
}

async fn policy_allowed_actions_follow_the_catalogue(stage: Stage) {
    let order = stage.order("o").await;
    let allowed = async |actor| -> Vec<String> {
        let names = stage.hos.allowed_actions(&actor, &order).await.unwrap();
        names.iter().map(ToString::to_string).collect()
    };
    assert_eq!(allowed(owner()).await, ["pay", "touch", "cancel", "expire"]);
    assert_eq!(allowed(clerk()).await, ["pay", "touch"]);
    assert_eq!(allowed(customer()).await, ["cancel"]);
    assert_eq!(allowed(stranger()).await, [""; 0]);
    stage.moved(&act(&owner(), &order, "pay", "k")).await;
    assert_eq!(allowed(owner()).await, ["ship", "cancel"]);
}

async fn policy_allowed_actions_of_a_terminal_state_are_none(stage: Stage) {
    let order = stage.cancelled("o").await;
    assert_eq!(stage.hos.allowed_actions(&root(), &order).await.unwrap().len(), 0);
}

async fn policy_allowed_actions_of_a_banned_actor_are_none(stage: Stage) {
    let order = stage.order("o").await;
    assert_ne!(stage.hos.allowed_actions(&clerk(), &order).await.unwrap().len(), 0);
    stage.change(ban("clerk-1"), "k").await;
    assert_eq!(stage.hos.allowed_actions(&clerk(), &order).await.unwrap().len(), 0);
}

async fn policy_of_a_missing_subject_denies_as_of_an_unknown_one(stage: Stage) {
    let order = stage.order("o").await;
    let missing = crate::stage::subject("order", "missing");
    let known = Query::new(&stranger(), "order.read", &order);
    let unknown = Query::new(&stranger(), "order.read", &missing);
    let known = stage.hos.can(&known).await.unwrap();
    let unknown = stage.hos.can(&unknown).await.unwrap();
    assert_eq!(known, unknown, "the answer tells nothing of what exists");
}
