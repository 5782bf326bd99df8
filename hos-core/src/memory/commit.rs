//! Executes commits: compares everything that was read, then writes everything.

use super::tables::{LogRow, ScopeKey, SubjectRow, Tables};
use crate::commit::{Commit, Outcome, StandingRow, StandingWrite, SubjectAfter, SubjectChange};
use crate::error::{Fault, FaultKind};
use crate::id::Tenant;
use crate::proof::{Entry, LogEntry};
use crate::standing::{Generations, Versions};
use crate::store::OutboxRow;
use crate::subject::Subject;
use crate::time::Timestamp;

impl Tables {
    pub(super) fn commit_all(&mut self, commits: &[Commit]) -> Vec<Result<Outcome, Fault>> {
        commits.iter().map(|commit| self.commit(commit)).collect()
    }

    fn commit(&mut self, commit: &Commit) -> Result<Outcome, Fault> {
        let scope = (commit.world().clone(), commit.tenant().clone());
        if let Some(outcome) = self.answered(&scope, commit) {
            return Ok(outcome);
        }
        if !self.is_as_read(&scope, commit) {
            return Ok(Outcome::Conflict);
        }
        if self.is_duplicate(&scope, commit) {
            return Ok(Outcome::Committed);
        }
        self.require_lawful(commit)?;
        self.write(&scope, commit)?;
        Ok(Outcome::Committed)
    }

    fn answered(&self, scope: &ScopeKey, commit: &Commit) -> Option<Outcome> {
        let kept = commit.receipt()?;
        let row = self.receipts.get(&(scope.clone(), kept.key().clone()))?;
        Some(if row.fingerprint == kept.fingerprint() {
            Outcome::Replayed(Box::new(row.receipt.clone()))
        } else {
            Outcome::Reused
        })
    }

    fn is_as_read(&self, scope: &ScopeKey, commit: &Commit) -> bool {
        let proof = |subject: &Subject| self.subjects.get(subject).map(|row| row.snapshot.proof_id);
        self.versions(scope) == *commit.versions()
            && self.stands(scope, commit.standing().map(StandingWrite::row))
            && commit.changes().iter().all(|change| proof(change.subject()) == change.from_proof())
    }

    pub(super) fn versions(&self, (world, tenant): &ScopeKey) -> Versions {
        Versions {
            tenant: self.generations(&(world.clone(), tenant.clone())),
            world: self.generations(&(world.clone(), Tenant::world())),
        }
    }

    pub(super) fn generations(&self, scope: &ScopeKey) -> Generations {
        self.scopes.get(scope).map_or_else(Generations::default, |scope| scope.generations)
    }

    fn is_duplicate(&self, scope: &ScopeKey, commit: &Commit) -> bool {
        let known = |entry: &Entry| {
            let log = self.scopes.get(scope).map(|scope| &scope.log);
            entry.dedup().is_some_and(|dedup| log.is_some_and(|log| log.dedups.contains(&dedup)))
        };
        commit.entries().iter().any(known)
    }

    /// What the schema of a database protects by itself: terminal states never change.
    fn require_lawful(&self, commit: &Commit) -> Result<(), Fault> {
        let moves = |change: &SubjectChange| {
            let terminal = self.subjects.get(change.subject()).is_some_and(|row| row.terminal);
            terminal && change.after().is_some()
        };
        if commit.changes().iter().any(moves) {
            return Err(Fault::new(FaultKind::Internal, "a terminal state never changes"));
        }
        Ok(())
    }

    fn write(&mut self, scope: &ScopeKey, commit: &Commit) -> Result<(), Fault> {
        self.changes += 1;
        for entry in commit.entries() {
            self.append(scope, entry)?;
        }
        for change in commit.changes() {
            if let Some(after) = change.after() {
                self.put_subject(change.subject(), after);
            }
        }
        if let Some(standing) = commit.standing() {
            self.put_standing(scope, standing.row());
        }
        if let Some(kept) = commit.receipt() {
            self.receipts.insert((scope.clone(), kept.key().clone()), kept.clone().into());
        }
        Ok(())
    }

    pub(super) fn append(&mut self, scope: &ScopeKey, entry: &Entry) -> Result<(), Fault> {
        let log = &mut self.scopes.entry(scope.clone()).or_default().log;
        let full = |error: crate::merkle::MerkleError| {
            Fault::new(FaultKind::Full, error.to_string()).caused_by(error)
        };
        log.frontier.push(*entry.leaf_hash()).map_err(full)?;
        let index = log.frontier.size() - 1;
        let bare = LogEntry {
            index: Some(index),
            id: entry.id(),
            leaf: entry.leaf().to_owned(),
            leaf_hash: *entry.leaf_hash(),
            recorded_at: entry.recorded_at(),
            parts: Vec::new(),
            withheld: Vec::new(),
        };
        log.by_id.insert(entry.id(), index);
        log.dedups.extend(entry.dedup());
        let row = LogRow {
            entry: bare.with_rows(entry.parts().iter().cloned()),
            subject: entry.subject().cloned(),
            revision: entry.revision(),
            moves: entry.type_().moves(),
        };
        log.rows.insert(index, row);
        self.seals.grew(scope);
        Ok(())
    }

    fn put_subject(&mut self, subject: &Subject, after: &SubjectAfter) {
        let timers = after.timers().iter().map(|timer| (timer.action.clone(), timer.due_at));
        let row = SubjectRow {
            snapshot: after.snapshot().clone(),
            terminal: after.is_terminal(),
            timers: timers.collect(),
        };
        self.subjects.insert(subject.clone(), row);
        for message in after.outbox() {
            self.last_message += 1;
            let row = OutboxRow {
                id: self.last_message,
                subject: subject.clone(),
                revision: after.snapshot().revision,
                entry: message.entry,
                topic: message.topic.clone(),
                payload: message.payload.clone(),
                traceparent: message.traceparent.clone(),
            };
            self.outbox.insert(row.id, row);
        }
    }

    fn put_standing(&mut self, key: &ScopeKey, row: &StandingRow) {
        let scope = self.scopes.entry(key.clone()).or_default();
        let generations = &mut scope.generations;
        match row {
            StandingRow::Scope => generations.status += 1,
            StandingRow::Generation => generations.grants += 1,
            StandingRow::Parts { parts, by } => {
                generations.grants += 1;
                let (world, tenant) = key;
                self.delete_parts(world, tenant, parts, *by);
            }
            StandingRow::Member { member, roles } => {
                generations.members += 1;
                if roles.is_empty() {
                    scope.members.remove(member);
                } else {
                    scope.members.insert(member.clone(), roles.clone());
                }
            }
            StandingRow::Ban { target, banned } => {
                generations.bans += 1;
                if *banned {
                    scope.bans.insert(target.clone());
                } else {
                    scope.bans.remove(target);
                }
            }
            StandingRow::Grant { target, grant } => {
                generations.grants += 1;
                let grants = scope.grants.entry(target.clone()).or_default();
                grants.retain(|other| other.id != grant.id);
                if grant.until > Timestamp::EPOCH {
                    grants.push(grant.clone());
                }
            }
            StandingRow::Mode { ability, mode } => {
                generations.modes += 1;
                scope.set_mode(ability.as_ref(), *mode);
            }
            StandingRow::Status { status } => {
                generations.status += 1;
                scope.status = *status;
            }
            StandingRow::Law(record) => {
                generations.status += 1;
                self.laws.entry(key.0.clone()).or_default().push(record.clone());
            }
            StandingRow::Contract(record) => {
                self.contracts.entry(key.0.clone()).or_default().push(record.clone());
            }
            StandingRow::Segment(record) => {
                scope.log.segments.insert(record.first, record.clone());
            }
            StandingRow::Epoch(record) => {
                generations.grants += 1;
                self.seals.epochs.entry(record.log()).or_default().push(record.clone());
            }
        }
    }
}
