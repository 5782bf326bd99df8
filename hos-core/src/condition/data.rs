//! The serde form: a tree of maps with one key each, in which any string is text form.
//!
//! | key | value |
//! |---|---|
//! | `literal` | a value |
//! | `path`, `has` | `"root.name"` |
//! | `not`, `size` | an expression |
//! | `and`, `or` | a list of expressions |
//! | `eq`, `ne`, `lt`, `le`, `gt`, `ge`, `in`, `starts_with` | a list of two expressions |
//!
//! `now` has no operand: it is the string `"now"`, which the text form reads the same way.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Comparison, Expression, Path, check_limits};

impl Serialize for Expression {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Literal(value) => entry(serializer, "literal", value),
            Self::Path(path) => entry(serializer, "path", path),
            Self::Now => serializer.serialize_str("now"),
            Self::Not(operand) => entry(serializer, "not", operand),
            Self::And(operands) => entry(serializer, "and", operands),
            Self::Or(operands) => entry(serializer, "or", operands),
            Self::Compare { operator, left, right } => {
                entry(serializer, operator.key(), &(left, right))
            }
            Self::In { needle, set } => entry(serializer, "in", &(needle, set)),
            Self::Has(path) => entry(serializer, "has", path),
            Self::Size(operand) => entry(serializer, "size", operand),
            Self::StartsWith { text, prefix } => entry(serializer, "starts_with", &(text, prefix)),
        }
    }
}

fn entry<S: Serializer, T: Serialize>(
    serializer: S,
    key: &'static str,
    value: &T,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(1))?;
    map.serialize_entry(key, value)?;
    map.end()
}

impl<'de> Deserialize<'de> for Expression {
    /// Accepts what the limits of depth and nodes allow; types are checked later.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let nodes = Cell::new(0);
        let expression = Node { depth: 1, nodes: &nodes }.deserialize(deserializer)?;
        // OK to count again: strings inside the tree may have brought whole trees along.
        expression.check_bounds().map_err(Error::custom)?;
        Ok(expression)
    }
}

/// One expression, at a depth, counted before its operands are read.
#[derive(Clone, Copy)]
struct Node<'c> {
    depth: usize,
    nodes: &'c Cell<usize>,
}

impl Node<'_> {
    fn operand(self) -> Self {
        Self { depth: self.depth + 1, ..self }
    }

    fn pair<'de, A: MapAccess<'de>>(
        self,
        map: &mut A,
        build: impl FnOnce(Expression, Expression) -> Expression,
    ) -> Result<Expression, A::Error> {
        let operands = map.next_value_seed(Chain(self.operand()))?;
        match <[Expression; 2]>::try_from(operands) {
            Ok([left, right]) => Ok(build(left, right)),
            Err(found) => Err(Error::invalid_length(found.len(), &"two operands")),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Expression;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Expression, D::Error> {
        self.nodes.set(self.nodes.get() + 1);
        check_limits(self.depth, self.nodes.get()).map_err(Error::custom)?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Expression;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an expression as text, or as a map of one key")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Expression, E> {
        Expression::parse(text).map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Expression, A::Error> {
        let Some(key) = map.next_key::<String>()? else {
            return Err(Error::invalid_length(0, &self));
        };
        let expression = match key.as_str() {
            "literal" => Expression::Literal(map.next_value()?),
            "path" => Expression::Path(map.next_value()?),
            "has" => Expression::Has(map.next_value()?),
            "not" => map.next_value_seed(self.operand())?.not(),
            "size" => map.next_value_seed(self.operand())?.size(),
            "and" => Expression::And(map.next_value_seed(Chain(self.operand()))?),
            "or" => Expression::Or(map.next_value_seed(Chain(self.operand()))?),
            "in" => self.pair(&mut map, Expression::is_in)?,
            "starts_with" => self.pair(&mut map, Expression::starts_with)?,
            key => match Comparison::from_key(key) {
                Some(operator) => {
                    self.pair(&mut map, |left, right| left.compare(operator, right))?
                }
                None => return Err(Error::unknown_field(key, KEYS)),
            },
        };
        match map.next_key::<String>()? {
            None => Ok(expression),
            Some(_) => Err(Error::invalid_length(2, &self)),
        }
    }
}

const KEYS: &[&str] = &[
    "literal",
    "path",
    "has",
    "not",
    "size",
    "and",
    "or",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
    "in",
    "starts_with",
];

/// A list of expressions, all at one depth.
struct Chain<'c>(Node<'c>);

impl<'de> DeserializeSeed<'de> for Chain<'_> {
    type Value = Vec<Expression>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Chain<'_> {
    type Value = Vec<Expression>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of expressions")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut operands = Vec::new();
        while let Some(operand) = list.next_element_seed(self.0)? {
            operands.push(operand);
        }
        Ok(operands)
    }
}

impl Comparison {
    fn key(self) -> &'static str {
        match self {
            Self::Equal => "eq",
            Self::NotEqual => "ne",
            Self::Less => "lt",
            Self::LessOrEqual => "le",
            Self::Greater => "gt",
            Self::GreaterOrEqual => "ge",
        }
    }

    fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operator| operator.key() == key)
    }
}

impl Serialize for Path {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Path {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(Error::custom)
    }
}
