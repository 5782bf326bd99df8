//! Laws as files: every fault at once, each with its line and column; and what is hostile is
//! refused quickly.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeSet;

use hos_core::actor::Actor;
use hos_core::condition::Nothing;
use hos_core::contract::{Contract, FILE_BYTES_MAX};
use hos_core::error::{FAULTS_MAX, LawError, LawFault, Position};
use hos_core::law::Law;
use hos_core::policy::{Question, RoleDefinition};
use hos_core::standing::{ActorStanding, Modes};
use hos_core::time::Timestamp;

/// A law with a fault on almost every line; each line says which.
const FAULTY: &str = r#"{
  "world": "Pazar",
  "version": "1",
  "roles": [
    {"name": "owner", "inherits": ["boss"]},
    {"name": "owner"},
    {"name": "left", "inherits": ["right"]},
    {"name": "right", "inherits": ["left"]}
  ],
  "rules": [
    {"effect": "permit", "abilities": ["order.read"], "roles": ["nobody"]},
    {"effect": "permit", "abilities": ["*.read"], "roles": ["owner"]},
    {"effect": "permit", "abilities": ["order.pay"], "roles": ["owner"],
     "when": "subject.total > 'x'"},
    {"effect": "permit", "abilities": ["order.pay"], "roles": ["owner"],
     "when": "subject.unknown == 1"}
  ],
  "critical": ["order.fly"],
  "key_retention_seconds": 1,
  "contracts": [
    {
      "kind": "order", "version": "1",
      "states": ["pending", "paid", "pending"],
      "initial": "nowhere",
      "terminal": ["paid"],
      "attributes": {"total": "integer", "state": "string"},
      "open": {"ability": "order.create", "required": ["customer"]},
      "actions": [
        {"name": "pay", "from": ["pending"], "to": "payed", "ability": "order.pay",
         "guards": [{"code": "rich", "when": "subject.total >"}]}
      ],
      "timers": [
        {"state": "pending", "after_seconds": 0, "action": "pay"}
      ]
    }
  ]
}"#;

fn faults(text: &str) -> Vec<LawFault> {
    Law::from_json(text).unwrap_err().faults().to_vec()
}

/// What stands at the place of a fault.
fn at<'t>(text: &'t str, fault: &LawFault) -> &'t str {
    let Position { line, column } = fault.position.unwrap();
    let line = text.lines().nth(line - 1).unwrap();
    let (start, _) = line.char_indices().nth(column - 1).unwrap_or((line.len(), ' '));
    line.get(start..).unwrap()
}

#[test]
fn every_fault_is_told_at_once_and_at_its_place() {
    let found = faults(FAULTY);
    let told = |code: &str, begins: &str| {
        let is = |fault: &&LawFault| fault.code == code && at(FAULTY, fault).starts_with(begins);
        assert!(found.iter().any(|fault| is(&fault)), "{code} at `{begins}` is not in {found:#?}");
    };
    told("ill_formed", "\"Pazar\"");
    told("unknown_role", "[\"boss\"]");
    told("duplicate_role", "{\"name\": \"owner\"}");
    told("inheritance_cycle", "[\"right\"]");
    told("inheritance_cycle", "[\"left\"]");
    told("unknown_role", "\"nobody\"");
    told("wildcard_across_resources", "\"*.read\"");
    told("unknown_ability", "\"order.fly\"");
    told("retention_out_of_range", "1,");
    told("duplicate_state", "\"pending\"]");
    told("unknown_state", "\"nowhere\"");
    told("reserved_name", "\"string\"}");
    told("unknown_attribute", "\"customer\"");
    told("unknown_state", "\"payed\"");
    told("syntax", "\"}]}");
    told("timer_out_of_range", "0, \"action\"");
    assert!(found.iter().all(|fault| fault.position.is_some()), "{found:#?}");
    let text = Law::from_json(FAULTY).unwrap_err().to_string();
    assert!(text.contains("line 24 column 18: contract order/1: initial state"), "{text}");
}

#[test]
fn a_condition_is_told_to_the_character() {
    let text = r#"{
  "world": "w", "version": "1", "roles": [{"name": "owner"}],
  "actor": {"verified": "bool"},
  "rules": [{"effect": "permit", "abilities": ["shop.open"], "roles": ["owner"],
    "when": "actor.verified && actor.age > 3"}]
}"#;
    let found = faults(text);
    assert_eq!((found.len(), found[0].code), (1, "unknown_name"), "{found:#?}");
    assert!(at(text, &found[0]).starts_with("actor.age") || at(text, &found[0]).starts_with('"'));
    let syntax = text.replace("actor.age > 3", "actor.id >");
    let found = faults(&syntax);
    assert_eq!(found[0].code, "syntax");
    assert!(at(&syntax, &found[0]).starts_with("\"}]"), "{:?}", at(&syntax, &found[0]));
    let pointers: Vec<&str> = found.iter().map(|fault| fault.pointer.as_str()).collect();
    assert_eq!(pointers, ["/rules/0/when"]);
}

#[test]
fn what_has_not_the_form_of_a_law_is_told_piece_by_piece() {
    let text = r#"{
  "world": 7,
  "version": "1",
  "colour": "red",
  "roles": [{"name": "owner", "rank": 1}, {"nam": "clerk"}, "viewer"],
  "rules": [{"effect": "maybe", "abilities": [], "roles": []}, {"abilities": []}],
  "actor": {"age": "number"},
  "contracts": [
    {"kind": "order", "version": "1", "states": [], "initial": "a", "terminal": [],
     "open": {}, "actions": [{"name": "pay"}, 3], "timers": {}}
  ]
}"#;
    let found = faults(text);
    assert!(found.iter().all(|fault| fault.code == "unreadable"), "{found:#?}");
    let pointers: Vec<&str> = found.iter().map(|fault| fault.pointer.as_str()).collect();
    assert_eq!(
        pointers,
        [
            "/world",
            "/roles/0/rank",
            "/roles/1",
            "/roles/1/nam",
            "/roles/2",
            "/rules/0/effect",
            "/rules/1",
            "/actor/age",
            "/contracts/0/open",
            "/contracts/0/actions/0",
            "/contracts/0/actions/0",
            "/contracts/0/actions/0",
            "/contracts/0/actions/1",
            "/contracts/0/timers",
            "/colour",
        ]
    );
    let lines: Vec<usize> = found.iter().map(|fault| fault.position.unwrap().line).collect();
    assert_eq!(lines, [2, 5, 5, 5, 5, 6, 6, 7, 10, 10, 10, 10, 10, 10, 4]);
}

#[test]
fn what_cannot_be_read_hides_nothing_and_makes_nothing_up() {
    let text = r#"{
  "world": "w", "version": "1", "colour": "red",
  "roles": [{"name": "owner", "rank": 1}, {"name": "clerk", "inherits": ["boss"]}],
  "rules": [
    {"effect": "permit", "abilities": ["order.pay"], "roles": ["owner"]},
    {"effect": "permit", "abilities": ["shop.open"], "roles": ["nobody"]},
    {"effect": "perm", "abilities": ["shop.shut"], "roles": ["clerk"], "when": 7},
    {"effect": "forbid", "abilities": ["shop.shut", "order.*"], "roles": ["clerk"],
     "when": "subject.total > 1"},
    {"effect": "permit", "abilities": ["shop.read"], "roles": ["clerk"], "when": "actor.id >"},
    {"effect": "forbid", "abilities": ["order.finish"], "roles": ["clerk"]}
  ],
  "critical": ["order.create", "shop.fly"],
  "contracts": [
    {"kind": "order", "version": "1", "states": ["open", "done"], "initial": "opened",
     "terminal": ["done"], "attributes": {"total": "integer"}, "open": {"ability": "order.create"},
     "actions": [{"name": "finish", "from": ["open"], "to": "done", "ability": "order.finish"}]}
  ],
  "migrations": [{"kind": "order", "from": "1", "to": "2"}]
}"#;
    let found = faults(text);
    let told: BTreeSet<(&str, &str)> =
        found.iter().map(|fault| (fault.pointer.as_str(), fault.code)).collect();
    let wanted = BTreeSet::from([
        ("/colour", "unreadable"),
        ("/contracts/0/initial", "unknown_state"),
        ("/critical/1", "unknown_ability"),
        ("/roles/0/rank", "unreadable"),
        ("/roles/1/inherits", "unknown_role"),
        ("/rules/1/roles/0", "unknown_role"),
        ("/rules/2/effect", "unreadable"),
        ("/rules/2/when", "unreadable"),
        ("/rules/4/when", "syntax"),
    ]);
    assert_eq!(told, wanted, "{found:#?}");
    assert_eq!(found.len(), wanted.len());
    assert!(found.iter().all(|fault| fault.position.is_some()));
    let critical = found.iter().find(|fault| fault.pointer == "/critical/1").unwrap();
    assert!(at(text, critical).starts_with("\"shop.fly\""));
}

#[test]
fn as_many_rules_as_a_law_may_have_stand_in_a_file() {
    let rule = |n: usize| {
        format!(
            r#"{{"effect": "permit", "abilities": ["resource_{}.change"],
            "roles": ["role_{}"], "when": "context.channel == 'channel {n}'"}}"#,
            n % 400,
            n % 60,
        )
    };
    let rules: Vec<String> = (0..10_000).map(rule).collect();
    let roles: Vec<String> = (0..60).map(|n| format!(r#"{{"name": "role_{n}"}}"#)).collect();
    let text = format!(
        r#"{{"world": "w", "version": "1", "context": {{"channel": "string"}},
        "roles": [{}], "rules": [{}]}}"#,
        roles.join(","),
        rules.join(",\n")
    );
    assert_eq!(Law::from_json(&text).unwrap().definition().rules.len(), 10_000);
}

#[test]
fn a_field_that_stands_twice_is_refused() {
    let text = r#"{"world": "w", "version": "1",
  "actor": {"age": "integer", "age": "string"},
  "version": "2"}"#;
    let found = faults(text);
    let told: Vec<(&str, &str)> =
        found.iter().map(|fault| (fault.code, fault.pointer.as_str())).collect();
    assert_eq!(told, [("duplicate_field", "/actor/age"), ("duplicate_field", "/version")]);
}

#[test]
fn what_is_hostile_is_refused_before_anything_is_built_of_it() {
    let code = |error: Result<Law, LawError>| error.unwrap_err().faults()[0].code;
    let huge = format!("{{\"world\": \"{}\"}}", "x".repeat(10 << 20));
    assert_eq!(code(Law::from_json(&huge)), "too_many");
    for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[{\"a\":", "}]")] {
        let levels = FILE_BYTES_MAX / (open.len() + close.len()) - 1;
        let deep = format!("{}1{}", open.repeat(levels), close.repeat(levels));
        let error = Law::from_json(&deep).unwrap_err();
        assert_eq!(error.faults().len(), 1);
        assert_eq!(error.faults()[0].code, "unreadable");
        assert_eq!(error.faults()[0].position.unwrap().line, 1);
        assert_eq!(Contract::from_json(&deep).unwrap_err().faults()[0].code, "unreadable");
        assert_eq!(code(Law::from_json(&open.repeat(levels))), "unreadable");
    }
    for text in ["", " ", "null", "[]", "7", "{", "{}}", "{\"world\"", "\u{feff}{}", "{'a':1}"] {
        assert_eq!(code(Law::from_json(text)), "unreadable", "{text}");
    }
    let ring: Vec<String> = (0..64)
        .map(|n| format!(r#"{{"name": "r{n}", "inherits": ["r{}"]}}"#, (n + 1) % 64))
        .collect();
    let cyclic = format!(r#"{{"world": "w", "version": "1", "roles": [{}]}}"#, ring.join(","));
    let error = Law::from_json(&cyclic).unwrap_err();
    assert_eq!(error.faults().len(), 64);
    assert!(error.faults().iter().all(|fault| fault.code == "inheritance_cycle"));
}

#[test]
fn a_file_of_faults_is_told_in_bounded_words() {
    let twice = "\"a\":1,".repeat(100_000);
    let long = "x".repeat(FILE_BYTES_MAX / 4);
    let text = format!("{{\"{long}\":{{{}\"b\":1}}}}", twice);
    let error = Law::from_json(&text).unwrap_err();
    assert_eq!(error.faults().len(), FAULTS_MAX + 1);
    assert_eq!(error.faults()[FAULTS_MAX].code, "too_many");
    assert!(error.faults().iter().all(|fault| fault.pointer.len() < 1_000));
    let empty = "{},\n".repeat(100_000);
    let text = format!("{{\"world\":\"w\",\"version\":\"1\",\"rules\":[{empty}{{}}]}}");
    assert_eq!(Law::from_json(&text).unwrap_err().faults().len(), FAULTS_MAX + 1);
}

#[test]
fn a_law_that_was_not_read_from_a_file_has_pointers_and_no_lines() {
    let error = Law::builder("w", "1")
        .roles([RoleDefinition::new("owner"), RoleDefinition::new("owner")])
        .build()
        .unwrap_err();
    let fault = &error.faults()[0];
    assert_eq!((fault.pointer.as_str(), fault.position), ("/roles/1", None));
}

#[test]
fn a_law_in_any_order_answers_alike_and_for_the_same_reasons() {
    let rules = [
        ("permit", "order.pay", "owner", None),
        ("permit", "order.pay", "clerk", Some("actor.verified")),
        ("permit", "order.pay", "clerk", Some("context.channel == 'web'")),
        ("forbid", "order.pay", "clerk", Some("context.channel == 'fax'")),
        ("forbid", "order.pay", "owner", Some("!actor.verified")),
        ("permit", "order.read", "clerk", None),
        ("permit", "order.read", "owner", None),
    ];
    let rules: Vec<String> = rules
        .iter()
        .map(|(effect, ability, role, when)| {
            let when = when.map(|when| format!(r#", "when": "{when}""#)).unwrap_or_default();
            format!(
                r#"{{"effect": "{effect}", "abilities": ["{ability}"], "roles": ["{role}"]{when}}}"#
            )
        })
        .collect();
    let roles: Vec<String> = ["owner", "clerk", "viewer"]
        .iter()
        .map(|role| format!(r#"{{"name": "{role}"}}"#))
        .collect();
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut told = BTreeSet::new();
    for _ in 0..1_000 {
        let (rules, roles) = (shuffled(&rules, &mut seed), shuffled(&roles, &mut seed));
        let text = format!(
            r#"{{"world": "w", "version": "1", "actor": {{"verified": "bool"}},
                "context": {{"channel": "string"}}, "roles": [{}], "rules": [{}]}}"#,
            roles.join(","),
            rules.join(",")
        );
        told.insert(mind(&Law::from_json(&text).unwrap()));
    }
    assert_eq!(told.len(), 1);
}

fn shuffled(items: &[String], seed: &mut u64) -> Vec<String> {
    let mut items = items.to_vec();
    for at in (1..items.len()).rev() {
        *seed ^= *seed << 13;
        *seed ^= *seed >> 7;
        *seed ^= *seed << 17;
        let bound = u64::try_from(at + 1).unwrap();
        items.swap(at, usize::try_from(*seed % bound).unwrap());
    }
    items
}

/// Every answer and every reason, for several people in several contexts.
fn mind(law: &Law) -> String {
    let mut told = String::new();
    for role in ["owner", "clerk", "viewer"] {
        for verified in [Some(true), Some(false), None] {
            let mut actor = Actor::user("u-1").unwrap();
            if let Some(verified) = verified {
                actor = actor.claim("verified", verified).unwrap();
            }
            for channel in [Some("web"), Some("fax"), None] {
                let mut context = hos_core::value::Attributes::new();
                if let Some(channel) = channel {
                    context.set("channel".parse().unwrap(), channel);
                }
                let roles = vec![role.parse().unwrap()];
                let standing = ActorStanding { roles, ..ActorStanding::default() };
                for ability in law.rules().abilities() {
                    let question = Question {
                        actor: &actor,
                        ability: ability.as_str(),
                        subject: &Nothing,
                        context: &context,
                        standing: &standing,
                        modes: &Modes::default(),
                        now: Timestamp::EPOCH,
                    };
                    told.push_str(&format!("{ability} {:?}", law.rules().explain(&question)));
                }
            }
        }
    }
    told
}
