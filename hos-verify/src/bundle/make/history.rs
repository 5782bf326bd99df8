use std::fmt::Write as _;

use super::{Draft, DraftEntry};
use crate::checkpoint::Checkpoint;
use crate::leaf::Leaf;
use crate::note::{SignedNote, VerifierKey};
use crate::verify::KEY_TYPE;

/// Which keys signed which notes of the bundle, in order of size, and which keys its entries
/// announce. What signed is not held to any key here: whoever has the trust file does that.
pub(super) fn history(draft: &Draft, leaves: &[(&DraftEntry, Leaf)]) -> String {
    let mut signed: Vec<(SignedNote, Checkpoint)> =
        draft.others.iter().chain([&draft.checkpoint]).filter_map(|note| read(note)).collect();
    signed.sort_by_key(|(_, checkpoint)| checkpoint.size());
    signed.extend(draft.anchor.as_ref().and_then(|anchor| read(&anchor.checkpoint)));
    let mut history = String::new();
    for (note, checkpoint) in &signed {
        for signature in note.signatures() {
            let (key, origin, size) = (signature.signer(), checkpoint.origin(), checkpoint.size());
            // OK because writing to a string cannot fail, here and below.
            let _infallible = writeln!(history, "{key} signed {origin} at size {size}");
        }
    }
    for (entry, leaf) in leaves.iter().filter(|(_, leaf)| leaf.type_ == KEY_TYPE) {
        let key = leaf.value.get("key").and_then(|key| VerifierKey::parse(key.as_str()?).ok());
        if let Some(key) = key {
            let index = entry.index;
            let _infallible = writeln!(history, "{key} announced by the entry at index {index}");
        }
    }
    history
}

fn read(note: &str) -> Option<(SignedNote, Checkpoint)> {
    let note = SignedNote::parse(note.as_bytes()).ok()?;
    let checkpoint = Checkpoint::parse(note.text()).ok()?;
    Some((note, checkpoint))
}
