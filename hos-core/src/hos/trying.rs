//! Tries a candidate law beside the one in force.

use super::Hos;
use crate::candidate::{Candidate, DivergenceReport, Trial};
use crate::error::Error;
use crate::id::World;

impl Hos {
    /// Begins to weigh a candidate beside the law in force, in this process; it takes the place of
    /// an earlier one. Answers, stores and what they remember are not touched by it. Putting
    /// another law in force ends it.
    ///
    /// # Errors
    ///
    /// [`Refusal::InvalidWorld`](crate::error::Refusal::InvalidWorld)
    pub fn set_candidate(&self, candidate: Candidate) -> Result<(), Error> {
        let world = candidate.law.world().clone();
        let live = self.bench.law(&world)?;
        let trial = Trial::new(live, candidate, self.bench.clock.now());
        self.bench.set_trial(&world, Some(trial));
        Ok(())
    }

    /// Ends the trial of a candidate; what it found, if there was one.
    pub fn remove_candidate(&self, world: &World) -> Option<DivergenceReport> {
        let trial = self.bench.set_trial(world, None)?;
        Some(trial.report(self.bench.clock.now()))
    }

    /// Where the law in force and its candidate part, as far as this process saw; none without a
    /// candidate.
    #[must_use]
    pub fn divergences(&self, world: &World) -> Option<DivergenceReport> {
        let law = self.bench.law(world).ok()?;
        Some(self.bench.trial(&law)?.report(self.bench.clock.now()))
    }
}
