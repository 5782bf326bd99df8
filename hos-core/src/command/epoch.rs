//! Going on with a database that came back from an older backup, and with another key.

use hos_verify::note::VerifierKey;

use super::envelope::{Envelope, envelope_builders, fingerprint};
use crate::actor::Actor;
use crate::digest::Digest;
use crate::id::{RequestId, Tenant, World};
use crate::seal::LogName;
use crate::value::Value;

/// Opens an epoch of a log: the database came back from a backup, what was signed since is lost,
/// and a person decided to go on with what is there. Keyed, permitted as `hos.epoch` by the
/// standing in the whole world, recorded as `epoch/1` with the last note that is known and how many
/// entries came back; the reason stands beside it.
#[derive(Debug, Clone)]
#[must_use]
pub struct EpochOpening {
    pub(crate) actor: Actor,
    pub(crate) world: World,
    pub(crate) tenant: Tenant,
    pub(crate) of_deployment: bool,
    pub(crate) note: String,
    pub(crate) reason: String,
    pub(crate) envelope: Envelope,
}

impl EpochOpening {
    /// Opens one of a tenant's log, whose last known note is this one: as the keeper, or an
    /// outsider, holds it.
    pub fn new(actor: &Actor, world: &World, tenant: &Tenant, note: &str, reason: &str) -> Self {
        Self {
            actor: actor.clone(),
            world: world.clone(),
            tenant: tenant.clone(),
            of_deployment: false,
            note: note.to_owned(),
            reason: reason.to_owned(),
            envelope: Envelope::default(),
        }
    }

    /// Opens one of the deployment's log. Its leaves are checkpoints, so that the entry stands in
    /// the log of this world.
    pub fn of_deployment(actor: &Actor, world: &World, note: &str, reason: &str) -> Self {
        Self { of_deployment: true, ..Self::new(actor, world, &Tenant::world(), note, reason) }
    }

    envelope_builders!();

    /// Whose epoch it is.
    pub(crate) fn log(&self) -> LogName {
        if self.of_deployment {
            LogName::Deployment
        } else {
            LogName::of(&self.world, &self.tenant)
        }
    }

    pub(crate) fn fingerprint(&self) -> Digest {
        fingerprint(&self.actor, "epoch", |object| {
            if self.of_deployment {
                object.string("log", "deployment");
            }
            object.string("note", &self.note);
            object.string("reason", &self.reason);
        })
    }
}

/// Announces a key that will sign checkpoints: keyed, permitted as `hos.key` in the whole world,
/// recorded as `key/1` in the world's log.
///
/// Sealed under the key that signs today, the entry tells whoever trusts that one of the next:
/// announce it before the old key is put away.
#[derive(Debug, Clone)]
#[must_use]
pub struct KeyAnnouncement {
    pub(crate) actor: Actor,
    pub(crate) world: World,
    pub(crate) key: VerifierKey,
    pub(crate) envelope: Envelope,
}

impl KeyAnnouncement {
    /// Announces a key in the log of a world.
    pub fn new(actor: &Actor, world: &World, key: &VerifierKey) -> Self {
        let (actor, world, key) = (actor.clone(), world.clone(), key.clone());
        Self { actor, world, key, envelope: Envelope::default() }
    }

    envelope_builders!();

    pub(crate) fn fingerprint(&self) -> Digest {
        fingerprint(&self.actor, "key", |object| object.display("key", &self.key))
    }
}
