//! Judges the activation of worlds, laws and contract versions when the law is opened.

use super::Judge;
use crate::actor::Actor;
use crate::command::Envelope;
use crate::commit::{Commit, ContractRecord, LawRecord, StandingRow, StandingWrite};
use crate::contract::Contract;
use crate::digest::Digest;
use crate::id::Tenant;
use crate::proof::{Entry, EntryType};
use crate::standing::Standing;

/// What [`Judge::activation`] brings into the world's log.
pub(crate) enum Activated<'a> {
    World,
    Law,
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
        let (world, tenant) = (self.law.world(), Tenant::world());
        let log = self.origin(world, &tenant);
        let envelope = Envelope::default();
        let (type_, row, name) = match activated {
            Activated::World => (EntryType::World, StandingRow::Scope, "world".to_owned()),
            Activated::Law => {
                let record = LawRecord {
                    version: self.law.version().clone(),
                    digest: self.law.digest(),
                    deployment: self.deployment.to_owned(),
                };
                let name = format!("law {}", record.version);
                (EntryType::Law, StandingRow::Law(record), name)
            }
            Activated::Contract(contract) => {
                let record = ContractRecord {
                    kind: contract.kind().clone(),
                    version: contract.version().clone(),
                    digest: contract.digest(),
                };
                let name = format!("contract {} {}", record.kind, record.version);
                (EntryType::Contract, StandingRow::Contract(record), name)
            }
        };
        let mut leaf = self.leaf(type_, &log, actor, &envelope, None);
        leaf.action = Some("activate");
        match activated {
            Activated::World => leaf.to = Some("open"),
            Activated::Law => leaf.version = Some(self.law.version().as_str()),
            Activated::Contract(contract) => {
                leaf.contract = Some(contract.digest());
                leaf.target = Some(contract.kind().as_str());
                leaf.version = Some(contract.version().as_str());
            }
        }
        let dedup = Some(Digest::of(name.as_bytes()));
        let entry = Entry { dedup, ..leaf.seal(self.ids, Vec::new()) };
        Commit {
            world: world.clone(),
            tenant,
            versions: standing.versions,
            receipt: None,
            changes: Vec::new(),
            standing: Some(StandingWrite { change: row }),
            entries: vec![entry],
            diverged: false,
        }
    }
}
