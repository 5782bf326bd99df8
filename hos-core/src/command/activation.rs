//! Putting another law in force.

use std::sync::Arc;

use super::envelope::{Envelope, envelope_builders, fingerprint};
use crate::actor::Actor;
use crate::digest::Digest;
use crate::id::RequestId;
use crate::law::Law;
use crate::value::Value;

/// Puts another law of a world in force: keyed, permitted by the law that is in force as
/// `hos.law`, recorded as proof.
#[derive(Debug, Clone)]
#[must_use]
pub struct Activation {
    pub(crate) actor: Actor,
    pub(crate) law: Arc<Law>,
    pub(crate) envelope: Envelope,
}

impl Activation {
    /// Puts a law in force, be it new or one that was in force before.
    pub fn new(actor: &Actor, law: impl Into<Arc<Law>>) -> Self {
        Self { actor: actor.clone(), law: law.into(), envelope: Envelope::default() }
    }

    envelope_builders!();

    pub(crate) fn fingerprint(&self) -> Digest {
        fingerprint(&self.actor, "activate", |object| {
            object.display("law", self.law.digest());
        })
    }
}
