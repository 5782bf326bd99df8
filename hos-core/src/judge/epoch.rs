//! Judges whether an epoch of a log may begin, and whether a key may be announced.

use super::open::{check_reason, reason_body};
use super::{Judge, Permission, Stop, Verdict, action_name};
use crate::actor::Actor;
use crate::command::{Envelope, EpochOpening, KeyAnnouncement};
use crate::commit::{Commit, StandingRow, StandingWrite};
use crate::condition::Nothing;
use crate::digest::Digest;
use crate::error::{InputFault, Refusal};
use crate::id::{CommandKey, Tenant, World};
use crate::proof::{Entry, EntryType, EpochFacts, EpochRecord, part};
use crate::receipt::{Effect, StepReceipt};
use crate::standing::Standing;

/// What an actor needs in the world, for any log of it.
const EPOCH: &str = "hos.epoch";
const KEY: &str = "hos.key";

/// Who asks for what, and the fingerprint of it.
struct Request<'r> {
    actor: &'r Actor,
    envelope: &'r Envelope,
    fingerprint: &'r dyn Fn() -> Digest,
    ability: &'static str,
    tenant: &'r Tenant,
}

/// What was permitted, and under which key.
struct Permit {
    key: CommandKey,
    fingerprint: Digest,
    permission: Permission,
}

impl Judge<'_> {
    /// Judges by the actor's standing in the whole world; `standing` is that in the log's tenant.
    /// `facts` is what the store says about the log beside the note, or why it is none to go on
    /// from.
    ///
    /// Closing a world never stops it: its proofs go on.
    #[must_use]
    pub(crate) fn open_epoch(
        &self,
        opening: &EpochOpening,
        (standing, of_world): (&Standing, &Standing),
        facts: Result<EpochFacts, InputFault>,
    ) -> Verdict {
        self.epoch_commit(opening, (standing, of_world), facts).into()
    }

    fn epoch_commit(
        &self,
        opening: &EpochOpening,
        standings: (&Standing, &Standing),
        facts: Result<EpochFacts, InputFault>,
    ) -> Result<Commit, Stop> {
        let EpochOpening { actor, world, tenant, of_deployment, reason, envelope, .. } = opening;
        let fingerprint = || opening.fingerprint();
        let request =
            Request { actor, envelope, fingerprint: &fingerprint, ability: EPOCH, tenant };
        let permit = self.permit_in_world(&request, standings)?;
        let mut faults = Vec::new();
        check_reason(reason, &mut faults);
        let facts = facts.map_err(|fault| faults.push(fault));
        let Some(facts) = facts.ok().filter(|_| faults.is_empty()) else {
            return Err(Refusal::InvalidInput(faults).into());
        };
        let log = self.origin(world, tenant);
        let mut leaf = self.leaf(EntryType::Epoch, &log, actor, envelope, Some(permit.permission));
        (leaf.action, leaf.epoch) = (Some("open_epoch"), Some(&facts));
        let entry = leaf.seal(self.ids, vec![(part::REASON, reason_body(reason))]);
        let record = EpochRecord {
            of_deployment: *of_deployment,
            number: facts.number,
            entry: entry.id(),
            world: world.clone(),
            tenant: tenant.clone(),
        };
        let change = Some(StandingRow::Epoch(record));
        self.recorded((world, tenant), standings.0, permit, (entry, "open_epoch", change))
    }

    /// Judges by the actor's standing in the whole world.
    #[must_use]
    pub(crate) fn announce_key(
        &self,
        announcement: &KeyAnnouncement,
        of_world: &Standing,
    ) -> Verdict {
        self.key_commit(announcement, of_world).into()
    }

    fn key_commit(&self, command: &KeyAnnouncement, of_world: &Standing) -> Result<Commit, Stop> {
        let KeyAnnouncement { actor, world, key, envelope } = command;
        let (fingerprint, tenant) = (|| command.fingerprint(), &Tenant::world());
        let request = Request { actor, envelope, fingerprint: &fingerprint, ability: KEY, tenant };
        let permit = self.permit_in_world(&request, (of_world, of_world))?;
        if key.name() != self.deployment {
            let message = format!("is not named `{}`", self.deployment);
            return Err(Refusal::InvalidInput(vec![InputFault::new("key", message)]).into());
        }
        let (log, key) = (self.origin(world, tenant), key.to_string());
        let mut leaf = self.leaf(EntryType::Key, &log, actor, envelope, Some(permit.permission));
        (leaf.action, leaf.key) = (Some("announce_key"), Some(key.as_str()));
        let entry = leaf.seal(self.ids, Vec::new());
        self.recorded((world, tenant), of_world, permit, (entry, "announce_key", None))
    }

    fn permit_in_world(
        &self,
        request: &Request<'_>,
        (standing, of_world): (&Standing, &Standing),
    ) -> Result<Permit, Stop> {
        let Request { actor, envelope, fingerprint, ability, tenant } = *request;
        let (key, fingerprint) = self.admit(actor, envelope, standing, fingerprint)?;
        if standing.versions.world != of_world.versions.world {
            return Err(Refusal::Conflict.into());
        }
        self.require_not_banned(standing)?;
        if !standing.tenant_exists && !tenant.is_world() {
            return Err(Refusal::NotFound.into());
        }
        let permission = self.permit(actor, ability, &Nothing, &envelope.context, of_world);
        let Some(permission) = permission else {
            let known = standing.actor.is_insider(self.now) || tenant.is_world();
            return Err(if known { Refusal::Denied } else { Refusal::NotFound }.into());
        };
        Ok(Permit { key, fingerprint, permission })
    }

    fn recorded(
        &self,
        (world, tenant): (&World, &Tenant),
        standing: &Standing,
        permit: Permit,
        (entry, action, change): (Entry, &str, Option<StandingRow>),
    ) -> Result<Commit, Stop> {
        let step = StepReceipt {
            proof_id: entry.id(),
            subject: None,
            action: action_name(action)?,
            from: None,
            to: None,
            revision: 0,
            effect: Effect::Moved,
            contract_version: None,
        };
        Ok(Commit {
            world: world.clone(),
            tenant: tenant.clone(),
            versions: standing.versions,
            receipt: Some(self.keep(permit.key, permit.fingerprint, self.receipt(step))),
            changes: Vec::new(),
            standing: change.map(|change| StandingWrite { change }),
            entries: vec![entry],
            shadowed: Vec::new(),
            person: None,
        })
    }
}
