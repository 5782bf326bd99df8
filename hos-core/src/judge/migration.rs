//! Judges a batch of subjects that are to pin another contract version.

use std::sync::Arc;

use super::{Judge, Permission, Stop, Verdict, action_name, check_bag, refuse_faults};
use crate::command::Migration;
use crate::commit::{MIGRATION_BYTES_MAX, MigrationCommit, Pinned, Repinned, TimerWrite};
use crate::condition::Nothing;
use crate::contract::Contract;
use crate::digest::Digest;
use crate::encoding::{encode, encode_attributes};
use crate::error::{InputFault, Refusal};
use crate::id::{ActionName, CommandKey, State, SubjectId};
use crate::law::MigrationMap;
use crate::proof::{Entry, EntryType, part};
use crate::receipt::{BatchReceipt, Effect, Receipt, StepReceipt};
use crate::standing::{Standing, Versions};
use crate::subject::{Snapshot, Subject, SubjectView};
use crate::value::Attributes;

/// What an actor needs to migrate, in the world: no tenant moves itself to another contract.
const ABILITY: &str = "hos.migrate";

/// That a migration may go on, and under which standing.
#[derive(Debug)]
pub struct MigrationPermit<'a> {
    pub(crate) map: &'a MigrationMap,
    permission: Permission,
    versions: Versions,
    /// None in shadow, which keeps nothing.
    keyed: Option<Keyed>,
}

/// Under what a batch is kept.
#[derive(Debug)]
struct Keyed {
    key: CommandKey,
    fingerprint: Digest,
    action: ActionName,
}

/// Subjects that pin the old version, as they were read.
#[derive(Debug)]
pub struct MigrationPage {
    /// The subjects, by id.
    pub subjects: Vec<Pinned>,
    /// The last of them that was read, if others may follow.
    pub end: Option<SubjectId>,
    /// How many were left out, because they moved meanwhile.
    pub skipped: u32,
}

/// A subject that the new contract does not admit: it stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationFailure {
    /// Which one.
    pub subject: SubjectId,
    /// Its state.
    pub state: State,
    /// Why, in terms of the new contract.
    pub faults: Vec<InputFault>,
}

/// What a page of subjects comes to.
#[derive(Debug)]
pub struct MigrationVerdict {
    /// What it comes to. The subjects after those that were judged would make the batch too large.
    pub batch: BatchReceipt,
    /// Subjects that stay as they are.
    pub failures: Vec<MigrationFailure>,
    /// To be written; none in shadow, and when no subject is to be.
    pub commit: Option<Box<MigrationCommit>>,
}

impl<'a> Judge<'a> {
    /// Whether a migration may go on: of a tenant, by the actor's standing in the whole world.
    ///
    /// # Errors
    ///
    /// The receipt of the same command, or a [`Refusal`], in this order: `MissingKey` and
    /// `KeyReused`, but in shadow, `InvalidInput` of the context, `InvalidWorld`, `WorldClosed`,
    /// `Banned`, `NotFound`, `Denied`, `InvalidInput` for a migration that the law does not
    /// declare; `Conflict` when the two standings were not read at once.
    pub fn permit_migration(
        &self,
        migration: &Migration,
        standing: &Standing,
        of_world: &Standing,
    ) -> Result<MigrationPermit<'a>, Verdict> {
        self.permitted(migration, standing, of_world).map_err(Verdict::from)
    }

    fn permitted(
        &self,
        migration: &Migration,
        standing: &Standing,
        of_world: &Standing,
    ) -> Result<MigrationPermit<'a>, Stop> {
        let Migration { actor, kind, from, to, envelope, .. } = migration;
        let keyed = if migration.shadow {
            let mut faults = envelope.faults.clone();
            check_bag("actor", actor.claims(), self.law.actor(), &[], &mut faults);
            check_bag("context", &envelope.context, self.law.context(), &[], &mut faults);
            refuse_faults(faults)?;
            None
        } else {
            let admitted = self.admit(actor, envelope, standing, || migration.fingerprint());
            let (key, fingerprint) = admitted?;
            Some(Keyed { key, fingerprint, action: action_name("migrate")? })
        };
        if standing.versions.world != of_world.versions.world {
            return Err(Refusal::Conflict.into());
        }
        self.require_open(standing)?;
        self.require_not_banned(standing)?;
        if !standing.tenant_exists {
            return Err(Refusal::NotFound.into());
        }
        let context = &envelope.context;
        let Some(permission) = self.permit(actor, ABILITY, &Nothing, context, of_world) else {
            let known = standing.actor.is_insider(self.now);
            return Err(if known { Refusal::Denied } else { Refusal::NotFound }.into());
        };
        let map = self.law.migration(kind, from, to).ok_or_else(|| {
            let message = format!("`{kind}` has no migration from `{from}` to `{to}`");
            Refusal::InvalidInput(vec![InputFault::new("migration", message)])
        })?;
        Ok(MigrationPermit { map, permission, versions: standing.versions, keyed })
    }

    /// What becomes of a page of subjects that pin the old version.
    #[must_use]
    pub fn migrate(
        &self,
        migration: &Migration,
        permit: &MigrationPermit<'_>,
        page: &MigrationPage,
    ) -> MigrationVerdict {
        let (mut becoming, mut failures) = (Vec::new(), Vec::new());
        let (mut bytes, mut judged) = (0, None);
        for pinned in &page.subjects {
            let next = self.become_of(migration, permit.map, pinned);
            bytes += next.as_ref().map_or(0, |next| next.attributes.bytes());
            if bytes > MIGRATION_BYTES_MAX && judged.is_some() {
                break;
            }
            judged = Some(&pinned.id);
            match next {
                Ok(next) => becoming.push(next),
                Err(failure) => failures.push(failure),
            }
        }
        let is_whole = judged == page.subjects.last().map(|pinned| &pinned.id);
        let batch = BatchReceipt {
            migrated: count(becoming.len()),
            skipped: page.skipped,
            failed: count(failures.len()),
            next: if is_whole { page.end.clone() } else { judged.cloned() },
        };
        let commit = permit.keyed.as_ref().filter(|_| !becoming.is_empty()).map(|keyed| {
            Box::new(self.migration_commit(migration, permit, (keyed, &batch), becoming))
        });
        MigrationVerdict { batch, failures, commit }
    }

    fn become_of<'p>(
        &self,
        migration: &Migration,
        map: &'p MigrationMap,
        pinned: &'p Pinned,
    ) -> Result<Becoming<'p>, MigrationFailure> {
        let Pinned { id, snapshot, .. } = pinned;
        let subject = Subject {
            world: migration.world.clone(),
            tenant: migration.tenant.clone(),
            kind: map.to().kind().clone(),
            id: id.clone(),
        };
        let attributes = map.attributes(&SubjectView::of(&subject, snapshot), self.now);
        let (to, mut faults) = (map.to(), Vec::new());
        let required = to.open().required();
        check_bag("attributes", &attributes, to.attributes(), required, &mut faults);
        let state = map.state(snapshot.state.as_str());
        match state {
            Some(state) if faults.is_empty() => Ok(Becoming { pinned, state, attributes }),
            _ => {
                if state.is_none() {
                    faults.push(InputFault::new("state", "is none of the old contract"));
                }
                let (subject, state) = (id.clone(), snapshot.state.clone());
                Err(MigrationFailure { subject, state, faults })
            }
        }
    }

    fn migration_commit(
        &self,
        migration: &Migration,
        permit: &MigrationPermit<'_>,
        (keyed, batch): (&Keyed, &BatchReceipt),
        becoming: Vec<Becoming<'_>>,
    ) -> MigrationCommit {
        let entry = self.seal_migration(migration, permit, &becoming);
        let to = permit.map.to();
        let step = StepReceipt {
            proof_id: entry.id(),
            subject: None,
            action: keyed.action.clone(),
            from: None,
            to: None,
            revision: 0,
            effect: Effect::Moved,
            contract_version: Some(to.version().clone()),
        };
        let receipt = Receipt { batch: Some(batch.clone()), ..self.receipt(step) };
        let repinned = |Becoming { pinned, state, attributes }: Becoming<'_>| Repinned {
            id: pinned.id.clone(),
            from_proof: pinned.snapshot.proof_id,
            after: Snapshot {
                state: state.clone(),
                revision: pinned.snapshot.revision,
                attributes: Arc::new(attributes),
                contract: to.version().clone(),
                proof_id: entry.id(),
            },
            timers: self.carried_timers(to, state, &pinned.timers),
        };
        MigrationCommit {
            world: migration.world.clone(),
            tenant: migration.tenant.clone(),
            kind: to.kind().clone(),
            versions: permit.versions,
            receipt: self.keep(keyed.key.clone(), keyed.fingerprint, receipt),
            subjects: becoming.into_iter().map(repinned).collect(),
            entry,
        }
    }

    fn seal_migration(
        &self,
        migration: &Migration,
        permit: &MigrationPermit<'_>,
        becoming: &[Becoming<'_>],
    ) -> Entry {
        let Migration { actor, world, tenant, envelope, .. } = migration;
        let (from, to) = (permit.map.from(), permit.map.to());
        let log = self.origin(world, tenant);
        let permission = Some(permit.permission);
        let mut leaf = self.leaf(EntryType::Migration, &log, actor, envelope, permission);
        leaf.action = Some("migrate");
        leaf.target = Some(to.kind().as_str());
        leaf.from = Some(from.version().as_str());
        leaf.to = Some(to.version().as_str());
        leaf.contract = Some(to.digest());
        leaf.migrated = Some((from.digest(), count(becoming.len())));
        leaf.seal(self.ids, vec![(part::SUBJECTS, subjects_body(becoming))])
    }

    /// The timers of the new state: one that runs already keeps its time, others begin now.
    fn carried_timers(
        &self,
        contract: &Contract,
        state: &State,
        running: &[TimerWrite],
    ) -> Vec<TimerWrite> {
        let timers = contract.timers().iter().filter(|timer| timer.state() == state);
        let carried = |timer: &crate::contract::Timer| {
            let kept = running.iter().find(|running| running.action == *timer.action());
            let due_at = kept.map_or_else(|| self.now.after(timer.after()), |kept| kept.due_at);
            TimerWrite { action: timer.action().clone(), due_at }
        };
        timers.map(carried).collect()
    }
}

fn count(subjects: usize) -> u32 {
    // OK because a batch is bounded.
    u32::try_from(subjects).unwrap_or(u32::MAX)
}

/// A subject and what becomes of it.
struct Becoming<'p> {
    pinned: &'p Pinned,
    state: &'p State,
    attributes: Attributes,
}

/// What the entry's part says of each subject: enough to compare every one with the proof.
fn subjects_body(becoming: &[Becoming<'_>]) -> String {
    encode(200 * becoming.len() + 32, |object| {
        object.objects("subjects", becoming, |object, Becoming { pinned, state, attributes }| {
            object.display("attributes", Digest::of(encode_attributes(attributes).as_bytes()));
            object.string("from", pinned.snapshot.state.as_str());
            object.string("id", pinned.id.as_str());
            object.integer("revision", pinned.snapshot.revision);
            object.string("to", state.as_str());
        });
    })
}
