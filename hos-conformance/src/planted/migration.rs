//! How the naive store migrates.

use hos_core::commit::{MigrationCommit, MigrationOutcome, Pinned, Repinned, TimerWrite};
use hos_core::id::{Tenant, Version};
use hos_core::store::PinnedAsk;
use hos_core::subject::Subject;

use super::Plant;
use super::tables::{SubjectRow, Tables, receipt_key};

impl Tables {
    pub(super) fn pinned(&self, plant: Plant, ask: &PinnedAsk) -> Vec<Pinned> {
        let all = plant == Plant::MigrationListsAll;
        let mut pinned = Vec::new();
        for (subject, row) in &self.subjects {
            let pins = |version: &Version| row.snapshot.contract == *version;
            let here = (&subject.world, &subject.kind) == (&ask.world, &ask.kind)
                && (all || (subject.tenant == ask.tenant && !row.terminal));
            if here && pins(&ask.version) && Some(&subject.id) > ask.after.as_ref() {
                let timers = row.timers.iter();
                let timer = |(_, action, due_at): &(_, _, _)| TimerWrite {
                    action: Clone::clone(action),
                    due_at: *due_at,
                };
                pinned.push(Pinned {
                    id: subject.id.clone(),
                    snapshot: row.snapshot.clone(),
                    timers: timers.map(timer).collect(),
                });
            }
        }
        pinned.truncate(usize::try_from(ask.limit).unwrap_or(usize::MAX));
        pinned
    }

    pub(super) fn migrate(&mut self, plant: Plant, batch: &MigrationCommit) -> MigrationOutcome {
        let scope = (batch.world().clone(), batch.tenant().clone());
        let whole = (batch.world().clone(), Tenant::world());
        let now = (self.generations(&scope), self.generations(&whole));
        let kept = batch.receipt();
        let key = receipt_key(plant, &scope.0, &scope.1, kept.key());
        let is_taken = self.receipts.contains_key(&key) && plant != Plant::MigrationKeyUncompared;
        if now != (batch.versions().tenant, batch.versions().world) || is_taken {
            return MigrationOutcome::Conflict;
        }
        let subject = |repinned: &Repinned| Subject {
            world: scope.0.clone(),
            tenant: scope.1.clone(),
            kind: batch.kind().clone(),
            id: repinned.id().clone(),
        };
        let has_moved = |repinned: &&Repinned| {
            let row = self.subjects.get(&subject(repinned));
            row.is_none_or(|row| row.snapshot.proof_id != repinned.from_proof())
        };
        let moved = batch.subjects().iter().filter(has_moved);
        let moved: Vec<_> = moved.map(|repinned| repinned.id().clone()).collect();
        if !moved.is_empty() && plant != Plant::MigrationUncompared {
            return MigrationOutcome::Moved(moved);
        }
        if plant != Plant::MigrationUnproved {
            self.append(plant, &scope, batch.entry());
        }
        for repinned in batch.subjects() {
            let mut snapshot = repinned.after().clone();
            if plant == Plant::MigrationKeepsProof {
                snapshot.proof_id = repinned.from_proof();
            }
            let timers = repinned.timers().iter();
            let timer =
                |timer: &TimerWrite| (snapshot.revision, timer.action.clone(), timer.due_at);
            let timers = timers.map(timer).collect();
            let row = SubjectRow { snapshot, before: None, terminal: false, timers };
            self.subjects.insert(subject(repinned), row);
        }
        if plant != Plant::MigrationUnkept {
            self.receipts.insert(key, kept.clone());
        }
        self.changes += 1;
        MigrationOutcome::Committed
    }
}
