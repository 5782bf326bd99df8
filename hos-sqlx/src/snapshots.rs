//! The subjects that were seen last, so that a move can be judged without asking for them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hos_core::subject::{Snapshot, Subject};
use hos_core::weave::point;
use quick_cache::Weighter;
use tokio::time::Instant;

use crate::cache::{self, Cache};

/// For so long a subject that others moved is asked for each time.
const CONTENDED_FOR: Duration = Duration::from_secs(1);
/// What a subject takes beside its attributes, roughly, in bytes.
const SLOT_BYTES: u64 = 512;

/// The subjects that were seen last. Any of them may have moved since.
#[derive(Debug)]
pub(crate) struct Snapshots {
    seen: Cache<Subject, Arc<Slot>, Bytes>,
}

/// A subject's place. What is in it changes in place, which is cheaper than to insert it anew.
#[derive(Debug)]
struct Slot {
    /// The most that attributes in it may take, for so much was counted.
    attribute_bytes: usize,
    content: Mutex<Content>,
}

#[derive(Debug)]
enum Content {
    Seen(Snapshot),
    /// Others were found to move it, then.
    Contended(Instant),
}

impl Snapshots {
    /// Remembers about so many bytes.
    pub(crate) fn new(bytes: u64) -> Self {
        Self { seen: cache::weighed(bytes / SLOT_BYTES, bytes, Bytes) }
    }

    pub(crate) fn get(&self, subject: &Subject) -> Option<Snapshot> {
        point();
        let slot = self.seen.get(subject)?;
        point();
        match &*slot.content() {
            Content::Seen(snapshot) => Some(snapshot.clone()),
            Content::Contended(_) => None,
        }
    }

    pub(crate) fn insert(&self, subject: &Subject, snapshot: &Snapshot) {
        let attribute_bytes = snapshot.attributes.bytes();
        point();
        if let Some(slot) = self.seen.get(subject) {
            let mut content = slot.content();
            if matches!(&*content, Content::Contended(since) if since.elapsed() < CONTENDED_FOR) {
                return;
            }
            if attribute_bytes <= slot.attribute_bytes {
                *content = Content::Seen(snapshot.clone());
                return;
            }
        }
        let content = Mutex::new(Content::Seen(snapshot.clone()));
        point();
        self.seen.insert(subject.clone(), Arc::new(Slot { attribute_bytes, content }));
    }

    /// It is to be asked for next time.
    pub(crate) fn forget(&self, subject: &Subject) {
        self.seen.remove(subject);
    }

    /// Somebody else was quicker.
    pub(crate) fn lose(&self, subject: &Subject) {
        if let Some(slot) = self.seen.get(subject) {
            *slot.content() = Content::Contended(Instant::now());
        }
    }
}

/// What a subject takes.
#[derive(Debug, Clone)]
struct Bytes;

impl Weighter<Subject, Arc<Slot>> for Bytes {
    fn weight(&self, _: &Subject, slot: &Arc<Slot>) -> u64 {
        // OK because what is counted is in memory.
        SLOT_BYTES.saturating_add(u64::try_from(slot.attribute_bytes).unwrap_or(u64::MAX))
    }
}

impl Slot {
    fn content(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use hos_core::id::{Name, State, Version};
    use hos_core::time::ProofId;
    use hos_core::value::Attributes;

    use super::*;

    fn subject() -> Subject {
        Subject::new("world", "firm", "order", "o-1").unwrap()
    }

    fn snapshot(revision: u64, note: &str) -> Snapshot {
        let mut attributes = Attributes::new();
        attributes.set(Name::new("note").unwrap(), note);
        Snapshot {
            state: State::new("open").unwrap(),
            revision,
            attributes: Arc::new(attributes),
            contract: Version::new("1").unwrap(),
            proof_id: ProofId::from_bytes([7; 16]),
        }
    }

    fn seen(snapshots: &Snapshots) -> Option<u64> {
        snapshots.get(&subject()).map(|snapshot| snapshot.revision)
    }

    #[tokio::test(start_paused = true)]
    async fn what_others_moved_is_not_remembered_for_a_second() {
        let snapshots = Snapshots::new(10_000);
        snapshots.insert(&subject(), &snapshot(1, "a"));
        snapshots.lose(&subject());
        snapshots.insert(&subject(), &snapshot(2, "a"));
        assert_eq!(seen(&snapshots), None);

        tokio::time::advance(CONTENDED_FOR).await;
        snapshots.insert(&subject(), &snapshot(3, "a"));
        assert_eq!(seen(&snapshots), Some(3));
    }

    #[test]
    fn what_grows_is_counted_anew() {
        let snapshots = Snapshots::new(10_000);
        for (revision, note) in [(1, "a".repeat(100)), (2, "a".repeat(1_000)), (3, "a".into())] {
            snapshots.insert(&subject(), &snapshot(revision, &note));
            assert_eq!(seen(&snapshots), Some(revision));
        }
        assert_eq!(snapshots.seen.weight(), 512 + 4 + 1_000);
    }
}
