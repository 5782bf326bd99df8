//! Commits of one batch that were judged upon one another.

use std::collections::HashMap;

use hos_core::commit::{Commit, Outcome, SubjectChange};
use hos_core::error::Fault;
use hos_core::subject::Subject;

/// What a commit was judged upon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ground {
    /// What is written, as far as is known.
    Written,
    /// What another commit was to write, and did not. Somebody else's revision may look the same.
    Unwritten,
}

/// Subjects whose chain is broken, and after which revision.
#[derive(Debug, Default)]
pub(super) struct Chains<'c> {
    broken: HashMap<&'c Subject, u64>,
}

impl<'c> Chains<'c> {
    /// What a commit that comes after all those that were noted was judged upon.
    pub(super) fn ground(&self, commit: &Commit) -> Ground {
        let is_broken = |change: &SubjectChange| {
            let broken = self.broken.get(change.subject());
            broken.is_some_and(|at| change.from_revision() > *at)
        };
        if commit.changes().iter().any(is_broken) { Ground::Unwritten } else { Ground::Written }
    }

    /// Notes what became of a commit: unless it was written, what was judged upon it falls with it.
    pub(super) fn note(&mut self, commit: &'c Commit, answer: &Result<Outcome, Fault>) {
        if matches!(answer, Ok(Outcome::Committed)) {
            return;
        }
        for change in commit.changes().iter().filter(|change| change.after().is_some()) {
            self.broken.entry(change.subject()).or_insert(change.from_revision());
        }
    }
}
