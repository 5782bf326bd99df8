//! Writes the tiles that a log lacks, once its leaves have led to all that is known of it.

use std::collections::BTreeMap;

use hos_verify::checkpoint;
use hos_verify::tile::{self, Plan};

use super::{SEALED_TILES_MAX, Sealer};
use crate::error::Fault;
use crate::hos::proving::{Read, WIDTH, unmade};
use crate::merkle::{Frontier, Hash, leaf_hash, root_of};
use crate::proof::PAGE_MAX;
use crate::seal::{Growth, LogName, LogState, Span, TILE_HASHES, inconsistent};

/// How many tiles' worth of leaves are read at once.
const READ_TILES: u64 = 16;

impl Sealer {
    /// Writes tiles that are not written yet; false when there are more than one call writes.
    ///
    /// What a tile would be of is compared first, because what is written stays.
    pub(super) async fn grow(
        &self,
        log: &LogName,
        state: &LogState,
        last: Option<&checkpoint::Checkpoint>,
    ) -> Result<bool, Fault> {
        // Nobody else compares what the deployment's log has with its hashes.
        if state.size / WIDTH <= state.tiles && *log != LogName::Deployment {
            return Ok(true);
        }
        let roots = self.compared(log, state, last).await?;
        let seals = self.hos.store.seals();
        let (mut written, until) = (state.tiles, state.tiles.saturating_add(SEALED_TILES_MAX));
        let mut roots = roots.iter();
        loop {
            let leaves = Growth::leaves(written, state.size);
            if leaves.is_empty() {
                return Ok(true);
            }
            if written >= until {
                return Ok(false);
            }
            let mut growth = Growth::new(written, seals.hashes(log, &leaves).await?);
            if growth.tiles().iter().any(|tile| roots.next() != Some(&tile.root)) {
                return Err(inconsistent(log, "its entries changed while they were read"));
            }
            while let Some(span) = growth.wants() {
                let read = seals.hashes(log, &[span]).await?;
                growth.complete(read.into_iter().next().unwrap_or_default());
            }
            seals.write_tiles(log, growth.tiles()).await?;
            written = growth.written();
        }
    }

    /// Compares what the leaves beyond the tiles lead to with the log's head and with its last
    /// checkpoint; answers the roots of the tiles that are whole by now.
    async fn compared(
        &self,
        log: &LogName,
        state: &LogState,
        last: Option<&checkpoint::Checkpoint>,
    ) -> Result<Vec<Hash>, Fault> {
        let mut known = BTreeMap::new();
        known.extend(state.root.map(|root| (state.size, (root, "head has another root"))));
        known.extend(
            last.map(|last| (last.size(), (*last.root(), "last checkpoint is over other entries"))),
        );
        let mut grown = self.over_tiles(log, state.tiles).await?;
        let (mut roots, mut tile) = (Vec::new(), Vec::with_capacity(TILE_HASHES));
        while grown.size() < state.size {
            for leaf in self.leaves(log, grown.size(), state.size).await? {
                grown.push(leaf).map_err(crate::hos::internal)?;
                tile.push(leaf);
                if tile.len() == TILE_HASHES {
                    roots.push(root_of(tile.drain(..)));
                }
                let known = known.get(&grown.size());
                if let Some((_, what)) = known.filter(|(root, _)| *root != grown.root()) {
                    return Err(inconsistent(log, format!("its {what}")));
                }
            }
        }
        Ok(roots)
    }

    /// The tree over the leaves of so many tiles.
    async fn over_tiles(&self, log: &LogName, tiles: u64) -> Result<Frontier, Fault> {
        let size = tiles.saturating_mul(WIDTH);
        let Some(beyond) = size.checked_add(1).filter(|_| size > 0) else {
            return Ok(Frontier::new());
        };
        // All that is left of the next leaf: the peaks.
        let read = Read::of(&self.hos, log, &Plan::new(size).root()).await?;
        let peaks = tile::range_proof(beyond, size, beyond, |level, at| read.hash(level, at));
        let peaks = peaks.map_err(|error| unmade(log, &error))?;
        Frontier::from_parts(size, peaks).map_err(crate::hos::internal)
    }

    /// Leaves from one on, never none; those of the deployment's log as its notes hash to.
    async fn leaves(&self, log: &LogName, from: u64, until: u64) -> Result<Vec<Hash>, Fault> {
        let seals = self.hos.store.seals();
        let left = until.saturating_sub(from);
        if *log == LogName::Deployment {
            let anchors = seals.anchors(from, PAGE_MAX.min(left.try_into().unwrap_or(PAGE_MAX)));
            let anchors = anchors.await?;
            for (index, anchor) in (from..).zip(&anchors) {
                if anchor.index != index || leaf_hash(anchor.note.as_bytes()) != anchor.leaf_hash {
                    return Err(inconsistent(log, format!("leaf {index} is another")));
                }
            }
            if anchors.is_empty() {
                return Err(inconsistent(log, format!("leaf {from} is missing")));
            }
            return Ok(anchors.into_iter().map(|anchor| anchor.leaf_hash).collect());
        }
        let mut spans = Vec::new();
        for at in 0..READ_TILES.min(left.div_ceil(WIDTH)) {
            let first = from.saturating_add(at * WIDTH);
            let count = until.saturating_sub(first).min(WIDTH);
            spans.push(Span::Edge { level: 0, first, count: count.try_into().unwrap_or(u16::MAX) });
        }
        Ok(seals.hashes(log, &spans).await?.concat())
    }
}
