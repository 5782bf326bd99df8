//! Segments between their rows and the words of the law.

use hos_core::error::Fault;
use hos_core::proof::{LeafFacts, LogEntry, SegmentRecord};
use serde_json::{Value, json};

use crate::encoding::hex;
use crate::fault::corrupt;

/// What the schemas say of a segment or an epoch that does not stand where a commit says.
const DISPLACED: &str = "stands elsewhere";

/// Whether the schema refused a segment or an epoch that stands elsewhere: a conflict, not an
/// accident.
pub(crate) fn is_displaced(fault: &Fault) -> bool {
    let error = std::error::Error::source(fault).and_then(|error| error.downcast_ref());
    let error = error.and_then(|error: &sqlx::Error| error.as_database_error());
    error.is_some_and(|error| error.message().contains(DISPLACED))
}

/// A segment as `hos_write_standing` takes it.
pub(crate) fn encode(record: &SegmentRecord) -> Value {
    json!({
        "row": "segment",
        "first": record.first,
        "end": record.end,
        "turn": record.turn,
        "entry": hex(record.entry.as_bytes()),
        "digest": hex(record.manifest.as_bytes()),
        "least": hex(record.least.as_bytes()),
        "greatest": hex(record.greatest.as_bytes()),
    })
}

/// An entry that comes back, with what its leaf says for the columns.
pub(crate) struct Returning<'e> {
    pub(crate) index: u64,
    pub(crate) entry: &'e LogEntry,
    pub(crate) facts: LeafFacts,
}

/// What becomes of entries that come back.
pub(crate) fn returning(entries: &[LogEntry]) -> Result<Vec<Returning<'_>>, Fault> {
    let one = |entry| {
        let LogEntry { id, index, leaf, .. }: &LogEntry = entry;
        let facts = LeafFacts::parse(leaf.as_bytes());
        let facts = facts.ok_or_else(|| corrupt(format!("the leaf of entry {id}")))?;
        let index = index.ok_or_else(|| corrupt(format!("no index of entry {id}")))?;
        Ok(Returning { index, entry, facts })
    };
    entries.iter().map(one).collect()
}

impl Returning<'_> {
    /// The kind and the id of its subject.
    pub(crate) fn subject(&self) -> (Option<&str>, Option<&str>) {
        let subject = self.facts.subject.as_ref();
        (subject.map(|(kind, _)| kind.as_str()), subject.map(|(_, id)| id.as_str()))
    }

    /// Its parts as JSON: name, salt, body.
    pub(crate) fn parts(&self) -> Value {
        let rows = self.entry.rows();
        rows.iter().map(|part| json!([part.name, hex(&part.salt), part.body])).collect()
    }

    /// All of it as JSON, in the order in which the statements of SQLite and MariaDB take it.
    #[cfg(any(feature = "mysql", feature = "sqlite"))]
    pub(crate) fn line(&self) -> Value {
        let (kind, id) = self.subject();
        json!([
            self.index,
            hex(self.entry.id.as_bytes()),
            self.facts.type_,
            kind,
            id,
            self.facts.revision,
            u8::from(self.facts.moves()),
            self.entry.recorded_at.as_micros(),
            self.entry.leaf,
            hex(&self.entry.leaf_hash),
            self.parts(),
        ])
    }
}
