//! The command that moves subjects from one contract version to another.

use super::envelope::{Envelope, envelope_builders, fingerprint};
use crate::actor::Actor;
use crate::digest::Digest;
use crate::id::{RequestId, SubjectId, Tenant, World};
use crate::value::Value;

/// Moves live subjects of a tenant from one contract version to another, by the law's map.
///
/// Each batch is a command with a key of its own. Sent again with the same key it is answered as
/// the first time, with where to go on; with another key it goes on where the first one ended, for
/// what was migrated pins the old version no more. A batch that finds nothing to migrate writes
/// nothing, its key neither. In shadow no key is needed, and none is looked up.
///
/// ```
/// use hos_core::actor::Actor;
/// use hos_core::command::Migration;
/// use hos_core::id::{Tenant, World};
///
/// let (world, firm) = (World::new("pazar")?, Tenant::new("firm-1")?);
/// let operator = Actor::user("operator-1")?;
/// let whole = Migration::new(&operator, &world, &firm, "order", "1", "2");
/// assert!(whole.clone().shadow().is_shadow());
/// let first = whole.key("orders of firm-1, 1 to 2, batch 1");
/// assert!(!first.is_shadow());
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

    envelope_builders!();

    /// What is intended, and from where on; not how much of it at once.
    pub(crate) fn fingerprint(&self) -> Digest {
        let Self { actor, kind, from, to, after, .. } = self;
        fingerprint(actor, "migrate", |object| {
            object.optional("after", after.as_ref().map(SubjectId::as_str));
            object.string("from", from);
            object.string("kind", kind);
            object.string("to", to);
        })
    }
}
