//! Decisions as they were made, to be weighed again under another law.
//!
//! A [`Recorder`] keeps one decision in so many, answers of `can`, attempts at transitions,
//! and beginnings of subjects, in bounded memory, without ids and whatever else is redacted.
//! Whoever wants them takes them out in time, a line of JSON each; what found no room is counted.
//! [`DecisionRecord::replay`] says of each what a candidate would have answered, and guesses
//! nothing: where the answer may depend on what was not recorded, it is not replayable.
//!
//! ```
//! use hos_core::hos::HosOptions;
//! use hos_core::law::Law;
//! use hos_core::recording::{DecisionRecord, Recorder, Replay};
//!
//! let recorder = Recorder::one_in(100)?.redact("subject.customer")?;
//! let options = HosOptions::default().recorder(&recorder);
//! // Later, now and then:
//! for record in recorder.take(1_000) {
//!     println!("{}", record.to_json());
//! }
//!
//! fn look(lines: &[String], live: &Law, candidate: &Law) {
//!     let mut replay = Replay::new(live, candidate);
//!     for line in lines {
//!         replay.add_json(line);
//!     }
//!     println!("{} would be allowed that were not", replay.report().would_allow);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod attempt;
mod record;
mod recorder;
mod rejudge;
mod replay;

pub use attempt::{AlsoRecord, AttemptRecord, WishRecord};
pub use record::{DecisionRecord, GrantRecord, RECORD_BYTES_MAX, RecordError, SubjectRecord};
pub use recorder::{RECORDED_BYTES_MAX, RECORDS_MAX, Recorder};
pub use replay::{
    NotReplayable, REPLAY_EXAMPLES_MAX, REPLAY_REASONS_MAX, Replay, ReplayOutcome, ReplayReport,
};

pub(crate) use record::About;
