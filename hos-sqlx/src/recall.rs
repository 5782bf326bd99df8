//! What a store remembers, so that a move can be judged without asking the database. Its commit
//! compares everything that was read.

use hos_core::commit::{Commit, MigrationCommit, Outcome, SubjectAfter};
use hos_core::error::Fault;
use hos_core::standing::Standing;
use hos_core::store::Ask;
use hos_core::subject::Subject;

use crate::known::Known;
use crate::snapshots::Snapshots;

/// What is remembered of actors and of subjects.
#[derive(Debug)]
pub(crate) struct Recall {
    pub(crate) known: Known,
    snapshots: Snapshots,
}

impl Recall {
    /// Remembers so many actors, and about so many bytes of subjects.
    pub(crate) fn new(actors: u64, subject_bytes: u64) -> Self {
        Self { known: Known::new(actors), snapshots: Snapshots::new(subject_bytes) }
    }

    /// The standing as it is remembered; none unless all of it is.
    pub(crate) fn standing(&self, ask: &Ask) -> Option<Standing> {
        if ask.subjects.is_empty() {
            return None;
        }
        let subjects = ask.subjects.iter().map(|subject| self.snapshots.get(subject).map(Some));
        let subjects = subjects.collect::<Option<Vec<_>>>()?;
        let (_, standing) = self.known.get(ask)?;
        Some(Standing { subjects, receipt: None, ..standing })
    }

    /// Standings were loaded.
    pub(crate) fn loaded(&self, asks: &[Ask], standings: &[Standing]) {
        for (ask, standing) in asks.iter().zip(standings) {
            for (subject, snapshot) in ask.subjects.iter().zip(&standing.subjects) {
                if let Some(snapshot) = snapshot {
                    self.snapshots.insert(subject, snapshot);
                }
            }
        }
    }

    /// Commits were answered.
    pub(crate) fn answered(&self, commits: &[Commit], outcomes: &[Result<Outcome, Fault>]) {
        for (commit, outcome) in commits.iter().zip(outcomes) {
            for change in commit.changes() {
                let after = change.after().map(SubjectAfter::snapshot);
                match (outcome, after) {
                    (Ok(Outcome::Committed), Some(now)) => {
                        self.snapshots.insert(change.subject(), now);
                    }
                    (Ok(Outcome::Conflict), _) => self.snapshots.lose(change.subject()),
                    _ => {}
                }
            }
        }
    }

    /// Subjects were migrated: what was remembered of them would only be found out as old.
    pub(crate) fn migrated(&self, batch: &MigrationCommit) {
        for repinned in batch.subjects() {
            self.snapshots.forget(&Subject {
                world: batch.world().clone(),
                tenant: batch.tenant().clone(),
                kind: batch.kind().clone(),
                id: repinned.id().clone(),
            });
        }
    }
}

#[cfg(all(test, shuttle))]
mod weave;
