//! Cuts a batch into runs: what one statement commits. Pure.

use std::collections::{HashMap, HashSet};

use hos_core::commit::{Commit, SubjectChange};
use hos_core::id::{CommandKey, Tenant, World};
use hos_core::proof::Entry;
use hos_core::subject::Subject;
use hos_core::time::ProofId;

/// Commits that go in one statement, and those that met an earlier one of the batch.
#[derive(Default)]
pub(super) struct Run<'c> {
    pub(super) lines: Vec<Line<'c>>,
    pub(super) steps: Vec<Step<'c>>,
    /// Places in the batch of those that cannot be written: a conflict, or a key that is known.
    pub(super) lost: Vec<usize>,
}

/// One commit of a run.
pub(super) struct Line<'c> {
    pub(super) commit: &'c Commit,
    /// Its place in the batch.
    pub(super) place: usize,
    /// Commits of one bundle touch the same subjects: written whole or not at all.
    pub(super) bundle: usize,
}

/// One change of a subject, one entry, or both.
pub(super) struct Step<'c> {
    /// Which line of the run it belongs to.
    pub(super) line: usize,
    pub(super) change: Option<&'c SubjectChange>,
    pub(super) entry: Option<&'c Entry>,
    /// Nothing before it in the run changed the subject: the database must be where it was.
    pub(super) compares: bool,
    /// Nothing after it in the run changes the subject.
    pub(super) concludes: bool,
}

impl<'c> Step<'c> {
    /// The subject that it is about; an entry may be about one that is not in the commit.
    pub(super) fn subject(&self) -> Option<&'c Subject> {
        let about = self.entry.and_then(Entry::subject);
        self.change.map(SubjectChange::subject).or(about)
    }
}

impl<'c> Run<'c> {
    /// The next run of a batch, from a place on, and where the one after it begins.
    pub(super) fn next(commits: &'c [Commit], from: usize) -> (Self, usize) {
        let mut builder = Builder::default();
        let mut at = from;
        for commit in commits.iter().skip(from) {
            if !builder.takes(commit, at) {
                break;
            }
            at += 1;
        }
        (builder.finish(), at)
    }

    /// Whether each commit moves one subject, and each its own.
    pub(super) fn is_of_moves(&self) -> bool {
        let is_move = |(line, step): (&Line<'_>, &Step<'_>)| {
            let moves = |change: &SubjectChange| change.from_proof().is_some();
            line.commit.changes().len() == 1
                && step.change.is_some_and(moves)
                && step.entry.is_some()
                && step.compares
                && step.concludes
        };
        self.lines.len() == self.steps.len() && self.lines.iter().zip(&self.steps).all(is_move)
    }

    /// The one commit that changes standing or is recorded only once.
    pub(super) fn special(&self) -> Option<&'c Commit> {
        self.lines.first().map(|line| line.commit).filter(|commit| is_special(commit))
    }
}

fn is_special(commit: &Commit) -> bool {
    commit.standing().is_some() || commit.entries().iter().any(|entry| entry.dedup().is_some())
}

type Key<'c> = (&'c World, &'c Tenant, &'c CommandKey);

#[derive(Default)]
struct Builder<'c> {
    run: Run<'c>,
    keys: HashSet<Key<'c>>,
    /// What the run leaves: the proof of a subject's state and its bundle.
    overlay: HashMap<&'c Subject, (Option<ProofId>, usize)>,
    opened: HashSet<&'c Subject>,
}

impl<'c> Builder<'c> {
    /// Takes a commit in; false when it must begin a run of its own.
    fn takes(&mut self, commit: &'c Commit, place: usize) -> bool {
        let key = commit.receipt().map(|kept| (commit.world(), commit.tenant(), kept.key()));
        let begins = key.is_some_and(|key| self.keys.contains(&key))
            || self.run.special().is_some()
            || (is_special(commit) && !self.run.lines.is_empty())
            || commit.changes().iter().any(|change| self.opened.contains(change.subject()));
        if begins {
            return false;
        }
        let is_lost = |change: &SubjectChange| {
            let left = self.overlay.get(change.subject());
            left.is_some_and(|(now, _)| *now != change.from_proof())
        };
        if commit.changes().iter().any(is_lost) {
            self.run.lost.push(place);
            return true;
        }
        self.keys.extend(key);
        self.add(commit, place);
        true
    }

    fn add(&mut self, commit: &'c Commit, place: usize) {
        let line = self.run.lines.len();
        self.run.lines.push(Line { commit, place, bundle: line });
        let bundle = line;
        for change in commit.changes() {
            if let Some((_, other)) = self.overlay.get(change.subject()).copied() {
                self.merge(other, bundle);
            }
        }
        let known: Vec<bool> =
            commit.changes().iter().map(|c| self.overlay.contains_key(c.subject())).collect();
        for (change, known) in commit.changes().iter().zip(known) {
            let after = change.after().map(|after| after.snapshot().proof_id);
            if after.is_some() && change.from_proof().is_none() {
                self.opened.insert(change.subject());
            }
            let now = after.or(change.from_proof());
            self.overlay.insert(change.subject(), (now, bundle));
            let entry = own_entry(commit, change);
            let (change, concludes) = (Some(change), after.is_some());
            self.run.steps.push(Step { line, change, entry, compares: !known, concludes });
        }
        let paired = |entry: &&Entry| {
            commit
                .changes()
                .iter()
                .any(|change| own_entry(commit, change).is_some_and(|own| own.id() == entry.id()))
        };
        let others = commit.entries().iter().filter(|entry| !paired(entry));
        let step = |entry| Step {
            line,
            change: None,
            entry: Some(entry),
            compares: false,
            concludes: false,
        };
        self.run.steps.extend(others.map(step));
    }

    fn merge(&mut self, from: usize, into: usize) {
        for line in self.run.lines.iter_mut().filter(|line| line.bundle == from) {
            line.bundle = into;
        }
        for (_, bundle) in self.overlay.values_mut().filter(|(_, bundle)| *bundle == from) {
            *bundle = into;
        }
    }

    fn finish(mut self) -> Run<'c> {
        let mut concluded = HashSet::new();
        for step in self.run.steps.iter_mut().rev().filter(|step| step.concludes) {
            step.concludes = step.subject().is_some_and(|subject| concluded.insert(subject));
        }
        self.run
    }
}

/// The entry that goes with a change, so that it precedes its state.
fn own_entry<'c>(commit: &'c Commit, change: &SubjectChange) -> Option<&'c Entry> {
    let proof = change.after().map(|after| after.snapshot().proof_id);
    commit.entries().iter().find(|entry| match proof {
        Some(id) => entry.id() == id,
        None => entry.subject() == Some(change.subject()) && !entry.type_().moves(),
    })
}
