//! Keys in files and in the environment.

use std::path::{Path, PathBuf};

use hos_core::error::FaultKind;
use hos_core::note::SigningKey;
use hos_core::seal::Signer as _;
use hos_work::{keys_from_environment, keys_from_file};
use tempfile::TempDir;

fn secret(seed: u8) -> String {
    SigningKey::from_seed("suite.example", &[seed; 32]).unwrap().secret_text()
}

fn file(directory: &TempDir, text: &str) -> PathBuf {
    let path = directory.path().join("keys");
    std::fs::write(&path, text).unwrap();
    close(&path, 0o600);
    path
}

#[cfg(unix)]
fn close(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;

    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(not(unix))]
fn close(_path: &Path, _mode: u32) {}

#[test]
fn one_key_or_two_are_read() {
    let directory = tempfile::tempdir().unwrap();
    let one = keys_from_file(file(&directory, &format!("{}\n", secret(1)))).unwrap();
    assert_eq!(one.keys().len(), 1);
    let two = format!("{}\n{}\n", secret(1), secret(2));
    let two = keys_from_file(file(&directory, &two)).unwrap();
    assert_eq!((two.keys().len(), two.keys().first()), (2, one.keys().first()));
}

#[test]
fn what_is_no_key_is_refused_and_nothing_is_told_of_it() {
    let directory = tempfile::tempdir().unwrap();
    let good = secret(1);
    let body = good.rsplit('+').next().unwrap();
    let cut: String = good.chars().take(good.len() - 5).collect();
    let other_id = good.replacen("suite.example+", "suite.example+0", 1);
    let twice = format!("{good}\n{good}\n");
    let many: String = (1..=4).map(|seed| secret(seed) + "\n").collect();
    let huge = "x".repeat(5_000);
    for text in ["", "\n", "nonsense", body, &cut, &other_id, &twice, &many, &huge] {
        let path = file(&directory, text);
        let fault = keys_from_file(&path).unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Key, "{text}");
        let mut told = format!("{fault} {fault:?}");
        let mut source = std::error::Error::source(&fault);
        while let Some(cause) = source {
            told.push_str(&format!("{cause} {cause:?}"));
            source = cause.source();
        }
        assert!(!told.contains(body), "{told}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "no key is made in its place");
    }
    let missing = keys_from_file(directory.path().join("none")).unwrap_err();
    assert_eq!(missing.kind(), FaultKind::Key);
    assert!(!directory.path().join("none").exists());
    assert_eq!(keys_from_file(directory.path()).unwrap_err().kind(), FaultKind::Key);
    let keys = keys_from_file(file(&directory, &good)).unwrap();
    assert!(!format!("{keys:?}").contains(body));
}

#[cfg(unix)]
#[test]
fn a_file_that_others_may_read_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = file(&directory, &secret(1));
    for mode in [0o640, 0o604, 0o660, 0o610] {
        close(&path, mode);
        assert_eq!(keys_from_file(&path).unwrap_err().kind(), FaultKind::Key, "{mode:o}");
    }
    close(&path, 0o400);
    keys_from_file(&path).unwrap();
}

#[test]
fn a_variable_that_is_not_set_is_refused() {
    let fault = keys_from_environment("HOS_NO_SUCH_KEYS").unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Key);
    // One that is set for every test, and is no key.
    let fault = keys_from_environment("CARGO_MANIFEST_DIR").unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Key);
}
