//! A leaf for a bench to encode: the encoder is nobody else's to call.

use super::{EntryType, Leaf};
use crate::actor::Actor;
use crate::digest::Digest;
use crate::id::RequestId;
use crate::subject::Subject;
use crate::time::{ProofId, Timestamp};

/// The leaf of a transition, as long as real ones are.
#[doc(hidden)]
#[derive(Debug)]
pub struct LeafSample {
    actor: Actor,
    subject: Subject,
    request: RequestId,
    log: String,
    digest: Digest,
    at: Timestamp,
    id: ProofId,
}

impl LeafSample {
    /// One by an actor about a subject.
    pub fn new(actor: &Actor, subject: &Subject, request: &RequestId, at: Timestamp) -> Self {
        let log = super::origin("evidence.example.com", &subject.world, &subject.tenant);
        let (digest, id) = (Digest::of(b"a law"), ProofId::from_bytes([7; 16]));
        let (actor, subject, request) = (actor.clone(), subject.clone(), request.clone());
        Self { actor, subject, request, log, digest, at, id }
    }

    /// Encodes it as every leaf is.
    pub fn encode(&self) -> String {
        let new = Leaf::new(EntryType::Transition, &self.log, self.at, &self.actor, self.digest);
        let leaf = Leaf {
            ability: Some("order.pay"),
            action: Some("pay"),
            contract: Some(self.digest),
            from: Some("pending"),
            to: Some("paid"),
            request: Some(&self.request),
            revision: Some(8),
            subject: Some(&self.subject),
            ..new
        };
        leaf.encode(self.id, &[])
    }
}
