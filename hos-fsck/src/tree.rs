//! The tree over a log's entries, as they come: its tiles, its roots, its head.

use hos_core::merkle::{Frontier, Hash};
use hos_core::seal::TILE_HASHES;
use hos_core::store::ScopeRow;

use crate::report::{FindingCode, Findings};
use crate::scope::Whose;

/// A whole tile as the entries make it.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) level: u8,
    pub(crate) place: u64,
    pub(crate) root: Hash,
    pub(crate) hashes: Vec<Hash>,
}

/// The tree over a log's entries.
///
/// INVARIANT: each level holds the hashes of its last tile that is not whole, so that the peaks of
/// all levels, from the highest on, are those of the tree.
#[derive(Debug)]
pub(crate) struct Tree {
    next: u64,
    /// Whether no entry was missing so far: there is no root without it.
    is_whole: bool,
    levels: Vec<Level>,
}

#[derive(Debug, Default)]
struct Level {
    hashes: Vec<Hash>,
    frontier: Frontier,
}

impl Tree {
    pub(crate) fn new() -> Self {
        Self { next: 0, is_whole: true, levels: Vec::new() }
    }

    pub(crate) fn size(&self) -> u64 {
        self.next
    }

    /// The root; none once an entry was missing.
    pub(crate) fn root(&self) -> Option<Hash> {
        Some(self.frontier()?.root())
    }

    /// Takes in the entry at an index, and says which tiles it completes.
    pub(crate) fn push(
        &mut self,
        whose: Whose<'_>,
        (index, hash): (u64, Hash),
        made: &mut Vec<Made>,
        findings: &mut Findings,
    ) {
        if index != self.next {
            missing(whose, self.next, index, findings);
            self.is_whole = false;
        }
        self.next = index.saturating_add(1);
        let (mut place, mut hash) = (index, hash);
        for number in 0_u8.. {
            let at = usize::from(number);
            if self.levels.len() == at {
                self.levels.push(Level::default());
            }
            let level = self.levels.get_mut(at);
            let Some(root) = level.and_then(|level| level.push(place, hash)) else { return };
            place /= WIDTH;
            made.push(Made { level: number, place, root: root.0, hashes: root.1 });
            hash = root.0;
        }
    }

    /// Compares the whole with the head.
    pub(crate) fn compare(&self, whose: Whose<'_>, row: &ScopeRow, findings: &mut Findings) {
        if self.next < row.size {
            missing(whose, self.next, row.size, findings);
        }
        if self.next > row.size {
            let message =
                format!("the head tells of {} entries, there are {}", row.size, self.next);
            let finding = whose.finding(FindingCode::EntriesBeyondHead, message);
            findings.add(finding.at(row.size));
        }
        let head = match Frontier::from_bytes(row.size, &row.frontier) {
            Ok(head) => head,
            Err(error) => {
                findings.add(whose.finding(FindingCode::HeadUnreadable, error.to_string()));
                return;
            }
        };
        let made = self.frontier().filter(|made| made.size() == head.size());
        if let Some((from, until)) = made.and_then(|made| first_difference(&made, &head)) {
            let message = format!(
                "an entry from index {from} to {} is not the one that the head was made of",
                until.saturating_sub(1)
            );
            findings.add(whose.finding(FindingCode::RootDiffers, message).at(from));
        }
    }

    fn frontier(&self) -> Option<Frontier> {
        let levels = self.levels.iter().rev();
        let peaks = levels.flat_map(|level| level.frontier.peaks()).copied().collect();
        // OK because the peaks of a whole tree are as many as its size has bits.
        self.is_whole.then(|| Frontier::from_parts(self.next, peaks).ok()).flatten()
    }
}

/// How many hashes a tile has.
const WIDTH: u64 = 256;

impl Level {
    /// Takes in the hash at a place of the level; answers the tile that it completes.
    fn push(&mut self, place: u64, hash: Hash) -> Option<(Hash, Vec<Hash>)> {
        let within = usize::try_from(place % WIDTH).unwrap_or(0);
        if within == 0 {
            *self = Self::default();
        }
        // After a gap the next whole tile is waited for.
        if self.hashes.len() != within || self.frontier.push(hash).is_err() {
            return None;
        }
        self.hashes.push(hash);
        if self.hashes.len() < TILE_HASHES {
            return None;
        }
        let tile = std::mem::take(self);
        Some((tile.frontier.root(), tile.hashes))
    }
}

fn missing(whose: Whose<'_>, from: u64, until: u64, findings: &mut Findings) {
    let message = match until.saturating_sub(from) {
        1 => "the entry is missing".to_owned(),
        count => format!("{count} entries are missing, from here to index {}", until - 1),
    };
    findings.add(whose.finding(FindingCode::EntriesMissing, message).at(from));
}

/// The leaves under the first peak that is not the same.
fn first_difference(made: &Frontier, head: &Frontier) -> Option<(u64, u64)> {
    let (mut from, mut left) = (0, made.size());
    for (one, other) in made.peaks().iter().zip(head.peaks()) {
        let leaves = left.checked_ilog2().map_or(0, |power| 1_u64 << power);
        if one != other {
            return Some((from, from + leaves));
        }
        from += leaves;
        left -= leaves;
    }
    None
}

#[cfg(test)]
mod tests {
    use hos_core::merkle::{leaf_hash, root_of};

    use super::*;

    #[test]
    fn the_peaks_of_all_levels_are_those_of_the_tree() {
        let leaves: Vec<Hash> = (0..66_000_u32).map(|n| leaf_hash(&n.to_be_bytes())).collect();
        let (mut tree, mut made, mut findings) = (Tree::new(), Vec::new(), Findings::default());
        for (index, hash) in (0..).zip(&leaves) {
            tree.push(Whose::Deployment, (index, *hash), &mut made, &mut findings);
            if [1, 255, 256, 257, 65_535, 65_536, 65_537, 66_000].contains(&tree.size()) {
                let so_far = usize::try_from(tree.size()).unwrap();
                assert_eq!(tree.root(), Some(root_of(leaves[..so_far].iter().copied())));
            }
        }
        assert_eq!(made.iter().filter(|tile| tile.level == 0).count(), 257);
        assert_eq!(made.iter().filter(|tile| tile.level == 1).count(), 1);
        assert_eq!(findings.total, 0);
    }

    #[test]
    fn after_a_gap_there_is_no_root_and_there_are_tiles() {
        let (mut tree, mut made, mut findings) = (Tree::new(), Vec::new(), Findings::default());
        for index in (0..10).chain(11..512) {
            tree.push(Whose::Deployment, (index, [0; 32]), &mut made, &mut findings);
        }
        assert_eq!(tree.root(), None);
        let places: Vec<_> = made.iter().map(|tile| (tile.level, tile.place)).collect();
        assert_eq!(places, [(0, 1)]);
        assert_eq!(findings.total, 1);
    }
}
