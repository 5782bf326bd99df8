//! The law of a later day: orders of another version, and how those of the first come to pin it.

use std::time::Duration;

use hos_core::contract::{ActionDefinition, Contract};
use hos_core::law::{Law, MigrationDefinition};
use hos_core::value::Type;

use crate::law::{WORLD, builder, order};

/// Holds both versions; the second is current.
pub(crate) fn later() -> Law {
    let law = builder(WORLD, "2").contract(order("1")).contract(second());
    law.allow("hos.migrate", ["owner", "auditor"])
        .allow("order.remind", ["clockwork"])
        .migration(map())
        .build()
        .expect("the later law is valid")
}

/// As the later law, but only a superuser migrates.
pub(super) fn strict() -> Law {
    let law = builder(WORLD, "2b").contract(order("1")).contract(second());
    let law = law.allow("order.remind", ["clockwork"]).migration(map());
    law.build().expect("the strict law is valid")
}

/// Holds the second version alone: nothing live pins the first any more.
pub(super) fn last() -> Law {
    let law = builder(WORLD, "3").contract(second()).allow("order.remind", ["clockwork"]);
    law.build().expect("the last law is valid")
}

pub(super) fn map() -> MigrationDefinition {
    MigrationDefinition::new("order", "1", "2")
        .state("pending", "awaiting")
        .set("buyer", "subject.customer")
        .set("large", "subject.total >= 100")
        .dropping("urgent")
        .dropping("due")
        .dropping("tags")
}

fn second() -> Contract {
    Contract::builder("order", "2")
        .states(["awaiting", "paid", "shipped", "delivered", "cancelled"])
        .initial("awaiting")
        .terminal(["delivered", "cancelled"])
        .attribute("buyer", Type::String)
        .attribute("customer", Type::String)
        .attribute("large", Type::Bool)
        .attribute("note", Type::String)
        .attribute("total", Type::Integer)
        .open("order.create", ["buyer", "large"])
        .action(ActionDefinition::new("pay", ["awaiting"], "paid", "order.pay"))
        .action(ActionDefinition::new("ship", ["paid"], "shipped", "order.ship"))
        .action(ActionDefinition::new("deliver", ["shipped"], "delivered", "order.deliver"))
        .action(ActionDefinition::new("touch", ["awaiting"], "awaiting", "order.touch"))
        .action(ActionDefinition::new("cancel", ["awaiting", "paid"], "cancelled", "order.cancel"))
        .action(ActionDefinition::new("expire", ["awaiting"], "cancelled", "order.expire"))
        .action(ActionDefinition::new("remind", ["awaiting"], "awaiting", "order.remind"))
        .timer("awaiting", Duration::from_secs(9_000), "expire")
        .timer("awaiting", Duration::from_secs(700), "remind")
        .build()
        .expect("the second contract of orders is valid")
}
