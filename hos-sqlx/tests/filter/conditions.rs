//! Random conditions over hostile values, as text.

use hos_conformance::random::Random;
use hos_core::condition::Expression;
use hos_core::value::Value;

/// Alike under some collation, or with a meaning under `LIKE` or in a literal.
pub(crate) const TEXTS: [&str; 20] = [
    "", " ", "a", "A", "a ", "ab", "á", "a\u{301}", "a%", "%", "_", "\\", "'", "\"", "ß", "ss",
    "😀", "😀a", "\u{fffd}", "null",
];
/// Texts that PostgreSQL does not keep.
pub(crate) const ZERO_TEXTS: [&str; 4] = ["\0", "a\0b", "\0\0😀á", "a\0"];
pub(crate) const INTEGERS: [i64; 6] = [-9_007_199_254_740_991, -1, 0, 1, 2, 9_007_199_254_740_991];
pub(crate) const TIMES: [&str; 3] =
    ["1969-12-31T23:59:59.999999Z", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000001Z"];

/// A condition of at most so many levels.
pub(crate) fn condition(random: &mut Random, levels: u32) -> String {
    if levels == 0 || random.below(3) == 0 {
        return atom(random);
    }
    let inner = condition(random, levels - 1);
    match random.below(8) {
        0 | 1 => format!("!({inner})"),
        2 | 3 => format!("({inner} && {})", condition(random, levels - 1)),
        4 | 5 => format!("({inner} || {})", condition(random, levels - 1)),
        6 => format!("(({inner}) in {})", random.one_of(&["[true]", "[false]", "[true, false]"])),
        _ => format!("(({inner}) {} {})", random.one_of(&["==", "!="]), boolean(random)),
    }
}

fn atom(random: &mut Random) -> String {
    let order = *random.one_of(&["==", "!=", "<", "<=", ">", ">=", "=="]);
    match random.below(11) {
        0..=2 => format!("{} {order} {}", text(random), text(random)),
        3 => format!("{} {order} {}", integer(random), integer(random)),
        4 => format!("{} {order} {}", time(random), time(random)),
        5 => format!("{}.startsWith({})", attribute(random), text(random)),
        6 => format!("{} in {}", text(random), texts(random)),
        7 => {
            let names = ["b", "i", "s", "u", "t"];
            format!("has(subject.{})", random.one_of(&names))
        }
        8 => format!("{} in {}", integer(random), some(random, integer_literal)),
        9 => format!("{} in {}", time(random), some(random, time_literal)),
        _ => boolean(random),
    }
}

fn boolean(random: &mut Random) -> String {
    let choices = ["subject.b", "subject.b", "context.b", "true", "false"];
    (*random.one_of(&choices)).to_owned()
}

fn attribute(random: &mut Random) -> String {
    (*random.one_of(&["subject.s", "subject.u", "subject.id", "actor.name"])).to_owned()
}

fn literal(text: &str) -> String {
    Expression::Literal(Value::from(text)).to_string()
}

fn text(random: &mut Random) -> String {
    match random.below(8) {
        0..=2 => "subject.s".to_owned(),
        3 => (*random.one_of(&["subject.state", "subject.id", "actor.id"])).to_owned(),
        4 => "subject.u".to_owned(),
        5 => (*random.one_of(&["actor.name", "context.s"])).to_owned(),
        _ => literal(random.one_of::<&str>(&TEXTS)),
    }
}

fn texts(random: &mut Random) -> String {
    if random.below(3) == 0 {
        return "context.ss".to_owned();
    }
    some(random, |random| literal(random.one_of::<&str>(&TEXTS)))
}

fn some(random: &mut Random, literal: impl Fn(&mut Random) -> String) -> String {
    let some: Vec<String> = (0..=random.below(3)).map(|_| literal(random)).collect();
    format!("[{}]", some.join(", "))
}

fn integer_literal(random: &mut Random) -> String {
    random.one_of(&INTEGERS).to_string()
}

fn time_literal(random: &mut Random) -> String {
    format!("timestamp(\"{}\")", random.one_of(&TIMES))
}

fn integer(random: &mut Random) -> String {
    match random.below(6) {
        0 | 1 => "subject.i".to_owned(),
        2 => "subject.revision".to_owned(),
        3 => {
            (*random.one_of(&["size(subject.s)", "size(subject.u)", "size(context.ss)"])).to_owned()
        }
        4 => "context.i".to_owned(),
        _ => integer_literal(random),
    }
}

fn time(random: &mut Random) -> String {
    match random.below(4) {
        0 | 1 => "subject.t".to_owned(),
        2 => (*random.one_of(&["now", "context.t"])).to_owned(),
        _ => time_literal(random),
    }
}
