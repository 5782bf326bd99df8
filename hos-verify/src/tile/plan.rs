use std::collections::BTreeSet;
use std::convert::Infallible;

use super::{TILE_HEIGHT, TILE_WIDTH, Tile, TileError};
use crate::merkle::{HASH_BYTES, Hash, MerkleError};

/// Which tiles a proof or a root reads, before anything is read.
///
/// ```
/// use hos_verify::tile::Plan;
///
/// let plan = Plan::new(70_000).inclusion(69_999)?;
/// let paths: Vec<_> = plan.tiles().map(|tile| tile.to_string()).collect();
/// assert_eq!(paths, ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"]);
/// # Ok::<(), hos_verify::merkle::MerkleError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Plan {
    size: u64,
    tiles: BTreeSet<(u8, u64)>,
}

impl Plan {
    /// A plan for proofs in the tree of the first `size` entries.
    #[must_use]
    pub const fn new(size: u64) -> Self {
        Self { size, tiles: BTreeSet::new() }
    }

    /// Adds what [`inclusion_proof`](super::inclusion_proof) reads.
    ///
    /// # Errors
    ///
    /// [`MerkleError::IndexOutOfRange`].
    pub fn inclusion(mut self, index: u64) -> Result<Self, MerkleError> {
        done(&super::inclusion_proof(self.size, index, |level, at| self.note(level, at)))?;
        Ok(self)
    }

    /// Adds what [`consistency_proof`](super::consistency_proof) reads to lead here from
    /// `old_size`.
    ///
    /// # Errors
    ///
    /// [`MerkleError::SizesOutOfOrder`].
    pub fn consistency(mut self, old_size: u64) -> Result<Self, MerkleError> {
        done(&super::consistency_proof(old_size, self.size, |level, at| self.note(level, at)))?;
        Ok(self)
    }

    /// Adds what [`range_proof`](super::range_proof) reads.
    ///
    /// # Errors
    ///
    /// [`MerkleError::IndexOutOfRange`].
    pub fn range(mut self, from: u64, to: u64) -> Result<Self, MerkleError> {
        done(&super::range_proof(self.size, from, to, |level, at| self.note(level, at)))?;
        Ok(self)
    }

    /// Adds what [`root`](super::root) reads.
    #[must_use]
    pub fn root(mut self) -> Self {
        // OK because noting a tile cannot fail, and every size has a root.
        let _noted = super::root(self.size, |level, at| self.note(level, at));
        self
    }

    /// The tiles in order, each with the width that it has in a tree of this size.
    pub fn tiles(&self) -> impl Iterator<Item = Tile> {
        self.tiles.iter().map(|&(level, place)| {
            let kept = self.size >> (u32::from(level) * TILE_HEIGHT);
            let width = kept.saturating_sub(place.saturating_mul(WIDTH)).min(WIDTH);
            // OK because a width is at most 256.
            Tile { level, place, width: u16::try_from(width).unwrap_or(256) }
        })
    }

    fn note(&mut self, level: u8, index: u64) -> Result<Hash, Infallible> {
        self.tiles.insert((level, index / WIDTH));
        Ok([0; HASH_BYTES])
    }
}

/// [`TILE_WIDTH`] as places are counted.
const WIDTH: u64 = 256;
const _: () = assert!(TILE_WIDTH == 256);

fn done(made: &Result<Vec<Hash>, TileError<Infallible>>) -> Result<(), MerkleError> {
    match made {
        Err(TileError::Tree(error)) => Err(*error),
        _ => Ok(()),
    }
}
