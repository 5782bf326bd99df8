//! Rows that change by themselves: each change is keyed, permitted and proved.

use std::time::Duration;

use hos_core::command::{StandingChange, StandingCommand};
use hos_core::id::{ActorId, Tenant};
use hos_core::laws::{Policy as _, Query, Registry as _};
use hos_core::standing::AbilityPattern;
use hos_core::subject::Subject;

use crate::case::cases;
use crate::stage::{
    NEIGHBOUR, Stage, act, ban, clerk, code, firm, leaf, member, owner, root, stranger, tenant,
    user, viewer, world,
};

cases!(
    "standing",
    [
        standing_change_leaves_one_proof,
        standing_change_is_replayed_by_its_key,
        standing_change_needs_its_ability,
        standing_change_by_an_outsider_finds_nothing,
        standing_member_has_exactly_the_roles_given,
        standing_membership_ends_with_no_roles,
        standing_ended_membership_grants_nothing_at_once,
        standing_ban_takes_every_ability,
        standing_ban_answers_banned_and_tells_nothing_of_the_subject,
        standing_ban_is_lifted,
        standing_ban_in_the_world_binds_in_every_tenant,
        standing_ban_in_one_tenant_does_not_bind_in_another,
        standing_ban_binds_a_superuser,
        standing_grant_ends_at_its_time,
        standing_grant_ends_when_it_is_revoked,
        standing_revoking_one_grant_leaves_the_others,
        standing_grant_in_the_world_holds_in_a_tenant,
        standing_break_glass_grants_and_is_named_by_every_proof,
        standing_break_glass_ends_at_its_time,
        standing_break_glass_needs_its_own_ability,
        standing_reason_is_kept_beside_the_leaf,
    ]
);

fn grant(target: &str, pattern: &str, seconds: u64) -> StandingChange {
    StandingChange::Grant {
        target: ActorId::new(target).unwrap(),
        pattern: AbilityPattern::parse(pattern).unwrap(),
        duration: Duration::from_secs(seconds),
        reason: "the night shift is ill".to_owned(),
    }
}

async fn may(stage: &Stage, query: Query) -> bool {
    stage.hos.can(&query).await.expect("a decision").permits()
}

async fn may_pay(stage: &Stage, id: &str, order: &Subject) -> bool {
    may(stage, Query::new(&user(id), "order.pay", order)).await
}

async fn standing_change_leaves_one_proof(stage: Stage) {
    let size = stage.size().await;
    let receipt = stage.change(member("new-1", &["viewer"]), "k").await;
    let log = stage.log().await;
    assert_eq!(stage.size().await, size + 1);
    let last = log.last().unwrap();
    assert_eq!(last.id, receipt.proof_id);
    let leaf = leaf(last);
    assert_eq!(leaf["typ"], "member/1");
    assert_eq!(leaf["target"], "new-1");
    assert_eq!(leaf["roles"], serde_json::json!(["viewer"]));
}

async fn standing_change_is_replayed_by_its_key(stage: Stage) {
    let first = stage.change(member("new-1", &["viewer"]), "k").await;
    let size = stage.size().await;
    let again = stage.change(member("new-1", &["viewer"]), "k").await;
    assert!(again.replayed && !first.replayed);
    assert_eq!(again.proof_id, first.proof_id);
    assert_eq!(stage.size().await, size);
    let other = StandingCommand::new(&owner(), &world(), &firm(), member("new-1", &["clerk"]));
    assert_eq!(code(stage.hos.change_standing(&other.key("k")).await), "key_reused");
}

async fn standing_change_needs_its_ability(stage: Stage) {
    let size = stage.size().await;
    for (at, change) in [
        member("new-1", &["viewer"]),
        ban("viewer-1"),
        grant("viewer-1", "order.pay", 60),
        StandingChange::SetMode { ability: None, mode: None },
    ]
    .into_iter()
    .enumerate()
    {
        let command = StandingCommand::new(&clerk(), &world(), &firm(), change);
        let command = command.key(format!("k{at}"));
        assert_eq!(code(stage.hos.change_standing(&command).await), "denied");
    }
    assert_eq!(stage.size().await, size);
}

async fn standing_change_by_an_outsider_finds_nothing(stage: Stage) {
    let change = member("stranger-1", &["owner"]);
    let command = StandingCommand::new(&stranger(), &world(), &firm(), change).key("k");
    assert_eq!(code(stage.hos.change_standing(&command).await), "not_found");
}

async fn standing_member_has_exactly_the_roles_given(stage: Stage) {
    let order = stage.order("o").await;
    stage.change(member("clerk-1", &["viewer"]), "k1").await;
    assert!(!may_pay(&stage, "clerk-1", &order).await);
    stage.change(member("clerk-1", &["clerk", "viewer"]), "k2").await;
    assert!(may_pay(&stage, "clerk-1", &order).await);
    let members = stage.hos.members(&world(), &firm(), None, 100).await.unwrap();
    let roles = members.iter().find(|(id, _)| *id == "clerk-1").map(|(_, roles)| roles);
    let mut roles: Vec<String> = roles.unwrap().iter().map(ToString::to_string).collect();
    roles.sort();
    assert_eq!(roles, ["clerk", "viewer"]);
}

async fn standing_membership_ends_with_no_roles(stage: Stage) {
    stage.change(member("clerk-1", &[]), "k").await;
    let members = stage.hos.members(&world(), &firm(), None, 100).await.unwrap();
    assert!(members.iter().all(|(id, _)| *id != "clerk-1"));
}

async fn standing_ended_membership_grants_nothing_at_once(stage: Stage) {
    let order = stage.order("o").await;
    stage.change(member("clerk-1", &[]), "k1").await;
    assert!(!may_pay(&stage, "clerk-1", &order).await);
    assert_eq!(code(stage.send(&act(&clerk(), &order, "pay", "k2")).await), "not_found");
}

async fn standing_ban_takes_every_ability(stage: Stage) {
    let order = stage.order("o").await;
    stage.change(ban("clerk-1"), "k1").await;
    let decision = stage.hos.can(&Query::new(&clerk(), "order.pay", &order)).await.unwrap();
    assert!(decision.banned && !decision.permits());
    assert_eq!(code(stage.send(&act(&clerk(), &order, "pay", "k2")).await), "banned");
}

async fn standing_ban_answers_banned_and_tells_nothing_of_the_subject(stage: Stage) {
    let order = stage.cancelled("o").await;
    let missing = crate::stage::subject("order", "missing");
    stage.change(ban("clerk-1"), "k1").await;
    assert_eq!(code(stage.send(&act(&clerk(), &order, "pay", "k2")).await), "banned");
    assert_eq!(code(stage.send(&act(&clerk(), &missing, "pay", "k3")).await), "banned");
}

async fn standing_ban_is_lifted(stage: Stage) {
    let order = stage.order("o").await;
    stage.change(ban("clerk-1"), "k1").await;
    let target = ActorId::new("clerk-1").unwrap();
    stage.change(StandingChange::Unban { target }, "k2").await;
    stage.moved(&act(&clerk(), &order, "pay", "k3")).await;
}

async fn standing_ban_in_the_world_binds_in_every_tenant(stage: Stage) {
    let order = stage.order("o").await;
    stage.change_world(ban("clerk-1"), "k1").await;
    assert_eq!(code(stage.send(&act(&clerk(), &order, "pay", "k2")).await), "banned");
}

async fn standing_ban_in_one_tenant_does_not_bind_in_another(stage: Stage) {
    let order = stage.order("o").await;
    let neighbour = tenant(NEIGHBOUR);
    let command = StandingCommand::new(&user("owner-2"), &world(), &neighbour, ban("clerk-1"));
    stage.hos.change_standing(&command.key("k1")).await.unwrap();
    stage.moved(&act(&clerk(), &order, "pay", "k2")).await;
}

async fn standing_ban_binds_a_superuser(stage: Stage) {
    let order = stage.order("o").await;
    stage.change(ban("root"), "k1").await;
    assert_eq!(code(stage.send(&act(&root(), &order, "pay", "k2")).await), "banned");
}

async fn standing_grant_ends_at_its_time(stage: Stage) {
    let order = stage.order("o").await;
    stage.change(grant("viewer-1", "order.pay", 60), "k1").await;
    stage.advance(59);
    assert!(may_pay(&stage, "viewer-1", &order).await);
    stage.advance(1);
    assert!(!may_pay(&stage, "viewer-1", &order).await);
    assert_eq!(code(stage.send(&act(&viewer(), &order, "pay", "k2")).await), "denied");
}

async fn standing_grant_ends_when_it_is_revoked(stage: Stage) {
    let order = stage.order("o").await;
    let granted = stage.change(grant("viewer-1", "order.pay", 60), "k1").await;
    assert!(may_pay(&stage, "viewer-1", &order).await);
    let target = ActorId::new("viewer-1").unwrap();
    stage.change(StandingChange::RevokeGrant { target, grant: granted.proof_id }, "k2").await;
    assert!(!may_pay(&stage, "viewer-1", &order).await);
}

async fn standing_revoking_one_grant_leaves_the_others(stage: Stage) {
    let order = stage.order("o").await;
    let first = stage.change(grant("viewer-1", "order.pay", 60), "k1").await;
    stage.change(grant("viewer-1", "order.touch", 60), "k2").await;
    let target = ActorId::new("viewer-1").unwrap();
    stage.change(StandingChange::RevokeGrant { target, grant: first.proof_id }, "k3").await;
    assert!(!may_pay(&stage, "viewer-1", &order).await);
    assert!(may(&stage, Query::new(&viewer(), "order.touch", &order)).await);
}

async fn standing_grant_in_the_world_holds_in_a_tenant(stage: Stage) {
    let order = stage.order("o").await;
    stage.change_world(grant("helper-1", "order.pay", 60), "k1").await;
    assert!(may_pay(&stage, "helper-1", &order).await);
    let query = Query::in_tenant(&user("helper-1"), "hos.record", &world(), &Tenant::world());
    assert!(!may(&stage, query).await);
}

async fn standing_break_glass_grants_and_is_named_by_every_proof(stage: Stage) {
    let order = stage.order("o").await;
    let change = StandingChange::BreakGlass {
        duration: Duration::from_secs(60),
        reason: "the owner cannot be reached".to_owned(),
    };
    let command = StandingCommand::new(&clerk(), &world(), &firm(), change).key("k1");
    let glass = stage.hos.change_standing(&command).await.unwrap();
    let moved = stage.moved(&act(&clerk(), &order, "cancel", "k2")).await;
    let log = stage.log().await;
    let entry = log.iter().find(|entry| entry.id == moved.proof_id).unwrap();
    let reference = leaf(entry)["ref"].clone();
    let expected = serde_json::json!({"id": glass.proof_id.to_string(), "why": "break_glass"});
    assert_eq!(reference, expected);
}

async fn standing_break_glass_ends_at_its_time(stage: Stage) {
    let order = stage.order("o").await;
    let change = StandingChange::BreakGlass {
        duration: Duration::from_secs(60),
        reason: "the owner cannot be reached".to_owned(),
    };
    let command = StandingCommand::new(&clerk(), &world(), &firm(), change).key("k1");
    stage.hos.change_standing(&command).await.unwrap();
    stage.advance(60);
    assert_eq!(code(stage.send(&act(&clerk(), &order, "cancel", "k2")).await), "denied");
}

async fn standing_break_glass_needs_its_own_ability(stage: Stage) {
    let change = StandingChange::BreakGlass {
        duration: Duration::from_secs(60),
        reason: "because".to_owned(),
    };
    let command = StandingCommand::new(&viewer(), &world(), &firm(), change).key("k1");
    assert_eq!(code(stage.hos.change_standing(&command).await), "denied");
}

async fn standing_reason_is_kept_beside_the_leaf(stage: Stage) {
    stage.change(ban("clerk-1"), "k1").await;
    let log = stage.log().await;
    let entry = log.last().unwrap();
    assert!(!entry.leaf.contains("for the suite"), "no free text in a leaf: {}", entry.leaf);
    assert_eq!(entry.parts.len(), 1);
    assert_eq!(entry.parts[0].name, "reason");
    assert_eq!(entry.parts[0].body, "{\"reason\":\"for the suite\"}");
}
