//! Epochs: what the leaf of one that begins says, and how a store counts them.

use crate::encoding::ObjectWriter;
use crate::id::{Tenant, World};
use crate::time::ProofId;

/// What the leaf of an `epoch/1` says beside what every leaf says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EpochFacts {
    /// Which epoch begins.
    pub(crate) number: u64,
    /// How many entries at least came back as they were signed.
    pub(crate) size: u64,
    /// The last note that is known of what was before.
    pub(crate) note: String,
}

impl EpochFacts {
    pub(super) fn encode(&self, object: &mut ObjectWriter<'_>) {
        object.integer("n", self.number);
        object.string("note", &self.note);
        object.integer("size", self.size);
    }
}

/// An epoch of a log as a store counts it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "what a store keeps of an epoch")]
pub struct EpochRecord {
    /// Whether it is one of the deployment's log; else of the log that has its entry.
    pub of_deployment: bool,
    /// Which one: the first that an entry opens is 2.
    pub number: u64,
    /// The entry that opens it.
    pub entry: ProofId,
    /// The world in whose log the entry is.
    pub world: World,
    /// The tenant, likewise.
    pub tenant: Tenant,
}
