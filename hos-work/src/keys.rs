//! Keys that sign, read from a file or from the environment.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use hos_core::error::{Fault, FaultKind};
use hos_core::note::SigningKey;
use hos_core::seal::{KEYS_MAX, Keys};
use zeroize::Zeroizing;

/// The longest text of keys, in bytes.
pub const KEYS_BYTES_MAX: u64 = 4_096;

/// Reads the keys that sign checkpoints from a file: one on each line, as
/// `PRIVATE+KEY+<name>+<id>+<key>`; a second one while keys rotate.
///
/// # Errors
///
/// A [`Fault`] of the kind `Key`, without a word of a secret, when the file cannot be read, is open
/// to others than its owner (Unix), or holds anything but keys. No key is ever made in its place.
pub fn keys_from_file(path: impl AsRef<Path>) -> Result<Keys, Fault> {
    let path = path.as_ref();
    let refused = |what: &str| {
        Fault::new(FaultKind::Key, format!("the key file `{}` {what}", path.display()))
    };
    let unread = |error: std::io::Error| refused("cannot be read").caused_by(error);
    let file = File::open(path).map_err(unread)?;
    let metadata = file.metadata().map_err(unread)?;
    if !metadata.is_file() || metadata.len() > KEYS_BYTES_MAX {
        return Err(refused("is no file of keys"));
    }
    if is_open_to_others(&metadata) {
        return Err(refused("is open to others than its owner; chmod 600"));
    }
    let mut text = Zeroizing::new(String::new());
    file.take(KEYS_BYTES_MAX).read_to_string(&mut text).map_err(unread)?;
    parse(&text).map_err(|fault| refused("holds no keys as they are written").caused_by(fault))
}

/// Reads the keys that sign checkpoints from a variable of the environment, as
/// [`keys_from_file`] does from a file; spaces part them too.
///
/// # Errors
///
/// A [`Fault`] of the kind `Key`, without a word of a secret, when there is no such variable or it
/// holds anything but keys.
pub fn keys_from_environment(name: &str) -> Result<Keys, Fault> {
    let refused = |what: &str| {
        Fault::new(FaultKind::Key, format!("the variable `{name}` of the environment {what}"))
    };
    // The error of a text that is no UTF-8 would show it.
    let text = std::env::var(name).map_err(|_| refused("is not set, or is no text"))?;
    let text = Zeroizing::new(text);
    parse(&text).map_err(|fault| refused("holds no keys as they are written").caused_by(fault))
}

fn parse(text: &str) -> Result<Keys, Fault> {
    let damaged = |error| Fault::new(FaultKind::Key, "a key is damaged").caused_by(error);
    let mut keys = text.split_ascii_whitespace().map(SigningKey::parse);
    let none = || Fault::new(FaultKind::Key, format!("1..={KEYS_MAX} keys are expected"));
    let first = keys.next().ok_or_else(none)?.map_err(damaged)?;
    keys.try_fold(Keys::new(first), |keys, key| keys.beside(key.map_err(damaged)?))
}

#[cfg(unix)]
fn is_open_to_others(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;

    metadata.permissions().mode() & 0o077 != 0
}

/// Elsewhere the rights of a file are not told by a mode.
#[cfg(not(unix))]
fn is_open_to_others(_metadata: &std::fs::Metadata) -> bool {
    false
}
