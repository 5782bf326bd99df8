//! What is checked, and how far a check is.

use hos_core::id::{Tenant, World};

/// What is checked: everything, unless told otherwise.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct Options {
    pub(crate) depth: Depth,
    pub(crate) world: Option<World>,
    pub(crate) tenant: Option<Tenant>,
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

    pub(crate) fn is_about(&self, world: &World, tenant: &Tenant) -> bool {
        self.world.as_ref().is_none_or(|own| own == world)
            && self.tenant.as_ref().is_none_or(|own| own == tenant)
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
