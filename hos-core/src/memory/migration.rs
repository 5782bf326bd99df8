//! Lists subjects by the version that they pin, and executes batches of migrations.

use super::read::limited;
use super::tables::{SubjectRow, Tables};
use crate::commit::{MigrationCommit, MigrationOutcome, Pinned, Repinned, TimerWrite};
use crate::error::{Fault, FaultKind};
use crate::id::{Kind, SubjectId};
use crate::store::PinnedAsk;
use crate::subject::Subject;

impl Tables {
    pub(super) fn pinned(&self, ask: &PinnedAsk) -> Vec<Pinned> {
        let listed = |(subject, row): &(&Subject, &SubjectRow)| {
            subject.world == ask.world
                && subject.tenant == ask.tenant
                && subject.kind == ask.kind
                && row.snapshot.contract == ask.version
                && !row.terminal
                && ask.after.as_ref().is_none_or(|after| subject.id > *after)
        };
        let pinned = |(subject, row): (&Subject, &SubjectRow)| Pinned {
            id: subject.id.clone(),
            snapshot: row.snapshot.clone(),
            timers: timers(row),
        };
        self.subjects.iter().filter(listed).map(pinned).take(limited(ask.limit)).collect()
    }

    pub(super) fn migrate(&mut self, batch: &MigrationCommit) -> Result<MigrationOutcome, Fault> {
        let scope = (batch.world().clone(), batch.tenant().clone());
        let kept = batch.receipt();
        let key = (scope.clone(), kept.key().clone());
        if self.versions(&scope) != *batch.versions() || self.receipts.contains_key(&key) {
            return Ok(MigrationOutcome::Conflict);
        }
        let subject = |id: &SubjectId| Subject {
            world: scope.0.clone(),
            tenant: scope.1.clone(),
            kind: Kind::clone(batch.kind()),
            id: id.clone(),
        };
        let row = |repinned: &&Repinned| self.subjects.get(&subject(repinned.id()));
        let has_moved = |repinned: &&Repinned| {
            row(repinned).is_none_or(|row| row.snapshot.proof_id != repinned.from_proof())
        };
        let moved: Vec<SubjectId> =
            batch.subjects().iter().filter(has_moved).map(|moved| moved.id().clone()).collect();
        if !moved.is_empty() {
            return Ok(MigrationOutcome::Moved(moved));
        }
        if batch.subjects().iter().filter_map(|repinned| row(&repinned)).any(|row| row.terminal) {
            return Err(Fault::new(FaultKind::Internal, "a terminal state never changes"));
        }
        self.changes += 1;
        self.append(&scope, batch.entry())?;
        for repinned in batch.subjects() {
            let timers = repinned.timers().iter();
            let row = SubjectRow {
                snapshot: repinned.after().clone(),
                terminal: false,
                timers: timers.map(|timer| (timer.action.clone(), timer.due_at)).collect(),
            };
            self.subjects.insert(subject(repinned.id()), row);
        }
        self.receipts.insert(key, kept.clone().into());
        Ok(MigrationOutcome::Committed)
    }
}

fn timers(row: &SubjectRow) -> Vec<TimerWrite> {
    let timer = |(action, due_at): (&crate::id::ActionName, &crate::time::Timestamp)| TimerWrite {
        action: action.clone(),
        due_at: *due_at,
    };
    row.timers.iter().map(timer).collect()
}
