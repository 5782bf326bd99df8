//! Parts under a person's key: destroying one key erases all of them, wherever their bytes lie.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::error::{Fault, FaultKind};
use crate::proof::Part;
use crate::time::{IdSource, ProofId};

/// Bodies are padded to a multiple of this many bytes, salt included, so that the length of what
/// is stored tells less of them.
pub const PART_PADDING: usize = 64;

/// What begins the stored body of a sealed part. A plain one is canonical JSON, which begins with
/// a bracket.
const MARK: char = '~';
const SALT_BYTES: usize = 32;
const KEY_ID_BYTES: usize = 16;
pub(crate) const NONCE_BYTES: usize = 24;

/// The number of a person's key: random, so that a sealed part names nobody.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; KEY_ID_BYTES]);

impl KeyId {
    /// A fresh number.
    #[must_use]
    pub fn random(ids: &dyn IdSource) -> Self {
        let mut bytes = [0; KEY_ID_BYTES];
        ids.fill(&mut bytes);
        Self(bytes)
    }

    /// Wraps a number that a vault kept.
    #[must_use]
    pub fn from_bytes(bytes: [u8; KEY_ID_BYTES]) -> Self {
        Self(bytes)
    }

    /// The sixteen bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; KEY_ID_BYTES] {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// 32 secret bytes, overwritten when they are dropped and never printed.
#[derive(Clone)]
pub struct SecretKey(Zeroizing<[u8; 32]>);

impl SecretKey {
    /// A fresh key.
    #[must_use]
    pub fn random(ids: &dyn IdSource) -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        ids.fill(&mut *bytes);
        Self(bytes)
    }

    /// Takes over the bytes of a key.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes, for whoever wraps the key.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha, section 2), bound to some bytes.
    pub(crate) fn encrypt(
        &self,
        nonce: &[u8; NONCE_BYTES],
        bound: &[u8],
        plain: &[u8],
    ) -> Result<Vec<u8>, Fault> {
        let payload = Payload { msg: plain, aad: bound };
        self.cipher()
            .encrypt(&XNonce::from(*nonce), payload)
            .map_err(|_| Fault::new(FaultKind::Limit, "too many bytes to seal at once"))
    }

    /// None when a byte of it, the key or what it is bound to is another.
    pub(crate) fn decrypt(
        &self,
        nonce: &[u8; NONCE_BYTES],
        bound: &[u8],
        sealed: &[u8],
    ) -> Option<Zeroizing<Vec<u8>>> {
        let payload = Payload { msg: sealed, aad: bound };
        self.cipher().decrypt(&XNonce::from(*nonce), payload).ok().map(Zeroizing::new)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(self.as_bytes().into())
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(..)")
    }
}

/// A part as it is stored under a person's key: salt and body together, bound to the entry and the
/// part's name. The commitment in the leaf is over what is inside, so that it outlives any key.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedPart {
    key: KeyId,
    nonce: [u8; NONCE_BYTES],
    ciphertext: Vec<u8>,
}

impl SealedPart {
    /// Under which key.
    #[must_use]
    pub fn key(&self) -> KeyId {
        self.key
    }

    /// The 24 bytes that no other part under this key has.
    #[must_use]
    pub fn nonce(&self) -> &[u8; 24] {
        &self.nonce
    }

    /// Seals a part of an entry.
    ///
    /// # Errors
    ///
    /// A [`Fault`] of the kind `Limit` for a body of more than 256 GiB.
    pub fn seal(
        part: &Part,
        entry: ProofId,
        key: KeyId,
        secret: &SecretKey,
        ids: &dyn IdSource,
    ) -> Result<Self, Fault> {
        let mut nonce = [0; NONCE_BYTES];
        ids.fill(&mut nonce);
        let length = SALT_BYTES.saturating_add(part.body.len());
        let padded = length.checked_next_multiple_of(PART_PADDING).unwrap_or(length);
        let mut plain = Zeroizing::new(Vec::with_capacity(padded));
        plain.extend_from_slice(&part.salt);
        plain.extend_from_slice(part.body.as_bytes());
        // JSON ends with no zero byte, so that the padding is told from the body.
        plain.resize(padded, 0);
        let ciphertext = secret.encrypt(&nonce, &bound(entry, &part.name), &plain)?;
        Ok(Self { key, nonce, ciphertext })
    }

    /// Opens it as the part of an entry.
    ///
    /// # Errors
    ///
    /// A [`Fault`] of the kind `Corrupt`, which names entry and part, when the bytes are not what
    /// was sealed as this part of this entry under this key.
    pub fn open(&self, entry: ProofId, name: &str, secret: &SecretKey) -> Result<Part, Fault> {
        let corrupt = || {
            let message = format!("part `{name}` of entry {entry} does not open under its key");
            Fault::new(FaultKind::Corrupt, message)
        };
        let plain = secret.decrypt(&self.nonce, &bound(entry, name), &self.ciphertext);
        let plain = plain.ok_or_else(corrupt)?;
        let (salt, padded) = plain.split_first_chunk::<SALT_BYTES>().ok_or_else(corrupt)?;
        let length = padded.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        let body = padded.get(..length).and_then(|body| std::str::from_utf8(body).ok());
        let body = body.ok_or_else(corrupt)?.to_owned();
        Ok(Part { name: name.to_owned(), salt: *salt, body })
    }

    /// The row that a store keeps: no salt, which is inside, and a text for the body.
    #[must_use]
    pub fn row(&self, name: &str) -> Part {
        let bytes = [self.key.as_bytes().as_slice(), &self.nonce, &self.ciphertext].concat();
        let mut body = String::with_capacity(1 + bytes.len().div_ceil(3) * 4);
        body.push(MARK);
        URL_SAFE_NO_PAD.encode_string(bytes, &mut body);
        Part { name: name.to_owned(), salt: [0; SALT_BYTES], body }
    }

    /// Whether a row is that of a sealed part, well-formed or not.
    #[must_use]
    pub fn is_sealed(row: &Part) -> bool {
        row.body.starts_with(MARK)
    }

    /// Reads the body of a row; none for a text that is no sealed part.
    #[must_use]
    pub fn read(row: &Part) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(row.body.strip_prefix(MARK)?).ok()?;
        let (key, rest) = bytes.split_first_chunk::<KEY_ID_BYTES>()?;
        let (nonce, rest) = rest.split_first_chunk::<NONCE_BYTES>()?;
        Some(Self { key: KeyId(*key), nonce: *nonce, ciphertext: rest.to_vec() })
    }
}

impl fmt::Debug for SealedPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedPart").field("key", &self.key).finish_non_exhaustive()
    }
}

fn bound(entry: ProofId, name: &str) -> Vec<u8> {
    [entry.as_bytes().as_slice(), name.as_bytes()].concat()
}
