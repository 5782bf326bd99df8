//! What a world asks of the law: commands, each with its key and fingerprint.

mod activation;
mod archival;
mod envelope;
mod epoch;
mod erasure;
mod migration;
mod opening;
mod record;
mod standing;

pub use activation::Activation;
pub use archival::{Archival, ArchivalChange};
pub(crate) use envelope::Envelope;
pub use envelope::TRACEPARENT_BYTES_MAX;
pub use epoch::{EpochOpening, KeyAnnouncement};
pub(crate) use erasure::Erased;
pub use erasure::{ERASED_PARTS_MAX, Erasure, Hold};
pub use migration::Migration;
pub use opening::{Adoption, Opening};
pub use record::Record;
pub use standing::{StandingChange, StandingCommand};

use envelope::{encode_subject, envelope_builders, fingerprint, person_builder};

use crate::actor::Actor;
use crate::digest::Digest;
use crate::encoding::ObjectWriter;
use crate::id::{ActionName, CommandKey, RequestId};
use crate::subject::Subject;
use crate::time::Timestamp;
use crate::value::{Attributes, Value};

/// The most subjects of one compound command.
pub const STEPS_MAX: usize = 16;
/// A transition of one subject, or of up to [`STEPS_MAX`] at once, all or nothing.
///
/// ```
/// use hos_core::actor::Actor;
/// use hos_core::command::Command;
/// use hos_core::subject::Subject;
///
/// let actor = Actor::user("u-17")?;
/// let order = Subject::new("pazar", "firm-1", "order", "o-1")?;
/// let command = Command::new(&actor, &order, "cancel").input("reason", "late").key("k-1");
/// assert_eq!(command.steps().len(), 1);
/// # Ok::<(), hos_core::id::IdError>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Command {
    pub(crate) actor: Actor,
    pub(crate) first: Step,
    also: Vec<Step>,
    pub(crate) envelope: Envelope,
    /// Whether a timer sent it: named in the proof.
    pub(crate) timer: bool,
}

/// One subject of a [`Command`] and what is to happen to it.
#[derive(Debug, Clone)]
pub struct Step {
    pub(crate) subject: Subject,
    pub(crate) wish: Wish,
    pub(crate) input: Attributes,
    pub(crate) facts: Attributes,
    pub(crate) seen: Option<u64>,
}

/// What is to happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wish {
    Action(String),
    State(String),
}

impl Step {
    /// The subject.
    #[must_use]
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    fn new(subject: &Subject, wish: Wish) -> Self {
        let (input, facts) = (Attributes::new(), Attributes::new());
        Self { subject: subject.clone(), wish, input, facts, seen: None }
    }

    fn encode(&self, object: &mut ObjectWriter<'_>) {
        match &self.wish {
            Wish::Action(action) => object.string("action", action),
            Wish::State(_) => {}
        }
        object.object("input", |object| {
            self.input.iter().for_each(|(name, value)| object.value(name.as_str(), value));
        });
        encode_subject(object, &self.subject);
        if let Wish::State(state) = &self.wish {
            object.string("to", state);
        }
    }
}

impl Command {
    /// Does an action to a subject.
    pub fn new(actor: &Actor, subject: &Subject, action: &str) -> Self {
        Self::wish(actor, subject, Wish::Action(action.to_owned()))
    }

    /// Moves a subject to a state: sugar, refused where two actions lead there.
    pub fn to(actor: &Actor, subject: &Subject, state: &str) -> Self {
        Self::wish(actor, subject, Wish::State(state.to_owned()))
    }

    fn wish(actor: &Actor, subject: &Subject, wish: Wish) -> Self {
        Self {
            actor: actor.clone(),
            first: Step::new(subject, wish),
            also: Vec::new(),
            envelope: Envelope::default(),
            timer: false,
        }
    }

    /// Does an action to another subject of the same tenant, in the same commit.
    pub fn and(mut self, subject: &Subject, action: &str) -> Self {
        self.also.push(Step::new(subject, Wish::Action(action.to_owned())));
        self
    }

    /// One input of the client, of the step added last.
    pub fn input(mut self, name: &str, value: impl Into<Value>) -> Self {
        let mut input = std::mem::take(&mut self.last().input);
        self.envelope.put("input", &mut input, name, value.into());
        self.last().input = input;
        self
    }

    /// One fact observed by the world, of the step added last; for guards only.
    ///
    /// A fact over domain rows is safe only inside the caller's own transaction, under the
    /// caller's own row locks.
    pub fn fact(mut self, name: &str, value: impl Into<Value>) -> Self {
        let mut facts = std::mem::take(&mut self.last().facts);
        self.envelope.put("facts", &mut facts, name, value.into());
        self.last().facts = facts;
        self
    }

    /// The revision that the caller saw, of the step added last; an old one is refused.
    pub fn seen(mut self, revision: u64) -> Self {
        self.last().seen = Some(revision);
        self
    }

    envelope_builders!();
    person_builder!();

    pub(crate) fn by_timer(mut self) -> Self {
        self.timer = true;
        self
    }

    fn last(&mut self) -> &mut Step {
        self.also.last_mut().unwrap_or(&mut self.first)
    }

    /// Who acts.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The first subject.
    #[must_use]
    pub fn subject(&self) -> &Subject {
        &self.first.subject
    }

    /// The steps; at least one.
    #[must_use]
    pub fn steps(&self) -> Vec<&Step> {
        std::iter::once(&self.first).chain(&self.also).collect()
    }

    /// The command key, when one was given.
    #[must_use]
    pub fn command_key(&self) -> Option<&CommandKey> {
        self.envelope.key.as_ref()
    }

    pub(crate) fn fingerprint(&self) -> Digest {
        fingerprint(&self.actor, "transition", |object| {
            object.objects("steps", self.steps(), |object, step| step.encode(object));
        })
    }
}

/// One due timer, as a store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueTimer {
    /// Of which subject.
    pub subject: Subject,
    /// The revision that set the timer.
    pub revision: u64,
    /// What is to be done.
    pub action: ActionName,
    /// Since when.
    pub due_at: Timestamp,
}
