//! Checks everything that a deployment keeps, as it is in one moment.
//!
//! *Integrity*: every leaf hashes to what was stored with it, no entry of a log is missing, none is
//! without a place, and no part is gone without an erasure; the tree over the entries is the one
//! that the log's head, its tiles and its checkpoints tell of, and the deployment's log is over
//! these checkpoints. *Coverage*: every subject is as the
//! entry says that it names as its proof, and replaying the logs alone rebuilds the state, the
//! revision and the contract of every subject, and the standing: members, bans, grants, modes, the
//! status of worlds, laws and contracts.
//!
//! Whoever rewrites a log whole, head, tiles and checkpoints included, has no key: give a
//! [`policy`](Options::policy), or a checkpoint that is [`known`](Options::known) from elsewhere.
//! What stands in no leaf is not rebuilt: attributes, timers, messages, receipts.
//!
//! Memory does not grow with what is kept. A deployment without a fault is read once; one with
//! faults is read again to name them, once for each [`SUBJECTS_AT_ONCE_MAX`] subjects that share a
//! bucket with one.
//!
//! ```no_run
//! # async fn look(store: &hos_sqlx::SqliteStore) -> Result<(), hos_core::error::Fault> {
//! use hos_fsck::{Options, fsck};
//!
//! let report = fsck(store, &Options::default(), &|_| {}).await?;
//! for finding in &report.findings.listed {
//!     eprintln!("{finding}");
//! }
//! assert!(report.is_sound());
//! # Ok(())
//! # }
//! ```

mod check;
mod deployment;
mod entry;
mod epochs;
mod leaf;
mod locate;
mod log;
mod note;
mod options;
mod page;
mod parts;
mod report;
mod scope;
mod sealed;
mod standing;
mod subjects;
mod sums;
mod tiles;
mod tree;
mod trust;
mod walk;

pub use check::fsck;
pub use options::{Depth, Options, Progress};
pub use report::{FINDINGS_MAX, Finding, FindingCode, Findings, Report};

/// How many subjects are held at once while a difference is looked for.
pub const SUBJECTS_AT_ONCE_MAX: usize = 100_000;
/// How many parts that are gone are held at once.
pub const PARTS_AT_ONCE_MAX: usize = 100_000;
/// How many keys of sealed parts are held at once.
const KEYS_AT_ONCE_MAX: usize = 100_000;
/// How many entries are looked at for a place at once.
const LOOKED_AT_ONCE_MAX: u32 = 10_000;
/// How many lines of standing are held at once.
pub const LINES_AT_ONCE_MAX: usize = 100_000;
