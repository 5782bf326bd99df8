//! Openings and adoptions.

use super::envelope::{Envelope, encode_subject, envelope_builders, fingerprint, person_builder};
use crate::actor::Actor;
use crate::digest::Digest;
use crate::id::RequestId;
use crate::subject::Subject;
use crate::value::{Attributes, Value};

/// Brings a fresh subject under its contract.
#[derive(Debug, Clone)]
#[must_use]
pub struct Opening {
    pub(crate) actor: Actor,
    pub(crate) subject: Subject,
    pub(crate) attributes: Attributes,
    pub(crate) envelope: Envelope,
}

impl Opening {
    /// Opens a subject.
    pub fn new(actor: &Actor, subject: &Subject) -> Self {
        Self {
            actor: actor.clone(),
            subject: subject.clone(),
            attributes: Attributes::new(),
            envelope: Envelope::default(),
        }
    }

    /// One attribute.
    pub fn attribute(mut self, name: &str, value: impl Into<Value>) -> Self {
        let mut attributes = std::mem::take(&mut self.attributes);
        self.envelope.put("attributes", &mut attributes, name, value.into());
        self.attributes = attributes;
        self
    }

    /// Attributes gathered before.
    pub fn attributes(mut self, attributes: &Attributes) -> Self {
        for (name, value) in attributes.iter() {
            self.attributes.set(name.clone(), value.clone());
        }
        self
    }

    envelope_builders!();
    person_builder!();

    pub(crate) fn fingerprint(&self) -> Digest {
        fingerprint(&self.actor, "open", |object| {
            object.object("attributes", |object| {
                self.attributes.iter().for_each(|(name, value)| object.value(name.as_str(), value));
            });
            encode_subject(object, &self.subject);
        })
    }
}

/// Takes in a row that existed before the law did, in the state that it has.
#[derive(Debug, Clone)]
#[must_use]
pub struct Adoption {
    pub(crate) opening: Opening,
    pub(crate) state: String,
    pub(crate) reason: String,
}

impl Adoption {
    /// Adopts what an opening describes, in a state (or an alias of one), for a reason.
    pub fn new(opening: Opening, state: &str, reason: &str) -> Self {
        Self { opening, state: state.to_owned(), reason: reason.to_owned() }
    }

    pub(crate) fn fingerprint(&self) -> Digest {
        let opening = self.opening.fingerprint();
        fingerprint(&self.opening.actor, "adopt", |object| {
            object.display("opening", opening);
            object.string("reason", &self.reason);
            object.string("state", &self.state);
        })
    }
}
