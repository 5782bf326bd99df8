//! Parts as lines: what stands beside the leaves, as it was stored.

use hos_core::digest::Digest;
use hos_core::proof::Part;
use hos_core::time::ProofId;
use serde::{Deserialize, Serialize};

/// The longest line of a part, in bytes.
pub const PART_LINE_BYTES_MAX: usize = 4 * 1_024 * 1_024;

/// A line: canonical JSON, the keys in their order.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    body: String,
    entry: ProofId,
    name: String,
    salt: Digest,
}

/// Which entry erased a part whose row is what [`Part::erased`] leaves, and holds nothing else.
pub(crate) fn erased_by(part: &Part) -> Option<ProofId> {
    let by = part.body.get(1..).and_then(ProofId::parse)?;
    (*part == Part::erased(&part.name, by)).then_some(by)
}

/// A part as its line; none when it is longer than a line may be.
pub(crate) fn encode(entry: ProofId, part: &Part) -> Option<Vec<u8>> {
    let line = Line {
        body: part.body.clone(),
        entry,
        name: part.name.clone(),
        salt: Digest::from_bytes(part.salt),
    };
    serde_json::to_vec(&line).ok().filter(|line| line.len() <= PART_LINE_BYTES_MAX)
}

/// Reads a line; none for any other bytes, such as another spelling of the same part.
pub(crate) fn parse(bytes: &[u8]) -> Option<(ProofId, Part)> {
    let line: Line = serde_json::from_slice(bytes).ok()?;
    if serde_json::to_vec(&line).ok()? != bytes {
        return None;
    }
    let Line { body, entry, name, salt } = line;
    Some((entry, Part { name, salt: *salt.as_bytes(), body }))
}
