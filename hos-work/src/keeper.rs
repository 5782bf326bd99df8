//! The last note of each log, in a directory beside the database.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use hos_core::checkpoint::Checkpoint;
use hos_core::digest::Digest;
use hos_core::error::{Fault, FaultKind};
use hos_core::note::SignedNote;
use hos_core::seal::{CHECKPOINT_BYTES_MAX, Keeper};

/// A [`Keeper`] in a directory: one small file for each log, replaced whole and synced.
///
/// Put it on another disk than the database's, never into its backups, and give it to every process
/// that seals. A directory that was lost is made anew by hand: the first seal of each log goes into
/// it unchecked.
#[derive(Debug, Clone)]
pub struct DirectoryKeeper {
    directory: PathBuf,
}

impl DirectoryKeeper {
    /// Over a directory that is there.
    ///
    /// # Errors
    ///
    /// `Unavailable` when it is not: a keeper that appears from nothing has forgotten everything.
    pub fn open(directory: impl AsRef<Path>) -> Result<Self, Fault> {
        let directory = directory.as_ref().to_owned();
        if !directory.is_dir() {
            let message = format!("there is no directory `{}`; make it", directory.display());
            return Err(Fault::new(FaultKind::Unavailable, message));
        }
        Ok(Self { directory })
    }

    /// The name of a log's file, whatever its origin holds.
    fn file(&self, origin: &str) -> PathBuf {
        self.directory.join(format!("{}.note", Digest::of(origin.as_bytes())))
    }

    fn read(&self, origin: &str) -> Result<Option<(u64, String)>, Fault> {
        let path = self.file(origin);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unavailable(&path, error)),
        };
        let most = u64::try_from(CHECKPOINT_BYTES_MAX).unwrap_or(u64::MAX);
        let mut bytes = Vec::new();
        file.take(most + 1).read_to_end(&mut bytes).map_err(|error| unavailable(&path, error))?;
        let damaged = || {
            let message = format!("the kept note `{}` is damaged; restore it", path.display());
            Fault::new(FaultKind::Corrupt, message)
        };
        let note = SignedNote::parse(&bytes).map_err(|_| damaged())?;
        let checkpoint = Checkpoint::parse(note.text()).map_err(|_| damaged())?;
        if checkpoint.origin() != origin || bytes.len() > CHECKPOINT_BYTES_MAX {
            return Err(damaged());
        }
        Ok(Some((checkpoint.size(), note.to_string())))
    }

    fn write(&self, origin: &str, size: u64, note: &str) -> Result<(), Fault> {
        let path = self.file(origin);
        let fault = |error| unavailable(&path, error);
        let _held = self.lock(&path).map_err(fault)?;
        if self.read(origin)?.is_some_and(|(kept, _)| kept >= size) {
            return Ok(());
        }
        let new = path.with_extension("new");
        let mut file = File::create(&new).map_err(fault)?;
        file.write_all(note.as_bytes()).and_then(|()| file.sync_all()).map_err(fault)?;
        fs::rename(&new, &path).map_err(fault)?;
        self.sync_directory().map_err(fault)
    }

    /// One writer at a time among the logs whose names begin alike, in whatever process.
    fn lock(&self, path: &Path) -> std::io::Result<File> {
        let first = path.file_name().and_then(|name| name.to_str()?.chars().next());
        let lock = self.directory.join(format!("{}.lock", first.unwrap_or('0')));
        let file = OpenOptions::new().create(true).append(true).open(lock)?;
        file.lock()?;
        Ok(file)
    }

    #[cfg(unix)]
    fn sync_directory(&self) -> std::io::Result<()> {
        File::open(&self.directory)?.sync_all()
    }

    /// Elsewhere a directory cannot be opened to be synced.
    #[cfg(not(unix))]
    fn sync_directory(&self) -> std::io::Result<()> {
        Ok(())
    }
}

#[async_trait]
impl Keeper for DirectoryKeeper {
    async fn last(&self, origin: &str) -> Result<Option<String>, Fault> {
        let (keeper, origin) = (self.clone(), origin.to_owned());
        let read = move || Ok(keeper.read(&origin)?.map(|(_, note)| note));
        tokio::task::spawn_blocking(read).await.map_err(ended)?
    }

    async fn keep(&self, origin: &str, size: u64, note: &str) -> Result<(), Fault> {
        let (keeper, origin, note) = (self.clone(), origin.to_owned(), note.to_owned());
        let write = move || keeper.write(&origin, size, &note);
        tokio::task::spawn_blocking(write).await.map_err(ended)?
    }
}

fn unavailable(path: &Path, error: std::io::Error) -> Fault {
    let message = format!("the kept note `{}` cannot be read or written", path.display());
    Fault::new(FaultKind::Unavailable, message).caused_by(error)
}

fn ended(error: tokio::task::JoinError) -> Fault {
    Fault::new(FaultKind::Unavailable, "the runtime is shutting down").caused_by(error)
}
