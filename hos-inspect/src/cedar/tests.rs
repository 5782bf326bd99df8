use hos_core::contract::{ActionDefinition, Contract};
use hos_core::value::Type;

use super::*;

/// A law with one permit and one forbid of the same condition.
fn law(when: &str) -> Law {
    let order = Contract::builder("order", "1")
        .states(["pending", "paid"])
        .initial("pending")
        .terminal(["paid"])
        .attribute("a", Type::String)
        .attribute("b", Type::Bool)
        .attribute("n", Type::Integer)
        .attribute("like", Type::StringSet)
        .attribute("t", Type::Time)
        .open("order.create", [""; 0])
        .action(ActionDefinition::new("pay", ["pending"], "paid", "order.pay"));
    Law::builder("shop", "1")
        .roles(["owner"])
        .contract(order.build().unwrap())
        .allow_if("order.pay", ["owner"], when)
        .forbid_if("order.pay", [""; 0], when)
        .build()
        .unwrap()
}

/// What the permit says after `when`, and the forbid after `unless`.
fn said(when: &str) -> [String; 2] {
    let cedar = Cedar::new(&law(when)).unwrap();
    ["\nwhen { ", "\nunless { "].map(|clause| {
        let (_, rest) = cedar.policies.rsplit_once(clause).unwrap();
        rest.split_once(" };\n").unwrap().0.to_owned()
    })
}

fn refused(when: &str) -> Vec<Why> {
    let error = Cedar::new(&law(when)).unwrap_err();
    assert!(error.refused().iter().all(|refused| refused.at.starts_with("rule ")), "{error}");
    let permits = error.refused().iter().filter(|refused| refused.at.starts_with("rule permit"));
    permits.map(|refused| refused.why).collect()
}

#[test]
fn an_attribute_is_asked_for_before_it_is_read() {
    assert_eq!(
        said("subject.a == actor.id"),
        [
            "resource has a && resource.a == principal.id",
            "resource has a && resource.a != principal.id"
        ]
    );
    assert_eq!(
        said("subject.b"),
        ["resource has b && resource.b", "resource has b && !resource.b"]
    );
    assert_eq!(said("has(subject.a)"), ["resource has a", "!(resource has a)"]);
}

#[test]
fn what_errs_hides_what_stands_behind_it() {
    assert_eq!(
        said("subject.b || subject.n > 1")[0],
        "(resource has b && resource.b) || \
         (resource has b && !resource.b && resource has n && resource.n > 1)"
    );
    assert_eq!(
        said("actor.kind == 'job' || subject.b")[0],
        "principal.kind == \"job\" || (resource has b && resource.b)"
    );
}

#[test]
fn every_operator_has_its_word() {
    for (when, holds, fails) in [
        ("subject.n <= -1", "resource.n <= -1", "resource.n > -1"),
        ("subject.n in [2, 1]", "[1, 2].contains(resource.n)", "![1, 2].contains(resource.n)"),
        (
            "subject.a.startsWith('*\"')",
            r#"resource.a like "\*\"*""#,
            r#"!(resource.a like "\*\"*")"#,
        ),
        ("size(subject.a) > 0", "resource.a != \"\"", "resource.a == \"\""),
        ("1 > size(subject.like)", "resource[\"like\"].isEmpty()", "!resource[\"like\"].isEmpty()"),
        (
            "subject.t < timestamp('1970-01-01T00:00:01Z')",
            "resource.t < 1000000",
            "resource.t >= 1000000",
        ),
        ("subject.t == now", "resource.t == context.decidedAt", "resource.t != context.decidedAt"),
    ] {
        let [permit, forbid] = said(when);
        let ends = permit.ends_with(holds) && forbid.ends_with(fails);
        assert!(ends && permit.starts_with("resource has "), "{permit} / {forbid}");
    }
}

#[test]
fn what_cedar_cannot_say_is_refused_and_named() {
    assert_eq!(refused("subject.a < 'x'"), [Why::StringOrder]);
    assert_eq!(refused("size(subject.a) > 1"), [Why::Size]);
    assert_eq!(refused("size(subject.like) == subject.n"), [Why::Size]);
    assert_eq!(refused("subject.a.startsWith(actor.id)"), [Why::Prefix]);
    assert_eq!(
        refused("subject.a < 'x' && subject.a.startsWith(actor.id)"),
        [Why::StringOrder, Why::Prefix]
    );
    let deep = (0..30).fold("subject.b".to_owned(), |deep, at| {
        let sign = if at % 2 == 0 { "||" } else { "&&" };
        format!("({deep}) {sign} subject.b")
    });
    assert_eq!(refused(&deep), [Why::Entangled]);
    let error = Cedar::new(&law("subject.a < 'x'")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Cedar cannot say this law exactly: rule permit order.pay: texts have no order there; \
         rule forbid order.pay: texts have no order there"
    );
}

#[test]
fn sizes_that_say_nothing_are_constant() {
    assert_eq!(said("size(subject.a) >= 0"), ["resource has a", "false"]);
    assert_eq!(said("size('abc') == 3 && subject.b")[0], "resource has b && resource.b");
    assert_eq!(said("size(subject.a) < 0"), ["false", "resource has a"]);
}

#[test]
fn an_attribute_of_two_types_is_not_read() {
    let order = |version: &str, type_: Type, ability: &str| {
        Contract::builder("order", version)
            .states(["pending", "paid"])
            .initial("pending")
            .terminal(["paid"])
            .attribute("a", type_)
            .open("order.create", [""; 0])
            .action(ActionDefinition::new("pay", ["pending"], "paid", ability))
            .build()
            .unwrap()
    };
    let law = Law::builder("shop", "1")
        .roles(["owner"])
        .contract(order("1", Type::Integer, "cash.take"))
        .contract(order("2", Type::String, "order.pay"))
        .allow_if("cash.take", ["owner"], "subject.a == 1");
    let error = Cedar::new(&law.build().unwrap()).unwrap_err();
    assert_eq!(error.refused()[0].why, Why::Torn);
}

#[test]
fn a_kind_that_is_a_word_of_cedar_is_refused() {
    let law = Law::builder("shop", "1").ability("like.it").build().unwrap();
    let error = Cedar::new(&law).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Cedar cannot say this law exactly: kind like: the name is reserved there"
    );
}
