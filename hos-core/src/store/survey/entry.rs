use crate::proof::{LogEntry, Part};
use crate::time::{ProofId, Timestamp};

/// An entry as its rows hold it: bytes, of which nothing is believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryRow {
    /// Its place in the log; none while it waits for one.
    pub index: Option<u64>,
    /// Its number; zero for what cannot be one.
    pub id: ProofId,
    /// The leaf.
    pub leaf: Vec<u8>,
    /// The hash that the log keeps of the leaf.
    pub leaf_hash: Vec<u8>,
    /// The hash that was recorded with the leaf, where the store keeps it apart.
    pub recorded_hash: Option<Vec<u8>>,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// Its parts, in the order of their names.
    pub parts: Vec<PartRow>,
}

/// A part as its row holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartRow {
    /// Its name.
    pub name: String,
    /// 32 bytes, unless a hand wrote around the law.
    pub salt: Vec<u8>,
    /// Canonical JSON, or what is sealed under a person's key.
    pub body: Vec<u8>,
}

impl PartRow {
    /// Whether this is what the erasure of a single part left: which entry erased it, and nothing
    /// of the part.
    #[must_use]
    pub fn is_erased(&self) -> bool {
        self.erased_by().is_some()
    }

    /// The entry that the erasure of this single part left in its place; none for a part that is
    /// there, or for anything else.
    #[must_use]
    pub fn erased_by(&self) -> Option<ProofId> {
        let by = std::str::from_utf8(&self.body).ok().and_then(|body| body.get(1..))?;
        ProofId::parse(by).filter(|by| {
            let left = Part::erased(&self.name, *by);
            (self.body.as_slice(), self.salt.as_slice()) == (left.body.as_bytes(), &left.salt)
        })
    }
}

impl From<LogEntry> for EntryRow {
    fn from(entry: LogEntry) -> Self {
        let rows = entry.rows().into_iter();
        let parts = rows.map(|part| PartRow {
            name: part.name,
            salt: part.salt.to_vec(),
            body: part.body.into_bytes(),
        });
        Self {
            index: entry.index,
            id: entry.id,
            leaf: entry.leaf.into_bytes(),
            leaf_hash: entry.leaf_hash.to_vec(),
            recorded_hash: None,
            recorded_at: entry.recorded_at,
            parts: parts.collect(),
        }
    }
}
