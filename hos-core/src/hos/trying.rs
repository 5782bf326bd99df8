//! Tries a command without doing it, and a candidate law beside the one in force.

use std::sync::Arc;

use super::Hos;
use super::settle::{ask_open, ask_record, ask_transition};
use crate::candidate::{Candidate, DivergenceReport, Trial};
use crate::command::{Command, Opening, Record};
use crate::error::{Error, Refusal};
use crate::id::World;
use crate::judge::Rehearsal;

impl Hos {
    /// What would come of a command now, and everything that stands in its way: every failing
    /// guard, policy's reasons, what is wrong with the input. Writes nothing and needs no key.
    ///
    /// For operators and tests: it tells more than the actor may know.
    ///
    /// # Errors
    ///
    /// [`Refusal::InvalidWorld`], and what the store says.
    pub async fn rehearse(&self, command: &Command) -> Result<Rehearsal, Error> {
        let standing = self.load(&ask_transition(command)).await?;
        let law = self.bench.law(&command.subject().world)?;
        Ok(self.bench.judge(&law).rehearse(command, &standing))
    }

    /// As [`Hos::rehearse`], for an opening.
    ///
    /// # Errors
    ///
    /// As [`Hos::rehearse`].
    pub async fn rehearse_open(&self, opening: &Opening) -> Result<Rehearsal, Error> {
        let standing = self.load(&ask_open(opening)).await?;
        let law = self.bench.law(&opening.subject.world)?;
        Ok(self.bench.judge(&law).rehearse_open(opening, &standing))
    }

    /// As [`Hos::rehearse`], for a record, what it corrects included.
    ///
    /// # Errors
    ///
    /// As [`Hos::rehearse`].
    pub async fn rehearse_record(&self, record: &Record) -> Result<Rehearsal, Error> {
        let standing = self.load(&ask_record(record)).await?;
        let law = self.bench.law(&record.world)?;
        let rehearsal = self.bench.judge(&law).rehearse_record(record, &standing);
        Ok(match self.correction_fault(record).await? {
            None => rehearsal,
            Some(fault) => rehearsal.hindered(Refusal::InvalidInput(vec![fault])),
        })
    }

    /// Begins to weigh a candidate beside the law in force, in this process; it takes the place of
    /// an earlier one. Answers, stores and what they remember are not touched by it. Putting
    /// another law in force ends it; [`Hos::remove_candidate`] still tells what it found.
    ///
    /// # Errors
    ///
    /// [`Refusal::InvalidWorld`], and [`Refusal::InvalidInput`] where an ability is expected to
    /// change that neither law knows.
    pub fn set_candidate(&self, candidate: &Candidate) -> Result<(), Error> {
        let world = candidate.law.world();
        let faults = candidate.faults(&*self.bench.law(world)?);
        if !faults.is_empty() {
            return Err(Refusal::InvalidInput(faults).into());
        }
        let now = self.bench.clock.now();
        self.bench.set_trial(world, |live| Some(Trial::new(Arc::clone(live), candidate, now)));
        Ok(())
    }

    /// Ends the trial of a candidate; what it found, if there was one, up to the moment when
    /// another law came into force.
    pub fn remove_candidate(&self, world: &World) -> Option<DivergenceReport> {
        let trial = self.bench.set_trial(world, |_| None)?;
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
