//! Signed notes (C2SP `signed-note`): a text, an empty line, and lines of signatures.

mod error;
mod key;
mod signing;

use std::fmt;

use crate::text::{base64, from_base64};

pub use error::NoteError;
pub use key::{Algorithm, KEY_NAME_BYTES_MAX, KeyId, VerifierKey};
pub use signing::SigningKey;

/// The largest note, in bytes: sixteen post-quantum signatures fit.
pub const NOTE_BYTES_MAX: usize = 131_072;
/// The most signature lines of a note.
pub const SIGNATURES_MAX: usize = 64;

/// A text with its signatures; parsed, which says nothing about who signed.
///
/// ```
/// use hos_verify::note::{SignedNote, SigningKey};
///
/// let key = SigningKey::from_seed("log.example.com", &[7; 32])?;
/// let note = SignedNote::new("a text\n", vec![key.sign("a text\n")])?;
/// let read = SignedNote::parse(note.to_string().as_bytes())?;
/// assert_eq!(read.text(), "a text\n");
/// assert_eq!(read.verify(&[key.verifier_key()])?.len(), 1);
/// # Ok::<(), hos_verify::note::NoteError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedNote {
    text: String,
    signatures: Vec<Signature>,
}

/// One signature line: whose key it names, and the bytes behind the key's id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The name of the key.
    pub name: String,
    /// The id of the key, which also tells the algorithm.
    pub id: KeyId,
    /// What the algorithm made.
    pub bytes: Vec<u8>,
}

impl Signature {
    /// Which key signed, as `name+id`, the id in hexadecimal: what begins a verifier key. Two keys
    /// of one signer have one name.
    #[must_use]
    pub fn signer(&self) -> String {
        format!("{}+{:08x}", self.name, u32::from_be_bytes(self.id))
    }
}

/// A signature that was checked: it is of this key over this note's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified<'k> {
    /// The known key.
    pub key: &'k VerifierKey,
    /// When a cosigner says it signed, in seconds since 1970; none for a plain signature.
    pub time: Option<u64>,
}

impl SignedNote {
    /// A note of a text and its signatures.
    ///
    /// # Errors
    ///
    /// [`NoteError`] if what it writes could not be parsed again.
    pub fn new(text: &str, signatures: Vec<Signature>) -> Result<Self, NoteError> {
        check_text(text)?;
        check_count(signatures.len())?;
        for signature in &signatures {
            key::check_name(&signature.name)?;
            if signature.bytes.is_empty() {
                return Err(NoteError::Signature);
            }
        }
        let note = Self { text: text.to_owned(), signatures };
        match note.to_string().len() {
            length if length > NOTE_BYTES_MAX => Err(NoteError::TooLong { length }),
            _ => Ok(note),
        }
    }

    /// Reads a note; accepts exactly what a note prints.
    ///
    /// # Errors
    ///
    /// [`NoteError`] for anything else, above [`NOTE_BYTES_MAX`] and [`SIGNATURES_MAX`] too.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > NOTE_BYTES_MAX {
            return Err(NoteError::TooLong { length: bytes.len() });
        }
        let note = std::str::from_utf8(bytes).map_err(|_| NoteError::Characters)?;
        // The text may hold empty lines: the last one parts it from the signatures.
        let (text, lines) = note.rsplit_once("\n\n").ok_or(NoteError::NoSignature)?;
        let text = format!("{text}\n");
        check_text(&text)?;
        let lines = lines.strip_suffix('\n').ok_or(NoteError::Signature)?;
        check_count(lines.split('\n').count())?;
        let signatures = lines.split('\n').map(signature).collect::<Result<_, _>>()?;
        Ok(Self { text, signatures })
    }

    /// What was signed, with its last newline.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature lines in their order.
    #[must_use]
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// Which of these keys signed, in the order of the lines; never none.
    ///
    /// Lines of other keys are ignored, even where they share a name or an id with a known one.
    ///
    /// # Errors
    ///
    /// [`NoteError::BadSignature`] if a line of a known key does not verify,
    /// [`NoteError::Repeated`] if a known key signed twice, and [`NoteError::Unknown`] if no known
    /// key signed.
    pub fn verify<'k>(&self, keys: &'k [VerifierKey]) -> Result<Vec<Verified<'k>>, NoteError> {
        let mut verified: Vec<Verified<'k>> = Vec::new();
        for signature in &self.signatures {
            let signed =
                |key: &&VerifierKey| key.name() == signature.name && key.id() == signature.id;
            let Some(key) = keys.iter().find(signed) else { continue };
            if verified.iter().any(|seen| std::ptr::eq(seen.key, key)) {
                return Err(NoteError::Repeated { name: signature.name.clone() });
            }
            let bad = || NoteError::BadSignature { name: signature.name.clone() };
            let time = key.verify(&self.text, &signature.bytes).ok_or_else(bad)?;
            verified.push(Verified { key, time });
        }
        if verified.is_empty() { Err(NoteError::Unknown) } else { Ok(verified) }
    }
}

impl fmt::Display for SignedNote {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{}", self.text)?;
        for Signature { name, id, bytes } in &self.signatures {
            writeln!(formatter, "{DASH}{name} {}", base64(&[id, bytes.as_slice()].concat()))?;
        }
        Ok(())
    }
}

/// What a signature line begins with: an em dash and a space.
const DASH: &str = "\u{2014} ";

fn signature(line: &str) -> Result<Signature, NoteError> {
    let rest = line.strip_prefix(DASH).ok_or(NoteError::Signature)?;
    let (name, encoded) = rest.split_once(' ').ok_or(NoteError::Signature)?;
    key::check_name(name)?;
    let decoded = from_base64(encoded).ok_or(NoteError::Signature)?;
    match decoded.split_first_chunk() {
        Some((id, bytes)) if !bytes.is_empty() => {
            Ok(Signature { name: name.to_owned(), id: *id, bytes: bytes.to_vec() })
        }
        _ => Err(NoteError::Signature),
    }
}

fn check_text(text: &str) -> Result<(), NoteError> {
    if text.bytes().any(|byte| byte < b' ' && byte != b'\n') {
        return Err(NoteError::Characters);
    }
    if text.ends_with('\n') { Ok(()) } else { Err(NoteError::Text) }
}

const fn check_count(signatures: usize) -> Result<(), NoteError> {
    match signatures {
        0 => Err(NoteError::NoSignature),
        count if count > SIGNATURES_MAX => Err(NoteError::TooManySignatures { count }),
        _ => Ok(()),
    }
}
