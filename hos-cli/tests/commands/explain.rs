//! `hos explain`.

use crate::program::{Desk, command, document, ends, hos};
use crate::shop::{self, LAW};

const SITUATION: &str = r#"{
  "ability": "order.close", "actor": {"id": "c-1"}, "roles": ["clerk"],
  "subject": {"kind": "order", "id": "o-9", "state": "paid", "attributes": {"total": 500}}
}"#;

#[test]
fn a_situation_is_explained_with_every_rule() {
    let desk = Desk::new();
    let law = desk.put("law.json", LAW);
    let words = |path: &str| ["explain", "--law", &law, "--situation", path].map(str::to_owned);
    let run = |text: &str| {
        let path = desk.put("situation.json", text);
        hos(&words(&path).each_ref().map(String::as_str))
    };
    ends(&run(SITUATION), 0, &["may not", "condition_failed `small`", "close (order.close)"]);
    ends(&run(&SITUATION.replace("500", "50")), 0, &["may: c-1", "permitted `small`"]);
    ends(&run(&SITUATION.replace("[\"clerk\"]", "[]")), 0, &["may not", "not_granted"]);
    ends(&run(&SITUATION.replace("order.close", "order.eat")), 6, &["no ability", "hos table"]);
    ends(&run(&SITUATION.replace("total", "tota")), 6, &["no attribute `tota`"]);
    ends(&run(&SITUATION.replace("clerk", "boss")), 6, &["no role `boss`"]);
    ends(&run("{"), 6, &["holds no situation"]);
    let path = desk.put("situation.json", SITUATION);
    let mut beside = command(&words(&path).each_ref().map(String::as_str));
    ends(&beside.env("DATABASE_URL", "postgres://h/d").output().unwrap(), 0, &["may not"]);
    let document = document(&words(&path).each_ref().map(String::as_str), 0);
    assert_eq!(document["allowed"], false);
    assert_eq!(document["reasons"][0]["code"], "condition_failed");
}

#[test]
fn what_a_database_has_is_explained() {
    let desk = Desk::new();
    let (law, path) = (desk.put("law.json", LAW), desk.path("shop.db"));
    shop::sqlite(&path);
    let base = ["explain", "--law", &law, "--db", &path, "--tenant"];
    let who = ["--actor", "c-1", "--ability", "order.close"];
    let words = |tenant: &'static str, more: &[&'static str]| {
        let base = base.iter().copied().chain([tenant]);
        let words: Vec<String> =
            base.chain(who).chain(more.iter().copied()).map(str::to_owned).collect();
        words
    };
    let run = |words: Vec<String>| {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        hos(&words)
    };
    ends(&run(words("firm-1", &["--subject", "order:o-0"])), 0, &["may: c-1", "`small`"]);
    ends(&run(words("firm-1", &["--subject", "order:o-4"])), 0, &["may not"]);
    ends(&run(words("firm-1", &["--subject", "order:none"])), 4, &["no subject"]);
    ends(&run(words("firm-9", &["--subject", "order:o-0"])), 4, &["no tenant"]);
    ends(&run(words("firm-1", &["--subject", "o-0"])), 2, &["kind:id"]);
    ends(&run(words("firm-1", &["--context", "desk"])), 2, &["name=value"]);
    ends(&run(words("firm-1", &["--actor-kind", "robot"])), 2, &["robot"]);
    let other = desk.put("other.json", LAW.replace("<= 100", "<= 10"));
    let mut changed = words("firm-1", &["--subject", "order:o-0"]);
    changed[2] = other;
    ends(&run(changed), 0, &["may not", "not this one"]);
    let elsewhere = desk.put("elsewhere.json", LAW.replace("\"shop\"", "\"mall\""));
    let mut changed = words("firm-1", &["--subject", "order:o-0"]);
    changed[2] = elsewhere;
    ends(&run(changed), 4, &["no world `mall`"]);
    ends(&hos(&["explain", "--law", &law]), 2, &["--situation"]);
}
