//! Salted commitments: what binds a payload that stands beside the log to the leaf in it.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::merkle::Hash;

/// The length of a salt in bytes.
pub const SALT_BYTES: usize = 32;

/// The salted commitment to a part: HMAC-SHA-256 under the salt, bound to entry and part name.
///
/// The message is `"hos/part/v1\0"`, the sixteen bytes of the entry's id, and then the name and the
/// body, each after its length as eight bytes, big-endian, so that no two (name, body) pairs share
/// a message. Without the salt nobody can guess a body from its commitment.
#[must_use]
pub fn commit(salt: &[u8; SALT_BYTES], entry: &[u8; 16], name: &str, body: &[u8]) -> Hash {
    let length = |bytes: &[u8]| u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes();
    // RFC 2104, section 2: a key shorter than a block is padded with zeros.
    let mut key = [0; 64];
    key.iter_mut().zip(salt).for_each(|(slot, byte)| *slot = *byte);
    let mut mac = Hmac::<Sha256>::new(&key.into());
    mac.update(b"hos/part/v1\0");
    mac.update(entry);
    mac.update(&length(name.as_bytes()));
    mac.update(name.as_bytes());
    mac.update(&length(body));
    mac.update(body);
    mac.finalize().into_bytes().into()
}
