//! The store as it is in one moment: a copy of its tables.

use std::collections::BTreeMap;
use std::ops::Bound;

use async_trait::async_trait;

use super::MemoryStore;
use super::read::limited;
use super::tables::{Scope, Tables};
use crate::error::Fault;
use crate::id::{Tenant, World};
use crate::standing::Grant;
use crate::store::{
    Beside, EntryRow, Picture, ScopeRow, StandingGroup, StandingLine, SubjectRow, Survey,
};

#[async_trait]
impl Survey for MemoryStore {
    async fn picture(&self) -> Result<Box<dyn Picture>, Fault> {
        Ok(Box::new(MemoryPicture(self.with(|tables| tables.clone()))))
    }
}

pub(super) struct MemoryPicture(pub(super) Tables);

#[async_trait]
impl Picture for MemoryPicture {
    async fn scopes(
        &mut self,
        after: Option<(&str, &str)>,
        limit: u32,
    ) -> Result<Vec<ScopeRow>, Fault> {
        let scopes = self.0.scopes.iter();
        let later = scopes.filter(|((world, tenant), _)| {
            after.is_none_or(|after| (world.as_str(), tenant.as_str()) > after)
        });
        let row = |((world, tenant), scope): (&(World, Tenant), &Scope)| ScopeRow {
            world: world.to_string(),
            tenant: tenant.to_string(),
            status: Some(scope.status.as_str().to_owned()),
            size: scope.log.frontier.size(),
            frontier: scope.log.frontier.to_bytes(),
        };
        Ok(later.map(row).take(limited(limit)).collect())
    }

    fn beside(&mut self) -> &mut dyn Beside {
        self
    }

    async fn entries(
        &mut self,
        world: &World,
        tenant: &Tenant,
        from: u64,
        limit: u32,
    ) -> Result<Vec<EntryRow>, Fault> {
        let page = self.0.page(world, tenant, from, limit);
        Ok(page.into_iter().map(EntryRow::from).collect())
    }

    async fn waiting_entries(
        &mut self,
        _world: &World,
        _tenant: &Tenant,
        _after: u64,
        _limit: u32,
    ) -> Result<Vec<(u64, EntryRow)>, Fault> {
        Ok(Vec::new())
    }

    async fn subjects(
        &mut self,
        world: &World,
        tenant: &Tenant,
        after: Option<(&str, &str)>,
        limit: u32,
    ) -> Result<Vec<SubjectRow>, Fault> {
        let own = self.0.subjects.iter().filter(|(subject, _)| {
            subject.world == *world
                && subject.tenant == *tenant
                && after.is_none_or(|after| (subject.kind.as_str(), subject.id.as_str()) > after)
        });
        let mut rows = Vec::new();
        for (subject, row) in own.take(limited(limit)) {
            let snapshot = &row.snapshot;
            let attributes = serde_json::to_string(&*snapshot.attributes).unwrap_or_default();
            rows.push(SubjectRow {
                kind: subject.kind.as_str().to_owned(),
                id: subject.id.as_str().to_owned(),
                state: snapshot.state.as_str().to_owned(),
                revision: snapshot.revision,
                terminal: row.terminal,
                contract: snapshot.contract.as_str().to_owned(),
                attributes,
                proof_id: snapshot.proof_id,
                leaf: self.0.find(world, tenant, snapshot.proof_id).map(|entry| entry.leaf),
            });
        }
        Ok(rows)
    }

    async fn standing(
        &mut self,
        world: &World,
        tenant: &Tenant,
        group: StandingGroup,
        after: &str,
        limit: u32,
    ) -> Result<Vec<StandingLine>, Fault> {
        let lines = self.lines(world, tenant, group);
        let from = Bound::Excluded(after.to_owned());
        let later = lines.range((from, Bound::Unbounded)).take(limited(limit));
        let line = |(key, value): (&String, &String)| StandingLine {
            key: key.clone(),
            value: value.clone(),
        };
        Ok(later.map(line).collect())
    }
}

impl MemoryPicture {
    fn lines(
        &self,
        world: &World,
        tenant: &Tenant,
        group: StandingGroup,
    ) -> BTreeMap<String, String> {
        let scope = self.0.scopes.get(&(world.clone(), tenant.clone()));
        let is_world = tenant.is_world();
        match group {
            StandingGroup::Ban => {
                let bans = scope.into_iter().flat_map(|scope| &scope.bans);
                bans.map(|actor| (actor.as_str().to_owned(), String::new())).collect()
            }
            StandingGroup::Contract => {
                let contracts = self.0.contracts(world).into_iter().filter(|_| is_world);
                let key = |kind, version, digest| format!("{kind} {version} {digest}");
                contracts.map(|c| (key(c.kind, c.version, c.digest), String::new())).collect()
            }
            StandingGroup::Grant => {
                let grants = scope.into_iter().flat_map(|scope| &scope.grants);
                let lines = grants.flat_map(|(actor, grants)| {
                    grants.iter().map(|grant| grant_line(actor.as_str(), grant))
                });
                lines.collect()
            }
            StandingGroup::Law => {
                let laws = (1_u32..).zip(self.0.laws(world)).filter(|_| is_world);
                let line = |(at, law): (u32, crate::commit::LawRecord)| {
                    (format!("{at:010}"), format!("{} {}", law.version, law.digest))
                };
                laws.map(line).collect()
            }
            StandingGroup::Member => {
                let members = scope.into_iter().flat_map(|scope| &scope.members);
                let line = |(actor, roles): (&crate::id::ActorId, &Vec<crate::id::Role>)| {
                    let roles = serde_json::to_string(roles).unwrap_or_default();
                    (actor.as_str().to_owned(), roles)
                };
                members.map(line).collect()
            }
            StandingGroup::Mode => {
                let Some(scope) = scope else { return BTreeMap::new() };
                let own = scope.modes.abilities.iter();
                let own = own.map(|(ability, mode)| (ability.as_str(), *mode));
                let lines = scope.modes.all.map(|mode| ("*", mode)).into_iter().chain(own);
                lines.map(|(key, mode)| (key.to_owned(), mode.as_str().to_owned())).collect()
            }
        }
    }
}

fn grant_line(actor: &str, grant: &Grant) -> (String, String) {
    let (until, break_glass) = (grant.until.as_micros(), u8::from(grant.break_glass));
    let value = serde_json::json!([actor, grant.pattern.to_string(), until, break_glass]);
    (grant.id.to_string(), value.to_string())
}
