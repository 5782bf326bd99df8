//! How a log's tiles grow: which are to be written next, and what is in them.

use std::ops::Range;

use super::{Span, Tile};
use crate::merkle::{Hash, root_of};

/// The height of a tile.
const HEIGHT: u32 = 8;
/// How many tiles of level 0 are written at once.
const CHUNK: u64 = 16;

/// Tiles that are to be written together: some of level 0, and those above that they complete.
///
/// INVARIANT: none is written across the end of a tile of the next level, so that each level above
/// grows by one tile at most, and a log's tiles of level 0 tell how many there are above them.
#[derive(Debug)]
pub(crate) struct Growth {
    tiles: Vec<Tile>,
    /// The level of the topmost ones.
    level: u8,
    /// Their places.
    places: Range<u64>,
}

impl Growth {
    /// The leaves that the next tiles are made of, one span for each; none where all are written.
    pub(crate) fn leaves(written: u64, size: u64) -> Vec<Span> {
        let whole = size >> HEIGHT;
        let boundary = ((written >> HEIGHT) + 1) << HEIGHT;
        let end = whole.min(boundary).min(written.saturating_add(CHUNK));
        let span = |place: u64| Span::Edge { level: 0, first: place << HEIGHT, count: 1 << HEIGHT };
        (written..end).map(span).collect()
    }

    /// The tiles over these leaves.
    pub(crate) fn new(written: u64, leaves: Vec<Vec<Hash>>) -> Self {
        let end = written + u64::try_from(leaves.len()).unwrap_or(0);
        let tiles = (written..end).zip(leaves).map(|(place, hashes)| tile(0, place, hashes));
        Self { tiles: tiles.collect(), level: 0, places: written..end }
    }

    /// The hashes that the tile above begins with, where these tiles complete one.
    pub(crate) fn wants(&self) -> Option<Span> {
        let Range { start, end } = self.places;
        if self.places.is_empty() || end.trailing_zeros() < HEIGHT {
            return None;
        }
        let first = end - (1 << HEIGHT);
        let count = u16::try_from(start - first).unwrap_or(u16::MAX);
        Some(Span::Edge { level: self.level + 1, first, count })
    }

    /// Adds the tile above, which begins with these hashes.
    pub(crate) fn complete(&mut self, mut hashes: Vec<Hash>) {
        let topmost = self.tiles.iter().filter(|tile| tile.level == self.level);
        hashes.extend(topmost.map(|tile| tile.root));
        let place = (self.places.end >> HEIGHT).saturating_sub(1);
        self.level += 1;
        self.places = place..place + 1;
        self.tiles.push(tile(self.level, place, hashes));
    }

    /// The tiles, those of level 0 first.
    pub(crate) fn tiles(&self) -> &[Tile] {
        &self.tiles
    }

    /// How many tiles of level 0 are written once these are.
    pub(crate) fn written(&self) -> u64 {
        let places = self.tiles.iter().filter(|tile| tile.level == 0).map(|tile| tile.place);
        places.max().map_or(0, |last| last + 1)
    }
}

fn tile(level: u8, place: u64, hashes: Vec<Hash>) -> Tile {
    Tile { level, place, root: root_of(hashes.iter().copied()), hashes }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use hos_verify::tile;

    use super::super::{SPANS_MAX, TILE_HASHES, TILES_WRITTEN_MAX};
    use super::*;
    use crate::merkle::leaf_hash;

    type Tiles = BTreeMap<(u8, u64), Tile>;

    fn read(leaves: &[Hash], tiles: &Tiles, span: Span) -> Vec<Hash> {
        match span {
            Span::Tile { level, place } => tiles[&(level, place)].hashes.clone(),
            Span::Edge { level: 0, first, count } => {
                let first = usize::try_from(first).unwrap();
                leaves[first..first + usize::from(count)].to_vec()
            }
            Span::Edge { level, first, count } => {
                (first..first + u64::from(count)).map(|at| tiles[&(level - 1, at)].root).collect()
            }
        }
    }

    fn grown(leaves: &[Hash]) -> Tiles {
        let (size, mut tiles, mut written) = (leaves.len().try_into().unwrap(), Tiles::new(), 0);
        loop {
            let spans = Growth::leaves(written, size);
            assert!(spans.len() <= SPANS_MAX);
            if spans.is_empty() {
                return tiles;
            }
            let read_all = spans.into_iter().map(|span| read(leaves, &tiles, span)).collect();
            let mut growth = Growth::new(written, read_all);
            while let Some(span) = growth.wants() {
                growth.complete(read(leaves, &tiles, span));
            }
            assert!(growth.tiles().len() <= TILES_WRITTEN_MAX);
            assert!(growth.written() > written);
            written = growth.written();
            for tile in growth.tiles {
                assert_eq!(tile.hashes.len(), TILE_HASHES);
                assert!(tiles.insert((tile.level, tile.place), tile).is_none());
            }
        }
    }

    #[test]
    fn the_tiles_of_three_levels_have_the_root_of_the_leaves() {
        let size = 2 * 65_536 + 3 * 256 + 77;
        let leaves: Vec<Hash> = (0..size).map(|n: u64| leaf_hash(&n.to_be_bytes())).collect();
        let tiles = grown(&leaves);
        let of_level = |level| tiles.keys().filter(|key| key.0 == level).count();
        assert_eq!([of_level(0), of_level(1), of_level(2)], [515, 2, 0]);
        for size in [255, 256, 65_535, 65_536, 65_537, size] {
            let hash = |level: u8, index: u64| {
                let span = Span::Edge { level, first: index, count: 1 };
                Ok::<Hash, std::convert::Infallible>(read(&leaves, &tiles, span)[0])
            };
            let expected = root_of(leaves[..usize::try_from(size).unwrap()].iter().copied());
            assert_eq!(tile::root(size, hash).unwrap(), expected, "{size}");
        }
    }
}
