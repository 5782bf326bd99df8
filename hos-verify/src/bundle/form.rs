use std::fmt;

use crate::merkle::{Hash, PROOF_HASHES_MAX, RANGE_HASHES_MAX};
use crate::text::{base64, decimal, hash};

use super::ENTRIES_MAX;

/// `range/<from>-<to>.range`: leaf hashes, the hashes around them, and the checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RangeFile {
    pub(crate) from: u64,
    pub(crate) leaves: Vec<Hash>,
    pub(crate) around: Vec<Hash>,
    pub(crate) checkpoint: String,
}

impl RangeFile {
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let (head, rest) = text.split_once('\n')?;
        let (from, count) = head.strip_prefix(RANGE)?.split_once(' ')?;
        let (from, count) = (decimal(from)?, usize::try_from(decimal(count)?).ok()?);
        let (leaves, rest) = rest.split_once("\n\n")?;
        // An empty list of hashes is an empty line, which ends one newline earlier.
        let (around, checkpoint) = match rest.strip_prefix('\n') {
            Some(checkpoint) => ("", checkpoint),
            None => rest.split_once("\n\n")?,
        };
        let leaves = hashes(leaves, ENTRIES_MAX)?;
        let around = hashes(around, RANGE_HASHES_MAX)?;
        let is_whole = leaves.len() == count && from.checked_add(decimal_of(count)).is_some();
        let file = Self { from, leaves, around, checkpoint: checkpoint.to_owned() };
        is_whole.then_some(file)
    }
}

impl fmt::Display for RangeFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{RANGE}{} {}", self.from, self.leaves.len())?;
        write_hashes(formatter, &self.leaves)?;
        writeln!(formatter)?;
        write_hashes(formatter, &self.around)?;
        write!(formatter, "\n{}", self.checkpoint)
    }
}

/// `log/<old>-<new>.consistency`: that one checkpoint grew into the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConsistencyFile {
    pub(crate) old: u64,
    pub(crate) new: u64,
    pub(crate) hashes: Vec<Hash>,
}

impl ConsistencyFile {
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let (head, rest) = text.split_once('\n')?;
        let (old, new) = head.strip_prefix(CONSISTENCY)?.split_once(' ')?;
        let (old, new) = (decimal(old)?, decimal(new)?);
        let lines = if rest.is_empty() { rest } else { rest.strip_suffix('\n')? };
        Some(Self { old, new, hashes: hashes(lines, PROOF_HASHES_MAX)? })
    }
}

impl fmt::Display for ConsistencyFile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{CONSISTENCY}{} {}", self.old, self.new)?;
        write_hashes(formatter, &self.hashes)
    }
}

const RANGE: &str = "hosproof-range/1 ";
const CONSISTENCY: &str = "hosproof-consistency/1 ";

fn hashes(lines: &str, count_max: usize) -> Option<Vec<Hash>> {
    if lines.is_empty() {
        return Some(Vec::new());
    }
    // One more line than may be is enough to see that there are too many.
    let hashes: Vec<Hash> =
        lines.split('\n').take(count_max + 1).map(hash).collect::<Option<_>>()?;
    (hashes.len() <= count_max).then_some(hashes)
}

fn write_hashes(formatter: &mut fmt::Formatter<'_>, hashes: &[Hash]) -> fmt::Result {
    hashes.iter().try_for_each(|hash| writeln!(formatter, "{}", base64(hash)))
}

fn decimal_of(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
