//! Keeps one decision in so many, in bounded memory.

use std::collections::{BTreeSet, VecDeque};
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::record::{About, DecisionRecord};
use crate::condition::{ExpressionError, Path, Root};
use crate::error::InputFault;
use crate::policy::{Answer, Question};
use crate::subject::SUBJECT_BUILT_INS;

/// The most records that wait to be taken.
pub const RECORDS_MAX: usize = 65_536;
/// The most bytes of all that wait, about.
pub const RECORDED_BYTES_MAX: usize = 64 << 20;

/// Keeps one decision in so many until it is taken. Clones share what they keep.
///
/// What finds no room is dropped and counted; a decision never waits.
#[derive(Debug, Clone)]
#[must_use]
pub struct Recorder {
    every: NonZeroU64,
    redacted: Arc<BTreeSet<Path>>,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    seen: AtomicU64,
    dropped: AtomicU64,
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    records: VecDeque<DecisionRecord>,
    bytes: usize,
}

impl Recorder {
    /// Keeps one decision in so many: 1 keeps each.
    ///
    /// # Errors
    ///
    /// An [`InputFault`] for 0.
    pub fn one_in(every: u64) -> Result<Self, InputFault> {
        let fault = || InputFault::new("every", "is 0; 1 keeps each decision");
        let every = NonZeroU64::new(every).ok_or_else(fault)?;
        Ok(Self { every, redacted: Arc::default(), shared: Arc::default() })
    }

    /// Leaves out an attribute, such as `subject.customer`, `actor.id` or `context.address`. What
    /// a rule decides upon it can not be replayed.
    ///
    /// # Errors
    ///
    /// An [`InputFault`] of what is no path, and of what every record tells: the actor's kind, and
    /// the subject's kind, tenant, state and revision.
    pub fn redact(mut self, path: &str) -> Result<Self, InputFault> {
        let fault = |message: String| InputFault::new("path", message);
        let parsed: Path =
            path.parse().map_err(|error: ExpressionError| fault(error.to_string()))?;
        let told = match parsed.root {
            Root::Actor => parsed.name == *"kind",
            Root::Subject => {
                let name = parsed.name.as_str();
                name != "id" && SUBJECT_BUILT_INS.iter().any(|(told, _)| *told == name)
            }
            Root::Context => false,
            Root::Input | Root::Facts => true,
        };
        if told {
            return Err(fault(format!("`{path}` cannot be left out of a record")));
        }
        Arc::make_mut(&mut self.redacted).insert(parsed);
        Ok(self)
    }

    /// Takes out the oldest records, at most so many.
    #[must_use]
    pub fn take(&self, limit: usize) -> Vec<DecisionRecord> {
        let mut waiting = self.shared.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = limit.min(waiting.records.len());
        let taken: Vec<_> = waiting.records.drain(..taken).collect();
        waiting.bytes -= taken.iter().map(DecisionRecord::bytes).sum::<usize>();
        taken
    }

    /// How many decisions were to be kept and found no room.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.shared.dropped.load(Ordering::Relaxed)
    }

    /// Whether the next decision is one to keep; asked once for each.
    pub(crate) fn wants(&self) -> bool {
        self.shared.seen.fetch_add(1, Ordering::Relaxed) % self.every == 0
    }

    pub(crate) fn keep(&self, question: &Question<'_>, answer: Answer, about: &About<'_>) {
        let record = DecisionRecord::new(question, answer, about, &self.redacted);
        let bytes = record.bytes();
        let mut waiting = self.shared.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.records.len() >= RECORDS_MAX || waiting.bytes + bytes > RECORDED_BYTES_MAX {
            self.shared.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        waiting.bytes += bytes;
        waiting.records.push_back(record);
    }
}
