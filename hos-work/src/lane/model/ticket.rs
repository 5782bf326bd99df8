//! The contract of the tickets that a lane moves. Nothing here knows of lanes: it is explored too.

use hos_core::actor::ActorKind;
use hos_core::contract::{ActionDefinition, Contract};
use hos_core::law::Law;
use hos_core::policy::RoleDefinition;

pub(crate) fn law() -> Law {
    let ticket = Contract::builder("ticket", "1")
        .states(["open", "done"])
        .initial("open")
        .terminal(["done"])
        .open("ticket.open", [""; 0])
        .action(ActionDefinition::new("touch", ["open"], "open", "ticket.touch"))
        .action(ActionDefinition::new("finish", ["open"], "done", "ticket.finish"))
        .build()
        .unwrap();
    Law::builder("desk", "1")
        .roles([
            RoleDefinition::superuser("super_admin"),
            RoleDefinition::implicit("visitor", ActorKind::User),
        ])
        .allow("ticket.*", ["visitor"])
        .contract(ticket)
        .build()
        .unwrap()
}
