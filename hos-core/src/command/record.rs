//! Records: proofs of the world's own.

use super::envelope::{Envelope, encode_subject, envelope_builders, fingerprint, person_builder};
use crate::actor::Actor;
use crate::digest::Digest;
use crate::id::{RequestId, Tenant, World};
use crate::subject::Subject;
use crate::time::ProofId;
use crate::value::{Attributes, Value};

/// Records a proof of the world's own: a kind, a subject or none, a payload.
#[derive(Debug, Clone)]
#[must_use]
pub struct Record {
    pub(crate) actor: Actor,
    pub(crate) world: World,
    pub(crate) tenant: Tenant,
    pub(crate) subject: Option<Subject>,
    pub(crate) kind: String,
    pub(crate) payload: Attributes,
    pub(crate) corrects: Option<ProofId>,
    pub(crate) envelope: Envelope,
}

impl Record {
    /// Records a kind, such as `webhook_accepted`, in a tenant's log.
    pub fn new(actor: &Actor, world: &World, tenant: &Tenant, kind: &str) -> Self {
        Self {
            actor: actor.clone(),
            world: world.clone(),
            tenant: tenant.clone(),
            subject: None,
            kind: kind.to_owned(),
            payload: Attributes::new(),
            corrects: None,
            envelope: Envelope::default(),
        }
    }

    /// Records a kind about a subject; its revision is named and not raised.
    pub fn about(actor: &Actor, subject: &Subject, kind: &str) -> Self {
        let record = Self::new(actor, &subject.world, &subject.tenant, kind);
        Self { subject: Some(subject.clone()), ..record }
    }

    /// One value of the payload, kept beside the leaf and bound by a commitment.
    pub fn payload(mut self, name: &str, value: impl Into<Value>) -> Self {
        let mut payload = std::mem::take(&mut self.payload);
        self.envelope.put("payload", &mut payload, name, value.into());
        self.payload = payload;
        self
    }

    /// The entry that this one corrects: one of the same log, about the same subject, or about
    /// none as the record is. Any other is refused as `invalid_input`; in a caller's transaction
    /// ([`Hos::over`](crate::hos::Hos::over)) it is not looked up.
    pub fn corrects(mut self, entry: ProofId) -> Self {
        self.corrects = Some(entry);
        self
    }

    envelope_builders!();
    person_builder!();

    pub(crate) fn fingerprint(&self) -> Digest {
        fingerprint(&self.actor, "record", |object| {
            if let Some(entry) = self.corrects {
                object.display("corrects", entry);
            }
            object.string("kind", &self.kind);
            object.object("payload", |object| {
                self.payload.iter().for_each(|(name, value)| object.value(name.as_str(), value));
            });
            if let Some(subject) = &self.subject {
                encode_subject(object, subject);
            }
        })
    }
}
