//! The tenants that a call is bound to: each named once, the worlds first.

use hos_core::id::{Tenant, World};

/// Scopes in the order in which they are locked, and their places, from 1 on.
pub(super) struct Scopes<'a> {
    names: Vec<(&'a World, &'a str)>,
}

impl<'a> Scopes<'a> {
    pub(super) fn new(scopes: impl Iterator<Item = (&'a World, &'a Tenant)>) -> Self {
        let world = |world| (world, Tenant::WORLD);
        let mut names: Vec<(&World, &str)> =
            scopes.flat_map(|(of, tenant)| [world(of), (of, tenant.as_str())]).collect();
        // The worlds first, so that whoever changes a tenant and reads its world, and whoever
        // changes the world, never wait for each other.
        names.sort_unstable_by_key(|(world, tenant)| (*tenant != Tenant::WORLD, *world, *tenant));
        names.dedup();
        Self { names }
    }

    pub(super) fn worlds(&self) -> Vec<&'a str> {
        self.names.iter().map(|(world, _)| world.as_str()).collect()
    }

    pub(super) fn tenants(&self) -> Vec<&'a str> {
        self.names.iter().map(|(_, tenant)| *tenant).collect()
    }

    /// The place of a tenant.
    pub(super) fn own(&self, world: &World, tenant: &Tenant) -> i32 {
        self.place(world, tenant.as_str())
    }

    /// The place of a world.
    pub(super) fn above(&self, world: &World) -> i32 {
        self.place(world, Tenant::WORLD)
    }

    fn place(&self, world: &World, tenant: &str) -> i32 {
        let sought = (tenant != Tenant::WORLD, world, tenant);
        let at = self.names.binary_search_by_key(&sought, |(world, tenant)| {
            (*tenant != Tenant::WORLD, *world, *tenant)
        });
        // OK because everything that is looked for was put in; 0 is nobody's place.
        at.ok().and_then(|at| i32::try_from(at + 1).ok()).unwrap_or(0)
    }
}
