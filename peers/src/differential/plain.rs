//! Rules word for word, written apart from the export: attributes are read whether they are there
//! or not, so that Cedar's own errors are compared with the law's.

use hos_core::condition::{Comparison, Expression, Path, Root};
use hos_core::law::Law;
use hos_core::policy::{RuleDefinition, RuleEffect};
use hos_core::value::{Type, Value};

pub(super) fn policies(law: &Law) -> String {
    let mut text = String::from(
        "@id(\"banned\") forbid (principal, action, resource) when { principal[\"isBanned\"] };\n",
    );
    let superusers = law.roles().iter().filter(|role| role.superuser);
    for role in superusers.map(|role| &role.name) {
        text += &format!(
            "@id(\"hos superuser {role}\") permit (principal, action, resource) \
             when {{ principal in Role::\"{role}\" }};\n"
        );
    }
    for (rule, id) in law.definition().rules.iter().zip(law.rules().ids()) {
        text += &policy(law, rule, id);
    }
    text
}

fn policy(law: &Law, rule: &RuleDefinition, id: &str) -> String {
    let effect = if rule.effect == RuleEffect::Permit { "permit" } else { "forbid" };
    let abilities = law.rules().abilities();
    let named = abilities.iter().filter(|ability| rule.names(ability.as_str()));
    let actions: Vec<String> = named.map(|ability| format!("Action::\"{ability}\"")).collect();
    let actions = actions.join(", ");
    let mut text = format!("@id(\"{id}\") {effect} (principal, action in [{actions}], resource)");
    if !rule.roles.is_empty() {
        let roles: Vec<String> =
            rule.roles.iter().map(|role| format!("principal in Role::\"{role}\"")).collect();
        text += &format!(" when {{ {} }}", roles.join(" || "));
    }
    if let Some(condition) = rule.condition() {
        text += &format!(" when {{ {} }}", expression(&condition));
    }
    text + ";\n"
}

fn expression(written: &Expression) -> String {
    match written {
        Expression::Literal(value) => literal(value),
        Expression::Path(path) => read(path),
        Expression::Now => "context[\"decidedAt\"]".to_owned(),
        Expression::Not(operand) => format!("(!({}))", expression(operand)),
        Expression::And(operands) => chain(operands, " && "),
        Expression::Or(operands) => chain(operands, " || "),
        Expression::Compare { operator, left, right } => match (&**left, &**right) {
            (Expression::Size(sized), Expression::Literal(Value::Integer(number))) => {
                size(sized, *operator, *number, false)
            }
            (Expression::Literal(Value::Integer(number)), Expression::Size(sized)) => {
                size(sized, *operator, *number, true)
            }
            _ => format!("({} {} {})", expression(left), operator.as_str(), expression(right)),
        },
        Expression::In { needle, set } => {
            format!("({}.contains({}))", expression(set), expression(needle))
        }
        Expression::Has(path) => format!("({} has \"{}\")", owner(path), path.name),
        Expression::Size(sized) => match &**sized {
            Expression::Literal(Value::String(text)) => text.chars().count().to_string(),
            Expression::Literal(Value::Set(members)) => members.len().to_string(),
            _ => panic!("the export refuses this size"),
        },
        Expression::StartsWith { text, prefix } => {
            let Expression::Literal(Value::String(prefix)) = &**prefix else {
                panic!("the export refuses this prefix")
            };
            let pattern = string(prefix).replace('*', "\\*");
            format!("({} like \"{pattern}*\")", expression(text))
        }
    }
}

fn chain(operands: &[Expression], sign: &str) -> String {
    let operands: Vec<String> = operands.iter().map(expression).collect();
    format!("({})", operands.join(sign))
}

/// By its answers for nothing and for one: the export has refused what more would be needed for.
fn size(sized: &Expression, operator: Comparison, number: i64, turned: bool) -> String {
    if let Expression::Literal(_) = sized {
        let size = expression(&Expression::Size(Box::new(sized.clone())));
        let (left, right) =
            if turned { (number.to_string(), size) } else { (size, number.to_string()) };
        return format!("({left} {} {right})", operator.as_str());
    }
    let holds = |size: i64| {
        let (left, right) = if turned { (number, size) } else { (size, number) };
        let order = left.cmp(&right);
        match operator {
            Comparison::Equal => order.is_eq(),
            Comparison::NotEqual => order.is_ne(),
            Comparison::Less => order.is_lt(),
            Comparison::LessOrEqual => order.is_le(),
            Comparison::Greater => order.is_gt(),
            Comparison::GreaterOrEqual => order.is_ge(),
        }
    };
    let text = expression(sized);
    let is_text = matches!(sized, Expression::Path(path) if type_of(path) == Type::String);
    match (holds(0), holds(1)) {
        (true, true) => format!("({text} == {text})"),
        (false, false) => format!("({text} != {text})"),
        (empty, _) if is_text => format!("({text} {} \"\")", if empty { "==" } else { "!=" }),
        (empty, _) => format!("({text}.isEmpty() == {empty})"),
    }
}

fn type_of(path: &Path) -> Type {
    super::laws::type_of(path.name.as_str())
}

fn read(path: &Path) -> String {
    format!("{}[\"{}\"]", owner(path), path.name)
}

fn owner(path: &Path) -> &'static str {
    match path.root {
        Root::Actor => "principal",
        Root::Subject => "resource",
        Root::Context => "context",
        Root::Input | Root::Facts => panic!("rules read neither"),
    }
}

fn literal(value: &Value) -> String {
    match value {
        Value::Bool(value) => value.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::String(text) => format!("\"{}\"", string(text)),
        Value::Time(time) => time.as_micros().to_string(),
        Value::Set(members) => {
            let members: Vec<String> = members.iter().map(literal).collect();
            format!("[{}]", members.join(", "))
        }
    }
}

fn string(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
