//! The law in a transaction of the caller's: domain rows and law rows commit together.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use super::bench::Bench;
use super::case::Case;
use super::settle::{
    Place, ask, ask_open, ask_record, ask_transition, commit_one, load_one, settle,
};
use super::{ATTEMPTS_MAX, Hos, internal};
use crate::actor::Actor;
use crate::command::{Adoption, Command, Opening, Record};
use crate::commit::{Commit, Outcome};
use crate::error::{Error, Fault, FaultKind};
use crate::laws::Contracts;
use crate::proof::Entry;
use crate::receipt::Receipt;
use crate::store::Store;

/// The law over a borrowed store, usually a transaction of the caller's.
///
/// - What it writes becomes true when the caller commits, together with the caller's rows.
/// - Nothing is retried: a conflict is returned as [`Refusal::Conflict`].
/// - A refusal writes nothing and leaves the transaction usable.
/// - `Ambiguous` belongs to the caller's own commit.
/// - What only a mode of `shadow` lets through is counted ([`Hos::decision_counts`]) when it is
///   written here: so it was decided, whatever the caller does then. How much of it came to be, the
///   log tells: each such leaf names the mode.
/// - Denials of critical abilities are handed back by [`Within::denials`], to be recorded with
///   [`Hos::record_denials`] after the transaction has ended.
///
/// [`Refusal::Conflict`]: crate::error::Refusal::Conflict
pub struct Within<'t> {
    bench: Bench,
    store: Box<dyn Store + 't>,
    denials: Denials,
}

impl std::fmt::Debug for Within<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Within").finish_non_exhaustive()
    }
}

/// Denied attempts at critical abilities that still have to be recorded.
#[derive(Debug, Clone, Default)]
pub struct Denials(Arc<Mutex<Vec<Commit>>>);

impl Denials {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn add(&self, denial: Commit) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(denial);
    }

    fn first(&self) -> Option<Commit> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).first().cloned()
    }

    fn remove(&self, recorded: &Commit) {
        let id = |denial: &Commit| denial.entries.first().map(Entry::id);
        let mut denials = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        denials.retain(|denial| id(denial) != id(recorded));
    }
}

impl<'t> Within<'t> {
    pub(super) fn new(bench: Bench, store: Box<dyn Store + 't>) -> Self {
        Self { bench, store, denials: Denials::default() }
    }

    /// The denials found here; hold on to them beyond the transaction.
    #[must_use]
    pub fn denials(&self) -> Denials {
        self.denials.clone()
    }

    /// Records a proof of the world's own, in the caller's transaction.
    ///
    /// # Errors
    ///
    /// As [`Proofs::record`](crate::laws::Proofs::record).
    pub async fn record(&self, record: &Record) -> Result<Receipt, Error> {
        self.settle(&ask_record(record), record).await
    }

    async fn settle(&self, ask: &crate::store::Ask, case: &dyn Case) -> Result<Receipt, Error> {
        settle(&self.bench, Place::Borrowed(&*self.store), ask, 1, Some(&self.denials), case).await
    }
}

#[async_trait]
impl Contracts for Within<'_> {
    async fn open(&self, opening: &Opening) -> Result<Receipt, Error> {
        self.settle(&ask_open(opening), opening).await
    }

    async fn adopt(&self, adoption: &Adoption) -> Result<Receipt, Error> {
        self.settle(&ask_open(&adoption.opening), adoption).await
    }

    async fn transition(&self, command: &Command) -> Result<Receipt, Error> {
        self.settle(&ask_transition(command), command).await
    }
}

impl Hos {
    /// Records denials that were found in a caller's transaction, after it has ended. Each is
    /// recorded once per key, however often this is called.
    ///
    /// # Errors
    ///
    /// What the store says; the denials not yet recorded stay in `denials`.
    pub async fn record_denials(&self, denials: &Denials) -> Result<(), Fault> {
        // Each stays until it is recorded, so that a dropped future loses none.
        while let Some(denial) = denials.first() {
            self.record_denial(&denial).await?;
            denials.remove(&denial);
        }
        Ok(())
    }

    /// The standing that denied may have changed since; the attempt was denied all the same.
    async fn record_denial(&self, denial: &Commit) -> Result<(), Fault> {
        let Commit { world, tenant, .. } = denial;
        let actor = Actor::service("hos").map_err(internal)?;
        let ask = ask(world, tenant, &actor, Vec::new(), None);
        for _ in 0..ATTEMPTS_MAX {
            let versions = load_one(&*self.store, &ask).await?.versions;
            let denial = Commit { versions, ..denial.clone() };
            if commit_one(&*self.store, &denial).await? != Outcome::Conflict {
                return Ok(());
            }
        }
        Err(Fault::new(FaultKind::Busy, "the standing kept changing; record the denials again"))
    }
}
