//! Who acts.

use serde::{Deserialize, Serialize};

use crate::condition::{Lookup, ValueRef};
use crate::id::{ActorId, IdError, Name};
use crate::value::{Attributes, Type, Value};

/// What conditions read of every actor beside its declared claims.
pub const ACTOR_BUILT_INS: [(&str, Type); 2] = [("id", Type::String), ("kind", Type::String)];

/// What sort of actor. Taken from the credential that was checked, never from a body.
///
/// Exhaustive: each kind may have implicit roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::exhaustive_enums, reason = "each kind may have implicit roles")]
pub enum ActorKind {
    /// A person who signed in.
    User,
    /// Another program.
    Service,
    /// The world's own timer or batch.
    Job,
    /// A verified webhook.
    Webhook,
}

impl ActorKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::User, Self::Service, Self::Job, Self::Webhook];

    /// The name in leaves, laws and `actor.kind`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Service => "service",
            Self::Job => "job",
            Self::Webhook => "webhook",
        }
    }
}

/// Who acts: a kind, an opaque id, and claims that the law declares with types.
///
/// ```
/// use hos_core::actor::Actor;
///
/// let actor = Actor::user("u-17")?.claim("verified", true)?;
/// assert_eq!(actor.id(), "u-17");
/// # Ok::<(), hos_core::id::IdError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    kind: ActorKind,
    id: ActorId,
    claims: Attributes,
}

impl Actor {
    /// An actor of a kind.
    #[must_use]
    pub fn new(kind: ActorKind, id: ActorId) -> Self {
        Self { kind, id, claims: Attributes::new() }
    }

    /// A person who signed in.
    ///
    /// # Errors
    ///
    /// [`IdError`] of an ill-formed id.
    pub fn user(id: impl AsRef<str>) -> Result<Self, IdError> {
        Ok(Self::new(ActorKind::User, ActorId::new(id)?))
    }

    /// The world's own timer or batch.
    ///
    /// # Errors
    ///
    /// [`IdError`] of an ill-formed id.
    pub fn job(id: impl AsRef<str>) -> Result<Self, IdError> {
        Ok(Self::new(ActorKind::Job, ActorId::new(id)?))
    }

    /// A verified webhook.
    ///
    /// # Errors
    ///
    /// [`IdError`] of an ill-formed id.
    pub fn webhook(id: impl AsRef<str>) -> Result<Self, IdError> {
        Ok(Self::new(ActorKind::Webhook, ActorId::new(id)?))
    }

    /// Another program.
    ///
    /// # Errors
    ///
    /// [`IdError`] of an ill-formed id.
    pub fn service(id: impl AsRef<str>) -> Result<Self, IdError> {
        Ok(Self::new(ActorKind::Service, ActorId::new(id)?))
    }

    /// Adds a claim of the credential, read in conditions as `actor.<name>`.
    ///
    /// # Errors
    ///
    /// [`IdError`] of an ill-formed name.
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Result<Self, IdError> {
        self.claims.set(Name::new(name)?, value);
        Ok(self)
    }

    pub(crate) fn with_claims(self, claims: Attributes) -> Self {
        Self { claims, ..self }
    }

    /// What sort of actor.
    #[must_use]
    pub fn kind(&self) -> ActorKind {
        self.kind
    }

    /// The opaque id.
    #[must_use]
    pub fn id(&self) -> &ActorId {
        &self.id
    }

    /// The claims.
    #[must_use]
    pub fn claims(&self) -> &Attributes {
        &self.claims
    }
}

impl Lookup for Actor {
    fn lookup(&self, name: &str) -> Option<ValueRef<'_>> {
        match name {
            "id" => Some(ValueRef::String(self.id.as_str())),
            "kind" => Some(ValueRef::String(self.kind.as_str())),
            _ => self.claims.lookup(name),
        }
    }
}
