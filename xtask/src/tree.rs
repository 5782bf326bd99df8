//! The tree this binary was built from, and copies of it.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// Directories that hold what was made, not what was written.
const MADE: &[&str] = &[".git", "target"];

/// The workspace root: the directory above this package.
pub(crate) fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_path_buf()
}

/// Where builds go, so that a build of a copy is kept warm between runs.
pub(crate) fn target() -> PathBuf {
    let chosen = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    root().join(chosen.unwrap_or_else(|| PathBuf::from("target")))
}

/// Copies what was written of the tree into `to`.
pub(crate) fn copy(to: &Path) -> Result<(), Failure> {
    copy_directory(&root(), to)
        .map_err(|error| Failure::new(format!("the tree could not be copied: {error}")))
}

fn copy_directory(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        let name = entry.file_name();
        if kind.is_dir() && !is_made(&name) {
            copy_directory(&entry.path(), &to.join(&name))?;
        } else if kind.is_file() {
            fs::copy(entry.path(), to.join(&name))?;
        }
    }
    Ok(())
}

fn is_made(name: &OsStr) -> bool {
    MADE.iter().any(|made| name == *made) || name.as_encoded_bytes().starts_with(b"mutants.out")
}

/// The names of the fuzz targets, in order.
pub(crate) fn fuzz_targets() -> Result<Vec<String>, Failure> {
    let directory = root().join("fuzz/fuzz_targets");
    let unreadable = |error| Failure::new(format!("{}: {error}", directory.display()));
    let mut targets = Vec::new();
    for entry in fs::read_dir(&directory).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension() != Some(OsStr::new("rs")) {
            continue;
        }
        targets.extend(path.file_stem().and_then(OsStr::to_str).map(str::to_owned));
    }
    if targets.is_empty() {
        return Err(Failure::new("fuzz/fuzz_targets holds no target"));
    }
    targets.sort();
    Ok(targets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_holds_what_was_written_and_not_what_was_made() {
        let copied = tempfile::tempdir().unwrap();
        copy_directory(Path::new(env!("CARGO_MANIFEST_DIR")), copied.path()).unwrap();
        assert!(copied.path().join("src/tree.rs").is_file());
        assert!(is_made(OsStr::new("target")));
        assert!(is_made(OsStr::new("mutants.out.old")));
        assert!(!is_made(OsStr::new("src")));
    }
}
