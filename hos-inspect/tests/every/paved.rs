//! The contract of the paved path, as the README shows it.

use hos_core::contract::{ActionDefinition, Contract};
use hos_core::error::LawError;
use hos_core::value::Type;

pub(crate) fn order() -> Result<Contract, LawError> {
    let order = Contract::builder("order", "1")
        .states(["pending", "paid", "cancelled"])
        .initial("pending")
        .terminal(["cancelled"])
        .attribute("customer", Type::String)
        .open("order.create", ["customer"])
        .action(ActionDefinition::new("pay", ["pending"], "paid", "order.pay").topic("order.paid"))
        .action(ActionDefinition::new("cancel", ["pending", "paid"], "cancelled", "order.cancel"))
        .build()?;
    Ok(order)
}

/// The lines of a text from one that begins the contract to the one that ends it, without comments.
fn contract(text: &str) -> Vec<&str> {
    let lines = text.lines().map(|line| line.split(" // ").next().unwrap_or_default().trim());
    let lines = lines.skip_while(|line| !line.contains("Contract::builder("));
    lines.take_while(|line| *line != ".build()?;").collect()
}

#[test]
fn it_is_the_one_of_the_paved_path() {
    let own = contract(include_str!("paved.rs"));
    assert!(own.len() > 5, "{own:?}");
    for path in [
        include_str!("../../../hos-sqlx/examples/paved_path.rs"),
        include_str!("../../../README.md"),
    ] {
        assert_eq!(contract(path), own);
    }
}
