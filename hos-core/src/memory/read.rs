//! Answers asks and lists.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::tables::{Log, LogRow, ScopeKey, SubjectRow, Tables};
use crate::command::DueTimer;
use crate::commit::{ContractRecord, LawRecord};
use crate::id::{ActionName, ActorId, Kind, Role, Tenant, Version, World};
use crate::merkle;
use crate::proof::{LogEntry, LogHead, Part};
use crate::receipt::StoredReceipt;
use crate::standing::{ActorStanding, Modes, Standing, Versions};
use crate::store::{Ask, OutboxRow};
use crate::subject::Subject;
use crate::time::{ProofId, Timestamp};

pub(super) fn limited(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

impl Tables {
    pub(super) fn load(&self, ask: &Ask) -> Standing {
        let scope = (ask.world.clone(), ask.tenant.clone());
        let world = (ask.world.clone(), Tenant::world());
        let receipt = ask.key.as_ref().and_then(|key| {
            let row = self.receipts.get(&(scope.clone(), key.clone()))?;
            let (fingerprint, receipt) = (row.fingerprint, row.receipt.clone());
            Some(StoredReceipt { fingerprint, receipt })
        });
        let snapshot =
            |subject: &Subject| self.subjects.get(subject).map(|row| row.snapshot.clone());
        Standing {
            world: self.scopes.get(&world).map(|scope| scope.status),
            tenant_exists: !ask.tenant.is_world() && self.scopes.contains_key(&scope),
            versions: Versions {
                tenant: self.generations(&scope),
                world: self.generations(&world),
            },
            actor: Arc::new(self.actor(&scope, &world, &ask.actor)),
            modes: Arc::new(self.modes(&scope, &world)),
            subjects: ask.subjects.iter().map(snapshot).collect(),
            receipt,
        }
    }

    fn actor(&self, scope: &ScopeKey, world: &ScopeKey, actor: &ActorId) -> ActorStanding {
        let own = self.scopes.get(scope).filter(|_| scope != world);
        let both = own.into_iter().chain(self.scopes.get(world));
        let roles = |key: &ScopeKey| {
            let roles = self.scopes.get(key).and_then(|scope| scope.members.get(actor));
            roles.cloned().unwrap_or_default()
        };
        ActorStanding {
            roles: if scope == world { Vec::new() } else { roles(scope) },
            world_roles: roles(world),
            banned: both.clone().any(|scope| scope.bans.contains(actor)),
            grants: both.filter_map(|scope| scope.grants.get(actor)).flatten().cloned().collect(),
        }
    }

    fn modes(&self, scope: &ScopeKey, world: &ScopeKey) -> Modes {
        let modes = |key: &ScopeKey| {
            self.scopes.get(key).map(|scope| scope.modes.clone()).unwrap_or_default()
        };
        let tenant = if scope == world { Default::default() } else { modes(scope) };
        Modes { tenant, world: modes(world) }
    }

    pub(super) fn laws(&self, world: &World) -> Vec<LawRecord> {
        self.laws.get(world).cloned().unwrap_or_default()
    }

    pub(super) fn contracts(&self, world: &World) -> Vec<ContractRecord> {
        self.contracts.get(world).cloned().unwrap_or_default()
    }

    pub(super) fn pins(&self, world: &World) -> Vec<(Kind, Version)> {
        let live =
            |(subject, row): &(&Subject, &SubjectRow)| subject.world == *world && !row.terminal;
        let pin = |(subject, row): (&Subject, &SubjectRow)| {
            (subject.kind.clone(), row.snapshot.contract.clone())
        };
        let pins: BTreeSet<_> = self.subjects.iter().filter(live).map(pin).collect();
        pins.into_iter().collect()
    }

    pub(super) fn due_timers(&self, world: &World, now: Timestamp, limit: u32) -> Vec<DueTimer> {
        let timers = |(subject, row): (&Subject, &SubjectRow)| -> Vec<DueTimer> {
            let due = row.timers.iter().filter(|(_, due_at)| **due_at <= now);
            let timer = |(action, due_at): (&ActionName, &Timestamp)| DueTimer {
                subject: subject.clone(),
                revision: row.snapshot.revision,
                action: action.clone(),
                due_at: *due_at,
            };
            due.map(timer).collect()
        };
        let of_world = self.subjects.iter().filter(|(subject, _)| subject.world == *world);
        let mut due: Vec<DueTimer> = of_world.flat_map(timers).collect();
        due.sort_by_key(|timer| timer.due_at);
        due.truncate(limited(limit));
        due
    }

    pub(super) fn postpone_timer(&mut self, timer: &DueTimer, until: Timestamp) {
        let row = self.subjects.get_mut(&timer.subject);
        let row = row.filter(|row| row.snapshot.revision == timer.revision);
        if let Some(due_at) = row.and_then(|row| row.timers.get_mut(&timer.action))
            && *due_at == timer.due_at
        {
            *due_at = until;
            self.changes += 1;
        }
    }

    pub(super) fn sweep_receipts(&mut self, now: Timestamp, limit: u32) -> u32 {
        let expired = self.receipts.iter().filter(|(_, row)| row.expires_at <= now);
        let keys: Vec<_> = expired.map(|(key, _)| key.clone()).take(limited(limit)).collect();
        keys.iter().for_each(|key| {
            self.receipts.remove(key);
        });
        self.changes += 1;
        u32::try_from(keys.len()).unwrap_or(u32::MAX)
    }

    pub(super) fn members(
        &self,
        world: &World,
        tenant: &Tenant,
        after: Option<&ActorId>,
        limit: u32,
    ) -> Vec<(ActorId, Vec<Role>)> {
        let Some(scope) = self.scopes.get(&(world.clone(), tenant.clone())) else {
            return Vec::new();
        };
        let later = scope.members.iter().filter(|(actor, _)| Some(*actor) > after);
        later.map(|(actor, roles)| (actor.clone(), roles.clone())).take(limited(limit)).collect()
    }

    pub(super) fn grantees(
        &self,
        world: &World,
        tenant: &Tenant,
        after: Option<&ActorId>,
        limit: u32,
    ) -> Vec<ActorId> {
        let scope = self.scopes.get(&(world.clone(), tenant.clone()));
        let grants = scope.into_iter().flat_map(|scope| &scope.grants);
        let later = grants.filter(|(actor, grants)| !grants.is_empty() && Some(*actor) > after);
        later.map(|(actor, _)| actor.clone()).take(limited(limit)).collect()
    }

    pub(super) fn tenants(&self, world: &World, after: Option<&Tenant>, limit: u32) -> Vec<Tenant> {
        let tenants = self.scopes.keys().filter(|(own, _)| own == world).map(|(_, tenant)| tenant);
        let later = tenants.filter(|tenant| !tenant.is_world() && Some(*tenant) > after);
        later.take(limited(limit)).cloned().collect()
    }

    pub(super) fn log(&self, world: &World, tenant: &Tenant) -> Option<&Log> {
        self.scopes.get(&(world.clone(), tenant.clone())).map(|scope| &scope.log)
    }

    pub(super) fn head(&self, world: &World, tenant: &Tenant) -> LogHead {
        self.log(world, tenant).map_or_else(
            || LogHead { size: 0, root: merkle::empty_root() },
            |log| LogHead { size: log.frontier.size(), root: log.frontier.root() },
        )
    }

    pub(super) fn find(&self, world: &World, tenant: &Tenant, id: ProofId) -> Option<LogEntry> {
        let log = self.log(world, tenant)?;
        log.rows.get(log.by_id.get(&id)?).map(|row| row.entry.clone())
    }

    pub(super) fn page(
        &self,
        world: &World,
        tenant: &Tenant,
        from: u64,
        limit: u32,
    ) -> Vec<LogEntry> {
        let rows = self.log(world, tenant).map(|log| log.rows.range(from..));
        let page = rows.into_iter().flatten().take(limited(limit));
        page.map(|(_, row)| row.entry.clone()).collect()
    }

    pub(super) fn history(&self, subject: &Subject, after: u64, limit: u32) -> Vec<LogEntry> {
        let Some(log) = self.log(&subject.world, &subject.tenant) else { return Vec::new() };
        let raised = |row: &&LogRow| {
            row.moves
                && row.subject.as_ref() == Some(subject)
                && row.revision.is_some_and(|revision| revision > after)
        };
        let rows = log.rows.values().filter(raised).take(limited(limit));
        rows.map(|row| row.entry.clone()).collect()
    }

    pub(super) fn delete_parts(
        &mut self,
        world: &World,
        tenant: &Tenant,
        parts: &[(ProofId, String)],
        by: ProofId,
    ) -> u32 {
        let Some(scope) = self.scopes.get_mut(&(world.clone(), tenant.clone())) else { return 0 };
        let mut count: u32 = 0;
        for (id, name) in parts {
            let index = scope.log.by_id.get(id);
            let Some(row) = index.and_then(|index| scope.log.rows.get_mut(index)) else {
                continue;
            };
            let mut rows = row.entry.rows();
            let part = rows.iter_mut().find(|part| part.name == *name);
            if let Some(part) = part.filter(|part| !part.is_erased()) {
                *part = Part::erased(name, by);
                count += 1;
                row.entry.parts.clear();
                row.entry.withheld.clear();
                row.entry = row.entry.clone().with_rows(rows);
            }
        }
        self.changes += 1;
        count
    }

    pub(super) fn waiting(&self, limit: u32) -> Vec<OutboxRow> {
        self.outbox.values().take(limited(limit)).cloned().collect()
    }

    pub(super) fn done(&mut self, ids: &[u64]) {
        ids.iter().for_each(|id| {
            self.outbox.remove(id);
        });
        self.changes += 1;
    }
}
