//! A target in memory: for tests, and the shortest statement of the duties.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use hos_core::error::Fault;

use super::{ArchiveTarget, ArchiveWriter};
use crate::name::FileName;

type Files = BTreeMap<(String, FileName), Vec<u8>>;

/// Keeps an archive in memory. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct MemoryTarget {
    files: Arc<Mutex<Files>>,
}

impl MemoryTarget {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Changes the files behind the archive's back.
    pub fn tamper(&self, change: impl FnOnce(&mut BTreeMap<(String, FileName), Vec<u8>>)) {
        self.with(change);
    }

    fn with<T>(&self, act: impl FnOnce(&mut Files) -> T) -> T {
        act(&mut self.files.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl ArchiveTarget for MemoryTarget {
    async fn create(&self, directory: &str) -> Result<Box<dyn ArchiveWriter>, Fault> {
        let directory = directory.to_owned();
        Ok(Box::new(MemoryWriter { target: self.clone(), directory, bytes: Vec::new() }))
    }

    async fn read(
        &self,
        directory: &str,
        name: FileName,
        from: u64,
        length: usize,
    ) -> Result<Option<Vec<u8>>, Fault> {
        let from = usize::try_from(from).unwrap_or(usize::MAX);
        Ok(self.with(|files| {
            let bytes = files.get(&(directory.to_owned(), name))?;
            Some(bytes.iter().skip(from).take(length).copied().collect())
        }))
    }

    async fn list(&self, directory: &str) -> Result<Vec<FileName>, Fault> {
        let names = self.with(|files| files.keys().cloned().collect::<Vec<_>>());
        Ok(names.into_iter().filter(|(own, _)| own == directory).map(|(_, name)| name).collect())
    }

    async fn remove(&self, directory: &str, name: FileName) -> Result<(), Fault> {
        self.with(|files| files.remove(&(directory.to_owned(), name)));
        Ok(())
    }
}

struct MemoryWriter {
    target: MemoryTarget,
    directory: String,
    bytes: Vec<u8>,
}

#[async_trait]
impl ArchiveWriter for MemoryWriter {
    async fn write(&mut self, bytes: Vec<u8>) -> Result<(), Fault> {
        self.bytes.extend(bytes);
        Ok(())
    }

    async fn finish(self: Box<Self>, name: FileName) -> Result<(), Fault> {
        let Self { target, directory, bytes } = *self;
        target.with(|files| files.insert((directory, name), bytes));
        Ok(())
    }
}
