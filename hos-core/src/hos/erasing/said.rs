//! What leaves say of erasures, holds and parts.

use serde::Deserialize;

use super::person;
use crate::error::{Fault, FaultKind};
use crate::id::{ActorId, Name, Tenant, World};
use crate::proof::EntryType;
use crate::time::{ProofId, Timestamp};
use crate::vault::Person;

/// What the leaf of an erasure or a hold says.
#[derive(Deserialize)]
pub(super) struct Said {
    pub(super) action: String,
    pub(super) at: Timestamp,
    pub(super) id: ProofId,
    pub(super) target: Option<ActorId>,
    pub(super) matter: Option<Name>,
    pub(super) through: Option<u32>,
    /// Which placing of a hold it ends.
    pub(super) until: Option<Timestamp>,
    #[serde(default)]
    pub(super) erased: Vec<ErasedPart>,
}

#[derive(Deserialize)]
pub(super) struct ErasedPart {
    pub(super) id: ProofId,
    pub(super) n: String,
}

impl Said {
    /// Whom a hold is on, and for which matter; none for an erasure.
    pub(super) fn hold(&self, world: &World, tenant: &Tenant) -> Option<(Person, Name)> {
        let (target, matter) = (self.target.as_ref()?, self.matter.as_ref()?);
        Some((person(world, tenant, target), matter.clone()))
    }

    /// Whether a hold is placed, not lifted.
    pub(super) fn places(&self) -> bool {
        self.action == "place"
    }

    /// None of a leaf of another type, which most are: told before it is parsed.
    pub(super) fn read(leaf: &str) -> Result<Option<Self>, Fault> {
        let is = |type_: EntryType| leaf.contains(&format!("\"typ\":\"{}\"", type_.as_str()));
        if !is(EntryType::Erasure) && !is(EntryType::Hold) {
            return Ok(None);
        }
        serde_json::from_str(leaf).map(Some).map_err(corrupt)
    }
}

/// The parts that a leaf binds, and whom it names.
#[derive(Deserialize)]
pub(super) struct Bound {
    #[serde(default)]
    prt: Vec<BoundPart>,
    actor: Named,
    target: Option<ActorId>,
}

#[derive(Deserialize)]
struct Named {
    p: ActorId,
}

#[derive(Deserialize)]
struct BoundPart {
    pub(super) n: String,
}

impl Bound {
    pub(super) fn read(leaf: &str) -> Result<Self, Fault> {
        serde_json::from_str(leaf).map_err(corrupt)
    }

    /// Whom a part that no key tells of may be about: who acted, and whom it was done to.
    pub(super) fn persons(self) -> Vec<ActorId> {
        self.target.into_iter().chain([self.actor.p]).collect()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.prt.iter().any(|part| part.n == name)
    }
}

fn corrupt(error: serde_json::Error) -> Fault {
    Fault::new(FaultKind::Corrupt, "a leaf of an erasure cannot be read").caused_by(error)
}
