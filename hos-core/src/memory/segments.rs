//! Segments of logs: how they stand, and their rows going and coming.

use super::read::limited;
use super::tables::{Log, LogRow, ScopeKey, Tables};
use crate::commit::StandingRow;
use crate::error::{Fault, FaultKind};
use crate::id::{Tenant, World};
use crate::proof::{LeafFacts, LogEntry, SegmentRecord};
use crate::store::RELEASE_MAX;
use crate::subject::Subject;

impl Tables {
    /// Whether a segment goes out or comes back from where it stands, or an epoch follows on those
    /// that there are.
    pub(super) fn stands(&self, scope: &ScopeKey, row: Option<&StandingRow>) -> bool {
        let record = match row {
            Some(StandingRow::Segment(record)) => record,
            Some(StandingRow::Epoch(record)) => {
                return record.number > self.seals.epoch(&record.log());
            }
            _ => return true,
        };
        let Some(Log { segments, frontier, rows, .. }) =
            self.scopes.get(scope).map(|scope| &scope.log)
        else {
            return false;
        };
        match segments.get(&record.first) {
            Some(now) => {
                let held = rows.range(now.first..now.end).count();
                now.end == record.end
                    && now.turn.checked_add(1) == Some(record.turn)
                    && u64::try_from(held) == Ok(now.end - now.first)
            }
            None => {
                let last = segments.last_key_value().map_or(0, |(_, last)| last.end);
                record.turn == 0 && record.first == last && record.end <= frontier.size()
            }
        }
    }

    pub(super) fn segments(
        &self,
        world: &World,
        tenant: &Tenant,
        after: u64,
        limit: u32,
    ) -> Vec<SegmentRecord> {
        let segments = self.log(world, tenant).into_iter().flat_map(|log| log.segments.values());
        segments.filter(|segment| segment.end > after).take(limited(limit)).cloned().collect()
    }

    pub(super) fn release(
        &mut self,
        world: &World,
        tenant: &Tenant,
        first: u64,
        limit: u32,
    ) -> u32 {
        let Some((log, segment)) = self.archived(world, tenant, first) else { return 0 };
        let rows = log.rows.range(segment.first..segment.end);
        let gone: Vec<_> = rows.map(|(index, row)| (*index, row.entry.id)).collect();
        let gone = gone.into_iter().take(limited(limit.min(RELEASE_MAX)));
        let mut count = 0;
        for (index, id) in gone {
            log.rows.remove(&index);
            log.by_id.remove(&id);
            count += 1;
        }
        self.changes += 1;
        count
    }

    pub(super) fn refill(
        &mut self,
        world: &World,
        tenant: &Tenant,
        first: u64,
        entries: &[LogEntry],
    ) -> Result<bool, Fault> {
        let Some((log, segment)) = self.archived(world, tenant, first) else { return Ok(false) };
        for entry in entries {
            let corrupt = || Fault::new(FaultKind::Corrupt, format!("the leaf of {}", entry.id));
            let facts = LeafFacts::parse(entry.leaf.as_bytes()).ok_or_else(corrupt)?;
            let index = entry.index.filter(|index| segment.covers(*index)).ok_or_else(corrupt)?;
            let moves = facts.moves();
            let subject = facts.subject.map(|(kind, id)| Subject {
                world: world.clone(),
                tenant: tenant.clone(),
                kind,
                id,
            });
            let row = LogRow { entry: entry.clone(), subject, revision: facts.revision, moves };
            log.by_id.insert(entry.id, index);
            log.rows.entry(index).or_insert(row);
        }
        self.changes += 1;
        Ok(true)
    }

    fn archived(
        &mut self,
        world: &World,
        tenant: &Tenant,
        first: u64,
    ) -> Option<(&mut Log, SegmentRecord)> {
        let log = &mut self.scopes.get_mut(&(world.clone(), tenant.clone()))?.log;
        let segment = log.segments.get(&first).filter(|segment| segment.is_archived()).cloned()?;
        Some((log, segment))
    }
}
