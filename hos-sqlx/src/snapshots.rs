//! The subjects that were seen last, so that a move can be judged without asking for them.

use std::time::Duration;

use hos_core::subject::{Snapshot, Subject};
use moka::sync::Cache;

/// For so long a subject that others moved is asked for each time.
const CONTENDED_FOR: Duration = Duration::from_secs(1);
/// The most subjects that are known to be moved by others.
const CONTENDED_MAX: u64 = 10_000;
/// What a subject takes beside its attributes, roughly, in bytes.
const SNAPSHOT_BYTES: usize = 512;

/// The subjects that were seen last. Any of them may have moved since.
#[derive(Debug)]
pub(crate) struct Snapshots {
    seen: Cache<Subject, Snapshot>,
    contended: Cache<Subject, ()>,
}

impl Snapshots {
    /// Remembers about so many bytes.
    pub(crate) fn new(bytes: u64) -> Self {
        let weigh = |_: &Subject, snapshot: &Snapshot| {
            u32::try_from(SNAPSHOT_BYTES + snapshot.attributes.bytes()).unwrap_or(u32::MAX)
        };
        let contended = Cache::builder().max_capacity(CONTENDED_MAX).time_to_live(CONTENDED_FOR);
        Self {
            seen: Cache::builder().max_capacity(bytes).weigher(weigh).build(),
            contended: contended.build(),
        }
    }

    pub(crate) fn get(&self, subject: &Subject) -> Option<Snapshot> {
        self.seen.get(subject)
    }

    pub(crate) fn insert(&self, subject: &Subject, snapshot: &Snapshot) {
        if !self.contended.contains_key(subject) {
            self.seen.insert(subject.clone(), snapshot.clone());
        }
    }

    /// Somebody else was quicker.
    pub(crate) fn lose(&self, subject: &Subject) {
        self.seen.invalidate(subject);
        self.contended.insert(subject.clone(), ());
    }
}
