//! Files that are there whole or not at all.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use tempfile::NamedTempFile;

use crate::exit::{Exit, Trouble};

/// What becomes of a file that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Existing {
    Keep,
    Replace,
}

/// Refuses a place where a file may not be written, before anything is made.
pub(crate) fn require_free(path: &Path, existing: Existing) -> Result<(), Trouble> {
    if path.is_dir() {
        let message = format!("{} is a directory", path.display());
        return Err(Trouble::new(Exit::Address, message, "give the name of a file in it"));
    }
    let directory = directory(path);
    if !directory.is_dir() {
        let message = format!("there is no directory {}", directory.display());
        return Err(Trouble::new(Exit::Address, message, "make it first"));
    }
    if existing == Existing::Keep && path.symlink_metadata().is_ok() {
        return Err(taken(path));
    }
    Ok(())
}

/// Writes a file under another name, syncs it, and gives it its name; only its owner may read it.
pub(crate) fn write(path: &Path, bytes: &[u8], existing: Existing) -> Result<(), Trouble> {
    require_free(path, existing)?;
    let unwritable = |error: std::io::Error| {
        let message = format!("{} cannot be written: {error}", path.display());
        Trouble::new(Exit::Address, message, "give a place that you may write to and has room")
    };
    let directory = directory(path);
    let mut file = NamedTempFile::new_in(directory).map_err(unwritable)?;
    file.write_all(bytes).and_then(|()| file.as_file().sync_all()).map_err(unwritable)?;
    let named = match existing {
        Existing::Replace => file.persist(path),
        Existing::Keep => file.persist_noclobber(path),
    };
    named.map_err(|error| match error.error.kind() {
        std::io::ErrorKind::AlreadyExists => taken(path),
        _ => unwritable(error.error),
    })?;
    sync(directory).map_err(unwritable)
}

fn taken(path: &Path) -> Trouble {
    let message = format!("{} is there already, and was left as it is", path.display());
    Trouble::new(Exit::Address, message, "give another name")
}

fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(unix)]
fn sync(directory: &Path) -> std::io::Result<()> {
    File::open(directory)?.sync_all()
}

/// Elsewhere a directory cannot be opened to be synced.
#[cfg(not(unix))]
fn sync(_directory: &Path) -> std::io::Result<()> {
    Ok(())
}
