//! Random conditions of the right types, small enough that values meet.

use hos_core::condition::{Comparison, Expression, Root};
use hos_core::time::Timestamp;
use hos_core::value::{Type, Value};
use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;

use super::laws::{ATTRIBUTES, CLAIMS, CONTEXT};

const OPERATORS: [Comparison; 6] = [
    Comparison::Equal,
    Comparison::NotEqual,
    Comparison::Less,
    Comparison::LessOrEqual,
    Comparison::Greater,
    Comparison::GreaterOrEqual,
];

/// Among them what a pattern, a string or an identifier could stumble over.
pub(super) const TEXTS: [&str; 9] = ["", "a", "ab", "b", "*", "a*b", "\"\\", "é", "u0"];

/// `rich` says whether the rule is about subjects of a contract.
pub(super) fn condition(rng: &mut StdRng, depth: u32, rich: bool) -> Expression {
    if depth == 0 {
        return atom(rng, rich);
    }
    let inner = |rng: &mut StdRng| {
        let depth = rng.random_range(0..depth);
        condition(rng, depth, rich)
    };
    match rng.random_range(0..12) {
        0..4 => inner(rng).and(inner(rng)),
        4..7 => inner(rng).or(inner(rng)),
        7 => Expression::And(vec![inner(rng), inner(rng), inner(rng)]),
        8 => Expression::Or(vec![inner(rng), inner(rng), inner(rng)]),
        9 | 10 => inner(rng).not(),
        _ => {
            let operator = if rng.random() { Comparison::Equal } else { Comparison::NotEqual };
            inner(rng).compare(operator, inner(rng))
        }
    }
}

fn atom(rng: &mut StdRng, rich: bool) -> Expression {
    match rng.random_range(0..20) {
        0..9 => comparison(rng, rich),
        9..12 => {
            let type_ = *SCALARS.choose(rng).expect("some");
            let set = type_.set_of().expect("a scalar");
            value(rng, type_, rich).is_in(value(rng, set, rich))
        }
        12..14 => text_start(rng, rich),
        14..16 => size(rng, rich),
        16..18 => {
            let (root, name) = any_path(rng, rich);
            Expression::has(root, name).expect("a name")
        }
        18 => boolean(rng, rich),
        // A condition as a needle.
        _ => comparison(rng, rich).is_in(value(rng, Type::BoolSet, rich)),
    }
}

const SCALARS: [Type; 4] = [Type::Bool, Type::Integer, Type::String, Type::Time];

fn boolean(rng: &mut StdRng, rich: bool) -> Expression {
    value(rng, Type::Bool, rich)
}

fn comparison(rng: &mut StdRng, rich: bool) -> Expression {
    let types = [
        Type::Integer,
        Type::Integer,
        Type::Integer,
        Type::String,
        Type::Time,
        Type::Bool,
        Type::StringSet,
    ];
    let type_ = *types.choose(rng).expect("some");
    let has_order = match type_ {
        Type::Integer | Type::Time => true,
        // Beyond Cedar: the export must refuse it.
        Type::String => rng.random_range(0..100) == 0,
        _ => false,
    };
    let operators = if has_order { &OPERATORS[..] } else { &OPERATORS[..2] };
    let operator = *operators.choose(rng).expect("some");
    value(rng, type_, rich).compare(operator, value(rng, type_, rich))
}

fn text_start(rng: &mut StdRng, rich: bool) -> Expression {
    let prefix = match rng.random_range(0..100) {
        0 => value(rng, Type::String, rich),
        _ => Expression::literal(*TEXTS.choose(rng).expect("some")),
    };
    value(rng, Type::String, rich).starts_with(prefix)
}

fn size(rng: &mut StdRng, rich: bool) -> Expression {
    let sizable = [Type::String, Type::StringSet, Type::IntegerSet];
    let type_ = *sizable.choose(rng).expect("some");
    let sized = value(rng, type_, rich);
    let operator = *OPERATORS.choose(rng).expect("some");
    let is_order = !matches!(operator, Comparison::Equal | Comparison::NotEqual);
    let most = if is_order && matches!(operator, Comparison::Less | Comparison::GreaterOrEqual) {
        1
    } else {
        0
    };
    let number = match rng.random_range(0..100) {
        0 => 2,
        _ => rng.random_range(-1..=most),
    };
    let number = Expression::literal(i64::from(number));
    if rng.random_range(0..4) == 0 && !is_order {
        return number.compare(operator, sized.size());
    }
    sized.size().compare(operator, number)
}

/// A path mostly, else a literal.
fn value(rng: &mut StdRng, type_: Type, rich: bool) -> Expression {
    if type_ == Type::Time && rng.random_range(0..4) == 0 {
        return Expression::Now;
    }
    if rng.random_range(0..3) > 0
        && let Some((root, name)) = paths(rich, |of| of == type_).choose(rng)
    {
        return Expression::path(*root, name).expect("a name");
    }
    Expression::Literal(literal(rng, type_))
}

fn any_path(rng: &mut StdRng, rich: bool) -> (Root, &'static str) {
    *paths(rich, |_| true).choose(rng).expect("some")
}

fn paths(rich: bool, wanted: impl Fn(Type) -> bool) -> Vec<(Root, &'static str)> {
    let subject = if rich { &ATTRIBUTES[..] } else { &[] };
    let built_in = |type_| move |name| (name, type_);
    let actor = ["id", "kind"].map(built_in(Type::String));
    let texts = ["id", "kind", "state", "tenant"].map(built_in(Type::String));
    let subjects = texts.iter().chain(&[("revision", Type::Integer)]).chain(subject);
    let of = |root| move |(name, type_): &(&'static str, Type)| (root, *name, *type_);
    let all = CLAIMS.iter().chain(&actor).map(of(Root::Actor));
    let all = all.chain(CONTEXT.iter().map(of(Root::Context)));
    let all = all.chain(subjects.map(of(Root::Subject)));
    all.filter(|(.., type_)| wanted(*type_)).map(|(root, name, _)| (root, name)).collect()
}

/// Never an empty set, which as a literal has no type.
pub(super) fn literal(rng: &mut StdRng, type_: Type) -> Value {
    match type_.member() {
        None => scalar(rng, type_),
        Some(member) => {
            let members = rng.random_range(1..4);
            (0..members).map(|_| scalar(rng, member)).collect()
        }
    }
}

fn scalar(rng: &mut StdRng, type_: Type) -> Value {
    match type_ {
        Type::Bool => Value::Bool(rng.random()),
        Type::Integer => Value::Integer(rng.random_range(-1..3)),
        Type::String => Value::from(*TEXTS.choose(rng).expect("some")),
        _ => Value::Time(time(rng)),
    }
}

/// Few, and some of them closer together than a millisecond.
pub(super) fn time(rng: &mut StdRng) -> Timestamp {
    Timestamp::from_micros(*[-1, 0, 1, 1_000_000].choose(rng).expect("some"))
}
