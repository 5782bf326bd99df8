//! How the naive store lets entries go and takes them back: it only hides them.

use async_trait::async_trait;
use hos_core::commit::StandingRow;
use hos_core::error::Fault;
use hos_core::id::{Tenant, World};
use hos_core::proof::{LogEntry, SegmentRecord};
use hos_core::store::Segments;

use super::tables::{Row, Scope, ScopeKey, Tables};
use super::{Plant, PlantedStore};

impl Tables {
    /// Whether a segment goes out or comes back from where it stands, or an epoch follows.
    pub(super) fn stands(&self, plant: Plant, key: &ScopeKey, row: Option<&StandingRow>) -> bool {
        let record = match row {
            Some(StandingRow::Segment(record)) => record,
            Some(StandingRow::Epoch(record)) => {
                return record.number > self.epoch(&record.log());
            }
            _ => return true,
        };
        let Some(scope) = self.scopes.get(key) else { return false };
        let size = u64::try_from(scope.log.len()).unwrap_or(u64::MAX);
        plant == Plant::SegmentAnywhere
            || match scope.segments.iter().find(|now| now.first == record.first) {
                Some(now) => {
                    let is_of = |row: &&Row| now.covers(row.entry.index.unwrap_or_default());
                    let all = scope.log.iter().filter(is_of).all(|row| !row.hidden);
                    (record.end, record.turn) == (now.end, now.turn + 1) && all
                }
                None => {
                    let last = scope.segments.last().map_or(0, |last| last.end);
                    (record.first, record.turn) == (last, 0) && record.end <= size
                }
            }
    }
}

impl Scope {
    pub(super) fn put_segment(&mut self, record: &SegmentRecord) {
        self.segments.retain(|now| now.first != record.first);
        self.segments.push(record.clone());
        self.segments.sort_by_key(|segment| segment.first);
    }

    fn archived(&self, plant: Plant, first: u64) -> Option<SegmentRecord> {
        let here = |segment: &&SegmentRecord| {
            let is_archived = segment.is_archived() || plant == Plant::SegmentNeverReturns;
            segment.first == first && is_archived
        };
        self.segments.iter().find(here).cloned()
    }
}

#[async_trait]
impl Segments for PlantedStore {
    async fn segments(
        &self,
        world: &World,
        tenant: &Tenant,
        after: u64,
        limit: u32,
    ) -> Result<Vec<SegmentRecord>, Fault> {
        Ok(self.with(|tables| {
            let scope = tables.scopes.get(&(world.clone(), tenant.clone()));
            let segments = scope.into_iter().flat_map(|scope| &scope.segments);
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            segments.filter(|segment| segment.end > after).take(limit).cloned().collect()
        }))
    }

    async fn release(
        &self,
        world: &World,
        tenant: &Tenant,
        first: u64,
        limit: u32,
    ) -> Result<u32, Fault> {
        Ok(self.with(|tables| {
            tables.changes += 1;
            let Some(scope) = tables.scopes.get_mut(&(world.clone(), tenant.clone())) else {
                return 0;
            };
            let Some(segment) = scope.archived(self.plant, first) else { return 0 };
            let everything = self.plant == Plant::ReleasedBeyond;
            let is_of = |row: &&mut Row| {
                let index = row.entry.index.unwrap_or_default();
                !row.hidden && (everything || segment.covers(index))
            };
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            let rows = scope.log.iter_mut().filter(is_of).take(limit);
            let count = rows.map(|row| row.hidden = true).count();
            u32::try_from(count).unwrap_or(u32::MAX)
        }))
    }

    async fn refill(
        &self,
        world: &World,
        tenant: &Tenant,
        first: u64,
        entries: &[LogEntry],
    ) -> Result<bool, Fault> {
        Ok(self.with(|tables| {
            tables.changes += 1;
            let scope = tables.scopes.get_mut(&(world.clone(), tenant.clone()));
            let Some(scope) = scope.filter(|scope| scope.archived(self.plant, first).is_some())
            else {
                return false;
            };
            for row in &mut scope.log {
                if let Some(entry) = entries.iter().find(|entry| entry.id == row.entry.id)
                    && row.hidden
                {
                    *row = Row { entry: entry.clone(), hidden: false, ..row.clone() };
                }
            }
            true
        }))
    }
}
