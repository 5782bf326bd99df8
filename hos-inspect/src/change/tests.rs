use std::time::Duration;

use hos_core::contract::{ActionDefinition, Contract, ContractBuilder};
use hos_core::law::LawBuilder;
use hos_core::value::Type;

use super::*;
use crate::page::tests::assert_well_formed;

fn order(version: &str) -> ContractBuilder {
    Contract::builder("order", version)
        .states(["pending", "paid"])
        .initial("pending")
        .terminal(["paid"])
        .attribute("customer", Type::String)
        .attribute("total", Type::Integer)
        .open("order.create", ["customer", "total"])
}

fn pay(guard: &str) -> ActionDefinition {
    ActionDefinition::new("pay", ["pending"], "paid", "order.pay").guard("too_dear", guard)
}

fn law(version: &str, order: ContractBuilder) -> LawBuilder {
    Law::builder("shop", version).roles(["owner", "staff"]).contract(order.build().unwrap())
}

fn between(old: LawBuilder, new: LawBuilder) -> Change {
    Change::between(&old.build().unwrap(), &new.build().unwrap())
}

fn turned(change: &Change, turn: Turn) -> Vec<String> {
    let line = |change: &CellChange| {
        let place = change.place.as_ref().map_or("fresh".to_owned(), ToString::to_string);
        format!("{} {} {} -> {} {place}", change.role, change.what, change.old, change.new)
    };
    change.turned(turn).map(line).collect()
}

/// Each part with its side.
fn named(change: &Change) -> Vec<String> {
    let parts = change.parts.iter().map(|part| {
        let side = match (&part.old, &part.new) {
            (None, _) => "added",
            (_, None) => "removed",
            _ => "changed",
        };
        format!("{side} {} {}", part.kind.as_str(), part.name)
    });
    parts.collect()
}

const OWN: &str = "subject.customer == actor.id";

#[test]
fn the_same_law_has_not_changed() {
    let law = |version| law(version, order("1").action(pay("subject.total < 9")));
    let change = between(law("1"), law("2"));
    assert!(change.is_empty());
    assert!(change.to_string().ends_with("\nnothing else changed\n"));
    assert_ne!(change.old.digest, change.new.digest);
}

#[test]
fn a_rule_written_anew_with_the_same_meaning_turns_no_cell() {
    let law = |version| law(version, order("1").action(pay("subject.total < 9")));
    let old = law("1").allow("order.*", ["owner"]);
    let new = law("2").allow("order.pay", ["owner"]).allow("order.create", ["owner"]);
    let change = between(old, new);
    assert!(change.turns.is_empty());
    assert_eq!(
        named(&change),
        [
            "removed rule permit order.*",
            "added rule permit order.create",
            "added rule permit order.pay",
        ]
    );
}

#[test]
fn what_a_cell_shows_is_named_among_the_parts_too() {
    let law = |version| law(version, order("1").action(pay("subject.total < 9")));
    let old = law("1").allow_if("order.pay", ["owner"], "subject.total < 100");
    let new = law("2").allow_if("order.pay", ["owner"], "subject.total < 200");
    let change = between(old, new);
    let differs = ["owner order.pay A:subject.total<100 -> A:subject.total<200 fresh"];
    assert_eq!(turned(&change, Turn::Differs).get(..1), Some(&differs.map(str::to_owned)[..]));
    let text = change.to_string();
    let expected = "rule  permit order.pay: permits order.pay to owner, without an id where \
                    subject.total < 100 -> permits order.pay";
    assert!(text.contains(expected), "{text}");
    let old = law("1").claim("firm", Type::String).context("c", Type::Bool);
    let new = law("2").claim("firm", Type::Integer).key_retention(Duration::from_secs(90_000));
    let change = between(old.ability("report.read"), new.ability("report.read").roles(["clerk"]));
    assert_eq!(
        named(&change),
        [
            "changed setting key retention",
            "added role clerk",
            "changed claim firm",
            "removed context c",
        ]
    );
}

#[test]
fn another_order_is_a_change_and_what_was_added_disturbs_none() {
    let law_of = |label, version: &str| law(label, order(version).action(pay("subject.total < 9")));
    let law = |label| law_of(label, "1");
    let old = law("1").allow("order.pay", ["owner"]).allow("order.create", ["owner"]);
    let new = law("2").allow("order.create", ["owner"]).allow("order.pay", ["owner"]);
    let change = between(old.clone(), new);
    assert_eq!(named(&change), ["changed order rules"]);
    assert_eq!(change.parts[0].old.as_deref(), Some("permit order.pay at place 1"));
    let more = law("2").allow("report.read", ["owner"]);
    let more = more.allow("order.pay", ["owner"]).allow("order.create", ["owner"]);
    let added = ["added ability report.read", "added rule permit report.read"];
    assert_eq!(named(&between(old, more)), added);
    let two = |label, first, second: &str| {
        let second = order(second).action(pay("subject.total < 9")).build().unwrap();
        law_of(label, first).contract(second)
    };
    let change = between(two("1", "1", "2"), two("2", "2", "1"));
    assert_eq!(named(&change), ["changed order contracts"]);
}

#[test]
fn who_gains_stands_before_who_loses() {
    let law = |version| law(version, order("1").action(pay("subject.total < 9")));
    let old = law("1").allow("order.pay", ["owner"]).allow_if("order.create", ["staff"], OWN);
    let new = law("2").allow_if("order.pay", ["staff"], OWN).allow("order.create", ["staff"]);
    let change = between(old, new);
    assert_eq!(
        turned(&change, Turn::Gains),
        [
            "staff order.pay . -> A:own.customer fresh",
            "staff pay . -> =:own.customer order/1 in paid",
            "staff pay . -> A:own.customer order/1 in pending",
            "staff order.create A:own.customer -> A fresh",
        ]
    );
    assert_eq!(
        turned(&change, Turn::Loses),
        [
            "owner order.pay A -> . fresh",
            "owner pay = -> . order/1 in paid",
            "owner pay A -> . order/1 in pending",
        ]
    );
    let turns: Vec<Turn> = change.turns.iter().map(|change| change.turn).collect();
    assert!(turns.is_sorted());
}

#[test]
fn other_relations_are_neither_more_nor_less() {
    let law = |version| law(version, order("1").action(pay("subject.total < 9")));
    let old = law("1").allow_if("order.create", ["staff"], OWN);
    let new = law("2").allow_if("order.create", ["staff"], "subject.total > 5");
    let change = between(old, new);
    let differs = ["staff order.create A:own.customer -> A:subject.total>5 fresh"];
    assert_eq!(turned(&change, Turn::Differs), differs);
    assert_eq!(change.turns.len(), 1);
}

#[test]
fn what_was_added_and_removed_is_named() {
    let old = law("1", order("1").action(pay("subject.total < 9"))).ability("report.read");
    let refuse = ActionDefinition::new("refuse", ["pending"], "refused", "order.refuse");
    let order = order("2").states(["refused"]).terminal(["refused"]).action(refuse);
    let new = law("2", order.action(pay("subject.total < 10"))).roles(["clerk"]);
    let change = between(old, new.critical(["order.pay"]));
    assert_eq!(
        named(&change),
        [
            "added role clerk",
            "changed ability order.pay",
            "added ability order.refuse",
            "removed ability report.read",
            "removed contract order/1",
            "added contract order/2",
            "added state order: refused",
            "added action order: refuse",
            "changed guard order: pay, guard too_dear",
        ]
    );
    let text = change.to_string();
    assert!(text.contains("\nadded\n  role      clerk (of a tenant)\n"), "{text}");
    assert!(text.contains("too_dear: subject.total < 9 -> subject.total < 10\n"), "{text}");
}

#[test]
fn the_page_is_whole_and_escapes() {
    let old = law("1", order("1").action(pay("subject.total < 9")));
    let new = law("2", order("1").action(pay("subject.total < 10 && subject.customer != '<b>'")));
    let html = between(old, new.allow("order.pay", ["owner"])).html().to_string();
    assert_well_formed(&html);
    assert!(html.contains("subject.total &lt; 10 &amp;&amp; subject.customer != &quot;&lt;b&gt;"));
    assert!(html.contains("<th scope=\"row\">owner</th>"));
}
