//! Openings, adoptions and records are weighed by a candidate too, and what a move leaves behind.

use std::time::Duration;

use hos_core::candidate::DivergenceCount;
use hos_core::command::{Adoption, Opening, Record};
use hos_core::contract::{ActionDefinition, Contract, ContractBuilder};
use hos_core::error::Error;
use hos_core::law::{Law, LawBuilder};
use hos_core::laws::{Contracts as _, Proofs as _};
use hos_core::policy::RoleDefinition;
use hos_core::receipt::Receipt;
use hos_core::subject::Subject;
use hos_core::value::Type;

use crate::desk::{Desk, block_on, tenant, user, world};

fn job(version: &str) -> ContractBuilder {
    Contract::builder("job", version)
        .states(["open", "busy", "done"])
        .initial("open")
        .terminal(["done"])
        .attribute("size", Type::Integer)
        .action(ActionDefinition::new("take", ["open"], "busy", "job.take").topic("job.taken"))
        .action(ActionDefinition::new("finish", ["open", "busy"], "done", "job.take"))
}

fn live() -> LawBuilder {
    Law::builder("pazar", "1")
        .roles([RoleDefinition::superuser("root"), RoleDefinition::new("owner")])
        .roles([RoleDefinition::new("clerk")])
        .allow("job.*", ["owner"])
        .contract(job("1").open("job.open", ["size"]).build().unwrap())
}

/// A law with another current contract.
fn next(job: ContractBuilder) -> LawBuilder {
    live().contract(job.open("job.open", ["size"]).build().unwrap())
}

fn subject(id: &str) -> Subject {
    Subject::new("pazar", "firm-1", "job", id).unwrap()
}

fn opens(desk: &Desk, actor: &str, id: &str, size: i64) -> Result<Receipt, Error> {
    let opening = Opening::new(&user(actor), &subject(id)).attribute("size", size).key(id);
    block_on(desk.hos.open(&opening))
}

fn records(desk: &Desk, actor: &str, key: &str) -> Result<Receipt, Error> {
    let record = Record::new(&user(actor), &world(), &tenant("firm-1"), "seen").key(key);
    block_on(desk.hos.record(&record))
}

fn found(desk: &Desk, ability: &str) -> (u64, u64, u64) {
    let abilities = desk.report().abilities;
    let DivergenceCount { gains, losses, others } =
        abilities.get(ability).copied().unwrap_or_default();
    (gains, losses, others)
}

#[test]
fn an_opening_that_one_law_alone_lets_through_is_found() {
    let desk = Desk::new(live().build().unwrap());
    let guarded = job("2").open_guard("small", "subject.size < 10");
    desk.tries(next(guarded).allow("job.open", ["clerk"]).build().unwrap());
    opens(&desk, "owner-1", "a", 5).unwrap();
    assert_eq!(found(&desk, "job.open"), (0, 0, 0));
    opens(&desk, "owner-1", "b", 50).unwrap();
    opens(&desk, "clerk-1", "c", 5).unwrap_err();
    assert_eq!(found(&desk, "job.open"), (1, 1, 0));
    let report = desk.report();
    let lost = report.examples.iter().find(|example| example.live == "opened").unwrap();
    assert_eq!((lost.candidate.as_str(), lost.subject.as_str()), ("guard_failed", "job:b"));
    assert_eq!(report.judged, 3);
}

#[test]
fn an_adoption_into_a_state_that_is_gone_is_found() {
    let desk = Desk::new(live().allow("hos.adopt", ["owner"]).build().unwrap());
    let without = Contract::builder("job", "2")
        .states(["open", "done"])
        .initial("open")
        .terminal(["done"])
        .attribute("size", Type::Integer)
        .action(ActionDefinition::new("finish", ["open"], "done", "job.take"));
    desk.tries(next(without).allow("hos.adopt", ["owner"]).build().unwrap());
    for (id, state) in [("a", "open"), ("b", "busy")] {
        let opening = Opening::new(&user("owner-1"), &subject(id)).attribute("size", 1);
        let adoption = Adoption::new(opening.key(id), state, "from the ledger");
        block_on(desk.hos.adopt(&adoption)).unwrap();
    }
    assert_eq!(found(&desk, "hos.adopt"), (0, 1, 0));
}

#[test]
fn a_record_that_one_law_alone_lets_through_is_found() {
    let desk = Desk::new(live().allow("hos.record", ["owner"]).build().unwrap());
    desk.tries(live().allow("hos.record", ["clerk"]).build().unwrap());
    records(&desk, "owner-1", "a").unwrap();
    records(&desk, "clerk-1", "b").unwrap_err();
    records(&desk, "stranger-1", "c").unwrap_err();
    assert_eq!(found(&desk, "hos.record"), (1, 1, 0));
    desk.tries(live().allow("hos.record", ["owner"]).build().unwrap());
    records(&desk, "owner-1", "d").unwrap();
    assert_eq!(found(&desk, "hos.record"), (0, 0, 0));
}

/// What a candidate's contract would have left otherwise, though it leads to the same state.
fn left_otherwise(job: ContractBuilder) -> (u64, u64, u64) {
    let desk = Desk::new(live().build().unwrap());
    opens(&desk, "owner-1", "a", 5).unwrap();
    desk.tries(next(job).build().unwrap());
    desk.does("owner-1", "take", &subject("a")).unwrap();
    found(&desk, "job.take")
}

#[test]
fn other_timers_and_other_topics_are_found() {
    let take =
        |topic: &str| ActionDefinition::new("take", ["open"], "busy", "job.take").topic(topic);
    let bare = |take: ActionDefinition| {
        Contract::builder("job", "2")
            .states(["open", "busy", "done"])
            .initial("open")
            .terminal(["done"])
            .attribute("size", Type::Integer)
            .action(take)
            .action(ActionDefinition::new("finish", ["open", "busy"], "done", "job.take"))
    };
    assert_eq!(left_otherwise(job("2")), (0, 0, 0), "another version by itself is none");
    assert_eq!(left_otherwise(bare(take("job.taken"))), (0, 0, 0));
    assert_eq!(left_otherwise(bare(take("job.begun"))), (0, 0, 1));
    let hour = Duration::from_secs(3_600);
    assert_eq!(left_otherwise(job("2").timer("busy", hour, "finish")), (0, 0, 1));
}
