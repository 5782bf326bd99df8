//! One move of an order in memory: the law's table of states and actions, beside machines that the
//! compiler builds.

use std::hint::black_box;
use std::time::Duration;

use hos_benches::{Row, Target, table, timed};
use hos_core::contract::{ActionDefinition, Contract};
use rust_fsm::state_machine;
use smlang::statemachine;
use statig::prelude::*;

const NAMES: [&str; 4] = ["pay", "prepare", "ship", "restock"];

fn contract() -> Contract {
    let edge = |name, from, to| ActionDefinition::new(name, [from], to, &format!("order.{name}"));
    Contract::builder("order", "1")
        .states(["pending", "paid", "preparing", "shipped", "cancelled"])
        .initial("pending")
        .terminal(["cancelled"])
        .open("order.create", [""; 0])
        .action(edge("pay", "pending", "paid"))
        .action(edge("prepare", "paid", "preparing"))
        .action(edge("ship", "preparing", "shipped"))
        .action(edge("restock", "shipped", "pending"))
        .action(edge("cancel", "pending", "cancelled"))
        .build()
        .unwrap()
}

#[derive(Debug, Clone, Copy)]
pub enum Event {
    Pay,
    Prepare,
    Ship,
    Restock,
}

const EVENTS: [Event; 4] = [Event::Pay, Event::Prepare, Event::Ship, Event::Restock];

#[derive(Default)]
struct Order;

#[state_machine(initial = "State::pending()", state(derive(Debug, PartialEq)))]
impl Order {
    #[state]
    fn pending(event: &Event) -> Outcome<State> {
        match event {
            Event::Pay => Transition(State::paid()),
            _ => Super,
        }
    }

    #[state]
    fn paid(event: &Event) -> Outcome<State> {
        match event {
            Event::Prepare => Transition(State::preparing()),
            _ => Super,
        }
    }

    #[state]
    fn preparing(event: &Event) -> Outcome<State> {
        match event {
            Event::Ship => Transition(State::shipped()),
            _ => Super,
        }
    }

    #[state]
    fn shipped(event: &Event) -> Outcome<State> {
        match event {
            Event::Restock => Transition(State::pending()),
            _ => Super,
        }
    }
}

state_machine! {
    #[derive(Debug, PartialEq)]
    fsm(Pending)

    Pending(Pay) => Paid,
    Paid(Prepare) => Preparing,
    Preparing(Ship) => Shipped,
    Shipped(Restock) => Pending
}

statemachine! {
    name: Sml,
    transitions: {
        *Pending + Pay = Paid,
        Paid + Prepare = Preparing,
        Preparing + Ship = Shipped,
        Shipped + Restock = Pending,
    }
}

struct Nothing;

impl SmlStateMachineContext for Nothing {}

fn main() {
    let contract = contract();
    let mut state = contract.initial().as_str();
    for _ in 0..2 {
        for name in NAMES {
            state = contract.action_from(state, name).unwrap().to().as_str();
        }
    }
    assert_eq!(state, "pending");
    let mut statig = Order.state_machine();
    let mut fsm = fsm::StateMachine::new();
    let mut sml = SmlStateMachine::new(Nothing);
    let inputs = [fsm::Input::Pay, fsm::Input::Prepare, fsm::Input::Ship, fsm::Input::Restock];
    let rows = &mut [
        Row {
            name: "H-OS: contract.action_from, states by name",
            target: Some(Target::Nanoseconds(20.0)),
            times: 400_000,
            run: Box::new(|times| {
                let mut state = contract.initial();
                round(times, |at| {
                    state =
                        contract.action_from(state.as_str(), black_box(NAMES[at])).unwrap().to();
                })
            }),
        },
        Row {
            name: "statig",
            target: None,
            times: 400_000,
            run: Box::new(|times| round(times, |at| statig.handle(black_box(&EVENTS[at])))),
        },
        Row {
            name: "rust-fsm",
            target: None,
            times: 400_000,
            run: Box::new(|times| {
                round(times, |at| {
                    fsm.consume(black_box(&inputs[at])).unwrap();
                })
            }),
        },
        Row {
            name: "smlang",
            target: None,
            times: 400_000,
            run: Box::new(|times| {
                round(times, |at| {
                    let event = match black_box(EVENTS[at]) {
                        Event::Pay => SmlEvents::Pay,
                        Event::Prepare => SmlEvents::Prepare,
                        Event::Ship => SmlEvents::Ship,
                        Event::Restock => SmlEvents::Restock,
                    };
                    sml.process_event(event).unwrap();
                })
            }),
        },
    ];
    table("One move in memory", 15, rows);
}

/// Round and round through the four moves.
fn round(times: u32, mut step: impl FnMut(usize)) -> Duration {
    timed(|| {
        for _ in 0..times / 4 {
            for at in 0..4 {
                step(at);
            }
        }
    })
}
