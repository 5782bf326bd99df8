//! Lays out what a commit writes: each change with the entry that proves it.

use hos_core::commit::{Commit, OutboxWrite, SubjectAfter, SubjectChange, TimerWrite};
use hos_core::error::{Fault, FaultKind};
use hos_core::proof::{Entry, Part};
use hos_core::subject::Subject;
use serde_json::{Value, json};

use crate::encoding::{hex, signed};

/// An entry of a commit, and the change that it proves.
pub(super) struct Step<'c> {
    pub(super) entry: &'c Entry,
    /// The subject that it is about, if the commit read it.
    pub(super) subject: Option<&'c Subject>,
    pub(super) change: Option<(&'c SubjectChange, &'c SubjectAfter)>,
}

/// The entries of a commit in the order of its log.
pub(super) fn steps(commit: &Commit) -> Result<Vec<Step<'_>>, Fault> {
    let steps: Vec<Step<'_>> = commit.entries().iter().map(|entry| step(commit, entry)).collect();
    let moved = commit.changes().iter().filter(|change| change.after().is_some()).count();
    if steps.iter().filter(|step| step.change.is_some()).count() != moved {
        return Err(Fault::new(FaultKind::Internal, "a change of state without its proof"));
    }
    Ok(steps)
}

fn step<'c>(commit: &'c Commit, entry: &'c Entry) -> Step<'c> {
    let mut changes = commit.changes().iter();
    let change = changes.find_map(|change| {
        let after = change.after()?;
        (after.snapshot().proof_id == entry.id()).then_some((change, after))
    });
    let was_read =
        |subject: &&Subject| commit.changes().iter().any(|change| change.subject() == *subject);
    let proved = change.map(|(change, _)| change.subject());
    Step { entry, subject: proved.or(entry.subject().filter(was_read)), change }
}

impl Step<'_> {
    /// The step as `hos_write_step` takes it: what is short and often looked for comes first.
    pub(super) fn encode(&self) -> Result<Value, serde_json::Error> {
        let Self { entry, subject, change } = self;
        let after = change.map(|(_, after)| after);
        let snapshot = after.map(SubjectAfter::snapshot);
        let attributes = snapshot.map(|now| serde_json::to_string(&*now.attributes)).transpose()?;
        Ok(json!([
            subject.map(|subject| subject.kind.as_str()),
            subject.map(|subject| subject.id.as_str()),
            change.map(|(change, _)| signed(change.from_revision())),
            snapshot.map(|snapshot| snapshot.state.as_str()),
            after.map(|after| u8::from(after.is_terminal())),
            snapshot.map(|snapshot| snapshot.contract.as_str()),
            entry.revision().map(signed),
            hex(entry.id().as_bytes()),
            entry.type_().as_str(),
            u8::from(entry.type_().moves()),
            entry.recorded_at().as_micros(),
            hex(entry.leaf_hash()),
            after.and_then(|after| list(after.timers(), timer)),
            after.and_then(|after| list(after.outbox(), message)),
            parts(entry),
            attributes,
            entry.leaf(),
        ]))
    }
}

/// The parts of an entry as a text; none when it has none.
pub(super) fn parts(entry: &Entry) -> Option<String> {
    list(entry.parts(), part)
}

/// A list as a text within the step; none when it is empty.
fn list<T>(items: &[T], encode: impl Fn(&T) -> Value) -> Option<String> {
    let items: Vec<Value> = items.iter().map(encode).collect();
    (!items.is_empty()).then(|| Value::from(items).to_string())
}

fn timer(timer: &TimerWrite) -> Value {
    json!([timer.action.as_str(), timer.due_at.as_micros()])
}

fn message(message: &OutboxWrite) -> Value {
    let entry = hex(message.entry.as_bytes());
    json!([entry, message.topic.as_str(), message.payload, message.traceparent])
}

fn part(part: &Part) -> Value {
    json!([part.name, hex(&part.salt), part.body])
}
