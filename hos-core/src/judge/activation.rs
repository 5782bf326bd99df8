//! Judges the activation of worlds, laws and contract versions: when the law is opened, and when
//! another law is put in force.

use super::{Judge, Stop, Verdict, action_name};
use crate::actor::Actor;
use crate::command::{Activation, Envelope};
use crate::commit::{Commit, ContractRecord, LawRecord, StandingRow, StandingWrite};
use crate::condition::Nothing;
use crate::contract::Contract;
use crate::digest::Digest;
use crate::error::Refusal;
use crate::id::Tenant;
use crate::proof::{Entry, EntryType};
use crate::receipt::{Effect, StepReceipt};
use crate::standing::Standing;

/// What [`Judge::activation`] brings into the world's log.
pub(crate) enum Activated<'a> {
    World,
    /// The law; with it, what was in force before, oldest first.
    Law(&'a [LawRecord]),
    Contract(&'a Contract),
}

impl Judge<'_> {
    /// The commits that bring the world itself, this law and its contracts into the world's log.
    pub(crate) fn activation(
        &self,
        actor: &Actor,
        standing: &Standing,
        activated: &Activated<'_>,
    ) -> Commit {
        let envelope = Envelope::default();
        let log = self.origin(self.law.world(), &Tenant::world());
        let leaf = |type_| self.leaf(type_, &log, actor, &envelope, None);
        let dedup = |name: &str| Some(Digest::of(name.as_bytes()));
        let (row, entry) = match activated {
            Activated::World => {
                let mut leaf = leaf(EntryType::World);
                (leaf.action, leaf.to) = (Some("activate"), Some("open"));
                let entry = leaf.seal(self.ids, Vec::new());
                (StandingRow::Scope, Entry { dedup: dedup("world"), ..entry })
            }
            Activated::Law(before) => {
                let mut leaf = leaf(EntryType::Law);
                leaf.action = Some(self.way_into_force(before));
                leaf.from = before.last().map(|record| record.version.as_str());
                leaf.version = Some(self.law.version().as_str());
                (StandingRow::Law(self.law_record()), leaf.seal(self.ids, Vec::new()))
            }
            Activated::Contract(contract) => {
                let (kind, version) = (contract.kind().clone(), contract.version().clone());
                let mut leaf = leaf(EntryType::Contract);
                leaf.action = Some("activate");
                leaf.contract = Some(contract.digest());
                (leaf.target, leaf.version) = (Some(kind.as_str()), Some(version.as_str()));
                let entry = leaf.seal(self.ids, Vec::new());
                let entry = Entry { dedup: dedup(&format!("contract {kind} {version}")), ..entry };
                let digest = contract.digest();
                (StandingRow::Contract(ContractRecord { kind, version, digest }), entry)
            }
        };
        Commit {
            world: self.law.world().clone(),
            tenant: Tenant::world(),
            versions: standing.versions,
            receipt: None,
            changes: Vec::new(),
            standing: Some(StandingWrite { change: row }),
            entries: vec![entry],
            person: None,
            shadowed: Vec::new(),
        }
    }

    /// Judges, by the law that is in force, whether another takes its place.
    ///
    /// `before` is what was in force until now, oldest first, under the generations of `standing`.
    pub(crate) fn activate(
        &self,
        command: &Activation,
        before: &[LawRecord],
        standing: &Standing,
    ) -> Verdict {
        self.activate_commit(command, before, standing).into()
    }

    fn activate_commit(
        &self,
        command: &Activation,
        before: &[LawRecord],
        standing: &Standing,
    ) -> Result<Commit, Stop> {
        let Activation { actor, law, envelope } = command;
        let (key, fingerprint) = self.admit(actor, envelope, standing, || command.fingerprint())?;
        self.require_not_banned(standing)?;
        let context = &envelope.context;
        let permission = self.permit(actor, "hos.law", &Nothing, context, standing);
        let permission = permission.ok_or(Refusal::Denied)?;
        let next = self.under(law);
        let log = self.origin(law.world(), &Tenant::world());
        let mut leaf = next.leaf(EntryType::Law, &log, actor, envelope, Some(permission));
        let way = next.way_into_force(before);
        leaf.action = Some(way);
        leaf.from = before.last().map(|record| record.version.as_str());
        leaf.version = Some(law.version().as_str());
        let entry = leaf.seal(self.ids, Vec::new());
        let step = StepReceipt {
            proof_id: entry.id(),
            subject: None,
            action: action_name(way)?,
            from: None,
            to: None,
            revision: 0,
            effect: Effect::Moved,
            contract_version: None,
        };
        Ok(Commit {
            world: law.world().clone(),
            tenant: Tenant::world(),
            versions: standing.versions,
            receipt: Some(self.keep(key, fingerprint, self.receipt(step))),
            changes: Vec::new(),
            standing: Some(StandingWrite { change: StandingRow::Law(next.law_record()) }),
            entries: vec![entry],
            person: None,
            shadowed: Vec::new(),
        })
    }

    /// Whether the law is new, or comes back.
    fn way_into_force(&self, before: &[LawRecord]) -> &'static str {
        let is_known = before.iter().any(|record| record.version == *self.law.version());
        if is_known { "roll_back" } else { "activate" }
    }

    fn law_record(&self) -> LawRecord {
        LawRecord {
            version: self.law.version().clone(),
            digest: self.law.digest(),
            deployment: self.deployment.to_owned(),
        }
    }
}
