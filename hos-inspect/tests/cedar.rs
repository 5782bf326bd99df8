//! A law in Cedar's terms is what was reviewed. That Cedar answers by it as the law does is shown
//! in the package `peers`.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use hos_conformance::golden::assert_golden;
use hos_core::actor::ActorKind;
use hos_core::contract::{ActionDefinition, Contract};
use hos_core::law::Law;
use hos_core::policy::RoleDefinition;
use hos_core::value::Type;
use hos_inspect::cedar::Cedar;

fn law() -> Law {
    let order = Contract::builder("order", "1")
        .states(["pending", "paid", "cancelled"])
        .initial("pending")
        .terminal(["cancelled"])
        .attribute("customer", Type::String)
        .attribute("due", Type::Time)
        .attribute("tags", Type::StringSet)
        .attribute("total", Type::Integer)
        .open("order.create", ["customer"])
        .action(ActionDefinition::new("pay", ["pending"], "paid", "order.pay"))
        .action(ActionDefinition::new("cancel", ["pending", "paid"], "cancelled", "order.cancel"));
    Law::builder("pazar", "2026-12-01")
        .roles([
            RoleDefinition::superuser("super_admin"),
            RoleDefinition::new("owner").inherits("staff"),
            RoleDefinition::new("staff"),
            RoleDefinition::world("auditor"),
            RoleDefinition::implicit("customer", ActorKind::User),
        ])
        .claim("verified", Type::Bool)
        .context("address", Type::String)
        .contract(order.build().unwrap())
        .allow("order.*", ["owner"])
        .allow("order.pay", ["staff", "auditor"])
        .allow_if("order.cancel", ["customer"], "subject.customer == actor.id")
        .allow_if(
            "order.read",
            ["customer"],
            "subject.customer == actor.id || actor.verified && 'public' in subject.tags",
        )
        .forbid_if("*", [""; 0], "context.address.startsWith('10.*')")
        .forbid_if("order.pay", ["customer", "staff"], "subject.total > 100 && subject.due <= now")
        .build()
        .unwrap()
}

#[test]
fn a_law_is_written_as_it_was_reviewed() {
    let cedar = Cedar::new(&law()).unwrap();
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
    assert_golden(format!("{directory}/pazar.cedar"), &cedar.policies);
    assert_golden(format!("{directory}/pazar.cedarschema"), &cedar.schema);
    assert_golden(format!("{directory}/pazar.entities.json"), &cedar.entities);
    assert_eq!(cedar, Cedar::new(&law()).unwrap());
}
