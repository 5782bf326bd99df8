//! One tenant or world, as the check knows it while it reads its log.

use hos_core::id::{Tenant, World};
use hos_core::proof::origin;

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
        let is_epoch = |end: &str| {
            let number = end.strip_prefix('e');
            number.is_some_and(|number| {
                !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
            })
        };
        let base = log.rsplit_once('/').filter(|(_, end)| is_epoch(end)).map(|(base, _)| base);
        log.ends_with(&self.suffix) || base.is_some_and(|base| base.ends_with(&self.suffix))
    }

    pub(crate) fn finding(&self, code: FindingCode, message: impl Into<String>) -> Finding {
        Finding {
            code,
            world: self.world.to_string(),
            tenant: self.tenant.to_string(),
            index: None,
            entry: None,
            about: None,
            message: message.into(),
        }
    }
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
