//! A question about an actor and a subject that names no ability.

use super::{Query, put_context};
use crate::actor::Actor;
use crate::error::InputFault;
use crate::subject::Subject;
use crate::value::{Attributes, Value};

/// What may this actor do to this subject? A [`Query`] that names no ability.
///
/// ```
/// use hos_core::actor::Actor;
/// use hos_core::laws::Prospect;
/// use hos_core::subject::Subject;
///
/// let order = Subject::new("pazar", "firm-1", "order", "o-17")?;
/// let prospect = Prospect::new(&Actor::user("u-1")?, &order).context("channel", "desk");
/// # Ok::<(), hos_core::id::IdError>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Prospect {
    pub(crate) actor: Actor,
    pub(crate) subject: Subject,
    pub(crate) context: Attributes,
    pub(crate) faults: Vec<InputFault>,
}

impl Prospect {
    /// Asks what an actor, with what is claimed of it, may do to a subject.
    pub fn new(actor: &Actor, subject: &Subject) -> Self {
        Self {
            actor: actor.clone(),
            subject: subject.clone(),
            context: Attributes::new(),
            faults: Vec::new(),
        }
    }

    /// One name of the request's context.
    pub fn context(mut self, name: &str, value: impl Into<Value>) -> Self {
        put_context(&mut self.context, &mut self.faults, name, value.into());
        self
    }

    /// The same question about one ability.
    pub(crate) fn query(&self, ability: &str) -> Query {
        let Self { actor, subject, context, faults } = self;
        Query {
            context: context.clone(),
            faults: faults.clone(),
            ..Query::new(actor, ability, subject)
        }
    }
}
