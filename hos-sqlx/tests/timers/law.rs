//! The law of holds and bells.

use std::time::Duration;

use hos_core::prelude::*;

pub(crate) const WORLD: &str = "outage";
pub(crate) const HELD_FOR: Duration = Duration::from_hours(1);

pub(crate) fn law() -> Law {
    let bell = Contract::builder("bell", "1")
        .states(["wound", "silent"])
        .initial("wound")
        .terminal(["silent"])
        .open("bell.open", Vec::<String>::new())
        .action(ActionDefinition::new("silence", ["wound"], "silent", "bell.ring"))
        .action(ActionDefinition::new("ring", ["wound"], "wound", "bell.ring").topic("bell.rung"))
        .timer("wound", HELD_FOR, "ring")
        .build()
        .unwrap();
    let hold = Contract::builder("hold", "1")
        .states(["held", "expired"])
        .initial("held")
        .terminal(["expired"])
        .open("hold.open", Vec::<String>::new())
        .action(
            ActionDefinition::new("expire", ["held"], "expired", "hold.expire")
                .topic("hold.expired"),
        )
        .timer("held", HELD_FOR, "expire")
        .build()
        .unwrap();
    Law::builder(WORLD, "1")
        .roles([
            RoleDefinition::superuser("root"),
            RoleDefinition::implicit("customer", ActorKind::User),
            RoleDefinition::implicit("clockwork", ActorKind::Job),
        ])
        .allow("hold.open", ["customer"])
        .allow("hold.expire", ["clockwork"])
        .allow("bell.open", ["customer"])
        .allow("bell.ring", ["clockwork"])
        .contract(hold)
        .contract(bell)
        .build()
        .unwrap()
}
