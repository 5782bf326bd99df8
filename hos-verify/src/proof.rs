//! Proofs of one entry as text (C2SP `tlog-proof@v1`): an index, hashes, and the checkpoint.

use std::error::Error;
use std::fmt;

use crate::merkle::{Hash, PROOF_HASHES_MAX};
use crate::note::NOTE_BYTES_MAX;
use crate::text::{base64, decimal, from_base64, hash};

/// The most opaque bytes that a proof may carry along.
pub const EXTRA_BYTES_MAX: usize = 4_096;

/// That an entry is in a log, checkable with nothing but the entry and a key of the log.
///
/// ```
/// use hos_verify::proof::Proof;
///
/// let proof = Proof { index: 7, hashes: vec![[1; 32]], checkpoint: "..\n".into(), extra: None };
/// assert_eq!(Proof::parse(proof.to_string().as_bytes()), Ok(proof));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The entry's index, counted from 0.
    pub index: u64,
    /// The inclusion proof (RFC 9162 section 2.1.3.1).
    pub hashes: Vec<Hash>,
    /// The checkpoint's note, as it was signed.
    pub checkpoint: String,
    /// Opaque bytes, authenticated by nothing.
    pub extra: Option<Vec<u8>>,
}

impl Proof {
    /// Reads a proof; accepts exactly what a proof prints. The checkpoint is not looked into.
    ///
    /// # Errors
    ///
    /// [`ProofError`] for the first line that is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, ProofError> {
        if bytes.len() > PROOF_BYTES_MAX {
            return Err(ProofError::TooLong { length: bytes.len() });
        }
        let text = std::str::from_utf8(bytes).map_err(|_| ProofError::Header)?;
        let (head, checkpoint) = text.split_once("\n\n").ok_or(ProofError::Checkpoint)?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(HEADER) {
            return Err(ProofError::Header);
        }
        let extra = match lines.peek().and_then(|line| line.strip_prefix("extra ")) {
            Some(extra) => {
                lines.next();
                let extra = from_base64(extra).filter(|extra| extra.len() <= EXTRA_BYTES_MAX);
                Some(extra.ok_or(ProofError::Extra)?)
            }
            None => None,
        };
        let index = lines.next().and_then(|line| line.strip_prefix("index "));
        let index = index.and_then(decimal).ok_or(ProofError::Index)?;
        let hashes: Option<Vec<Hash>> = lines.map(hash).collect();
        let hashes = hashes.filter(|hashes| hashes.len() <= PROOF_HASHES_MAX);
        let hashes = hashes.ok_or(ProofError::Hashes)?;
        Ok(Self { index, hashes, checkpoint: checkpoint.to_owned(), extra })
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{HEADER}")?;
        if let Some(extra) = &self.extra {
            writeln!(formatter, "extra {}", base64(extra))?;
        }
        writeln!(formatter, "index {}", self.index)?;
        for hash in &self.hashes {
            writeln!(formatter, "{}", base64(hash))?;
        }
        write!(formatter, "\n{}", self.checkpoint)
    }
}

const HEADER: &str = "c2sp.org/tlog-proof@v1";
const PROOF_BYTES_MAX: usize = NOTE_BYTES_MAX + 2 * EXTRA_BYTES_MAX + 64 * PROOF_HASHES_MAX;

/// Why bytes are no proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProofError {
    /// They are more than any proof needs.
    TooLong {
        /// How many they are.
        length: usize,
    },
    /// The first line is not that of a proof, or the text is not UTF-8.
    Header,
    /// The extra data is not base64 of at most [`EXTRA_BYTES_MAX`] bytes.
    Extra,
    /// The index is missing or no plain decimal number.
    Index,
    /// A hash is not base64 of 32 bytes, or one too many.
    Hashes,
    /// There is no empty line with a checkpoint behind it.
    Checkpoint,
}

impl fmt::Display for ProofError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { length } => {
                write!(
                    formatter,
                    "a proof of {length} bytes is above the limit of {PROOF_BYTES_MAX}"
                )
            }
            Self::Header => write!(formatter, "a proof begins with the line `{HEADER}`"),
            Self::Extra => {
                write!(formatter, "extra data is base64 of at most {EXTRA_BYTES_MAX} bytes")
            }
            Self::Index => write!(formatter, "a proof has a line `index` and a decimal number"),
            Self::Hashes => {
                write!(
                    formatter,
                    "a proof has at most {PROOF_HASHES_MAX} lines of 32 bytes in base64"
                )
            }
            Self::Checkpoint => write!(formatter, "a checkpoint follows the proof's empty line"),
        }
    }
}

impl Error for ProofError {}
