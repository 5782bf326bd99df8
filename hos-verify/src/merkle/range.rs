use super::{Hash, MerkleError, count, node_hash};

/// The most hashes that a range proof may hold: two for each level of a tree of 2^64 leaves.
pub const RANGE_HASHES_MAX: usize = 128;

/// Checks that these leaf hashes stand in the tree of this root one after the other, the first of
/// them at index `from`: between them nothing is left out.
///
/// The proof holds the roots of the largest subtrees outside the range, from left to right, as
/// [`tile::range_proof`](crate::tile::range_proof) makes them.
///
/// # Errors
///
/// [`MerkleError::ProofTooLong`] above [`RANGE_HASHES_MAX`] hashes,
/// [`MerkleError::IndexOutOfRange`] if the range is empty or ends behind the tree,
/// [`MerkleError::ProofLength`] if the range needs more or fewer hashes, and
/// [`MerkleError::RootMismatch`] if the hashes lead to another root.
pub fn verify_range(
    root: &Hash,
    size: u64,
    from: u64,
    leaf_hashes: &[Hash],
    proof: &[Hash],
) -> Result<(), MerkleError> {
    if proof.len() > RANGE_HASHES_MAX {
        return Err(MerkleError::ProofTooLong { hashes: proof.len() });
    }
    let to = from.checked_add(count(leaf_hashes.len()));
    let Some(to) = to.filter(|to| *to <= size && !leaf_hashes.is_empty()) else {
        return Err(MerkleError::IndexOutOfRange { index: from, size });
    };
    let mut hashes = Hashes { from, to, inside: leaf_hashes.iter(), outside: proof.iter() };
    let reached = hashes.node(0, size)?;
    if hashes.outside.next().is_some() {
        return Err(MerkleError::ProofLength);
    }
    if reached != *root {
        return Err(MerkleError::RootMismatch);
    }
    Ok(())
}

/// What is left of the hashes while the tree is walked from left to right.
struct Hashes<'a> {
    from: u64,
    to: u64,
    inside: std::slice::Iter<'a, Hash>,
    outside: std::slice::Iter<'a, Hash>,
}

impl Hashes<'_> {
    /// The root over the leaves from `start` to before `end`. A node's children are half as large,
    /// so this goes at most 64 calls deep.
    fn node(&mut self, start: u64, end: u64) -> Result<Hash, MerkleError> {
        if end <= self.from || self.to <= start {
            return self.outside.next().copied().ok_or(MerkleError::ProofLength);
        }
        let Some(height) = (end - start - 1).checked_ilog2() else {
            return self.inside.next().copied().ok_or(MerkleError::ProofLength);
        };
        let middle = start + (1 << height);
        let left = self.node(start, middle)?;
        let right = self.node(middle, end)?;
        Ok(node_hash(&left, &right))
    }
}
