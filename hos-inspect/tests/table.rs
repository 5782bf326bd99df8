//! What a table says is so in every setting: no `.` where something allows, no bare `A` where
//! something denies, and a formula holds where and only where the rules do; and what differs
//! between two laws turns a cell.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

#[path = "support/conditions.rs"]
mod conditions;

use std::collections::BTreeSet;

use hos_core::actor::{Actor, ActorKind};
use hos_core::contract::{ActionDefinition, Contract};
use hos_core::id::State;
use hos_core::law::{Law, LawBuilder};
use hos_core::policy::{DecisionEffect, Question, RoleDefinition};
use hos_core::standing::{ActorStanding, Modes};
use hos_core::subject::{Subject, SubjectView};
use hos_core::time::Timestamp;
use hos_core::value::{Attributes, Type, Value};
use hos_inspect::change::Change;
use hos_inspect::table::{Cell, Sign, Table};
use proptest::prelude::*;

use crate::conditions::condition;
use proptest::test_runner::{Config, RngSeed};

const ROLES: [&str; 3] = ["staff", "owner", "customer"];
const NOON: &str = "2026-06-01T12:00:00Z";
const ATOMS: [&str; 22] = [
    "subject.a == 'x'",
    "subject.a != actor.id",
    "subject.a in ['x', 'y']",
    "subject.a.startsWith('x')",
    "subject.a < 'y'",
    "size(subject.a) > 1",
    "has(subject.a)",
    "!has(subject.n)",
    "subject.n > 100",
    "subject.n == 7",
    "subject.n < context.m",
    "context.m <= 7",
    "subject.b",
    "actor.b",
    "actor.firm == subject.a",
    "context.m != 100",
    "actor.id in subject.s",
    "'x' in subject.s",
    "size(subject.s) == 2",
    "now >= timestamp('2026-06-01T12:00:00Z')",
    "now < subject.t",
    "subject.state == 'paid'",
];

fn shop(version: &str) -> LawBuilder {
    let order = Contract::builder("order", "1")
        .states(["pending", "paid"])
        .initial("pending")
        .terminal(["paid"])
        .attribute("a", Type::String)
        .attribute("b", Type::Bool)
        .attribute("n", Type::Integer)
        .attribute("s", Type::StringSet)
        .attribute("t", Type::Time)
        .attribute("risk", Type::String)
        .open("order.create", [""; 0])
        .action(ActionDefinition::new("pay", ["pending"], "paid", "order.pay"));
    let order = (0..40).fold(order, |order, at| order.attribute(&format!("f{at}"), Type::Bool));
    Law::builder("shop", version)
        .roles([
            RoleDefinition::new("staff"),
            RoleDefinition::new("owner").inherits("staff"),
            RoleDefinition::implicit("customer", ActorKind::User),
        ])
        .claim("b", Type::Bool)
        .claim("firm", Type::String)
        .context("channel", Type::String)
        .context("m", Type::Integer)
        .contract(order.build().unwrap())
}

fn cell(law: LawBuilder, role: &str) -> String {
    let table = Table::new(&law.build().unwrap());
    let at = table.holders.iter().position(|holder| holder == role).unwrap();
    let row = table.abilities.iter().find(|row| row.name == "order.pay").unwrap();
    row.cells.get(at).unwrap().to_string()
}

fn allowed(when: &str) -> String {
    cell(shop("1").allow_if("order.pay", ["staff"], when), "staff")
}

#[test]
fn what_one_value_or_none_allows_is_not_denied() {
    assert_eq!(allowed("context.channel == 'phone'"), "A:context.channel==\"phone\"");
    assert_eq!(allowed("!has(subject.a)"), "A:!has(subject.a)");
    let later = "A:now>=timestamp(\"2026-06-01T12:00:00.000000Z\")";
    assert_eq!(allowed("now >= timestamp('2026-06-01T12:00:00Z')"), later);
    assert_eq!(allowed("subject.n > 100 && subject.n < 102"), "A:subject.n<102&subject.n>100");
    assert_eq!(allowed("subject.n > 100 && subject.n < 101"), ".");
}

#[test]
fn what_one_value_forbids_is_not_always_allowed_and_its_rule_turns_a_cell() {
    let permitted = |version| shop(version).allow("order.pay", ["staff"]);
    let everybody: [&str; 0] = [];
    let risk = "subject.risk == 'high'";
    let forbidden = |version| permitted(version).forbid_if("order.pay", everybody, risk);
    assert_eq!(cell(permitted("1"), "staff"), "A");
    assert_eq!(cell(forbidden("1"), "staff"), "A:subject.risk!=\"high\"");
    let laws = [permitted("1").build().unwrap(), forbidden("2").build().unwrap()];
    let [permitted, forbidden] = laws.each_ref();
    for change in [Change::between(permitted, forbidden), Change::between(forbidden, permitted)] {
        let turned = change.turns.iter().filter(|turn| turn.what == "order.pay");
        let roles: BTreeSet<&str> = turned.map(|turn| turn.role.as_str()).collect();
        assert_eq!(roles, BTreeSet::from(["owner", "staff"]));
    }
}

#[test]
fn whatever_many_comparisons_ask_for_together_is_found() {
    let six = "subject.f0 && subject.f1 && subject.f2 && !subject.f3 && !subject.f4 && !subject.f5";
    assert_eq!(allowed(six), "A:is.f0&is.f1&is.f2&!is.f3&!is.f4&!is.f5");
    let all: Vec<String> = (0..40).map(|at| format!("subject.f{at}")).collect();
    assert_eq!(allowed(&all.join(" && ")), "A:..");
}

#[test]
fn what_was_not_tried_wholly_is_neither_allowed_nor_denied() {
    let each = |at| format!("(subject.f{at} || !subject.f{at})");
    let all: Vec<String> = (0..40).map(each).collect();
    // No setting was tried in which the last is read.
    let [yes, no] = [format!("!({})", all.join(" && ")), all.join(" && ")];
    assert_eq!(allowed(&format!("{no} && size(subject.a) > 1 && subject.a == 'x'")), "?");
    let forbid = |when: &str| {
        let everybody: [&str; 0] = [];
        let law = shop("1").allow("order.pay", ["staff"]).forbid_if("order.pay", everybody, when);
        cell(law, "staff")
    };
    assert_ne!(forbid(&yes), "A");
    let size = "has(subject.a) && size(subject.a) > 1 && subject.a == 'x'";
    assert_eq!((allowed(size), forbid(size)), ("?".to_owned(), "A:?".to_owned()));
}

#[test]
fn what_a_cell_is_too_small_to_say_still_turns() {
    let law = |version, last: &str| {
        let all: Vec<String> = (0..12).map(|at| format!("subject.f{at}")).collect();
        let when = format!("{} && {last}", all.join(" && "));
        shop(version).allow_if("order.pay", ["staff"], when.as_str()).build().unwrap()
    };
    let change = Change::between(&law("1", "subject.f12"), &law("2", "subject.f13"));
    assert!(change.turns.iter().any(|turn| turn.role == "staff" && turn.what == "order.pay"));
}

#[derive(Debug, Clone)]
struct Rule {
    permit: bool,
    roles: Vec<&'static str>,
    when: String,
}

fn rule() -> impl Strategy<Value = Rule> {
    let roles = prop::sample::subsequence(&ROLES[..], 1..=2);
    (prop::bool::weighted(0.7), roles, prop::option::weighted(0.85, condition(&ATOMS)))
        .prop_map(|(permit, roles, when)| Rule { permit, roles, when: when.unwrap_or_default() })
}

fn law(rules: &[Rule]) -> Option<Law> {
    let ability = "order.pay";
    let add = |law: LawBuilder, rule: &Rule| match (rule.permit, rule.when.as_str()) {
        (true, "") => law.allow(ability, rule.roles.clone()),
        (true, when) => law.allow_if(ability, rule.roles.clone(), when),
        (false, "") => law.forbid(ability, rule.roles.clone()),
        (false, when) => law.forbid_if(ability, rule.roles.clone(), when),
    };
    rules.iter().fold(shop("1"), add).build().ok()
}

/// What rules compare with, what is next to it, something else, and nothing.
#[derive(Debug, Clone)]
struct Setting {
    subject: Attributes,
    claims: Attributes,
    context: Attributes,
    me: &'static str,
    now: Timestamp,
    state: &'static str,
}

fn text() -> impl Strategy<Value = Option<Value>> {
    let texts = ["", "w", "x", "x\u{0}", "xx", "xyz", "y", "z", "me", "elsewhere"];
    prop::option::weighted(0.8, prop::sample::select(texts.to_vec()).prop_map(Value::from))
}

fn number() -> impl Strategy<Value = Option<Value>> {
    let numbers = [-1, 0, 5, 6, 7, 8, 9, 99, 100, 101, 102, 1_000_000_000_i64];
    prop::option::weighted(0.8, prop::sample::select(numbers.to_vec()).prop_map(Value::Integer))
}

fn time() -> impl Strategy<Value = Timestamp> {
    let noon = Timestamp::parse(NOON).unwrap().as_micros();
    (-2_i64..=2).prop_map(move |off| Timestamp::from_micros(noon + off))
}

fn flag() -> impl Strategy<Value = Option<Value>> {
    prop::option::weighted(0.8, any::<bool>().prop_map(Value::from))
}

fn set() -> impl Strategy<Value = Option<Value>> {
    let members = prop::sample::subsequence(&["x", "y", "me", "z"][..], 0..=3);
    prop::option::weighted(0.8, members.prop_map(|members| members.into_iter().collect()))
}

fn setting() -> impl Strategy<Value = Setting> {
    let subject = (text(), flag(), number(), set(), prop::option::of(time()));
    let others = (flag(), text(), number());
    let names = (prop::sample::select(&["me", "x", "y", "z"][..]), time(), any::<bool>());
    (subject, others, names).prop_map(|((a, b, n, s, t), (said, firm, m), (me, now, is_paid))| {
        let bag = |values: Vec<(&str, Option<Value>)>| {
            let mut bag = Attributes::new();
            for (name, value) in values {
                if let Some(value) = value {
                    bag.set(name.parse().unwrap(), value);
                }
            }
            bag
        };
        let t = t.map(Value::Time);
        Setting {
            subject: bag(vec![("a", a), ("b", b), ("n", n), ("s", s), ("t", t)]),
            claims: bag(vec![("b", said), ("firm", firm)]),
            context: bag(vec![("m", m)]),
            me,
            now,
            state: if is_paid { "paid" } else { "pending" },
        }
    })
}

fn can(law: &Law, role: &str, setting: &Setting, state: &str) -> bool {
    let kind = if role == "customer" { ActorKind::User } else { ActorKind::Service };
    let mut actor = Actor::new(kind, setting.me.parse().unwrap());
    for (name, value) in setting.claims.iter() {
        actor = actor.claim(name.as_str(), value.clone()).unwrap();
    }
    let mut standing = ActorStanding::default();
    let is_held = role != "customer" && role != "outsider";
    standing.roles.extend(is_held.then(|| role.parse().unwrap()));
    let subject = Subject::new("shop", "tenant", "order", "o-1").unwrap();
    let state: State = state.parse().unwrap();
    let attributes = &setting.subject;
    let view = SubjectView { subject: &subject, state: &state, revision: 1, attributes };
    let answer = law.rules().answer(&Question {
        actor: &actor,
        ability: "order.pay",
        subject: &view,
        context: &setting.context,
        standing: &standing,
        modes: &Modes::default(),
        now: setting.now,
    });
    answer.unwrap().effect == DecisionEffect::Allow
}

/// A law that allows what a cell says, a rule for each product; none where it does not say all.
fn said(role: &str, cell: &Cell) -> Option<Law> {
    let law = shop("said");
    let law = match (cell.sign, cell.when.as_deref()) {
        (Sign::Unknown, _) | (_, Some(".." | "?")) => return None,
        (Sign::Denied, _) => law,
        (_, None) => law.allow("order.pay", [role]),
        (_, Some(when)) => split(when, '|').into_iter().fold(law, |law, product| {
            let literals = split(product, '&').into_iter().map(condition_of);
            law.allow_if("order.pay", [role], literals.collect::<Vec<_>>().join(" && ").as_str())
        }),
    };
    Some(law.build().unwrap())
}

fn condition_of(literal: &str) -> String {
    let (not, told) = literal.strip_prefix('!').map_or(("", literal), |told| ("!", told));
    let condition = match told.split_once('.') {
        Some(("own", name)) => format!("(subject.{name} == actor.id)"),
        Some(("is", name)) => format!("subject.{name}"),
        Some(("claim", name)) => format!("actor.{name}"),
        Some(("in", name)) => format!("(actor.id in subject.{name})"),
        _ => told.to_owned(),
    };
    format!("{not}{condition}")
}

/// Splits where it is neither in parentheses nor in a text.
fn split(text: &str, by: char) -> Vec<&str> {
    let (mut depth, mut is_text) = (0, false);
    text.split(|read: char| {
        is_text ^= read == '\'';
        depth += i32::from(!is_text && read == '(') - i32::from(!is_text && read == ')');
        read == by && depth == 0 && !is_text
    })
    .collect()
}

proptest! {
    #![proptest_config(Config {
        cases: 200, rng_seed: RngSeed::Fixed(7), failure_persistence: None, ..Config::default()
    })]

    #[test]
    fn no_setting_contradicts_a_cell(
        rules in prop::collection::vec(rule(), 1..5),
        settings in prop::collection::vec(setting(), 120),
    ) {
        let Some(law) = law(&rules) else { return Ok(()) };
        let table = Table::new(&law);
        let fresh = table.abilities.iter().find(|row| row.name == "order.pay");
        let contract = table.contracts.first().unwrap();
        let moves = contract.states.iter().flat_map(|state| {
            let rows = state.rows.iter().filter(|row| row.name == "pay");
            rows.map(|row| (state.state.as_str(), row))
        });
        for (state, row) in fresh.map(|row| ("pending", row)).into_iter().chain(moves) {
            for (role, cell) in table.holders.iter().zip(&row.cells) {
                let Some(said) = said(role, cell) else { continue };
                for setting in settings.iter().filter(|setting| setting.state == state) {
                    let [is_allowed, expected] =
                        [&law, &said].map(|law| can(law, role, setting, state));
                    prop_assert_eq!(is_allowed, expected, "{} {:?} {}", role, setting, cell);
                }
            }
        }
    }
}
