//! Why can this not be done? Everything is told, and nothing is written.

use hos_core::command::{Command, StandingChange};
use hos_core::contract::{ActionDefinition, Contract};
use hos_core::error::Refusal;
use hos_core::id::ActorId;
use hos_core::judge::{Rehearsal, RehearsedStep};
use hos_core::law::Law;
use hos_core::laws::{Contracts as _, Proofs as _};
use hos_core::policy::ReasonCode;
use hos_core::value::Type;
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

use crate::desk::{Desk, block_on, builder, random, tenant, user, world};

fn rehearse(desk: &Desk, command: &Command) -> Rehearsal {
    block_on(desk.hos.rehearse(command)).unwrap()
}

fn codes(step: &RehearsedStep) -> Vec<&'static str> {
    step.obstacles.iter().map(Refusal::code).collect()
}

fn guarded() -> Law {
    let order = Contract::builder("order", "1")
        .states(["pending", "paid", "cancelled"])
        .initial("pending")
        .terminal(["cancelled"])
        .attribute("customer", Type::String)
        .attribute("total", Type::Integer)
        .open("order.create", ["customer"])
        .action(
            ActionDefinition::new("pay", ["pending"], "paid", "order.pay")
                .input("amount", Type::Integer)
                .fact("stock", Type::Integer)
                .guard("too_little", "input.amount >= subject.total")
                .guard("sold_out", "facts.stock > 0")
                .guard("too_dear", "subject.total < 100"),
        )
        .action(ActionDefinition::new("cancel", ["pending", "paid"], "cancelled", "order.cancel"))
        .build()
        .unwrap();
    builder("1").contract(order).allow("order.pay", ["clerk"]).build().unwrap()
}

#[test]
fn every_failing_guard_is_told_with_everything_else() {
    let desk = Desk::new(guarded());
    let order = desk.order("o", 500);
    let command = Command::new(&user("stranger-1"), &order, "pay")
        .input("amount", 1)
        .fact("stock", 0)
        .seen(7);
    let rehearsal = rehearse(&desk, &command);
    let step = &rehearsal.steps[0];
    assert_eq!(codes(step), ["denied", "guard_failed", "stale_revision"]);
    let Refusal::GuardFailed(guards) = &step.obstacles[1] else { panic!("{step:?}") };
    let guards: Vec<&str> = guards.iter().map(AsRef::as_ref).collect();
    assert_eq!(guards, ["too_little", "sold_out", "too_dear"]);
    assert_eq!(step.reasons[0].code, ReasonCode::NotGranted);
    assert_eq!(step.from.as_ref().unwrap().as_str(), "pending");
    assert_eq!(step.to.as_ref().unwrap().as_str(), "paid");
    assert_eq!(rehearsal.refusal.unwrap().code(), "not_found", "what the stranger is told");
}

#[test]
fn what_is_wrong_with_the_input_is_told_beside_the_guards() {
    let desk = Desk::new(guarded());
    let order = desk.order("o", 50);
    let command = Command::new(&user("clerk-1"), &order, "pay").input("amount", "much");
    let rehearsal = rehearse(&desk, &command);
    let Refusal::InvalidInput(faults) = &rehearsal.steps[0].obstacles[0] else {
        panic!("{rehearsal:?}")
    };
    let fields: Vec<&str> = faults.iter().map(|fault| fault.field.as_str()).collect();
    assert_eq!(fields, ["input.amount", "facts.stock"]);
}

#[test]
fn what_can_be_done_has_nothing_in_its_way_and_is_not_done() {
    let desk = Desk::new(guarded());
    let order = desk.order("o", 50);
    let before = block_on(desk.hos.head(&world(), &tenant("firm-1"))).unwrap();
    let command =
        Command::new(&user("clerk-1"), &order, "pay").input("amount", 50).fact("stock", 1);
    let rehearsal = rehearse(&desk, &command);
    assert_eq!((rehearsal.refusal, codes(&rehearsal.steps[0])), (None, Vec::new()));
    assert_eq!(rehearsal.steps[0].reasons[0].code, ReasonCode::Permitted);
    assert_eq!(block_on(desk.hos.head(&world(), &tenant("firm-1"))).unwrap(), before);
}

#[test]
fn an_end_a_ban_and_a_missing_subject_are_told() {
    let desk = Desk::new(guarded());
    let order = desk.order("o", 50);
    assert_eq!(desk.does("owner-1", "cancel", &order), Ok(()));
    let target = ActorId::new("clerk-1").unwrap();
    desk.change("firm-1", StandingChange::Ban { target, reason: "for a test".to_owned() });
    let rehearsal = rehearse(&desk, &Command::new(&user("clerk-1"), &order, "pay"));
    assert_eq!(codes(&rehearsal.steps[0]), ["banned", "denied", "terminal_state"]);
    assert_eq!(rehearsal.refusal.unwrap().code(), "banned");
    let missing = crate::desk::order("missing");
    let rehearsal = rehearse(&desk, &Command::new(&user("owner-1"), &missing, "pay"));
    assert_eq!(codes(&rehearsal.steps[0]), ["not_found"]);
}

#[test]
fn a_rehearsal_never_looks_next_door() {
    let desk = Desk::new(guarded());
    let order = desk.order("o", 50);
    desk.tenant("firm-2");
    let next_door = hos_core::subject::Subject::new("pazar", "firm-2", "order", "o").unwrap();
    let command = Command::new(&user("owner-1"), &order, "pay").and(&next_door, "pay");
    let rehearsal = rehearse(&desk, &command);
    assert_eq!(rehearsal.refusal, Some(Refusal::WorldMismatch));
    assert!(rehearsal.steps.is_empty(), "{rehearsal:?}");
}

proptest! {
    #[test]
    fn a_rehearsal_foretells_the_answer(
        law in random("1"),
        total in 5_i64..60,
        first in 0..4_usize,
        then in 0..6_usize,
        who in 0..4_usize,
        seen in proptest::option::of(1_u64..4),
        banned in any::<bool>(),
    ) {
        let desk = Desk::new(law);
        let order = desk.order("o", total);
        let actions = ["pay", "settle", "cancel", "reopen", "fly", ""];
        let _moved = desk.does("root", actions[first], &order);
        let actor = ["owner-1", "clerk-1", "customer-1", "stranger-1"][who];
        if banned && who == 1 {
            let target = ActorId::new(actor).unwrap();
            let reason = "for a test".to_owned();
            desk.change("firm-1", StandingChange::Ban { target, reason });
        }
        let command = Command::new(&user(actor), &order, actions[then]).key("k");
        let command = if let Some(seen) = seen { command.seen(seen) } else { command };
        let rehearsal = rehearse(&desk, &command);
        let answer = block_on(desk.hos.transition(&command));
        let refused = answer.err().map(|error| error.refusal().unwrap().clone());
        prop_assert_eq!(&rehearsal.refusal, &refused);
        let obstacles = &rehearsal.steps[0].obstacles;
        prop_assert_eq!(obstacles.is_empty(), refused.is_none(), "{:?}", rehearsal);
        if let Some(refusal) = refused {
            let hidden = refusal == Refusal::NotFound;
            prop_assert!(hidden || obstacles.iter().any(|o| o.code() == refusal.code())
                || refusal.code() == "invalid_input", "{:?}", rehearsal);
        }
    }
}
