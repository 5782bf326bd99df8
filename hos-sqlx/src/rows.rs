//! Rows as a survey reads them: whatever they hold.

use std::collections::BTreeMap;

use hos_core::store::{EntryRow, PartRow};

/// A text; what is none in it is replaced.
#[cfg(any(feature = "mysql", feature = "sqlite"))]
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The number of an entry; zero for what cannot be one.
#[cfg(any(feature = "mysql", feature = "sqlite"))]
pub(crate) fn proof_id(bytes: &[u8]) -> hos_core::time::ProofId {
    hos_core::time::ProofId::from_bytes(bytes.try_into().unwrap_or_default())
}

/// A count; 0 for what cannot be one.
pub(crate) fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// Entries with their parts, both by the same number.
pub(crate) fn with_parts(
    entries: Vec<(u64, EntryRow)>,
    parts: impl IntoIterator<Item = (u64, PartRow)>,
) -> Vec<(u64, EntryRow)> {
    let mut by_number: BTreeMap<u64, Vec<PartRow>> = BTreeMap::new();
    for (number, part) in parts {
        by_number.entry(number).or_default().push(part);
    }
    let with = |(number, entry): (u64, EntryRow)| {
        let parts = by_number.remove(&number).unwrap_or_default();
        (number, EntryRow { parts, ..entry })
    };
    entries.into_iter().map(with).collect()
}
