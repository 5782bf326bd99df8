//! What the store in memory holds.

use std::collections::BTreeMap;

use super::seals::SealTables;
use crate::commit::{ContractRecord, LawRecord};
use crate::digest::Digest;
use crate::id::{Ability, ActionName, ActorId, CommandKey, Role, Tenant, World};
use crate::merkle::Frontier;
use crate::proof::{LogEntry, SegmentRecord};
use crate::receipt::Receipt;
use crate::standing::{Generations, Grant, Mode, ModeScope, WorldStatus};
use crate::store::OutboxRow;
use crate::subject::{Snapshot, Subject};
use crate::time::{ProofId, Timestamp};

/// A tenant of a world, or the world itself under the reserved tenant.
pub(super) type ScopeKey = (World, Tenant);

#[derive(Debug, Clone, Default)]
pub(super) struct Tables {
    /// How many writes there were: what a transaction compares when it commits.
    pub(super) changes: u64,
    pub(super) scopes: BTreeMap<ScopeKey, Scope>,
    pub(super) subjects: BTreeMap<Subject, SubjectRow>,
    pub(super) receipts: BTreeMap<(ScopeKey, CommandKey), ReceiptRow>,
    pub(super) outbox: BTreeMap<u64, OutboxRow>,
    pub(super) last_message: u64,
    pub(super) laws: BTreeMap<World, Vec<LawRecord>>,
    pub(super) contracts: BTreeMap<World, Vec<ContractRecord>>,
    pub(super) seals: SealTables,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    pub(super) generations: Generations,
    pub(super) status: WorldStatus,
    pub(super) members: BTreeMap<ActorId, Vec<Role>>,
    pub(super) bans: std::collections::BTreeSet<ActorId>,
    pub(super) grants: BTreeMap<ActorId, Vec<Grant>>,
    pub(super) modes: ModeScope,
    pub(super) log: Log,
}

impl Scope {
    pub(super) fn set_mode(&mut self, ability: Option<&Ability>, mode: Option<Mode>) {
        match (ability, mode) {
            (None, mode) => self.modes.all = mode,
            (Some(ability), Some(mode)) => {
                self.modes.abilities.insert(ability.clone(), mode);
            }
            (Some(ability), None) => {
                self.modes.abilities.remove(ability);
            }
        }
    }
}

#[derive(Debug, Clone, Default)]
pub(super) struct Log {
    pub(super) frontier: Frontier,
    /// By their index.
    pub(super) rows: BTreeMap<u64, LogRow>,
    pub(super) by_id: BTreeMap<ProofId, u64>,
    pub(super) dedups: std::collections::BTreeSet<Digest>,
    /// By the index of their first entry, each as it stands.
    pub(super) segments: BTreeMap<u64, SegmentRecord>,
}

#[derive(Debug, Clone)]
pub(super) struct LogRow {
    pub(super) entry: LogEntry,
    pub(super) subject: Option<Subject>,
    pub(super) revision: Option<u64>,
    pub(super) moves: bool,
}

#[derive(Debug, Clone)]
pub(super) struct SubjectRow {
    pub(super) snapshot: Snapshot,
    pub(super) terminal: bool,
    pub(super) timers: BTreeMap<ActionName, Timestamp>,
}

#[derive(Debug, Clone)]
pub(super) struct ReceiptRow {
    pub(super) fingerprint: Digest,
    pub(super) receipt: Receipt,
    pub(super) expires_at: Timestamp,
}
