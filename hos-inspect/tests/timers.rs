//! A timer that is said never to fire never does: the judge refuses its command by the guards.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

use std::sync::Arc;
use std::time::Duration;

use hos_core::actor::{Actor, ActorKind};
use hos_core::command::Command;
use hos_core::contract::{ActionDefinition, Contract, FieldDefinition};
use hos_core::error::Refusal;
use hos_core::judge::Judge;
use hos_core::law::Law;
use hos_core::policy::RoleDefinition;
use hos_core::standing::{Standing, Versions, WorldStatus};
use hos_core::subject::{Snapshot, Subject};
use hos_core::time::{ProofId, SeededIds, Timestamp};
use hos_core::value::{Attributes, Type, Value};
use hos_inspect::lint::lint;
use proptest::prelude::*;

const ATOMS: [&str; 14] = [
    "subject.a == 'x'",
    "subject.a in ['x', 'y']",
    "has(subject.a)",
    "subject.n > 0",
    "subject.b",
    "actor.kind == 'user'",
    "actor.kind == 'job'",
    "subject.state == 'paid'",
    "has(input.i)",
    "input.i == 'x'",
    "has(facts.f) && facts.f",
    "input.i == subject.a",
    "subject.state == 'pending'",
    "actor.id == 'timer'",
];

/// What a guard of an action may read.
fn guard() -> impl Strategy<Value = String> {
    let atom = prop::sample::select(&ATOMS[..]).prop_map(str::to_owned);
    let either = (atom.clone(), atom.clone(), any::<bool>());
    prop_oneof![
        atom.clone(),
        atom.prop_map(|text| format!("!({text})")),
        either.prop_map(|(a, b, and)| format!("({a}) {} ({b})", if and { "&&" } else { "||" })),
    ]
}

/// A law under which jobs may let an order expire, and timers that do.
fn timed(guards: &[String]) -> Law {
    let mut expire = ActionDefinition::new("expire", ["pending", "paid"], "closed", "order.expire")
        .optional_input("i", Type::String);
    expire.facts.insert("f".to_owned(), FieldDefinition { type_: Type::Bool, optional: true });
    for (at, guard) in guards.iter().enumerate() {
        expire = expire.guard(&format!("guard_{at}"), guard.as_str());
    }
    let order = Contract::builder("order", "1")
        .states(["pending", "paid", "closed"])
        .initial("pending")
        .terminal(["closed"])
        .attribute("a", Type::String)
        .attribute("b", Type::Bool)
        .attribute("n", Type::Integer)
        .open("order.create", [""; 0])
        .action(ActionDefinition::new("pay", ["pending"], "paid", "order.pay"))
        .action(expire)
        .timer("pending", Duration::from_secs(60), "expire")
        .timer("paid", Duration::from_secs(60), "expire");
    Law::builder("shop", "1")
        .roles([RoleDefinition::implicit("jobs", ActorKind::Job)])
        .allow("order.*", ["jobs"])
        .contract(order.build().unwrap())
        .build()
        .unwrap()
}

/// One of some values for each attribute, or none.
fn settings() -> Vec<Attributes> {
    let a = [None, Some(Value::from("x")), Some(Value::from("y")), Some(Value::from("z"))];
    let n = [None, Some(Value::Integer(0)), Some(Value::Integer(1))];
    let b = [None, Some(Value::Bool(false)), Some(Value::Bool(true))];
    let mut settings = Vec::new();
    for (a, n, b) in (0..36).map(|at| (&a[at % 4], &n[at / 4 % 3], &b[at / 12])) {
        let mut attributes = Attributes::new();
        for (name, value) in [("a", a), ("n", n), ("b", b)] {
            if let Some(value) = value {
                attributes.set(name.parse().unwrap(), value.clone());
            }
        }
        settings.push(attributes);
    }
    settings
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_timer_that_was_found_never_fires(guards in prop::collection::vec(guard(), 1..3)) {
        let law = timed(&guards);
        let job = Actor::job("timer").unwrap();
        let subject = Subject::new("shop", "tenant", "order", "o-1").unwrap();
        let expire = Command::new(&job, &subject, "expire");
        for state in ["pending", "paid"] {
            let about = format!("contract `order/1` timer `expire` in `{state}`");
            if !lint(&law).iter().any(|finding| finding.about == about) {
                continue;
            }
            for attributes in settings() {
                let standing = Standing {
                    world: Some(WorldStatus::Open),
                    tenant_exists: true,
                    versions: Versions::default(),
                    actor: Arc::default(),
                    modes: Arc::default(),
                    subjects: vec![Some(Snapshot {
                        state: state.parse().unwrap(),
                        revision: 1,
                        attributes: Arc::new(attributes),
                        contract: "1".parse().unwrap(),
                        proof_id: ProofId::from_bytes([0; 16]),
                    })],
                    receipt: None,
                };
                let ids = SeededIds::new(0);
                let judge = Judge::new(&law, "test", Timestamp::EPOCH, &ids);
                let refusal = judge.plan(&expire, &standing).err().map(|refused| refused.refusal);
                prop_assert!(matches!(refusal, Some(Refusal::GuardFailed(_))), "{:?}", refusal);
            }
        }
    }
}
