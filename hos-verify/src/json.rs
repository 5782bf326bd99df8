//! The one spelling of JSON that is hashed: JCS (RFC 8785) of objects, arrays, strings, booleans
//! and integers, with ASCII keys. Floats and nulls do not exist here.

mod read;

use std::error::Error;
use std::fmt;

/// The deepest nesting.
pub const DEPTH_MAX: usize = 16;
/// The most values in one text.
pub const VALUES_MAX: usize = 262_144;
/// The largest integer; its negative is the smallest: what every reader of JSON keeps exactly.
pub const INTEGER_MAX: i64 = 9_007_199_254_740_991;

/// A value; complete, because the encoding has no other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `true` or `false`.
    Bool(bool),
    /// An integer of at most [`INTEGER_MAX`] either way.
    Integer(i64),
    /// A text.
    String(String),
    /// Values in their order.
    Array(Vec<Self>),
    /// Values under keys, in order of key.
    Object(Vec<(String, Self)>),
}

impl Value {
    /// Reads a canonical text; accepts exactly what [`Value::encode`] writes.
    ///
    /// ```
    /// use hos_verify::json::Value;
    ///
    /// assert!(Value::parse(br#"{"a":[1,true],"b":"text"}"#).is_ok());
    /// for other in [r#"{"b":1,"a":1}"#, r#"{ "a":1}"#, r#"{"a":1.0}"#, r#"{"a":"\u0041"}"#] {
    ///     assert!(Value::parse(other.as_bytes()).is_err());
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`JsonError`] where the text is no such encoding, or deeper than [`DEPTH_MAX`], or holds
    /// more than [`VALUES_MAX`] values.
    pub fn parse(bytes: &[u8]) -> Result<Self, JsonError> {
        let text = std::str::from_utf8(bytes);
        let text = text.map_err(|error| JsonError { at: error.valid_up_to() })?;
        let value = read::Reader::new(text).document()?;
        // Whatever the reader let pass in a second spelling differs from the first one here.
        let encoded = value.encode();
        let differs = encoded.bytes().zip(bytes).position(|(ours, theirs)| ours != *theirs);
        match differs {
            Some(at) => Err(JsonError { at }),
            None if encoded.len() != bytes.len() => Err(JsonError { at: encoded.len() }),
            None => Ok(value),
        }
    }

    /// The canonical text. Keys are written in the order in which they stand.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    /// An object of these fields, sorted by key.
    #[must_use]
    pub fn object(fields: impl IntoIterator<Item = (&'static str, Self)>) -> Self {
        let mut fields: Vec<_> =
            fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        fields.sort_by(|(one, _), (other, _)| one.cmp(other));
        Self::Object(fields)
    }

    /// A text.
    #[must_use]
    pub fn string(text: impl Into<String>) -> Self {
        Self::String(text.into())
    }

    /// The value under a key of an object.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        let Self::Object(fields) = self else { return None };
        fields.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// The text of a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(text) = self { Some(text) } else { None }
    }

    /// An integer that is not negative.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        if let Self::Integer(number) = self { u64::try_from(*number).ok() } else { None }
    }

    /// The values of an array.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Self]> {
        if let Self::Array(values) = self { Some(values) } else { None }
    }

    /// Whether it is an object of exactly these keys, or of some of them where they end in `?`.
    pub(crate) fn has_shape(&self, keys: &[&str]) -> bool {
        let Self::Object(fields) = self else { return false };
        let known = |name: &str| keys.iter().any(|key| key.trim_end_matches('?') == name);
        fields.iter().all(|(name, _)| known(name))
            && keys.iter().all(|key| key.ends_with('?') || self.get(key).is_some())
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Integer(number) => out.push_str(&number.to_string()),
            Self::String(text) => write_string(out, text),
            Self::Array(values) => {
                out.push('[');
                for (at, value) in values.iter().enumerate() {
                    out.push_str(if at > 0 { "," } else { "" });
                    value.write(out);
                }
                out.push(']');
            }
            Self::Object(fields) => {
                out.push('{');
                for (at, (key, value)) in fields.iter().enumerate() {
                    out.push_str(if at > 0 { "," } else { "" });
                    write_string(out, key);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

/// RFC 8785, section 3.2.2.2: the short escapes, `\u00xx` for other controls, the rest as it is.
fn write_string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            control if control < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => out.push(other),
        }
    }
    out.push('"');
}

/// Where a text stops being canonical JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// The byte, counted from 0.
    pub at: usize,
}

impl fmt::Display for JsonError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "no canonical JSON from byte {} on", self.at)
    }
}

impl Error for JsonError {}
