//! The last note of each log, in a directory beside the database.

mod files;
mod journal;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use hos_core::error::{Fault, FaultKind};
use hos_core::seal::{KEPT_TOGETHER_MAX, Keeper, KeptNote};

use journal::Journal;

/// A [`Keeper`] in a directory: a journal to which notes are appended, many with one sync, and
/// which is written anew, without those that later ones replaced, as it grows.
///
/// Put it on another disk than the database's, never into its backups, and give it to every process
/// that seals. A directory that was lost is made anew by hand: the first seal of each log goes into
/// it unchecked. What a death in the middle of an append leaves was never answered, and is dropped;
/// a journal that is damaged otherwise is refused as `Corrupt`, and never replaced.
#[derive(Debug, Clone)]
pub struct DirectoryKeeper {
    journal: Arc<Mutex<Journal>>,
}

impl DirectoryKeeper {
    /// Over a directory that is there. Notes in files of their own, one `.note` for each log, are
    /// taken over into the journal and their files removed: no process that still writes such files
    /// may go on beside it.
    ///
    /// # Errors
    ///
    /// `Unavailable` when it is not: a keeper that appears from nothing has forgotten everything.
    /// `Corrupt` for a file that is no note of its log: nothing is taken over then.
    pub fn open(directory: impl AsRef<Path>) -> Result<Self, Fault> {
        let directory = directory.as_ref().to_owned();
        if !directory.is_dir() {
            let message = format!("there is no directory `{}`; make it", directory.display());
            return Err(Fault::new(FaultKind::Unavailable, message));
        }
        let mut journal = Journal::new(directory);
        journal.adopt()?;
        Ok(Self { journal: Arc::new(Mutex::new(journal)) })
    }

    /// Does what waits for the disk where it holds up nobody.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Journal) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let journal = Arc::clone(&self.journal);
        let work = move || work(&mut journal.lock().unwrap_or_else(PoisonError::into_inner));
        tokio::task::spawn_blocking(work).await.map_err(ended)?
    }
}

#[async_trait]
impl Keeper for DirectoryKeeper {
    async fn last(&self, origin: &str) -> Result<Option<String>, Fault> {
        Ok(self.last_all(&[origin.to_owned()]).await?.pop().flatten())
    }

    async fn keep(&self, origin: &str, size: u64, note: &str) -> Result<(), Fault> {
        let (origin, note) = (origin.to_owned(), note.to_owned());
        self.keep_all(&[KeptNote { origin, size, note }]).await
    }

    async fn last_all(&self, origins: &[String]) -> Result<Vec<Option<String>>, Fault> {
        let origins = origins.to_vec();
        self.blocking(move |journal| journal.last(&origins)).await
    }

    async fn keep_all(&self, notes: &[KeptNote]) -> Result<(), Fault> {
        if notes.len() > KEPT_TOGETHER_MAX {
            let message = format!("{KEPT_TOGETHER_MAX} notes are kept at once at most");
            return Err(Fault::new(FaultKind::Limit, message));
        }
        let notes = notes.to_vec();
        self.blocking(move |journal| journal.keep(&notes)).await
    }
}

fn ended(error: tokio::task::JoinError) -> Fault {
    Fault::new(FaultKind::Unavailable, "the runtime is shutting down").caused_by(error)
}
