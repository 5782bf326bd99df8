//! The files that were written, as text.

use std::fs;
use std::path::{Path, PathBuf};

/// A text file of the tree.
#[derive(Debug)]
pub(crate) struct File {
    /// From the root, with `/` between the parts.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    pub(crate) fn has_extension(&self, extension: &str) -> bool {
        Path::new(&self.path).extension().is_some_and(|found| found == extension)
    }

    /// Whether it is part of a library or a binary rather than a test, a bench or an example.
    pub(crate) fn is_production(&self) -> bool {
        let path = format!("/{}", self.path);
        let is_test = path.ends_with("/tests.rs") || path.contains("/tests/");
        self.has_extension("rs") && path.contains("/src/") && !is_test
    }
}

/// The workspace root: the directory above this package.
pub(crate) fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_path_buf()
}

/// Every text file below `directory` (from the root; empty for all), in order of path.
pub(crate) fn files(directory: &str) -> Vec<File> {
    let mut files = Vec::new();
    gather(&root().join(directory), &mut files);
    files.sort_by(|one, other| one.path.cmp(&other.path));
    files
}

/// One file that must be there.
#[track_caller]
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn gather(directory: &Path, files: &mut Vec<File>) {
    let entries = fs::read_dir(directory)
        .unwrap_or_else(|error| panic!("{} cannot be listed: {error}", directory.display()));
    for entry in entries {
        let entry = entry.unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
        let path = entry.path();
        // Another test may make and remove a file while this one reads: not a text, then.
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() && !is_made(&path) {
            gather(&path, files);
        } else if kind.is_file()
            && let Ok(text) = fs::read_to_string(&path)
        {
            files.push(File { path: from_root(&path), text });
        }
    }
}

/// What git ignores, and git itself.
fn is_made(directory: &Path) -> bool {
    let name = directory.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    [".git", "target", "artifacts", "coverage"].contains(&name) || name.starts_with("mutants.out")
}

fn from_root(path: &Path) -> String {
    let root = root();
    let parts = path.strip_prefix(&root).unwrap_or(path).components();
    parts.map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}
