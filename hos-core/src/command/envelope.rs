//! What every command carries, and the fingerprint of what its client intended.

use crate::actor::{Actor, ActorKind};
use crate::digest::Digest;
use crate::encoding::{ObjectWriter, encode};
use crate::error::InputFault;
use crate::id::{ActorId, CommandKey, IdError, Name, RequestId};
use crate::subject::Subject;
use crate::value::{Attributes, Value};

/// The longest `traceparent`, in bytes (W3C Trace Context).
pub const TRACEPARENT_BYTES_MAX: usize = 64;

/// What every command carries beside what it asks for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Envelope {
    pub(crate) key: Option<CommandKey>,
    pub(crate) request: Option<RequestId>,
    pub(crate) traceparent: Option<String>,
    pub(crate) context: Attributes,
    /// Whom the parts of the entry are about, where it is not the acting user.
    pub(crate) person: Option<ActorId>,
    /// Found while the command was built; reported together when it is judged.
    pub(crate) faults: Vec<InputFault>,
}

impl Envelope {
    /// Whom the parts of the entry are about: the person who was named, or the acting user; none
    /// where a program acts about nobody.
    pub(crate) fn person(&self, actor: &Actor) -> Option<ActorId> {
        let user = (actor.kind() == ActorKind::User).then(|| actor.id());
        self.person.as_ref().or(user).cloned()
    }

    pub(super) fn keep<T>(&mut self, field: &str, parsed: Result<T, IdError>) -> Option<T> {
        let add = |error: IdError| self.faults.push(InputFault::new(field, error.to_string()));
        parsed.map_err(add).ok()
    }

    pub(super) fn key(&mut self, key: &[u8]) {
        // A key of no bytes is a missing key, which has a code of its own.
        self.key = if key.is_empty() { None } else { self.keep("key", CommandKey::new(key)) };
    }

    pub(super) fn traceparent(&mut self, text: &str) {
        let fits =
            text.len() <= TRACEPARENT_BYTES_MAX && text.bytes().all(|b| b.is_ascii_graphic());
        if fits {
            self.traceparent = Some(text.to_owned());
        } else {
            let message = format!("is not visible ASCII of at most {TRACEPARENT_BYTES_MAX} bytes");
            self.faults.push(InputFault::new("traceparent", message));
        }
    }

    pub(super) fn put(&mut self, bag: &str, attributes: &mut Attributes, name: &str, value: Value) {
        if let Some(name) = self.keep(&format!("{bag}.{name}"), Name::new(name)) {
            attributes.set(name, value);
        }
    }
}

macro_rules! envelope_builders {
    () => {
        /// The command key: made once per user intent, sent on every retry. 1..=255 bytes.
        pub fn key(mut self, key: impl AsRef<[u8]>) -> Self {
            self.envelope.key(key.as_ref());
            self
        }

        /// The id of the request, named in the proof.
        pub fn request(mut self, request: RequestId) -> Self {
            self.envelope.request = Some(request);
            self
        }

        /// The W3C `traceparent`, carried by outbox rows.
        pub fn traceparent(mut self, text: &str) -> Self {
            self.envelope.traceparent(text);
            self
        }

        /// One name of the request's context, read by policy as `context.<name>`.
        pub fn context(mut self, name: &str, value: impl Into<Value>) -> Self {
            let mut context = std::mem::take(&mut self.envelope.context);
            self.envelope.put("context", &mut context, name, value.into());
            self.envelope.context = context;
            self
        }
    };
}

macro_rules! person_builder {
    () => {
        /// Whom the payloads of the entry are about, if it is not the acting user. With a vault
        /// they are sealed under that person's key. The intent is the same whoever is named, so
        /// that a retry may name another; what was written first stays.
        pub fn person(mut self, person: &crate::id::ActorId) -> Self {
            self.envelope.person = Some(person.clone());
            self
        }
    };
}

pub(super) use {envelope_builders, person_builder};

pub(super) fn encode_subject(object: &mut ObjectWriter<'_>, subject: &Subject) {
    object.strings("subject", [subject.kind.as_str(), subject.id.as_str()]);
}

pub(super) fn fingerprint(
    actor: &Actor,
    what: &str,
    fill: impl FnOnce(&mut ObjectWriter<'_>),
) -> Digest {
    let text = encode(512, |object| {
        object.strings("actor", [actor.kind().as_str(), actor.id().as_str()]);
        object.object("command", fill);
        object.string("what", what);
    });
    Digest::of(text.as_bytes())
}
