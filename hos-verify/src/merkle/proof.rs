use super::{Hash, MerkleError, count, empty_root, node_hash, root_of};

/// The most hashes a proof may hold: all that a tree of up to 2^63 leaves can need.
///
/// At that size an inclusion proof has at most 63 hashes and a consistency proof at most 64.
pub const PROOF_HASHES_MAX: usize = 64;

/// Proves that the leaf at `index` is in the tree of these leaf hashes (RFC 9162 section 2.1.3.1).
///
/// ```
/// use hos_verify::merkle::{inclusion_proof, leaf_hash, root_of, verify_inclusion};
///
/// let leaves = [leaf_hash(b"a"), leaf_hash(b"b"), leaf_hash(b"c")];
/// let proof = inclusion_proof(&leaves, 1)?;
/// verify_inclusion(&root_of(leaves), 3, 1, &leaf_hash(b"b"), &proof)?;
/// assert!(verify_inclusion(&root_of(leaves), 3, 1, &leaf_hash(b"x"), &proof).is_err());
/// # Ok::<(), hos_verify::merkle::MerkleError>(())
/// ```
///
/// # Errors
///
/// [`MerkleError::IndexOutOfRange`] if there is no leaf at `index`.
pub fn inclusion_proof(leaves: &[Hash], index: u64) -> Result<Vec<Hash>, MerkleError> {
    let size = count(leaves.len());
    if index >= size {
        return Err(MerkleError::IndexOutOfRange { index, size });
    }
    let mut proof = Vec::new();
    let mut subtree = leaves;
    let mut position = index;
    while let Some((left, right)) = split(subtree) {
        if let Some(position_in_right) = position.checked_sub(count(left.len())) {
            proof.push(root_of_slice(left));
            subtree = right;
            position = position_in_right;
        } else {
            proof.push(root_of_slice(right));
            subtree = left;
        }
    }
    // The descent met the siblings from the root down, and a proof lists them from the leaf up.
    proof.reverse();
    Ok(proof)
}

/// Proves that the tree of the first `old_size` leaf hashes is a prefix of the tree of all of them
/// (RFC 9162 section 2.1.4.1).
///
/// The proof is empty for an `old_size` of zero, which the RFC leaves open, and of all the leaves.
///
/// ```
/// use hos_verify::merkle::{consistency_proof, leaf_hash, root_of, verify_consistency};
///
/// let leaves = [leaf_hash(b"a"), leaf_hash(b"b"), leaf_hash(b"c")];
/// let old_root = root_of([leaf_hash(b"a"), leaf_hash(b"b")]);
/// let proof = consistency_proof(&leaves, 2)?;
/// verify_consistency(2, &old_root, 3, &root_of(leaves), &proof)?;
/// # Ok::<(), hos_verify::merkle::MerkleError>(())
/// ```
///
/// # Errors
///
/// [`MerkleError::SizesOutOfOrder`] if `old_size` is above the number of leaves.
pub fn consistency_proof(leaves: &[Hash], old_size: u64) -> Result<Vec<Hash>, MerkleError> {
    let new_size = count(leaves.len());
    check_size_order(old_size, new_size)?;
    if old_size == 0 {
        return Ok(Vec::new());
    }
    let mut proof = Vec::new();
    let mut subtree = leaves;
    let mut old_in_subtree = old_size;
    while old_in_subtree < count(subtree.len())
        && let Some((left, right)) = split(subtree)
    {
        let left_size = count(left.len());
        if old_in_subtree > left_size {
            proof.push(root_of_slice(left));
            subtree = right;
            old_in_subtree -= left_size;
        } else {
            proof.push(root_of_slice(right));
            subtree = left;
        }
    }
    // The verifier knows this subtree's root only where the subtree is the whole old tree.
    if old_in_subtree != old_size {
        proof.push(root_of_slice(subtree));
    }
    proof.reverse();
    Ok(proof)
}

/// Checks that a leaf hash is at `index` in the tree of this root (RFC 9162 section 2.1.3.2).
///
/// The root and the size must both come from the same trusted tree head: sizes in which the leaf
/// has the same path to the root are not told apart by the proof.
///
/// # Errors
///
/// [`MerkleError::ProofTooLong`] above [`PROOF_HASHES_MAX`] hashes,
/// [`MerkleError::IndexOutOfRange`] if the tree has no such leaf,
/// [`MerkleError::ProofLength`] if the leaf's path needs more or fewer hashes, and
/// [`MerkleError::RootMismatch`] if the proof leads to another root.
pub fn verify_inclusion(
    root: &Hash,
    size: u64,
    index: u64,
    leaf_hash: &Hash,
    proof: &[Hash],
) -> Result<(), MerkleError> {
    check_proof_bound(proof)?;
    if index >= size {
        return Err(MerkleError::IndexOutOfRange { index, size });
    }
    let mut climb = Climb { node: index, last: size - 1 };
    let mut reached = *leaf_hash;
    for sibling in proof {
        reached = match climb.step()? {
            Side::Left => node_hash(sibling, &reached),
            Side::Right => node_hash(&reached, sibling),
        };
    }
    climb.finish()?;
    if reached != *root {
        return Err(MerkleError::RootMismatch);
    }
    Ok(())
}

/// Checks that the old tree is a prefix of the new tree (RFC 9162 section 2.1.4.2).
///
/// The RFC leaves two cases open, and both take an empty proof: an empty old tree is a prefix of
/// every tree if its root is [`empty_root`], and trees of one size must have one root.
///
/// # Errors
///
/// [`MerkleError::ProofTooLong`] above [`PROOF_HASHES_MAX`] hashes,
/// [`MerkleError::SizesOutOfOrder`] if the old tree is the larger one,
/// [`MerkleError::ProofLength`] if the two sizes need more or fewer hashes, and
/// [`MerkleError::OldRootMismatch`] or [`MerkleError::NewRootMismatch`] if the proof leads to
/// another root.
pub fn verify_consistency(
    old_size: u64,
    old_root: &Hash,
    new_size: u64,
    new_root: &Hash,
    proof: &[Hash],
) -> Result<(), MerkleError> {
    check_proof_bound(proof)?;
    check_size_order(old_size, new_size)?;
    if old_size == 0 && *old_root != empty_root() {
        return Err(MerkleError::OldRootMismatch);
    }
    if old_size == new_size && old_root != new_root {
        return Err(MerkleError::NewRootMismatch);
    }
    if old_size == 0 || old_size == new_size {
        return if proof.is_empty() { Ok(()) } else { Err(MerkleError::ProofLength) };
    }
    let (old_reached, new_reached) = climb_to_roots(old_size, old_root, new_size, proof)?;
    if old_reached != *old_root {
        return Err(MerkleError::OldRootMismatch);
    }
    if new_reached != *new_root {
        return Err(MerkleError::NewRootMismatch);
    }
    Ok(())
}

/// The position of a verifier on its way to the root: `fn` and `sn` of RFC 9162 section 2.1.3.2.
struct Climb {
    /// The index of the node reached, counted on its level of the tree.
    node: u64,
    /// The index of the last node on that level.
    last: u64,
}

/// The side of the node reached on which the next hash of a proof lies.
enum Side {
    Left,
    Right,
}

impl Climb {
    fn step(&mut self) -> Result<Side, MerkleError> {
        if self.last == 0 {
            return Err(MerkleError::ProofLength);
        }
        let side = if self.node % 2 == 1 || self.node == self.last {
            // A last node that is a left child has no sibling, so it stands for its own parent
            // until it is a right child.
            self.rise(self.node.trailing_zeros());
            Side::Left
        } else {
            Side::Right
        };
        self.rise(1);
        Ok(side)
    }

    const fn rise(&mut self, levels: u32) {
        self.node >>= levels;
        self.last >>= levels;
    }

    const fn finish(&self) -> Result<(), MerkleError> {
        if self.last == 0 { Ok(()) } else { Err(MerkleError::ProofLength) }
    }
}

/// The old and the new root that a consistency proof leads to, for `0 < old_size < new_size`.
fn climb_to_roots(
    old_size: u64,
    old_root: &Hash,
    new_size: u64,
    proof: &[Hash],
) -> Result<(Hash, Hash), MerkleError> {
    // The climb starts at the largest perfect subtree that ends the old tree. That subtree is the
    // whole old tree when the size is a power of two, and then the proof leaves its root out.
    let (start, path) = if old_size.is_power_of_two() {
        (old_root, proof)
    } else {
        proof.split_first().ok_or(MerkleError::ProofLength)?
    };
    let mut climb = Climb { node: old_size - 1, last: new_size - 1 };
    climb.rise(climb.node.trailing_ones());
    let (mut old_reached, mut new_reached) = (*start, *start);
    for sibling in path {
        match climb.step()? {
            Side::Left => {
                old_reached = node_hash(sibling, &old_reached);
                new_reached = node_hash(sibling, &new_reached);
            }
            // What lies to the right was appended after the old tree.
            Side::Right => new_reached = node_hash(&new_reached, sibling),
        }
    }
    climb.finish()?;
    Ok((old_reached, new_reached))
}

const fn check_proof_bound(proof: &[Hash]) -> Result<(), MerkleError> {
    if proof.len() > PROOF_HASHES_MAX {
        return Err(MerkleError::ProofTooLong { hashes: proof.len() });
    }
    Ok(())
}

const fn check_size_order(old_size: u64, new_size: u64) -> Result<(), MerkleError> {
    if old_size > new_size {
        return Err(MerkleError::SizesOutOfOrder { old_size, new_size });
    }
    Ok(())
}

/// A tree's left and right subtree, the left one of the largest power of two below its size, or
/// nothing if the tree has fewer than two leaves.
fn split(leaves: &[Hash]) -> Option<(&[Hash], &[Hash])> {
    let height = leaves.len().checked_sub(1)?.checked_ilog2()?;
    leaves.split_at_checked(1 << height)
}

fn root_of_slice(leaves: &[Hash]) -> Hash {
    root_of(leaves.iter().copied())
}
