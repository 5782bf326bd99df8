use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use crate::error::Fault;

/// Remembers the last note of each log outside the database, so that a restored backup is found
/// out before anything is signed upon it.
///
/// Every process that seals one deployment shares one keeper.
///
/// # Duties
///
/// - What was kept is there after a crash: `keep` answers once it is on the disk.
/// - A note is never replaced by one over fewer entries, whoever keeps at the same time.
#[async_trait]
pub trait Keeper: Send + Sync {
    /// The last note of a log.
    async fn last(&self, origin: &str) -> Result<Option<String>, Fault>;

    /// Keeps a note over so many entries, unless one over as many or more is kept.
    async fn keep(&self, origin: &str, size: u64, note: &str) -> Result<(), Fault>;
}

/// A keeper that forgets with its process: for tests. A backup that is restored while no process
/// runs goes unseen.
#[derive(Debug, Default)]
pub struct MemoryKeeper(Mutex<BTreeMap<String, (u64, String)>>);

#[async_trait]
impl Keeper for MemoryKeeper {
    async fn last(&self, origin: &str) -> Result<Option<String>, Fault> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(kept.get(origin).map(|(_, note)| note.clone()))
    }

    async fn keep(&self, origin: &str, size: u64, note: &str) -> Result<(), Fault> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.get(origin).is_none_or(|(last, _)| *last < size) {
            kept.insert(origin.to_owned(), (size, note.to_owned()));
        }
        Ok(())
    }
}

#[async_trait]
impl<K: Keeper + ?Sized> Keeper for std::sync::Arc<K> {
    async fn last(&self, origin: &str) -> Result<Option<String>, Fault> {
        (**self).last(origin).await
    }

    async fn keep(&self, origin: &str, size: u64, note: &str) -> Result<(), Fault> {
        (**self).keep(origin, size, note).await
    }
}
