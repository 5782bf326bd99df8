//! Tiles as they are kept, beside those that the entries make.

use std::collections::{BTreeMap, VecDeque};

use hos_core::error::Fault;
use hos_core::merkle::HASH_BYTES;
use hos_core::seal::LogName;
use hos_core::store::TileRow;

use crate::log::Reader;
use crate::report::{FindingCode, Report};
use crate::scope::Whose;
use crate::tree::Made;

/// How many tiles are read at once.
const TILES_AT_ONCE: u32 = 32;
/// The height of a tile.
const HEIGHT: u32 = 8;

/// The kept tiles of a log, read beside the walk.
#[derive(Debug, Default)]
pub(crate) struct Tiles {
    levels: BTreeMap<u8, Level>,
}

#[derive(Debug, Default)]
struct Level {
    rows: VecDeque<TileRow>,
    from: u64,
    is_last: bool,
    first_missing: Option<u64>,
}

impl Tiles {
    /// Compares a tile with the one that is kept, if it is.
    pub(crate) async fn compare(
        &mut self,
        reader: &mut Reader<'_>,
        log: &LogName,
        whose: Whose<'_>,
        made: &Made,
        report: &mut Report,
    ) -> Result<(), Fault> {
        let level = self.levels.entry(made.level).or_default();
        let Some(row) = level.at(reader, log, made).await? else {
            level.first_missing.get_or_insert(made.place);
            return Ok(());
        };
        report.tiles += 1;
        let (kept, partial) = row.hashes.as_chunks::<HASH_BYTES>();
        let both = kept.iter().zip(&made.hashes).enumerate();
        let mut differ = both.filter(|(_, (kept, made))| kept != made);
        let differs = differ.next().map(|(at, _)| at);
        let more = differ.count();
        let is_short = kept.len() != made.hashes.len() || !partial.is_empty();
        let what = match differs {
            Some(at) => format!("{} of its hashes are others, from {at} on", more + 1),
            None if is_short => "it is cut".to_owned(),
            None if row.root != made.root => "its root is another".to_owned(),
            None => return Ok(()),
        };
        let message = format!("{}: {what}", named(made.level, made.place));
        let finding = whose.finding(FindingCode::TileDiffers, message);
        let width = HEIGHT.saturating_mul(u32::from(made.level));
        let first = (made.place << HEIGHT) + u64::try_from(differs.unwrap_or(0)).unwrap_or(0);
        report.findings.add(finding.at(first << width));
        Ok(())
    }

    /// What is left at the end of a log of so many entries, of which some are sealed: tiles that
    /// were written before that and are gone, and tiles over what is not there.
    pub(crate) async fn end(
        &self,
        reader: &mut Reader<'_>,
        log: &LogName,
        whose: Whose<'_>,
        (sealed, size): (u64, u64),
        report: &mut Report,
    ) -> Result<(), Fault> {
        for (number, level) in &self.levels {
            let places = places(sealed, *number);
            if let Some(place) = level.first_missing.filter(|place| *place < places) {
                let message = format!("{}: it is not there", named(*number, place));
                let finding = whose.finding(FindingCode::TileMissing, message);
                let first = place << HEIGHT.saturating_mul(u32::from(*number) + 1);
                report.findings.add(finding.at(first));
            }
        }
        let above = self.levels.keys().next_back().map_or(0, |last| last.saturating_add(1));
        for level in 0..=above {
            let from = (level, places(size, level));
            let page = reader.picture.beside().tiles(log, from, 1).await?;
            let beyond = page.first().filter(|row| row.level == level || level == above);
            if let Some(row) = beyond {
                let message = format!("{}: it is beyond its log", named(row.level, row.place));
                report.findings.add(whose.finding(FindingCode::TileDiffers, message));
            }
        }
        Ok(())
    }
}

impl Level {
    /// The kept tile at the place of one that the entries make.
    async fn at(
        &mut self,
        reader: &mut Reader<'_>,
        log: &LogName,
        made: &Made,
    ) -> Result<Option<TileRow>, Fault> {
        loop {
            while self.rows.front().is_some_and(|row| row.place < made.place) {
                self.rows.pop_front();
            }
            if !self.rows.is_empty() || self.is_last {
                let is_it = self.rows.front().is_some_and(|row| row.place == made.place);
                return Ok(if is_it { self.rows.pop_front() } else { None });
            }
            let from = (made.level, self.from.max(made.place));
            let page = reader.picture.beside().tiles(log, from, TILES_AT_ONCE).await?;
            self.is_last = page.iter().any(|row| row.level != made.level)
                || u32::try_from(page.len()).is_ok_and(|length| length < TILES_AT_ONCE);
            self.rows.extend(page.into_iter().filter(|row| row.level == made.level));
            self.from = self.rows.back().map_or(self.from, |row| row.place.saturating_add(1));
        }
    }
}

/// How many whole tiles a level has over so many entries.
fn places(entries: u64, level: u8) -> u64 {
    entries.checked_shr(HEIGHT.saturating_mul(u32::from(level) + 1)).unwrap_or(0)
}

fn named(level: u8, place: u64) -> String {
    format!("tile {place} of level {level}")
}
