//! The logs of which a directory holds archives, for whoever has nothing but the files.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use super::LogDirectory;
use crate::manifest::{MANIFEST_BYTES_MAX, Manifest};
use crate::name::{File, FileName};
use crate::verify::Source;

/// The most logs of one directory.
pub const LOGS_MAX: usize = 1_048_576;

/// The archive of one log in a directory.
#[derive(Debug)]
pub struct LogArchive {
    directory: LogDirectory,
    origin: Option<String>,
}

impl LogArchive {
    /// The archives in a directory, in the order of their names: those of the logs that have a
    /// directory of their own in it, or the one whose files it holds itself. What is no archive is
    /// passed over.
    ///
    /// # Errors
    ///
    /// When it cannot be listed, or holds more than [`LOGS_MAX`].
    pub fn all(directory: &Path) -> io::Result<Vec<Self>> {
        let own = LogDirectory(directory.to_path_buf());
        if !own.list()?.is_empty() {
            return Ok(vec![Self::new(own)?]);
        }
        let mut paths = BTreeSet::new();
        for item in std::fs::read_dir(directory)? {
            let path = item?.path();
            if path.is_dir() {
                paths.insert(path);
            }
            if paths.len() > LOGS_MAX {
                return Err(io::Error::other("more directories than an archive has"));
            }
        }
        let mut archives = Vec::new();
        for path in paths {
            let log = LogDirectory(path);
            if !log.list()?.is_empty() {
                archives.push(Self::new(log)?);
            }
        }
        Ok(archives)
    }

    fn new(directory: LogDirectory) -> io::Result<Self> {
        let mut origin = None;
        for name in directory.list()?.into_iter().filter(|name| name.file == File::Manifest) {
            let bytes = directory.read(name, 0, MANIFEST_BYTES_MAX + 1)?.unwrap_or_default();
            if let Ok(manifest) = Manifest::parse(&bytes) {
                origin = Some(manifest.origin().to_owned());
                break;
            }
        }
        Ok(Self { directory, origin })
    }

    /// The origin of the log, as the first manifest that is one tells it; nobody has verified it.
    #[must_use]
    pub fn origin(&self) -> Option<&str> {
        self.origin.as_deref()
    }

    /// Where its files are.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.directory.0
    }
}

impl Source for LogArchive {
    fn list(&self) -> io::Result<Vec<FileName>> {
        self.directory.list()
    }

    fn read(&self, name: FileName, from: u64, length: usize) -> io::Result<Option<Vec<u8>>> {
        self.directory.read(name, from, length)
    }
}
