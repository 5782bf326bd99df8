//! Proofs against checkpoints, from tiles.

use std::collections::BTreeMap;

use hos_verify::tile::{self, Plan, TileError};

use super::Hos;
use crate::error::{Fault, FaultKind};
use crate::id::{Tenant, World};
use crate::merkle::{Hash, leaf_hash, verify_consistency, verify_inclusion};
use crate::proof::{LogEntry, PAGE_MAX};
use crate::seal::{Checkpoint, LogName, ProofState, SPANS_MAX, Span, TILE_HASHES, inconsistent};
use crate::time::ProofId;

/// An entry with what proves it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Proven {
    /// The entry, with its leaf bytes.
    pub entry: LogEntry,
    /// Its place in the log.
    pub index: u64,
    /// The last checkpoint of the log.
    pub checkpoint: Checkpoint,
    /// The inclusion proof against that checkpoint (RFC 9162, section 2.1.3), from the leaf up.
    pub proof: Vec<Hash>,
}

impl Hos {
    /// How far the proof of an entry has come; none for an entry that this tenant has not.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn proof_state(
        &self,
        world: &World,
        tenant: &Tenant,
        id: ProofId,
    ) -> Result<Option<ProofState>, Fault> {
        let Some(entry) = self.found(world, tenant, id).await? else { return Ok(None) };
        let seals = self.store.seals();
        let Some(index) = entry.index else {
            let aside = seals.quarantined(world, tenant, Some(id), 1).await?;
            let aside = aside.first() == Some(&id);
            return Ok(Some(if aside { ProofState::Quarantined } else { ProofState::Recorded }));
        };
        let log = LogName::of(world, tenant);
        if seals.state(&log).await?.sealed.is_none_or(|last| last.size <= index) {
            return Ok(Some(ProofState::Sequenced));
        }
        let Some(anchor) = seals.anchor_over(&log, index).await? else {
            return Ok(Some(ProofState::Sealed));
        };
        let attested = seals.attestations(anchor.index + 1, 1).await?;
        let anchored = !attested.is_empty();
        Ok(Some(if anchored { ProofState::Anchored } else { ProofState::Sealed }))
    }

    /// An entry with its inclusion proof against the last checkpoint of its log; none for an entry
    /// that this tenant has not, or that is not sealed yet.
    ///
    /// # Errors
    ///
    /// `Corrupt` when the stored hashes do not lead to the checkpoint; else what the store says.
    pub async fn prove(
        &self,
        world: &World,
        tenant: &Tenant,
        id: ProofId,
    ) -> Result<Option<Proven>, Fault> {
        let Some(entry) = self.found(world, tenant, id).await? else { return Ok(None) };
        let log = LogName::of(world, tenant);
        let Some(index) = entry.index else { return Ok(None) };
        let checkpoint = self.store.seals().state(&log).await?.sealed;
        let Some(checkpoint) = checkpoint.filter(|last| last.size > index) else { return Ok(None) };
        let leaf = leaf_hash(entry.leaf.as_bytes());
        let proof = included(self, &log, index, &leaf, &checkpoint).await?;
        Ok(Some(Proven { entry, index, checkpoint, proof }))
    }

    /// The inclusion proofs of many entries of a log against one of its checkpoints, each tile read
    /// once, for [`merkle::verify_inclusion`](crate::merkle::verify_inclusion).
    ///
    /// # Errors
    ///
    /// `Limit` for an index beyond the checkpoint, or for more than [`PAGE_MAX`] of them; `Corrupt`
    /// when a stored hash is missing; else what the store says.
    pub async fn prove_inclusions(
        &self,
        log: &LogName,
        checkpoint: &Checkpoint,
        indexes: &[u64],
    ) -> Result<Vec<Vec<Hash>>, Fault> {
        if usize::try_from(PAGE_MAX).is_ok_and(|most| indexes.len() > most) {
            let message = format!("at most {PAGE_MAX} entries are proved at once");
            return Err(Fault::new(FaultKind::Limit, message));
        }
        let mut plan = Plan::new(checkpoint.size);
        for index in indexes {
            plan = plan
                .inclusion(*index)
                .map_err(|error| Fault::new(FaultKind::Limit, error.to_string()))?;
        }
        let read = Read::of(self, log, &plan).await?;
        let path = |index: &u64| {
            let path =
                tile::inclusion_proof(checkpoint.size, *index, |level, at| read.hash(level, at));
            path.map_err(|error| unmade(log, &error))
        };
        indexes.iter().map(path).collect()
    }

    /// The checkpoints of a log over at least so many entries, the smallest first, at most
    /// [`PAGE_MAX`].
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn checkpoints(
        &self,
        log: &LogName,
        from: u64,
        limit: u32,
    ) -> Result<Vec<Checkpoint>, Fault> {
        self.store.seals().checkpoints(log, from, limit.min(PAGE_MAX)).await
    }

    /// Proves from tiles that a checkpoint of a log is over the first entries of a later one
    /// (RFC 9162, section 2.1.4).
    ///
    /// # Errors
    ///
    /// `Limit` for sizes out of order; `Corrupt` when the stored hashes do not lead from one to the
    /// other; else what the store says.
    pub async fn prove_consistency(
        &self,
        log: &LogName,
        old: &Checkpoint,
        new: &Checkpoint,
    ) -> Result<Vec<Hash>, Fault> {
        let plan = Plan::new(new.size).consistency(old.size);
        let plan = plan.map_err(|error| Fault::new(FaultKind::Limit, error.to_string()))?;
        let read = Read::of(self, log, &plan).await?;
        let proof = tile::consistency_proof(old.size, new.size, |level, at| read.hash(level, at));
        let proof = proof.map_err(|error| unmade(log, &error))?;
        let (old, new) = (parsed(log, old)?, parsed(log, new)?);
        verify_consistency(old.size(), old.root(), new.size(), new.root(), &proof)
            .map_err(|_| inconsistent(log, "its tiles do not lead to its checkpoints"))?;
        Ok(proof)
    }

    /// Proves from tiles that the entries from one index to before another stand side by side under
    /// a checkpoint, for [`merkle::verify_range`](crate::merkle::verify_range).
    ///
    /// # Errors
    ///
    /// `Limit` for a range that is empty or ends beyond the checkpoint; else what the store says.
    pub async fn prove_range(
        &self,
        log: &LogName,
        checkpoint: &Checkpoint,
        from: u64,
        to: u64,
    ) -> Result<Vec<Hash>, Fault> {
        let plan = Plan::new(checkpoint.size).range(from, to);
        let plan = plan.map_err(|error| Fault::new(FaultKind::Limit, error.to_string()))?;
        let read = Read::of(self, log, &plan).await?;
        tile::range_proof(checkpoint.size, from, to, |level, at| read.hash(level, at))
            .map_err(|error| unmade(log, &error))
    }

    /// Entries of a tenant that were set aside because their leaf is not what its hash says, by
    /// number from one on, at most [`PAGE_MAX`].
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn quarantined(
        &self,
        world: &World,
        tenant: &Tenant,
        from: Option<ProofId>,
        limit: u32,
    ) -> Result<Vec<ProofId>, Fault> {
        self.store.seals().quarantined(world, tenant, from, limit.min(PAGE_MAX)).await
    }
}

/// The proof of a leaf against a checkpoint, checked before it is given out.
pub(super) async fn included(
    hos: &Hos,
    log: &LogName,
    index: u64,
    leaf: &Hash,
    checkpoint: &Checkpoint,
) -> Result<Vec<Hash>, Fault> {
    let proofs = hos.prove_inclusions(log, checkpoint, &[index]).await?;
    let proof = proofs.into_iter().next().unwrap_or_default();
    let signed = parsed(log, checkpoint)?;
    verify_inclusion(signed.root(), signed.size(), index, leaf, &proof)
        .map_err(|_| inconsistent(log, format!("entry {index} is not under its checkpoint")))?;
    Ok(proof)
}

/// Hashes of one log that were read, by level and place of their tile.
#[derive(Default)]
pub(super) struct Read {
    tiles: BTreeMap<(u8, u64), Vec<Hash>>,
}

impl Read {
    pub(super) async fn of(hos: &Hos, log: &LogName, plan: &Plan) -> Result<Self, Fault> {
        let tiles: Vec<tile::Tile> = plan.tiles().collect();
        let mut read = Self::default();
        for tiles in tiles.chunks(SPANS_MAX) {
            let mut spans = Vec::with_capacity(tiles.len());
            for tile in tiles {
                spans.push(match span(tile) {
                    // An edge of before, whose leaves have left the store since: its tile is full.
                    Span::Edge { level: 0, first, .. } if hos.is_archived(log, first).await? => {
                        Span::Tile { level: 0, place: tile.place }
                    }
                    span => span,
                });
            }
            read.add(tiles, hos.store.seals().hashes(log, &spans).await?);
        }
        Ok(read)
    }

    /// What the roots of several logs, each at some sizes, are made of.
    pub(super) async fn roots(
        hos: &Hos,
        logs: &[(&LogName, Vec<u64>)],
    ) -> Result<Vec<Self>, Fault> {
        // At most 8 tiles for each size, so that those of several logs are read at once.
        let mut reads = Vec::with_capacity(logs.len());
        while let Some(rest) = logs.get(reads.len()..).filter(|rest| !rest.is_empty()) {
            let (mut asked, mut tiles, mut count) = (Vec::new(), Vec::new(), 0);
            for (log, sizes) in rest {
                let of = widest(sizes);
                count += of.len();
                if count > SPANS_MAX {
                    break;
                }
                asked.push(((*log).clone(), of.iter().map(span).collect::<Vec<Span>>()));
                tiles.push(of);
            }
            let hashes = hos.store.seals().hashes_of(&asked).await?;
            for (tiles, hashes) in tiles.into_iter().zip(hashes) {
                let mut read = Self::default();
                read.add(&tiles, hashes);
                reads.push(read);
            }
        }
        Ok(reads)
    }

    fn add(&mut self, tiles: &[tile::Tile], hashes: Vec<Vec<Hash>>) {
        let tiles = tiles.iter().map(|tile| (tile.level, tile.place));
        self.tiles.extend(tiles.zip(hashes));
    }

    pub(super) fn hash(&self, level: u8, index: u64) -> Result<Hash, Missing> {
        let (place, within) = (index / WIDTH, index % WIDTH);
        let within = usize::try_from(within).map_err(|_| Missing)?;
        let tile = self.tiles.get(&(level, place));
        tile.and_then(|hashes| hashes.get(within)).copied().ok_or(Missing)
    }

    /// The root over the first entries of the log.
    pub(super) fn root(&self, log: &LogName, size: u64) -> Result<Hash, Fault> {
        tile::root(size, |level, at| self.hash(level, at)).map_err(|error| unmade(log, &error))
    }
}

/// The tiles that the roots at some sizes of one log are made of, each as wide as one wants it.
fn widest(sizes: &[u64]) -> Vec<tile::Tile> {
    let mut widths: BTreeMap<(u8, u64), u16> = BTreeMap::new();
    for tile in sizes.iter().flat_map(|size| Plan::new(*size).root().tiles().collect::<Vec<_>>()) {
        let width = widths.entry((tile.level, tile.place)).or_default();
        *width = tile.width.max(*width);
    }
    let full = sizes.iter().max().map_or(0, |size| size / WIDTH);
    let tile = |((level, place), width)| {
        // The leaves below a full tile may have left the store.
        let width = if level == 0 && place < full { FULL } else { width };
        tile::Tile { level, place, width }
    };
    widths.into_iter().map(tile).collect()
}

/// [`TILE_HASHES`] as places are counted.
pub(super) const WIDTH: u64 = 256;
/// How wide a full tile is.
const FULL: u16 = 256;
const _: () = assert!(TILE_HASHES == 256);

#[derive(Debug)]
pub(super) struct Missing;

fn span(tile: &tile::Tile) -> Span {
    let tile::Tile { level, place, width } = *tile;
    if usize::from(width) == TILE_HASHES {
        return Span::Tile { level, place };
    }
    Span::Edge { level, first: place.saturating_mul(WIDTH), count: width }
}

pub(super) fn unmade(log: &LogName, error: &TileError<Missing>) -> Fault {
    match error {
        TileError::Tree(error) => Fault::new(FaultKind::Limit, error.to_string()),
        TileError::Read(Missing) => inconsistent(log, "a hash of it is missing"),
    }
}

/// The checkpoint within a note that was published.
pub(super) fn parsed(
    log: &LogName,
    checkpoint: &Checkpoint,
) -> Result<hos_verify::checkpoint::Checkpoint, Fault> {
    let note = hos_verify::note::SignedNote::parse(checkpoint.note.as_bytes()).ok();
    let parsed = note.and_then(|note| hos_verify::checkpoint::Checkpoint::parse(note.text()).ok());
    let parsed = parsed.filter(|parsed| parsed.size() == checkpoint.size);
    parsed.ok_or_else(|| inconsistent(log, "a checkpoint of it cannot be read"))
}
