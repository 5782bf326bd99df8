//! One tenant or world, as the check knows it while it reads its log.

use hos_core::id::{Tenant, World};
use hos_core::proof::origin;
use hos_core::seal::LogName;

use crate::report::{Finding, FindingCode};

/// One tenant or world.
#[derive(Debug, Clone)]
pub(crate) struct Scope {
    pub(crate) world: World,
    pub(crate) tenant: Tenant,
    /// What the names of its logs end with, but for the number of an epoch.
    suffix: String,
}

impl Scope {
    pub(crate) fn new(world: &World, tenant: &Tenant) -> Self {
        let suffix = origin("", world, tenant);
        Self { world: world.clone(), tenant: tenant.clone(), suffix }
    }

    /// Whether a log is this scope's: `<deployment>/w/<world>/t/<tenant>/main`, or an epoch of it,
    /// `../e2`.
    pub(crate) fn owns(&self, log: &str) -> bool {
        is_of(log, &self.suffix)
    }

    pub(crate) fn finding(&self, code: FindingCode, message: impl Into<String>) -> Finding {
        Finding::new(code, self.world.as_str(), self.tenant.as_str(), message)
    }
}

/// Whose log it is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Whose<'s> {
    /// The one over all checkpoints.
    Deployment,
    /// A tenant's.
    Tenant(&'s Scope),
}

impl Whose<'_> {
    pub(crate) fn log(self) -> LogName {
        match self {
            Self::Deployment => LogName::Deployment,
            Self::Tenant(scope) => LogName::of(&scope.world, &scope.tenant),
        }
    }

    /// Whether a log is this one, by the name that its checkpoints have.
    pub(crate) fn owns(self, log: &str) -> bool {
        match self {
            Self::Deployment => is_of(log, "/deployment"),
            Self::Tenant(scope) => scope.owns(log),
        }
    }

    pub(crate) fn finding(self, code: FindingCode, message: impl Into<String>) -> Finding {
        match self {
            Self::Deployment => Finding::new(code, "", DEPLOYMENT, message),
            Self::Tenant(scope) => scope.finding(code, message),
        }
    }
}

/// What a finding has for a tenant where the deployment's log is meant; no tenant is called so.
const DEPLOYMENT: &str = "@deployment";

/// Whether a log is that of the tenant of these names, whatever they are.
pub(crate) fn owns(world: &str, tenant: &str, log: &str) -> bool {
    match (World::new(world), Tenant::from_stored(tenant)) {
        (Ok(world), Ok(tenant)) => Scope::new(&world, &tenant).owns(log),
        _ => false,
    }
}

fn is_of(log: &str, suffix: &str) -> bool {
    let is_epoch = |end: &str| {
        let number = end.strip_prefix('e');
        number.is_some_and(|number| {
            !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    let base = log.rsplit_once('/').filter(|(_, end)| is_epoch(end)).map(|(base, _)| base);
    log.ends_with(suffix) || base.is_some_and(|base| base.ends_with(suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_known_by_the_end_of_its_name() {
        let scope = Scope::new(&"pazar".parse().unwrap(), &"firm-1".parse().unwrap());
        for own in ["shop.example/w/pazar/t/firm-1/main", "x/w/pazar/t/firm-1/main/e2"] {
            assert!(scope.owns(own), "{own}");
        }
        for other in ["x/w/pazar/t/firm-2/main", "x/w/pazar/t/firm-1/main/e", "main/e2", ""] {
            assert!(!scope.owns(other), "{other}");
        }
    }
}
