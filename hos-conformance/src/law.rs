//! The law of the world that the suite plays in.

use std::time::Duration;

use hos_core::actor::ActorKind;
use hos_core::contract::{ActionDefinition, Contract, ContractBuilder};
use hos_core::law::{Law, LawBuilder};
use hos_core::policy::RoleDefinition;
use hos_core::value::Type;

/// The world of the suite.
pub const WORLD: &str = "suite";
/// Another world, in the same store.
pub const OTHER_WORLD: &str = "annex";

/// The law of the suite's world.
#[must_use]
pub fn law() -> Law {
    law_of(WORLD)
}

/// The same law for a world of another name.
#[must_use]
pub fn law_of(world: &str) -> Law {
    builder(world, "1").contract(order("1")).build().expect("the suite's law is valid")
}

/// The law without its contract of orders, for versions of it.
pub fn builder(world: &str, version: &str) -> LawBuilder {
    let law = Law::builder(world, version)
        .roles([
            RoleDefinition::superuser("super_admin"),
            RoleDefinition::world("auditor"),
            RoleDefinition::new("owner"),
            RoleDefinition::new("clerk"),
            RoleDefinition::new("foreman").inherits("clerk"),
            RoleDefinition::new("viewer"),
            RoleDefinition::implicit("customer", ActorKind::User),
            RoleDefinition::implicit("clockwork", ActorKind::Job),
        ])
        .claim("verified", Type::Bool)
        .context("channel", Type::String)
        .critical(["payment.settle"])
        .contract(payment())
        .contract(lamp())
        .contract(task());
    rules(law)
}

fn rules(law: LawBuilder) -> LawBuilder {
    const OWN: &str = "subject.customer == actor.id";
    let standing = ["hos.adopt", "hos.ban", "hos.grant", "hos.member", "hos.mode", "hos.record"];
    let law = standing.iter().fold(law, |law, ability| law.allow(ability, ["owner"]));
    law.allow("hos.break_glass", ["owner", "clerk"])
        .allow("hos.record", ["auditor"])
        .allow("order.*", ["owner"])
        .allow("payment.*", ["owner"])
        .allow("lamp.*", ["owner", "clerk"])
        .allow("task.*", ["owner"])
        .allow("order.create", ["customer"])
        .allow_if("order.read", ["customer"], OWN)
        .allow_if("order.cancel", ["customer"], OWN)
        .allow("order.read", ["viewer", "clerk", "auditor"])
        .allow("order.pay", ["clerk"])
        .allow("order.touch", ["clerk"])
        .allow_if("order.ship", ["clerk"], "subject.total <= 100")
        .allow_if("order.print", ["clerk"], "context.channel == \"desk\"")
        .allow_if("order.export", ["viewer"], "actor.verified")
        .forbid_if("order.deliver", Vec::<String>::new(), "subject.note == \"held\"")
        .allow("order.expire", ["clockwork"])
        .allow("order.cancel", ["clockwork"])
}

/// The contract of orders under a version label.
#[must_use]
pub fn order(version: &str) -> Contract {
    order_builder(version).build().expect("the suite's contract is valid")
}

/// The contract of orders, to be changed before it is built.
pub fn order_builder(version: &str) -> ContractBuilder {
    let touch = ActionDefinition::new("touch", ["pending"], "pending", "order.touch")
        .optional_input("note", Type::String)
        .optional_input("total", Type::Integer)
        .optional_input("urgent", Type::Bool)
        .optional_input("due", Type::Time)
        .optional_input("tags", Type::StringSet)
        .set("note", "input.note")
        .set("total", "input.total")
        .set("urgent", "input.urgent")
        .set("due", "input.due")
        .set("tags", "input.tags");
    let ship = ActionDefinition::new("ship", ["paid"], "shipped", "order.ship")
        .input("carrier", Type::String)
        .fact("stock", Type::Integer)
        .guard("carrier_short", "size(input.carrier) >= 2")
        .guard("out_of_stock", "facts.stock >= 1")
        .set("note", "input.carrier")
        .topic("order.shipped")
        .proof("shipment");
    Contract::builder("order", version)
        .states(["pending", "paid", "shipped", "delivered", "cancelled"])
        .initial("pending")
        .terminal(["delivered", "cancelled"])
        .attribute("customer", Type::String)
        .attribute("total", Type::Integer)
        .attribute("note", Type::String)
        .attribute("urgent", Type::Bool)
        .attribute("due", Type::Time)
        .attribute("tags", Type::StringSet)
        .open("order.create", ["customer"])
        .open_guard("customer_empty", "size(subject.customer) > 0")
        .open_topic("order.opened")
        .action(
            ActionDefinition::new("pay", ["pending"], "paid", "order.pay")
                .topic("order.paid")
                .topic("ledger.paid"),
        )
        .action(ship)
        .action(
            ActionDefinition::new("deliver", ["shipped"], "delivered", "order.deliver")
                .guard("too_late", "!has(subject.due) || now <= subject.due")
                .topic("order.delivered"),
        )
        .action(touch)
        .action(
            ActionDefinition::new("cancel", ["pending", "paid"], "cancelled", "order.cancel")
                .topic("order.cancelled")
                .critical(),
        )
        .action(ActionDefinition::new("expire", ["pending"], "cancelled", "order.expire"))
        .timer("pending", Duration::from_secs(3_600), "expire")
        .timer("paid", Duration::from_secs(7_200), "cancel")
        .alias("waiting", "pending")
        .alias("settled", "paid")
}

fn payment() -> Contract {
    Contract::builder("payment", "1")
        .states(["due", "settled", "failed"])
        .initial("due")
        .terminal(["settled", "failed"])
        .open("payment.create", Vec::<String>::new())
        .action(
            ActionDefinition::new("settle", ["due"], "settled", "payment.settle")
                .topic("payment.settled"),
        )
        .action(ActionDefinition::new("fail", ["due"], "failed", "payment.fail"))
        .build()
        .expect("the suite's contract is valid")
}

fn lamp() -> Contract {
    Contract::builder("lamp", "1")
        .states(["off", "on", "broken"])
        .initial("off")
        .terminal(["broken"])
        .attribute("level", Type::Integer)
        .open("lamp.create", Vec::<String>::new())
        .action(
            ActionDefinition::new("light", ["off"], "on", "lamp.switch")
                .optional_input("level", Type::Integer)
                .set("level", "input.level"),
        )
        .action(ActionDefinition::new("dim", ["on"], "off", "lamp.switch").topic("lamp.dimmed"))
        .action(ActionDefinition::new("smash", ["off", "on"], "broken", "lamp.smash"))
        .build()
        .expect("the suite's contract is valid")
}

/// A task's timer is one that its job may not fire.
fn task() -> Contract {
    Contract::builder("task", "1")
        .states(["waiting", "done"])
        .initial("waiting")
        .terminal(["done"])
        .open("task.create", Vec::<String>::new())
        .action(ActionDefinition::new("finish", ["waiting"], "done", "task.finish"))
        .timer("waiting", Duration::from_secs(60), "finish")
        .build()
        .expect("the suite's contract is valid")
}
