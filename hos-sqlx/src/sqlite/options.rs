//! How a file is opened.

use std::path::{Path, PathBuf};
use std::time::Duration;

/// How a file is opened.
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    path: PathBuf,
    readers: u32,
    busy_timeout: Duration,
    cached: u64,
}

impl SqliteOptions {
    /// The usual options for a path: four readers, five seconds of patience.
    #[must_use]
    pub fn new(path: impl AsRef<Path>) -> Self {
        Self {
            path: path.as_ref().to_owned(),
            readers: 4,
            busy_timeout: Duration::from_secs(5),
            cached: 10_000,
        }
    }

    /// How many connections read; at least one.
    #[must_use]
    pub fn readers(self, readers: u32) -> Self {
        Self { readers: readers.max(1), ..self }
    }

    /// How long a call waits for another writer, in this process or another.
    #[must_use]
    pub fn busy_timeout(self, busy_timeout: Duration) -> Self {
        Self { busy_timeout, ..self }
    }

    /// How many actors' standings are remembered. What is remembered is never used without
    /// being compared with the file.
    #[must_use]
    pub fn standings_cached(self, cached: u64) -> Self {
        Self { cached, ..self }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn reader_count(&self) -> u32 {
        self.readers
    }

    pub(super) fn patience(&self) -> Duration {
        self.busy_timeout
    }

    pub(super) fn cached(&self) -> u64 {
        self.cached
    }
}
