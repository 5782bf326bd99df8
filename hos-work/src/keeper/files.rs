//! Notes in files of their own, one for each log: what a keeper in a directory was before it was a
//! journal.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use hos_core::checkpoint::Checkpoint;
use hos_core::digest::Digest;
use hos_core::error::{Fault, FaultKind};
use hos_core::note::SignedNote;
use hos_core::seal::{CHECKPOINT_BYTES_MAX, KeptNote};

/// The files that hold notes.
pub(super) fn found(directory: &Path) -> Result<Vec<PathBuf>, Fault> {
    let entries = fs::read_dir(directory).map_err(|error| unavailable(directory, error))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| unavailable(directory, error))?.path();
        if path.extension().is_some_and(|extension| extension == "note") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The note in a file, which is named by the digest of its log's origin.
pub(super) fn read(path: &Path) -> Result<KeptNote, Fault> {
    let most = u64::try_from(CHECKPOINT_BYTES_MAX).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    let file = File::open(path).map(|file| file.take(most.saturating_add(1)));
    file.and_then(|mut file| file.read_to_end(&mut bytes))
        .map_err(|error| unavailable(path, error))?;
    let note = SignedNote::parse(&bytes).ok().filter(|_| bytes.len() <= CHECKPOINT_BYTES_MAX);
    let checkpoint = note.as_ref().and_then(|note| Checkpoint::parse(note.text()).ok());
    let named = |checkpoint: &Checkpoint| {
        let name = format!("{}.note", Digest::of(checkpoint.origin().as_bytes()));
        path.file_name().is_some_and(|file| file == name.as_str())
    };
    let (Some(note), Some(checkpoint)) = (note, checkpoint.filter(named)) else {
        let message = format!("the kept note `{}` is damaged; restore it", path.display());
        return Err(Fault::new(FaultKind::Corrupt, message));
    };
    let (origin, size) = (checkpoint.origin().to_owned(), checkpoint.size());
    Ok(KeptNote { origin, size, note: note.to_string() })
}

pub(super) fn remove(path: &Path) -> Result<(), Fault> {
    fs::remove_file(path).map_err(|error| unavailable(path, error))
}

fn unavailable(path: &Path, error: std::io::Error) -> Fault {
    let message = format!("the kept note `{}` cannot be read or taken over", path.display());
    Fault::new(FaultKind::Unavailable, message).caused_by(error)
}
