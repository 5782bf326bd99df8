//! Anchors: a log's checkpoint as a leaf of its deployment's log, which outsiders attest.

use std::error::Error;
use std::fmt;

use crate::checkpoint::Checkpoint;
use crate::epoch::{belongs, deployment_origin};
use crate::merkle::{leaf_hash, verify_inclusion};
use crate::note::SignedNote;
use crate::proof::Proof;

/// The deployment's checkpoint to which a proof (C2SP `tlog-proof@v1`) leads from the note of a
/// log's checkpoint, and the note of that. Whose signatures they bear is the reader's to ask.
///
/// # Errors
///
/// [`AnchorError`], the first that holds.
pub fn over(note: &SignedNote, proof: &[u8]) -> Result<(SignedNote, Checkpoint), AnchorError> {
    let anchored = Checkpoint::parse(note.text()).map_err(|_| AnchorError::Proof)?;
    let proof = Proof::parse(proof).map_err(|_| AnchorError::Proof)?;
    let head = SignedNote::parse(proof.checkpoint.as_bytes()).map_err(|_| AnchorError::Proof)?;
    let checkpoint = Checkpoint::parse(head.text()).map_err(|_| AnchorError::Proof)?;
    let expected = deployment_origin(anchored.origin()).ok_or(AnchorError::Deployment)?;
    if !belongs(&expected, checkpoint.origin()) {
        return Err(AnchorError::Deployment);
    }
    let (root, size) = (checkpoint.root(), checkpoint.size());
    let leaf = leaf_hash(note.to_string().as_bytes());
    verify_inclusion(root, size, proof.index, &leaf, &proof.hashes)
        .map_err(|_| AnchorError::Path)?;
    Ok((head, checkpoint))
}

/// Why a checkpoint is not anchored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AnchorError {
    /// There is no proof, or none between checkpoints.
    Proof,
    /// The proof is of another log than that of the checkpoint's deployment.
    Deployment,
    /// The hashes do not lead from the one to the other.
    Path,
}

impl fmt::Display for AnchorError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Proof => "not a proof",
            Self::Deployment => "not of the log of this deployment",
            Self::Path => "does not lead to its checkpoint",
        })
    }
}

impl Error for AnchorError {}
