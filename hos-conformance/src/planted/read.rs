//! How the naive store answers.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use hos_core::command::DueTimer;
use hos_core::commit::{
    Commit, ContractRecord, LawRecord, MigrationCommit, MigrationOutcome, Outcome, Pinned,
};
use hos_core::error::Fault;
use hos_core::id::{ActorId, Kind, Role, Tenant, Version, World};
use hos_core::merkle::root_of;
use hos_core::proof::{LogEntry, LogHead};
use hos_core::receipt::StoredReceipt;
use hos_core::standing::{ActorStanding, Modes, Standing, Versions};
use hos_core::store::{
    Archive, Ask, Erasures, Ledger, Migrations, Outbox, OutboxRow, PinnedAsk, Seals, Store,
};
use hos_core::subject::{Snapshot, Subject};
use hos_core::time::{ProofId, Timestamp};

use super::tables::{Row, Scope, SubjectRow, Tables};
use super::{Plant, PlantedStore};

pub(super) fn limited(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

fn shown(plant: Plant, row: &SubjectRow) -> Snapshot {
    let mut snapshot = row.snapshot.clone();
    if let (Plant::TerminalRevived, true, Some(before)) = (plant, row.terminal, &row.before) {
        snapshot.state = before.state.clone();
    }
    snapshot
}

impl Tables {
    fn load(&self, plant: Plant, ask: &Ask) -> Standing {
        let own = (ask.world.clone(), ask.tenant.clone());
        let whole = (ask.world.clone(), Tenant::world());
        let empty = Scope::default();
        let tenant = self.scopes.get(&own).filter(|_| !ask.tenant.is_world()).unwrap_or(&empty);
        let world = self.scopes.get(&whole).unwrap_or(&empty);
        let roles = |scope: &Scope| scope.members.get(&ask.actor).cloned().unwrap_or_default();
        let grants = tenant.grants.iter().chain(&world.grants);
        let grants = grants.filter(|(actor, _)| *actor == ask.actor).map(|(_, grant)| grant);
        let actor = ActorStanding {
            roles: roles(tenant),
            world_roles: roles(world),
            banned: tenant.bans.contains(&ask.actor) || world.bans.contains(&ask.actor),
            grants: grants.cloned().collect(),
        };
        let key = ask.key.as_ref().filter(|_| plant != Plant::ReplayUnchecked);
        let receipt = key.and_then(|key| self.receipt(plant, &own, key)).map(|kept| {
            let (fingerprint, receipt) = (kept.fingerprint(), kept.receipt().clone());
            StoredReceipt { fingerprint, receipt }
        });
        let snapshot =
            |subject: &Subject| self.subject(plant, subject).map(|row| shown(plant, row));
        Standing {
            world: self.scopes.get(&whole).map(|scope| scope.status),
            tenant_exists: !ask.tenant.is_world() && self.scopes.contains_key(&own),
            versions: Versions { tenant: self.generations(&own), world: self.generations(&whole) },
            actor: Arc::new(actor),
            modes: Arc::new(Modes { tenant: tenant.modes.clone(), world: world.modes.clone() }),
            subjects: ask.subjects.iter().map(snapshot).collect(),
            receipt,
        }
    }

    fn log(&self, world: &World, tenant: &Tenant) -> &[Row] {
        let scope = self.scopes.get(&(world.clone(), tenant.clone()));
        scope.map(|scope| scope.log.as_slice()).unwrap_or_default()
    }

    fn due(&self, plant: Plant, world: &World, now: Timestamp, limit: u32) -> Vec<DueTimer> {
        let mut due = Vec::new();
        let is_of = |subject: &Subject| plant == Plant::TimerOfAnyWorld || subject.world == *world;
        for (subject, row) in self.subjects.iter().filter(|(subject, _)| is_of(subject)) {
            for (revision, action, due_at) in row.timers.iter().filter(|(_, _, at)| *at <= now) {
                let (revision, due_at) = (*revision, *due_at);
                let (subject, action) = (subject.clone(), action.clone());
                due.push(DueTimer { subject, revision, action, due_at });
            }
        }
        due.sort_by_key(|timer| timer.due_at);
        due.truncate(limited(limit));
        due
    }

    fn postpone(&mut self, timer: &DueTimer, until: Timestamp) {
        let timers = self.subjects.get_mut(&timer.subject).map(|row| &mut row.timers);
        for (revision, action, due_at) in timers.into_iter().flatten() {
            if (*revision, &*action, *due_at) == (timer.revision, &timer.action, timer.due_at) {
                *due_at = until;
                self.changes += 1;
            }
        }
    }
}

#[async_trait]
impl Store for PlantedStore {
    async fn load_all(&self, asks: &[Ask]) -> Result<Vec<Standing>, Fault> {
        Ok(self.with(|tables| asks.iter().map(|ask| tables.load(self.plant, ask)).collect()))
    }

    async fn commit_all(&self, commits: &[Commit]) -> Vec<Result<Outcome, Fault>> {
        let outcomes = self.with(|tables| tables.commit_all(self.plant, commits));
        outcomes.into_iter().map(Ok).collect()
    }
}

#[async_trait]
impl Archive for PlantedStore {
    async fn laws(&self, world: &World) -> Result<Vec<LawRecord>, Fault> {
        let own = |(of, record): &(World, LawRecord)| (of == world).then(|| record.clone());
        Ok(self.with(|tables| tables.laws.iter().filter_map(own).collect()))
    }

    async fn contracts(&self, world: &World) -> Result<Vec<ContractRecord>, Fault> {
        let own = |(of, record): &(World, ContractRecord)| (of == world).then(|| record.clone());
        Ok(self.with(|tables| tables.contracts.iter().filter_map(own).collect()))
    }

    async fn pins(&self, world: &World) -> Result<Vec<(Kind, Version)>, Fault> {
        let pin = |(subject, row): (&Subject, &SubjectRow)| {
            let live = subject.world == *world && !row.terminal;
            live.then(|| (subject.kind.clone(), row.snapshot.contract.clone()))
        };
        let pins: BTreeSet<_> =
            self.with(|tables| tables.subjects.iter().filter_map(pin).collect());
        Ok(pins.into_iter().collect())
    }

    async fn due_timers(
        &self,
        world: &World,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<DueTimer>, Fault> {
        Ok(self.with(|tables| tables.due(self.plant, world, now, limit)))
    }

    async fn postpone_timers(&self, postponed: &[DueTimer], until: Timestamp) -> Result<(), Fault> {
        if self.plant == Plant::TimerNotPostponed {
            return Ok(());
        }
        self.with(|tables| postponed.iter().for_each(|timer| tables.postpone(timer, until)));
        Ok(())
    }

    async fn sweep_receipts(&self, now: Timestamp, limit: u32) -> Result<u32, Fault> {
        Ok(self.with(|tables| {
            let early = self.plant == Plant::SweptEarly;
            let over = tables.receipts.iter().filter(|(_, kept)| early || kept.expires_at() <= now);
            let keys: Vec<_> = over.map(|(key, _)| key.clone()).take(limited(limit)).collect();
            keys.iter().for_each(|key| drop(tables.receipts.remove(key)));
            u32::try_from(keys.len()).unwrap_or(u32::MAX)
        }))
    }

    async fn members(
        &self,
        world: &World,
        tenant: &Tenant,
        after: Option<&ActorId>,
        limit: u32,
    ) -> Result<Vec<(ActorId, Vec<Role>)>, Fault> {
        let scope = (world.clone(), tenant.clone());
        let members = self.with(|tables| tables.scopes.get(&scope).map(|s| s.members.clone()));
        let later = members.into_iter().flatten().filter(|(actor, _)| Some(actor) > after);
        Ok(later.take(limited(limit)).collect())
    }

    async fn grantees(
        &self,
        world: &World,
        tenant: &Tenant,
        after: Option<&ActorId>,
        limit: u32,
    ) -> Result<Vec<ActorId>, Fault> {
        let scope = (world.clone(), tenant.clone());
        let grants = self.with(|tables| tables.scopes.get(&scope).map(|s| s.grants.clone()));
        let actors: BTreeSet<ActorId> =
            grants.into_iter().flatten().map(|(actor, _)| actor).collect();
        let later = actors.into_iter().filter(|actor| Some(actor) > after);
        Ok(later.take(limited(limit)).collect())
    }

    async fn tenants(
        &self,
        world: &World,
        after: Option<&Tenant>,
        limit: u32,
    ) -> Result<Vec<Tenant>, Fault> {
        let scopes: Vec<_> = self.with(|tables| tables.scopes.keys().cloned().collect());
        let later = scopes
            .into_iter()
            .filter(|(own, tenant)| own == world && !tenant.is_world() && Some(tenant) > after);
        Ok(later.map(|(_, tenant)| tenant).take(limited(limit)).collect())
    }
}

#[async_trait]
impl Migrations for PlantedStore {
    async fn pinned(&self, ask: &PinnedAsk) -> Result<Vec<Pinned>, Fault> {
        Ok(self.with(|tables| tables.pinned(self.plant, ask)))
    }

    async fn migrate(&self, batch: &MigrationCommit) -> Result<MigrationOutcome, Fault> {
        Ok(self.with(|tables| tables.migrate(self.plant, batch)))
    }
}

#[async_trait]
impl Ledger for PlantedStore {
    async fn head(&self, world: &World, tenant: &Tenant) -> Result<LogHead, Fault> {
        Ok(self.with(|tables| {
            let log = tables.log(world, tenant);
            let root = root_of(log.iter().map(|row| row.entry.leaf_hash));
            LogHead { size: u64::try_from(log.len()).unwrap_or(u64::MAX), root }
        }))
    }

    async fn find(
        &self,
        world: &World,
        tenant: &Tenant,
        id: ProofId,
    ) -> Result<Option<LogEntry>, Fault> {
        let everywhere = self.plant == Plant::TenantBlind;
        Ok(self.with(|tables| {
            let own = |(of, _): &(&(World, Tenant), &Scope)| {
                of.0 == *world && (everywhere || of.1 == *tenant)
            };
            let rows = tables.scopes.iter().filter(own).flat_map(|(_, scope)| &scope.log);
            let rows = rows.filter(|row| !row.hidden);
            rows.map(|row| &row.entry).find(|entry| entry.id == id).cloned()
        }))
    }

    async fn page(
        &self,
        world: &World,
        tenant: &Tenant,
        from: u64,
        limit: u32,
    ) -> Result<Vec<LogEntry>, Fault> {
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        Ok(self.with(|tables| {
            let rows = tables.log(world, tenant).iter().skip(from);
            let rows = rows.filter(|row| !row.hidden).take(limited(limit));
            rows.map(|row| row.entry.clone()).collect()
        }))
    }

    async fn history(
        &self,
        subject: &Subject,
        after: u64,
        limit: u32,
    ) -> Result<Vec<LogEntry>, Fault> {
        let mixed = self.plant == Plant::HistoryMixed;
        let of = |row: &&Row| {
            row.written.subject() == Some(subject)
                && (mixed || row.written.type_().moves())
                && row.written.revision().is_some_and(|revision| revision > after)
                && !row.hidden
        };
        Ok(self.with(|tables| {
            let rows = tables.log(&subject.world, &subject.tenant).iter().filter(of);
            rows.map(|row| row.entry.clone()).take(limited(limit)).collect()
        }))
    }

    async fn sequence_pending(&self, _limit: u32) -> Result<u32, Fault> {
        Ok(0)
    }

    fn seals(&self) -> &dyn Seals {
        self
    }
}

#[async_trait]
impl Erasures for PlantedStore {
    async fn delete_parts(
        &self,
        world: &World,
        tenant: &Tenant,
        parts: &[(ProofId, String)],
        by: ProofId,
    ) -> Result<u32, Fault> {
        Ok(self.with(|tables| tables.delete_parts(world, tenant, parts, by)))
    }
}

#[async_trait]
impl Outbox for PlantedStore {
    async fn waiting(&self, limit: u32) -> Result<Vec<OutboxRow>, Fault> {
        Ok(self.with(|tables| tables.outbox.values().take(limited(limit)).cloned().collect()))
    }

    async fn done(&self, ids: &[u64]) -> Result<(), Fault> {
        self.with(|tables| tables.outbox.retain(|id, _| !ids.contains(id)));
        Ok(())
    }
}
