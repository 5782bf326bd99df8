//! Master keys in this process: from a file or the environment.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::{KeyWrapper, Wrapped};
use crate::cipher::{NONCE_BYTES, SecretKey};
use crate::error::{Fault, FaultKind};
use crate::time::{IdSource, RandomIds};

/// The most master keys at once: the one that wraps, and those that only unwrap.
pub const MASTER_KEYS_MAX: usize = 64;
/// The longest name of a master key, in bytes.
pub const MASTER_NAME_BYTES_MAX: usize = 64;
/// The largest text of master keys, in bytes.
const TEXT_BYTES_MAX: u64 = 16_384;

/// Master keys that this process holds: one that wraps, and any number that only unwrap what was
/// wrapped before the last rotation.
///
/// Each is a line `<name> <32 bytes in base64url without padding>`; the first one wraps. A name is
/// 1..=64 bytes of visible ASCII.
pub struct MasterKeys {
    current: String,
    keys: BTreeMap<String, SecretKey>,
}

impl fmt::Debug for MasterKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MasterKeys").field("current", &self.current).finish_non_exhaustive()
    }
}

impl MasterKeys {
    /// Reads keys, one a line; empty lines and those that begin with `#` are left out.
    ///
    /// # Errors
    ///
    /// A [`Fault`] of the kind `Unauthorized` that names the first line at fault, never a key.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let mut current = None;
        let mut keys = BTreeMap::new();
        let lines = (1_usize..).zip(text.lines().map(str::trim));
        for (number, line) in lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')) {
            let (name, secret) = read(line).ok_or_else(|| {
                refused(format!("line {number} of the master keys is no name and 32 bytes"))
            })?;
            if keys.insert(name.to_owned(), secret).is_some() {
                return Err(refused(format!("line {number} names a master key again")));
            }
            if keys.len() > MASTER_KEYS_MAX {
                return Err(refused(format!("there are over {MASTER_KEYS_MAX} master keys")));
            }
            current.get_or_insert_with(|| name.to_owned());
        }
        let current = current.ok_or_else(|| refused("there is no master key".to_owned()))?;
        Ok(Self { current, keys })
    }

    /// Reads keys from a file; see [`MasterKeys`] for its lines.
    ///
    /// # Errors
    ///
    /// A [`Fault`] of the kind `Unauthorized` when the file cannot be read, is open to others than
    /// its owner (Unix), or holds something else.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, Fault> {
        use std::io::Read as _;

        let path = path.as_ref();
        let cannot = |error: std::io::Error| {
            let message =
                format!("the file of the master keys `{}` cannot be read", path.display());
            refused(message).caused_by(error)
        };
        let file = std::fs::File::open(path).map_err(cannot)?;
        if is_open_to_others(&file.metadata().map_err(cannot)?) {
            let path = path.display();
            return Err(refused(format!(
                "the file of the master keys `{path}` is open to others than its owner: chmod 600 \
                 it, and turn the keys if somebody may have read them"
            )));
        }
        let mut text = Zeroizing::new(String::new());
        file.take(TEXT_BYTES_MAX + 1).read_to_string(&mut text).map_err(cannot)?;
        if u64::try_from(text.len()).is_ok_and(|bytes| bytes <= TEXT_BYTES_MAX) {
            Self::parse(&text)
        } else {
            Err(refused(format!("the file of the master keys is over {TEXT_BYTES_MAX} bytes")))
        }
    }

    /// Reads keys from a variable of the environment; see [`MasterKeys`] for its lines.
    ///
    /// # Errors
    ///
    /// A [`Fault`] of the kind `Unauthorized` when it is not set or holds something else.
    pub fn from_environment(name: &str) -> Result<Self, Fault> {
        let text = std::env::var(name).map(Zeroizing::new);
        let text =
            text.map_err(|_| refused(format!("the variable `{name}` holds no master key")))?;
        Self::parse(&text)
    }

    fn key(&self, name: &str) -> Result<&SecretKey, Fault> {
        let message =
            || format!("the master key `{name}` is not at hand; give it beside the others");
        self.keys.get(name).ok_or_else(|| refused(message()))
    }
}

fn read(line: &str) -> Option<(&str, SecretKey)> {
    let (name, secret) = line.split_once(' ')?;
    let fits = (1..=MASTER_NAME_BYTES_MAX).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_graphic());
    let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(secret.trim()).ok()?);
    let bytes: [u8; 32] = bytes.as_slice().try_into().ok()?;
    fits.then(|| (name, SecretKey::from_bytes(bytes)))
}

#[cfg(unix)]
fn is_open_to_others(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;

    metadata.permissions().mode() & 0o077 != 0
}

/// Elsewhere the rights of a file are not told in these terms.
#[cfg(not(unix))]
fn is_open_to_others(_metadata: &std::fs::Metadata) -> bool {
    false
}

fn refused(message: String) -> Fault {
    Fault::new(FaultKind::Unauthorized, message)
}

#[async_trait]
impl KeyWrapper for MasterKeys {
    fn master(&self) -> &str {
        &self.current
    }

    async fn wrap(&self, key: &SecretKey, bound: &[u8]) -> Result<Wrapped, Fault> {
        let mut nonce = [0; NONCE_BYTES];
        RandomIds.fill(&mut nonce);
        let sealed = self.key(&self.current)?.encrypt(&nonce, bound, key.as_bytes())?;
        let bytes = [nonce.as_slice(), &sealed].concat();
        Ok(Wrapped { master: self.current.clone(), bytes })
    }

    async fn unwrap(&self, wrapped: &Wrapped, bound: &[u8]) -> Result<SecretKey, Fault> {
        let master = self.key(&wrapped.master)?;
        let corrupt = || {
            let message = format!("a person's key does not open under master `{}`", wrapped.master);
            Fault::new(FaultKind::Corrupt, message)
        };
        let parts = wrapped.bytes.split_first_chunk::<NONCE_BYTES>();
        let (nonce, sealed) = parts.ok_or_else(corrupt)?;
        let plain = master.decrypt(nonce, bound, sealed).ok_or_else(corrupt)?;
        let bytes = plain.as_slice().try_into().map_err(|_| corrupt())?;
        Ok(SecretKey::from_bytes(bytes))
    }
}
