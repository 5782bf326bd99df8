use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use hos_verify::epoch;

use crate::error::{Fault, FaultKind};

/// Remembers the last note of each log outside the database, so that a restored backup is found
/// out before anything is signed upon it.
///
/// Every process that seals one deployment shares one keeper.
///
/// # Duties
///
/// - What was kept is there after a crash: `keep` answers once it is on the disk.
/// - A note is never replaced by one over fewer entries, whoever keeps at the same time.
/// - A log is one whatever its epoch ([`epoch::split`]): its last note is that of its last epoch.
///   One of an earlier epoch than is kept is refused as `Restored`.
#[async_trait]
pub trait Keeper: Send + Sync {
    /// The last note of a log, whose origin may have an epoch.
    async fn last(&self, origin: &str) -> Result<Option<String>, Fault>;

    /// Keeps a note over so many entries, unless one over as many or more of its epoch is kept.
    async fn keep(&self, origin: &str, size: u64, note: &str) -> Result<(), Fault>;

    /// The last notes of logs, in order. A keeper that answers many at once makes sealing faster.
    async fn last_all(&self, origins: &[String]) -> Result<Vec<Option<String>>, Fault> {
        let mut notes = Vec::with_capacity(origins.len());
        for origin in origins {
            notes.push(self.last(origin).await?);
        }
        Ok(notes)
    }

    /// Keeps notes, at most [`KEPT_TOGETHER_MAX`], each as `keep` does. Where it fails some of them
    /// may be kept.
    async fn keep_all(&self, notes: &[KeptNote]) -> Result<(), Fault> {
        for KeptNote { origin, size, note } in notes {
            self.keep(origin, *size, note).await?;
        }
        Ok(())
    }
}

/// A note for a [`Keeper`] to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "what a keeper keeps of a log")]
pub struct KeptNote {
    /// The origin of its log.
    pub origin: String,
    /// Over how many entries it is.
    pub size: u64,
    /// The signed note.
    pub note: String,
}

/// The most notes that are kept at once.
pub const KEPT_TOGETHER_MAX: usize = 256;

/// A keeper that forgets with its process: for tests. A backup that is restored while no process
/// runs goes unseen.
#[derive(Debug, Default)]
pub struct MemoryKeeper(Mutex<BTreeMap<String, (u64, u64, String)>>);

#[async_trait]
impl Keeper for MemoryKeeper {
    async fn last(&self, origin: &str) -> Result<Option<String>, Fault> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(kept.get(epoch::split(origin).0).map(|(.., note)| note.clone()))
    }

    async fn keep(&self, origin: &str, size: u64, note: &str) -> Result<(), Fault> {
        let (log, epoch) = epoch::split(origin);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let last = kept.get(log).map_or((0, 0), |(epoch, size, _)| (*epoch, *size));
        if last.0 > epoch {
            return Err(overtaken(origin));
        }
        if last < (epoch, size) {
            kept.insert(log.to_owned(), (epoch, size, note.to_owned()));
        }
        Ok(())
    }
}

/// What a keeper says to a note of an earlier epoch than it holds.
#[must_use]
pub fn overtaken(origin: &str) -> Fault {
    let message = format!(
        "the log `{}` is in a later epoch than is to be signed: the store was restored from a \
         backup",
        epoch::split(origin).0
    );
    Fault::new(FaultKind::Restored, message)
}

#[async_trait]
impl<K: Keeper + ?Sized> Keeper for std::sync::Arc<K> {
    async fn last(&self, origin: &str) -> Result<Option<String>, Fault> {
        (**self).last(origin).await
    }

    async fn keep(&self, origin: &str, size: u64, note: &str) -> Result<(), Fault> {
        (**self).keep(origin, size, note).await
    }

    async fn last_all(&self, origins: &[String]) -> Result<Vec<Option<String>>, Fault> {
        (**self).last_all(origins).await
    }

    async fn keep_all(&self, notes: &[KeptNote]) -> Result<(), Fault> {
        (**self).keep_all(notes).await
    }
}
