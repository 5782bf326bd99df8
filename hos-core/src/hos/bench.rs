//! Where judging happens: the laws in force, the clock, the ids.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;

use super::counting::Counts;
use super::keyring::Keyring;
use super::{HosOptions, LawCheck};
use crate::candidate::Trial;
use crate::commit::Commit;
use crate::error::{Fault, FaultKind, Refusal};
use crate::id::{Tenant, World};
use crate::judge::Judge;
use crate::law::Law;
use crate::proof::LogEntry;
use crate::recording::Recorder;
use crate::time::{Clock, IdSource, ProofId};
use crate::weave::point;

/// Shared by every clone of one [`Hos`](super::Hos), and by what it lends to transactions.
#[derive(Clone)]
pub(super) struct Bench {
    /// The worlds never change while the law is open; their laws do.
    worlds: Arc<BTreeMap<World, ArcSwap<InForce>>>,
    pub(super) deployment: Arc<str>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ids: Arc<dyn IdSource>,
    pub(super) recorder: Option<Recorder>,
    /// None where parts stay plain.
    pub(super) keyring: Option<Arc<Keyring>>,
    checks: Arc<[LawCheck]>,
    pub(super) counts: Arc<Counts>,
}

/// What holds in one world of this process: one pointer, so that whoever looks sees it whole.
#[derive(Clone)]
struct InForce {
    law: Arc<Law>,
    /// How many laws were recorded when it came into force: whoever comes late with an earlier one
    /// does not undo it.
    recorded: usize,
    trial: Option<Arc<Trial>>,
}

impl Bench {
    pub(super) fn new(laws: BTreeMap<World, Law>, options: HosOptions) -> Self {
        let HosOptions { deployment, clock, ids, recorder, keyring, checks, .. } = options;
        let in_force = |(world, law)| {
            let in_force = InForce { law: Arc::new(law), recorded: 0, trial: None };
            (world, ArcSwap::from_pointee(in_force))
        };
        let worlds = Arc::new(laws.into_iter().map(in_force).collect());
        let (deployment, counts) = (deployment.into(), Arc::default());
        let checks = checks.into();
        Self { worlds, deployment, clock, ids, recorder, keyring, checks, counts }
    }

    pub(super) fn worlds(&self) -> impl Iterator<Item = &World> {
        self.worlds.keys()
    }

    pub(super) fn knows(&self, world: &World) -> bool {
        self.worlds.contains_key(world)
    }

    /// The law in force. Whoever holds it goes on with it, whatever is put in force meanwhile.
    pub(super) fn law(&self, world: &World) -> Result<Arc<Law>, Refusal> {
        let in_force = self.worlds.get(world).ok_or(Refusal::InvalidWorld)?;
        point();
        Ok(Arc::clone(&in_force.load().law))
    }

    /// Refuses a law that does not fit the names of the program, or of its recorder.
    pub(super) fn check(&self, law: &Law) -> Result<(), Fault> {
        let own = self.checks.iter().filter(|(world, _)| *law.world() == **world);
        for (_, check) in own {
            check(law).map_err(|error| Fault::new(FaultKind::Law, error.to_string()))?;
        }
        self.check_recorder(law)
    }

    /// Refuses what is to be left out of records, and stands in no law as it would be then.
    fn check_recorder(&self, next: &Law) -> Result<(), Fault> {
        let Some(recorder) = &self.recorder else { return Ok(()) };
        let others = self.worlds.iter().filter(|(world, _)| *world != next.world());
        let mut laws: Vec<Arc<Law>> =
            others.map(|(_, in_force)| Arc::clone(&in_force.load().law)).collect();
        laws.push(Arc::new(next.clone()));
        let unknown = recorder.unknown(&laws);
        if unknown.is_empty() {
            return Ok(());
        }
        let message = format!(
            "no law declares what the recorder is to leave out: `{}`",
            unknown.join("`, `")
        );
        Err(Fault::new(FaultKind::Law, message))
    }

    /// Puts another law of the same world in force, which was the last of so many that were
    /// recorded. Nobody waits for it. A trial beside the old one is over, and what it found is
    /// kept; where the law is in force already, it goes on.
    pub(super) fn swap(&self, law: &Arc<Law>, recorded: usize) {
        let Some(in_force) = self.worlds.get(law.world()) else { return };
        let before = in_force.rcu(|now| {
            point();
            if now.recorded >= recorded {
                Arc::clone(now)
            } else if now.law.digest() == law.digest() {
                Arc::new(InForce { recorded, ..InForce::clone(now) })
            } else {
                Arc::new(InForce { law: Arc::clone(law), recorded, trial: now.trial.clone() })
            }
        });
        let is_over = |trial: &&Arc<Trial>| !trial.is_beside(&in_force.load().law);
        if let Some(trial) = before.trial.as_ref().filter(is_over) {
            trial.end(self.clock.now());
        }
    }

    /// Begins a trial beside the law in force, or ends it; answers the one before.
    pub(super) fn set_trial(
        &self,
        world: &World,
        begin: impl Fn(&Arc<Law>) -> Option<Trial>,
    ) -> Option<Arc<Trial>> {
        let before = self.worlds.get(world)?.rcu(|now| {
            let trial = begin(&now.law).map(Arc::new);
            point();
            Arc::new(InForce { trial, ..InForce::clone(now) })
        });
        before.trial.clone()
    }

    /// The trial of a candidate beside a law.
    pub(super) fn trial(&self, law: &Arc<Law>) -> Option<Arc<Trial>> {
        point();
        let in_force = self.worlds.get(law.world())?.load();
        in_force.trial.as_ref().filter(|trial| trial.is_beside(law)).cloned()
    }

    pub(super) fn judge<'a>(&'a self, law: &'a Law) -> Judge<'a> {
        Judge::new(law, &self.deployment, self.clock.now(), self.ids.as_ref())
    }

    /// Seals the parts of what was judged, where there is a vault.
    pub(super) async fn seal(&self, commit: &mut Commit) -> Result<(), Fault> {
        match &self.keyring {
            Some(keyring) => keyring.seal(&*self.ids, commit).await,
            None => Ok(()),
        }
    }

    /// Opens the parts of what was read, where there is a vault.
    pub(super) async fn open(
        &self,
        world: &World,
        tenant: &Tenant,
        entries: &mut [LogEntry],
    ) -> Result<(), Fault> {
        self.open_wanted(world, tenant, entries, |_, _| true).await
    }

    /// Opens only the parts that are wanted, each an entry and a name; no other key is unwrapped.
    pub(super) async fn open_wanted(
        &self,
        world: &World,
        tenant: &Tenant,
        entries: &mut [LogEntry],
        is_wanted: impl Fn(ProofId, &str) -> bool,
    ) -> Result<(), Fault> {
        match &self.keyring {
            Some(keyring) => keyring.open(world, tenant, entries, is_wanted).await,
            None => Ok(()),
        }
    }
}
