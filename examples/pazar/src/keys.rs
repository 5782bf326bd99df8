//! The directory of keys: what signs seals, what wraps the keys of persons, and the last notes.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{Error, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hos_core::note::SigningKey;
use hos_core::time::{IdSource as _, RandomIds};

/// The name that begins the origin of every log, and of the keys that sign them.
pub const DEPLOYMENT: &str = "pazar.local";

/// Where keys are. It is never in the database's backups.
#[derive(Debug, Clone)]
pub(crate) struct KeyDirectory(PathBuf);

impl KeyDirectory {
    pub(crate) fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// What signs checkpoints.
    pub(crate) fn seal_key(&self) -> PathBuf {
        self.0.join("seal.key")
    }

    /// What wraps the keys of persons.
    pub(crate) fn vault_key(&self) -> PathBuf {
        self.0.join("vault.key")
    }

    /// The last note of each log.
    pub(crate) fn notes(&self) -> PathBuf {
        self.0.join("notes")
    }

    /// Whether the directory is there, whatever is in it.
    pub(crate) fn is_there(&self) -> bool {
        self.0.exists()
    }
}

/// Makes the keys of a directory that are not there, readable by their owner alone. What is there
/// is left alone. Answers the paths of what was made.
///
/// # Errors
///
/// What the file system says.
pub fn make(directory: &Path) -> Result<Vec<PathBuf>, Error> {
    let keys = KeyDirectory::at(directory);
    make_directory(directory)?;
    let sealing = SigningKey::from_seed(DEPLOYMENT, &random()).map_err(Error::other)?;
    let master = format!("pazar-1 {}", URL_SAFE_NO_PAD.encode(random()));
    let mut made = Vec::new();
    for (path, secret) in [(keys.seal_key(), sealing.secret_text()), (keys.vault_key(), master)] {
        match write_secret(&path, &secret) {
            Ok(()) => made.push(path),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    if !keys.notes().is_dir() {
        make_directory(&keys.notes())?;
        made.push(keys.notes());
    }
    Ok(made)
}

fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    RandomIds.fill(&mut bytes);
    bytes
}

/// A whole file or none, on the disk before anything is signed or wrapped with it.
fn write_secret(path: &Path, secret: &str) -> Result<(), Error> {
    if path.exists() {
        return Err(ErrorKind::AlreadyExists.into());
    }
    let begun = path.with_extension("new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&begun)?;
    file.write_all(format!("{secret}\n").as_bytes()).and_then(|()| file.sync_all())?;
    // Never over one that somebody made meanwhile.
    let made = std::fs::hard_link(&begun, path);
    std::fs::remove_file(&begun)?;
    made
}

fn make_directory(path: &Path) -> Result<(), Error> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_made_once_and_for_their_owner() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keys");
        assert_eq!(make(&path).unwrap().len(), 3);
        let keys = KeyDirectory::at(&path);
        let secret = std::fs::read_to_string(keys.seal_key()).unwrap();
        assert!(hos_work::keys_from_file(keys.seal_key()).is_ok(), "owned by nobody else");
        assert!(hos_core::vault::MasterKeys::from_file(keys.vault_key()).is_ok());
        assert_eq!(make(&path).unwrap(), Vec::<PathBuf>::new());
        assert_eq!(std::fs::read_to_string(keys.seal_key()).unwrap(), secret);
        std::fs::remove_file(keys.vault_key()).unwrap();
        assert_eq!(make(&path).unwrap(), [keys.vault_key()], "what is missing, when asked to");
    }
}
