//! Values that conditions read and contracts keep: bool, integer, string, time, and sets of these.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize};

use crate::id::Name;
use crate::time::Timestamp;

/// The largest integer, so that every JSON reader agrees on it (RFC 8259, section 6).
pub const INTEGER_MAX: i64 = (1 << 53) - 1;
/// The longest string, in bytes.
pub const STRING_BYTES_MAX: usize = 4_096;
/// The most members of a set.
pub const SET_MEMBERS_MAX: usize = 256;
/// The most attributes of one subject, actor, context, input or facts.
pub const ATTRIBUTES_MAX: usize = 64;
/// The most bytes of one bag of attributes, names included.
pub const ATTRIBUTES_BYTES_MAX: usize = 32_768;

/// A value.
///
/// Exhaustive: the condition language has these five types.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "the language is total over exactly these types")]
pub enum Value {
    /// True or false.
    Bool(bool),
    /// A whole number, from `-INTEGER_MAX` to [`INTEGER_MAX`].
    Integer(i64),
    /// A text of at most [`STRING_BYTES_MAX`] bytes.
    String(Arc<str>),
    /// A point in time.
    Time(Timestamp),
    /// A set of values of one type, none of them a set.
    Set(Arc<BTreeSet<Self>>),
}

/// The type of a value.
///
/// Exhaustive, as [`Value`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "the language is total over exactly these types")]
pub enum Type {
    /// True or false.
    Bool,
    /// A whole number.
    Integer,
    /// A text.
    String,
    /// A point in time.
    Time,
    /// A set of bools.
    BoolSet,
    /// A set of whole numbers.
    IntegerSet,
    /// A set of texts.
    StringSet,
    /// A set of points in time.
    TimeSet,
}

impl Type {
    /// The type of a set of this type; none for a set.
    #[must_use]
    pub fn set_of(self) -> Option<Self> {
        match self {
            Self::Bool => Some(Self::BoolSet),
            Self::Integer => Some(Self::IntegerSet),
            Self::String => Some(Self::StringSet),
            Self::Time => Some(Self::TimeSet),
            _ => None,
        }
    }

    /// The type of a set's members; none for what is no set.
    #[must_use]
    pub fn member(self) -> Option<Self> {
        match self {
            Self::BoolSet => Some(Self::Bool),
            Self::IntegerSet => Some(Self::Integer),
            Self::StringSet => Some(Self::String),
            Self::TimeSet => Some(Self::Time),
            _ => None,
        }
    }

    /// The name as law files spell it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Integer => "integer",
            Self::String => "string",
            Self::Time => "time",
            Self::BoolSet => "bool_set",
            Self::IntegerSet => "integer_set",
            Self::StringSet => "string_set",
            Self::TimeSet => "time_set",
        }
    }

    /// Whether a value is of this type; the empty set is of every set type.
    #[must_use]
    pub fn admits(self, value: &Value) -> bool {
        match value {
            Value::Bool(_) => self == Self::Bool,
            Value::Integer(_) => self == Self::Integer,
            Value::String(_) => self == Self::String,
            Value::Time(_) => self == Self::Time,
            Value::Set(members) => match self.member() {
                Some(member) => members.iter().all(|value| member.admits(value)),
                None => false,
            },
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Value {
    /// Whether the value keeps the limits: integer range, string length, members of one type.
    #[must_use]
    pub fn is_within_limits(&self) -> bool {
        match self {
            Self::Bool(_) | Self::Time(_) => true,
            Self::Integer(number) => (-INTEGER_MAX..=INTEGER_MAX).contains(number),
            Self::String(text) => text.len() <= STRING_BYTES_MAX,
            Self::Set(members) => {
                let first = members.first().map(std::mem::discriminant);
                members.len() <= SET_MEMBERS_MAX
                    && members.iter().all(|member| {
                        !matches!(member, Self::Set(_))
                            && member.is_within_limits()
                            && Some(std::mem::discriminant(member)) == first
                    })
            }
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Bool(_) | Self::Integer(_) | Self::Time(_) => 8,
            Self::String(text) => text.len(),
            Self::Set(members) => members.iter().map(Self::bytes).sum(),
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<i32> for Value {
    fn from(value: i32) -> Self {
        Self::Integer(value.into())
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Self::Integer(value.into())
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::String(value.into())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::String(value.into())
    }
}

impl From<Timestamp> for Value {
    fn from(value: Timestamp) -> Self {
        Self::Time(value)
    }
}

impl<V: Into<Self>> FromIterator<V> for Value {
    fn from_iter<I: IntoIterator<Item = V>>(values: I) -> Self {
        Self::Set(Arc::new(values.into_iter().map(Into::into).collect()))
    }
}

impl Serialize for Value {
    /// A bool, a number, a string, `{"time": ".."}`, or an array: the type can be read back.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Integer(value) => serializer.serialize_i64(*value),
            Self::String(value) => serializer.serialize_str(value),
            Self::Time(value) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("time", value)?;
                map.end()
            }
            Self::Set(members) => serializer.collect_seq(members.iter()),
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = deserializer.deserialize_any(ValueVisitor { sets: true })?;
        if value.is_within_limits() {
            Ok(value)
        } else {
            Err(D::Error::custom("value is beyond its limits or mixes types in a set"))
        }
    }
}

struct ValueVisitor {
    sets: bool,
}

impl<'de> serde::de::DeserializeSeed<'de> for ValueVisitor {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a bool, an integer, a string, {\"time\": \"..\"} or an array of these")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Integer(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        i64::try_from(value).map(Value::Integer).map_err(|_| E::custom("integer out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let Some((key, time)) = map.next_entry::<String, Timestamp>()? else {
            return Err(A::Error::custom("expected {\"time\": \"..\"}"));
        };
        if key != "time" {
            return Err(A::Error::custom("expected {\"time\": \"..\"}"));
        }
        match map.next_key::<String>()? {
            None => Ok(Value::Time(time)),
            Some(_) => Err(A::Error::custom("expected {\"time\": \"..\"} and nothing else")),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        if !self.sets {
            return Err(A::Error::custom("a set holds no sets"));
        }
        let mut members = BTreeSet::new();
        while let Some(member) = seq.next_element_seed(Self { sets: false })? {
            if members.len() == SET_MEMBERS_MAX {
                return Err(A::Error::custom("a set has too many members"));
            }
            members.insert(member);
        }
        Ok(Value::Set(Arc::new(members)))
    }
}

/// Named values: of a subject, an actor, a context, an input or facts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Attributes(BTreeMap<Name, Value>);

impl Attributes {
    /// No values.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets one value.
    pub fn set(&mut self, name: Name, value: impl Into<Value>) {
        self.0.insert(name, value.into());
    }

    /// Takes one value out.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)
    }

    /// One value.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Name, &Value)> {
        self.0.iter()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Names and values, in bytes: what [`ATTRIBUTES_BYTES_MAX`] is the most of.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.iter().map(|(name, value)| name.as_str().len() + value.bytes()).sum()
    }

    /// Whether number, size and each value keep the limits.
    #[must_use]
    pub fn is_within_limits(&self) -> bool {
        self.0.len() <= ATTRIBUTES_MAX
            && self.0.values().all(Value::is_within_limits)
            && self.bytes() <= ATTRIBUTES_BYTES_MAX
    }
}

/// Declared names and their types.
pub type Schema = BTreeMap<Name, Type>;
