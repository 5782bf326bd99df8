use std::collections::BTreeSet;

use super::{CLAIMS_MAX, ENTRIES_MAX, FORMAT, MANIFEST_BYTES_MAX};
use crate::checkpoint::ORIGIN_BYTES_MAX;
use crate::json::Value;
use crate::leaf::{EntryId, is_part_name};
use crate::merkle::Hash;
use crate::text::{from_hex, hex};
use crate::time::Time;

/// `manifest.json`: what is in a bundle and what it claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Manifest {
    /// When it was made, as its maker says.
    pub(crate) created: Time,
    /// The log that it is about, and the size of the checkpoint that all proofs lead to.
    pub(crate) origin: String,
    pub(crate) size: u64,
    pub(crate) claims: Vec<Claim>,
    /// In ascending order of index.
    pub(crate) entries: Vec<Listed>,
    pub(crate) erased: Vec<Erased>,
    pub(crate) files: Vec<ListedFile>,
}

/// What a bundle says of its entries as a whole; complete, because the format has no other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Each entry stands for itself; nothing is said of those left out.
    Entries,
    /// Nothing is left out from one index to before another.
    Range {
        /// The first index.
        from: u64,
        /// The index behind the last one.
        to: u64,
    },
    /// The subject's revisions from 1 on, none left out.
    Subject {
        /// The subject, as leaves spell it.
        subject: String,
        /// The last of the revisions.
        revisions: u64,
    },
}

/// An entry of a bundle and its place in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The entry.
    pub id: EntryId,
    /// Its index, counted from 0.
    pub index: u64,
}

/// A part that is gone, and the entry that records why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Erased {
    pub(crate) id: EntryId,
    pub(crate) part: String,
    pub(crate) by: EntryId,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ListedFile {
    pub(crate) name: String,
    pub(crate) sha256: Hash,
    pub(crate) size: u64,
}

/// A disclosed part: the salt that opens its commitment (`openings.json`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Opening {
    pub(crate) id: EntryId,
    pub(crate) part: String,
    pub(crate) salt: [u8; 32],
}

impl Manifest {
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let bytes = Some(bytes).filter(|bytes| bytes.len() <= MANIFEST_BYTES_MAX)?;
        let value = Value::parse(bytes).ok()?;
        let keys = ["claims", "created", "entries", "erased", "files", "format", "origin", "size"];
        if !value.has_shape(&keys) || text(&value, "format")? != FORMAT {
            return None;
        }
        let entries = list(&value, "entries", listed)?;
        let ids: BTreeSet<EntryId> = entries.iter().map(|entry| entry.id).collect();
        let claims = list(&value, "claims", claim)?;
        let is_sound = (1..=ENTRIES_MAX).contains(&entries.len())
            && (1..=CLAIMS_MAX).contains(&claims.len())
            && ids.len() == entries.len()
            && entries.is_sorted_by(|one, other| one.index < other.index);
        let origin = text(&value, "origin")?;
        let is_origin = !origin.is_empty() && origin.len() <= ORIGIN_BYTES_MAX;
        (is_sound && is_origin).then_some(Self {
            created: Time::parse(text(&value, "created")?)?,
            origin: origin.to_owned(),
            size: value.get("size")?.as_u64()?,
            claims,
            entries,
            erased: list(&value, "erased", erased)?,
            files: list(&value, "files", listed_file)?,
        })
    }

    pub(crate) fn encode(&self) -> String {
        let claims = self.claims.iter().map(claim_value).collect();
        let entries = self.entries.iter().map(|entry| {
            Value::object([
                ("id", Value::string(entry.id.to_string())),
                number("index", entry.index),
            ])
        });
        let erased = self.erased.iter().map(|erased| {
            Value::object([
                ("by", Value::string(erased.by.to_string())),
                ("id", Value::string(erased.id.to_string())),
                ("n", Value::string(&erased.part)),
            ])
        });
        let files = self.files.iter().map(|file| {
            Value::object([
                ("name", Value::string(&file.name)),
                ("sha256", Value::string(hex(&file.sha256))),
                number("size", file.size),
            ])
        });
        let manifest = Value::object([
            ("claims", Value::Array(claims)),
            ("created", Value::string(self.created.to_string())),
            ("entries", Value::Array(entries.collect())),
            ("erased", Value::Array(erased.collect())),
            ("files", Value::Array(files.collect())),
            ("format", Value::string(FORMAT)),
            ("origin", Value::string(&self.origin)),
            number("size", self.size),
        ]);
        manifest.encode()
    }
}

impl Opening {
    /// Reads `openings.json`: in ascending order, each part once.
    pub(crate) fn parse_all(bytes: &[u8]) -> Option<Vec<Self>> {
        let bytes = Some(bytes).filter(|bytes| bytes.len() <= MANIFEST_BYTES_MAX)?;
        let value = Value::parse(bytes).ok()?;
        let openings: Option<Vec<Self>> = value.as_array()?.iter().map(opening).collect();
        openings.filter(|openings| {
            openings.is_sorted_by(|one, other| (one.id, &one.part) < (other.id, &other.part))
        })
    }

    pub(crate) fn encode_all(openings: &[Self]) -> String {
        let value = |opening: &Self| {
            Value::object([
                ("id", Value::string(opening.id.to_string())),
                ("n", Value::string(&opening.part)),
                ("salt", Value::string(crate::leaf::to_url(&opening.salt))),
            ])
        };
        Value::Array(openings.iter().map(value).collect()).encode()
    }
}

fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key)?.as_str()
}

fn list<T>(value: &Value, key: &str, read: fn(&Value) -> Option<T>) -> Option<Vec<T>> {
    value.get(key)?.as_array()?.iter().map(read).collect()
}

fn number(key: &'static str, number: u64) -> (&'static str, Value) {
    // OK because what is above the largest integer is refused before a manifest is written.
    (key, Value::Integer(i64::try_from(number).unwrap_or(i64::MAX)))
}

fn id(value: &Value, key: &str) -> Option<EntryId> {
    EntryId::parse(text(value, key)?)
}

fn part(value: &Value) -> Option<String> {
    text(value, "n").filter(|name| is_part_name(name)).map(str::to_owned)
}

fn listed(value: &Value) -> Option<Listed> {
    let index = value.get("index")?.as_u64()?;
    value.has_shape(&["id", "index"]).then_some(Listed { id: id(value, "id")?, index })
}

fn erased(value: &Value) -> Option<Erased> {
    let is_erased = value.has_shape(&["by", "id", "n"]);
    is_erased.then_some(Erased { id: id(value, "id")?, part: part(value)?, by: id(value, "by")? })
}

fn listed_file(value: &Value) -> Option<ListedFile> {
    value.has_shape(&["name", "sha256", "size"]).then_some(ListedFile {
        name: text(value, "name")?.to_owned(),
        sha256: from_hex(text(value, "sha256")?)?,
        size: value.get("size")?.as_u64()?,
    })
}

fn opening(value: &Value) -> Option<Opening> {
    let salt = crate::leaf::url_hash(text(value, "salt")?)?;
    let is_opening = value.has_shape(&["id", "n", "salt"]);
    is_opening.then_some(Opening { id: id(value, "id")?, part: part(value)?, salt })
}

fn claim(value: &Value) -> Option<Claim> {
    let (claim, keys): (_, &[&str]) = match text(value, "kind")? {
        "entries" => (Claim::Entries, &["kind"]),
        "range" => {
            let (from, to) = (value.get("from")?.as_u64()?, value.get("to")?.as_u64()?);
            (Claim::Range { from, to }, &["from", "kind", "to"])
        }
        "subject" => {
            let subject = text(value, "subject")?.to_owned();
            let revisions = value.get("revisions")?.as_u64()?;
            (Claim::Subject { subject, revisions }, &["kind", "revisions", "subject"])
        }
        _ => return None,
    };
    value.has_shape(keys).then_some(claim)
}

fn claim_value(claim: &Claim) -> Value {
    let kind = |kind| ("kind", Value::string(kind));
    match claim {
        Claim::Entries => Value::object([kind("entries")]),
        Claim::Range { from, to } => {
            Value::object([number("from", *from), kind("range"), number("to", *to)])
        }
        Claim::Subject { subject, revisions } => Value::object([
            kind("subject"),
            number("revisions", *revisions),
            ("subject", Value::string(subject)),
        ]),
    }
}
