//! The law of the paved path, as the README shows it.

use hos_core::actor::ActorKind;
use hos_core::contract::{ActionDefinition, Contract};
use hos_core::error::LawError;
use hos_core::law::Law;
use hos_core::policy::RoleDefinition;
use hos_core::value::Type;

pub(crate) fn law() -> Result<Law, LawError> {
    let order = Contract::builder("order", "1")
        .states(["pending", "paid", "cancelled"])
        .initial("pending")
        .terminal(["cancelled"])
        .attribute("customer", Type::String)
        .open("order.create", ["customer"])
        .action(ActionDefinition::new("pay", ["pending"], "paid", "order.pay").topic("order.paid"))
        .action(ActionDefinition::new("cancel", ["pending", "paid"], "cancelled", "order.cancel"))
        .build()?;
    let customer = RoleDefinition::implicit("customer", ActorKind::User);
    let law = Law::builder("pazar", "2026-12-01")
        .roles([RoleDefinition::superuser("super_admin"), customer])
        .allow("order.create", ["customer"])
        .allow_if("order.cancel", ["customer"], "subject.customer == actor.id")
        .contract(order)
        .build()?;
    Ok(law)
}

/// The lines of a text from one that begins the contract to the one that puts it into the law,
/// without comments.
fn written(text: &str) -> Vec<&str> {
    let lines = text.lines().map(|line| line.split(" // ").next().unwrap_or_default().trim());
    let lines = lines.skip_while(|line| !line.contains("Contract::builder("));
    lines.take_while(|line| *line != ".contract(order)").collect()
}

#[test]
fn it_is_the_one_of_the_paved_path() {
    let own = written(include_str!("paved.rs"));
    assert!(own.len() > 12, "{own:?}");
    for path in [
        include_str!("../../../hos-sqlx/examples/paved_path.rs"),
        include_str!("../../../README.md"),
    ] {
        assert_eq!(written(path), own);
    }
}
