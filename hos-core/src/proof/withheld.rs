//! Parts that are there, or were, and cannot be read where they were asked for.

use super::{LogEntry, Part};
use crate::cipher::SealedPart;
use crate::time::{ProofId, Timestamp};

/// What begins the stored body of a part that was erased by itself; the erasure's entry follows.
/// A plain body is canonical JSON of an object, a sealed one begins with a tilde.
const ERASED: char = '-';

/// A part that cannot be read, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withheld {
    /// Its name within the entry.
    pub name: String,
    /// Why.
    pub why: Withholding,
}

/// Why a part cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Withholding {
    /// It is under a person's key, and no vault that knows the key is at hand.
    Sealed(SealedPart),
    /// It was erased: with its person, whose key was destroyed, or by itself.
    Erased {
        /// The entry that records the erasure.
        entry: ProofId,
        /// When; to the millisecond for a part that was erased by itself.
        at: Timestamp,
    },
    /// What is stored is no part, or does not open under its key: only this one cannot be read. It
    /// holds the row as it is stored.
    Damaged(Part),
}

impl LogEntry {
    /// The same entry with the parts that a store keeps: plain ones among [`LogEntry::parts`],
    /// sealed, erased and damaged ones among [`LogEntry::withheld`].
    #[must_use]
    pub fn with_rows(mut self, rows: impl IntoIterator<Item = Part>) -> Self {
        for row in rows {
            let why = if let Some(entry) = row.body.strip_prefix(ERASED) {
                let entry = ProofId::parse(entry);
                entry.map(|entry| Withholding::Erased { entry, at: entry.at() })
            } else if SealedPart::is_sealed(&row) {
                SealedPart::read(&row).map(Withholding::Sealed)
            } else {
                self.parts.push(row);
                continue;
            };
            let name = row.name.clone();
            let why = why.unwrap_or(Withholding::Damaged(row));
            self.withheld.push(Withheld { name, why });
        }
        self
    }

    /// The parts that are here, as a store keeps them: what [`LogEntry::with_rows`] took.
    #[must_use]
    pub fn rows(&self) -> Vec<Part> {
        let row = |withheld: &Withheld| match &withheld.why {
            Withholding::Sealed(sealed) => sealed.row(&withheld.name),
            Withholding::Erased { entry, .. } => Part::erased(&withheld.name, *entry),
            Withholding::Damaged(row) => row.clone(),
        };
        let mut rows: Vec<Part> = self.parts.clone();
        rows.extend(self.withheld.iter().map(row));
        rows.sort_by(|one, other| one.name.cmp(&other.name));
        rows
    }
}

impl Part {
    /// What a store keeps in the place of a part that was erased by itself: nothing of the part,
    /// and which entry records the erasure.
    #[must_use]
    pub fn erased(name: &str, by: ProofId) -> Self {
        Self { name: name.to_owned(), salt: [0; 32], body: format!("{ERASED}{by}") }
    }

    /// Whether a stored row is what [`Part::erased`] left.
    #[must_use]
    pub fn is_erased(&self) -> bool {
        self.body.starts_with(ERASED)
    }
}
