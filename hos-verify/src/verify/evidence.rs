use std::collections::BTreeMap;

use crate::bundle::{Bundle, Listed};
use crate::checkpoint::Checkpoint;
use crate::epoch::Opening;
use crate::leaf::{EntryId, Leaf};
use crate::note::SignedNote;

/// What a bundle holds once nothing in it contradicts the rest.
#[derive(Debug)]
pub(super) struct Evidence<'a> {
    pub(super) bundle: &'a Bundle<'a>,
    /// What all proofs lead to.
    pub(super) head: Signed,
    /// Other checkpoints of the log, each proved consistent with the head.
    pub(super) others: Vec<Signed>,
    /// The deployment's checkpoint over the head.
    pub(super) anchor: Option<Signed>,
    /// In order of index.
    pub(super) entries: Vec<(Listed, Leaf)>,
    /// Where an entry stands in `entries`.
    pub(super) places: BTreeMap<EntryId, usize>,
    /// The entries that open epochs, of this log or of the deployment's, each with its index.
    pub(super) openings: Vec<(u64, Opening)>,
    /// How many parts are opened.
    pub(super) opened: usize,
}

/// A checkpoint and the note that it was read from, as it is written.
#[derive(Debug)]
pub(super) struct Signed {
    pub(super) written: String,
    pub(super) note: SignedNote,
    pub(super) checkpoint: Checkpoint,
}

impl Evidence<'_> {
    pub(super) fn entry(&self, id: EntryId) -> Option<&(Listed, Leaf)> {
        self.places.get(&id).and_then(|at| self.entries.get(*at))
    }
}

impl Signed {
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let note = SignedNote::parse(bytes).ok()?;
        let checkpoint = Checkpoint::parse(note.text()).ok()?;
        Some(Self::new(note, checkpoint))
    }

    pub(super) fn new(note: SignedNote, checkpoint: Checkpoint) -> Self {
        Self { written: note.to_string(), note, checkpoint }
    }
}
