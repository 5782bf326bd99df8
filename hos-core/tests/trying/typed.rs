//! Enums that a law is held to, at the start and whenever another law is put in force.

use hos_core::command::Activation;
use hos_core::contract::{ActionDefinition, Contract};
use hos_core::error::{Error, Fault, FaultKind, LawError, Refusal};
use hos_core::hos::{Hos, HosOptions};
use hos_core::law::{Law, LawBuilder};
use hos_core::laws::{Contracts as _, Policy as _};
use hos_core::memory::MemoryStore;
use hos_core::time::Timestamp;
use hos_core::typed::{Acts as _, Machine, Names as _, Untyped};
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
    type Act = Untyped;
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

hos_core::acts! {
    /// Nothing is given so.
    enum WrongAct for Action {
        Pay { wrong: String } facts { total: i64 },
        Cancel { colour: Option<String> },
    }
}

/// The same machine, with attributes, input and facts that no version has.
struct Misread;

impl Machine for Misread {
    type State = State;
    type Action = Action;
    type Attribute = Wrong;
    type Act = WrongAct;
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
        lacks("unknown_fact", "total"),
        lacks("unknown_input", "colour"),
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

hos_core::acts! {
    /// What is done to it, and with what.
    #[derive(Copy)]
    enum Act for Action {
        Pay { cents: i64, gift: Option<bool> } facts { at: Timestamp },
        Settle {},
    }
}

/// The machine whose acts are held to the law.
struct Given;

impl Machine for Given {
    type State = State;
    type Action = Action;
    type Attribute = Untyped;
    type Act = Act;
    const WORLD: &'static str = "pazar";
    const KIND: &'static str = "order";
}

/// The contract, with what paying is given.
fn given(version: &str, pay: impl Fn(ActionDefinition) -> ActionDefinition) -> Contract {
    Contract::builder("order", version)
        .states(["pending", "paid", "settled", "cancelled"])
        .initial("pending")
        .terminal(["cancelled"])
        .attribute("customer", Type::String)
        .attribute("total", Type::Integer)
        .open("order.create", [""; 0])
        .action(pay(ActionDefinition::new("pay", ["pending"], "paid", "order.pay")))
        .action(pay(ActionDefinition::new("pay", ["settled"], "paid", "order.pay")))
        .action(ActionDefinition::new("settle", ["paid"], "settled", "order.settle"))
        .action(ActionDefinition::new("reopen", ["settled"], "paid", "order.settle"))
        .action(ActionDefinition::new("cancel", ["paid"], "cancelled", "order.cancel"))
        .build()
        .unwrap()
}

fn fits(pay: ActionDefinition) -> ActionDefinition {
    let pay = pay.input("cents", Type::Integer).optional_input("gift", Type::Bool);
    pay.fact("at", Type::Time).guard("too_little", "input.cents > 0 && facts.at <= now")
}

/// What is wrong with a law whose contracts are these.
fn misfits(contracts: impl IntoIterator<Item = Contract>) -> Vec<(&'static str, String)> {
    let law = contracts.into_iter().fold(builder("1"), LawBuilder::contract).build().unwrap();
    let Err(error) = Given::check(&law) else { return Vec::new() };
    error.faults().iter().map(|fault| (fault.code, fault.at.clone())).collect()
}

#[test]
fn an_act_gives_what_its_action_is_given() {
    let law = builder("1").contract(given("1", fits)).build().unwrap();
    let desk = Desk::with(law, HosOptions::default().machine::<Given>());
    let (order, owner) = (desk.order("o", 50), user("owner-1"));
    let act = |cents| Act::Pay { cents, gift: None, at: Timestamp::from_micros(1) };
    assert_eq!(act(7).action(), Action::Pay);
    let refused = block_on(desk.hos.transition(&Given::act(&owner, &order, act(0)).key("a")));
    assert!(matches!(refused, Err(Error::Refused(Refusal::GuardFailed(_)))), "{refused:?}");
    block_on(desk.hos.transition(&Given::act(&owner, &order, act(7)).key("b"))).unwrap();
    let other = desk.order("p", 50);
    let both = Given::act(&owner, &order, Act::Settle {}).key("c");
    let gift = Act::Pay { cents: 1, gift: Some(true), at: Timestamp::from_micros(1) };
    let receipt = block_on(desk.hos.transition(&Given::and(both, &other, gift))).unwrap();
    let steps = std::iter::once(&receipt.step).chain(&receipt.also);
    let moves: Vec<_> = steps.map(|step| Given::moved(step).unwrap().to).collect();
    assert_eq!(moves, [State::Settled, State::Paid]);
}

#[test]
fn each_version_is_held_to_what_an_act_gives() {
    assert_eq!(misfits([given("1", fits)]), []);
    let twice = |code: &'static str| {
        let at = "contract order/1, action pay".to_owned();
        vec![(code, at.clone()), (code, at)]
    };
    let bare = |pay: ActionDefinition| pay;
    let cases: [(&str, &dyn Fn(ActionDefinition) -> ActionDefinition); 6] = [
        ("unnamed_input", &|pay| fits(pay).input("note", Type::String)),
        ("unnamed_fact", &|pay| fits(pay).fact("note", Type::String)),
        ("input_type", &|pay| fits(pay).optional_input("gift", Type::String)),
        ("fact_type", &|pay| {
            let pay = bare(pay).input("cents", Type::Integer).optional_input("gift", Type::Bool);
            pay.fact("at", Type::Integer)
        }),
        ("required_input", &|pay| fits(pay).input("gift", Type::Bool)),
        ("unknown_fact", &|pay| {
            bare(pay).input("cents", Type::Integer).optional_input("gift", Type::Bool)
        }),
    ];
    for (code, pay) in cases {
        assert_eq!(misfits([given("1", pay)]), twice(code), "{code}");
    }
    // What may be left out need not be in each version, and may have to be given in one.
    let without = |pay: ActionDefinition| {
        let pay = pay.input("cents", Type::Integer).fact("at", Type::Time);
        pay.guard("too_little", "input.cents > 0 && facts.at <= now")
    };
    let with = |pay: ActionDefinition| fits(pay).input("gift", Type::Bool);
    assert_eq!(misfits([given("1", without), given("2", with)]), []);
    let unknown = |version| ("unknown_input", format!("contract order/{version}, action pay"));
    assert_eq!(misfits([given("1", without)]), [unknown(1), unknown(1)]);
}
