//! Epochs: the entries that open them, and whether checkpoints are of the right ones.

use super::evidence::Evidence;
use crate::bundle::Listed;
use crate::checkpoint::Checkpoint;
use crate::epoch::{Opening, split};
use crate::leaf::Leaf;

/// The entries that open epochs, in order of index.
pub(super) fn openings(entries: &[(Listed, Leaf)]) -> Vec<(u64, Opening)> {
    let opening = |(listed, leaf): &(Listed, Leaf)| {
        let opening = Opening::of(leaf)?;
        // One of the deployment's log stands in the log of a world.
        let (log, is_own) = (opening.log(), opening.log() == leaf.log);
        let is_before = opening.size <= listed.index || !is_own;
        (is_before && (is_own || log.ends_with("/deployment"))).then_some((listed.index, opening))
    };
    entries.iter().filter_map(opening).collect()
}

/// What keeps checkpoints from being of the epoch that the log was in: the size of each, and why.
pub(super) fn problems(evidence: &Evidence<'_>) -> Vec<(u64, &'static str)> {
    let head = &evidence.head.checkpoint;
    let (log, last) = split(head.origin());
    let own: Vec<&(u64, Opening)> =
        evidence.openings.iter().filter(|(_, opening)| opening.log() == log).collect();
    let mut before = 1;
    for (_, opening) in &own {
        // One that was lost with its entry is named by the note, and never given again.
        if opening.number != before.max(opening.known_epoch()).saturating_add(1) {
            return vec![(head.size(), "its epochs are not opened one after the other")];
        }
        before = opening.number;
    }
    // The entries are proved, so that all of them are under the head.
    let reached = |size| reached(evidence, size);
    if reached(head.size()) < last {
        return vec![(head.size(), "of an epoch that no entry here opens")];
    }
    if reached(head.size()) > last {
        return vec![(head.size(), "of an earlier epoch than an entry under it opens")];
    }
    let is_another = |other: &&Checkpoint| {
        let epoch = split(other.origin()).1;
        let is_later = other.size() > head.size() && epoch >= last;
        epoch != reached(other.size()) && !is_later
    };
    let others = evidence.others.iter().map(|other| &other.checkpoint).filter(is_another);
    others.map(|other| (other.size(), "not of the epoch that the log was in")).collect()
}

/// The epoch that the log was in at a size.
pub(super) fn reached(evidence: &Evidence<'_>, size: u64) -> u64 {
    let log = split(evidence.head.checkpoint.origin()).0;
    let own = evidence.openings.iter().filter(|(_, opening)| opening.log() == log);
    let mut before = own.filter(|(index, _)| *index < size);
    before.next_back().map_or(1, |(_, opening)| opening.number)
}
