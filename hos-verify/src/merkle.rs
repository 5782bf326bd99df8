//! The SHA-256 Merkle tree of RFC 9162 section 2.1, as pure functions.
//!
//! A log grows through a [`Frontier`], which keeps only the right edge of the tree. Proofs are made
//! from the leaf hashes of the whole tree and checked from nothing but the sizes and the roots, so
//! an auditor needs neither the leaves nor any other part of this crate.

mod error;
mod frontier;
mod hashing;
mod proof;
mod range;

use sha2::{Digest, Sha256};

pub use error::MerkleError;
pub use frontier::Frontier;
pub use proof::{
    PROOF_HASHES_MAX, consistency_proof, inclusion_proof, verify_consistency, verify_inclusion,
};
pub use range::{RANGE_HASHES_MAX, verify_range};

/// The length of one SHA-256 hash in bytes.
pub const HASH_BYTES: usize = 32;

/// How many leaves are joined level by level, where the nodes do not wait for each other as those
/// up the right edge of a tree do.
const JOINED_TOGETHER: usize = 256;

/// One SHA-256 hash: of a leaf, of an inner node or of a whole tree.
pub type Hash = [u8; HASH_BYTES];

/// Hashes one leaf's bytes (RFC 9162 section 2.1.1).
///
/// ```
/// use hos_verify::merkle::{leaf_hash, root_of};
///
/// // The root of a tree of one leaf is that leaf's hash.
/// assert_eq!(root_of([leaf_hash(b"entry")]), leaf_hash(b"entry"));
/// ```
pub fn leaf_hash(leaf: &[u8]) -> Hash {
    hashing::of_leaf(leaf)
}

/// Hashes leaves, in order: as [`leaf_hash`] each, in less time.
///
/// ```
/// use hos_verify::merkle::{leaf_hash, leaf_hashes};
///
/// assert_eq!(leaf_hashes(&["a", "b"]), [leaf_hash(b"a"), leaf_hash(b"b")]);
/// ```
pub fn leaf_hashes<Leaf: AsRef<[u8]>>(leaves: &[Leaf]) -> Vec<Hash> {
    hashing::of_leaves(leaves)
}

/// Hashes an inner node from its two children (RFC 9162 section 2.1.1).
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    hashing::of_node(left, right)
}

/// The root of the tree without leaves: the hash of no bytes (RFC 9162 section 2.1.1).
pub fn empty_root() -> Hash {
    Sha256::digest([]).into()
}

/// The root of the tree made of exactly these leaf hashes (RFC 9162 section 2.1.1).
///
/// ```
/// use hos_verify::merkle::{empty_root, leaf_hash, node_hash, root_of};
///
/// let [a, b, c] = [leaf_hash(b"a"), leaf_hash(b"b"), leaf_hash(b"c")];
/// assert_eq!(root_of([]), empty_root());
/// assert_eq!(root_of([a, b, c]), node_hash(&node_hash(&a, &b), &c));
/// ```
pub fn root_of(leaf_hashes: impl IntoIterator<Item = Hash>) -> Hash {
    let mut leaf_hashes = leaf_hashes.into_iter().fuse();
    let (mut frontier, mut together) = (Frontier::new(), Vec::new());
    loop {
        together.clear();
        together.extend(leaf_hashes.by_ref().take(JOINED_TOGETHER));
        // No iterator lives long enough to yield the 2^64 leaves that would fill the frontier.
        if together.is_empty() || frontier.extend(&together).is_err() {
            return frontier.root();
        }
    }
}

/// The first index whose stored bytes do not hash to the leaf hash stored with them.
///
/// `stored` holds the leaves' bytes and hashes in order, the first of them at index `from`, so a
/// long log can be checked page by page.
///
/// ```
/// use hos_verify::merkle::{first_bad, leaf_hash};
///
/// let page = [("kept", leaf_hash(b"kept")), ("edited", leaf_hash(b"written"))];
/// assert_eq!(first_bad(40, page), Some(41));
/// ```
#[must_use = "the index is the only sign that the stored leaves were altered"]
pub fn first_bad<Leaf: AsRef<[u8]>>(
    from: u64,
    stored: impl IntoIterator<Item = (Leaf, Hash)>,
) -> Option<u64> {
    stored
        .into_iter()
        .position(|(leaf, stored_hash)| leaf_hash(leaf.as_ref()) != stored_hash)
        .map(|offset| from.saturating_add(count(offset)))
}

/// A length as a `u64`, which holds the length of every slice on every target.
fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
