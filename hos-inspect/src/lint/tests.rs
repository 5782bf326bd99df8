mod largest;

use std::time::Duration;

use hos_core::actor::{Actor, ActorKind};
use hos_core::condition::Nothing;
use hos_core::contract::{ActionDefinition, Contract, ContractBuilder};
use hos_core::law::LawBuilder;
use hos_core::policy::{Question, RoleDefinition};
use hos_core::standing::{ActorStanding, Modes};
use hos_core::time::Timestamp;
use hos_core::value::Type;

use super::*;

/// Two roles, one of them inheriting the other, a superuser, and everybody.
fn law() -> LawBuilder {
    Law::builder("shop", "1").roles([
        RoleDefinition::superuser("root"),
        RoleDefinition::new("staff"),
        RoleDefinition::new("owner").inherits("staff"),
        RoleDefinition::implicit("customer", ActorKind::User),
    ])
}

/// Every role named once, so that only what a test adds is found.
fn named() -> LawBuilder {
    law().allow_if("panel.read", ["owner", "staff", "customer"], "actor.id != 'x'")
}

fn order() -> ContractBuilder {
    Contract::builder("order", "1")
        .states(["pending", "paid", "shipped"])
        .initial("pending")
        .terminal(["shipped"])
        .attribute("customer", Type::String)
        .attribute("total", Type::Integer)
        .open("order.create", ["customer", "total"])
        .action(ActionDefinition::new("pay", ["pending"], "paid", "order.pay"))
        .action(ActionDefinition::new("ship", ["paid"], "shipped", "order.ship"))
}

fn selling() -> LawBuilder {
    named().allow("order.create", ["customer"]).allow("order.pay", ["customer"])
}

fn found(law: LawBuilder) -> Vec<(&'static str, String)> {
    let law = law.build().unwrap();
    lint(&law).into_iter().map(|finding| (finding.code.as_str(), finding.about)).collect()
}

#[track_caller]
fn shows(law: LawBuilder, expected: &[(&str, &str)]) {
    let found = found(law);
    let found: Vec<(&str, &str)> = found.iter().map(|(code, about)| (*code, &**about)).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_permit_that_others_grant_too_is_shadowed() {
    let wide = || named().allow("report.*", ["staff"]);
    shows(
        wide().allow("report.read", ["staff"]),
        &[("shadowed_rule", "rule `permit report.read`")],
    );
    // By inheritance.
    shows(
        wide().allow("report.read", ["owner"]),
        &[("shadowed_rule", "rule `permit report.read`")],
    );
    let conditional = wide().allow_if("report.read", ["owner"], "actor.id == 'x'");
    shows(conditional, &[("shadowed_rule", "rule `permit report.read`")]);
    // By two together.
    let both = named().allow("report.read", ["staff"]).allow("report.write", ["staff"]);
    shows(both.allow("report.*", ["staff"]), &[("shadowed_rule", "rule `permit report.*`")]);
}

#[test]
fn a_permit_that_adds_something_is_not_shadowed() {
    let read = |role| named().ability("report.write").allow("report.read", [role]);
    shows(
        read("owner").allow("report.*", ["staff"]).allow("stock.read", ["owner"]),
        &[("shadowed_rule", "rule `permit report.read`")],
    );
    shows(read("staff").allow("report.*", ["owner"]), &[]);
    shows(read("customer").allow("report.*", ["owner"]), &[]);
    shows(read("owner").allow_if("report.*", ["owner"], "actor.id == 'x'"), &[]);
}

#[test]
fn a_forbid_that_others_cover_is_shadowed() {
    let wide = || named().allow("report.read", ["owner"]).allow("report.write", ["staff"]);
    let shadowed = wide().forbid("report.*", ["customer"]);
    let shadowed = shadowed.forbid_if("report.read", ["customer"], "actor.id == 'x'");
    shows(shadowed, &[("shadowed_rule", "rule `forbid report.read`")]);
    let missed = wide().forbid("report.*", ["customer"]);
    shows(missed.forbid_if("report.read", [""; 0], "actor.id == 'x'"), &[]);
}

#[test]
fn a_permit_that_a_forbid_covers_contradicts_it() {
    let permit = || named().allow("report.read", ["owner"]);
    let expected = [("contradictory_rules", "rule `permit report.read`")];
    shows(permit().forbid("report.*", [""; 0]), &expected);
    // Whoever is an owner is staff too.
    shows(permit().forbid("report.read", ["staff"]), &expected);
    let same = named().allow_if("report.read", ["owner"], "actor.id == 'x'");
    shows(same.forbid_if("report.read", [""; 0], "actor.id in ['x', 'y']"), &expected);
}

#[test]
fn a_forbid_that_leaves_something_contradicts_nothing() {
    shows(named().allow("report.read", ["owner"]).forbid("report.read", ["customer"]), &[]);
    shows(named().allow("report.read", ["staff"]).forbid("report.read", ["owner"]), &[]);
    let permit = || named().allow("report.read", ["owner"]);
    shows(permit().forbid_if("report.read", [""; 0], "actor.id == 'x'"), &[]);
    let other = named().allow_if("report.read", ["owner"], "actor.id in ['x', 'y']");
    shows(other.forbid_if("report.read", [""; 0], "actor.id == 'x'"), &[]);
}

#[test]
fn a_rule_that_never_holds_never_matches() {
    let never = "actor.id == 'x' && actor.id == 'y'";
    let permit = named().allow_if("report.read", ["owner"], never);
    shows(permit, &[("never_matching", "rule `permit report.read`")]);
    let forbid = named().allow("report.read", ["owner"]);
    let forbid = forbid.forbid_if("report.read", [""; 0], "actor.kind == 'robot'");
    shows(forbid, &[("never_matching", "rule `forbid report.read`")]);
    let superusers = named().allow("report.read", ["root"]);
    shows(superusers, &[("never_matching", "rule `permit report.read`")]);
}

#[test]
fn a_state_that_no_contract_has_never_matches() {
    let read = |state: &str| {
        let when = format!("subject.state == '{state}'");
        let law = selling().allow("order.ship", ["staff"]).contract(order().build().unwrap());
        law.allow_if("order.read", ["customer"], when.as_str())
    };
    shows(read("pait"), &[("never_matching", "rule `permit order.read`")]);
    shows(read("paid"), &[]);
}

#[test]
fn a_rule_that_may_hold_or_err_is_left_alone() {
    shows(named().allow_if("report.read", ["owner"], "actor.id == 'x' || actor.id == 'y'"), &[]);
    shows(named().allow("report.read", ["root", "owner"]), &[]);
    // Where the claim is absent it errs, and an error of a forbid takes away.
    let errs = named().claim("firm", Type::String).allow("report.read", ["owner"]);
    let errs = errs.forbid_if("report.read", [""; 0], "actor.firm == 'x' && actor.firm == 'y'");
    shows(errs, &[]);
}

#[test]
fn a_guard_that_never_holds_is_found_with_what_it_closes() {
    let contract = |guards: &[(&str, &str)]| {
        let action = ActionDefinition::new("give", ["pending"], "shipped", "order.ship");
        let action = guards.iter().fold(action, |action, (code, when)| action.guard(code, *when));
        selling().allow("order.ship", ["staff"]).contract(order().action(action).build().unwrap())
    };
    let give = "contract `order/1` action `give`";
    let guard = "contract `order/1` action `give` guard `late`";
    // It starts in `pending` alone.
    let late = contract(&[("late", "subject.state == 'paid'")]);
    shows(late, &[("never_matching", guard), ("unreachable", give)]);
    let both = [("few", "subject.total > 3"), ("many", "subject.total < 2")];
    shows(contract(&both), &[("never_matching", give), ("unreachable", give)]);
    let near = [("few", "subject.total > 1"), ("many", "subject.total < 3")];
    shows(contract(&near), &[]);
}

#[test]
fn a_timer_whose_action_never_passes_where_it_runs_is_found() {
    let law = |guard: &str| {
        let expire = ActionDefinition::new("expire", ["pending", "paid"], "shipped", "order.ship")
            .optional_input("why", Type::String)
            .guard("not_now", guard);
        let order = order().action(expire).timer("pending", Duration::from_secs(60), "expire");
        selling().allow("order.ship", ["staff"]).contract(order.build().unwrap())
    };
    let timer = "contract `order/1` timer `expire` in `pending`";
    for never in
        ["subject.state == 'paid'", "actor.kind == 'user'", "size(input.why) > 3", "has(input.why)"]
    {
        shows(law(never), &[("never_matching", timer)]);
    }
    for sometimes in ["subject.state == 'pending'", "actor.kind != 'user'", "!has(input.why)"] {
        shows(law(sometimes), &[]);
    }
    // The guard itself is found, and what it closes.
    let found = found(law("1 == 2"));
    assert!(found.iter().all(|(_, about)| about != timer), "{found:?}");
}

#[test]
fn an_ability_that_nobody_has_closes_its_actions_and_their_states() {
    let contract = || order().build().unwrap();
    shows(
        selling().contract(contract()),
        &[
            ("unreachable", "ability `order.ship`"),
            ("unreachable", "contract `order/1` action `ship`"),
            ("unreachable", "contract `order/1` state `shipped`"),
        ],
    );
    shows(selling().contract(contract()).allow("order.ship", ["staff"]), &[]);
}

#[test]
fn an_action_that_is_granted_only_elsewhere_is_unreachable() {
    let law = |state: &str| {
        let when = format!("subject.state == '{state}'");
        selling().contract(order().build().unwrap()).allow_if("order.ship", ["staff"], &*when)
    };
    shows(
        law("pending"),
        &[
            ("unreachable", "contract `order/1` action `ship`"),
            ("unreachable", "contract `order/1` state `shipped`"),
        ],
    );
    shows(law("paid"), &[]);
}

#[test]
fn a_role_that_no_rule_names_is_unreachable() {
    let clerk = |role: RoleDefinition| named().roles([role]);
    shows(clerk(RoleDefinition::new("clerk")), &[("unreachable", "role `clerk`")]);
    shows(clerk(RoleDefinition::new("clerk").inherits("staff")), &[]);
    shows(clerk(RoleDefinition::superuser("second_root")), &[]);
    let forbidden = clerk(RoleDefinition::new("clerk")).forbid("panel.read", [""; 0]);
    let about = found(forbidden).into_iter().map(|(_, about)| about).collect::<Vec<_>>();
    assert!(about.contains(&"role `clerk`".to_owned()));
}

#[test]
fn a_grant_of_everything_is_over_broad() {
    let expected = |about| [("over_broad", about)];
    shows(law().allow("*", ["staff", "customer"]), &expected("rule `permit *`"));
    shows(named().allow("hos.*", ["owner"]), &expected("rule `permit hos.*`"));
    let wildcard = named().allow_if("report.*", ["customer"], "actor.id == 'x'");
    shows(wildcard.ability("report.read"), &expected("rule `permit report.*`"));
    let critical = named().allow("report.delete", ["customer"]).critical(["report.delete"]);
    shows(critical, &expected("rule `permit report.delete`"));
    shows(named().allow("hos.record", ["customer"]), &expected("rule `permit hos.record`"));
}

#[test]
fn a_grant_that_names_what_and_whom_is_not_over_broad() {
    shows(named().allow("*", ["root"]), &[("never_matching", "rule `permit *`")]);
    shows(named().allow("hos.member", ["owner"]), &[]);
    shows(named().allow("report.*", ["owner"]).ability("report.read"), &[]);
    let critical = named().critical(["report.delete"]);
    shows(critical.allow_if("report.delete", ["customer"], "actor.id == 'x'"), &[]);
    shows(named().allow("report.delete", ["customer"]), &[]);
}

#[test]
fn a_rule_is_called_as_reasons_call_it() {
    let when = ["actor.id == 'x'", "actor.id == 'y'", "actor.id == 'z'"];
    let grant = |law: LawBuilder, when: &str| law.allow_if("report.read", ["owner"], when);
    let law = when.into_iter().fold(named(), grant).build().unwrap();
    let standing = ActorStanding { roles: vec!["owner".parse().unwrap()], ..Default::default() };
    let question = Question {
        actor: &Actor::service("me").unwrap(),
        ability: "report.read",
        subject: &Nothing,
        context: &Nothing,
        standing: &standing,
        modes: &Modes::default(),
        now: Timestamp::EPOCH,
    };
    let (_, reasons) = law.rules().explain(&question).unwrap();
    let called: Vec<String> = reasons.into_iter().filter_map(|reason| reason.rule).collect();
    let view = View::new(&law);
    let ours: Vec<&str> = view.rules.iter().skip(1).map(|rule| rule.id).collect();
    assert_eq!(called, ours);
}

#[test]
fn a_finding_reads_as_one_line() {
    let law = named().allow("report.*", ["staff"]).allow("report.read", ["owner"]);
    let lines: Vec<String> = lint(&law.build().unwrap()).iter().map(ToString::to_string).collect();
    let expected = "shadowed_rule rule `permit report.read`: it changes no answer: \
                    `permit report.*` already grants the same abilities for the same roles; \
                    remove one of them";
    assert_eq!(lines, [expected]);
}
