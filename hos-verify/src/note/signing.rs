use std::fmt;

use ed25519_dalek::Signer as _;

use super::key::{check_name, key_id, tagged};
use super::{Algorithm, KeyId, NoteError, Signature, VerifierKey};
use crate::cosignature;
use crate::text::{base64, from_hex, hex};

/// A private Ed25519 key with its name; wiped from memory when it is dropped.
///
/// ```
/// use hos_verify::note::SigningKey;
///
/// let key = SigningKey::from_seed("log.example.com", &[7; 32])?;
/// let same = SigningKey::parse(&key.secret_text())?;
/// assert_eq!(same.verifier_key(), key.verifier_key());
/// # Ok::<(), hos_verify::note::NoteError>(())
/// ```
#[derive(Clone)]
pub struct SigningKey {
    name: String,
    key: ed25519_dalek::SigningKey,
}

impl SigningKey {
    /// A key of its name and 32 secret bytes that nobody can guess.
    ///
    /// # Errors
    ///
    /// [`NoteError::KeyName`].
    pub fn from_seed(name: &str, seed: &[u8; 32]) -> Result<Self, NoteError> {
        check_name(name)?;
        Ok(Self { name: name.to_owned(), key: ed25519_dalek::SigningKey::from_bytes(seed) })
    }

    /// Reads `PRIVATE+KEY+name+id+base64`, the form of Go's `note.NewSigner`; a newline may follow.
    ///
    /// # Errors
    ///
    /// [`NoteError`] for what is wrong with it, without a word of the secret.
    pub fn parse(secret: &str) -> Result<Self, NoteError> {
        let secret = secret.strip_suffix('\n').unwrap_or(secret);
        let fields = secret.strip_prefix(PREFIX).ok_or(NoteError::Key)?;
        let mut fields = fields.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (fields.next(), fields.next(), fields.next())
        else {
            return Err(NoteError::Key);
        };
        let id = from_hex::<4>(id).ok_or(NoteError::Key)?;
        let (byte, seed) = tagged(key)?;
        if byte != Algorithm::Ed25519.byte() {
            return Err(NoteError::Algorithm { byte });
        }
        let key = Self::from_seed(name, &seed)?;
        if key.id(Algorithm::Ed25519) == id { Ok(key) } else { Err(NoteError::KeyId) }
    }

    /// The key's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The public half, for the texts that [`SigningKey::sign`] signs.
    #[must_use]
    pub fn verifier_key(&self) -> VerifierKey {
        self.public(Algorithm::Ed25519)
    }

    /// The public half, for the checkpoints that [`SigningKey::cosign`] signs.
    #[must_use]
    pub fn cosigner_key(&self) -> VerifierKey {
        self.public(Algorithm::Cosignature)
    }

    /// Signs a note's text.
    #[must_use]
    pub fn sign(&self, text: &str) -> Signature {
        let bytes = self.key.sign(text.as_bytes()).to_bytes().to_vec();
        Signature { name: self.name.clone(), id: self.id(Algorithm::Ed25519), bytes }
    }

    /// Signs a checkpoint's text as a witness, at a time in seconds since 1970
    /// (`tlog-cosignature`).
    #[must_use]
    pub fn cosign(&self, time: u64, text: &str) -> Signature {
        let signature = self.key.sign(cosignature::message(time, text).as_bytes()).to_bytes();
        let bytes = [time.to_be_bytes().as_slice(), &signature].concat();
        Signature { name: self.name.clone(), id: self.id(Algorithm::Cosignature), bytes }
    }

    /// The secret as text, for the one file that keeps it.
    #[must_use]
    pub fn secret_text(&self) -> String {
        let tagged = [&[Algorithm::Ed25519.byte()], self.key.as_bytes().as_slice()].concat();
        let id = hex(&self.id(Algorithm::Ed25519));
        format!("{PREFIX}{}+{id}+{}", self.name, base64(&tagged))
    }

    fn id(&self, algorithm: Algorithm) -> KeyId {
        key_id(&self.name, algorithm, self.key.verifying_key().as_bytes())
    }

    fn public(&self, algorithm: Algorithm) -> VerifierKey {
        VerifierKey::of_point(&self.name, algorithm, self.key.verifying_key())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SigningKey({})", self.verifier_key())
    }
}

const PREFIX: &str = "PRIVATE+KEY+";
