//! What is checked, and how far a check is.

use std::sync::Arc;

use hos_core::hos::Hos;
use hos_core::id::{Tenant, World};
use hos_core::vault::{KeyWrapper, Vault};
use hos_verify::checkpoint::Checkpoint;
use hos_verify::policy::Policy;

use crate::sealed::Opening;
use crate::trust::Trust;

/// What is checked: everything, unless told otherwise.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct Options {
    pub(crate) depth: Depth,
    pub(crate) world: Option<World>,
    pub(crate) tenant: Option<Tenant>,
    pub(crate) trust: Trust,
    pub(crate) opening: Option<Opening>,
}

/// How deep a check goes.
///
/// Exhaustive: the logs by themselves, or what they prove.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::exhaustive_enums, reason = "the logs by themselves, or what they prove")]
pub enum Depth {
    /// The logs by themselves.
    Logs,
    /// The logs, and that they rebuild what is kept.
    #[default]
    Coverage,
}

impl Options {
    /// How deep to go.
    pub fn depth(self, depth: Depth) -> Self {
        Self { depth, ..self }
    }

    /// Only this world.
    pub fn world(self, world: &World) -> Self {
        Self { world: Some(world.clone()), ..self }
    }

    /// Only this tenant, of each world that is checked; the reserved one is the world itself.
    pub fn tenant(self, tenant: &Tenant) -> Self {
        Self { tenant: Some(tenant.clone()), ..self }
    }

    /// Whose signatures count: every checkpoint is to be signed by a log of this policy, which
    /// comes from outside the database. Without one, signatures are not judged.
    pub fn policy(self, policy: Policy) -> Self {
        Self { trust: Trust { policy: Some(policy), ..self.trust }, ..self }
    }

    /// A checkpoint that was received another way: its log is to begin with the entries that it is
    /// over. May be called again for another one.
    pub fn known(mut self, checkpoint: Checkpoint) -> Self {
        self.trust.known.push(checkpoint);
        self
    }

    /// What sealed parts are opened with, so that what is inside them is compared with their leaves
    /// too; keys that are gone are held to the entries of their erasures, which `hos` finds, in the
    /// archive too where it was opened with one. Without this, of sealed parts the form is checked.
    pub fn vault(self, vault: Arc<dyn Vault>, master: Arc<dyn KeyWrapper>, hos: &Hos) -> Self {
        Self { opening: Some(Opening { vault, master, hos: hos.clone() }), ..self }
    }

    pub(crate) fn is_about(&self, world: &str, tenant: &str) -> bool {
        self.world.as_ref().is_none_or(|own| own.as_str() == world)
            && self.tenant.as_ref().is_none_or(|own| own.as_str() == tenant)
    }

    /// Whether the whole deployment is checked.
    pub(crate) fn is_about_all(&self) -> bool {
        self.world.is_none() && self.tenant.is_none()
    }
}

/// How far a check is. What is read a second time counts again, so that `read` may pass `total`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Progress {
    /// Rows that were read: entries, subjects and lines of standing.
    pub read: u64,
    /// Entries that the heads of all logs tell of.
    pub total: u64,
}
