//! Judging one transition: without its proof, and whole.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::Criterion;
use hos_benches::{Row, Target, table, timed};
use hos_core::actor::{Actor, ActorKind};
use hos_core::command::Command;
use hos_core::contract::{ActionDefinition, Contract};
use hos_core::digest::Digest;
use hos_core::id::{RequestId, Role};
use hos_core::judge::{Judge, Verdict};
use hos_core::law::Law;
use hos_core::policy::RoleDefinition;
use hos_core::proof::LeafSample;
use hos_core::standing::{ActorStanding, Modes, Standing, Versions, WorldStatus};
use hos_core::subject::{Snapshot, Subject};
use hos_core::time::{ProofId, RandomIds, Timestamp};
use hos_core::value::{Attributes, Type};

fn law() -> Law {
    let states = ["pending", "paid", "preparing", "shipped", "delivered", "cancelled"];
    let order = Contract::builder("order", "1")
        .states(states)
        .initial("pending")
        .terminal(["delivered", "cancelled"])
        .attribute("customer", Type::String)
        .attribute("total", Type::Integer)
        .open("order.create", ["customer"])
        .action(ActionDefinition::new("pay", ["pending"], "paid", "order.pay"))
        .action(ActionDefinition::new("prepare", ["paid"], "preparing", "order.prepare"))
        .action(ActionDefinition::new("ship", ["preparing"], "shipped", "order.ship"))
        .action(ActionDefinition::new("deliver", ["shipped"], "delivered", "order.deliver"))
        .action(
            ActionDefinition::new("cancel", ["pending", "paid"], "cancelled", "order.cancel")
                .input("reason", Type::String)
                .guard("reason_too_short", "size(input.reason) >= 3"),
        )
        .build()
        .unwrap();
    Law::builder("pazar", "2026-12-01")
        .roles([
            RoleDefinition::superuser("super_admin"),
            RoleDefinition::new("owner"),
            RoleDefinition::new("staff"),
            RoleDefinition::implicit("customer", ActorKind::User),
        ])
        .allow("order.*", ["owner"])
        .allow("order.prepare", ["staff"])
        .allow_if("order.pay", ["customer"], "subject.customer == actor.id")
        .allow_if("order.cancel", ["customer"], "subject.customer == actor.id")
        .contract(order)
        .build()
        .unwrap()
}

struct Case {
    law: Law,
    standing: Standing,
    plain: Command,
    with_input: Command,
}

fn case() -> Case {
    let actor = Actor::user("actor-000000000000000000000017").unwrap();
    let tenant = "firm-0000000000000000000000017";
    let order = Subject::new("pazar", tenant, "order", "order-000000000000000000000017").unwrap();
    let mut attributes = Attributes::new();
    attributes.set("customer".parse().unwrap(), actor.id().as_str());
    attributes.set("total".parse().unwrap(), 12_50);
    let snapshot = Snapshot {
        state: "pending".parse().unwrap(),
        revision: 7,
        attributes: Arc::new(attributes),
        contract: "1".parse().unwrap(),
        proof_id: ProofId::from_bytes([7; 16]),
    };
    let roles = vec![Role::new("staff").unwrap()];
    let command = |action| {
        let request = RequestId::new("0af7651916cd43dd8448eb211c80319c").unwrap();
        Command::new(&actor, &order, action).key("key-0123456789abcdef").request(request)
    };
    Case {
        law: law(),
        standing: Standing {
            world: Some(WorldStatus::Open),
            tenant_exists: true,
            versions: Versions::default(),
            actor: Arc::new(ActorStanding { roles, ..ActorStanding::default() }),
            modes: Arc::new(Modes::default()),
            subjects: vec![Some(snapshot)],
            receipt: None,
        },
        plain: command("pay"),
        with_input: command("cancel").input("reason", "changed my mind"),
    }
}

fn now() -> Timestamp {
    Timestamp::from_micros(1_795_000_000_123_456)
}

/// The leaf of the plain command, as long as real ones are.
fn leaf_bytes(case: &Case, judge: &Judge<'_>) -> usize {
    let Verdict::Commit(commit) = judge.transition(&case.plain, &case.standing) else {
        return 0;
    };
    commit.entries().first().map_or(0, |entry| entry.leaf().len())
}

fn repeat<T>(times: u32, mut run: impl FnMut() -> T) -> Duration {
    timed(|| {
        for _ in 0..times {
            black_box(run());
        }
    })
}

pub(crate) fn bench(criterion: &mut Criterion) {
    let case = case();
    let judge = Judge::new(&case.law, "evidence.example.com", now(), &RandomIds);
    criterion.bench_function("plan", |b| b.iter(|| judge.plan(&case.plain, &case.standing)));
    criterion
        .bench_function("transition", |b| b.iter(|| judge.transition(&case.plain, &case.standing)));
}

/// One leaf in canonical JSON, by our encoder and by a general one that is given the whole object.
pub(crate) fn encode() {
    let actor = Actor::user("actor-000000000000000000000017").unwrap();
    let firm = "firm-0000000000000000000000017";
    let order = Subject::new("pazar", firm, "order", "order-000000000000000000000017").unwrap();
    let request = RequestId::new("0af7651916cd43dd8448eb211c80319c").unwrap();
    let sample = LeafSample::new(&actor, &order, &request, now());
    let object: serde_json::Value = serde_json::from_str(&sample.encode()).unwrap();
    let general = || serde_json_canonicalizer::to_string(&object).unwrap();
    assert_eq!(general(), sample.encode());
    let times = 20_000;
    let ours = format!("our encoder, {} bytes", sample.encode().len());
    let rows = &mut [
        Row {
            name: &ours,
            target: Some(Target::Nanoseconds(2_000.0)),
            times,
            run: Box::new(|times| repeat(times, || sample.encode())),
        },
        Row {
            name: "serde_json_canonicalizer",
            target: None,
            times,
            run: Box::new(|times| repeat(times, general)),
        },
    ];
    table("Encoding a leaf", 51, rows);
}

pub(crate) fn compare() {
    let case = case();
    let judge = Judge::new(&case.law, "evidence.example.com", now(), &RandomIds);
    let bytes = vec![b'x'; leaf_bytes(&case, &judge)];
    let times = 20_000;
    let hash = format!("SHA-256 of one leaf, {} bytes", bytes.len());
    let rows = &mut [
        Row {
            name: &hash,
            target: None,
            times,
            run: Box::new(|times| repeat(times, || Digest::of(&bytes))),
        },
        Row {
            name: "plan: without encoding and hashing",
            target: Some(Target::Nanoseconds(1_000.0)),
            times,
            run: Box::new(|times| {
                repeat(times, || judge.plan(&case.plain, &case.standing).is_ok())
            }),
        },
        Row {
            name: "transition: with its leaf and fingerprint",
            target: Some(Target::Nanoseconds(6_000.0)),
            times,
            run: Box::new(|times| repeat(times, || judge.transition(&case.plain, &case.standing))),
        },
        Row {
            name: "transition: with an input bound to its leaf",
            target: None,
            times,
            run: Box::new(|times| {
                repeat(times, || judge.transition(&case.with_input, &case.standing))
            }),
        },
    ];
    table("Judging a transition", 15, rows);
}
