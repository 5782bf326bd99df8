//! How the naive store keeps seals: in lists, which it looks through.

use async_trait::async_trait;
use hos_core::error::{Fault, FaultKind};
use hos_core::id::{Tenant, World};
use hos_core::merkle::{Hash, root_of};
use hos_core::proof::EpochRecord;
use hos_core::seal::{
    Anchor, Attestation, Checkpoint, LogName, LogState, Published, Span, TILE_HASHES, Tile,
};
use hos_core::store::Seals;
use hos_core::time::ProofId;

use super::read::limited;
use super::tables::Tables;
use super::{Plant, PlantedStore};

/// What the naive store holds of seals.
#[derive(Debug, Clone, Default)]
pub(super) struct SealRows {
    tiles: Vec<(LogName, Tile)>,
    checkpoints: Vec<(LogName, Checkpoint)>,
    anchors: Vec<Anchor>,
    attestations: Vec<Attestation>,
    pub(super) epochs: Vec<EpochRecord>,
}

impl Tables {
    fn leaves(&self, log: &LogName) -> Vec<Hash> {
        match log {
            LogName::Deployment => self.seals.anchors.iter().map(|a| a.leaf_hash).collect(),
            LogName::Tenant(world, tenant) => {
                let scope = self.scopes.get(&(world.clone(), tenant.clone()));
                let rows = scope.map(|scope| scope.log.as_slice()).unwrap_or_default();
                rows.iter().map(|row| row.entry.leaf_hash).collect()
            }
        }
    }

    fn size(&self, log: &LogName) -> u64 {
        u64::try_from(self.leaves(log).len()).unwrap()
    }

    fn sealed(&self, plant: Plant, log: &LogName) -> Vec<&Checkpoint> {
        let own = |(of, _): &&(LogName, Checkpoint)| {
            of == log || (plant == Plant::SealsOfAnyTenant && *of != LogName::Deployment)
        };
        let mut own: Vec<_> = self.seals.checkpoints.iter().filter(own).map(|(_, c)| c).collect();
        own.sort_by_key(|checkpoint| checkpoint.size);
        own
    }

    fn tile(&self, log: &LogName, level: u8, place: u64) -> Option<&Tile> {
        let own =
            |(of, tile): &&(LogName, Tile)| of == log && (tile.level, tile.place) == (level, place);
        self.seals.tiles.iter().find(own).map(|(_, tile)| tile)
    }

    fn span(&self, log: &LogName, span: Span) -> Option<Vec<Hash>> {
        match span {
            Span::Tile { level, place } => {
                self.tile(log, level, place).map(|tile| tile.hashes.clone())
            }
            Span::Edge { level: 0, first, count } => {
                let first = usize::try_from(first).ok()?;
                self.leaves(log).get(first..first + usize::from(count)).map(<[Hash]>::to_vec)
            }
            Span::Edge { level, first, count } => (first..first + u64::from(count))
                .map(|place| self.tile(log, level - 1, place).map(|tile| tile.root))
                .collect(),
        }
    }

    /// The last epoch of a log.
    pub(super) fn epoch(&self, log: &LogName) -> u64 {
        let own = self.seals.epochs.iter().filter(|record| record.log() == *log);
        own.map(|record| record.number).max().unwrap_or(1)
    }

    fn logs(&self) -> Vec<(u64, LogName)> {
        let tenants = self.scopes.keys().map(|(world, tenant)| LogName::of(world, tenant));
        (0..).zip(std::iter::once(LogName::Deployment).chain(tenants)).collect()
    }
}

#[async_trait]
impl Seals for PlantedStore {
    async fn unsealed(&self, after: Option<u64>, limit: u32) -> Result<Vec<(u64, LogName)>, Fault> {
        Ok(self.with(|tables| {
            let mut logs = tables.logs();
            logs.retain(|(number, log)| {
                let sealed = tables.sealed(self.plant, log).last().map_or(0, |last| last.size);
                let is_later = Some(*number) > after && sealed < tables.size(log);
                is_later && (self.plant != Plant::SealForgotten || sealed == 0)
            });
            logs.truncate(limited(limit));
            logs
        }))
    }

    async fn state(&self, log: &LogName) -> Result<LogState, Fault> {
        Ok(self.with(|tables| {
            let lowest =
                tables.seals.tiles.iter().filter(|(of, tile)| of == log && tile.level == 0);
            LogState {
                size: tables.size(log),
                root: (*log != LogName::Deployment).then(|| root_of(tables.leaves(log))),
                tiles: u64::try_from(lowest.count()).unwrap(),
                sealed: tables.sealed(self.plant, log).last().copied().cloned(),
                epoch: tables.epoch(log),
            }
        }))
    }

    async fn hashes(&self, log: &LogName, spans: &[Span]) -> Result<Vec<Vec<Hash>>, Fault> {
        let missing = || Fault::new(FaultKind::Corrupt, "hashes are missing");
        self.with(|tables| {
            spans.iter().map(|span| tables.span(log, *span).ok_or_else(missing)).collect()
        })
    }

    async fn write_tiles(&self, log: &LogName, tiles: &[Tile]) -> Result<(), Fault> {
        self.with(|tables| {
            tables.changes += 1;
            for tile in tiles {
                assert_eq!(tile.hashes.len(), TILE_HASHES);
                match tables.tile(log, tile.level, tile.place) {
                    Some(held) if held != tile && self.plant != Plant::TileOverwritten => {
                        return Err(Fault::new(FaultKind::Corrupt, "the tile is another"));
                    }
                    Some(_) => {}
                    None => tables.seals.tiles.push((log.clone(), tile.clone())),
                }
            }
            Ok(())
        })
    }

    async fn publish(
        &self,
        log: &LogName,
        base: u64,
        checkpoint: &Checkpoint,
    ) -> Result<Published, Fault> {
        Ok(self.with(|tables| {
            let last = tables.sealed(Plant::Nothing, log).last().copied().cloned();
            let reached = last.as_ref().map_or(0, |last| last.size);
            let fits = checkpoint.size > base && checkpoint.size <= tables.size(log);
            if !fits || (reached != base && self.plant != Plant::SealUncompared) {
                return Published::Outrun(last);
            }
            tables.changes += 1;
            tables.seals.checkpoints.push((log.clone(), checkpoint.clone()));
            Published::Done
        }))
    }

    async fn checkpoints(
        &self,
        log: &LogName,
        from: u64,
        limit: u32,
    ) -> Result<Vec<Checkpoint>, Fault> {
        Ok(self.with(|tables| {
            let sealed = tables.sealed(self.plant, log).into_iter();
            let later = sealed.filter(|checkpoint| checkpoint.size >= from);
            later.take(limited(limit)).cloned().collect()
        }))
    }

    async fn epochs(&self, log: &LogName) -> Result<Vec<EpochRecord>, Fault> {
        Ok(self.with(|tables| {
            let mut own = tables.seals.epochs.clone();
            own.retain(|record| record.log() == *log);
            own
        }))
    }

    async fn unanchored(&self, limit: u32) -> Result<Vec<(LogName, Checkpoint)>, Fault> {
        Ok(self.with(|tables| {
            let last = |(_, log): (u64, LogName)| {
                let last = tables.sealed(Plant::Nothing, &log).last().copied().cloned()?;
                let has = |anchor: &Anchor| anchor.log == log && anchor.size == last.size;
                let wants = !tables.seals.anchors.iter().any(has);
                (log != LogName::Deployment && wants).then_some((log, last))
            };
            tables.logs().into_iter().filter_map(last).take(limited(limit)).collect()
        }))
    }

    async fn anchor(&self, anchors: &[Anchor]) -> Result<bool, Fault> {
        Ok(self.with(|tables| {
            let fits = anchors[0].index == tables.size(&LogName::Deployment);
            if !fits && self.plant != Plant::AnchorUncompared {
                return false;
            }
            tables.changes += 1;
            tables.seals.anchors.extend_from_slice(anchors);
            true
        }))
    }

    async fn anchors(&self, from: u64, limit: u32) -> Result<Vec<Anchor>, Fault> {
        Ok(self.with(|tables| {
            let later = tables.seals.anchors.iter().filter(|anchor| anchor.index >= from);
            later.take(limited(limit)).cloned().collect()
        }))
    }

    async fn anchor_over(&self, log: &LogName, entries: u64) -> Result<Option<Anchor>, Fault> {
        Ok(self.with(|tables| {
            let over = |anchor: &&Anchor| anchor.log == *log && anchor.size > entries;
            tables.seals.anchors.iter().find(over).cloned()
        }))
    }

    async fn attest(&self, attestation: &Attestation) -> Result<(), Fault> {
        self.with(|tables| {
            let deployment = tables.sealed(Plant::Nothing, &LogName::Deployment);
            if !deployment.iter().any(|checkpoint| checkpoint.size == attestation.size) {
                return Err(Fault::new(FaultKind::Limit, "there is no such checkpoint"));
            }
            let by = |of: &Attestation| (of.size, of.kind, of.attester.clone());
            if !tables.seals.attestations.iter().any(|held| by(held) == by(attestation)) {
                tables.changes += 1;
                tables.seals.attestations.push(attestation.clone());
            }
            Ok(())
        })
    }

    async fn attestations(&self, from: u64, limit: u32) -> Result<Vec<Attestation>, Fault> {
        Ok(self.with(|tables| {
            let mut later = tables.seals.attestations.clone();
            later.retain(|attestation| attestation.size >= from);
            later.sort_by_key(|said| (said.size, said.kind, said.attester.clone()));
            later.truncate(limited(limit));
            later
        }))
    }

    async fn quarantined(
        &self,
        _world: &World,
        _tenant: &Tenant,
        _from: Option<ProofId>,
        _limit: u32,
    ) -> Result<Vec<ProofId>, Fault> {
        Ok(Vec::new())
    }
}
