//! The anchor that a bundle carries, or a segment of an archive.

use std::collections::BTreeMap;

use hos_verify::note::{SIGNATURES_MAX, SignedNote};
use hos_verify::proof::Proof;

use crate::error::Fault;
use crate::hos::Hos;
use crate::hos::proving::included;
use crate::id::{Tenant, World};
use crate::seal::{Anchor, Attestation, AttestationKind, Checkpoint, LogName, inconsistent};

/// A checkpoint of a log and what an outsider needs to see that outsiders attested it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Anchored {
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    /// That it is a leaf of the deployment's log: a proof against the checkpoint of that log which
    /// the most witnesses have seen, with their cosignatures
    /// ([`hos_verify::anchor::over`] reads it).
    pub proof: Proof,
    /// Time-stamp tokens of that checkpoint (RFC 3161).
    pub tokens: Vec<Vec<u8>>,
}

impl Hos {
    /// The smallest anchored checkpoint over the entry at an index, ready to be handed out; none
    /// where no anchored one is.
    ///
    /// # Errors
    ///
    /// `Corrupt` when the stored hashes do not lead to the checkpoint; else what the store says.
    pub async fn anchored(
        &self,
        world: &World,
        tenant: &Tenant,
        index: u64,
    ) -> Result<Option<Anchored>, Fault> {
        let Some(proven) = self.prove_anchor(world, tenant, index).await? else { return Ok(None) };
        let log = LogName::Deployment;
        let (mut head, mut hashes) = (proven.checkpoint, proven.proof);
        let Anchor { index, size, note, leaf_hash, .. } = proven.anchor;
        let attested = most_attested(&proven.attestations).unwrap_or(head.size);
        if attested != head.size {
            let found = self.checkpoints(&log, attested, 1).await?;
            let found = found.into_iter().find(|found| found.size == attested);
            head = found.ok_or_else(|| inconsistent(&log, "an attested checkpoint is missing"))?;
            hashes = included(self, &log, index, &leaf_hash, &head).await?;
        }
        let own = SignedNote::parse(head.note.as_bytes());
        let own = own.map_err(|_| inconsistent(&log, "a checkpoint of it cannot be read"))?;
        let mut lines = SIGNATURES_MAX.saturating_sub(own.signatures().len());
        let mut tokens = Vec::new();
        for attestation in proven.attestations {
            match (attestation.size == attested, attestation.kind) {
                (true, AttestationKind::Timestamp) => tokens.push(attestation.body),
                // A note with more lines would not be read again.
                (true, AttestationKind::Cosignature) if lines > 0 => {
                    head.note.push_str(&String::from_utf8_lossy(&attestation.body));
                    lines -= 1;
                }
                _ => {}
            }
        }
        let proof = Proof { index, hashes, checkpoint: head.note, extra: None };
        // When it was sealed is in no bundle.
        let sealed_at = head.sealed_at;
        Ok(Some(Anchored { checkpoint: Checkpoint { size, note, sealed_at }, proof, tokens }))
    }
}

/// Over how many entries the checkpoint is that the most witnesses have seen; of equals, the one
/// with the most tokens, then the smallest.
fn most_attested(attestations: &[Attestation]) -> Option<u64> {
    let mut counts: BTreeMap<u64, (usize, usize)> = BTreeMap::new();
    for attestation in attestations {
        let (witnesses, tokens) = counts.entry(attestation.size).or_default();
        match attestation.kind {
            AttestationKind::Cosignature => *witnesses += 1,
            AttestationKind::Timestamp => *tokens += 1,
        }
    }
    // Of the last one of a full page there may be more, but no less.
    counts.into_iter().rev().max_by_key(|(_, counts)| *counts).map(|(size, _)| size)
}
