//! Names, strings and values as Cedar writes them.

use hos_core::condition::{Path, Root};
use hos_core::value::Value;

/// Cedar's words that no name may be; `true`, `false` and `in` are none of the law's either.
pub(super) const RESERVED: [&str; 10] =
    ["__cedar", "else", "false", "has", "if", "in", "is", "like", "then", "true"];

/// Who has the attributes of a root. Rules read these three.
pub(super) fn owner(root: Root) -> &'static str {
    match root {
        Root::Actor => "principal",
        Root::Subject => "resource",
        Root::Context | Root::Input | Root::Facts => "context",
    }
}

pub(super) fn accessed(path: &Path) -> String {
    let (owner, name) = (owner(path.root), path.name.as_str());
    if RESERVED.contains(&name) {
        format!("{owner}[{}]", string(name))
    } else {
        format!("{owner}.{name}")
    }
}

/// A name after `has` or in a schema.
pub(super) fn attribute(name: &str) -> String {
    if RESERVED.contains(&name) { string(name) } else { name.to_owned() }
}

/// Times are microseconds since 1970, because Cedar's own have milliseconds only.
pub(super) fn literal(value: &Value) -> String {
    match value {
        Value::Bool(value) => value.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::String(text) => string(text),
        Value::Time(time) => time.as_micros().to_string(),
        Value::Set(members) => {
            let members: Vec<String> = members.iter().map(literal).collect();
            format!("[{}]", members.join(", "))
        }
    }
}

pub(super) fn string(text: &str) -> String {
    quoted(text, "")
}

/// The pattern of every string that starts so.
pub(super) fn pattern(start: &str) -> String {
    quoted(start, "*")
}

fn quoted(text: &str, end: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '*' if !end.is_empty() => quoted.push_str("\\*"),
            c if c.is_control() => quoted.extend(c.escape_unicode()),
            c => quoted.push(c),
        }
    }
    quoted + end + "\""
}
