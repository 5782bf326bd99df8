use std::error::Error;
use std::fmt;

use super::{KEY_NAME_BYTES_MAX, NOTE_BYTES_MAX, SIGNATURES_MAX};

/// Why a note or a key could not be read, or a note not be believed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoteError {
    /// The note is longer than [`NOTE_BYTES_MAX`].
    TooLong {
        /// Its bytes.
        length: usize,
    },
    /// The note has more signature lines than [`SIGNATURES_MAX`].
    TooManySignatures {
        /// Its signature lines.
        count: usize,
    },
    /// The note is not UTF-8, or holds a control character other than a newline.
    Characters,
    /// The text does not end in a newline.
    Text,
    /// There is no empty line with a signature line behind it.
    NoSignature,
    /// A signature line is not a dash, a name and base64 of more than a key id.
    Signature,
    /// The name of a key is empty, too long, or holds a space, a plus sign or a control character.
    KeyName,
    /// A key is not written as its algorithm writes it.
    Key,
    /// The key's id is not the one that its name and bytes have.
    KeyId,
    /// The key is of an algorithm that is not spoken here.
    Algorithm {
        /// The algorithm's byte.
        byte: u8,
    },
    /// The bytes are no point of the curve, or one that signs for everybody.
    WeakKey,
    /// A known key's signature does not verify.
    BadSignature {
        /// The name of the key.
        name: String,
    },
    /// A known key has more than one line.
    Repeated {
        /// The name of the key.
        name: String,
    },
    /// None of the signatures is of a known key.
    Unknown,
}

impl fmt::Display for NoteError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { length } => {
                write!(formatter, "a note of {length} bytes is above the limit of {NOTE_BYTES_MAX}")
            }
            Self::TooManySignatures { count } => {
                write!(formatter, "{count} signatures are above the limit of {SIGNATURES_MAX}")
            }
            Self::Characters => {
                write!(formatter, "a note is UTF-8 without control characters but newlines")
            }
            Self::Text => write!(formatter, "the text of a note ends in a newline"),
            Self::NoSignature => {
                write!(formatter, "a note has an empty line and signature lines behind its text")
            }
            Self::Signature => {
                write!(formatter, "a signature line is a dash, a key name and base64")
            }
            Self::KeyName => write!(
                formatter,
                "a key name is 1 to {KEY_NAME_BYTES_MAX} bytes without spaces, plus signs and \
                 control characters"
            ),
            Self::Key => write!(formatter, "a key is a name, an id and base64, joined by `+`"),
            Self::KeyId => write!(formatter, "the key has another id than the one it is given"),
            Self::Algorithm { byte } => {
                write!(formatter, "signature type 0x{byte:02x} is not supported")
            }
            Self::WeakKey => write!(formatter, "the public key is no sound point of the curve"),
            Self::BadSignature { name } => {
                write!(formatter, "the signature of `{name}` does not verify")
            }
            Self::Repeated { name } => write!(formatter, "`{name}` signed twice"),
            Self::Unknown => write!(formatter, "no known key signed the note"),
        }
    }
}

impl Error for NoteError {}
