//! Where an archive is kept: anything that keeps whole files and reads parts of them.

mod directory;
mod memory;

use async_trait::async_trait;
use hos_core::error::Fault;

pub use directory::{DirectoryTarget, FILES_MAX, Files, LOGS_MAX, LogArchive, SystemFiles};
pub use memory::MemoryTarget;

use crate::name::FileName;

/// Keeps the files of archives, as an object store does.
///
/// # Duties
///
/// - A file is seen by nobody until it was finished and given its name; then all of it is seen, and
///   lasts: a power cut does not undo it. Where there was one of the same name before, which holds
///   the same bytes, it is replaced at once.
/// - A writer that is dropped leaves nothing that is listed.
#[async_trait]
pub trait ArchiveTarget: Send + Sync {
    /// Begins a file in the directory of a log.
    async fn create(&self, directory: &str) -> Result<Box<dyn ArchiveWriter>, Fault>;

    /// So many bytes of a file from one on, fewer only where it ends; none when there is no such
    /// file.
    async fn read(
        &self,
        directory: &str,
        name: FileName,
        from: u64,
        length: usize,
    ) -> Result<Option<Vec<u8>>, Fault>;

    /// The files of a log, in the order of their names.
    async fn list(&self, directory: &str) -> Result<Vec<FileName>, Fault>;

    /// Deletes a file; nothing when it is not there.
    async fn remove(&self, directory: &str, name: FileName) -> Result<(), Fault>;
}

/// Writes one file.
#[async_trait]
pub trait ArchiveWriter: Send {
    /// Adds bytes.
    async fn write(&mut self, bytes: Vec<u8>) -> Result<(), Fault>;

    /// Makes the file seen under a name, and lasting.
    async fn finish(self: Box<Self>, name: FileName) -> Result<(), Fault>;
}
