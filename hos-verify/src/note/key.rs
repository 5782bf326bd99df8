use std::fmt;

use ed25519_dalek::VerifyingKey;
use sha2::{Digest, Sha256};

use super::NoteError;
use crate::cosignature;
use crate::text::{base64, from_base64, from_hex, hex};

/// The longest key name, in bytes.
pub const KEY_NAME_BYTES_MAX: usize = 1_024;

/// The first four bytes of SHA-256 over a key's name, a newline, its algorithm and its bytes.
pub type KeyId = [u8; 4];

/// What a key signs and how; the two of C2SP that use Ed25519.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// Type 0x01: Ed25519 over the text, as logs sign.
    Ed25519,
    /// Type 0x04: Ed25519 over a time and a checkpoint, as witnesses sign (`tlog-cosignature`).
    Cosignature,
}

impl Algorithm {
    /// The byte that stands for it in key ids and keys.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Self::Ed25519 => 0x01,
            Self::Cosignature => 0x04,
        }
    }

    pub(super) const fn of(byte: u8) -> Result<Self, NoteError> {
        match byte {
            0x01 => Ok(Self::Ed25519),
            0x04 => Ok(Self::Cosignature),
            _ => Err(NoteError::Algorithm { byte }),
        }
    }
}

/// A public key with its name: what C2SP calls a vkey.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    id: KeyId,
    algorithm: Algorithm,
    public: VerifyingKey,
}

impl VerifierKey {
    /// A key of its name and the 32 bytes of RFC 8032.
    ///
    /// # Errors
    ///
    /// [`NoteError::KeyName`], and [`NoteError::WeakKey`] for bytes that are no point of the curve,
    /// a point of small order, or a second spelling of a point.
    pub fn new(name: &str, algorithm: Algorithm, public: &[u8; 32]) -> Result<Self, NoteError> {
        check_name(name)?;
        let key = VerifyingKey::from_bytes(public).map_err(|_| NoteError::WeakKey)?;
        if key.is_weak() || !is_reduced(public) {
            return Err(NoteError::WeakKey);
        }
        Ok(Self::of_point(name, algorithm, key))
    }

    /// A key whose name and point are sound already.
    pub(super) fn of_point(name: &str, algorithm: Algorithm, public: VerifyingKey) -> Self {
        let id = key_id(name, algorithm, public.as_bytes());
        Self { name: name.to_owned(), id, algorithm, public }
    }

    /// Reads a vkey: `name+id+base64`, as [`VerifierKey`] prints it.
    ///
    /// # Errors
    ///
    /// [`NoteError`] for what is wrong with it.
    pub fn parse(vkey: &str) -> Result<Self, NoteError> {
        let mut fields = vkey.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (fields.next(), fields.next(), fields.next())
        else {
            return Err(NoteError::Key);
        };
        let id = from_hex::<4>(id).ok_or(NoteError::Key)?;
        let (byte, public) = tagged(key)?;
        let key = Self::new(name, Algorithm::of(byte)?, &public)?;
        if key.id == id { Ok(key) } else { Err(NoteError::KeyId) }
    }

    /// The key's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key's id.
    #[must_use]
    pub const fn id(&self) -> KeyId {
        self.id
    }

    /// What it signs and how.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The 32 bytes of the public key.
    #[must_use]
    pub fn public(&self) -> &[u8; 32] {
        self.public.as_bytes()
    }

    /// Whether these bytes are this key's signature over a note's text, and of when.
    pub(super) fn verify(&self, text: &str, signature: &[u8]) -> Option<Option<u64>> {
        match self.algorithm {
            Algorithm::Ed25519 => self.is_signature(text.as_bytes(), signature).then_some(None),
            Algorithm::Cosignature => {
                let (time, signature) = cosignature::split(signature)?;
                let message = cosignature::message(time, text);
                self.is_signature(message.as_bytes(), signature).then_some(Some(time))
            }
        }
    }

    fn is_signature(&self, message: &[u8], signature: &[u8]) -> bool {
        ed25519_dalek::Signature::from_slice(signature)
            .is_ok_and(|signature| self.public.verify_strict(message, &signature).is_ok())
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tagged = [&[self.algorithm.byte()], self.public().as_slice()].concat();
        write!(formatter, "{}+{}+{}", self.name, hex(&self.id), base64(&tagged))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// Refuses a name that a signature line or a vkey could not hold.
pub(super) fn check_name(name: &str) -> Result<(), NoteError> {
    let is_foreign = |c: char| c.is_whitespace() || c < ' ' || c == '+';
    if name.is_empty() || name.len() > KEY_NAME_BYTES_MAX || name.contains(is_foreign) {
        return Err(NoteError::KeyName);
    }
    Ok(())
}

pub(super) fn key_id(name: &str, algorithm: Algorithm, public: &[u8; 32]) -> KeyId {
    let hashed = Sha256::new_with_prefix(name).chain_update([b'\n', algorithm.byte()]);
    let [a, b, c, d, ..]: [u8; 32] = hashed.chain_update(public).finalize().into();
    [a, b, c, d]
}

/// The algorithm's byte and the 32 bytes behind it, from base64.
pub(super) fn tagged(key: &str) -> Result<(u8, [u8; 32]), NoteError> {
    let bytes = from_base64(key).ok_or(NoteError::Key)?;
    let (byte, key) = bytes.split_first().ok_or(NoteError::Key)?;
    let length = |_| match Algorithm::of(*byte) {
        Ok(_) => NoteError::Key,
        Err(unknown) => unknown,
    };
    Ok((*byte, key.try_into().map_err(length)?))
}

/// Whether the y coordinate is below 2^255 - 19: above it, a point would have a second spelling.
fn is_reduced(public: &[u8; 32]) -> bool {
    let [first, middle @ .., last] = public;
    *first < 0xed || last & 0x7f != 0x7f || middle.iter().any(|byte| *byte != 0xff)
}
