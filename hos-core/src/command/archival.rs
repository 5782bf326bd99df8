//! Taking segments of a log out of the store, and back.

use super::envelope::{Envelope, envelope_builders, fingerprint};
use crate::actor::Actor;
use crate::digest::Digest;
use crate::id::{RequestId, Tenant, World};
use crate::proof::{SegmentFiles, SegmentRecord};
use crate::value::Value;

/// Says that a segment of a log was written to the archive, or came back from it: keyed, permitted
/// as `hos.archive` by the standing in the whole world, recorded as proof.
///
/// Whoever sends it answers for the files: from then on the store may let go of the rows.
#[derive(Debug, Clone)]
#[must_use]
pub struct Archival {
    pub(crate) actor: Actor,
    pub(crate) world: World,
    pub(crate) tenant: Tenant,
    pub(crate) change: ArchivalChange,
    pub(crate) seen: Option<u64>,
    pub(crate) envelope: Envelope,
}

/// Which way a segment goes.
///
/// Exhaustive: out or back.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "out or back")]
pub enum ArchivalChange {
    /// Its files were written and verified; the archive answers for it.
    Archive {
        /// The files.
        files: SegmentFiles,
        /// How often it went out or came back before; even.
        turn: u32,
    },
    /// Its rows were put back and verified; the store answers for it.
    Restore {
        /// How it stands: archived.
        record: SegmentRecord,
    },
}

impl Archival {
    /// Says which way a segment of a tenant's log goes.
    pub fn new(actor: &Actor, world: &World, tenant: &Tenant, change: ArchivalChange) -> Self {
        let (world, tenant) = (world.clone(), tenant.clone());
        let envelope = Envelope::default();
        Self { actor: actor.clone(), world, tenant, change, seen: None, envelope }
    }

    /// The [`Hos::part_generation`](crate::hos::Hos::part_generation) that was seen before the
    /// files were written: one that has risen since is a conflict, for parts may have been erased
    /// that the files hold.
    pub fn seen(mut self, generation: u64) -> Self {
        self.seen = Some(generation);
        self
    }

    envelope_builders!();

    pub(crate) fn fingerprint(&self) -> Digest {
        match &self.change {
            ArchivalChange::Archive { files, turn } => {
                fingerprint(&self.actor, "archive", |object| {
                    object.object("files", |object| files.encode(object));
                    object.integer("turn", *turn);
                })
            }
            ArchivalChange::Restore { record } => fingerprint(&self.actor, "restore", |object| {
                object.integer("end", record.end);
                object.display("entry", record.entry);
                object.integer("first", record.first);
            }),
        }
    }
}
