use hos_core::contract::ActionDefinition;
use hos_core::value::Type;

use super::*;
use crate::page::tests::assert_well_formed;

fn law(when: &str) -> Law {
    let contract = Contract::builder("order", "1")
        .states(["pending", "paid"])
        .initial("pending")
        .terminal(["paid"])
        .attribute("customer", Type::String)
        .attribute("gift", Type::Bool)
        .open("order.create", ["customer"])
        .action(
            ActionDefinition::new("pay", ["pending"], "paid", "order.pay")
                .guard("gift", "!subject.gift"),
        );
    let contract = (0..9).fold(contract, |c, at| c.attribute(&format!("a{at}"), Type::Bool));
    let law = Law::builder("shop", "1").roles(["owner", "staff"]).critical(["order.pay"]);
    let law = law.allow("order.pay", ["owner"]).allow_if("order.pay", ["staff"], when);
    law.contract(contract.build().unwrap()).build().unwrap()
}

const OWN_GIFT: &str = "subject.customer == actor.id && subject.gift";

fn cells(table: &Table, state: &str) -> Vec<String> {
    let states = &table.contracts[0].states;
    let table = states.iter().find(|table| table.state == state).unwrap();
    let row = table.rows.iter().find(|row| row.name == "pay").unwrap();
    row.cells.iter().map(ToString::to_string).collect()
}

#[test]
fn a_cell_says_what_may_be_done_here_and_where_it_holds() {
    let table = Table::new(&law(OWN_GIFT));
    assert_eq!(table.holders, ["outsider", "owner", "staff"]);
    assert_eq!(cells(&table, "pending"), [".", "A", "A:own.customer&is.gift"]);
    assert_eq!(cells(&table, "paid"), [".", "=", "=:own.customer&is.gift"]);
}

#[test]
fn a_cell_that_turns_on_too_much_says_so() {
    let when: Vec<String> = (0..9).map(|at| format!("subject.a{at}")).collect();
    let table = Table::new(&law(&when.join(" && ")));
    assert_eq!(cells(&table, "pending"), [".", "A", "A:.."]);
}

#[test]
fn the_page_is_whole_and_escapes() {
    let html = Table::new(&law(OWN_GIFT)).html().to_string();
    assert_well_formed(&html);
    assert!(html.contains("<td class=\"some\">A:own.customer&amp;is.gift</td>"));
    assert!(html.contains("<th scope=\"col\">staff</th>"));
    assert!(html.contains("<th scope=\"row\">order.pay !</th>"));
    assert!(html.contains("prefers-color-scheme:dark"));
    assert!(html.contains("name=\"viewport\""));
}

#[test]
fn the_same_law_gives_the_same_tables() {
    let [one, other] = [Table::new(&law(OWN_GIFT)), Table::new(&law(OWN_GIFT))];
    assert_eq!(one.to_string(), other.to_string());
    assert_eq!(one.html().to_string(), other.html().to_string());
}
