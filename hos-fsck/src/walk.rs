//! A log beside its tiles and its checkpoints, in one walk.

use std::collections::VecDeque;

use hos_core::error::Fault;
use hos_core::merkle::Hash;
use hos_core::proof::PAGE_MAX;
use hos_core::seal::LogName;
use hos_core::store::CheckpointRow;
use hos_verify::checkpoint::Checkpoint;

use crate::epochs::Epochs;
use crate::log::{Reader, is_short};
use crate::note::{Judged, judge, read};
use crate::report::{FindingCode, Report};
use crate::scope::Whose;
use crate::tiles::Tiles;
use crate::tree::{Made, Tree};
use crate::trust::Trust;

/// What a log is held to while its entries come.
#[derive(Debug)]
pub(crate) struct Walk<'a> {
    whose: Whose<'a>,
    log: LogName,
    trust: &'a Trust,
    pub(crate) tree: Tree,
    tiles: Tiles,
    due: Due,
    /// Those of this log, the smallest first.
    known: VecDeque<&'a Checkpoint>,
    /// Known ones that the log is not over, with what is to be said of each.
    differing: Vec<(&'a Checkpoint, String)>,
    pub(crate) epochs: Epochs,
    /// Over how many entries the last checkpoint is.
    sealed: u64,
}

/// Checkpoints that are still to come.
#[derive(Debug, Default)]
struct Due {
    rows: VecDeque<CheckpointRow>,
    from: u64,
    is_last: bool,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(whose: Whose<'a>, trust: &'a Trust) -> Self {
        let known = trust.known(whose);
        let (log, due) = (whose.log(), Due::default());
        let (tree, tiles) = (Tree::new(), Tiles::default());
        let (differing, epochs) = (Vec::new(), Epochs::default());
        Self { whose, log, trust, tree, tiles, due, known, differing, epochs, sealed: 0 }
    }

    /// Takes in hashes of leaves with their indexes, in order.
    pub(crate) async fn take(
        &mut self,
        reader: &mut Reader<'_>,
        hashes: impl IntoIterator<Item = (u64, Hash)> + Send,
        report: &mut Report,
    ) -> Result<(), Fault> {
        let hashes: Vec<(u64, Hash)> = hashes.into_iter().collect();
        let Some((last, _)) = hashes.last() else { return Ok(()) };
        self.due.until(reader, &self.log, last.saturating_add(1)).await?;
        let mut made: Vec<Made> = Vec::new();
        for leaf in hashes {
            self.tree.push(self.whose, leaf, &mut made, &mut report.findings);
            self.compare_notes(report);
        }
        for tile in made {
            let (log, whose) = (&self.log, self.whose);
            self.tiles.compare(reader, log, whose, &tile, report).await?;
        }
        Ok(())
    }

    /// Compares what the log is over by now with the checkpoints over as many entries.
    fn compare_notes(&mut self, report: &mut Report) {
        let size = self.tree.size();
        while self.due.rows.front().is_some_and(|row| row.size <= size) {
            if let Some(row) = self.due.rows.pop_front() {
                let root = (row.size == size).then(|| self.tree.root()).flatten();
                self.judge(&row, root, report);
            }
        }
        while self.known.front().is_some_and(|known| known.size() <= size) {
            if let Some(known) = self.known.pop_front()
                && self.tree.root().is_some_and(|root| root != *known.root())
            {
                let message = format!("other entries than the known checkpoint over {size} is of");
                self.differing.push((known, message));
            }
        }
    }

    fn judge(&mut self, row: &CheckpointRow, root: Option<Hash>, report: &mut Report) {
        self.sealed = self.sealed.max(row.size);
        report.checkpoints += 1;
        if let Ok((_, checkpoint)) = read(&row.note)
            && let Some(finding) = self.epochs.differs(self.whose, &checkpoint)
        {
            report.findings.add(finding);
        }
        match judge(self.whose, self.trust, row, root) {
            Ok(Judged::Signed) => report.signed += 1,
            Ok(Judged::Unjudged) => {}
            Err((code, message)) => {
                let message = format!("the checkpoint over {} entries {message}", row.size);
                report.findings.add(self.whose.finding(code, message));
            }
        }
    }

    /// What is left when the log is at its end.
    pub(crate) async fn end(
        &mut self,
        reader: &mut Reader<'_>,
        report: &mut Report,
    ) -> Result<(), Fault> {
        let has = self.tree.size();
        loop {
            self.due.until(reader, &self.log, u64::MAX).await?;
            let Some(row) = self.due.rows.pop_front() else { break };
            self.judge(&row, None, report);
            let message = format!("the checkpoint over {} entries: the log has {has}", row.size);
            report.findings.add(self.whose.finding(FindingCode::CheckpointDiffers, message));
        }
        for known in self.known.drain(..).filter(|known| known.size() > has) {
            let message = format!("the log has {has} entries, {} are known", known.size());
            self.differing.push((known, message));
        }
        for (known, message) in std::mem::take(&mut self.differing) {
            if self.epochs.lost(known) {
                report.lost += 1;
            } else {
                report.findings.add(self.whose.finding(FindingCode::KnownDiffers, message));
            }
        }
        // A checkpoint beyond the log is told above; tiles are missed only where entries are.
        let sealed = self.sealed.min(has);
        self.tiles.end(reader, &self.log, self.whose, (sealed, has), report).await
    }
}

impl Due {
    /// Reads on until one is over more than so many entries, or a page of them is here.
    async fn until(
        &mut self,
        reader: &mut Reader<'_>,
        log: &LogName,
        size: u64,
    ) -> Result<(), Fault> {
        while !self.is_last && self.rows.back().is_none_or(|last| last.size <= size) {
            if size == u64::MAX && !self.rows.is_empty() {
                break;
            }
            let page = reader.picture.beside().checkpoints(log, self.from, PAGE_MAX).await?;
            self.is_last = is_short(&page);
            self.from = page.last().map_or(self.from, |last| last.size.saturating_add(1));
            self.rows.extend(page);
        }
        Ok(())
    }
}
