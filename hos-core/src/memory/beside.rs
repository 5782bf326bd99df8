//! What stands beside the entries, in a copy of the tables.

use async_trait::async_trait;

use super::read::limited;
use super::seals::Sealed;
use super::survey::MemoryPicture;
use crate::error::Fault;
use crate::seal::LogName;
use crate::store::{AnchorRow, AttestationRow, Beside, CheckpointRow, TileRow, Unplaced};
use crate::time::ProofId;

#[async_trait]
impl Beside for MemoryPicture {
    async fn tiles(
        &mut self,
        log: &LogName,
        from: (u8, u64),
        limit: u32,
    ) -> Result<Vec<TileRow>, Fault> {
        let tiles = self.sealed(log).map(|sealed| sealed.tiles.range(from..));
        let row = |tile: &crate::seal::Tile| TileRow {
            level: tile.level,
            place: tile.place,
            root: tile.root.to_vec(),
            hashes: tile.hashes.as_flattened().to_vec(),
        };
        Ok(tiles.into_iter().flatten().map(|(_, tile)| row(tile)).take(limited(limit)).collect())
    }

    async fn checkpoints(
        &mut self,
        log: &LogName,
        from: u64,
        limit: u32,
    ) -> Result<Vec<CheckpointRow>, Fault> {
        let kept = self.sealed(log).map(|sealed| sealed.checkpoints.range(from..));
        let row = |(size, kept): (&u64, &crate::seal::Checkpoint)| CheckpointRow {
            size: *size,
            note: kept.note.clone().into_bytes(),
        };
        Ok(kept.into_iter().flatten().map(row).take(limited(limit)).collect())
    }

    async fn anchors(&mut self, from: u64, limit: u32) -> Result<Vec<AnchorRow>, Fault> {
        let anchors = &self.0.seals.anchors;
        let later = anchors.iter().skip(usize::try_from(from).unwrap_or(usize::MAX));
        let row = |anchor: &crate::seal::Anchor| {
            let (world, tenant) = match &anchor.log {
                LogName::Deployment => (String::new(), String::new()),
                LogName::Tenant(world, tenant) => (world.to_string(), tenant.to_string()),
            };
            AnchorRow {
                index: anchor.index,
                world,
                tenant,
                size: anchor.size,
                note: anchor.note.clone().into_bytes(),
                leaf_hash: anchor.leaf_hash.to_vec(),
                checkpoint: self.note(&anchor.log, anchor.size),
            }
        };
        Ok(later.take(limited(limit)).map(row).collect())
    }

    async fn attestations(
        &mut self,
        after: Option<(u64, &str, &str)>,
        limit: u32,
    ) -> Result<Vec<AttestationRow>, Fault> {
        let attestations = self.0.seals.attestations.values();
        let later = attestations.filter(|said| {
            after.is_none_or(|after| (said.size, said.kind.as_str(), &*said.attester) > after)
        });
        let row = |said: &crate::seal::Attestation| AttestationRow {
            size: said.size,
            kind: said.kind.as_str().to_owned(),
            attester: said.attester.clone(),
            body: said.body.clone(),
            checkpoint: self.note(&LogName::Deployment, said.size),
        };
        Ok(later.take(limited(limit)).map(row).collect())
    }

    async fn unplaced(&mut self, _: Option<ProofId>, _: u32) -> Result<Unplaced, Fault> {
        // OK because an entry is nowhere here but in its place.
        Ok(Unplaced::default())
    }
}

impl MemoryPicture {
    fn sealed(&self, log: &LogName) -> Option<&Sealed> {
        self.0.seals.logs.get(log)
    }

    fn note(&self, log: &LogName, size: u64) -> Option<Vec<u8>> {
        let kept = self.sealed(log)?.checkpoints.get(&size)?;
        Some(kept.note.clone().into_bytes())
    }
}
