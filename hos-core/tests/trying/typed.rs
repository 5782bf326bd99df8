//! Enums that a law is held to, at the start and whenever another law is put in force.

use hos_core::command::Activation;
use hos_core::contract::{ActionDefinition, Contract};
use hos_core::error::{Error, Fault, FaultKind, LawError};
use hos_core::hos::{Hos, HosOptions};
use hos_core::law::Law;
use hos_core::laws::{Contracts as _, Policy as _};
use hos_core::memory::MemoryStore;
use hos_core::typed::{Machine, Names as _, Untyped};
use hos_core::value::Type;

use crate::desk::{Desk, block_on, builder, contract, live, user};

hos_core::names! {
    /// Where an order is.
    enum State { Pending = "pending", Paid = "paid", Settled = "settled", Cancelled = "cancelled" }
}

hos_core::names! {
    /// What is done to it.
    enum Action { Pay = "pay", Settle = "settle", Reopen = "reopen", Cancel = "cancel" }
}

hos_core::names! {
    /// What is asked for.
    enum Ability { Pay = "order.pay", Cancel = "order.cancel" }
}

hos_core::names! {
    /// Who may.
    enum Role { Owner = "owner", Clerk = "clerk" }
}

struct Order;

impl Machine for Order {
    type State = State;
    type Action = Action;
    type Attribute = Attribute;
    type Input = Untyped;
    type Fact = Untyped;
    const WORLD: &'static str = "pazar";
    const KIND: &'static str = "order";
}

hos_core::names! {
    /// What is kept of it.
    enum Attribute { Customer = "customer", Total = "total" }
}

hos_core::names! {
    /// Nothing of it is so called.
    enum Wrong { Wrong = "wrong", Total = "total" }
}

/// The same machine, with attributes, input and facts that no version has.
struct Misread;

impl Machine for Misread {
    type State = State;
    type Action = Action;
    type Attribute = Wrong;
    type Input = Wrong;
    type Fact = Wrong;
    const WORLD: &'static str = "pazar";
    const KIND: &'static str = "order";
}

fn all() -> HosOptions {
    HosOptions::default().machine::<Order>().abilities::<Ability>("pazar").roles::<Role>("pazar")
}

/// What is wrong with a law, as the fault that refused it keeps it.
fn told(fault: &Fault) -> Vec<(&'static str, String)> {
    assert_eq!(fault.kind(), FaultKind::Law);
    let error = std::error::Error::source(fault).unwrap().downcast_ref::<LawError>().unwrap();
    error.faults().iter().map(|fault| (fault.code, fault.message.clone())).collect()
}

/// The contract with one state more and one action less.
fn strange() -> Contract {
    Contract::builder("order", "9")
        .states(["pending", "paid", "settled", "lost", "cancelled"])
        .initial("pending")
        .terminal(["cancelled"])
        .attribute("customer", Type::String)
        .attribute("total", Type::Integer)
        .open("order.create", [""; 0])
        .action(ActionDefinition::new("pay", ["pending"], "paid", "order.pay"))
        .action(ActionDefinition::new("settle", ["paid"], "settled", "order.settle"))
        .action(ActionDefinition::new("lose", ["settled"], "lost", "order.settle"))
        .action(ActionDefinition::new("cancel", ["lost"], "cancelled", "order.cancel"))
        .build()
        .unwrap()
}

#[test]
fn names_are_read_back_in_the_order_of_the_enum() {
    assert_eq!(State::names().collect::<Vec<_>>(), ["pending", "paid", "settled", "cancelled"]);
    for state in State::ALL {
        assert_eq!(State::parse(state.name()), Some(*state));
        assert_eq!(state.to_string(), state.name());
    }
    assert_eq!(State::parse("Paid"), None);
}

#[test]
fn a_law_that_fits_is_played_in_enums() {
    let desk = Desk::with(live(), HosOptions::default().machine::<Order>());
    let order = desk.order("o", 50);
    assert_eq!(order, Order::subject("firm-1", "o").unwrap());
    let owner = user("owner-1");
    let allowed = block_on(desk.hos.allowed_actions(&owner, &order)).unwrap();
    assert_eq!(Order::actions(&allowed).unwrap(), [Action::Pay, Action::Settle, Action::Cancel]);
    let pay = Order::command(&owner, &order, Action::Pay).key("k");
    let receipt = block_on(desk.hos.transition(&pay)).unwrap();
    let moved = Order::moved(&receipt).unwrap();
    assert_eq!((moved.from, moved.to), (Some(State::Pending), State::Paid));
    assert_eq!(moved.action, Some(Action::Pay));
    let snapshot = block_on(desk.hos.situation(&order)).unwrap().unwrap().snapshot;
    assert_eq!(Order::state(&snapshot), Ok(State::Paid));
}

#[test]
fn every_name_that_one_side_lacks_is_told_at_once() {
    let law = builder("1").contract(strange()).build().unwrap();
    let error = Order::check(&law).unwrap_err();
    let told: Vec<(&str, &str)> =
        error.faults().iter().map(|fault| (fault.code, fault.message.as_str())).collect();
    assert_eq!(
        told,
        [
            ("unnamed_state", "the program has no name for `lost`"),
            ("unknown_action", "the law has no `reopen`"),
            ("unnamed_action", "the program has no name for `lose`"),
        ]
    );
    let both = builder("1").contract(contract("1", "true", "paid")).contract(strange());
    let error = Order::check(&both.build().unwrap()).unwrap_err();
    let at: Vec<(&str, &str)> =
        error.faults().iter().map(|fault| (fault.code, fault.at.as_str())).collect();
    assert_eq!(
        at,
        [("unnamed_state", "contract order/9"), ("unnamed_action", "contract order/9"),]
    );
    let elsewhere = Law::builder("annex", "1").build().unwrap();
    assert!(Order::check(&elsewhere).unwrap_err().has("unknown_kind"));
}

#[test]
fn a_law_that_does_not_fit_is_neither_opened_nor_put_in_force() {
    let strange = builder("2").contract(contract("1", "true", "paid")).contract(strange());
    let strange = strange.build().unwrap();
    let options = || HosOptions::default().machine::<Order>();
    let opened = block_on(Hos::open_with([strange.clone()], MemoryStore::new(), options()));
    assert_eq!(opened.unwrap_err().kind(), FaultKind::Law);
    let desk = Desk::with(live(), options());
    let activation = Activation::new(&user("root"), strange).key("a");
    match block_on(desk.hos.activate(&activation)) {
        Err(Error::Fault(fault)) => assert_eq!(fault.kind(), FaultKind::Law),
        other => panic!("{other:?}"),
    }
    assert_eq!(desk.hos.law(&crate::desk::world()).unwrap().version(), "1");
}

/// A law that fits the machine, and lacks an ability and a role.
fn roleless() -> Law {
    Law::builder("pazar", "2")
        .roles(["root", "owner"])
        .contract(contract("1", "true", "paid"))
        .build()
        .unwrap()
}

#[test]
fn abilities_and_roles_are_held_to_the_law_when_it_is_opened_and_when_another_is_put_in_force() {
    let lacking = Law::builder("pazar", "1").roles(["owner"]).contract(strange()).build().unwrap();
    let opened = Hos::open_with([lacking], MemoryStore::new(), all());
    let expected = [
        ("unnamed_state", "the program has no name for `lost`"),
        ("unknown_action", "the law has no `reopen`"),
        ("unnamed_action", "the program has no name for `lose`"),
        ("unknown_role", "role `clerk` is not declared"),
    ];
    let expected = expected.map(|(code, message)| (code, message.to_owned()));
    assert_eq!(told(&block_on(opened).unwrap_err()), expected);

    let desk = Desk::with(live(), all());
    let activation = Activation::new(&user("root"), roleless()).key("a");
    match block_on(desk.hos.activate(&activation)) {
        Err(Error::Fault(fault)) => {
            assert_eq!(told(&fault), [("unknown_role", "role `clerk` is not declared".to_owned())]);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(desk.hos.law(&crate::desk::world()).unwrap().version(), "1");
    assert_eq!(desk.does("owner-1", "pay", &desk.order("o", 50)), Ok(()));
}

#[test]
fn attributes_input_and_facts_that_a_program_names_are_some_of_the_law() {
    let options = HosOptions::default().machine::<Misread>();
    let opened = Hos::open_with([live()], MemoryStore::new(), options);
    let lacks = |code, name: &str| (code, format!("the law has no `{name}`"));
    let expected = [
        lacks("unknown_attribute", "wrong"),
        lacks("unknown_input", "wrong"),
        lacks("unknown_input", "total"),
        lacks("unknown_fact", "wrong"),
        lacks("unknown_fact", "total"),
    ];
    assert_eq!(told(&block_on(opened).unwrap_err()), expected);
    assert!(Attribute::names().eq(["customer", "total"]));
}

#[test]
fn names_of_a_world_that_is_not_opened_are_refused() {
    let annex = Law::builder("annex", "1").build().unwrap();
    let opened = Hos::open_with([annex], MemoryStore::new(), all().roles::<Role>("anex"));
    let message = "the program names it, and it is not opened".to_owned();
    let expected = [("unknown_world", message.clone()), ("unknown_world", message)];
    assert_eq!(told(&block_on(opened).unwrap_err()), expected);
}

#[test]
fn every_ability_that_the_law_lacks_is_told() {
    let bare = Law::builder("pazar", "1").build().unwrap();
    let options = HosOptions::default().abilities::<Ability>("pazar");
    let opened = Hos::open_with([bare], MemoryStore::new(), options);
    let expected = ["order.pay", "order.cancel"]
        .map(|name| ("unknown_ability", format!("no ability is `{name}`")));
    assert_eq!(told(&block_on(opened).unwrap_err()), expected);
}
