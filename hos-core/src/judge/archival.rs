//! Judges whether a segment of a log may go to the archive, or come back.

use super::{Judge, Stop, Verdict, action_name};
use crate::command::{Archival, ArchivalChange};
use crate::commit::{Commit, StandingRow, StandingWrite};
use crate::condition::Nothing;
use crate::error::{InputFault, Refusal};
use crate::proof::{Entry, EntryType, SegmentRecord};
use crate::receipt::{Effect, StepReceipt};
use crate::standing::Standing;

/// What an actor needs to archive, in the world: no tenant takes its own log out of the store.
const ABILITY: &str = "hos.archive";

impl Judge<'_> {
    /// Judges by the actor's standing in the whole world; `standing` is that in the tenant.
    ///
    /// Closing a world never stops it: what is kept goes on being kept somewhere.
    #[must_use]
    pub fn archive(&self, command: &Archival, standing: &Standing, of_world: &Standing) -> Verdict {
        self.archive_commit(command, standing, of_world).into()
    }

    fn archive_commit(
        &self,
        command: &Archival,
        standing: &Standing,
        of_world: &Standing,
    ) -> Result<Commit, Stop> {
        let Archival { actor, world, tenant, change, envelope, .. } = command;
        let (key, fingerprint) = self.admit(actor, envelope, standing, || command.fingerprint())?;
        let is_stale = command.seen.is_some_and(|seen| seen != standing.versions.tenant.grants);
        if standing.versions.world != of_world.versions.world || is_stale {
            return Err(Refusal::Conflict.into());
        }
        self.require_not_banned(standing)?;
        if !standing.tenant_exists && !tenant.is_world() {
            return Err(Refusal::NotFound.into());
        }
        let Some(permission) = self.permit(actor, ABILITY, &Nothing, &envelope.context, of_world)
        else {
            let known = standing.actor.is_insider(self.now) || tenant.is_world();
            return Err(if known { Refusal::Denied } else { Refusal::NotFound }.into());
        };
        check(change)?;
        let log = self.origin(world, tenant);
        let mut leaf = self.leaf(type_of(change), &log, actor, envelope, Some(permission));
        leaf.action = Some(way(change));
        match change {
            ArchivalChange::Archive { files, .. } => leaf.archived = Some(files),
            ArchivalChange::Restore { record } => leaf.reference = Some((record.entry, "restore")),
        }
        let entry = leaf.seal(self.ids, Vec::new());
        let row = StandingRow::Segment(record(change, &entry));
        let step = StepReceipt {
            proof_id: entry.id(),
            subject: None,
            action: action_name(way(change))?,
            from: None,
            to: None,
            revision: 0,
            effect: Effect::Moved,
            contract_version: None,
        };
        Ok(Commit {
            world: world.clone(),
            tenant: tenant.clone(),
            versions: standing.versions,
            receipt: Some(self.keep(key, fingerprint, self.receipt(step))),
            changes: Vec::new(),
            standing: Some(StandingWrite { change: row }),
            entries: vec![entry],
            shadowed: Vec::new(),
            person: None,
        })
    }
}

fn way(change: &ArchivalChange) -> &'static str {
    match change {
        ArchivalChange::Archive { .. } => "archive",
        ArchivalChange::Restore { .. } => "restore",
    }
}

fn type_of(change: &ArchivalChange) -> EntryType {
    match change {
        ArchivalChange::Archive { .. } => EntryType::Archive,
        ArchivalChange::Restore { .. } => EntryType::Restore,
    }
}

fn check(change: &ArchivalChange) -> Result<(), Refusal> {
    let fault = match change {
        ArchivalChange::Archive { files, .. } if !files.is_cut_right() => {
            Some(InputFault::new("files", "is not cut as segments are"))
        }
        ArchivalChange::Archive { turn, .. } if !turn.is_multiple_of(2) => {
            Some(InputFault::new("turn", "is that of a segment that was archived already"))
        }
        ArchivalChange::Restore { record } if !record.is_archived() => {
            Some(InputFault::new("record", "is of a segment that was restored already"))
        }
        _ => None,
    };
    fault.map_or(Ok(()), |fault| Err(Refusal::InvalidInput(vec![fault])))
}

fn record(change: &ArchivalChange, entry: &Entry) -> SegmentRecord {
    match change {
        ArchivalChange::Archive { files, turn } => SegmentRecord {
            first: files.first,
            end: files.end,
            turn: *turn,
            entry: entry.id(),
            manifest: files.manifest,
            least: files.least,
            greatest: files.greatest,
        },
        ArchivalChange::Restore { record } => SegmentRecord {
            turn: record.turn.saturating_add(1),
            entry: entry.id(),
            ..record.clone()
        },
    }
}
