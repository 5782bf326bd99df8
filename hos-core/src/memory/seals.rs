//! Keeps tiles, checkpoints and the deployment's log.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::MemoryStore;
use super::read::limited;
use super::tables::{ScopeKey, Tables};
use crate::error::{Fault, FaultKind};
use crate::id::{Tenant, World};
use crate::merkle::Hash;
use crate::proof::EpochRecord;
use crate::seal::{
    Anchor, Attestation, AttestationKind, Checkpoint, LogName, LogState, Published, Span, Tile,
};
use crate::store::Seals;
use crate::time::ProofId;

/// What the store in memory holds of seals.
#[derive(Debug, Clone, Default)]
pub(super) struct SealTables {
    /// By the number of its log; those that a checkpoint does not wholly cover.
    unsealed: BTreeMap<u64, LogName>,
    /// Those whose last checkpoint is not in the deployment's log.
    unanchored: BTreeMap<u64, LogName>,
    numbers: BTreeMap<LogName, u64>,
    pub(super) logs: BTreeMap<LogName, Sealed>,
    pub(super) anchors: Vec<Anchor>,
    pub(super) attestations: BTreeMap<(u64, AttestationKind, String), Attestation>,
    /// In the order of their numbers.
    pub(super) epochs: BTreeMap<LogName, Vec<EpochRecord>>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Sealed {
    pub(super) tiles: BTreeMap<(u8, u64), Tile>,
    pub(super) checkpoints: BTreeMap<u64, Checkpoint>,
}

impl SealTables {
    /// A log has grown.
    pub(super) fn grew(&mut self, (world, tenant): &ScopeKey) {
        let log = LogName::of(world, tenant);
        let number = self.number(&log);
        self.unsealed.insert(number, log);
    }

    fn number(&mut self, log: &LogName) -> u64 {
        let next = u64::try_from(self.numbers.len()).unwrap_or(u64::MAX);
        match log {
            LogName::Deployment => 0,
            log => *self.numbers.entry(log.clone()).or_insert(next + 1),
        }
    }

    fn last(&self, log: &LogName) -> Option<&Checkpoint> {
        self.logs.get(log)?.checkpoints.values().next_back()
    }

    /// The last epoch of a log.
    pub(super) fn epoch(&self, log: &LogName) -> u64 {
        self.epochs.get(log).and_then(|epochs| epochs.last()).map_or(1, |last| last.number)
    }

    fn count(&self) -> u64 {
        u64::try_from(self.anchors.len()).unwrap_or(u64::MAX)
    }
}

impl Tables {
    fn size(&self, log: &LogName) -> u64 {
        match log {
            LogName::Deployment => self.seals.count(),
            LogName::Tenant(world, tenant) => self.head(world, tenant).size,
        }
    }

    fn state(&self, log: &LogName) -> LogState {
        let root = match log {
            LogName::Deployment => None,
            LogName::Tenant(world, tenant) => Some(self.head(world, tenant).root),
        };
        let tiles = self.seals.logs.get(log).map(|log| log.tiles.keys());
        let lowest = tiles.into_iter().flatten().filter(|(level, _)| *level == 0).count();
        LogState {
            size: self.size(log),
            root,
            tiles: u64::try_from(lowest).unwrap_or(u64::MAX),
            sealed: self.seals.last(log).cloned(),
            epoch: self.seals.epoch(log),
        }
    }

    fn span(&self, log: &LogName, span: Span) -> Option<Vec<Hash>> {
        let sealed = self.seals.logs.get(log);
        let tile = |level, place| sealed.and_then(|log| log.tiles.get(&(level, place)));
        let (first, count) = match span {
            Span::Tile { level, place } => return tile(level, place).map(|t| t.hashes.clone()),
            Span::Edge { level: 0, first, count } => (first, count),
            Span::Edge { level, first, count } => {
                let places = first..first.checked_add(u64::from(count))?;
                return places.map(|place| tile(level - 1, place).map(|tile| tile.root)).collect();
            }
        };
        let hashes: Vec<Hash> = match log {
            LogName::Deployment => {
                let anchors = self.seals.anchors.iter().skip(usize::try_from(first).ok()?);
                anchors.take(usize::from(count)).map(|anchor| anchor.leaf_hash).collect()
            }
            LogName::Tenant(world, tenant) => {
                let page = self.page(world, tenant, first, u32::from(count));
                page.into_iter().map(|entry| entry.leaf_hash).collect()
            }
        };
        (hashes.len() == usize::from(count)).then_some(hashes)
    }

    fn write_tiles(&mut self, log: &LogName, tiles: &[Tile]) -> Result<(), Fault> {
        let held = &mut self.seals.logs.entry(log.clone()).or_default().tiles;
        for tile in tiles {
            if *held.entry((tile.level, tile.place)).or_insert_with(|| tile.clone()) != *tile {
                let message = format!("a tile of the log of {log} is another");
                return Err(Fault::new(FaultKind::Corrupt, message));
            }
        }
        self.changes += 1;
        Ok(())
    }

    fn publish(&mut self, log: &LogName, base: u64, checkpoint: &Checkpoint) -> Published {
        let size = self.size(log);
        let number = self.seals.number(log);
        let last = self.seals.last(log).cloned();
        let reached = last.as_ref().map_or(0, |last| last.size);
        let fits = reached == base && (base + 1..=size).contains(&checkpoint.size);
        if fits {
            let sealed = self.seals.logs.entry(log.clone()).or_default();
            sealed.checkpoints.insert(checkpoint.size, checkpoint.clone());
            if *log != LogName::Deployment {
                self.seals.unanchored.insert(number, log.clone());
            }
        }
        if size == if fits { checkpoint.size } else { reached } {
            self.seals.unsealed.remove(&number);
        }
        self.changes += 1;
        if fits { Published::Done } else { Published::Outrun(last) }
    }

    fn anchor(&mut self, anchors: &[Anchor]) -> bool {
        if anchors.first().is_none_or(|first| first.index != self.seals.count()) {
            return false;
        }
        for anchor in anchors {
            let number = self.seals.number(&anchor.log);
            if self.seals.last(&anchor.log).is_some_and(|last| last.size == anchor.size) {
                self.seals.unanchored.remove(&number);
            }
            self.seals.anchors.push(anchor.clone());
        }
        self.seals.unsealed.insert(0, LogName::Deployment);
        self.changes += 1;
        true
    }

    fn attest(&mut self, attestation: &Attestation) -> Result<(), Fault> {
        let deployment = self.seals.logs.get(&LogName::Deployment);
        if !deployment.is_some_and(|log| log.checkpoints.contains_key(&attestation.size)) {
            let message = "the deployment's log has no checkpoint of this size";
            return Err(Fault::new(FaultKind::Limit, message));
        }
        let key = (attestation.size, attestation.kind, attestation.attester.clone());
        self.seals.attestations.entry(key).or_insert_with(|| attestation.clone());
        self.changes += 1;
        Ok(())
    }
}

#[async_trait]
impl Seals for MemoryStore {
    async fn unsealed(&self, after: Option<u64>, limit: u32) -> Result<Vec<(u64, LogName)>, Fault> {
        Ok(self.with(|tables| {
            let later = tables.seals.unsealed.iter().filter(|(number, _)| Some(**number) > after);
            later.map(|(number, log)| (*number, log.clone())).take(limited(limit)).collect()
        }))
    }

    async fn state(&self, log: &LogName) -> Result<LogState, Fault> {
        Ok(self.with(|tables| tables.state(log)))
    }

    async fn hashes(&self, log: &LogName, spans: &[Span]) -> Result<Vec<Vec<Hash>>, Fault> {
        let missing = || Fault::new(FaultKind::Corrupt, format!("the log of {log} lacks hashes"));
        let span = |tables: &Tables, span: &Span| tables.span(log, *span).ok_or_else(missing);
        self.with(|tables| spans.iter().map(|asked| span(tables, asked)).collect())
    }

    async fn write_tiles(&self, log: &LogName, tiles: &[Tile]) -> Result<(), Fault> {
        self.with(|tables| tables.write_tiles(log, tiles))
    }

    async fn publish(
        &self,
        log: &LogName,
        base: u64,
        checkpoint: &Checkpoint,
    ) -> Result<Published, Fault> {
        Ok(self.with(|tables| tables.publish(log, base, checkpoint)))
    }

    async fn checkpoints(
        &self,
        log: &LogName,
        from: u64,
        limit: u32,
    ) -> Result<Vec<Checkpoint>, Fault> {
        Ok(self.with(|tables| {
            let held = tables.seals.logs.get(log).map(|log| log.checkpoints.range(from..));
            let checkpoints = held.into_iter().flatten().map(|(_, checkpoint)| checkpoint);
            checkpoints.take(limited(limit)).cloned().collect()
        }))
    }

    async fn epochs(&self, log: &LogName) -> Result<Vec<EpochRecord>, Fault> {
        Ok(self.with(|tables| tables.seals.epochs.get(log).cloned().unwrap_or_default()))
    }

    async fn unanchored(&self, limit: u32) -> Result<Vec<(LogName, Checkpoint)>, Fault> {
        Ok(self.with(|tables| {
            let last = |log: &LogName| Some((log.clone(), tables.seals.last(log)?.clone()));
            tables.seals.unanchored.values().filter_map(last).take(limited(limit)).collect()
        }))
    }

    async fn anchor(&self, anchors: &[Anchor]) -> Result<bool, Fault> {
        Ok(self.with(|tables| tables.anchor(anchors)))
    }

    async fn anchors(&self, from: u64, limit: u32) -> Result<Vec<Anchor>, Fault> {
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        Ok(self.with(|tables| {
            tables.seals.anchors.iter().skip(from).take(limited(limit)).cloned().collect()
        }))
    }

    async fn anchor_over(&self, log: &LogName, entries: u64) -> Result<Option<Anchor>, Fault> {
        Ok(self.with(|tables| {
            let over = |anchor: &&Anchor| anchor.log == *log && anchor.size > entries;
            tables.seals.anchors.iter().find(over).cloned()
        }))
    }

    async fn attest(&self, attestation: &Attestation) -> Result<(), Fault> {
        self.with(|tables| tables.attest(attestation))
    }

    async fn attestations(&self, from: u64, limit: u32) -> Result<Vec<Attestation>, Fault> {
        Ok(self.with(|tables| {
            let held = tables.seals.attestations.values();
            let later = held.filter(|attestation| attestation.size >= from);
            later.take(limited(limit)).cloned().collect()
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
