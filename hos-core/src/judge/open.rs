//! Judges openings and adoptions.

use std::sync::Arc;

use super::transition::Told;
use super::{Judge, Permission, Stop, Verdict, action_name, check_bag, refuse_faults};
use crate::actor::Actor;
use crate::command::{Adoption, Envelope, Opening};
use crate::commit::{Commit, SubjectChange};
use crate::condition::{Environment, Nothing};
use crate::contract::{Contract, failing};
use crate::digest::Digest;
use crate::encoding::{encode, encode_attributes};
use crate::error::{InputFault, Refusal};
use crate::id::{CommandKey, State};
use crate::proof::{EntryType, part};
use crate::receipt::{Effect, StepReceipt};
use crate::standing::{REASON_BYTES_MAX, Standing};
use crate::subject::{Snapshot, SubjectView};

impl Judge<'_> {
    /// Judges an opening: initial state, revision 1, the current contract version pinned.
    #[must_use]
    pub fn open(&self, opening: &Opening, standing: &Standing) -> Verdict {
        self.open_commit(opening, standing).into()
    }

    /// Judges an adoption: a row that existed before the law, in the state that it has.
    #[must_use]
    pub fn adopt(&self, adoption: &Adoption, standing: &Standing) -> Verdict {
        self.adopt_commit(adoption, standing).into()
    }

    fn open_commit(&self, opening: &Opening, standing: &Standing) -> Result<Commit, Stop> {
        let (actor, envelope) = (&opening.actor, &opening.envelope);
        let admitted = self.admit(actor, envelope, standing, || opening.fingerprint())?;
        self.start(&self.plan_open(opening, standing)?, standing, admitted)
    }

    /// What an opening would come to.
    pub(crate) fn plan_open<'b>(
        &'b self,
        opening: &'b Opening,
        standing: &Standing,
    ) -> Result<Start<'b>, Refusal> {
        let (actor, envelope) = (&opening.actor, &opening.envelope);
        let contract = self.contract_for(opening, standing)?;
        let view = SubjectView {
            subject: &opening.subject,
            state: contract.initial(),
            revision: 0,
            attributes: &opening.attributes,
        };
        let ability = contract.open().ability().as_str();
        let permission = self.permit(actor, ability, &view, &envelope.context, standing);
        let permission = permission.ok_or(Refusal::Denied)?;
        self.require_fresh(standing, "open")?;
        let environment = Environment {
            actor,
            subject: &view,
            context: &Nothing,
            input: &Nothing,
            facts: &Nothing,
            now: self.now,
        };
        let failing = failing(contract.open().guards(), &environment);
        if !failing.is_empty() {
            return Err(Refusal::GuardFailed(failing));
        }
        let state = contract.initial().clone();
        Ok(Start { opening, contract, state, permission, adopted: None })
    }

    fn adopt_commit(&self, adoption: &Adoption, standing: &Standing) -> Result<Commit, Stop> {
        let opening = &adoption.opening;
        let (actor, envelope) = (&opening.actor, &opening.envelope);
        let admitted = self.admit(actor, envelope, standing, || adoption.fingerprint())?;
        self.start(&self.plan_adopt(adoption, standing)?, standing, admitted)
    }

    /// What an adoption would come to.
    pub(crate) fn plan_adopt<'b>(
        &'b self,
        adoption: &'b Adoption,
        standing: &Standing,
    ) -> Result<Start<'b>, Refusal> {
        let opening = &adoption.opening;
        let (actor, envelope) = (&opening.actor, &opening.envelope);
        let contract = self.contract_for(opening, standing)?;
        let mut faults = Vec::new();
        check_reason(&adoption.reason, &mut faults);
        let state = contract.resolve_state(&adoption.state);
        if state.is_none() {
            let message = format!("`{}` is not a state of `{}`", adoption.state, contract.kind());
            faults.push(InputFault::new("state", message));
        }
        refuse_faults(faults)?;
        let state = state.ok_or(Refusal::NotFound)?;
        let view = SubjectView {
            subject: &opening.subject,
            state,
            revision: 0,
            attributes: &opening.attributes,
        };
        let permission = self.permit(actor, "hos.adopt", &view, &envelope.context, standing);
        let permission = permission.ok_or(Refusal::Denied)?;
        self.require_fresh(standing, "adopt")?;
        let adopted = Some(adoption.reason.as_str());
        let state = state.clone();
        Ok(Start { opening, contract, state, permission, adopted })
    }

    fn contract_for(&self, opening: &Opening, standing: &Standing) -> Result<&Contract, Refusal> {
        self.require_open(standing)?;
        self.require_not_banned(standing)?;
        let kind = &opening.subject.kind;
        let Some(contract) = self.law.contract(kind.as_str()) else {
            let message = format!("`{kind}` has no contract");
            return Err(Refusal::InvalidInput(vec![InputFault::new("kind", message)]));
        };
        let mut faults = Vec::new();
        let required = contract.open().required();
        let declared = contract.attributes();
        check_bag("attributes", &opening.attributes, declared, required, &mut faults);
        if opening.subject.tenant.is_world() {
            faults.push(InputFault::new("tenant", "the reserved tenant has no subjects"));
        }
        refuse_faults(faults)?;
        if standing.tenant_exists { Ok(contract) } else { Err(Refusal::NotFound) }
    }

    /// A subject is opened once; that it exists says nothing of its state.
    fn require_fresh(&self, standing: &Standing, action: &str) -> Result<(), Refusal> {
        match standing.subjects.first() {
            Some(None) => Ok(()),
            _ => Err(Refusal::InvalidTransition {
                from: String::new(),
                action: action.to_owned(),
                allowed: Vec::new(),
            }),
        }
    }

    fn start(
        &self,
        start: &Start<'_>,
        standing: &Standing,
        (key, fingerprint): (CommandKey, Digest),
    ) -> Result<Commit, Stop> {
        let Start { opening, contract, state, permission, adopted } = start;
        let Opening { actor, subject, attributes, envelope } = *opening;
        let (action, ability) = match adopted {
            Some(_) => ("adopt", "hos.adopt"),
            None => ("open", contract.open().ability().as_str()),
        };
        let entry = self.seal_start(actor, envelope, start, action);
        let after = Snapshot {
            state: state.clone(),
            revision: 1,
            attributes: Arc::new(attributes.clone()),
            contract: contract.version().clone(),
            proof_id: entry.id(),
        };
        let step = StepReceipt {
            proof_id: entry.id(),
            subject: Some(subject.clone()),
            action: action_name(action)?,
            from: None,
            to: Some(state.clone()),
            revision: 1,
            effect: Effect::Moved,
            contract_version: Some(contract.version().clone()),
        };
        let told = Told {
            action,
            from: None,
            topics: contract.open().topics(),
            traceparent: envelope.traceparent.as_deref(),
        };
        let after = self.subject_after(contract, after, &told);
        Ok(Commit {
            world: subject.world.clone(),
            tenant: subject.tenant.clone(),
            versions: standing.versions,
            receipt: Some(self.keep(key, fingerprint, self.receipt(step))),
            changes: vec![SubjectChange {
                subject: subject.clone(),
                from_revision: 0,
                from_proof: None,
                after: Some(after),
            }],
            standing: None,
            entries: vec![entry],
            person: envelope.person(actor),
            shadowed: permission.shadowed(ability).into_iter().collect(),
        })
    }

    fn seal_start(
        &self,
        actor: &Actor,
        envelope: &Envelope,
        start: &Start<'_>,
        action: &str,
    ) -> crate::proof::Entry {
        let Start { opening, contract, state, permission, adopted } = start;
        let subject = &opening.subject;
        let log = self.origin(&subject.world, &subject.tenant);
        let type_ = if adopted.is_some() { EntryType::Adopted } else { EntryType::Opened };
        let mut leaf = self.leaf(type_, &log, actor, envelope, Some(*permission));
        leaf.subject = Some(subject);
        leaf.revision = Some(1);
        leaf.action = Some(action);
        leaf.to = Some(state.as_str());
        leaf.contract = Some(contract.digest());
        let mut bodies = Vec::new();
        if !opening.attributes.is_empty() {
            bodies.push((part::ATTRIBUTES, encode_attributes(&opening.attributes)));
        }
        if let Some(reason) = adopted {
            bodies.push((part::REASON, reason_body(reason)));
        }
        leaf.seal(self.ids, bodies)
    }
}

/// A subject as it would begin.
pub(crate) struct Start<'a> {
    opening: &'a Opening,
    pub(crate) contract: &'a Contract,
    pub(crate) state: State,
    permission: Permission,
    /// Why, when the subject existed before the law.
    adopted: Option<&'a str>,
}

pub(super) fn reason_body(reason: &str) -> String {
    encode(reason.len() + 16, |object| object.string("reason", reason))
}

pub(super) fn check_reason(reason: &str, faults: &mut Vec<InputFault>) {
    if reason.trim().is_empty() {
        faults.push(InputFault::new("reason", "is missing"));
    } else if reason.len() > REASON_BYTES_MAX {
        faults.push(InputFault::new("reason", format!("is over {REASON_BYTES_MAX} bytes")));
    }
}
