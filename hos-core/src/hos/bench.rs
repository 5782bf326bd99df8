//! Where judging happens: the laws in force, the clock, the ids.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::{ArcSwap, ArcSwapOption};

use super::keyring::Keyring;
use super::{HosOptions, LawCheck};
use crate::candidate::Trial;
use crate::command::Command;
use crate::commit::Commit;
use crate::error::{Fault, FaultKind, Refusal};
use crate::id::{Tenant, World};
use crate::judge::{Judge, Verdict};
use crate::law::Law;
use crate::proof::LogEntry;
use crate::recording::Recorder;
use crate::standing::Standing;
use crate::time::{Clock, IdSource};

/// Shared by every clone of one [`Hos`](super::Hos), and by what it lends to transactions.
#[derive(Clone)]
pub(super) struct Bench {
    /// The worlds never change while the law is open; their laws do.
    worlds: Arc<BTreeMap<World, InForce>>,
    pub(super) deployment: Arc<str>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ids: Arc<dyn IdSource>,
    pub(super) recorder: Option<Recorder>,
    /// None where parts stay plain.
    pub(super) keyring: Option<Arc<Keyring>>,
    checks: Arc<[LawCheck]>,
    pub(super) divergences: Arc<AtomicU64>,
}

/// What holds in one world of this process.
struct InForce {
    law: ArcSwap<Law>,
    trial: ArcSwapOption<Trial>,
}

impl Bench {
    pub(super) fn new(laws: BTreeMap<World, Law>, options: HosOptions) -> Self {
        let HosOptions { deployment, clock, ids, recorder, keyring, checks } = options;
        let in_force = |(world, law)| {
            (world, InForce { law: ArcSwap::from_pointee(law), trial: ArcSwapOption::empty() })
        };
        let worlds = Arc::new(laws.into_iter().map(in_force).collect());
        let (deployment, divergences) = (deployment.into(), Arc::default());
        let checks = checks.into();
        Self { worlds, deployment, clock, ids, recorder, keyring, checks, divergences }
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
        Ok(in_force.law.load_full())
    }

    /// Refuses a law that does not fit the names of the program.
    pub(super) fn check(&self, law: &Law) -> Result<(), Fault> {
        let own = self.checks.iter().filter(|(world, _)| *law.world() == **world);
        for (_, check) in own {
            check(law).map_err(|error| Fault::new(FaultKind::Law, error.to_string()))?;
        }
        Ok(())
    }

    /// Puts another law of the same world in force. Nobody waits for it. A trial beside the old
    /// one is over; where the law is in force already, nothing happens.
    pub(super) fn swap(&self, law: Arc<Law>) {
        let Some(in_force) = self.worlds.get(law.world()) else { return };
        if in_force.law.load().digest() != law.digest() {
            in_force.law.store(law);
            in_force.trial.store(None);
        }
    }

    pub(super) fn set_trial(&self, world: &World, trial: Option<Trial>) -> Option<Arc<Trial>> {
        self.worlds.get(world)?.trial.swap(trial.map(Arc::new))
    }

    /// The trial of a candidate beside a law.
    pub(super) fn trial(&self, law: &Arc<Law>) -> Option<Arc<Trial>> {
        let trial = self.worlds.get(law.world())?.trial.load();
        trial.as_ref().filter(|trial| trial.is_beside(law)).cloned()
    }

    pub(super) fn judge<'a>(&'a self, law: &'a Law) -> Judge<'a> {
        Judge::new(law, &self.deployment, self.clock.now(), self.ids.as_ref())
    }

    /// Judges a transition, beside the candidate where there is one.
    pub(super) fn transition(
        &self,
        law: &Arc<Law>,
        command: &Command,
        standing: &Standing,
    ) -> Verdict {
        let judge = self.judge(law);
        let verdict = judge.transition(command, standing);
        if let Some(trial) = self.trial(law) {
            trial.transition(&judge, command, standing, &verdict);
        }
        verdict
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
        match &self.keyring {
            Some(keyring) => keyring.open(world, tenant, entries).await,
            None => Ok(()),
        }
    }

    pub(super) fn count_divergence(&self, commit: &Commit) {
        if commit.diverged {
            self.divergences.fetch_add(1, Ordering::Relaxed);
            let world = &commit.world;
            tracing::warn!(target: "hos::shadow", %world, "policy would have denied");
        }
    }
}
