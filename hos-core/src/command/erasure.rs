//! Erasures, and the holds that refuse them.

use super::envelope::{Envelope, envelope_builders, fingerprint};
use crate::actor::Actor;
use crate::digest::Digest;
use crate::id::{ActorId, RequestId, Tenant, World};
use crate::time::ProofId;
use crate::value::Value;

/// The most single parts that one erasure deletes.
pub const ERASED_PARTS_MAX: usize = 50;

/// Erases a person, or single parts: keyed, permitted by policy as `hos.erase`, recorded as proof.
///
/// ```
/// use hos_core::actor::Actor;
/// use hos_core::command::Erasure;
/// use hos_core::id::{ActorId, Tenant, World};
///
/// let (world, firm) = (World::new("pazar")?, Tenant::new("firm-1")?);
/// let (officer, person) = (Actor::user("officer-1")?, ActorId::new("u-17")?);
/// let erasure = Erasure::person(&officer, &world, &firm, &person, "consent_withdrawn")
///     .requester("subject")
///     .key("erase u-17");
/// # Ok::<(), hos_core::id::IdError>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Erasure {
    pub(crate) actor: Actor,
    pub(crate) world: World,
    pub(crate) tenant: Tenant,
    pub(crate) what: Erased,
    pub(crate) basis: String,
    pub(crate) requester: Option<String>,
    pub(crate) envelope: Envelope,
}

/// What is erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Erased {
    Person(ActorId),
    Parts(Vec<(ProofId, String)>),
}

impl Erasure {
    /// Erases every part that is sealed under the person's keys in a tenant, by destroying them.
    /// The basis is a code of the world's own, such as `consent_withdrawn`.
    pub fn person(
        actor: &Actor,
        world: &World,
        tenant: &Tenant,
        person: &ActorId,
        basis: &str,
    ) -> Self {
        Self::new(actor, world, tenant, Erased::Person(person.clone()), basis)
    }

    /// Deletes single parts, each an entry and a name; at most [`ERASED_PARTS_MAX`].
    pub fn parts(
        actor: &Actor,
        world: &World,
        tenant: &Tenant,
        parts: impl IntoIterator<Item = (ProofId, String)>,
        basis: &str,
    ) -> Self {
        // One more than lawful is enough to be refused.
        let parts = parts.into_iter().take(ERASED_PARTS_MAX + 1).collect();
        Self::new(actor, world, tenant, Erased::Parts(parts), basis)
    }

    fn new(actor: &Actor, world: &World, tenant: &Tenant, what: Erased, basis: &str) -> Self {
        Self {
            actor: actor.clone(),
            world: world.clone(),
            tenant: tenant.clone(),
            what,
            basis: basis.to_owned(),
            requester: None,
            envelope: Envelope::default(),
        }
    }

    /// Who asked for it: a code of the world's own, such as `subject` or `authority`.
    pub fn requester(mut self, code: &str) -> Self {
        self.requester = Some(code.to_owned());
        self
    }

    envelope_builders!();

    pub(crate) fn fingerprint(&self) -> Digest {
        fingerprint(&self.actor, "erase", |object| {
            object.string("basis", &self.basis);
            if let Erased::Parts(parts) = &self.what {
                object.objects("parts", parts, |object, (entry, name)| {
                    object.display("id", entry);
                    object.string("n", name);
                });
            }
            if let Erased::Person(person) = &self.what {
                object.string("person", person.as_str());
            }
            object.optional("requester", self.requester.as_deref());
        })
    }
}

/// Places or lifts a hold, which refuses the erasure of a person: keyed, permitted by policy as
/// `hos.hold`, recorded as proof. A person is held for one matter at a time.
#[derive(Debug, Clone)]
#[must_use]
pub struct Hold {
    pub(crate) actor: Actor,
    pub(crate) world: World,
    pub(crate) tenant: Tenant,
    pub(crate) person: ActorId,
    pub(crate) matter: String,
    pub(crate) places: bool,
    pub(crate) envelope: Envelope,
}

impl Hold {
    /// Holds a person for a matter, a code of the world's own, such as `case_2026_17`.
    pub fn place(
        actor: &Actor,
        world: &World,
        tenant: &Tenant,
        person: &ActorId,
        matter: &str,
    ) -> Self {
        Self {
            actor: actor.clone(),
            world: world.clone(),
            tenant: tenant.clone(),
            person: person.clone(),
            matter: matter.to_owned(),
            places: true,
            envelope: Envelope::default(),
        }
    }

    /// Lifts the hold for a matter.
    pub fn lift(
        actor: &Actor,
        world: &World,
        tenant: &Tenant,
        person: &ActorId,
        matter: &str,
    ) -> Self {
        Self { places: false, ..Self::place(actor, world, tenant, person, matter) }
    }

    envelope_builders!();

    /// `place` or `lift`, as the receipt and the leaf say it.
    pub(crate) fn action(&self) -> &'static str {
        if self.places { "place" } else { "lift" }
    }

    pub(crate) fn fingerprint(&self) -> Digest {
        fingerprint(&self.actor, self.action(), |object| {
            object.string("matter", &self.matter);
            object.string("person", self.person.as_str());
        })
    }
}
