//! What is acted on, and what a store keeps of it.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::condition::{Lookup, ValueRef};
use crate::id::{IdError, Kind, State, SubjectId, Tenant, Version, World};
use crate::time::ProofId;
use crate::value::{Attributes, Type};

/// What conditions read of every subject beside its declared attributes.
pub const SUBJECT_BUILT_INS: [(&str, Type); 5] = [
    ("id", Type::String),
    ("kind", Type::String),
    ("revision", Type::Integer),
    ("state", Type::String),
    ("tenant", Type::String),
];

/// The thing acted on: world, tenant, kind, id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Subject {
    /// The application.
    pub world: World,
    /// The firm, taken from the credential or the address, never from a body.
    pub tenant: Tenant,
    /// What sort of thing.
    pub kind: Kind,
    /// Which one.
    pub id: SubjectId,
}

impl Subject {
    /// Names a subject.
    ///
    /// # Errors
    ///
    /// [`IdError`] of the first part that is ill-formed.
    ///
    /// ```
    /// let order = hos_core::subject::Subject::new("pazar", "firm-1", "order", "o-17")?;
    /// assert_eq!(order.to_string(), "order:o-17");
    /// # Ok::<(), hos_core::id::IdError>(())
    /// ```
    pub fn new(world: &str, tenant: &str, kind: &str, id: &str) -> Result<Self, IdError> {
        Ok(Self {
            world: World::new(world)?,
            tenant: Tenant::new(tenant)?,
            kind: Kind::new(kind)?,
            id: SubjectId::new(id)?,
        })
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.id)
    }
}

/// A subject as a store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The present state.
    pub state: State,
    /// 1 at opening, one more per transition.
    pub revision: u64,
    /// The declared attributes.
    pub attributes: Arc<Attributes>,
    /// The contract version that the subject pinned.
    pub contract: Version,
    /// The entry that proves the present state.
    pub proof_id: ProofId,
}

/// A subject as conditions read it: its own names, then its attributes.
#[derive(Debug, Clone, Copy)]
pub struct SubjectView<'a> {
    /// Which subject.
    pub subject: &'a Subject,
    /// The present state; that of a fresh subject while it is being opened.
    pub state: &'a State,
    /// The present revision; 0 while it is being opened.
    pub revision: u64,
    /// The attributes.
    pub attributes: &'a Attributes,
}

impl<'a> SubjectView<'a> {
    /// Views what a store keeps.
    #[must_use]
    pub fn of(subject: &'a Subject, snapshot: &'a Snapshot) -> Self {
        let Snapshot { state, revision, attributes, .. } = snapshot;
        Self { subject, state, revision: *revision, attributes }
    }
}

impl Lookup for SubjectView<'_> {
    fn lookup(&self, name: &str) -> Option<ValueRef<'_>> {
        match name {
            "id" => Some(ValueRef::String(self.subject.id.as_str())),
            "kind" => Some(ValueRef::String(self.subject.kind.as_str())),
            "tenant" => Some(ValueRef::String(self.subject.tenant.as_str())),
            "state" => Some(ValueRef::String(self.state.as_str())),
            "revision" => i64::try_from(self.revision).ok().map(ValueRef::Integer),
            _ => self.attributes.lookup(name),
        }
    }
}
