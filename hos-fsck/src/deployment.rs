//! The deployment's log over all checkpoints, and what outsiders said about its own.

use hos_core::error::Fault;
use hos_core::merkle::leaf_hash;
use hos_core::proof::PAGE_MAX;
use hos_core::seal::AttestationKind;
use hos_core::store::{AnchorRow, AttestationRow};
use hos_verify::note::{NoteError, SignedNote};

use crate::epochs::Epochs;
use crate::log::{Reader, is_short};
use crate::note;
use crate::report::{FindingCode, Report};
use crate::scope::{Whose, owns};
use crate::trust::Trust;
use crate::walk::Walk;

/// Checks the deployment's log.
pub(crate) async fn check(
    reader: &mut Reader<'_>,
    trust: &Trust,
    epochs: Epochs,
    report: &mut Report,
) -> Result<(), Fault> {
    let mut walk = Walk::new(Whose::Deployment, trust);
    walk.epochs = epochs;
    let mut from = 0;
    loop {
        let page = reader.picture.beside().anchors(from, PAGE_MAX).await?;
        reader.advance(page.len());
        for row in &page {
            report.anchors += 1;
            if let Err(message) = anchor(row) {
                let finding = Whose::Deployment.finding(FindingCode::AnchorDiffers, message);
                report.findings.add(finding.at(row.index));
            }
        }
        let hashes: Vec<_> = page.iter().map(|row| (row.index, leaf_hash(&row.note))).collect();
        walk.take(reader, hashes, report).await?;
        match page.last() {
            Some(last) if !is_short(&page) => from = last.index.saturating_add(1),
            _ => break,
        }
    }
    walk.end(reader, report).await?;
    attestations(reader, trust, report).await
}

/// Compares a leaf with its hash, with what it says, and with the checkpoint that it is.
fn anchor(row: &AnchorRow) -> Result<(), String> {
    if row.leaf_hash != leaf_hash(&row.note) {
        return Err("the note does not hash to what is stored with it".to_owned());
    }
    let (_, said) = note::read(&row.note).map_err(|(_, message)| format!("the note {message}"))?;
    if said.size() != row.size || !owns(&row.world, &row.tenant, said.origin()) {
        let (origin, size) = (said.origin(), said.size());
        let kept = format!("{}/{} over {} entries", row.world, row.tenant, row.size);
        return Err(format!("the note is of {origin} over {size} entries; it is kept for {kept}"));
    }
    match &row.checkpoint {
        None => Err(format!("{} has no such checkpoint any more", said.origin())),
        Some(kept) if *kept != row.note => {
            Err(format!("{} has another checkpoint of this size", said.origin()))
        }
        Some(_) => Ok(()),
    }
}

async fn attestations(
    reader: &mut Reader<'_>,
    trust: &Trust,
    report: &mut Report,
) -> Result<(), Fault> {
    let mut after: Option<AttestationRow> = None;
    loop {
        let last = after.as_ref();
        let last = last.map(|last| (last.size, last.kind.as_str(), last.attester.as_str()));
        let mut page = reader.picture.beside().attestations(last, PAGE_MAX).await?;
        reader.advance(page.len());
        for row in &page {
            report.attestations += 1;
            if let Err(message) = attestation(row, trust) {
                let message = format!(
                    "what {} said about the checkpoint over {} entries {message}",
                    row.attester, row.size
                );
                let code = FindingCode::AttestationDiffers;
                report.findings.add(Whose::Deployment.finding(code, message));
            }
        }
        let key = |row: &AttestationRow| (row.size, row.kind.clone(), row.attester.clone());
        let next = page.last().map(key);
        // Names that are no text are read as others, and must not be read for ever.
        if is_short(&page) || next <= after.as_ref().map(key) {
            return Ok(());
        }
        after = page.pop();
    }
}

/// Holds a cosignature to the checkpoint, and to the policy's key of that name. A token is opaque.
fn attestation(row: &AttestationRow, trust: &Trust) -> Result<(), String> {
    let Some(note) = &row.checkpoint else {
        return Err("is about a checkpoint that is not there".to_owned());
    };
    match AttestationKind::parse(&row.kind) {
        Some(AttestationKind::Cosignature) => {}
        Some(_) => return Ok(()),
        None => return Err(format!("is of the kind {}", row.kind)),
    }
    // What is wrong with the note itself is told where the checkpoint is.
    let Ok((note, checkpoint)) = note::read(note) else { return Ok(()) };
    let line = std::str::from_utf8(&row.body).map_err(|error| error.to_string())?;
    let cosigned = SignedNote::parse(format!("{}\n{line}", note.text()).as_bytes());
    let cosigned = cosigned.map_err(|error| format!("cannot be read: {error}"))?;
    if cosigned.signatures().iter().any(|signature| signature.signer() != row.attester) {
        return Err("is signed by another key".to_owned());
    }
    let Some(policy) = &trust.policy else { return Ok(()) };
    match policy.endorsement(&cosigned, checkpoint.origin()) {
        // A witness that the policy does not know vouches for nothing.
        Ok(_) | Err(NoteError::Unknown) => Ok(()),
        Err(error) => Err(format!("does not verify: {error}")),
    }
}
