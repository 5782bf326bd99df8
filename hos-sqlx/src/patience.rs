//! How long a batch that is done again commit by commit goes on waiting for others.

use std::collections::HashMap;

use hos_core::commit::{Commit, Outcome};
use hos_core::error::{Fault, FaultKind};
use hos_core::id::{Tenant, World};

/// How many commits of one tenant may each wait in vain before its others are not tried.
const WAITS_MAX: usize = 2;

/// Of each tenant, how many commits of a batch waited in vain for others. Each wait is as long as
/// a lock may take; a tenant that holds its own rows must not hold up everybody else's. For a
/// database that is away nobody waits a second time.
#[derive(Default)]
pub(crate) struct Patience<'c> {
    waits: HashMap<(&'c World, &'c Tenant), usize>,
    is_away: bool,
}

impl<'c> Patience<'c> {
    /// # Errors
    ///
    /// `Busy` for a commit that is not to be tried, `Unavailable` where none is.
    pub(crate) fn require(&self, commit: &Commit) -> Result<(), Fault> {
        if self.is_away {
            let message = "the database went away before this was sent; send the command again";
            return Err(Fault::new(FaultKind::Unavailable, message));
        }
        match self.waits.get(&(commit.world(), commit.tenant())) {
            Some(waits) if *waits >= WAITS_MAX => {
                Err(Fault::new(FaultKind::Busy, "others were quicker; send the command again"))
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn note(&mut self, commit: &'c Commit, answer: &Result<Outcome, Fault>) {
        let waited = match answer {
            Ok(outcome) => *outcome == Outcome::InProgress,
            Err(fault) => {
                self.is_away |= fault.is_everyones();
                fault.kind() == FaultKind::Busy
            }
        };
        if waited {
            *self.waits.entry((commit.world(), commit.tenant())).or_default() += 1;
        }
    }
}
