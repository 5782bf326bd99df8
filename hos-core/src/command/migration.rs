//! The command that moves subjects from one contract version to another.

use super::Envelope;
use crate::actor::Actor;
use crate::id::{Name, RequestId, SubjectId, Tenant, World};
use crate::value::Value;

/// Moves live subjects of a tenant from one contract version to another, by the law's map.
///
/// It carries no key: a subject that was migrated pins the old version no more, so that a call that
/// is repeated goes on where the first one ended.
///
/// ```
/// use hos_core::actor::Actor;
/// use hos_core::command::Migration;
/// use hos_core::id::{Tenant, World};
///
/// let (world, firm) = (World::new("pazar")?, Tenant::new("firm-1")?);
/// let operator = Actor::user("operator-1")?;
/// let trial = Migration::new(&operator, &world, &firm, "order", "1", "2").shadow();
/// assert!(trial.is_shadow());
/// # Ok::<(), hos_core::id::IdError>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Migration {
    pub(crate) actor: Actor,
    pub(crate) world: World,
    pub(crate) tenant: Tenant,
    pub(crate) kind: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) after: Option<SubjectId>,
    pub(crate) shadow: bool,
    pub(crate) envelope: Envelope,
}

impl Migration {
    /// Migrates subjects of a kind that pin one version to another.
    pub fn new(
        actor: &Actor,
        world: &World,
        tenant: &Tenant,
        kind: &str,
        from: &str,
        to: &str,
    ) -> Self {
        Self {
            actor: actor.clone(),
            world: world.clone(),
            tenant: tenant.clone(),
            kind: kind.to_owned(),
            from: from.to_owned(),
            to: to.to_owned(),
            after: None,
            shadow: false,
            envelope: Envelope::default(),
        }
    }

    /// Goes on after a subject, by its id: where an earlier call ended.
    pub fn after(mut self, subject: SubjectId) -> Self {
        self.after = Some(subject);
        self
    }

    /// Only tells what would become of the subjects; writes nothing.
    pub fn shadow(mut self) -> Self {
        self.shadow = true;
        self
    }

    /// Whether it only tells.
    #[must_use]
    pub fn is_shadow(&self) -> bool {
        self.shadow
    }

    /// The id of the request, named in the proof.
    pub fn request(mut self, request: RequestId) -> Self {
        self.envelope.request = Some(request);
        self
    }

    /// One name of the request's context, read by policy as `context.<name>`.
    pub fn context(mut self, name: &str, value: impl Into<Value>) -> Self {
        if let Some(name) = self.envelope.keep(&format!("context.{name}"), Name::new(name)) {
            self.envelope.context.set(name, value);
        }
        self
    }
}
