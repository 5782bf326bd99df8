//! Judges erasures, and the holds that refuse them.

use super::{Judge, Permission, Refused, Stop, action_name, refuse_faults};
use crate::actor::Actor;
use crate::command::{ERASED_PARTS_MAX, Envelope, Erased, Erasure, Hold};
use crate::commit::{Commit, StandingRow, StandingWrite};
use crate::condition::Nothing;
use crate::digest::Digest;
use crate::error::{InputFault, Refusal};
use crate::id::{ActorId, CommandKey, Name, Tenant, World};
use crate::proof::{Entry, EntryType, ErasureFacts, Leaf, denial_dedup, part};
use crate::receipt::{Effect, StepReceipt};
use crate::standing::Standing;
use crate::time::Timestamp;

/// That an erasure or a hold may go on.
pub(crate) struct ErasurePermit {
    key: CommandKey,
    fingerprint: Digest,
    permission: Permission,
}

/// Who wants something under which ability, where.
struct Request<'a> {
    actor: &'a Actor,
    world: &'a World,
    tenant: &'a Tenant,
    envelope: &'a Envelope,
    ability: &'static str,
    target: Option<&'a str>,
}

impl Judge<'_> {
    /// Whether an erasure may go on. It goes on in a closed world, as evidence does: whoever must
    /// erase must be able to.
    pub(crate) fn permit_erasure(
        &self,
        erasure: &Erasure,
        standing: &Standing,
    ) -> Result<ErasurePermit, super::Verdict> {
        let Erasure { actor, world, tenant, what, basis, requester, envelope } = erasure;
        let target = match what {
            Erased::Person(person) => Some(person.as_str()),
            Erased::Parts(_) => None,
        };
        let request = Request { actor, world, tenant, envelope, ability: "hos.erase", target };
        let mut faults = Vec::new();
        check_code("basis", basis, &mut faults);
        requester.iter().for_each(|code| check_code("requester", code, &mut faults));
        if let Erased::Parts(parts) = what {
            check_parts(parts, &mut faults);
        }
        self.permit_request(&request, standing, || erasure.fingerprint(), faults)
            .map_err(super::Verdict::from)
    }

    /// The entry of an erasure, and what makes every commit that was judged before a conflict.
    pub(crate) fn erase(
        &self,
        erasure: &Erasure,
        standing: &Standing,
        permit: ErasurePermit,
        through: Option<u32>,
    ) -> Result<Commit, Refusal> {
        let Erasure { actor, world, tenant, what, basis, requester, envelope } = erasure;
        let (target, parts, method) = match what {
            Erased::Person(person) => (Some(person), [].as_slice(), "key_destroyed"),
            Erased::Parts(parts) => (None, parts.as_slice(), "rows_deleted"),
        };
        let facts = ErasureFacts {
            basis: Some(basis),
            requester: requester.as_deref(),
            method: Some(method),
            through,
            parts,
            matter: None,
        };
        let log = self.origin(world, tenant);
        let mut leaf =
            self.leaf(EntryType::Erasure, &log, actor, envelope, Some(permit.permission));
        (leaf.action, leaf.erasure) = (Some("erase"), Some(&facts));
        leaf.target = target.map(ActorId::as_str);
        let mut commit = self.generation_commit(&leaf, (world, tenant), standing, permit)?;
        if let (Erased::Parts(parts), Some(entry)) = (what, commit.entries.first()) {
            let (parts, by) = (parts.clone(), entry.id());
            commit.standing = Some(StandingWrite { change: StandingRow::Parts { parts, by } });
        }
        Ok(commit)
    }

    /// Whether a hold may be placed or lifted.
    pub(crate) fn permit_hold(
        &self,
        hold: &Hold,
        standing: &Standing,
    ) -> Result<ErasurePermit, super::Verdict> {
        let Hold { actor, world, tenant, person, matter, envelope, .. } = hold;
        let target = Some(person.as_str());
        let request = Request { actor, world, tenant, envelope, ability: "hos.hold", target };
        let mut faults = Vec::new();
        check_code("matter", matter, &mut faults);
        self.permit_request(&request, standing, || hold.fingerprint(), faults)
            .map_err(super::Verdict::from)
    }

    /// The entry of a hold. It makes an erasure that was judged before a conflict. The end of one
    /// says which placing of it it ends.
    pub(crate) fn hold(
        &self,
        hold: &Hold,
        standing: &Standing,
        permit: ErasurePermit,
        until: Option<Timestamp>,
    ) -> Result<Commit, Refusal> {
        let Hold { actor, world, tenant, person, matter, envelope, .. } = hold;
        let facts = ErasureFacts { matter: Some(matter), ..ErasureFacts::default() };
        let log = self.origin(world, tenant);
        let mut leaf = self.leaf(EntryType::Hold, &log, actor, envelope, Some(permit.permission));
        (leaf.action, leaf.erasure) = (Some(hold.action()), Some(&facts));
        leaf.until = until;
        leaf.target = Some(person.as_str());
        self.generation_commit(&leaf, (world, tenant), standing, permit)
    }

    fn permit_request(
        &self,
        request: &Request<'_>,
        standing: &Standing,
        fingerprint: impl FnOnce() -> Digest,
        faults: Vec<InputFault>,
    ) -> Result<ErasurePermit, Stop> {
        let Request { actor, tenant, envelope, ability, .. } = *request;
        let (key, fingerprint) = self.admit(actor, envelope, standing, fingerprint)?;
        self.require_not_banned(standing)?;
        if !standing.tenant_exists && !tenant.is_world() {
            return Err(Refusal::NotFound.into());
        }
        let permission = self.permit(actor, ability, &Nothing, &envelope.context, standing);
        let Some(permission) = permission else {
            return Err(self.denied_request(request, standing, &key).into());
        };
        refuse_faults(faults)?;
        Ok(ErasurePermit { key, fingerprint, permission })
    }

    /// Whoever tries to erase or to lift a hold and may not leaves evidence.
    fn denied_request(
        &self,
        request: &Request<'_>,
        standing: &Standing,
        key: &CommandKey,
    ) -> Refused {
        let Request { actor, world, tenant, envelope, ability, target } = *request;
        let log = self.origin(world, tenant);
        let mut leaf = self.leaf(EntryType::Denial, &log, actor, envelope, None);
        (leaf.ability, leaf.target) = (Some(ability), target);
        leaf.code = Some(Refusal::Denied.code());
        let entry = Entry { dedup: Some(denial_dedup(key)), ..leaf.seal(self.ids, Vec::new()) };
        let evidence = Commit {
            world: world.clone(),
            tenant: tenant.clone(),
            versions: standing.versions,
            receipt: None,
            changes: Vec::new(),
            standing: None,
            entries: vec![entry],
            person: None,
            shadowed: Vec::new(),
        };
        let known = standing.actor.is_insider(self.now) || tenant.is_world();
        let refusal = if known { Refusal::Denied } else { Refusal::NotFound };
        Refused { refusal, evidence: Some(Box::new(evidence)) }
    }

    fn generation_commit(
        &self,
        leaf: &Leaf<'_>,
        (world, tenant): (&World, &Tenant),
        standing: &Standing,
        permit: ErasurePermit,
    ) -> Result<Commit, Refusal> {
        let ErasurePermit { key, fingerprint, .. } = permit;
        let entry = leaf.seal(self.ids, Vec::new());
        let step = StepReceipt {
            proof_id: entry.id(),
            subject: None,
            action: action_name(leaf.action.unwrap_or_default())?,
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
            receipt: Some(self.keep(key, fingerprint, self.receipt(step))),
            changes: Vec::new(),
            standing: Some(StandingWrite { change: StandingRow::Generation }),
            entries: vec![entry],
            person: None,
            shadowed: Vec::new(),
        })
    }
}

fn check_code(field: &str, code: &str, faults: &mut Vec<InputFault>) {
    if let Err(error) = Name::new(code) {
        faults.push(InputFault::new(field, error.to_string()));
    }
}

fn check_parts(parts: &[(crate::time::ProofId, String)], faults: &mut Vec<InputFault>) {
    if parts.is_empty() || parts.len() > ERASED_PARTS_MAX {
        faults.push(InputFault::new("parts", format!("are not 1 to {ERASED_PARTS_MAX}")));
    }
    for (at, (entry, name)) in parts.iter().enumerate() {
        if let Err(error) = Name::new(name) {
            faults.push(InputFault::new("parts", error.to_string()));
        }
        if name == part::SUBJECTS {
            let message = "a migration's list of subjects is what a replay of the log needs";
            faults.push(InputFault::new("parts", message));
        }
        if parts.iter().take(at).any(|other| *other == (*entry, name.clone())) {
            faults.push(InputFault::new("parts", format!("`{name}` of {entry} is named twice")));
        }
    }
}
