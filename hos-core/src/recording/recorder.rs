//! Keeps one decision in so many, in bounded memory.

use std::collections::{BTreeSet, VecDeque};
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::attempt::AttemptRecord;
use super::record::{About, DecisionRecord, RECORD_BYTES_MAX, SubjectRecord, without};
use crate::command::Command;
use crate::condition::{ExpressionError, Path, Root};
use crate::error::{InputFault, Refusal};
use crate::judge::Judge;
use crate::law::Law;
use crate::policy::{Answer, Question};
use crate::sampling::is_chosen;
use crate::standing::{Modes, Standing, WorldStatus};
use crate::subject::{SUBJECT_BUILT_INS, SubjectView};

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
    /// Apart from attempts: else one sort might hide the other, where they take turns.
    decided: AtomicU64,
    attempted: AtomicU64,
    begun: AtomicU64,
    dropped: AtomicU64,
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    records: VecDeque<DecisionRecord>,
    bytes: usize,
}

impl Recorder {
    /// Keeps one decision in so many: 1 keeps each. Which one of so many it is changes, so that who
    /// asks the same in turn is kept with each of the questions. Without the ids of actors and
    /// subjects, unless they are revealed.
    ///
    /// # Errors
    ///
    /// An [`InputFault`] for 0.
    pub fn one_in(every: u64) -> Result<Self, InputFault> {
        let fault = || InputFault::new("every", "is 0; 1 keeps each decision");
        let every = NonZeroU64::new(every).ok_or_else(fault)?;
        let redacted = Arc::new([parse("actor.id")?, parse("subject.id")?].into());
        Ok(Self { every, redacted, shared: Arc::default() })
    }

    /// Keeps what is left out otherwise: `actor.id` or `subject.id`.
    ///
    /// # Errors
    ///
    /// An [`InputFault`] of what is not left out.
    pub fn reveal(mut self, path: &str) -> Result<Self, InputFault> {
        let parsed = parse(path)?;
        if !Arc::make_mut(&mut self.redacted).remove(&parsed) {
            let message = format!("`{path}` is not left out; ids are, unless they are revealed");
            return Err(InputFault::new("path", message));
        }
        Ok(self)
    }

    /// Leaves out an attribute, such as `subject.customer` or `input.reason`. What a rule or a
    /// guard decides upon it can not be replayed. A path that no law knows is a fault when the law
    /// is opened with the recorder, and when another law is put in force.
    ///
    /// # Errors
    ///
    /// An [`InputFault`] of what is no path, and of what every record tells: the actor's kind, and
    /// the subject's kind, tenant, state and revision.
    pub fn redact(mut self, path: &str) -> Result<Self, InputFault> {
        let parsed = parse(path)?;
        let told = match parsed.root {
            Root::Actor => parsed.name == *"kind",
            Root::Subject => {
                let name = parsed.name.as_str();
                name != "id" && SUBJECT_BUILT_INS.iter().any(|(told, _)| *told == name)
            }
            Root::Context | Root::Input | Root::Facts => false,
        };
        if told {
            let message = format!("`{path}` cannot be left out of a record");
            return Err(InputFault::new("path", message));
        }
        Arc::make_mut(&mut self.redacted).insert(parsed);
        Ok(self)
    }

    /// What is to be left out and stands in none of these laws: misspelt, or renamed.
    pub(crate) fn unknown(&self, laws: &[Arc<Law>]) -> Vec<String> {
        let unknown = self.redacted.iter().filter(|path| !laws.iter().any(|law| knows(law, path)));
        unknown.map(ToString::to_string).collect()
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
        self.is_next(&self.shared.decided)
    }

    fn is_next(&self, seen: &AtomicU64) -> bool {
        is_chosen(seen.fetch_add(1, Ordering::Relaxed), self.every)
    }

    pub(crate) fn keep(&self, question: &Question<'_>, answer: Answer, about: &About<'_>) {
        self.push(DecisionRecord::new(question, answer, about, &self.redacted));
    }

    /// Whether an attempt is one to keep; asked once for each that a law could answer otherwise.
    pub(crate) fn wants_attempt(&self, refused: Option<&Refusal>) -> bool {
        is_answer(refused) && self.is_next(&self.shared.attempted)
    }

    /// As [`Recorder::wants_attempt`], of an opening, an adoption or a record.
    pub(crate) fn wants_beginning(&self, refused: Option<&Refusal>) -> bool {
        is_answer(refused) && self.is_next(&self.shared.begun)
    }

    /// Keeps an attempt as it would have come out if it had been enforced; nothing where a subject
    /// does not exist, or no action is meant, for there is no law to compare then.
    pub(crate) fn keep_attempt(&self, judge: &Judge<'_>, command: &Command, standing: &Standing) {
        let law = judge.law();
        let steps = command.steps();
        let subjects = steps.iter().map(|step| step.subject());
        let found: Vec<_> = subjects.zip(standing.subjects.iter().flatten()).collect();
        let entries = steps.first().zip(found.first());
        let entries = entries.and_then(|(step, (_, snapshot))| judge.entries(step, snapshot));
        let entry = entries.and_then(|entries| entries.candidates().first().copied());
        let (Some(entry), true) = (entry, found.len() == steps.len() && standing.tenant_exists)
        else {
            return;
        };
        let Some((subject, snapshot)) = found.first().copied() else { return };
        let view = SubjectView::of(subject, snapshot);
        let question = Question {
            actor: command.actor(),
            ability: entry.ability().as_str(),
            subject: &view,
            context: &command.envelope.context,
            standing: &standing.actor,
            modes: &Modes::default(),
            now: judge.now(),
        };
        let Some(answer) = law.rules().answer(&question) else { return };
        let about = About {
            world: &subject.world,
            tenant: &subject.tenant,
            context: &command.envelope.context,
            subject: Some((subject, snapshot)),
            policy_version: law.version(),
            policy_digest: law.digest(),
        };
        let redacted = &*self.redacted;
        let enforced = Standing { modes: Arc::default(), ..standing.clone() };
        let attempt = AttemptRecord::new(
            command,
            found.iter().map(|found| SubjectRecord::new(*found, redacted)).collect(),
            standing.world == Some(WorldStatus::Closed),
            &judge.plan(command, &enforced),
            |step| {
                let input = without(Root::Input, &step.input, redacted);
                (input, without(Root::Facts, &step.facts, redacted))
            },
        );
        let record = DecisionRecord::new(&question, answer, &about, redacted);
        self.push(DecisionRecord { attempt: Some(attempt), ..record });
    }

    fn push(&self, record: DecisionRecord) {
        let bytes = record.bytes();
        // Nobody could read it back.
        if bytes > RECORD_BYTES_MAX / 8 && record.to_json().len() > RECORD_BYTES_MAX {
            self.shared.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let mut waiting = self.shared.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.records.len() >= RECORDS_MAX || waiting.bytes + bytes > RECORDED_BYTES_MAX {
            self.shared.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        waiting.bytes += bytes;
        waiting.records.push_back(record);
    }
}

/// Whether a law could answer otherwise.
fn is_answer(refused: Option<&Refusal>) -> bool {
    !matches!(
        refused,
        Some(
            Refusal::InvalidInput(_)
                | Refusal::MissingKey
                | Refusal::KeyReused
                | Refusal::InvalidWorld
                | Refusal::WorldMismatch
        )
    )
}

fn parse(path: &str) -> Result<Path, InputFault> {
    path.parse().map_err(|error: ExpressionError| InputFault::new("path", error.to_string()))
}

/// Whether a law declares what a path names, anywhere.
fn knows(law: &Law, path: &Path) -> bool {
    let name = path.name.as_str();
    let mut contracts = law.contracts();
    match path.root {
        Root::Actor => law.actor().contains_key(name),
        Root::Context => law.context().contains_key(name),
        Root::Subject => {
            name == "id" || contracts.any(|contract| contract.attributes().contains_key(name))
        }
        Root::Input => contracts.any(|contract| {
            contract.actions().iter().any(|action| action.input().schema().contains_key(name))
        }),
        Root::Facts => contracts.any(|contract| {
            contract.actions().iter().any(|action| action.facts().schema().contains_key(name))
        }),
    }
}
