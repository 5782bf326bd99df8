//! The law before and after: tickets get another state, another attribute and another timer.

use std::time::Duration;

use hos_core::law::MigrationDefinition;
use hos_core::prelude::*;

pub(crate) const WORLD: &str = "fair";
pub(crate) const FIRM: &str = "firm-1";
pub(crate) const NEIGHBOUR: &str = "firm-2";
pub(crate) const OLD: &str = "1";
pub(crate) const NEW: &str = "2";

pub(crate) fn before() -> Law {
    law("1").contract(old()).build().unwrap()
}

pub(crate) fn after() -> Law {
    let map = MigrationDefinition::new("ticket", OLD, NEW)
        .state("fresh", "open")
        .set("dear", "subject.cents >= 100000")
        .dropping("note");
    law("2").contract(old()).contract(new()).migration(map).build().unwrap()
}

fn law(version: &str) -> hos_core::law::LawBuilder {
    Law::builder(WORLD, version)
        .roles([RoleDefinition::superuser("root"), RoleDefinition::new("clerk")])
        .allow("ticket.*", ["clerk"])
}

fn old() -> Contract {
    Contract::builder("ticket", OLD)
        .states(["fresh", "held", "closed"])
        .initial("fresh")
        .terminal(["closed"])
        .attribute("cents", Type::Integer)
        .attribute("note", Type::String)
        .open("ticket.open", ["cents"])
        .action(ActionDefinition::new("hold", ["fresh"], "held", "ticket.hold"))
        .action(ActionDefinition::new("close", ["fresh", "held"], "closed", "ticket.close"))
        .timer("held", Duration::from_secs(86_400), "close")
        .build()
        .unwrap()
}

fn new() -> Contract {
    Contract::builder("ticket", NEW)
        .states(["open", "held", "closed"])
        .initial("open")
        .terminal(["closed"])
        .attribute("cents", Type::Integer)
        .attribute("dear", Type::Bool)
        .open("ticket.open", ["cents", "dear"])
        .action(ActionDefinition::new("hold", ["open"], "held", "ticket.hold"))
        .action(ActionDefinition::new("close", ["open", "held"], "closed", "ticket.close"))
        .timer("held", Duration::from_secs(86_400), "close")
        .build()
        .unwrap()
}

/// The state, the attributes and whether a timer runs, of the ticket with a number.
pub(crate) fn ticket(number: u64) -> (&'static str, i64, bool) {
    let cents = i64::try_from(number * 7_919 % 200_000).unwrap();
    match number % 4 {
        0 => ("held", cents, true),
        _ => ("fresh", cents, false),
    }
}

pub(crate) fn id(number: u64) -> String {
    format!("ticket-{number:08}")
}

pub(crate) fn world() -> World {
    World::new(WORLD).unwrap()
}

pub(crate) fn tenant(name: &str) -> Tenant {
    Tenant::new(name).unwrap()
}

pub(crate) fn root() -> Actor {
    Actor::user("root-1").unwrap()
}
