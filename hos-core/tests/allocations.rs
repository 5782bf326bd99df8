//! Deciding never allocates: not for a grant, a condition, a forbid, a ban, a mode, a superuser or
//! an ability that the law does not know.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::time::Duration;

use allocation_counter::measure;
use hos_core::actor::{Actor, ActorKind};
use hos_core::contract::{ActionDefinition, Contract};
use hos_core::id::{Ability, Role};
use hos_core::law::Law;
use hos_core::policy::{Answer, DecisionEffect, Question, RoleDefinition};
use hos_core::standing::{AbilityPattern, ActorStanding, Grant, Mode, Modes};
use hos_core::subject::{Snapshot, Subject, SubjectView};
use hos_core::time::{ProofId, Timestamp};
use hos_core::value::{Attributes, Type, Value};

fn law() -> Law {
    let order = Contract::builder("order", "1")
        .states(["pending", "paid", "cancelled"])
        .initial("pending")
        .terminal(["cancelled"])
        .attribute("customer", Type::String)
        .attribute("tags", Type::StringSet)
        .attribute("due", Type::Time)
        .attribute("note", Type::String)
        .open("order.create", ["customer"])
        .action(ActionDefinition::new("pay", ["pending"], "paid", "order.pay"))
        .action(ActionDefinition::new("cancel", ["pending", "paid"], "cancelled", "order.cancel"))
        .build()
        .unwrap();
    Law::builder("pazar", "1")
        .roles([
            RoleDefinition::superuser("super_admin"),
            RoleDefinition::new("owner").inherits("staff"),
            RoleDefinition::new("staff"),
            RoleDefinition::implicit("customer", ActorKind::User),
        ])
        .allow("order.pay", ["staff"])
        .allow_if("order.cancel", ["customer"], "subject.customer == actor.id")
        .allow_if(
            "order.read",
            ["customer"],
            "'gift' in subject.tags && subject.due > now && subject.customer.startsWith('u-') \
             && size(subject.tags) == 2 && has(subject.note) == false",
        )
        .allow_if("order.note", ["customer"], "subject.note == 'x'")
        .forbid_if("order.pay", [""; 0], "subject.state == 'paid'")
        .contract(order)
        .build()
        .unwrap()
}

fn snapshot(state: &str) -> Snapshot {
    let mut attributes = Attributes::new();
    attributes.set("customer".parse().unwrap(), "u-1");
    attributes.set("tags".parse().unwrap(), ["gift", "late"].into_iter().collect::<Value>());
    attributes.set("due".parse().unwrap(), Timestamp::EPOCH.after(Duration::from_secs(60)));
    Snapshot {
        state: state.parse().unwrap(),
        revision: 1,
        attributes: attributes.into(),
        contract: "1".parse().unwrap(),
        proof_id: ProofId::from_bytes([1; 16]),
    }
}

fn standing(roles: &[&str], world_roles: &[&str]) -> ActorStanding {
    let parse = |roles: &[&str]| roles.iter().map(|role| Role::new(role).unwrap()).collect();
    ActorStanding { roles: parse(roles), world_roles: parse(world_roles), ..Default::default() }
}

/// Asks, and fails when that allocated. A first, uncounted answer would hide what only the first
/// one allocates, so there is none.
fn ask(
    state: &str,
    ability: &str,
    standing: &ActorStanding,
    modes: &Modes,
) -> Option<(DecisionEffect, Mode, bool)> {
    let law = law();
    let actor = Actor::user("u-1").unwrap();
    let subject = Subject::new("pazar", "firm-1", "order", "o-1").unwrap();
    let snapshot = snapshot(state);
    let view = SubjectView::of(&subject, &snapshot);
    let context = Attributes::new();
    let now = Timestamp::EPOCH;
    let question = Question {
        actor: &actor,
        ability,
        subject: &view,
        context: &context,
        standing,
        modes,
        now,
    };
    let mut answer = None;
    let counted = measure(|| answer = law.rules().answer(&question));
    assert_eq!(counted.count_total, 0, "`{ability}` allocated");
    answer.map(|Answer { effect, mode, banned, .. }| (effect, mode, banned))
}

const ALLOWED: Option<(DecisionEffect, Mode, bool)> =
    Some((DecisionEffect::Allow, Mode::Enforce, false));
const DENIED: Option<(DecisionEffect, Mode, bool)> =
    Some((DecisionEffect::Deny, Mode::Enforce, false));

#[test]
fn the_counter_counts() {
    assert_eq!(measure(|| drop(std::hint::black_box(Box::new(1)))).count_total, 1);
}

#[test]
fn a_role_is_granted_or_not_without_allocating() {
    let modes = Modes::default();
    assert_eq!(ask("pending", "order.pay", &standing(&["owner"], &[]), &modes), ALLOWED);
    assert_eq!(ask("pending", "order.pay", &standing(&[], &[]), &modes), DENIED);
    assert_eq!(ask("pending", "order.pay", &standing(&[], &["super_admin"]), &modes), ALLOWED);
    assert_eq!(ask("pending", "order.unknown", &standing(&["owner"], &[]), &modes), None);
}

#[test]
fn conditions_are_weighed_without_allocating() {
    let (nobody, modes) = (standing(&[], &[]), Modes::default());
    assert_eq!(ask("pending", "order.cancel", &nobody, &modes), ALLOWED);
    assert_eq!(ask("pending", "order.read", &nobody, &modes), ALLOWED);
    assert_eq!(ask("paid", "order.pay", &standing(&["staff"], &[]), &modes), DENIED, "forbidden");
    let absent = Some((DecisionEffect::Indeterminate, Mode::Enforce, false));
    assert_eq!(ask("pending", "order.note", &nobody, &modes), absent);
}

#[test]
fn bans_grants_and_modes_are_weighed_without_allocating() {
    let modes = Modes::default();
    let banned = ActorStanding { banned: true, ..standing(&["owner"], &["super_admin"]) };
    let expected = Some((DecisionEffect::Deny, Mode::Enforce, true));
    assert_eq!(ask("pending", "order.pay", &banned, &modes), expected);
    let grant = |pattern: &str, seconds| Grant {
        id: ProofId::from_bytes([2; 16]),
        pattern: AbilityPattern::parse(pattern).unwrap(),
        until: Timestamp::EPOCH.after(Duration::from_secs(seconds)),
        break_glass: pattern == "*",
    };
    for (pattern, seconds, expected) in
        [("order.pay", 1, ALLOWED), ("order.*", 1, ALLOWED), ("*", 1, ALLOWED), ("*", 0, DENIED)]
    {
        let granted =
            ActorStanding { grants: vec![grant(pattern, seconds)], ..ActorStanding::default() };
        assert_eq!(ask("pending", "order.pay", &granted, &modes), expected, "{pattern}");
    }
    let mut modes = Modes::default();
    modes.world.all = Some(Mode::Shadow);
    modes.tenant.abilities.insert(Ability::new("order.cancel").unwrap(), Mode::Off);
    let shadow = Some((DecisionEffect::Deny, Mode::Shadow, false));
    assert_eq!(ask("pending", "order.pay", &standing(&[], &[]), &modes), shadow);
    let off = Some((DecisionEffect::Indeterminate, Mode::Off, false));
    assert_eq!(ask("pending", "order.cancel", &standing(&[], &[]), &modes), off);
}
