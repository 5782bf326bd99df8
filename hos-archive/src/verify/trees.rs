//! Every checkpoint of an archive is held to the leaves that it is over, and to every other one.

use hos_verify::checkpoint::Checkpoint;
use hos_verify::epoch::{join, split};
use hos_verify::merkle::{Frontier, Hash};

use super::Walk;
use crate::check::SegmentCheck;
use crate::finding::{Fault, Finding};
use crate::manifest::Manifest;

/// A tree that a checkpoint in the archive is over, and the segment that stands under it.
#[derive(Clone, Copy)]
pub(super) struct Tree {
    pub(super) root: Hash,
    pub(super) segment: (u64, u64),
}

impl Walk<'_> {
    /// Keeps the tree that a segment stands in until its last leaf comes by.
    pub(super) fn remember(&mut self, manifest: &Manifest) {
        let ((size, root), segment) = (manifest.tree(), manifest.range());
        let tree = *self.trees.entry((size, manifest.epoch())).or_insert(Tree { root, segment });
        if tree.root != root {
            self.fork((size, manifest.epoch()), Tree { root, segment });
        }
        if let Some((_, anchor)) = manifest.anchored() {
            let at = (anchor.size(), split(anchor.origin()).1);
            if *self.anchors.entry(at).or_insert(*anchor.root()) != *anchor.root() {
                self.forks.push((segment, anchor.clone()));
            }
        }
    }

    pub(super) fn fork(&mut self, (size, epoch): (u64, u64), tree: Tree) {
        let origin = join(&self.expectation.origin, epoch);
        let checkpoint = Checkpoint::new(&origin, size, tree.root);
        self.forks.extend(checkpoint.ok().map(|checkpoint| (tree.segment, checkpoint)));
    }

    /// Holds the trees that end within a segment to its leaves.
    pub(super) fn meet_trees(
        &mut self,
        tiles: &Frontier,
        check: &SegmentCheck,
    ) -> Result<(), Fault> {
        let (first, end) = check.manifest().range();
        let later = self.trees.split_off(&(end + 1, 0));
        let met = std::mem::replace(&mut self.trees, later);
        let mut frontier = leaves_of(tiles, first)?;
        let mut hashes = check.leaf_hashes().iter();
        for ((size, epoch), tree) in met {
            while frontier.size() < size {
                let Some(hash) = hashes.next() else { break };
                frontier.push(*hash).map_err(|_| Fault::Tree)?;
            }
            if frontier.size() != size {
                // It ended before the first leaf that is here.
            } else if frontier.root() != tree.root {
                self.fork((size, epoch), tree);
            } else if self.is_whole && epoch > self.epoch_at(size, check) {
                let segment = Some(tree.segment);
                self.report.add(Finding { segment, index: None, kind: Fault::Epoch });
            }
        }
        Ok(())
    }

    /// The epoch that the log was in at a size.
    pub(super) fn epoch_at(&self, size: u64, check: &SegmentCheck) -> u64 {
        let openings = self.report.openings.iter().chain(check.openings());
        let under = openings
            .filter(|(index, opening)| *index < size && opening.log() == self.expectation.origin);
        under.map(|(_, opening)| opening.number).fold(1, u64::max)
    }

    pub(super) fn meet(
        tiles: &Frontier,
        check: &SegmentCheck,
        first: u64,
        size: u64,
        root: &Hash,
    ) -> Result<(), Fault> {
        let mut frontier = leaves_of(tiles, first)?;
        let count = usize::try_from(size - first).unwrap_or(usize::MAX);
        for hash in check.leaf_hashes().iter().take(count) {
            frontier.push(*hash).map_err(|_| Fault::Tree)?;
        }
        if frontier.root() == *root { Ok(()) } else { Err(Fault::Contradiction) }
    }
}

/// The right edge in leaves: the peaks of so many tiles are those of so many leaves.
fn leaves_of(tiles: &Frontier, first: u64) -> Result<Frontier, Fault> {
    Frontier::from_parts(first, tiles.peaks().to_vec()).map_err(|_| Fault::Tree)
}
