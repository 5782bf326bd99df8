//! Maps between contract versions: every fault by itself, and what becomes of a batch.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::sync::Arc;

use hos_core::actor::Actor;
use hos_core::command::Migration;
use hos_core::commit::{MIGRATION_BYTES_MAX, Pinned};
use hos_core::contract::{ActionDefinition, Contract, ContractBuilder};
use hos_core::error::Refusal;
use hos_core::id::{Name, SubjectId, Tenant, World};
use hos_core::judge::{Judge, MigrationPage, Verdict};
use hos_core::law::{Law, MIGRATIONS_MAX, MigrationDefinition};
use hos_core::policy::RoleDefinition;
use hos_core::standing::{ActorStanding, Standing, Versions, WorldStatus};
use hos_core::subject::Snapshot;
use hos_core::time::{ProofId, SeededIds, Timestamp};
use hos_core::value::{Attributes, Type};

fn contract(version: &str, states: [&str; 3], attributes: &[(&str, Type)]) -> ContractBuilder {
    let [first, second, last] = states;
    let builder = Contract::builder("order", version)
        .states(states)
        .initial(first)
        .terminal([last])
        .action(ActionDefinition::new("go", [first], second, "order.go"))
        .action(ActionDefinition::new("end", [first, second], last, "order.end"));
    attributes.iter().fold(builder, |builder, (name, type_)| builder.attribute(name, *type_))
}

fn old() -> Contract {
    let attributes = [("customer", Type::String), ("total", Type::Integer)];
    contract("1", ["pending", "paid", "done"], &attributes)
        .open("order.open", [""; 0])
        .build()
        .unwrap()
}

fn new() -> Contract {
    let attributes = [("buyer", Type::String), ("total", Type::Integer)];
    contract("2", ["waiting", "paid", "done"], &attributes)
        .open("order.open", ["buyer"])
        .build()
        .unwrap()
}

fn whole() -> MigrationDefinition {
    MigrationDefinition::new("order", "1", "2")
        .state("pending", "waiting")
        .set("buyer", "subject.customer")
        .dropping("customer")
}

fn law(
    migrations: impl IntoIterator<Item = MigrationDefinition>,
) -> Result<Law, Vec<&'static str>> {
    let law = Law::builder("pazar", "1").contract(old()).contract(new());
    let law = migrations.into_iter().fold(law, |law, migration| law.migration(migration));
    law.build().map_err(|error| error.faults().iter().map(|fault| fault.code).collect())
}

fn faults(migration: MigrationDefinition) -> Vec<&'static str> {
    law([migration]).err().unwrap_or_default()
}

#[test]
fn a_total_map_is_accepted_and_says_what_states_become() {
    let law = law([whole()]).unwrap();
    let map = law.migration("order", "1", "2").unwrap();
    let states: Vec<(&str, &str)> =
        map.states().map(|(old, new)| (old.as_str(), new.as_str())).collect();
    assert_eq!(states, [("pending", "waiting"), ("paid", "paid"), ("done", "done")]);
    assert_eq!((map.from().version().as_str(), map.to().version().as_str()), ("1", "2"));
    assert!(law.migration("order", "2", "1").is_none());
    assert_eq!(law.migrations().len(), 1);
}

#[test]
fn a_map_that_is_not_total_is_refused() {
    let none = MigrationDefinition::new("order", "1", "2");
    assert_eq!(faults(none), ["unmapped_state", "unmapped_attribute", "missing_attribute"]);
    let kept = MigrationDefinition { dropped: Vec::new(), ..whole() };
    assert_eq!(faults(kept), ["unmapped_attribute"], "what is not kept is dropped in words");
}

#[test]
fn terminal_stays_terminal_and_nothing_ends_without_an_action() {
    assert_eq!(faults(whole().state("done", "paid")), ["terminal_revives"]);
    assert_eq!(faults(whole().state("paid", "done")), ["ends_without_action"]);
}

#[test]
fn unknown_names_are_refused() {
    assert_eq!(faults(whole().state("pending", "nowhere")), ["unknown_state"]);
    assert_eq!(faults(whole().state("nowhere", "paid")), ["unknown_state"]);
    assert_eq!(faults(whole().set("nothing", "1")), ["unknown_attribute"]);
    assert_eq!(faults(whole().set("buyer", "subject.nothing")), ["unknown_name"]);
    assert_eq!(faults(whole().set("buyer", "actor.id")), ["unknown_name"], "only the subject");
    assert_eq!(faults(whole().dropping("nothing")), ["unknown_attribute"]);
    assert_eq!(faults(whole().dropping("customer")), ["duplicate_attribute"]);
    let version = |from: &str, to: &str| MigrationDefinition {
        from: from.to_owned(),
        to: to.to_owned(),
        ..whole()
    };
    assert_eq!(faults(version("1", "9")), ["unknown_contract"]);
    assert_eq!(faults(version("1", "1")).first(), Some(&"same_version"));
    assert_eq!(law([whole(), whole()]).unwrap_err(), ["duplicate_migration"]);
}

#[test]
fn types_are_checked() {
    assert_eq!(faults(whole().set("total", "subject.customer")), ["type_mismatch"]);
    assert_eq!(faults(whole().set("total", "size(subject.customer)")), [""; 0]);
    let changed = Contract::new({
        let mut definition = new().definition().clone();
        definition.attributes.insert("total".to_owned(), Type::String);
        definition
    });
    let law = |migration| {
        let law = Law::builder("pazar", "1").contract(old()).contract(changed.clone().unwrap());
        law.migration(migration).build()
    };
    assert!(law(whole()).unwrap_err().has("type_mismatch"), "the same name with another type");
    law(whole().dropping("total")).unwrap();
    law(whole().set("total", r#""unknown""#)).unwrap();
}

#[test]
fn every_fault_is_found_at_once() {
    let wrong = whole().state("pending", "nowhere").set("nothing", "1").dropping("neither");
    assert_eq!(faults(wrong), ["unknown_state", "unknown_attribute", "unknown_attribute"]);
}

#[test]
fn migrations_have_a_limit() {
    let many = std::iter::repeat_n(whole(), MIGRATIONS_MAX + 1);
    assert!(law(many).unwrap_err().contains(&"too_many"));
}

#[test]
fn a_law_without_migrations_is_written_as_before() {
    let without = law([]).unwrap();
    let json = serde_json::to_string(without.definition()).unwrap();
    assert!(!json.contains("migrations"), "{json}");
    let with = law([whole()]).unwrap();
    let json = serde_json::to_string(with.definition()).unwrap();
    let read = Law::from_json(&json).unwrap();
    assert_eq!(read.digest(), with.digest());
    assert_ne!(read.digest(), without.digest());
    let spaced = whole().set("buyer", "(subject.customer)");
    assert_eq!(law([spaced]).unwrap().digest(), with.digest(), "the same, written otherwise");
}

fn standing(roles: &[&str]) -> Standing {
    let roles = roles.iter().map(|role| role.parse().unwrap()).collect();
    Standing {
        world: Some(WorldStatus::Open),
        tenant_exists: true,
        versions: Versions::default(),
        actor: Arc::new(ActorStanding { world_roles: roles, ..ActorStanding::default() }),
        modes: Arc::default(),
        subjects: Vec::new(),
        receipt: None,
    }
}

#[test]
fn a_batch_is_bounded_in_bytes_but_takes_one_at_least() {
    let names = ["a", "b", "c", "d", "e", "f", "g"];
    let wide = |version| {
        let attributes = names.map(|name| (name, Type::String));
        let builder = contract(version, ["pending", "paid", "done"], &attributes);
        builder.open("order.open", [""; 0]).build().unwrap()
    };
    let law = Law::builder("pazar", "1")
        .roles([RoleDefinition::superuser("root")])
        .contract(wide("1"))
        .contract(wide("2"))
        .migration(MigrationDefinition::new("order", "1", "2"))
        .build()
        .unwrap();
    let mut attributes = Attributes::new();
    for name in names {
        attributes.set(Name::new(name).unwrap(), "x".repeat(4_096));
    }
    let pinned = |number: usize| Pinned {
        id: SubjectId::new(format!("o-{number:04}")).unwrap(),
        snapshot: Snapshot {
            state: "pending".parse().unwrap(),
            revision: 1,
            attributes: Arc::new(attributes.clone()),
            contract: "1".parse().unwrap(),
            proof_id: ProofId::from_bytes([7; 16]),
        },
        timers: Vec::new(),
    };
    let page = |numbers: std::ops::Range<usize>| MigrationPage {
        subjects: numbers.map(pinned).collect(),
        end: None,
        skipped: 0,
    };
    let ids = SeededIds::new(1);
    let judge = Judge::new(&law, "suite.example", Timestamp::EPOCH, &ids);
    let (world, tenant) = (World::new("pazar").unwrap(), Tenant::new("firm").unwrap());
    let actor = Actor::user("root").unwrap();
    let wish = Migration::new(&actor, &world, &tenant, "order", "1", "2").key("k");
    let permit = judge.permit_migration(&wish, &standing(&[]), &standing(&["root"])).unwrap();
    let fit = MIGRATION_BYTES_MAX / attributes.bytes();
    let verdict = judge.migrate(&wish, &permit, &page(0..300));
    assert_eq!(verdict.batch.next, Some(page(fit - 1..fit).subjects.remove(0).id));
    assert_eq!(verdict.commit.unwrap().subjects().len(), fit);
    let rest = judge.migrate(&wish, &permit, &page(fit..300));
    assert_eq!(usize::try_from(rest.batch.migrated).unwrap(), fit);
}

#[test]
fn two_standings_that_were_not_read_at_once_are_a_conflict() {
    let law = law([whole()]).unwrap();
    let ids = SeededIds::new(1);
    let judge = Judge::new(&law, "suite.example", Timestamp::EPOCH, &ids);
    let (world, tenant) = (World::new("pazar").unwrap(), Tenant::new("firm").unwrap());
    let actor = Actor::user("root").unwrap();
    let wish = Migration::new(&actor, &world, &tenant, "order", "1", "2").key("k");
    let mut later = standing(&[]);
    later.versions.world.members = 1;
    let refused = judge.permit_migration(&wish, &standing(&[]), &later).unwrap_err();
    let Verdict::Refused(refused) = refused else { panic!("{refused:?}") };
    assert_eq!(refused.refusal, Refusal::Conflict);
}
