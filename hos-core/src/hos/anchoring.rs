//! The deployment's log: over the checkpoints of all others, and attested by outsiders.

use hos_verify::note::{Algorithm, SignedNote, VerifierKey};

use super::proving::included;
use super::sealing::{Sealer, Sealing};
use super::{ATTEMPTS_MAX, Hos};
use crate::error::{Fault, FaultKind};
use crate::id::{Tenant, World};
use crate::merkle::{Hash, leaf_hash};
use crate::proof::PAGE_MAX;
use crate::seal::{
    ATTESTATION_BYTES_MAX, ATTESTER_BYTES_MAX, Anchor, Attestation, AttestationKind, Checkpoint,
    LogName,
};

/// What a round of anchoring came to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Anchoring {
    /// How many checkpoints of logs were appended to the deployment's log.
    pub anchored: u32,
    /// What sealing the deployment's log came to.
    pub sealing: Sealing,
}

/// A checkpoint of a log with what proves that the deployment's log has it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProvenAnchor {
    /// The leaf: the log's checkpoint, verbatim.
    pub anchor: Anchor,
    /// The last checkpoint of the deployment's log.
    pub checkpoint: Checkpoint,
    /// The inclusion proof against that checkpoint, from the leaf up.
    pub proof: Vec<Hash>,
    /// What outsiders said about checkpoints of the deployment's log that are over the leaf.
    pub attestations: Vec<Attestation>,
}

impl Sealer {
    /// Appends the last checkpoint of each log that has a new one to the deployment's log, at most
    /// so many, and seals that log. To be called now and then, and before an export; it costs what
    /// there is to append.
    ///
    /// # Errors
    ///
    /// As [`Sealer::seal`], for the deployment's log.
    pub async fn anchor_round(&self, limit: u32) -> Result<Anchoring, Fault> {
        let anchored = self.append(limit.min(PAGE_MAX)).await?;
        let sealing = self.seal_log(&LogName::Deployment).await?;
        Ok(Anchoring { anchored, sealing })
    }

    /// How many were appended; what another process is quicker with is looked at again.
    async fn append(&self, limit: u32) -> Result<u32, Fault> {
        let seals = self.hos.store.seals();
        for _ in 0..ATTEMPTS_MAX {
            let size = seals.state(&LogName::Deployment).await?.size;
            let anchor = |(index, (log, checkpoint)): (u64, (LogName, Checkpoint))| {
                let Checkpoint { size, note, .. } = checkpoint;
                Anchor { index, log, size, leaf_hash: leaf_hash(note.as_bytes()), note }
            };
            let logs = seals.unanchored(limit).await?;
            let anchors: Vec<Anchor> = (size..).zip(logs).map(anchor).collect();
            if anchors.is_empty() || seals.anchor(&anchors).await? {
                return Ok(u32::try_from(anchors.len()).unwrap_or(limit));
            }
        }
        let message = "others kept appending to the deployment's log; call again";
        Err(Fault::new(FaultKind::Busy, message))
    }
}

impl Hos {
    /// Keeps a witness's cosignature of a checkpoint of the deployment's log: the note as the
    /// witness answered it, or the checkpoint's text with nothing but the witness's line.
    ///
    /// # Errors
    ///
    /// `Key` when none of these witnesses cosigned it, or a line of one of them does not verify;
    /// `Limit` when there is no such checkpoint; else what the store says.
    pub async fn cosigned(&self, note: &str, witnesses: &[VerifierKey]) -> Result<u32, Fault> {
        let bad = |what: String| Fault::new(FaultKind::Key, what);
        let note = SignedNote::parse(note.as_bytes()).map_err(|error| bad(error.to_string()))?;
        let cosigners = witnesses.iter().filter(|key| key.algorithm() == Algorithm::Cosignature);
        let cosigners: Vec<VerifierKey> = cosigners.cloned().collect();
        let verified = note.verify(&cosigners).map_err(|error| bad(error.to_string()))?;
        let text = hos_verify::checkpoint::Checkpoint::parse(note.text());
        let size = text.map_err(|error| bad(error.to_string()))?.size();
        let ours = self.checkpoints(&LogName::Deployment, size, 1).await?;
        let ours = ours.first().map(|ours| SignedNote::parse(ours.note.as_bytes()));
        if !matches!(ours, Some(Ok(ours)) if ours.text() == note.text()) {
            let message = "the deployment's log has no such checkpoint";
            return Err(Fault::new(FaultKind::Limit, message));
        }
        let by = |signature: &&hos_verify::note::Signature| {
            let is = |key: &VerifierKey| (key.name(), key.id()) == (&*signature.name, signature.id);
            verified.iter().any(|verified| is(verified.key))
        };
        let mut kept = 0;
        for signature in note.signatures().iter().filter(by) {
            let line = SignedNote::new(note.text(), vec![signature.clone()]);
            let line = line.map_err(super::internal)?.to_string();
            let line = line.strip_prefix(note.text()).unwrap_or_default().trim_start_matches('\n');
            let kind = AttestationKind::Cosignature;
            self.attest(size, kind, &signature.signer(), line.as_bytes()).await?;
            kept += 1;
        }
        Ok(kept)
    }

    /// Keeps a time-stamp token (RFC 3161) over a checkpoint of the deployment's log, as its bytes.
    /// Nothing of it is checked here: whoever gives it has.
    ///
    /// # Errors
    ///
    /// `Limit` when it is beyond a limit or there is no such checkpoint; else what the store says.
    pub async fn timestamped(&self, size: u64, authority: &str, token: &[u8]) -> Result<(), Fault> {
        self.attest(size, AttestationKind::Timestamp, authority, token).await
    }

    /// Where the deployment's log has a checkpoint over an entry of a tenant, with its proof and
    /// what outsiders said; none until [`Sealer::anchor_round`] has come to it.
    ///
    /// # Errors
    ///
    /// `Corrupt` when the stored hashes do not lead to the checkpoint; else what the store says.
    pub async fn prove_anchor(
        &self,
        world: &World,
        tenant: &Tenant,
        index: u64,
    ) -> Result<Option<ProvenAnchor>, Fault> {
        let seals = self.store.seals();
        let anchor = seals.anchor_over(&LogName::of(world, tenant), index).await?;
        let Some(anchor) = anchor else { return Ok(None) };
        let checkpoint = seals.state(&LogName::Deployment).await?.sealed;
        let checkpoint = checkpoint.filter(|last| last.size > anchor.index);
        let Some(checkpoint) = checkpoint else { return Ok(None) };
        let leaf = leaf_hash(anchor.note.as_bytes());
        let log = LogName::Deployment;
        let proof = included(self, &log, anchor.index, &leaf, &checkpoint).await?;
        let attestations = seals.attestations(anchor.index + 1, PAGE_MAX).await?;
        Ok(Some(ProvenAnchor { anchor, checkpoint, proof, attestations }))
    }

    async fn attest(
        &self,
        size: u64,
        kind: AttestationKind,
        attester: &str,
        body: &[u8],
    ) -> Result<(), Fault> {
        let is_named = (1..=ATTESTER_BYTES_MAX).contains(&attester.len());
        if !is_named || !(1..=ATTESTATION_BYTES_MAX).contains(&body.len()) {
            let message = format!(
                "an attestation has 1..={ATTESTATION_BYTES_MAX} bytes by a name of \
                 1..={ATTESTER_BYTES_MAX}"
            );
            return Err(Fault::new(FaultKind::Limit, message));
        }
        let (attester, body) = (attester.to_owned(), body.to_vec());
        self.store.seals().attest(&Attestation { size, kind, attester, body }).await
    }
}
