//! The standing as a candidate would find it.

use std::sync::Arc;

use crate::command::Step;
use crate::contract::Contract;
use crate::law::{Law, MigrationMap};
use crate::standing::Standing;
use crate::subject::{Snapshot, SubjectView};
use crate::time::Timestamp;

/// Which of two laws judged, and which one is tried.
#[derive(Clone, Copy)]
pub(crate) struct Laws<'a> {
    pub(crate) live: &'a Law,
    pub(crate) candidate: &'a Law,
}

impl<'a> Laws<'a> {
    /// The standing as the candidate would find it: enforced, and a subject of the current
    /// contract on the current one of the candidate, as its migration would leave it. Without a
    /// migration it is there as it is, if its state is.
    pub(crate) fn supposed(self, steps: &[&Step], standing: &Standing, now: Timestamp) -> Standing {
        let mut supposed = Standing { modes: Arc::default(), ..standing.clone() };
        for (step, snapshot) in steps.iter().zip(&mut supposed.subjects) {
            if let Some(snapshot) = snapshot
                && let Some(contract) = self.newer(step, snapshot)
            {
                self.repin(step, contract, snapshot, now);
            }
        }
        supposed
    }

    /// How a subject would come to the candidate's current contract; none where it would not, or
    /// as it is.
    pub(crate) fn map(self, step: &Step, snapshot: &Snapshot) -> Option<&'a MigrationMap> {
        let contract = self.newer(step, snapshot)?;
        let (kind, from) = (step.subject().kind.as_str(), snapshot.contract.as_str());
        self.candidate.migration(kind, from, contract.version().as_str())
    }

    /// The candidate's current contract, for a subject of the current one that pins another.
    fn newer(self, step: &Step, snapshot: &Snapshot) -> Option<&'a Contract> {
        let kind = step.subject().kind.as_str();
        let live = self.live.contract(kind)?;
        let contract = self.candidate.contract(kind)?;
        let is_current = *live.version() == snapshot.contract;
        (is_current && snapshot.contract != *contract.version()).then_some(contract)
    }

    fn repin(self, step: &Step, contract: &Contract, snapshot: &mut Snapshot, now: Timestamp) {
        let map = self.map(step, snapshot);
        let state = match map {
            Some(map) => map.state(snapshot.state.as_str()).cloned(),
            None => contract.resolve_state(snapshot.state.as_str()).cloned(),
        };
        let Some(state) = state else { return };
        if let Some(map) = map {
            let view = SubjectView::of(step.subject(), snapshot);
            snapshot.attributes = Arc::new(map.attributes(&view, now));
        }
        snapshot.state = state;
        snapshot.contract = contract.version().clone();
    }
}
