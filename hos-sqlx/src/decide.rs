//! Decides, commit after commit, what becomes of a batch. Pure: facts in, answers out.

use std::collections::{HashMap, HashSet};

use hos_core::commit::{Commit, Outcome, SubjectChange};
use hos_core::digest::Digest;
use hos_core::error::{Fault, FaultKind};
use hos_core::id::{CommandKey, Tenant, World};
use hos_core::receipt::StoredReceipt;
use hos_core::subject::Subject;
use hos_core::time::ProofId;

use crate::standing::{generation, raises};

/// What the store says of one commit, under the write lock.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// The sums of the generations of tenant and world.
    pub(crate) generations: (u64, u64),
    /// The receipt under the key.
    pub(crate) receipt: Option<StoredReceipt>,
    /// Whether an entry with the same `dedup` is there.
    pub(crate) duplicate: bool,
    /// Each subject as it is.
    pub(crate) subjects: Vec<Now>,
}

/// A subject as it is: the proof of its state, none when there is none, and whether it is terminal.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Now {
    pub(crate) proof: Option<ProofId>,
    pub(crate) terminal: bool,
}

/// What becomes of one commit.
pub(crate) enum Decision {
    /// It is to be written.
    Write,
    /// Nothing is written for it.
    Answer(Result<Outcome, Fault>),
}

impl Decision {
    pub(crate) fn is_write(&self) -> bool {
        matches!(self, Self::Write)
    }
}

/// Decides a batch in order: each commit sees what those before it will have written.
pub(crate) fn decide(commits: &[Commit], facts: &[Facts]) -> Vec<Decision> {
    let mut overlay = Overlay::default();
    commits.iter().zip(facts).map(|(commit, facts)| overlay.decide(commit, facts)).collect()
}

type Scope<'c> = (&'c World, &'c Tenant);

/// What the commits decided so far change.
#[derive(Default)]
struct Overlay<'c> {
    raised: HashMap<Scope<'c>, u64>,
    keys: HashMap<(Scope<'c>, &'c CommandKey), StoredReceipt>,
    dedups: HashSet<(Scope<'c>, Digest)>,
    subjects: HashMap<&'c Subject, Now>,
}

impl<'c> Overlay<'c> {
    fn decide(&mut self, commit: &'c Commit, facts: &Facts) -> Decision {
        let scope = (commit.world(), commit.tenant());
        Decision::Answer(match self.answered(scope, commit, facts) {
            Some(outcome) => Ok(outcome),
            None if !self.is_as_read(scope, commit, facts) => Ok(Outcome::Conflict),
            None if self.is_duplicate(scope, commit, facts) => Ok(Outcome::Committed),
            None if self.revives(commit, facts) => {
                Err(Fault::new(FaultKind::Internal, "a terminal state never changes"))
            }
            None => {
                self.accept(scope, commit);
                return Decision::Write;
            }
        })
    }

    fn answered(&self, scope: Scope<'c>, commit: &Commit, facts: &Facts) -> Option<Outcome> {
        let kept = commit.receipt()?;
        let written = self.keys.get(&(scope, kept.key()));
        let stored = written.or(facts.receipt.as_ref())?;
        Some(if stored.fingerprint == kept.fingerprint() {
            Outcome::Replayed(Box::new(stored.receipt.clone()))
        } else {
            Outcome::Reused
        })
    }

    fn is_as_read(&self, (world, tenant): Scope<'c>, commit: &Commit, facts: &Facts) -> bool {
        let raised = |tenant| self.raised.get(&(world, tenant)).copied().unwrap_or_default();
        let reserved = Tenant::world();
        let (tenant_now, world_now) = facts.generations;
        let now = (tenant_now + raised(tenant), world_now + raised(&reserved));
        let read = commit.versions();
        now == (generation(&read.tenant), generation(&read.world))
            && self.subjects(commit, facts).all(|(change, now)| now.proof == change.from_proof())
    }

    fn is_duplicate(&self, scope: Scope<'c>, commit: &Commit, facts: &Facts) -> bool {
        let mut dedups = commit.entries().iter().filter_map(|entry| entry.dedup());
        facts.duplicate || dedups.any(|dedup| self.dedups.contains(&(scope, dedup)))
    }

    fn revives(&self, commit: &Commit, facts: &Facts) -> bool {
        self.subjects(commit, facts).any(|(change, now)| now.terminal && change.after().is_some())
    }

    /// The changes, each with its subject as the commits before it will have left it.
    fn subjects<'a>(
        &'a self,
        commit: &'a Commit,
        facts: &'a Facts,
    ) -> impl Iterator<Item = (&'a SubjectChange, Now)> {
        commit.changes().iter().zip(&facts.subjects).map(|(change, stored)| {
            let written = self.subjects.get(change.subject());
            (change, *written.unwrap_or(stored))
        })
    }

    fn accept(&mut self, scope: Scope<'c>, commit: &'c Commit) {
        for change in commit.changes() {
            if let Some(after) = change.after() {
                let proof = Some(after.snapshot().proof_id);
                self.subjects
                    .insert(change.subject(), Now { proof, terminal: after.is_terminal() });
            }
        }
        if let Some(kept) = commit.receipt() {
            let stored =
                StoredReceipt { fingerprint: kept.fingerprint(), receipt: kept.receipt().clone() };
            self.keys.insert((scope, kept.key()), stored);
        }
        let dedups = commit.entries().iter().filter_map(|entry| entry.dedup());
        self.dedups.extend(dedups.map(|dedup| (scope, dedup)));
        if commit.standing().is_some_and(|standing| raises(standing.row())) {
            *self.raised.entry(scope).or_default() += 1;
        }
    }
}
