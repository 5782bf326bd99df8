//! Names and ids: parsed once at the door, compared byte for byte ever after.
//!
//! A **name** (`order`, `pending`, `cancel`) follows `[a-z][a-z0-9_]{0,31}`. An **id** is 1..=128
//! bytes of UTF-8 without control or bidirectional characters. Two ids that differ only in case or
//! in a trailing space are two ids.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The longest name, in bytes.
pub const NAME_BYTES_MAX: usize = 32;
/// The longest tenant, actor or subject id, in bytes.
pub const ID_BYTES_MAX: usize = 128;
/// The longest command key, in bytes.
pub const KEY_BYTES_MAX: usize = 255;
/// The longest version label, in bytes.
pub const VERSION_BYTES_MAX: usize = 32;
/// The longest topic, in bytes.
pub const TOPIC_BYTES_MAX: usize = 64;

/// Why a name, id or key was not accepted.
///
/// Exhaustive: a text is empty, too long, has a character that it may not have, or is reserved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Nothing was given.
    #[error("{what} is empty")]
    Empty {
        /// What was parsed, in words.
        what: &'static str,
    },
    /// More bytes than allowed.
    #[error("{what} has {bytes} bytes, at most {max} are allowed")]
    TooLong {
        /// What was parsed, in words.
        what: &'static str,
        /// The length found.
        bytes: usize,
        /// The length allowed.
        max: usize,
    },
    /// A character outside the grammar.
    #[error("{what} has a character that is not allowed at byte {at}; expected {expected}")]
    Character {
        /// What was parsed, in words.
        what: &'static str,
        /// The byte offset of the character.
        at: usize,
        /// The grammar, in words.
        expected: &'static str,
    },
    /// A word that the law keeps for itself.
    #[error("{what} `{word}` is reserved")]
    Reserved {
        /// What was parsed, in words.
        what: &'static str,
        /// The reserved word.
        word: &'static str,
    },
}

fn check_length(what: &'static str, bytes: usize, max: usize) -> Result<(), IdError> {
    match bytes {
        0 => Err(IdError::Empty { what }),
        _ if bytes > max => Err(IdError::TooLong { what, bytes, max }),
        _ => Ok(()),
    }
}

fn check_bytes(
    what: &'static str,
    text: &str,
    max: usize,
    expected: &'static str,
    allowed: impl Fn(usize, u8) -> bool,
) -> Result<(), IdError> {
    check_length(what, text.len(), max)?;
    match text.bytes().enumerate().find(|(at, byte)| !allowed(*at, *byte)) {
        Some((at, _)) => Err(IdError::Character { what, at, expected }),
        None => Ok(()),
    }
}

fn check_name(what: &'static str, text: &str) -> Result<(), IdError> {
    check_bytes(what, text, NAME_BYTES_MAX, "[a-z][a-z0-9_]*", |at, byte| match byte {
        b'a'..=b'z' => true,
        b'0'..=b'9' | b'_' => at > 0,
        _ => false,
    })
}

fn check_id(what: &'static str, text: &str) -> Result<(), IdError> {
    check_length(what, text.len(), ID_BYTES_MAX)?;
    let expected = "no control and no bidirectional characters";
    match text.char_indices().find(|(_, c)| c.is_control() || is_bidirectional(*c)) {
        Some((at, _)) => Err(IdError::Character { what, at, expected }),
        None => Ok(()),
    }
}

fn is_bidirectional(c: char) -> bool {
    let isolates = '\u{2066}'..='\u{2069}';
    let embeddings = '\u{202a}'..='\u{202e}';
    matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}')
        || embeddings.contains(&c)
        || isolates.contains(&c)
}

fn check_version(what: &'static str, text: &str) -> Result<(), IdError> {
    check_bytes(what, text, VERSION_BYTES_MAX, "[0-9A-Za-z._-]+", |_, byte| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')
    })
}

fn check_topic(what: &'static str, text: &str) -> Result<(), IdError> {
    check_bytes(what, text, TOPIC_BYTES_MAX, "[a-z][a-z0-9_.]*", |at, byte| match byte {
        b'a'..=b'z' => true,
        b'0'..=b'9' | b'_' | b'.' => at > 0,
        _ => false,
    })
}

fn check_tenant(what: &'static str, text: &str) -> Result<(), IdError> {
    if text == WORLD_TENANT {
        return Err(IdError::Reserved { what, word: WORLD_TENANT });
    }
    check_id(what, text)
}

fn check_request(what: &'static str, text: &str) -> Result<(), IdError> {
    check_bytes(what, text, ID_BYTES_MAX, "visible ASCII", |_, byte| byte.is_ascii_graphic())
}

macro_rules! text_type {
    ($(#[$doc:meta])* $type:ident, $what:literal, $check:path) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $type(Arc<str>);

        impl $type {
            #[doc = concat!("Parses a ", $what, ".")]
            ///
            /// # Errors
            ///
            /// [`IdError`] names the fault: empty, too long, a character outside the grammar.
            pub fn new(text: impl AsRef<str>) -> Result<Self, IdError> {
                $check($what, text.as_ref())?;
                Ok(Self(text.as_ref().into()))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $type {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                Self::new(text)
            }
        }

        impl std::str::FromStr for $type {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::new(text)
            }
        }

        impl AsRef<str> for $type {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $type {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl PartialEq<str> for $type {
            fn eq(&self, other: &str) -> bool {
                self.as_str() == other
            }
        }

        impl PartialEq<&str> for $type {
            fn eq(&self, other: &&str) -> bool {
                self.as_str() == *other
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }
    };
}

text_type!(
    /// An application under the law, such as `pazar`.
    World, "world", check_name
);
text_type!(
    /// What sort of thing a subject is, such as `order`.
    Kind, "kind", check_name
);
text_type!(
    /// A role that rules grant abilities to, such as `owner`.
    Role, "role", check_name
);
text_type!(
    /// A state of a contract, such as `pending`.
    State, "state", check_name
);
text_type!(
    /// What a button does, such as `cancel`.
    ActionName, "action", check_name
);
text_type!(
    /// The name of an attribute, an input or a fact, and the code of a guard or event.
    Name, "name", check_name
);
text_type!(
    /// The version label of a law or of a contract, such as `2026-12-01`.
    Version, "version", check_version
);
text_type!(
    /// Where an outbox row is published, such as `order.paid`.
    Topic, "topic", check_topic
);
text_type!(
    /// A firm inside a world. [`Tenant::world`] is the reserved one.
    Tenant, "tenant", check_tenant
);
text_type!(
    /// Who acts, opaque, taken from the credential and never from a body.
    ActorId, "actor id", check_id
);
text_type!(
    /// Which thing of its kind, opaque.
    SubjectId, "subject id", check_id
);
text_type!(
    /// The id that one request carries through answer, log line and proof.
    RequestId, "request id", check_request
);

const WORLD_TENANT: &str = "@world";

impl Tenant {
    /// The reserved tenant's name.
    pub const WORLD: &'static str = WORLD_TENANT;

    /// The reserved tenant `@world`: what concerns the whole world.
    #[must_use]
    pub fn world() -> Self {
        Self(WORLD_TENANT.into())
    }

    /// Whether this is the reserved tenant.
    #[must_use]
    pub fn is_world(&self) -> bool {
        self.as_str() == WORLD_TENANT
    }

    /// Reads a tenant that a store kept, the reserved one included.
    ///
    /// # Errors
    ///
    /// [`IdError`] as for [`Tenant::new`].
    pub fn from_stored(text: &str) -> Result<Self, IdError> {
        if text == WORLD_TENANT { Ok(Self::world()) } else { Self::new(text) }
    }
}

/// The command key (idempotency key): made once per user intent, sent on every retry.
///
/// 1..=255 bytes of anything; its scope is (world, tenant).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommandKey(Arc<[u8]>);

impl CommandKey {
    /// Accepts 1..=255 bytes.
    ///
    /// # Errors
    ///
    /// [`IdError::Empty`] and [`IdError::TooLong`].
    pub fn new(bytes: impl AsRef<[u8]>) -> Result<Self, IdError> {
        check_length("command key", bytes.as_ref().len(), KEY_BYTES_MAX)?;
        Ok(Self(bytes.as_ref().into()))
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for CommandKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CommandKey({})", String::from_utf8_lossy(&self.0).escape_debug())
    }
}

/// One thing that may be asked for, `resource.verb`, such as `order.cancel`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Ability(Arc<str>);

impl Ability {
    /// Parses `resource.verb`, both of them names.
    ///
    /// # Errors
    ///
    /// [`IdError`] of the half that is wrong.
    pub fn new(text: impl AsRef<str>) -> Result<Self, IdError> {
        let text = text.as_ref();
        let Some((resource, verb)) = text.split_once('.') else {
            let expected = "resource.verb";
            return Err(IdError::Character { what: "ability", at: text.len(), expected });
        };
        check_name("ability resource", resource)?;
        check_name("ability verb", verb)?;
        Ok(Self(text.into()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The half before the dot.
    #[must_use]
    pub fn resource(&self) -> &str {
        self.0.split_once('.').map_or("", |(resource, _)| resource)
    }
}

impl TryFrom<String> for Ability {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        Self::new(text)
    }
}

impl Borrow<str> for Ability {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Ability {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Ability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Ability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}
