//! What leaves say of erasures, holds and parts.

use serde::Deserialize;

use crate::error::{Fault, FaultKind};
use crate::id::{ActorId, Name};
use crate::proof::EntryType;
use crate::time::{ProofId, Timestamp};

/// What the leaf of an erasure or a hold says.
#[derive(Deserialize)]
pub(super) struct Said {
    pub(super) action: String,
    pub(super) at: Timestamp,
    pub(super) id: ProofId,
    pub(super) target: Option<ActorId>,
    pub(super) matter: Option<Name>,
    pub(super) through: Option<u32>,
    #[serde(default)]
    pub(super) erased: Vec<ErasedPart>,
}

#[derive(Deserialize)]
pub(super) struct ErasedPart {
    pub(super) id: ProofId,
    pub(super) n: String,
}

impl Said {
    /// None of a leaf of another type, which most are: told before it is parsed.
    pub(super) fn read(leaf: &str) -> Result<Option<Self>, Fault> {
        let is = |type_: EntryType| leaf.contains(&format!("\"typ\":\"{}\"", type_.as_str()));
        if !is(EntryType::Erasure) && !is(EntryType::Hold) {
            return Ok(None);
        }
        serde_json::from_str(leaf).map(Some).map_err(corrupt)
    }
}

/// The parts that a leaf binds.
#[derive(Deserialize)]
pub(super) struct Bound {
    #[serde(default)]
    prt: Vec<BoundPart>,
}

#[derive(Deserialize)]
struct BoundPart {
    pub(super) n: String,
}

impl Bound {
    pub(super) fn read(leaf: &str) -> Result<Self, Fault> {
        serde_json::from_str(leaf).map_err(corrupt)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.prt.iter().any(|part| part.n == name)
    }
}

fn corrupt(error: serde_json::Error) -> Fault {
    Fault::new(FaultKind::Corrupt, "a leaf of an erasure cannot be read").caused_by(error)
}
