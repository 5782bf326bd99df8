//! Any text: it is refused, or it survives printing, the tree form, checking and evaluation.

use std::str::FromStr as _;

use hos_core::condition::{
    Condition, EXPRESSION_TEXT_BYTES_MAX, Environment, Expression, Nothing, Scope,
};
use hos_core::id::Name;
use hos_core::time::Timestamp;
use hos_core::value::{Attributes, Schema, Type, Value};

pub(crate) fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(expression) = Expression::parse(text) else { return };
    let printed = expression.to_string();
    if printed.len() <= EXPRESSION_TEXT_BYTES_MAX {
        let again = Expression::parse(&printed);
        assert_eq!(again.as_ref(), Ok(&expression), "`{printed}` reads otherwise");
    }
    let tree = serde_json::to_string(&expression).expect("a tree is written");
    let again: Expression = serde_json::from_str(&tree).expect("a written tree is read");
    assert_eq!(again, expression, "{tree}");
    evaluate(expression);
}

fn evaluate(expression: Expression) {
    let schema = schema();
    let scope = Scope {
        actor: Some(&schema),
        subject: Some(&schema),
        context: Some(&schema),
        input: None,
        facts: None,
    };
    let Ok(condition) = Condition::new(expression, scope) else { return };
    let (full, empty) = (attributes(), Attributes::new());
    for subject in [&full, &empty] {
        let environment = Environment {
            actor: &full,
            subject,
            context: &Nothing,
            ..Environment::at(Timestamp::EPOCH)
        };
        let first = condition.holds(&environment);
        assert_eq!(condition.holds(&environment), first, "the same question, the same answer");
    }
}

fn name(text: &str) -> Name {
    Name::from_str(text).expect("a name")
}

fn schema() -> Schema {
    let types = [
        ("id", Type::String),
        ("kind", Type::String),
        ("state", Type::String),
        ("owner", Type::String),
        ("total", Type::Integer),
        ("open", Type::Bool),
        ("due", Type::Time),
        ("tags", Type::StringSet),
        ("sizes", Type::IntegerSet),
    ];
    types.into_iter().map(|(text, type_)| (name(text), type_)).collect()
}

fn attributes() -> Attributes {
    let mut attributes = Attributes::new();
    for text in ["id", "kind", "state", "owner"] {
        attributes.set(name(text), "pending");
    }
    attributes.set(name("total"), 1_250);
    attributes.set(name("open"), true);
    attributes.set(name("due"), Timestamp::from_micros(1));
    attributes.set(name("tags"), ["gift", "çay"].into_iter().collect::<Value>());
    attributes.set(name("sizes"), [1, 2].into_iter().collect::<Value>());
    attributes
}
