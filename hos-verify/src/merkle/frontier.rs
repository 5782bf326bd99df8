use super::{Hash, MerkleError, count, empty_root, hashing, node_hash};

/// The right edge of a growing tree: the roots of its perfect subtrees, largest first.
///
/// It is all that appending and computing the root need (RFC 9162 section 2.1.2), at most 64 hashes
/// whatever the size of the tree.
///
/// ```
/// use hos_verify::merkle::{Frontier, leaf_hash, root_of};
///
/// let leaves = [leaf_hash(b"a"), leaf_hash(b"b"), leaf_hash(b"c")];
/// let mut frontier = Frontier::new();
/// for leaf in leaves {
///     frontier.push(leaf)?;
/// }
/// assert_eq!(frontier.root(), root_of(leaves));
///
/// let restored = Frontier::from_bytes(frontier.size(), &frontier.to_bytes())?;
/// assert_eq!(restored, frontier);
/// # Ok::<(), hos_verify::merkle::MerkleError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

impl Frontier {
    /// The frontier of the tree without leaves.
    pub const fn new() -> Self {
        Self { size: 0, peaks: Vec::new() }
    }

    /// A frontier from its stored size and peaks, largest peak first.
    ///
    /// # Errors
    ///
    /// [`MerkleError::PeakCount`] unless there is one peak for each bit set in the size.
    pub fn from_parts(size: u64, peaks: Vec<Hash>) -> Result<Self, MerkleError> {
        check_peak_count(size, &peaks)?;
        Ok(Self { size, peaks })
    }

    /// A frontier from its stored size and the bytes of [`Frontier::to_bytes`].
    ///
    /// # Errors
    ///
    /// [`MerkleError::PeakBytes`] if the bytes are not whole hashes, and
    /// [`MerkleError::PeakCount`] unless there is one peak for each bit set in the size.
    pub fn from_bytes(size: u64, bytes: &[u8]) -> Result<Self, MerkleError> {
        let (peaks, partial) = bytes.as_chunks();
        if !partial.is_empty() {
            return Err(MerkleError::PeakBytes { length: bytes.len() });
        }
        check_peak_count(size, peaks)?;
        Ok(Self { size, peaks: peaks.to_vec() })
    }

    /// The number of leaves in the tree.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The roots of the tree's perfect subtrees, largest first.
    pub fn peaks(&self) -> &[Hash] {
        &self.peaks
    }

    /// The peaks' bytes one after the other, largest peak first.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.peaks.as_flattened().to_vec()
    }

    /// Appends one leaf by its hash, at an amortised cost of one inner node.
    ///
    /// # Errors
    ///
    /// [`MerkleError::Full`] if the tree holds `u64::MAX` leaves; the frontier stays as it was.
    pub fn push(&mut self, leaf_hash: Hash) -> Result<(), MerkleError> {
        self.join(leaf_hash, 1)
    }

    /// Appends leaves by their hashes, those of a perfect subtree level by level where it fits.
    pub(super) fn extend(&mut self, leaf_hashes: &[Hash]) -> Result<(), MerkleError> {
        let leaves = count(leaf_hashes.len());
        if !leaves.is_power_of_two() || !self.size.is_multiple_of(leaves) {
            return leaf_hashes.iter().try_for_each(|leaf_hash| self.push(*leaf_hash));
        }
        let mut level = hashing::of_level(leaf_hashes);
        while level.len() > 1 {
            level = hashing::of_level(&level);
        }
        let root = level.first().or(leaf_hashes.first());
        root.map_or(Ok(()), |root| self.join(*root, leaves))
    }

    /// Appends a perfect subtree of so many leaves, of which the tree has a multiple.
    fn join(&mut self, root: Hash, leaves: u64) -> Result<(), MerkleError> {
        let grown = self.size.checked_add(leaves).ok_or(MerkleError::Full)?;
        // Adding one carries through the low bits set in the number of subtrees, and each such bit
        // is a peak that the new one completes into one twice as large.
        let peak = (0..(self.size / leaves).trailing_ones())
            .map_while(|_| self.peaks.pop())
            .fold(root, |right, left| node_hash(&left, &right));
        self.peaks.push(peak);
        self.size = grown;
        Ok(())
    }

    /// The root of the tree (RFC 9162 section 2.1.1).
    pub fn root(&self) -> Hash {
        self.peaks
            .iter()
            .rev()
            .copied()
            .reduce(|right, left| node_hash(&left, &right))
            .unwrap_or_else(empty_root)
    }
}

impl Default for Frontier {
    fn default() -> Self {
        Self::new()
    }
}

fn check_peak_count(size: u64, peaks: &[Hash]) -> Result<(), MerkleError> {
    if u32::try_from(peaks.len()) != Ok(size.count_ones()) {
        return Err(MerkleError::PeakCount { size, peaks: peaks.len() });
    }
    Ok(())
}
