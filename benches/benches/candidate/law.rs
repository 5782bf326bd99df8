//! A law of one rule, and one of the size of a marketplace's.

use hos_core::actor::ActorKind;
use hos_core::contract::{ActionDefinition, Contract};
use hos_core::law::{Law, LawBuilder};
use hos_core::policy::RoleDefinition;
use hos_core::value::Type;

/// How much a law says beside its one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    OneRule,
    /// Four roles over forty abilities, several rules about the ability that is asked for, and
    /// forbids.
    Whole,
}

pub(crate) const SAME: &str = "subject.owner == actor.id";
pub(crate) const ALIKE: &str = "actor.id == subject.owner && size(subject.owner) > 0";
pub(crate) const NEVER: &str = "subject.owner == 'nobody'";

const ABILITIES: usize = 40;

pub(crate) fn law(size: Size, version: &str, condition: &str) -> Law {
    let ticket = Contract::builder("ticket", "1")
        .states(["open", "busy", "done"])
        .initial("open")
        .terminal(["done"])
        .attribute("owner", Type::String)
        .open("ticket.open", ["owner"])
        .action(ActionDefinition::new("turn", ["open"], "busy", "ticket.turn"))
        .action(ActionDefinition::new("turn", ["busy"], "open", "ticket.turn"))
        .action(ActionDefinition::new("finish", ["open", "busy"], "done", "ticket.finish"))
        .build()
        .unwrap();
    let law = Law::builder("desk", version)
        .roles([
            RoleDefinition::superuser("super_admin"),
            RoleDefinition::new("owner"),
            RoleDefinition::new("staff"),
            RoleDefinition::implicit("visitor", ActorKind::User),
        ])
        .allow("ticket.open", ["visitor"])
        .allow_if("ticket.turn", ["visitor"], condition)
        .contract(ticket);
    let law = match size {
        Size::OneRule => law,
        Size::Whole => whole(law),
    };
    law.build().unwrap()
}

fn whole(law: LawBuilder) -> LawBuilder {
    let law = law
        .allow("ticket.turn", ["owner", "staff"])
        .allow_if("ticket.turn", ["visitor"], "subject.state == 'busy' && actor.id == 'desk'")
        .forbid_if("ticket.turn", Vec::<String>::new(), "subject.owner == 'seized'")
        .forbid_if("ticket.turn", ["visitor"], "subject.state == 'done'");
    (0..ABILITIES).fold(law, |law, number| {
        let ability = format!("ticket.do_{number}");
        let law = law.allow(&ability, ["owner"]);
        let law = if number % 3 == 0 { law.allow(&ability, ["staff"]) } else { law };
        if number % 4 == 0 { law.allow_if(&ability, ["visitor"], SAME) } else { law }
    })
}
