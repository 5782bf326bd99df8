//! What the leaf of an erasure or a hold says beside what every leaf says.

use crate::time::ProofId;

/// Codes, numbers and names of parts only.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ErasureFacts<'a> {
    /// Why it is lawful.
    pub(crate) basis: Option<&'a str>,
    /// Who asked for it.
    pub(crate) requester: Option<&'a str>,
    /// For what a hold is.
    pub(crate) matter: Option<&'a str>,
    pub(crate) method: Option<&'a str>,
    /// The last of the person's epochs whose keys it destroys.
    pub(crate) through: Option<u32>,
    /// Single parts, each an entry and a name.
    pub(crate) parts: &'a [(ProofId, String)],
}
