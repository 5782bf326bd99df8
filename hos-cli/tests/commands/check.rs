//! `hos check`, `hos graph` and `hos table`.

use crate::program::{Desk, document, ends, hos, said};
use crate::shop::LAW;

#[test]
fn a_law_with_comments_is_well_formed() {
    let desk = Desk::new();
    let law = desk.put("law.jsonc", LAW);
    ends(&hos(&["check", &law]), 0, &["well-formed: law shop/1"]);
    let document = document(&["check", &law], 0);
    assert_eq!((&document["faults"], &document["files"][0]["holds"]), (&0.into(), &"law".into()));
    assert_eq!(document["files"][0]["digest"], crate::shop::law().digest().to_string());
}

#[test]
fn every_fault_is_told_with_its_place() {
    let desk = Desk::new();
    let wrong = LAW
        .replace("\"to\": \"paid\"", "\"to\": \"payed\"")
        .replace("subject.total <= 100", "subject.totl <= 100");
    let path = desk.put("law.json", wrong);
    let output = hos(&["check", &path]);
    ends(
        &output,
        6,
        &["law.json:18:50: error[unknown_state]", "/contracts/0/actions/0/to", "/rules/1/when"],
    );
    let document = document(&["check", &path], 6);
    let faults = document["files"][0]["faults"].as_array().unwrap();
    assert!(faults.len() >= 2);
    let line = |pointer: &str| {
        let fault = faults.iter().find(|fault| fault["pointer"] == pointer);
        fault.map(|fault| fault["line"].as_u64().unwrap())
    };
    assert_eq!(line("/contracts/0/actions/0/to"), Some(18));
    assert_eq!(line("/rules/1/when"), Some(9));
}

#[test]
fn what_is_hardly_meant_counts_where_it_is_asked_for() {
    let desk = Desk::new();
    let odd = LAW.replace("{\"name\": \"clerk\"}", "{\"name\": \"clerk\"}, {\"name\": \"idle\"}");
    let path = desk.put("law.json", odd);
    ends(&hos(&["check", &path]), 0, &["warning[unreachable]", "idle"]);
    ends(&hos(&["check", "--strict", &path]), 7, &["idle"]);
}

#[test]
fn contracts_and_matrices_are_checked_too() {
    let desk = Desk::new();
    let law = desk.put("law.json", LAW);
    let start = LAW.find("{\n    \"kind\"").unwrap();
    let contract = &LAW[start..LAW.rfind("}],").unwrap() + 1];
    let contract = desk.put("order.json", contract);
    ends(&hos(&["check", &contract]), 0, &["contract order/1"]);
    let matrix = desk.put("roles.csv", "ability,clerk\norder.close,x\n");
    ends(&hos(&["check", &matrix]), 0, &["matrix"]);
    ends(&hos(&["check", &matrix, "--law", &law]), 0, &["matrix shop/1"]);
    let wrong = desk.put("wrong.toml", "roles = [\"clerk\"]\n[matrix]\n\"order.x\" = 7\n");
    ends(&hos(&["check", &matrix, &wrong]), 6, &["wrong.toml:3:", "roles.csv: well-formed"]);
}

#[test]
fn bad_files_are_told_and_the_others_are_checked() {
    let desk = Desk::new();
    let law = desk.put("law.json", LAW);
    ends(&hos(&["check", &desk.path("none.json")]), 4, &["cannot be read", "check the path"]);
    ends(&hos(&["check", desk.directory().to_str().unwrap()]), 4, &["cannot be read"]);
    let large = desk.put("large.json", vec![b' '; 10 << 20]);
    ends(&hos(&["check", &large]), 6, &["more than 4194304 bytes"]);
    let bytes = desk.put("bytes.json", [b'{', 0xff, 0xfe]);
    ends(&hos(&["check", &bytes]), 6, &["not UTF-8 from byte 1"]);
    let deep = desk.put("deep.json", "[".repeat(100_000));
    ends(&hos(&["check", &deep]), 6, &["deep.json:1:"]);
    ends(&hos(&["check", &large, &law]), 6, &["well-formed: law shop/1"]);
    let document = document(&["check", &desk.path("none.json")], 4);
    assert!(document["error"]["message"].as_str().unwrap().contains("none.json"));
}

#[test]
fn contracts_are_drawn_in_every_form() {
    let desk = Desk::new();
    let law = desk.put("law.json", LAW);
    ends(&hos(&["graph", &law]), 0, &["stateDiagram", "s_pending --> s_paid"]);
    ends(&hos(&["graph", &law, "--form", "dot"]), 0, &["digraph"]);
    ends(&hos(&["graph", &law, "--form", "svg"]), 0, &["<svg"]);
    ends(&hos(&["graph", &law, "--kind", "invoice"]), 6, &["no such contract"]);
    let out = desk.path("drawn");
    ends(&hos(&["graph", &law, "--form", "markdown", "--out", &out]), 0, &["order-1.md"]);
    assert!(desk.directory().join("drawn/order-1.md").is_file());
    let document = document(&["graph", &law], 0);
    assert_eq!(document["drawings"][0]["kind"], "order");
}

#[test]
fn a_table_says_who_may_and_what_changed() {
    let desk = Desk::new();
    let law = desk.put("law.json", LAW);
    let output = hos(&["table", &law]);
    ends(&output, 0, &["clerk", "order.close"]);
    let row = said(&output).lines().find(|line| line.contains("order.pay")).unwrap().to_owned();
    assert!(row.contains('A'), "{row}");
    ends(&hos(&["table", &law, "--html"]), 0, &["<!doctype html>"]);
    let next = LAW.replace("\"version\": \"1\",\n  \"roles\"", "\"version\": \"2\",\n  \"roles\"");
    let next = next.replace("subject.total <= 100", "subject.total <= 1000");
    let next = desk.put("next.json", next.replace("[\"order.open\", ", "["));
    ends(&hos(&["table", &next, "--against", &law]), 0, &["loses", "order.open"]);
    let document = document(&["table", &next, "--against", &law], 0);
    assert_eq!(document["empty"], false);
    assert_eq!(document["turns"][0]["turn"], "loses");
    let broken = desk.put("broken.json", "{}");
    ends(&hos(&["table", &broken]), 6, &["hos check"]);
}
