//! The condition language: grammar, types, limits, and what an expression evaluates to.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers assert as the tests do"
)]

use std::collections::BTreeSet;
use std::sync::Arc;

use hos_core::condition::{
    Absent, Checked, Comparison, Condition, EXPRESSION_DEPTH_MAX, EXPRESSION_NODES_MAX,
    EXPRESSION_TEXT_BYTES_MAX, Environment, Expression, ExpressionErrorKind, Lookup, Nothing, Path,
    Predicate, Root, Scope, Term, TooEntangled, ValueRef,
};
use hos_core::id::Name;
use hos_core::time::Timestamp;
use hos_core::value::{Attributes, INTEGER_MAX, SET_MEMBERS_MAX, Schema, Type, Value};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

const ROOTS: [Root; 5] = [Root::Actor, Root::Subject, Root::Context, Root::Input, Root::Facts];

const TYPES: [(&str, Type); 8] = [
    ("b", Type::Bool),
    ("i", Type::Integer),
    ("s", Type::String),
    ("t", Type::Time),
    ("bs", Type::BoolSet),
    ("is", Type::IntegerSet),
    ("ss", Type::StringSet),
    ("ts", Type::TimeSet),
];

fn parse(text: &str) -> Expression {
    Expression::parse(text).unwrap_or_else(|fault| panic!("{text}: {fault}"))
}

fn refusal(text: &str) -> (ExpressionErrorKind, Option<usize>, String) {
    match Expression::parse(text) {
        Ok(expression) => panic!("`{text}` was accepted as `{expression}`"),
        Err(fault) => (fault.kind, fault.at, fault.message),
    }
}

fn path(text: &str) -> Expression {
    Expression::Path(text.parse().unwrap())
}

fn schema() -> Schema {
    TYPES.iter().map(|(name, declared)| (Name::new(name).unwrap(), *declared)).collect()
}

fn scope(schema: &Schema) -> Scope<'_> {
    let all = Some(schema);
    Scope { actor: all, subject: all, context: all, input: all, facts: all }
}

fn check(expression: Expression) -> Result<Checked, Vec<(ExpressionErrorKind, String)>> {
    let result = Checked::new(expression, scope(&schema()));
    result.map_err(|faults| faults.into_iter().map(|fault| (fault.kind, fault.message)).collect())
}

fn faults(text: &str) -> Vec<(ExpressionErrorKind, String)> {
    check(parse(text)).unwrap_err()
}

fn condition(text: &str) -> Condition {
    Condition::new(parse(text), scope(&schema())).unwrap()
}

fn noon() -> Timestamp {
    Timestamp::parse("2026-06-01T12:00:00Z").unwrap()
}

/// Every attribute of `subject` that the schema declares.
fn subject() -> Attributes {
    let mut subject = Attributes::new();
    let mut set = |name: &str, value: Value| subject.set(Name::new(name).unwrap(), value);
    set("b", true.into());
    set("i", 7.into());
    set("s", "naïve 🦀".into());
    set("t", noon().into());
    set("bs", Value::from_iter([true]));
    set("is", Value::from_iter([1, 2, 3]));
    set("ss", Value::from_iter(["a", "b"]));
    set("ts", Value::from_iter([noon()]));
    subject
}

fn holds(text: &str) -> Result<bool, Absent> {
    let subject = subject();
    condition(text).holds(&Environment { subject: &subject, ..Environment::at(noon()) })
}

fn nested_not(levels: usize) -> Expression {
    (1..levels).fold(Expression::literal(true), |inner, _| inner.not())
}

// The text form.

#[test]
fn operators_bind_as_in_cel() {
    let cases = [
        ("actor.b || input.b && facts.b", "actor.b || (input.b && facts.b)"),
        ("actor.b && input.b || facts.b", "(actor.b && input.b) || facts.b"),
        ("!actor.b && input.b", "(!actor.b) && input.b"),
        ("!actor.b || input.b", "(!actor.b) || input.b"),
        ("!actor.b == input.b", "(!actor.b) == input.b"),
        ("actor.b == !input.b", "actor.b == (!input.b)"),
        ("!actor.b in input.bs", "(!actor.b) in input.bs"),
        ("!!actor.b", "!(!actor.b)"),
        ("!actor.s.startsWith('a')", "!(actor.s.startsWith('a'))"),
        ("!has(actor.s)", "!(has(actor.s))"),
        ("actor.i == 1 && input.i < 2", "(actor.i == 1) && (input.i < 2)"),
        ("actor.i in input.is || facts.b", "(actor.i in input.is) || facts.b"),
        ("size(actor.s) > 1 && facts.b", "(size(actor.s) > 1) && facts.b"),
        ("actor.i<-1", "actor.i < (-1)"),
        ("actor.i!=1", "actor.i != (1)"),
        ("\t actor . b\r\n&&\u{c}now<=now ", "actor.b && (now <= now)"),
    ];
    for (text, explicit) in cases {
        assert_eq!(parse(text), parse(explicit), "{text}");
    }
}

#[test]
fn chains_of_one_operator_are_one_node() {
    let (a, b, c) = (path("actor.b"), path("input.b"), path("facts.b"));
    let all = vec![a.clone(), b.clone(), c.clone()];
    assert_eq!(parse("actor.b && input.b && facts.b"), Expression::And(all.clone()));
    assert_eq!(parse("actor.b || input.b || facts.b"), Expression::Or(all.clone()));
    assert_eq!(a.clone().and(b.clone()).and(c.clone()), Expression::And(all.clone()));
    assert_eq!(a.clone().or(b.clone()).or(c.clone()), Expression::Or(all));
    let right = Expression::And(vec![a.clone(), b.clone().and(c.clone())]);
    assert_eq!(parse("actor.b && (input.b && facts.b)"), right);
    assert_eq!(
        a.clone().or(b.clone()).and(c.clone()).to_string(),
        "(actor.b || input.b) && facts.b"
    );
    assert_eq!(a.and(b).or(c).to_string(), "actor.b && input.b || facts.b");
}

#[test]
fn the_builder_says_what_the_text_says() {
    let (i, j) = (path("subject.i"), path("input.i"));
    let pair = |build: fn(Expression, Expression) -> Expression| build(i.clone(), j.clone());
    assert_eq!(pair(Expression::eq), parse("subject.i == input.i"));
    assert_eq!(pair(Expression::ne), parse("subject.i != input.i"));
    assert_eq!(pair(Expression::lt), parse("subject.i < input.i"));
    assert_eq!(pair(Expression::le), parse("subject.i <= input.i"));
    assert_eq!(pair(Expression::gt), parse("subject.i > input.i"));
    assert_eq!(pair(Expression::ge), parse("subject.i >= input.i"));
    assert_eq!(pair(Expression::is_in), parse("subject.i in input.i"));
    assert_eq!(pair(Expression::starts_with), parse("subject.i.startsWith(input.i)"));
    assert_eq!(i.clone().size(), parse("size(subject.i)"));
    assert_eq!(i.clone().not(), parse("!subject.i"));
    assert_eq!(Expression::has(Root::Facts, "x").unwrap(), parse("has(facts.x)"));
    assert_eq!(Expression::path(Root::Context, "x").unwrap(), parse("context.x"));
    assert_eq!("now".parse(), Ok(Expression::Now));
}

#[test]
fn literals_are_read() {
    let value = |text| match parse(text) {
        Expression::Literal(value) => value,
        other => panic!("{other}"),
    };
    assert_eq!(value("true"), Value::Bool(true));
    assert_eq!(value("false"), Value::Bool(false));
    assert_eq!(value("-0"), Value::Integer(0));
    assert_eq!(value("9007199254740991"), Value::Integer(INTEGER_MAX));
    assert_eq!(value("-9007199254740991"), Value::Integer(-INTEGER_MAX));
    assert_eq!(value(r#""it's""#), Value::from("it's"));
    assert_eq!(value(r#"'say "a"'"#), Value::from("say \"a\""));
    assert_eq!(
        value(r#""\\ \" \' \n \r \t \u00e9 \uABCD""#),
        Value::from("\\ \" ' \n \r \t é \u{abcd}")
    );
    assert_eq!(value("timestamp('2026-06-01T14:00:00+02:00')"), Value::Time(noon()));
    assert_eq!(value("['b', \"a\", 'b']"), Value::from_iter(["a", "b"]));
    assert_eq!(value("[ 3,-1 ]"), Value::from_iter([-1, 3]));
    assert_eq!(value("[true]"), Value::from_iter([true]));
    assert_eq!(value("[timestamp('2026-06-01T12:00:00Z')]"), Value::from_iter([noon()]));
}

#[test]
fn the_text_form_is_canonical() {
    let cases = [
        ("( ( actor.b ) )", "actor.b"),
        ("'a\\'b\"c\\\\\\n\\r\\t'", r#""a'b\"c\\\n\r\t""#),
        ("'\u{202e}\u{7f}\u{feff}\u{ad}é'", r#""\u202e\u007f\ufeff\u00adé""#),
        ("timestamp('2026-06-01T14:00:00+02:00')", "timestamp(\"2026-06-01T12:00:00.000000Z\")"),
        ("[2,1,1]", "[1, 2]"),
        ("('a').startsWith((('b')))", r#""a".startsWith("b")"#),
        ("(!actor.b).startsWith('b')", r#"(!actor.b).startsWith("b")"#),
        ("(1 < 2) == (3 in [3])", "(1 < 2) == (3 in [3])"),
        ("!(1 == 1)", "!(1 == 1)"),
        ("(1 < 2) in (actor.b && actor.b)", "(1 < 2) in (actor.b && actor.b)"),
        ("actor.b && (input.b || facts.b)", "actor.b && (input.b || facts.b)"),
        ("actor.b || (input.b || facts.b)", "actor.b || (input.b || facts.b)"),
        ("size((actor.b && input.b))", "size(actor.b && input.b)"),
    ];
    for (text, canonical) in cases {
        assert_eq!(parse(text).to_string(), canonical);
        assert_eq!(parse(canonical), parse(text));
    }
}

#[test]
fn text_outside_the_grammar_is_refused_where_it_breaks() {
    use ExpressionErrorKind::{MixedSet, OutOfRange, Syntax, UnknownName};
    let cases = [
        ("", Syntax, 0),
        ("  ", Syntax, 2),
        ("actor", Syntax, 5),
        ("actor.", Syntax, 6),
        ("actor.Owner", Syntax, 6),
        ("actor.in", Syntax, 6),
        ("actor.null", Syntax, 6),
        ("actor.'b'", Syntax, 6),
        ("actor.b.c", UnknownName, 8),
        ("actor.b.size()", UnknownName, 8),
        ("actor.b.startsWith", Syntax, 18),
        ("actor.b.startsWith()", Syntax, 19),
        ("actor.b actor.b", Syntax, 8),
        ("actor.b)", Syntax, 7),
        ("(actor.b", Syntax, 8),
        ("order.b", UnknownName, 0),
        ("null", UnknownName, 0),
        ("timestamp", Syntax, 9),
        ("in", Syntax, 0),
        ("1 < 2 < 3", Syntax, 6),
        ("1 == 2 in [3]", Syntax, 7),
        ("1 <", Syntax, 3),
        ("1 = 2", Syntax, 2),
        ("true & true", Syntax, 5),
        ("true &&", Syntax, 7),
        ("&& true", Syntax, 0),
        ("true || || true", Syntax, 8),
        ("a ? b : c", UnknownName, 0),
        ("true ? 1 : 2", Syntax, 5),
        ("1 + 1", Syntax, 2),
        ("1-1", Syntax, 1),
        ("1.5", Syntax, 2),
        ("1u", Syntax, 0),
        ("0x1F", Syntax, 0),
        ("--1", Syntax, 0),
        ("- 1", Syntax, 0),
        ("-", Syntax, 0),
        ("9007199254740992", OutOfRange, 0),
        ("  -9007199254740992", OutOfRange, 2),
        ("99999999999999999999", OutOfRange, 0),
        ("'a", Syntax, 0),
        ("true == \"a'", Syntax, 8),
        ("'a\nb'", Syntax, 0),
        ("'a\rb'", Syntax, 0),
        (r"'a\x41'", Syntax, 2),
        (r"'\u12'", Syntax, 1),
        (r"'\u+123'", Syntax, 1),
        (r"'\ud800'", Syntax, 1),
        (r"'\", Syntax, 1),
        ("r'a'", UnknownName, 0),
        ("[]", MixedSet, 0),
        ("true == [1, 'a']", MixedSet, 8),
        ("[1, true]", MixedSet, 0),
        ("[1,]", Syntax, 3),
        ("[1 2]", Syntax, 3),
        ("[[1]]", Syntax, 1),
        ("[actor.b]", Syntax, 1),
        ("[now]", Syntax, 1),
        ("has(actor)", Syntax, 9),
        ("has(now)", Syntax, 4),
        ("has('a')", Syntax, 4),
        ("has(actor.b == 1)", Syntax, 12),
        ("has actor.b", Syntax, 4),
        ("size()", Syntax, 5),
        ("size(1, 2)", Syntax, 6),
        ("timestamp(1)", Syntax, 10),
        ("timestamp('yesterday')", OutOfRange, 10),
        ("timestamp('2026-06-01T12:00:00Z', 1)", Syntax, 32),
        ("matches('a')", UnknownName, 0),
        ("actor.b // why", Syntax, 8),
        ("actor.b\u{a0}&& true", Syntax, 7),
        ("é", Syntax, 0),
    ];
    for (text, kind, at) in cases {
        let (found, found_at, message) = refusal(text);
        assert_eq!((found, found_at), (kind, Some(at)), "`{text}`: {message}");
        assert!(message.contains("expected"), "{message}");
        assert!(!message.contains(char::is_control), "{message}");
    }
}

#[test]
fn refusals_say_what_was_found_and_what_was_expected() {
    let message = |text: &str| Expression::parse(text).unwrap_err().to_string();
    assert_eq!(message("(1"), "unexpected the end, expected `)` (at byte 2)");
    assert_eq!(
        message("1 'a'"),
        "unexpected a string, expected an operator or the end (at byte 2)"
    );
    assert_eq!(message("now 1"), "unexpected `1`, expected an operator or the end (at byte 4)");
    assert_eq!(message("=="), "unexpected `==`, expected an expression (at byte 0)");
    assert_eq!(message("now.x()"), "unknown method `x`, expected `startsWith` (at byte 4)");
    assert_eq!(message("\u{202e}"), "unexpected `\\u{202e}`, expected an expression (at byte 0)");
    let long = "x".repeat(100);
    let shown = "x".repeat(80);
    assert!(message(&long).starts_with(&format!("unknown name `{shown}..`, expected `actor`")));
    let fitting = "x".repeat(80);
    assert!(message(&fitting).starts_with(&format!("unknown name `{shown}`, expected `actor`")));
    assert_eq!(
        message("timestamp('\u{7}a')"),
        "`\u{fffd}a` is out of range or no time, expected a time, such as \
         `\"2026-01-01T00:00:00Z\"` (at byte 10)"
    );
}

#[test]
fn paths_are_names_of_one_root() {
    for root in ROOTS {
        let path = Path::new(root, "owner").unwrap();
        assert_eq!(path.to_string(), format!("{}.owner", root.as_str()));
        assert_eq!(path.to_string().parse(), Ok(path));
    }
    for name in ["", "Owner", "in", "true", "false", "null", "a.b", "é"] {
        let fault = Path::new(Root::Actor, name).unwrap_err();
        assert_eq!(fault.kind, ExpressionErrorKind::Syntax);
        assert!(fault.to_string().starts_with(&format!("`{name}` is no attribute name: ")));
    }
    for text in ["", "actor", "order.id", ".id", "actor .id"] {
        let fault = text.parse::<Path>().unwrap_err();
        assert!(fault.message.starts_with(&format!("`{text}` is no path")), "{fault}");
    }
    assert!("actor. id".parse::<Path>().is_err());
    assert!(Expression::path(Root::Actor, "a b").is_err());
    assert!(Expression::has(Root::Actor, "in").is_err());
}

// Limits.

#[test]
fn text_is_bounded() {
    let fill = |bytes: usize| format!("true{}", " ".repeat(bytes - 4));
    assert!(Expression::parse(&fill(EXPRESSION_TEXT_BYTES_MAX)).is_ok());
    let (kind, at, message) = refusal(&fill(EXPRESSION_TEXT_BYTES_MAX + 1));
    assert_eq!((kind, at), (ExpressionErrorKind::TooLong, None));
    assert_eq!(message, "expression has 4097 bytes, expected at most 4096");
}

#[test]
fn checked_text_is_bounded_too() {
    let quoted = |bytes: usize| Expression::literal("x".repeat(bytes - 2));
    assert!(check(quoted(EXPRESSION_TEXT_BYTES_MAX)).is_ok());
    let found = check(quoted(EXPRESSION_TEXT_BYTES_MAX + 1)).unwrap_err();
    let message = "expression is too long, expected at most 4096 bytes as text".to_owned();
    assert_eq!(found, [(ExpressionErrorKind::TooLong, message)]);
}

#[test]
fn depth_is_bounded() {
    let (most, more) = (EXPRESSION_DEPTH_MAX, EXPRESSION_DEPTH_MAX + 1);
    assert!(check(nested_not(most)).is_ok());
    let found = check(nested_not(more)).unwrap_err();
    let message = "expression is too deep, expected at most 32 levels".to_owned();
    assert_eq!(found, [(ExpressionErrorKind::TooDeep, message)]);

    let not = |levels: usize| format!("{}true", "!".repeat(levels - 1));
    assert_eq!(parse(&not(most)), nested_not(most));
    let too_deep = |text: &str| refusal(text).0 == ExpressionErrorKind::TooDeep;
    assert!(too_deep(&not(more)));
    let parentheses = |levels: usize| format!("{}1{}", "(".repeat(levels), ")".repeat(levels));
    assert_eq!(parse(&parentheses(most)), Expression::literal(1));
    assert!(too_deep(&parentheses(more)));
    assert_eq!(refusal(&parentheses(more)).1, Some(most + 1));
    let calls = |levels: usize| format!("'a'{}", ".startsWith('a')".repeat(levels - 1));
    assert!(Expression::parse(&calls(most)).is_ok());
    assert!(too_deep(&calls(more)));
    for opening in ["(", "!", "size(", "has(", "[", "1==(", "true&&(", "''.startsWith("] {
        assert!(Expression::parse(&opening.repeat(4096 / opening.len())).is_err());
    }
    let side_by_side = vec![parentheses(most); 3].join(" == 1 && ");
    assert!(Expression::parse(&format!("{side_by_side} == 1")).is_ok());
}

#[test]
fn nodes_are_bounded() {
    let chain = |nodes: usize| Expression::And(vec![Expression::literal(true); nodes - 1]);
    assert!(check(chain(EXPRESSION_NODES_MAX)).is_ok());
    let found = check(chain(EXPRESSION_NODES_MAX + 1)).unwrap_err();
    let message = "expression is too large, expected at most 256 nodes".to_owned();
    assert_eq!(found, [(ExpressionErrorKind::TooLarge, message)]);
    let text = |nodes: usize| vec!["true"; nodes - 1].join("&&");
    assert_eq!(parse(&text(EXPRESSION_NODES_MAX)), chain(EXPRESSION_NODES_MAX));
    assert_eq!(refusal(&text(EXPRESSION_NODES_MAX + 1)).0, ExpressionErrorKind::TooLarge);

    // Each kind of node with operands counts each of them.
    let leaf = || Expression::literal(true);
    let two = |build: fn(Expression, Expression) -> Expression| build(leaf(), leaf());
    let nodes = [
        (two(Expression::eq), 3),
        (two(Expression::is_in), 3),
        (two(Expression::starts_with), 3),
        (two(Expression::or), 3),
        (leaf().size(), 2),
        (leaf().not(), 2),
        (leaf(), 1),
    ];
    for (node, count) in nodes {
        let fill = |nodes: usize| {
            let mut operands = vec![leaf(); nodes - count - 1];
            operands.push(node.clone());
            let tree = serde_json::to_string(&Expression::And(operands)).unwrap();
            serde_json::from_str::<Expression>(&tree).is_ok()
        };
        assert!(fill(EXPRESSION_NODES_MAX), "{node}");
        assert!(!fill(EXPRESSION_NODES_MAX + 1), "{node}");
    }
}

#[test]
fn lists_are_bounded() {
    let list = |members: usize| format!("{:?}", (0..members).collect::<Vec<_>>());
    assert!(check(parse(&list(SET_MEMBERS_MAX))).is_ok());
    let (kind, at, message) = refusal(&list(SET_MEMBERS_MAX + 1));
    assert_eq!((kind, at), (ExpressionErrorKind::TooLarge, Some(0)));
    assert_eq!(message, "list has 257 members, expected at most 256");
    let set = |members: i64| Expression::Literal(Value::from_iter(0..members));
    assert!(check(set(256)).is_ok());
    let message = "set has 257 members, expected at most 256".to_owned();
    assert_eq!(check(set(257)).unwrap_err(), [(ExpressionErrorKind::TooLarge, message)]);
}

// Types.

#[test]
fn well_typed_expressions_have_a_type() {
    let cases = [
        ("actor.b", Type::Bool),
        ("context.i", Type::Integer),
        ("input.s", Type::String),
        ("facts.t", Type::Time),
        ("subject.ts", Type::TimeSet),
        ("now", Type::Time),
        ("[1]", Type::IntegerSet),
        ("[true]", Type::BoolSet),
        ("['a']", Type::StringSet),
        ("[timestamp('2026-06-01T12:00:00Z')]", Type::TimeSet),
        ("size(actor.s)", Type::Integer),
        ("size(actor.bs)", Type::Integer),
        ("has(actor.ts)", Type::Bool),
        ("!actor.b", Type::Bool),
        ("actor.b && input.b", Type::Bool),
        ("actor.b || input.b", Type::Bool),
        ("actor.s.startsWith(input.s)", Type::Bool),
        ("now in subject.ts", Type::Bool),
        ("subject.ss == ['a']", Type::Bool),
        ("subject.b != true", Type::Bool),
        ("subject.s < 'a'", Type::Bool),
        ("subject.i >= 1", Type::Bool),
        ("subject.t > now", Type::Bool),
    ];
    for (text, expected) in cases {
        let checked = check(parse(text)).unwrap();
        assert_eq!(checked.result_type(), expected, "{text}");
        assert_eq!(checked.expression(), &parse(text));
    }
}

#[test]
fn every_operator_refuses_other_types() {
    let cases = [
        ("!subject.i", "`subject.i` is of type integer, expected bool"),
        ("true && subject.s", "`subject.s` is of type string, expected bool"),
        ("subject.t || true", "`subject.t` is of type time, expected bool"),
        ("1 == 'a'", "`\"a\"` is of type string, expected integer"),
        ("subject.ss != subject.is", "`subject.is` is of type integer_set, expected string_set"),
        ("true < false", "`true` is of type bool, expected integer, string or time"),
        (
            "subject.is >= [1]",
            "`subject.is` is of type integer_set, expected integer, string or time",
        ),
        ("1 <= now", "`now` is of type time, expected integer"),
        ("1 in 2", "`2` is of type integer, expected a set"),
        ("'a' in subject.is", "`\"a\"` is of type string, expected integer"),
        ("subject.is in subject.is", "`subject.is` is of type integer_set, expected integer"),
        ("size(1) == 1", "`1` is of type integer, expected string or a set"),
        ("size(true) == 1", "`true` is of type bool, expected string or a set"),
        ("now.startsWith('a')", "`now` is of type time, expected string"),
        ("'a'.startsWith(1)", "`1` is of type integer, expected string"),
    ];
    for (text, message) in cases {
        assert_eq!(faults(text), [(ExpressionErrorKind::TypeMismatch, message.to_owned())]);
    }
}

#[test]
fn all_faults_are_reported_at_once() {
    let schema = schema();
    let scope = Scope { subject: Some(&schema), ..Scope::default() };
    let text = "subject.x == 1 && actor.b && !subject.i && has(subject.y) && 1 in 2 \
                && (subject.z || 'a' < 1) && subject.i";
    let found = Condition::new(parse(text), scope).unwrap_err();
    let messages: Vec<String> = found.iter().map(ToString::to_string).collect();
    let expected = "expected one of `b`, `bs`, `i`, `is`, `s`, `ss`, `t`, `ts`";
    assert_eq!(
        messages,
        [
            format!("unknown attribute `subject.x`, {expected}"),
            "`actor.b` cannot be read here, expected another root".to_owned(),
            "`subject.i` is of type integer, expected bool".to_owned(),
            format!("unknown attribute `subject.y`, {expected}"),
            "`2` is of type integer, expected a set".to_owned(),
            format!("unknown attribute `subject.z`, {expected}"),
            "`1` is of type integer, expected string".to_owned(),
            "`subject.i` is of type integer, expected bool".to_owned(),
        ]
    );
}

#[test]
fn a_condition_is_of_type_bool() {
    let found = Condition::new(parse("size(subject.x)"), scope(&schema())).unwrap_err();
    let kinds: Vec<_> = found.iter().map(|fault| fault.kind).collect();
    let both = [ExpressionErrorKind::UnknownName, ExpressionErrorKind::TypeMismatch];
    assert_eq!(kinds, both);
    assert_eq!(found[1].message, "`size(subject.x)` is of type integer, expected bool");
    assert_eq!(condition("actor.b").expression(), &parse("actor.b"));
}

#[test]
fn each_root_has_its_own_schema() {
    let schema = schema();
    let all = Some(&schema);
    let scopes = [
        Scope { actor: all, ..Scope::default() },
        Scope { subject: all, ..Scope::default() },
        Scope { context: all, ..Scope::default() },
        Scope { input: all, ..Scope::default() },
        Scope { facts: all, ..Scope::default() },
    ];
    for (at, scope) in scopes.into_iter().enumerate() {
        for (other, root) in ROOTS.into_iter().enumerate() {
            let result = Checked::new(Expression::path(root, "b").unwrap(), scope);
            assert_eq!(result.is_ok(), at == other);
            let result = Checked::new(Expression::has(root, "b").unwrap(), scope);
            assert_eq!(result.is_ok(), at == other);
        }
    }
}

#[test]
fn few_names_are_listed() {
    let names = |count: usize| -> Schema {
        (0..count).map(|at| (Name::new(format!("a{at}")).unwrap(), Type::Bool)).collect()
    };
    let message = |count: usize| {
        let schema = names(count);
        Checked::new(path("actor.x"), scope(&schema)).unwrap_err()[0].message.clone()
    };
    let unknown = "unknown attribute `actor.x`, expected";
    assert_eq!(message(0), format!("{unknown} none, as none is declared"));
    assert_eq!(message(1), format!("{unknown} one of `a0`"));
    let eight = "`a0`, `a1`, `a2`, `a3`, `a4`, `a5`, `a6`, `a7`";
    assert_eq!(message(8), format!("{unknown} one of {eight}"));
    assert_eq!(message(9), format!("{unknown} one of {eight}, .."));
}

#[test]
fn trees_that_no_text_can_say_are_refused() {
    use ExpressionErrorKind::{MixedSet, OutOfRange, Syntax, TooFew};
    let set = |members: Vec<Value>| {
        Expression::Literal(Value::Set(Arc::new(members.into_iter().collect())))
    };
    let keyword = Path { root: Root::Actor, name: Name::new("in").unwrap() };
    let with_keyword = Schema::from([(keyword.name.clone(), Type::Bool)]);
    let found = Checked::new(Expression::Has(keyword), scope(&with_keyword)).unwrap_err();
    assert_eq!(found[0].kind, Syntax);
    let cases = [
        (Expression::And(vec![]), TooFew),
        (Expression::Or(vec![Expression::literal(true)]), TooFew),
        (Expression::literal(INTEGER_MAX + 1), OutOfRange),
        (Expression::literal(-INTEGER_MAX - 1), OutOfRange),
        (Expression::literal(i64::MIN), OutOfRange),
        (set(vec![i64::MAX.into()]), OutOfRange),
        (set(vec![]), MixedSet),
        (set(vec![1.into(), "a".into()]), MixedSet),
        (set(vec![Value::from_iter([1])]), MixedSet),
        (set(vec![1.into(), Value::from_iter([1])]), MixedSet),
    ];
    for (expression, kind) in cases {
        let found = check(expression).unwrap_err();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0, kind);
        assert!(found[0].1.contains("expected"), "{found:?}");
    }
    assert!(check(Expression::literal(INTEGER_MAX)).is_ok());
    assert!(check(Expression::literal(-INTEGER_MAX)).is_ok());
    assert_eq!(Expression::Literal(Value::from_iter(Vec::<i64>::new())).to_string(), "[]");
}

// Evaluation.

#[test]
fn operators_evaluate() {
    let cases = [
        ("subject.i == 7", true),
        ("subject.i != 7", false),
        ("subject.i < 7", false),
        ("subject.i <= 7", true),
        ("subject.i > 6", true),
        ("subject.i >= 8", false),
        ("subject.i < 8", true),
        ("subject.i > 7", false),
        ("subject.s > 'naï'", true),
        ("'Z' < 'a'", true),
        ("'é' > 'z'", true),
        ("'' < 'a'", true),
        ("subject.t == now", true),
        ("subject.t < timestamp('2026-06-01T12:00:00.000001Z')", true),
        ("subject.t >= timestamp('2026-06-01T12:00:00.000001Z')", false),
        ("subject.b == true", true),
        ("subject.ss == ['b', 'a']", true),
        ("subject.ss != ['b']", true),
        ("'a' in subject.ss", true),
        ("'c' in subject.ss", false),
        ("7 in [1, 7]", true),
        ("subject.t in subject.ts", true),
        ("size(subject.s) == 7", true),
        ("size('') == 0", true),
        ("size(subject.is) == 3", true),
        ("subject.s.startsWith('naï')", true),
        ("subject.s.startsWith('')", true),
        ("'a'.startsWith('ab')", false),
        ("!subject.b", false),
        ("has(subject.i)", true),
        ("has(actor.i)", false),
        ("!has(actor.i) || actor.i == 1", true),
        ("has(actor.i) && actor.i == 1", false),
    ];
    for (text, expected) in cases {
        assert_eq!(holds(text), Ok(expected), "{text}");
    }
}

/// The table of Cedar: left to right, and an error on the left is the answer.
#[test]
fn and_and_or_short_circuit() {
    let outcomes = [("true", Some(true)), ("false", Some(false)), ("actor.b", None)];
    for (left_text, left) in outcomes {
        for (right_text, right) in outcomes {
            let and = if left == Some(true) { right } else { left };
            let or = if left == Some(false) { right } else { left };
            assert_eq!(holds(&format!("{left_text} && {right_text}")).ok(), and);
            assert_eq!(holds(&format!("{left_text} || {right_text}")).ok(), or);
        }
    }
    assert!(holds("!actor.b").is_err());
    assert_eq!(holds("true && true && false && actor.b"), Ok(false));
    assert_eq!(holds("false || false || true || actor.b"), Ok(true));
}

#[test]
fn an_absent_attribute_is_named() {
    let absent = |text: &str| holds(text).unwrap_err().to_string();
    assert_eq!(absent("actor.b"), "`actor.b` is absent");
    assert_eq!(absent("1 == context.i"), "`context.i` is absent");
    assert_eq!(absent("context.i < actor.i"), "`context.i` is absent");
    assert_eq!(absent("input.i in facts.is"), "`input.i` is absent");
    assert_eq!(absent("1 in facts.is"), "`facts.is` is absent");
    assert_eq!(absent("size(facts.s) == 1"), "`facts.s` is absent");
    assert_eq!(absent("facts.s.startsWith('a')"), "`facts.s` is absent");
    assert_eq!(absent("'a'.startsWith(facts.s)"), "`facts.s` is absent");
    assert_eq!(absent("true && actor.b"), "`actor.b` is absent");
    assert_eq!(absent("actor.b || true"), "`actor.b` is absent");
    assert_eq!(holds("actor.b").unwrap_err().path, Path::new(Root::Actor, "b").unwrap());
}

#[test]
fn a_value_of_another_type_counts_as_absent() {
    let mut values: Vec<(Option<Type>, Value)> = vec![
        (Some(Type::Bool), true.into()),
        (Some(Type::Integer), 1.into()),
        (Some(Type::String), "a".into()),
        (Some(Type::Time), noon().into()),
        (Some(Type::BoolSet), Value::from_iter([false, true])),
        (Some(Type::IntegerSet), Value::from_iter([1, 2])),
        (Some(Type::StringSet), Value::from_iter(["a", "b"])),
        (Some(Type::TimeSet), Value::from_iter([noon()])),
    ];
    values.push((None, Value::from_iter([Value::from(true), Value::from("a")])));
    values.push((None, Value::from_iter([Value::from_iter([1])])));
    for (name, declared) in TYPES {
        let read = check(path(&format!("facts.{name}"))).unwrap();
        let has = check(parse(&format!("has(facts.{name})"))).unwrap();
        for (found, value) in &values {
            let mut facts = Attributes::new();
            facts.set(Name::new(name).unwrap(), value.clone());
            let environment = Environment { facts: &facts, ..Environment::at(noon()) };
            let fits = *found == Some(declared);
            assert_eq!(read.evaluate(&environment).is_ok(), fits, "{name} {value:?}");
            assert_eq!(has.evaluate(&environment), Ok(Value::Bool(fits)));
        }
        let mut facts = Attributes::new();
        facts.set(Name::new(name).unwrap(), Value::from_iter(Vec::<i64>::new()));
        let environment = Environment { facts: &facts, ..Environment::at(noon()) };
        assert_eq!(read.evaluate(&environment).is_ok(), declared.member().is_some());
    }
}

#[test]
fn each_root_is_looked_up_where_it_is() {
    let only = subject();
    let nothing = Environment::at(noon());
    let environments = [
        Environment { actor: &only, ..nothing },
        Environment { subject: &only, ..nothing },
        Environment { context: &only, ..nothing },
        Environment { input: &only, ..nothing },
        Environment { facts: &only, ..nothing },
    ];
    for (at, environment) in environments.iter().enumerate() {
        for (other, root) in ROOTS.into_iter().enumerate() {
            let checked = check(Expression::path(root, "i").unwrap()).unwrap();
            assert_eq!(checked.evaluate(environment).is_ok(), at == other);
        }
    }
    assert_eq!(Nothing.lookup("i"), None);
    assert_eq!(only.lookup("i"), Some(ValueRef::Integer(7)));
    assert_eq!(only.lookup("x"), None);
    assert!(format!("{nothing:?}").contains("Environment { now: Timestamp("));
}

#[test]
fn any_type_can_be_evaluated() {
    let subject = subject();
    let environment = Environment { subject: &subject, ..Environment::at(noon()) };
    for (name, _) in TYPES {
        let checked = check(path(&format!("subject.{name}"))).unwrap();
        assert_eq!(checked.evaluate(&environment).as_ref().ok(), subject.get(name));
    }
    assert_eq!(check(Expression::Now).unwrap().evaluate(&environment), Ok(noon().into()));
}

// The serde form.

#[test]
fn the_tree_reads_as_documented() {
    let cases = [
        (json!({"literal": "a"}), "'a'"),
        (
            json!({"literal": {"time": "2026-06-01T12:00:00.000000Z"}}),
            "timestamp('2026-06-01T12:00:00Z')",
        ),
        (json!({"literal": [1, 2]}), "[1, 2]"),
        (json!({"path": "subject.i"}), "subject.i"),
        (json!("now"), "now"),
        (json!({"not": {"literal": true}}), "!true"),
        (json!({"and": ["now", "now", "now"]}), "now && now && now"),
        (json!({"or": ["now", "now"]}), "now || now"),
        (json!({"eq": ["now", "now"]}), "now == now"),
        (json!({"ne": ["now", "now"]}), "now != now"),
        (json!({"lt": ["now", "now"]}), "now < now"),
        (json!({"le": ["now", "now"]}), "now <= now"),
        (json!({"gt": ["now", "now"]}), "now > now"),
        (json!({"ge": ["now", "now"]}), "now >= now"),
        (json!({"in": ["now", {"path": "facts.ts"}]}), "now in facts.ts"),
        (json!({"has": "context.i"}), "has(context.i)"),
        (json!({"size": {"path": "input.s"}}), "size(input.s)"),
        (json!({"starts_with": [{"literal": "a"}, {"literal": "b"}]}), "'a'.startsWith('b')"),
    ];
    for (tree, text) in cases {
        assert_eq!(serde_json::to_value(parse(text)).unwrap(), tree);
        assert_eq!(serde_json::from_value::<Expression>(tree).unwrap(), parse(text));
    }
    let mixed = json!({"eq": ["subject.s", {"literal": "paid"}]});
    let mixed: Expression = serde_json::from_value(mixed).unwrap();
    assert_eq!(mixed, parse("subject.s == 'paid'"));
}

#[test]
fn trees_outside_the_form_are_refused() {
    let cases = [
        (json!({}), "expected an expression as text, or as a map of one key"),
        (
            json!({"literal": true, "path": "actor.b"}),
            "expected an expression as text, or as a map",
        ),
        (json!({"equal": []}), "unknown field `equal`, expected one of `literal`, `path`"),
        (json!({"eq": ["now"]}), "invalid length 1, expected two operands"),
        (json!({"in": ["now", "now", "now"]}), "invalid length 3, expected two operands"),
        (json!({"and": "now"}), "expected a list of expressions"),
        (json!({"path": "order.b"}), "`order.b` is no path"),
        (json!({"has": "actor.in"}), "`in` is no attribute name"),
        (json!({"literal": [1, "a"]}), "beyond its limits"),
        (json!({"not": "paid"}), "unknown name `paid`"),
        (json!(1), "expected an expression as text"),
        (json!(null), "expected an expression as text"),
    ];
    for (tree, message) in cases {
        let found = serde_json::from_value::<Expression>(tree).unwrap_err().to_string();
        assert!(found.contains(message), "{found}");
    }
}

#[test]
fn trees_are_bounded_while_they_are_read() {
    let nested = |levels: usize| (1..levels).fold(json!("now"), |tree, _| json!({ "not": tree }));
    let read = |tree| serde_json::from_value::<Expression>(tree).map_err(|fault| fault.to_string());
    assert!(read(nested(EXPRESSION_DEPTH_MAX)).is_ok());
    assert!(read(nested(EXPRESSION_DEPTH_MAX + 1)).unwrap_err().contains("too deep"));
    assert!(read(nested(500)).unwrap_err().contains("too deep"));
    let wide = |nodes: usize| json!({ "and": vec!["now"; nodes - 1] });
    assert!(read(wide(EXPRESSION_NODES_MAX)).is_ok());
    assert!(read(wide(EXPRESSION_NODES_MAX + 1)).unwrap_err().contains("too large"));
    // What fails last is never looked at when the limit is passed before.
    let mut operands = vec![json!("now"); EXPRESSION_NODES_MAX];
    operands.push(json!("?"));
    assert!(read(json!({ "and": operands })).unwrap_err().contains("too large"));
    let mut deep = json!("?");
    for _ in 0..EXPRESSION_DEPTH_MAX {
        deep = json!({ "size": deep });
    }
    assert!(read(deep).unwrap_err().contains("too deep"));
    let text = nested_not(20).to_string();
    let both = (1..20).fold(json!(text), |tree, _| json!({ "not": tree }));
    assert!(read(both).unwrap_err().contains("too deep"));
    for key in ["and", "or", "eq", "in", "starts_with"] {
        let deep = (1..40).fold(json!("now"), |tree, _| json!({ key: [tree, "now"] }));
        assert!(read(deep).unwrap_err().contains("too deep"));
    }
}

// Properties.

fn any_value() -> impl Strategy<Value = Value> {
    let number = || -INTEGER_MAX..=INTEGER_MAX;
    let micros = -62_167_219_200_000_000..253_402_300_799_999_999_i64;
    let time = || micros.clone().prop_map(Timestamp::from_micros);
    let text = || prop_oneof!["[ -~]{0,6}", any::<String>().prop_map(|text| cut(&text))];
    fn set<V: Into<Value>>(members: BTreeSet<V>) -> Value {
        Value::from_iter(members)
    }
    prop_oneof![
        any::<bool>().prop_map(Value::from),
        number().prop_map(Value::from),
        text().prop_map(Value::from),
        time().prop_map(Value::from),
        prop::collection::btree_set(number(), 1..4).prop_map(set),
        prop::collection::btree_set(text(), 1..4).prop_map(set),
        prop::collection::btree_set(time(), 1..4).prop_map(set),
    ]
}

fn cut(text: &str) -> String {
    text.chars().take(6).collect()
}

fn any_path() -> impl Strategy<Value = Path> {
    let name = "[a-z][a-z0-9_]{0,6}"
        .prop_filter("reserved", |name| !matches!(name.as_str(), "in" | "true" | "false" | "null"));
    (select(ROOTS.to_vec()), name).prop_map(|(root, name)| Path::new(root, name).unwrap())
}

fn any_comparison() -> impl Strategy<Value = Comparison> {
    select(vec![
        Comparison::Equal,
        Comparison::NotEqual,
        Comparison::Less,
        Comparison::LessOrEqual,
        Comparison::Greater,
        Comparison::GreaterOrEqual,
    ])
}

/// Any tree, well typed or not.
fn any_expression() -> impl Strategy<Value = Expression> {
    let leaf = prop_oneof![
        any_value().prop_map(Expression::Literal),
        any_path().prop_map(Expression::Path),
        any_path().prop_map(Expression::Has),
        Just(Expression::Now),
    ];
    leaf.prop_recursive(6, 40, 4, |inner| {
        let two = (inner.clone(), inner.clone());
        let many = prop::collection::vec(inner.clone(), 2..4);
        prop_oneof![
            inner.clone().prop_map(Expression::not),
            inner.prop_map(Expression::size),
            many.clone().prop_map(Expression::And),
            many.prop_map(Expression::Or),
            (two.clone(), any_comparison()).prop_map(|((l, r), operator)| l.compare(operator, r)),
            two.clone().prop_map(|(needle, set)| needle.is_in(set)),
            two.prop_map(|(text, prefix)| text.starts_with(prefix)),
        ]
    })
}

fn small_values(of: Type) -> Vec<Value> {
    match of {
        Type::Bool => vec![true.into(), false.into()],
        Type::Integer => (0..3).map(Value::from).collect(),
        Type::String => ["", "a", "ab", "é"].into_iter().map(Value::from).collect(),
        Type::Time => vec![noon().into(), Timestamp::default().into()],
        set => {
            let members = small_values(set.member().unwrap());
            members.windows(2).map(|pair| pair.iter().cloned().collect()).collect()
        }
    }
}

fn small_leaf(index: usize) -> BoxedStrategy<Expression> {
    let (name, declared) = TYPES[index];
    let read = select(ROOTS.to_vec()).prop_map(move |root| Expression::path(root, name).unwrap());
    let literal = select(small_values(declared)).prop_map(Expression::Literal);
    match declared {
        Type::Time => prop_oneof![literal, read, Just(Expression::Now)].boxed(),
        Type::Integer => {
            let sized = prop_oneof![small_leaf(2), small_leaf(5)].prop_map(Expression::size);
            prop_oneof![literal, read, sized].boxed()
        }
        _ => prop_oneof![literal, read].boxed(),
    }
}

/// Well-typed conditions over few values, so that both outcomes are frequent.
fn small_condition() -> impl Strategy<Value = Expression> {
    let equality = select(vec![Comparison::Equal, Comparison::NotEqual]);
    let equal = (0..8_usize, equality).prop_flat_map(|(index, operator)| {
        (small_leaf(index), small_leaf(index)).prop_map(move |(l, r)| l.compare(operator, r))
    });
    let ordered = (1..4_usize, any_comparison()).prop_flat_map(|(index, operator)| {
        (small_leaf(index), small_leaf(index)).prop_map(move |(l, r)| l.compare(operator, r))
    });
    let member = (0..4_usize).prop_flat_map(|index| {
        (small_leaf(index), small_leaf(index + 4)).prop_map(|(needle, set)| needle.is_in(set))
    });
    let prefix = (small_leaf(2), small_leaf(2)).prop_map(|(text, start)| text.starts_with(start));
    let has = (select(ROOTS.to_vec()), select(TYPES.to_vec()))
        .prop_map(|(root, (name, _))| Expression::has(root, name).unwrap());
    let leaf = prop_oneof![small_leaf(0), equal, ordered, member, prefix, has];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let many = prop::collection::vec(inner.clone(), 2..4);
        let equality = select(vec![Comparison::Equal, Comparison::NotEqual]);
        let equal = (inner.clone(), equality, inner.clone());
        prop_oneof![
            inner.clone().prop_map(Expression::not),
            equal.prop_map(|(left, operator, right)| left.compare(operator, right)),
            (inner, small_leaf(4)).prop_map(|(needle, set)| needle.is_in(set)),
            many.clone().prop_map(Expression::And),
            many.prop_map(Expression::Or),
        ]
    })
}

fn small_attributes() -> impl Strategy<Value = Attributes> {
    let values: Vec<_> = TYPES
        .iter()
        .map(|(_, declared)| prop::option::weighted(0.8, select(small_values(*declared))))
        .collect();
    values.prop_map(|values| {
        let mut attributes = Attributes::new();
        for (value, (name, _)) in values.into_iter().zip(TYPES) {
            value.into_iter().for_each(|value| attributes.set(Name::new(name).unwrap(), value));
        }
        attributes
    })
}

/// The meaning of the language, said once more, with no eye on speed.
fn naive(expression: &Expression, bags: &[Attributes]) -> Result<Value, Path> {
    let read = |path: &Path| {
        bags[ROOTS.iter().position(|root| *root == path.root).unwrap()]
            .get(path.name.as_str())
            .cloned()
    };
    let value = |operand: &Expression| naive(operand, bags);
    let truth = |operand: &Expression| Ok::<bool, Path>(value(operand)? == Value::Bool(true));
    Ok(match expression {
        Expression::Literal(value) => value.clone(),
        Expression::Path(path) => read(path).ok_or_else(|| path.clone())?,
        Expression::Has(path) => read(path).is_some().into(),
        Expression::Now => noon().into(),
        Expression::Not(operand) => (!truth(operand)?).into(),
        Expression::And(operands) => match operands.split_first() {
            None => true.into(),
            Some((first, _)) if !truth(first)? => false.into(),
            Some((_, rest)) => naive(&Expression::And(rest.to_vec()), bags)?,
        },
        Expression::Or(operands) => match operands.split_first() {
            None => false.into(),
            Some((first, _)) if truth(first)? => true.into(),
            Some((_, rest)) => naive(&Expression::Or(rest.to_vec()), bags)?,
        },
        Expression::Compare { operator, left, right } => {
            let order = value(left)?.cmp(&value(right)?);
            Value::Bool(match operator {
                Comparison::Equal => order.is_eq(),
                Comparison::NotEqual => order.is_ne(),
                Comparison::Less => order.is_lt(),
                Comparison::LessOrEqual => order.is_le(),
                Comparison::Greater => order.is_gt(),
                Comparison::GreaterOrEqual => order.is_ge(),
            })
        }
        Expression::In { needle, set } => {
            let needle = value(needle)?;
            let Value::Set(set) = value(set)? else { panic!("no set") };
            set.contains(&needle).into()
        }
        Expression::Size(operand) => match value(operand)? {
            Value::String(text) => Value::Integer(i64::try_from(text.chars().count()).unwrap()),
            Value::Set(set) => Value::Integer(i64::try_from(set.len()).unwrap()),
            other => panic!("{other:?} has no size"),
        },
        Expression::StartsWith { text, prefix } => match (value(text)?, value(prefix)?) {
            (Value::String(text), Value::String(prefix)) => text.starts_with(&*prefix).into(),
            other => panic!("{other:?} are no strings"),
        },
    })
}

/// Whatever is accepted has a canonical text, which says the same.
fn parse_anything(text: &str) -> Result<(), TestCaseError> {
    if let Ok(expression) = Expression::parse(text) {
        let canonical = expression.to_string();
        if canonical.len() <= EXPRESSION_TEXT_BYTES_MAX {
            prop_assert_eq!(Expression::parse(&canonical), Ok(expression.clone()));
        }
        let _ = check(expression);
    }
    let _ = text.parse::<Path>();
    let _ = serde_json::from_str::<Expression>(text);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn text_round_trips(expression in any_expression()) {
        prop_assume!(expression.to_string().len() <= EXPRESSION_TEXT_BYTES_MAX);
        prop_assert_eq!(Expression::parse(&expression.to_string()), Ok(expression));
    }

    #[test]
    fn trees_round_trip(expression in any_expression()) {
        let tree = serde_json::to_string(&expression).unwrap();
        prop_assert_eq!(serde_json::from_str::<Expression>(&tree).unwrap(), expression);
    }

    #[test]
    fn no_text_panics(text in any::<String>()) {
        parse_anything(&text)?;
    }

    #[test]
    fn no_tokens_panic(tokens in prop::collection::vec(select(vec![
        "actor.b", "subject", ".", "i", "now", "has", "size", "(", ")", "[", "]", ",", "!", "&&",
        "||", "==", "<", "in", "'a'", "\"", "\\", "1", "-", "true", "startsWith", "timestamp", "é",
        "'2026-06-01T12:00:00Z'", " ",
    ]), 0..30)) {
        parse_anything(&tokens.concat())?;
        parse_anything(&tokens.join(" "))?;
    }

    #[test]
    fn no_mutation_panics(
        expression in any_expression(),
        at in any::<prop::sample::Index>(),
        inserted in any::<Option<char>>(),
        deleted in 0..3_usize,
    ) {
        for text in [expression.to_string(), serde_json::to_string(&expression).unwrap()] {
            let mut characters: Vec<char> = text.chars().collect();
            let start = at.index(characters.len());
            let end = (start + deleted).min(characters.len());
            characters.splice(start..end, inserted);
            parse_anything(&characters.into_iter().collect::<String>())?;
        }
    }

    #[test]
    fn checked_or_refused_it_never_panics(
        expression in any_expression(),
        bags in prop::collection::vec(small_attributes(), 5),
    ) {
        if let Ok(checked) = check(expression) {
            let _ = checked.evaluate(&environment(&bags));
        }
    }

    #[test]
    fn evaluation_agrees_with_the_naive_one(
        expression in small_condition(),
        bags in prop::collection::vec(small_attributes(), 5),
    ) {
        let expected = naive(&expression, &bags);
        let condition = Condition::new(expression.clone(), scope(&schema())).unwrap();
        let held = condition.holds(&environment(&bags)).map_err(|absent| absent.path);
        prop_assert_eq!(&held.map(Value::Bool), &expected);
        let value = check(expression).unwrap().evaluate(&environment(&bags));
        prop_assert_eq!(value.map_err(|absent| absent.path), expected);
    }

    #[test]
    fn a_residual_holds_of_the_subjects_that_give_the_wanted_outcome(
        expression in small_condition(),
        mut bags in prop::collection::vec(small_attributes(), 5),
        known in prop::collection::vec(any::<bool>(), 8),
        declared in prop::collection::vec(prop::bool::weighted(0.8), 8),
    ) {
        let only = |bag: &Attributes, names: &[bool]| -> Attributes {
            let mut only = Attributes::new();
            for ((name, _), _) in TYPES.iter().zip(names).filter(|(_, is)| **is) {
                let value = bag.get(name).cloned();
                value.into_iter().for_each(|value| only.set(Name::new(name).unwrap(), value));
            }
            only
        };
        let mut schema = schema();
        let condition = Condition::new(expression.clone(), scope(&schema)).unwrap();
        schema.retain(|name, _| TYPES.iter().zip(&declared).any(|((n, _), is)| name == n && *is));
        let subject = only(&bags[1], &declared);
        bags[1] = only(&subject, &known);
        let residuals = [true, false].map(|wanted| {
            condition.residual(wanted, &environment(&bags), &schema).unwrap()
        });
        bags[1] = subject;
        let outcome = naive(&expression, &bags).ok();
        let held = residuals.map(|predicate| predicate.holds(&bags[1]));
        let expected = [true, false].map(|wanted| outcome == Some(Value::Bool(wanted)));
        prop_assert_eq!(held, expected);
    }
}

#[test]
fn what_is_too_entangled_for_a_list_is_refused() {
    let mut text = "subject.b".to_owned();
    for level in 0..20 {
        let operator = if level % 2 == 0 { "&&" } else { "||" };
        text = format!("({text} {operator} subject.b)");
    }
    let schema = schema();
    let condition = Condition::new(text.parse().unwrap(), scope(&schema)).unwrap();
    let residual = condition.residual(false, &Environment::at(noon()), &schema);
    assert_eq!(residual, Err(TooEntangled));
}

#[test]
fn a_residual_is_short() {
    let residual = |text: &str, wanted| {
        let schema = schema();
        let condition = Condition::new(text.parse().unwrap(), scope(&schema)).unwrap();
        let mut actor = Attributes::new();
        actor.set(Name::new("s").unwrap(), "me");
        let environment = Environment { actor: &actor, ..Environment::at(noon()) };
        condition.residual(wanted, &environment, &schema).unwrap()
    };
    let attribute = |predicate: &Predicate| format!("{predicate:?}").matches("Attribute").count();
    assert_eq!(residual("actor.s == 'me'", true), Predicate::Always);
    assert_eq!(residual("actor.s == 'me'", false), Predicate::Never);
    assert_eq!(residual("actor.i == 1 || subject.b", true), Predicate::Never, "it is absent");
    let own = residual("actor.s == 'me' && subject.s == actor.s", true);
    assert_eq!(own, residual("subject.s == 'me'", true));
    assert_eq!(own, residual("actor.s == subject.s", true), "the subject comes first");
    assert_eq!(attribute(&own), 2, "the term and its name: {own:?}");
    assert_eq!(residual("has(subject.s) in [true, false]", true), {
        let either = [true, false].map(|is| {
            let needle = Term::Value(is.into());
            let set = Term::Value([true, false].into_iter().map(Value::from).collect());
            let there = residual("has(subject.s)", is);
            Predicate::all([there, Predicate::Member { needle, set, found: true }])
        });
        Predicate::any(either)
    });
    assert_eq!(residual("has(subject.s) || subject.b", true), {
        Predicate::any([residual("has(subject.s)", true), residual("subject.b", true)])
    });
}

fn environment(bags: &[Attributes]) -> Environment<'_> {
    let [actor, subject, context, input, facts] = bags else { panic!("one bag for each root") };
    Environment { actor, subject, context, input, facts, now: noon() }
}
