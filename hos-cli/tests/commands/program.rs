//! Runs the real binary.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// A run of the program without anything of the environment that it reads.
pub(crate) fn hos(words: &[&str]) -> Output {
    command(words).output().unwrap()
}

pub(crate) fn command(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hos"));
    command.args(words).env_remove("DATABASE_URL").env_remove("NO_COLOR");
    command.env_remove("CLICOLOR_FORCE");
    command
}

/// Both outputs, as one text.
pub(crate) fn said(output: &Output) -> String {
    let said = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8_lossy(&said).into_owned()
}

#[track_caller]
pub(crate) fn ends(output: &Output, code: i32, words: &[&str]) {
    let said = said(output);
    assert_eq!(output.status.code(), Some(code), "{said}");
    for word in words {
        assert!(said.contains(word), "no `{word}` in: {said}");
    }
}

/// The one document of a run with `--json`.
#[track_caller]
pub(crate) fn document(words: &[&str], code: i32) -> Value {
    let output = hos(&[words, &["--json"]].concat());
    assert_eq!(output.status.code(), Some(code), "{}", said(&output));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["schema"], 1);
    document
}

/// A directory with files in it.
pub(crate) struct Desk(tempfile::TempDir);

impl Desk {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn put(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path: PathBuf = self.0.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// A file that only its owner may read.
    pub(crate) fn put_secret(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.put(name, content);
        self.set_rights(&path, 0o600);
        path
    }

    /// Sets who may read a file.
    pub(crate) fn set_rights(&self, path: &str, mode: u32) {
        let rights = std::os::unix::fs::PermissionsExt::from_mode(mode);
        std::fs::set_permissions(path, rights).unwrap();
    }

    pub(crate) fn directory(&self) -> &Path {
        self.0.path()
    }
}
