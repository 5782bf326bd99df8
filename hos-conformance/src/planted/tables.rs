//! What the naive store holds, and how it executes a commit.

use std::collections::{BTreeMap, BTreeSet};

use hos_core::commit::{
    Commit, ContractRecord, KeptReceipt, LawRecord, Outcome, StandingRow, SubjectAfter,
    SubjectChange,
};
use hos_core::id::{ActionName, ActorId, CommandKey, Role, Tenant, World};
use hos_core::proof::{Entry, EntryType, LogEntry, Part, SegmentRecord};
use hos_core::standing::{Generations, Grant, ModeScope, WorldStatus};
use hos_core::store::OutboxRow;
use hos_core::subject::{Snapshot, Subject};
use hos_core::time::{ProofId, Timestamp};

use super::Plant;
use super::seals::SealRows;
use crate::ground::{Answer, Tampering};

pub(super) type ScopeKey = (World, Tenant);

#[derive(Debug, Clone, Default)]
pub(super) struct Tables {
    pub(super) changes: u64,
    pub(super) scopes: BTreeMap<ScopeKey, Scope>,
    pub(super) subjects: BTreeMap<Subject, SubjectRow>,
    pub(super) receipts: BTreeMap<(String, String, Vec<u8>), KeptReceipt>,
    pub(super) outbox: BTreeMap<u64, OutboxRow>,
    last_message: u64,
    pub(super) laws: Vec<(World, LawRecord)>,
    pub(super) contracts: Vec<(World, ContractRecord)>,
    pub(super) seals: SealRows,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    pub(super) generations: Generations,
    pub(super) status: WorldStatus,
    pub(super) members: BTreeMap<ActorId, Vec<Role>>,
    pub(super) bans: BTreeSet<ActorId>,
    pub(super) grants: Vec<(ActorId, Grant)>,
    pub(super) modes: ModeScope,
    pub(super) log: Vec<Row>,
    pub(super) segments: Vec<SegmentRecord>,
}

/// One entry and what it is found by.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) entry: LogEntry,
    pub(super) written: Entry,
    pub(super) hidden: bool,
}

#[derive(Debug, Clone)]
pub(super) struct SubjectRow {
    pub(super) snapshot: Snapshot,
    pub(super) before: Option<Snapshot>,
    pub(super) terminal: bool,
    pub(super) timers: Vec<(u64, ActionName, Timestamp)>,
}

impl Tables {
    pub(super) fn receipt(
        &self,
        plant: Plant,
        (world, tenant): &ScopeKey,
        key: &CommandKey,
    ) -> Option<&KeptReceipt> {
        self.receipts.get(&receipt_key(plant, world, tenant, key))
    }

    pub(super) fn subject(&self, plant: Plant, subject: &Subject) -> Option<&SubjectRow> {
        if plant != Plant::CaseBlind {
            return self.subjects.get(subject);
        }
        let alike = |other: &&Subject| {
            (&other.world, &other.tenant, &other.kind)
                == (&subject.world, &subject.tenant, &subject.kind)
                && other.id.as_str().eq_ignore_ascii_case(subject.id.as_str())
        };
        self.subjects.iter().find(|(other, _)| alike(other)).map(|(_, row)| row)
    }

    pub(super) fn commit_all(&mut self, plant: Plant, commits: &[Commit]) -> Vec<Outcome> {
        commits.iter().map(|commit| self.commit(plant, commit)).collect()
    }

    fn commit(&mut self, plant: Plant, commit: &Commit) -> Outcome {
        let scope = (commit.world().clone(), commit.tenant().clone());
        if let Some(outcome) = self.answered(plant, &scope, commit) {
            return outcome;
        }
        let row = commit.standing().map(hos_core::commit::StandingWrite::row);
        if !self.is_as_read(plant, &scope, commit) || !self.stands(plant, &scope, row) {
            return Outcome::Conflict;
        }
        let known = |entry: &Entry| {
            let log = self.scopes.get(&scope).map(|scope| scope.log.as_slice());
            let mut rows = log.unwrap_or_default().iter();
            entry.dedup().is_some() && rows.any(|row| row.written.dedup() == entry.dedup())
        };
        if plant != Plant::EvidenceTwice && commit.entries().iter().any(known) {
            return Outcome::Committed;
        }
        self.write(plant, &scope, commit);
        Outcome::Committed
    }

    fn answered(&self, plant: Plant, scope: &ScopeKey, commit: &Commit) -> Option<Outcome> {
        if matches!(plant, Plant::ReplayUnchecked | Plant::KeyUncheckedInWrite) {
            return None;
        }
        let kept = commit.receipt()?;
        let stored = self.receipt(plant, scope, kept.key())?;
        let same = stored.fingerprint() == kept.fingerprint();
        Some(if same || plant == Plant::FingerprintIgnored {
            Outcome::Replayed(Box::new(stored.receipt().clone()))
        } else {
            Outcome::Reused
        })
    }

    pub(super) fn generations(&self, scope: &ScopeKey) -> Generations {
        self.scopes.get(scope).map(|scope| scope.generations).unwrap_or_default()
    }

    fn is_as_read(&self, plant: Plant, (world, tenant): &ScopeKey, commit: &Commit) -> bool {
        let read = commit.versions();
        let ours = self.generations(&(world.clone(), tenant.clone()));
        let worlds = self.generations(&(world.clone(), Tenant::world()));
        let same = same_generations(plant, ours, read.tenant)
            && (plant == Plant::WorldUncompared || same_generations(plant, worlds, read.world));
        let is_there = |change: &SubjectChange| {
            let now = self.subject(plant, change.subject()).map(|row| &row.snapshot);
            match plant {
                Plant::SubjectUncompared => true,
                Plant::RevisionCompared => {
                    now.map_or(0, |now| now.revision) == change.from_revision()
                }
                _ => now.map(|now| now.proof_id) == change.from_proof(),
            }
        };
        same && commit.changes().iter().all(is_there)
    }

    fn write(&mut self, plant: Plant, scope: &ScopeKey, commit: &Commit) {
        self.changes += 1;
        for entry in commit.entries() {
            self.append(plant, scope, entry);
        }
        let written = if plant == Plant::HalfWritten { 1 } else { usize::MAX };
        for change in commit.changes().iter().take(written) {
            if let Some(after) = change.after() {
                self.put_subject(plant, change.subject(), after);
            }
        }
        if let Some(standing) = commit.standing() {
            self.put_standing(plant, scope, standing.row());
        }
        if let Some(kept) = commit.receipt().filter(|_| plant != Plant::KeyForgotten) {
            let key = receipt_key(plant, &scope.0, &scope.1, kept.key());
            self.receipts.insert(key, kept.clone());
        }
    }

    pub(super) fn append(&mut self, plant: Plant, scope: &ScopeKey, entry: &Entry) {
        if plant == Plant::ProofLost && entry.type_() == EntryType::Transition {
            return;
        }
        let log = &mut self.scopes.entry(scope.clone()).or_default().log;
        let parts = if plant == Plant::PartsLost { Vec::new() } else { entry.parts().to_vec() };
        let kept = LogEntry {
            index: u64::try_from(log.len()).ok(),
            id: entry.id(),
            leaf: entry.leaf().to_owned(),
            leaf_hash: *entry.leaf_hash(),
            recorded_at: entry.recorded_at(),
            parts,
            withheld: Vec::new(),
        };
        let bare = LogEntry { parts: Vec::new(), ..kept.clone() };
        let kept = bare.with_rows(kept.parts);
        log.push(Row { entry: kept, written: entry.clone(), hidden: false });
    }

    pub(super) fn delete_parts(
        &mut self,
        world: &World,
        tenant: &Tenant,
        parts: &[(ProofId, String)],
        by: ProofId,
    ) -> u32 {
        let Some(scope) = self.scopes.get_mut(&(world.clone(), tenant.clone())) else { return 0 };
        let mut count = 0;
        for entry in scope.log.iter_mut().map(|row| &mut row.entry) {
            let mut rows = entry.rows();
            let is_gone =
                |row: &&mut Part| parts.contains(&(entry.id, row.name.clone())) && !row.is_erased();
            for row in rows.iter_mut().filter(is_gone) {
                *row = Part::erased(&row.name, by);
                count += 1;
            }
            let bare = LogEntry { parts: Vec::new(), withheld: Vec::new(), ..entry.clone() };
            *entry = bare.with_rows(rows);
        }
        u32::try_from(count).unwrap()
    }

    fn put_subject(&mut self, plant: Plant, subject: &Subject, after: &SubjectAfter) {
        let old = self.subjects.remove(subject);
        let snapshot = after.snapshot();
        let mut timers = match &old {
            Some(row) if plant == Plant::TimerKept => row.timers.clone(),
            _ => Vec::new(),
        };
        let set = after.timers().iter();
        timers.extend(set.map(|timer| (snapshot.revision, timer.action.clone(), timer.due_at)));
        let row = SubjectRow {
            snapshot: snapshot.clone(),
            before: old.map(|row| row.snapshot),
            terminal: after.is_terminal(),
            timers,
        };
        self.subjects.insert(subject.clone(), row);
        for message in after.outbox().iter().filter(|_| plant != Plant::OutboxLost) {
            self.last_message += 1;
            let row = OutboxRow {
                id: self.last_message,
                subject: subject.clone(),
                revision: snapshot.revision,
                entry: message.entry,
                topic: message.topic.clone(),
                payload: message.payload.clone(),
                traceparent: message.traceparent.clone(),
            };
            self.outbox.insert(row.id, row);
        }
    }

    fn put_standing(&mut self, plant: Plant, key: &ScopeKey, row: &StandingRow) {
        match row {
            StandingRow::Law(record) => {
                self.laws.push((key.0.clone(), record.clone()));
                if plant == Plant::ActivationUncounted {
                    return;
                }
            }
            StandingRow::Parts { parts, by } => {
                self.delete_parts(&key.0, &key.1, parts, *by);
            }
            StandingRow::Contract(record) => {
                return self.contracts.push((key.0.clone(), record.clone()));
            }
            StandingRow::Epoch(record) => self.seals.epochs.push(record.clone()),
            _ => {}
        }
        let scope = self.scopes.entry(key.clone()).or_default();
        scope.change(row);
    }

    pub(super) fn tamper(&mut self, plant: Plant, tampering: &Tampering) -> Answer {
        match tampering {
            Tampering::ChangeLeaf { world, tenant, index } => {
                let scope = self.scopes.get_mut(&(world.clone(), tenant.clone()));
                let index = usize::try_from(*index).unwrap();
                let leaf = &mut scope.expect("a scope").log[index].entry.leaf;
                *leaf = leaf.replacen("\"v\":1", "\"v\":2", 1);
                Answer::Done
            }
            Tampering::DeleteEntry { world, tenant, index } if plant == Plant::EntryDeletable => {
                let scope = self.scopes.get_mut(&(world.clone(), tenant.clone()));
                scope.expect("a scope").log.remove(usize::try_from(*index).unwrap());
                Answer::Done
            }
            Tampering::MoveSubject { subject, state } if plant == Plant::SubjectRevivable => {
                let row = self.subjects.get_mut(subject).expect("a subject");
                row.snapshot.state = state.parse().expect("a state");
                Answer::Done
            }
            _ => Answer::Refused,
        }
    }
}

impl Scope {
    fn change(&mut self, row: &StandingRow) {
        let generations = &mut self.generations;
        match row {
            StandingRow::Member { member, roles } => {
                generations.members += 1;
                self.members.insert(member.clone(), roles.clone());
                self.members.retain(|_, roles| !roles.is_empty());
            }
            StandingRow::Ban { target, banned } => {
                generations.bans += 1;
                self.bans.remove(target);
                self.bans.extend(banned.then(|| target.clone()));
            }
            StandingRow::Grant { target, grant } => {
                generations.grants += 1;
                self.grants.retain(|(actor, other)| actor != target || other.id != grant.id);
                self.grants.push((target.clone(), grant.clone()));
                self.grants.retain(|(_, grant)| grant.until > Timestamp::EPOCH);
            }
            StandingRow::Mode { ability, mode } => {
                generations.modes += 1;
                match (ability, mode) {
                    (None, mode) => self.modes.all = *mode,
                    (Some(ability), Some(mode)) => {
                        self.modes.abilities.insert(ability.clone(), *mode);
                    }
                    (Some(ability), None) => {
                        self.modes.abilities.remove(ability);
                    }
                }
            }
            StandingRow::Status { status } => {
                generations.status += 1;
                self.status = *status;
            }
            StandingRow::Scope | StandingRow::Law(_) => generations.status += 1,
            StandingRow::Segment(record) => self.put_segment(record),
            StandingRow::Generation | StandingRow::Parts { .. } | StandingRow::Epoch(_) => {
                generations.grants += 1;
            }
            StandingRow::Contract(_) => {}
        }
    }
}

fn same_generations(plant: Plant, now: Generations, read: Generations) -> bool {
    (plant == Plant::MembersUncompared || now.members == read.members)
        && (plant == Plant::BansUncompared || now.bans == read.bans)
        && (plant == Plant::GrantsUncompared || now.grants == read.grants)
        && (plant == Plant::ModesUncompared || now.modes == read.modes)
        && (plant == Plant::StatusUncompared || now.status == read.status)
}

pub(super) fn receipt_key(
    plant: Plant,
    world: &World,
    tenant: &Tenant,
    key: &CommandKey,
) -> (String, String, Vec<u8>) {
    let world = if plant == Plant::KeyOfNoWorld { String::new() } else { world.to_string() };
    let tenant = if plant == Plant::KeyOfNoTenant { String::new() } else { tenant.to_string() };
    let length = if plant == Plant::KeyShortened { 254 } else { usize::MAX };
    (world, tenant, key.as_bytes().iter().take(length).copied().collect())
}
