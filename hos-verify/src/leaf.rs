//! Leaves: what the law wrote into the log, read from the very bytes that are hashed.

use std::error::Error;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::json::Value;
use crate::merkle::{Hash, leaf_hash};
use crate::text::{from_hex, hex};
use crate::time::Time;

/// The largest leaf, in bytes.
pub const LEAF_BYTES_MAX: usize = 65_535;
/// The most parts that a leaf binds, and the most that an erasure names.
pub const PARTS_MAX: usize = 256;

/// The number of an entry: a UUID, printed in lower case with hyphens.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId([u8; 16]);

impl EntryId {
    /// Wraps the sixteen bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The sixteen bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Reads what is printed and no other spelling.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let id = Self(from_hex(&text.replace('-', ""))?);
        (id.to_string() == text).then_some(id)
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, digit) in hex(&self.0).chars().enumerate() {
            let hyphen = if matches!(at, 8 | 12 | 16 | 20) { "-" } else { "" };
            write!(formatter, "{hyphen}{digit}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for EntryId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// A payload beside the log that a leaf binds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundPart {
    /// Its name within the entry.
    pub name: String,
    /// What it was committed to ([`commitment`](crate::commitment)).
    pub commitment: Hash,
}

/// A leaf's fields, as far as a verifier asks for them; all of them are in [`Leaf::value`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// The hash of its bytes.
    pub hash: Hash,
    /// The number of the entry.
    pub id: EntryId,
    /// The origin of the log that it was written for.
    pub log: String,
    /// The registered type with its version, as in `transition/1`.
    pub type_: String,
    /// When the law says it was recorded.
    pub at: Time,
    /// About which subject.
    pub subject: Option<String>,
    /// The subject's revision after it.
    pub revision: Option<u64>,
    /// The payloads that it binds.
    pub parts: Vec<BoundPart>,
    /// Whom it is about: in an erasure, the person whose key was destroyed.
    pub target: Option<String>,
    /// In an erasure, the parts that it erased: entry and name.
    pub erased: Vec<(EntryId, String)>,
    /// Every field.
    pub value: Value,
}

impl Leaf {
    /// Reads a leaf from its bytes.
    ///
    /// # Errors
    ///
    /// [`LeafError`] if they are no canonical JSON of a leaf of version 1.
    pub fn parse(bytes: &[u8]) -> Result<Self, LeafError> {
        if bytes.len() > LEAF_BYTES_MAX {
            return Err(LeafError::TooLong { length: bytes.len() });
        }
        let value = Value::parse(bytes).map_err(|_| LeafError::Encoding)?;
        if value.get("v") != Some(&Value::Integer(1)) {
            return Err(LeafError::Version);
        }
        let id = text(&value, "id")?.and_then(EntryId::parse).ok_or(LeafError::Field("id"))?;
        let at = text(&value, "at")?.and_then(Time::parse).ok_or(LeafError::Field("at"))?;
        let owned = |key| Ok(text(&value, key)?.map(str::to_owned));
        Ok(Self {
            hash: leaf_hash(bytes),
            id,
            log: owned("log")?.ok_or(LeafError::Field("log"))?,
            type_: owned("typ")?.ok_or(LeafError::Field("typ"))?,
            at,
            subject: owned("subject")?,
            revision: number(&value, "revision")?,
            parts: bound_parts(&value)?,
            target: owned("target")?,
            erased: erased_parts(&value)?,
            value,
        })
    }

    /// Whether such an entry raises its subject's revision by one.
    #[must_use]
    pub fn moves(&self) -> bool {
        matches!(self.type_.as_str(), "opened/1" | "adopted/1" | "transition/1" | "timer/1")
    }

    /// Whether it records an erasure.
    #[must_use]
    pub fn erases(&self) -> bool {
        self.type_ == "erasure/1"
    }

    /// The part of this name.
    #[must_use]
    pub fn part(&self, name: &str) -> Option<&BoundPart> {
        self.parts.iter().find(|part| part.name == name)
    }
}

/// Whether a text may name a part.
#[must_use]
pub fn is_part_name(name: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    name.len() <= 32
        && name.bytes().next().is_some_and(|first| first.is_ascii_lowercase())
        && name.bytes().all(is_inner)
}

/// Why bytes are no leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LeafError {
    /// They are more than [`LEAF_BYTES_MAX`].
    TooLong {
        /// How many they are.
        length: usize,
    },
    /// They are not the canonical encoding of anything.
    Encoding,
    /// They are of another version than 1.
    Version,
    /// A field is missing or not what it should be.
    Field(&'static str),
}

impl fmt::Display for LeafError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { length } => {
                write!(formatter, "a leaf of {length} bytes is above the limit of {LEAF_BYTES_MAX}")
            }
            Self::Encoding => write!(formatter, "a leaf is canonical JSON"),
            Self::Version => write!(formatter, "only leaves of version 1 are read here"),
            Self::Field(name) => write!(formatter, "the field `{name}` of a leaf is not in order"),
        }
    }
}

impl Error for LeafError {}

fn text<'v>(value: &'v Value, key: &'static str) -> Result<Option<&'v str>, LeafError> {
    let field = value.get(key).map(|field| field.as_str().ok_or(LeafError::Field(key)));
    field.transpose()
}

fn number(value: &Value, key: &'static str) -> Result<Option<u64>, LeafError> {
    let field = value.get(key).map(|field| field.as_u64().ok_or(LeafError::Field(key)));
    field.transpose()
}

fn bound_parts(leaf: &Value) -> Result<Vec<BoundPart>, LeafError> {
    const FIELD: LeafError = LeafError::Field("prt");
    let mut parts: Vec<BoundPart> = Vec::new();
    for value in items(leaf, "prt")? {
        let name = value.get("n").and_then(Value::as_str).ok_or(FIELD)?;
        let bound = value.get("c").and_then(Value::as_str).ok_or(FIELD)?;
        let bound = url_hash(bound).ok_or(FIELD)?;
        let is_new = parts.iter().all(|part| part.name != name);
        if !is_part_name(name) || !is_new {
            return Err(FIELD);
        }
        parts.push(BoundPart { name: name.to_owned(), commitment: bound });
    }
    Ok(parts)
}

fn erased_parts(leaf: &Value) -> Result<Vec<(EntryId, String)>, LeafError> {
    const FIELD: LeafError = LeafError::Field("erased");
    let erased = |value: &Value| {
        let id = EntryId::parse(value.get("id")?.as_str()?)?;
        let name = value.get("n")?.as_str().filter(|name| is_part_name(name))?;
        Some((id, name.to_owned()))
    };
    items(leaf, "erased")?.iter().map(|value| erased(value).ok_or(FIELD)).collect()
}

fn items<'v>(leaf: &'v Value, key: &'static str) -> Result<&'v [Value], LeafError> {
    match leaf.get(key).map(Value::as_array) {
        None => Ok(&[]),
        Some(Some(items)) if items.len() <= PARTS_MAX => Ok(items),
        Some(_) => Err(LeafError::Field(key)),
    }
}

/// Reads 32 bytes in the URL alphabet without padding, as leaves write commitments.
pub(crate) fn url_hash(text: &str) -> Option<Hash> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

/// Writes what [`url_hash`] reads.
pub(crate) fn to_url(hash: &Hash) -> String {
    URL_SAFE_NO_PAD.encode(hash)
}
