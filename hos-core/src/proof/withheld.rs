//! Parts that are there, or were, and cannot be read where they were asked for.

use super::{LogEntry, Part};
use crate::cipher::SealedPart;
use crate::error::Fault;
use crate::time::{ProofId, Timestamp};

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
    /// Its person was erased, and the key with it.
    Erased {
        /// The entry that records the erasure.
        entry: ProofId,
        /// When the key was destroyed.
        at: Timestamp,
    },
}

impl LogEntry {
    /// The same entry with the parts that a store keeps: plain ones among [`LogEntry::parts`],
    /// sealed ones among [`LogEntry::withheld`].
    ///
    /// # Errors
    ///
    /// A [`Fault`] of the kind `Corrupt` for a body that is neither.
    pub fn with_rows(mut self, rows: impl IntoIterator<Item = Part>) -> Result<Self, Fault> {
        for row in rows {
            match SealedPart::read(self.id, &row)? {
                None => self.parts.push(row),
                Some(sealed) => {
                    let why = Withholding::Sealed(sealed);
                    self.withheld.push(Withheld { name: row.name, why });
                }
            }
        }
        Ok(self)
    }

    /// The parts that are here, as a store keeps them: what [`LogEntry::with_rows`] took.
    #[must_use]
    pub fn rows(&self) -> Vec<Part> {
        let sealed = self.withheld.iter().filter_map(|withheld| match &withheld.why {
            Withholding::Sealed(sealed) => Some(sealed.row(&withheld.name)),
            Withholding::Erased { .. } => None,
        });
        let mut rows: Vec<Part> = self.parts.iter().cloned().chain(sealed).collect();
        rows.sort_by(|one, other| one.name.cmp(&other.name));
        rows
    }
}
