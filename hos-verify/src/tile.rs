//! Tiles (C2SP `tlog-tiles`, height 8): proofs from stored hashes, for a log of any size.
//!
//! A log keeps the leaf hashes, and above them only every eighth level of the tree: the hash at
//! `(level, index)` is the root over the 256^level leaves from `index` x 256^level on, and exists
//! once these leaves do. What a proof needs between two kept levels is hashed anew from at most
//! 128 hashes. The functions ask for single hashes; [`Plan`] tells beforehand which tiles hold
//! them, so that a store is asked once for each tile.

mod path;
mod plan;

use std::error::Error;
use std::fmt;

use crate::merkle::{Hash, MerkleError, empty_root, root_of};

pub use path::{Tile, TilePathError};
pub use plan::Plan;

/// How many levels of the tree one level of tiles spans.
pub const TILE_HEIGHT: u32 = 8;
/// How many hashes a full tile holds.
pub const TILE_WIDTH: usize = 256;
/// The highest level of tiles: above it no log of 2^64 entries has a full subtree.
pub const TILE_LEVEL_MAX: u8 = 7;

/// Proves that the entry at `index` is in the tree of the first `size` entries, as
/// [`merkle::inclusion_proof`](crate::merkle::inclusion_proof) does from all leaf hashes.
///
/// `read` answers the hash at a level of tiles and an index on that level.
///
/// ```
/// use hos_verify::merkle::{leaf_hash, root_of, verify_inclusion};
/// use hos_verify::tile;
///
/// let leaves = [leaf_hash(b"a"), leaf_hash(b"b"), leaf_hash(b"c")];
/// let read = |_level, index| usize::try_from(index).map(|index| leaves[index]);
/// let proof = tile::inclusion_proof(3, 1, read)?;
/// verify_inclusion(&root_of(leaves), 3, 1, &leaf_hash(b"b"), &proof)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`TileError::Tree`] if there is no such entry, and what `read` fails with.
pub fn inclusion_proof<E>(
    size: u64,
    index: u64,
    mut read: impl FnMut(u8, u64) -> Result<Hash, E>,
) -> Result<Vec<Hash>, TileError<E>> {
    if index >= size {
        return Err(TileError::Tree(MerkleError::IndexOutOfRange { index, size }));
    }
    let mut proof = Vec::new();
    let mut subtree = Subtree { start: 0, end: size };
    while let Some((left, right)) = subtree.halves() {
        let (sibling, next) = if index < left.end { (right, left) } else { (left, right) };
        proof.push(sibling.root(&mut read)?);
        subtree = next;
    }
    proof.reverse();
    Ok(proof)
}

/// Proves that the tree of the first `old_size` entries is a prefix of that of the first
/// `new_size`, as [`merkle::consistency_proof`](crate::merkle::consistency_proof) does.
///
/// # Errors
///
/// [`TileError::Tree`] if the old tree is the larger one, and what `read` fails with.
pub fn consistency_proof<E>(
    old_size: u64,
    new_size: u64,
    mut read: impl FnMut(u8, u64) -> Result<Hash, E>,
) -> Result<Vec<Hash>, TileError<E>> {
    if old_size > new_size {
        return Err(TileError::Tree(MerkleError::SizesOutOfOrder { old_size, new_size }));
    }
    if old_size == 0 {
        return Ok(Vec::new());
    }
    let mut proof = Vec::new();
    let mut subtree = Subtree { start: 0, end: new_size };
    while old_size < subtree.end
        && let Some((left, right)) = subtree.halves()
    {
        let (sibling, next) = if old_size <= left.end { (right, left) } else { (left, right) };
        proof.push(sibling.root(&mut read)?);
        subtree = next;
    }
    // The verifier knows this subtree's root only where the subtree is the whole old tree.
    if subtree.start > 0 {
        proof.push(subtree.root(&mut read)?);
    }
    proof.reverse();
    Ok(proof)
}

/// Proves where the leaf hashes from `from` to before `to` stand, for
/// [`merkle::verify_range`](crate::merkle::verify_range).
///
/// # Errors
///
/// [`TileError::Tree`] if the range is empty or ends behind the tree, and what `read` fails with.
pub fn range_proof<E>(
    size: u64,
    from: u64,
    to: u64,
    mut read: impl FnMut(u8, u64) -> Result<Hash, E>,
) -> Result<Vec<Hash>, TileError<E>> {
    if from >= to || to > size {
        return Err(TileError::Tree(MerkleError::IndexOutOfRange { index: to, size }));
    }
    let mut proof = Vec::new();
    let mut open = vec![Subtree { start: 0, end: size }];
    while let Some(subtree) = open.pop() {
        if subtree.end <= from || to <= subtree.start {
            proof.push(subtree.root(&mut read)?);
        } else if let Some((left, right)) = subtree.halves()
            && (subtree.start < from || to < subtree.end)
        {
            open.extend([right, left]);
        }
    }
    Ok(proof)
}

/// The root of the tree of the first `size` entries.
///
/// # Errors
///
/// What `read` fails with.
pub fn root<E>(
    size: u64,
    mut read: impl FnMut(u8, u64) -> Result<Hash, E>,
) -> Result<Hash, TileError<E>> {
    Subtree { start: 0, end: size }.root(&mut read)
}

/// The leaves from `start` to before `end`, where these make one node of some tree.
#[derive(Clone, Copy, Debug)]
struct Subtree {
    start: u64,
    end: u64,
}

impl Subtree {
    /// Both children of a node of two leaves or more (RFC 9162 section 2.1.1).
    fn halves(self) -> Option<(Self, Self)> {
        let height = (self.end - self.start).checked_sub(1)?.checked_ilog2()?;
        let middle = self.start + (1 << height);
        Some((Self { start: self.start, end: middle }, Self { start: middle, end: self.end }))
    }

    fn root<E>(
        self,
        read: &mut impl FnMut(u8, u64) -> Result<Hash, E>,
    ) -> Result<Hash, TileError<E>> {
        if self.start == self.end {
            return Ok(empty_root());
        }
        // The perfect subtrees from left to right; each is hashed from the highest kept level.
        let mut peaks = Vec::new();
        let mut start = self.start;
        while start < self.end {
            let height = (self.end - start).ilog2();
            peaks.push(perfect(start, height, read)?);
            start = start.saturating_add(1 << height);
        }
        let joined =
            peaks.into_iter().rev().reduce(|right, left| crate::merkle::node_hash(&left, &right));
        Ok(joined.unwrap_or_else(empty_root))
    }
}

/// The root over the 2^height leaves from `start` on, which is a multiple of 2^height.
fn perfect<E>(
    start: u64,
    height: u32,
    read: &mut impl FnMut(u8, u64) -> Result<Hash, E>,
) -> Result<Hash, TileError<E>> {
    let level = height / TILE_HEIGHT;
    let first = start >> (level * TILE_HEIGHT);
    // OK because a height is below 64, so a level is at most seven.
    let level = u8::try_from(level).unwrap_or(TILE_LEVEL_MAX);
    let width = 1_u64 << (height % TILE_HEIGHT);
    let hashes = (first..first + width).map(|index| read(level, index));
    Ok(root_of(hashes.collect::<Result<Vec<_>, _>>().map_err(TileError::Read)?))
}

/// Why a proof could not be made from tiles; complete, because either the tree has no such proof or
/// a hash of it is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TileError<E> {
    /// The tree has no such proof.
    Tree(MerkleError),
    /// A stored hash could not be read.
    Read(E),
}

impl<E: fmt::Display> fmt::Display for TileError<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tree(error) => fmt::Display::fmt(error, formatter),
            Self::Read(error) => write!(formatter, "a stored hash cannot be read: {error}"),
        }
    }
}

impl<E: Error> Error for TileError<E> {}
