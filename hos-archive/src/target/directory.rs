//! A directory as a target: a hidden file, fsync, rename, fsync of the directory.

mod logs;

use std::fs::File;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use hos_core::error::{Fault, FaultKind};

use super::{ArchiveTarget, ArchiveWriter};
use crate::name::FileName;
use crate::verify::Source;

pub use logs::{LOGS_MAX, LogArchive};

/// The most files of one log's archive: those of 200,000 segments.
pub const FILES_MAX: usize = 1_000_000;

/// What a [`DirectoryTarget`] does to files; the system does it, tests let it fail.
pub trait Files: Send + Sync + 'static {
    /// Writes all bytes at the end of a file.
    ///
    /// # Errors
    ///
    /// When they could not all be written.
    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<()>;

    /// Makes the bytes of a file last.
    ///
    /// # Errors
    ///
    /// When nobody knows whether they do.
    fn sync(&self, file: &File) -> io::Result<()>;

    /// Gives a file its name.
    ///
    /// # Errors
    ///
    /// When it has not got it.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Makes the names in a directory last.
    ///
    /// # Errors
    ///
    /// When nobody knows whether they do.
    fn sync_directory(&self, path: &Path) -> io::Result<()>;
}

/// The files of the system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemFiles;

impl Files for SystemFiles {
    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        file.write_all(bytes)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        file.sync_all()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::rename(from, to)
    }

    fn sync_directory(&self, path: &Path) -> io::Result<()> {
        // Elsewhere a directory cannot be opened, and a name lasts by itself.
        if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
    }
}

/// Keeps archives in a directory, each log in one of its own. Needs a Tokio runtime.
#[derive(Debug, Clone)]
pub struct DirectoryTarget<F = SystemFiles> {
    root: PathBuf,
    files: Arc<F>,
}

impl DirectoryTarget {
    /// Keeps archives in a directory, which is made when it is not there.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self::with_files(root, SystemFiles)
    }
}

impl<F: Files> DirectoryTarget<F> {
    /// As [`DirectoryTarget::new`], by other means.
    #[must_use]
    pub fn with_files(root: impl Into<PathBuf>, files: F) -> Self {
        Self { root: root.into(), files: Arc::new(files) }
    }

    /// The archive of one log, to be verified from its files alone.
    #[must_use]
    pub fn source(&self, origin: &str) -> impl Source + use<F> {
        LogDirectory(self.root.join(crate::name::directory(origin)))
    }
}

/// Runs what blocks where it may.
async fn blocking<T: Send + 'static>(
    act: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Fault> {
    match tokio::task::spawn_blocking(act).await {
        Ok(done) => done.map_err(|error| classify(&error).caused_by(error)),
        Err(stopped) => {
            let message = "the work on a file of the archive was stopped";
            Err(Fault::new(FaultKind::Internal, message).caused_by(stopped))
        }
    }
}

fn classify(error: &io::Error) -> Fault {
    let (kind, what) = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            (FaultKind::Full, "the archive's disk is full; make room")
        }
        io::ErrorKind::PermissionDenied => {
            (FaultKind::Unauthorized, "the archive's directory may not be used; check its rights")
        }
        io::ErrorKind::ReadOnlyFilesystem => (FaultKind::ReadOnly, "the archive is read-only"),
        _ => (FaultKind::Unavailable, "the archive's directory did not do what was asked"),
    };
    Fault::new(kind, format!("{what} ({error})"))
}

#[async_trait]
impl<F: Files> ArchiveTarget for DirectoryTarget<F> {
    async fn create(&self, directory: &str) -> Result<Box<dyn ArchiveWriter>, Fault> {
        let (root, files) = (self.root.clone(), Arc::clone(&self.files));
        let directory = root.join(directory);
        let writer = blocking(move || {
            if !directory.is_dir() {
                std::fs::create_dir_all(&directory)?;
                files.sync_directory(&root)?;
                if let Some(above) = root.parent().filter(|above| above.is_dir()) {
                    files.sync_directory(above)?;
                }
            }
            // Of its own, so that two who write at once do not meet, on whatever machines.
            let own = RandomState::new().build_hasher().finish();
            let hidden = directory.join(format!(".{own:016x}.part"));
            let file = File::create_new(&hidden)?;
            let place = Place { directory, hidden, is_named: false };
            Ok(DirectoryWriter { files, held: Some((file, place)) })
        });
        Ok(Box::new(writer.await?))
    }

    async fn read(
        &self,
        directory: &str,
        name: FileName,
        from: u64,
        length: usize,
    ) -> Result<Option<Vec<u8>>, Fault> {
        let log = LogDirectory(self.root.join(directory));
        blocking(move || log.read(name, from, length)).await
    }

    async fn list(&self, directory: &str) -> Result<Vec<FileName>, Fault> {
        let log = LogDirectory(self.root.join(directory));
        blocking(move || log.list()).await
    }

    async fn remove(&self, directory: &str, name: FileName) -> Result<(), Fault> {
        let path = self.root.join(directory).join(name.to_string());
        blocking(move || match std::fs::remove_file(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        })
        .await
    }
}

/// Where a file is and how it will be called; one that got no name is deleted.
struct Place {
    directory: PathBuf,
    hidden: PathBuf,
    is_named: bool,
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.is_named {
            // OK because a hidden file that stays is in nobody's way.
            let _left = std::fs::remove_file(&self.hidden);
        }
    }
}

struct DirectoryWriter<F> {
    files: Arc<F>,
    /// None while, or after, somebody works on it.
    held: Option<(File, Place)>,
}

impl<F: Files> DirectoryWriter<F> {
    fn take(&mut self) -> Result<(File, Place), Fault> {
        let message = "a file of the archive that could not be written to is written to again";
        self.held.take().ok_or_else(|| Fault::new(FaultKind::Internal, message))
    }
}

#[async_trait]
impl<F: Files> ArchiveWriter for DirectoryWriter<F> {
    async fn write(&mut self, bytes: Vec<u8>) -> Result<(), Fault> {
        let (mut file, place) = self.take()?;
        let files = Arc::clone(&self.files);
        let held = blocking(move || {
            files.write(&mut file, &bytes)?;
            Ok((file, place))
        });
        self.held = Some(held.await?);
        Ok(())
    }

    async fn finish(mut self: Box<Self>, name: FileName) -> Result<(), Fault> {
        let (file, mut place) = self.take()?;
        let files = Arc::clone(&self.files);
        blocking(move || {
            files.sync(&file)?;
            files.rename(&place.hidden, &place.directory.join(name.to_string()))?;
            place.is_named = true;
            files.sync_directory(&place.directory)
        })
        .await
    }
}

#[derive(Debug)]
struct LogDirectory(PathBuf);

impl Source for LogDirectory {
    fn list(&self) -> io::Result<Vec<FileName>> {
        let listed = match std::fs::read_dir(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            listed => listed?,
        };
        let mut names = Vec::new();
        for item in listed {
            names.extend(item?.file_name().to_str().and_then(FileName::parse));
            if names.len() > FILES_MAX {
                return Err(io::Error::other("more files than an archive has"));
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    fn read(&self, name: FileName, from: u64, length: usize) -> io::Result<Option<Vec<u8>>> {
        let path = self.0.join(name.to_string());
        let mut file = match std::fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            about => {
                // A pipe would be waited for.
                if !about?.is_file() {
                    return Err(io::Error::other("it is no regular file"));
                }
                File::open(path)?
            }
        };
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        file.take(u64::try_from(length).unwrap_or(u64::MAX)).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }
}
