//! Writes what was decided: one statement for each table.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use hos_core::commit::{Commit, KeptReceipt, OutboxWrite, SubjectAfter};
use hos_core::digest::Digest;
use hos_core::error::Fault;
use hos_core::proof::{Entry, Part};
use hos_core::subject::Subject;
use hos_core::time::ProofId;
use sqlx::Arguments as _;
use sqlx::mysql::MySqlConnection;

use super::fault::classify;
use super::lines::Lines;
use super::scope::Scope;
use super::step::steps;
use super::transaction::commit;
use super::verify::Held;
use crate::encoding::signed;
use crate::fault::corrupt;
use crate::standing::encode;

macro_rules! lines {
    ($($name:ident: $text:expr;)*) => {$(
        static $name: LazyLock<Lines> = LazyLock::new(|| Lines::new($text));
    )*};
}

lines! {
    RECEIPTS: include_str!("write_receipts.sql");
    ENTRIES: include_str!("write_entries.sql");
    PARTS: include_str!("write_parts.sql");
    DEDUPS: include_str!("write_dedups.sql");
    OPEN: include_str!("open_subjects.sql");
    MOVE: include_str!("move_subjects.sql");
    END_TIMERS: include_str!("end_timers.sql");
    TIMERS: include_str!("write_timers.sql");
    OUTBOX: include_str!("write_outbox.sql");
}

/// The rows of a batch, table by table.
pub(super) struct Writes<'c> {
    subjects: HashMap<&'c Subject, Held>,
    receipts: Vec<(i64, &'c KeptReceipt)>,
    entries: Vec<(&'c Entry, i64, Option<i64>)>,
    parts: Vec<(ProofId, i64, &'c Part)>,
    dedups: Vec<(i64, Digest)>,
    /// Each subject as the last commit of the batch leaves it, by its number.
    states: BTreeMap<i64, State<'c>>,
    outbox: Vec<(i64, i64, u64, &'c OutboxWrite)>,
    standings: Vec<(i64, String)>,
}

/// A subject as it will be.
struct State<'c> {
    subject: &'c Subject,
    scope: i64,
    world: i64,
    held: Held,
    after: &'c SubjectAfter,
    attributes: String,
}

impl<'c> Writes<'c> {
    pub(super) fn new(subjects: HashMap<&'c Subject, Held>) -> Self {
        Self {
            subjects,
            receipts: Vec::new(),
            entries: Vec::new(),
            parts: Vec::new(),
            dedups: Vec::new(),
            states: BTreeMap::new(),
            outbox: Vec::new(),
            standings: Vec::new(),
        }
    }

    /// Adds what a commit writes, after those before it.
    pub(super) fn add(
        &mut self,
        commit: &'c Commit,
        (own, above): (Scope, Scope),
    ) -> Result<(), Fault> {
        let scope = own.number;
        self.receipts.extend(commit.receipt().map(|kept| (scope, kept)));
        for step in steps(commit)? {
            let number = match (step.subject, step.change) {
                (Some(subject), Some((_, after))) => {
                    Some(self.change(subject, after, scope, above.number)?)
                }
                (Some(subject), None) => self.number(subject),
                (None, _) => None,
            };
            self.entries.push((step.entry, scope, number));
            let parts = step.entry.parts().iter();
            self.parts.extend(parts.map(|part| (step.entry.id(), scope, part)));
            self.dedups.extend(step.entry.dedup().map(|dedup| (scope, dedup)));
        }
        let standing = commit.standing().map(|standing| (scope, encode(standing.row())));
        self.standings.extend(standing);
        Ok(())
    }

    fn change(
        &mut self,
        subject: &'c Subject,
        after: &'c SubjectAfter,
        scope: i64,
        world: i64,
    ) -> Result<i64, Fault> {
        let held = self.subjects.get(subject).copied().ok_or_else(|| corrupt("no subject"))?;
        let number = held.number;
        let snapshot = after.snapshot();
        let attributes = serde_json::to_string(&*snapshot.attributes)
            .map_err(|error| classify(sqlx::Error::Encode(error.into())))?;
        let messages = after.outbox().iter();
        self.outbox.extend(messages.map(|message| (scope, number, snapshot.revision, message)));
        let state = State { subject, scope, world, held, after, attributes };
        self.states.insert(number, state);
        Ok(number)
    }

    /// The number of a subject that is there, or was opened in this batch.
    fn number(&self, subject: &Subject) -> Option<i64> {
        let held = self.subjects.get(subject)?;
        (held.exists || self.states.contains_key(&held.number)).then_some(held.number)
    }

    /// Writes everything and commits.
    pub(super) async fn commit(mut self, to: &mut MySqlConnection) -> Result<(), Fault> {
        self.receipts.sort_by_key(|(scope, kept)| (*scope, kept.key().as_bytes()));
        self.write_receipts(to).await?;
        self.write_entries(to).await?;
        self.write_subjects(to).await?;
        self.write_sequel(to).await?;
        for (scope, standing) in &self.standings {
            let query = sqlx::query(include_str!("write_standing.sql"));
            query.bind(scope).bind(standing).execute(&mut *to).await.map_err(classify)?;
        }
        commit(to, self.entries.iter().map(|(entry, scope, _)| (*entry, *scope))).await
    }

    async fn write_receipts(&self, to: &mut MySqlConnection) -> Result<(), Fault> {
        RECEIPTS
            .write(to, &self.receipts, |(scope, kept), row| {
                row.add(scope)?;
                row.add(kept.expires_at().as_micros())?;
                row.add(kept.key().as_bytes())?;
                row.add(kept.fingerprint().as_bytes().as_slice())?;
                row.add(serde_json::to_string(kept.receipt())?)
            })
            .await?;
        Ok(())
    }

    async fn write_entries(&self, to: &mut MySqlConnection) -> Result<(), Fault> {
        ENTRIES
            .write(to, &self.entries, |(entry, scope, subject), row| {
                row.add(entry.id().as_bytes().as_slice())?;
                row.add(scope)?;
                row.add(subject)?;
                row.add(entry.revision().map(signed))?;
                row.add(entry.recorded_at().as_micros())?;
                row.add(entry.type_().moves())?;
                row.add(entry.type_().as_str().as_bytes())?;
                row.add(entry.leaf_hash().as_slice())?;
                row.add(entry.leaf())
            })
            .await?;
        PARTS
            .write(to, &self.parts, |(entry, scope, part), row| {
                row.add(entry.as_bytes().as_slice())?;
                row.add(scope)?;
                row.add(part.name.as_bytes())?;
                row.add(part.salt.as_slice())?;
                row.add(part.body.as_str())
            })
            .await?;
        DEDUPS
            .write(to, &self.dedups, |(scope, dedup), row| {
                row.add(scope)?;
                row.add(dedup.as_bytes().as_slice())
            })
            .await?;
        Ok(())
    }

    async fn write_subjects(&self, to: &mut MySqlConnection) -> Result<(), Fault> {
        let (moved, opened): (Vec<_>, Vec<_>) =
            self.states.values().partition(|state| state.held.exists);
        for (lines, states) in [(&OPEN, opened), (&MOVE, moved)] {
            lines
                .write(to, &states, |state, row| {
                    let (subject, snapshot) = (state.subject, state.after.snapshot());
                    row.add(state.held.number)?;
                    row.add(state.world)?;
                    row.add(state.scope)?;
                    row.add(signed(snapshot.revision))?;
                    row.add(snapshot.proof_id.as_bytes().as_slice())?;
                    row.add(state.after.is_terminal())?;
                    row.add(!state.after.timers().is_empty())?;
                    row.add(subject.kind.as_str().as_bytes())?;
                    row.add(subject.id.as_str().as_bytes())?;
                    row.add(snapshot.state.as_str().as_bytes())?;
                    row.add(snapshot.contract.as_str().as_bytes())?;
                    row.add(state.attributes.as_str())
                })
                .await?;
        }
        Ok(())
    }

    async fn write_sequel(&self, to: &mut MySqlConnection) -> Result<(), Fault> {
        let timed = self.states.values().filter(|state| state.held.timed);
        let timed: Vec<i64> = timed.map(|state| state.held.number).collect();
        END_TIMERS.write(to, &timed, |number, row| row.add(number)).await?;
        let mut timers = Vec::new();
        for state in self.states.values() {
            timers.extend(state.after.timers().iter().map(|timer| (state, timer)));
        }
        TIMERS
            .write(to, &timers, |(state, timer), row| {
                row.add(state.held.number)?;
                row.add(timer.action.as_str().as_bytes())?;
                row.add(state.world)?;
                row.add(state.scope)?;
                row.add(signed(state.after.snapshot().revision))?;
                row.add(timer.due_at.as_micros())
            })
            .await?;
        OUTBOX
            .write(to, &self.outbox, |(scope, subject, revision, message), row| {
                row.add(scope)?;
                row.add(subject)?;
                row.add(signed(*revision))?;
                row.add(message.entry.as_bytes().as_slice())?;
                row.add(message.topic.as_str().as_bytes())?;
                row.add(message.payload.as_str())?;
                row.add(message.traceparent.as_deref().map(str::as_bytes))
            })
            .await?;
        Ok(())
    }
}
