use std::error::Error;
use std::fmt;

use super::PROOF_HASHES_MAX;

/// Why a tree could not be restored or grown, or a proof not be made or accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MerkleError {
    /// The tree holds as many leaves as its size can count.
    Full,
    /// The stored peaks are not one for each bit set in the size.
    PeakCount {
        /// The size of the tree.
        size: u64,
        /// The number of peaks given.
        peaks: usize,
    },
    /// The bytes of the stored peaks are not whole hashes.
    PeakBytes {
        /// The number of bytes given.
        length: usize,
    },
    /// The tree has no leaf at this index.
    IndexOutOfRange {
        /// The index asked for.
        index: u64,
        /// The size of the tree.
        size: u64,
    },
    /// The old tree is larger than the new one.
    SizesOutOfOrder {
        /// The size of the old tree.
        old_size: u64,
        /// The size of the new tree.
        new_size: u64,
    },
    /// The proof holds more than [`PROOF_HASHES_MAX`] hashes.
    ProofTooLong {
        /// The number of hashes given.
        hashes: usize,
    },
    /// The proof holds more or fewer hashes than the claimed position and sizes need.
    ProofLength,
    /// The inclusion proof leads to another root.
    RootMismatch,
    /// The old root is not the one that the sizes and the proof lead to.
    OldRootMismatch,
    /// The new root is not the one that the sizes and the proof lead to.
    NewRootMismatch,
}

impl fmt::Display for MerkleError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => write!(formatter, "the tree is full"),
            Self::PeakCount { size, peaks } => {
                write!(formatter, "a tree of size {size} does not have {peaks} peaks")
            }
            Self::PeakBytes { length } => {
                write!(formatter, "{length} bytes of peaks are not whole hashes")
            }
            Self::IndexOutOfRange { index, size } => {
                write!(formatter, "a tree of size {size} has no leaf at index {index}")
            }
            Self::SizesOutOfOrder { old_size, new_size } => {
                write!(formatter, "the old size {old_size} is above the new size {new_size}")
            }
            Self::ProofTooLong { hashes } => {
                write!(
                    formatter,
                    "a proof of {hashes} hashes is above the limit of {PROOF_HASHES_MAX}"
                )
            }
            Self::ProofLength => {
                write!(formatter, "the proof does not have as many hashes as the sizes need")
            }
            Self::RootMismatch => write!(formatter, "the proof leads to another root"),
            Self::OldRootMismatch => write!(formatter, "the proof leads to another old root"),
            Self::NewRootMismatch => write!(formatter, "the proof leads to another new root"),
        }
    }
}

impl Error for MerkleError {}
