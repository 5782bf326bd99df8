//! Turns a commit into steps: the lines that `write.sql` inserts.

use std::sync::LazyLock;

use hos_core::commit::{Commit, SubjectAfter, SubjectChange};
use hos_core::error::{Fault, FaultKind};
use hos_core::merkle::Frontier;
use hos_core::proof::Entry;
use serde_json::json;
use sqlx::Arguments as _;
use sqlx::error::BoxDynError;
use sqlx::sqlite::SqliteArguments;

use super::fault::classify;
use super::lines::Lines;
use crate::encoding::{hex, signed};
use crate::frontier::appended;
use crate::standing::{encode, generation};

/// The columns of a step, as many as `write.sql` names.
pub(super) const COLUMNS: usize = 32;
const STATEMENT: &str = include_str!("write.sql");

/// Writes steps.
pub(super) static WRITE: LazyLock<Lines> = LazyLock::new(|| Lines::new("", STATEMENT, COLUMNS, ""));
/// Writes the last steps of a transaction and ends it.
pub(super) static WRITE_AND_COMMIT: LazyLock<Lines> =
    LazyLock::new(|| Lines::new("", STATEMENT, COLUMNS, "; COMMIT"));

/// The numbers of a scope and of its world's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ScopeNumbers {
    pub(super) own: i64,
    pub(super) world: i64,
}

/// One step of a commit.
pub(super) struct Step<'c> {
    commit: &'c Commit,
    scope: ScopeNumbers,
    /// The first step carries what a commit has once.
    first: bool,
    compares: bool,
    change: Option<&'c SubjectChange>,
    entry: Option<(&'c Entry, u64)>,
    /// The head of the log, with the last step that appends to it: the size that it had before,
    /// and what it becomes.
    pub(super) head: Option<(u64, Frontier)>,
}

/// Lays out a commit and appends its entries to the frontier of its log.
///
/// With `compares` the steps compare generations themselves; without, somebody did under the
/// write lock.
pub(super) fn steps<'c>(
    commit: &'c Commit,
    scope: ScopeNumbers,
    frontier: &mut Frontier,
    compares: bool,
) -> Result<Vec<Step<'c>>, Fault> {
    let mut entries = Vec::with_capacity(commit.entries().len());
    for entry in commit.entries() {
        entries.push(Some((entry, frontier.size())));
        appended(frontier, *entry.leaf_hash())?;
    }
    let step =
        |change, entry| Step { commit, scope, first: false, compares, change, entry, head: None };
    let mut steps = Vec::with_capacity(entries.len().max(commit.changes().len()).max(1));
    for change in commit.changes() {
        // The entry that proves a change goes in the same step, so that it precedes its state.
        let proof = change.after().map(|after| after.snapshot().proof_id);
        let own = entries.iter_mut().find(|entry| {
            entry.is_some_and(|(entry, _)| match proof {
                Some(id) => entry.id() == id,
                None => entry.subject() == Some(change.subject()) && !entry.type_().moves(),
            })
        });
        let own = own.and_then(Option::take);
        if proof.is_some() && own.is_none() {
            return Err(Fault::new(FaultKind::Internal, "a change of state without its proof"));
        }
        steps.push(step(Some(change), own));
    }
    steps.extend(entries.into_iter().flatten().map(|entry| step(None, Some(entry))));
    if steps.is_empty() {
        steps.push(step(None, None));
    }
    if let Some(first) = steps.first_mut() {
        first.first = true;
    }
    Ok(steps)
}

/// Binds steps in the order of the columns.
pub(super) fn bind(steps: &[Step<'_>]) -> Result<SqliteArguments, Fault> {
    let mut arguments = SqliteArguments::default();
    arguments.reserve(steps.len() * COLUMNS, 0);
    for step in steps {
        step.bind(&mut arguments).map_err(|error| classify(sqlx::Error::Encode(error)))?;
    }
    Ok(arguments)
}

impl Step<'_> {
    fn bind(&self, to: &mut SqliteArguments) -> Result<(), BoxDynError> {
        self.bind_versions(to)?;
        self.bind_subject(to)?;
        self.bind_entry(to)?;
        self.bind_receipt(to)?;
        let after = self.change.and_then(SubjectChange::after);
        to.add(after.and_then(outbox))?;
        to.add(after.and_then(timers))?;
        to.add(self.commit.standing().filter(|_| self.first).map(|write| encode(write.row())))?;
        to.add(self.head.as_ref().map(|(base, _)| signed(*base)))?;
        to.add(self.head.as_ref().map(|(_, frontier)| signed(frontier.size())))?;
        to.add(self.head.as_ref().map(|(_, frontier)| frontier.to_bytes()))
    }

    fn bind_versions(&self, to: &mut SqliteArguments) -> Result<(), BoxDynError> {
        let compares = self.compares && self.first;
        let versions = self.commit.versions();
        to.add(self.scope.own)?;
        to.add(compares.then(|| signed(generation(&versions.tenant))))?;
        to.add(compares.then_some(self.scope.world))?;
        to.add(compares.then(|| signed(generation(&versions.world))))
    }

    fn bind_subject(&self, to: &mut SqliteArguments) -> Result<(), BoxDynError> {
        // An entry about a subject that is not in the commit names it for the history.
        let about = self.entry.and_then(|(entry, _)| entry.subject());
        let subject = self.change.map(SubjectChange::subject).or(about);
        let after = self.change.and_then(SubjectChange::after);
        let snapshot = after.map(SubjectAfter::snapshot);
        to.add(subject.map(|subject| subject.kind.as_str()))?;
        to.add(subject.map(|subject| subject.id.as_str()))?;
        to.add(self.change.map(|change| signed(change.from_revision())))?;
        let proof = self.change.and_then(SubjectChange::from_proof);
        to.add(proof.map(|proof| proof.as_bytes().to_vec()))?;
        to.add(snapshot.map(|snapshot| snapshot.state.as_str()))?;
        to.add(after.map(SubjectAfter::is_terminal))?;
        to.add(snapshot.map(|now| serde_json::to_string(&*now.attributes)).transpose()?)?;
        to.add(snapshot.map(|snapshot| snapshot.contract.as_str()))
    }

    fn bind_entry(&self, to: &mut SqliteArguments) -> Result<(), BoxDynError> {
        let entry = self.entry.map(|(entry, _)| entry);
        to.add(entry.map(|entry| entry.id().as_bytes().to_vec()))?;
        to.add(self.entry.map(|(_, index)| signed(index)))?;
        to.add(entry.map(|entry| entry.type_().as_str()))?;
        to.add(entry.map(|entry| entry.type_().moves()))?;
        to.add(entry.and_then(Entry::revision).map(signed))?;
        to.add(entry.map(|entry| entry.recorded_at().as_micros()))?;
        to.add(entry.map(Entry::leaf))?;
        to.add(entry.map(|entry| entry.leaf_hash().as_slice()))?;
        to.add(entry.and_then(Entry::dedup).map(|dedup| dedup.as_bytes().to_vec()))?;
        to.add(entry.and_then(parts))
    }

    fn bind_receipt(&self, to: &mut SqliteArguments) -> Result<(), BoxDynError> {
        let kept = self.commit.receipt().filter(|_| self.first);
        to.add(kept.map(|kept| kept.key().as_bytes()))?;
        to.add(kept.map(|kept| kept.fingerprint().as_bytes().to_vec()))?;
        to.add(kept.map(|kept| serde_json::to_string(kept.receipt())).transpose()?)?;
        to.add(kept.map(|kept| kept.expires_at().as_micros()))
    }
}

/// The parts of an entry as JSON; none when it has none.
pub(super) fn parts(entry: &Entry) -> Option<String> {
    let part = |part: &hos_core::proof::Part| json!([part.name, hex(&part.salt), part.body]);
    let parts: Vec<_> = entry.parts().iter().map(part).collect();
    (!parts.is_empty()).then(|| json!(parts).to_string())
}

fn outbox(after: &SubjectAfter) -> Option<String> {
    let message = |message: &hos_core::commit::OutboxWrite| {
        let entry = hex(message.entry.as_bytes());
        json!([entry, message.topic.as_str(), message.payload, message.traceparent])
    };
    let messages: Vec<_> = after.outbox().iter().map(message).collect();
    (!messages.is_empty()).then(|| json!(messages).to_string())
}

fn timers(after: &SubjectAfter) -> Option<String> {
    let timer = |timer: &hos_core::commit::TimerWrite| {
        json!([timer.action.as_str(), timer.due_at.as_micros()])
    };
    let timers: Vec<_> = after.timers().iter().map(timer).collect();
    (!timers.is_empty()).then(|| json!(timers).to_string())
}
