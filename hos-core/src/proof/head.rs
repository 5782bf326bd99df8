use crate::merkle::Hash;

/// The head of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogHead {
    /// How many entries are sequenced.
    pub size: u64,
    /// The Merkle tree hash over them (RFC 9162, section 2.1.1).
    pub root: Hash,
}
