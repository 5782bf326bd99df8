//! Sorted lists of fixed records, in pages that the manifest proves one by one: a number of an
//! entry, or a subject with its revision, and the line on which it stands.

use hos_core::digest::Digest;
use hos_core::time::ProofId;
use serde::{Deserialize, Serialize};

/// The records of a page.
pub(crate) const PAGE_RECORDS: usize = 256;
/// The bytes of the line's number at the end of a record.
const LINE_BYTES: usize = 4;

/// The key of an entry's number.
pub(crate) fn id_key(id: ProofId) -> [u8; 16] {
    *id.as_bytes()
}

/// The key of a subject at a revision: half of the SHA-256 of its name, then the revision.
pub(crate) fn subject_key(subject: &str, revision: u64) -> [u8; 24] {
    let mut key = [0; 24];
    let name = Digest::of(subject.as_bytes());
    let halves = name.as_bytes().iter().take(16).copied();
    let bytes = halves.chain(revision.to_be_bytes());
    key.iter_mut().zip(bytes).for_each(|(slot, byte)| *slot = byte);
    key
}

/// The records of a list, to be sorted when all are there.
#[derive(Debug, Default)]
pub(crate) struct Records<const KEY: usize>(Vec<([u8; KEY], u32)>);

/// What the manifest says of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct List {
    pub(crate) pages: Vec<Page>,
    /// The SHA-256 of all of its bytes.
    pub(crate) sha256: Digest,
}

impl Default for List {
    fn default() -> Self {
        Self { pages: Vec::new(), sha256: Digest::of(b"") }
    }
}

/// What the manifest says of a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Page {
    /// Its first key, in hexadecimal.
    pub(crate) from: String,
    /// The SHA-256 of its bytes.
    pub(crate) sha256: Digest,
}

impl<const KEY: usize> Records<KEY> {
    pub(crate) fn push(&mut self, key: [u8; KEY], line: u32) {
        self.0.push((key, line));
    }

    pub(crate) fn least_and_greatest(&self) -> Option<([u8; KEY], [u8; KEY])> {
        let keys = || self.0.iter().map(|(key, _)| *key);
        keys().min().zip(keys().max())
    }

    /// The bytes of the list, sorted, and what proves its pages.
    pub(crate) fn encode(mut self) -> (Vec<u8>, List) {
        self.0.sort_unstable();
        let mut bytes = Vec::with_capacity(self.0.len() * (KEY + LINE_BYTES));
        let mut pages = Vec::new();
        for records in self.0.chunks(PAGE_RECORDS) {
            let start = bytes.len();
            for (key, line) in records {
                bytes.extend_from_slice(key);
                bytes.extend_from_slice(&line.to_be_bytes());
            }
            let sha256 = Digest::of(bytes.get(start..).unwrap_or_default());
            let from = records.first().map(|(key, _)| hex(key)).unwrap_or_default();
            pages.push(Page { from, sha256 });
        }
        let sha256 = Digest::of(&bytes);
        (bytes, List { pages, sha256 })
    }
}

/// The bytes of a full page of a list with keys of this length.
pub(crate) const fn page_bytes(key: usize) -> usize {
    PAGE_RECORDS * (key + LINE_BYTES)
}

/// The last page that begins at or before a key: where it stands if it stands anywhere, or the
/// first page.
pub(crate) fn page_of(pages: &[Page], key: &[u8]) -> usize {
    let key = hex(key);
    pages.partition_point(|page| page.from <= key).saturating_sub(1)
}

/// The records of a page from a key on; none when its bytes are not those of a page.
pub(crate) fn from<'p>(
    page: &'p [u8],
    key: &'p [u8],
) -> impl Iterator<Item = (&'p [u8], u32)> + 'p {
    let records = page.chunks_exact(key.len() + LINE_BYTES);
    let split = |record: &'p [u8]| {
        let (found, line) = record.split_at_checked(key.len())?;
        Some((found, u32::from_be_bytes(line.try_into().ok()?)))
    };
    records.filter_map(split).filter(move |(found, _)| *found >= key)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_found_on_its_page_and_no_other_is() {
        let mut records = Records::<16>::default();
        let key = |at: u32| {
            let mut key = [7; 16];
            key[..4].copy_from_slice(&at.wrapping_mul(2_654_435_761).to_be_bytes());
            key
        };
        (0..1_000).for_each(|at| records.push(key(at), at));
        let (bytes, List { pages, .. }) = records.encode();
        assert_eq!(pages.len(), 4);
        let find = |sought: [u8; 16]| {
            let page = bytes.chunks(page_bytes(16)).nth(page_of(&pages, &sought)).unwrap();
            from(page, &sought).next().filter(|(found, _)| *found == sought).map(|(_, line)| line)
        };
        for at in 0..1_000 {
            assert_eq!(find(key(at)), Some(at));
        }
        for at in 1_000..2_000 {
            assert_eq!(find(key(at)), None);
        }
        assert_eq!((find([0; 16]), find([255; 16])), (None, None));
    }
}
