//! Where judging happens: the laws in force, the clock, the ids.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arc_swap::ArcSwap;

use super::counting::Counts;
use super::keyring::Keyring;
use super::{HosOptions, LAWS_PREPARED_MAX, LawCheck};
use crate::candidate::Trial;
use crate::commit::Commit;
use crate::error::{Fault, FaultKind, LawError, LawFaults, Place, Refusal};
use crate::id::{Tenant, World};
use crate::judge::Judge;
use crate::law::Law;
use crate::proof::LogEntry;
use crate::recording::Recorder;
use crate::standing::Standing;
use crate::store::Backend;
use crate::time::{Clock, IdSource, ProofId, Timestamp};
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
    /// Laws that are followed when another process puts them in force; the oldest first.
    known: Arc<[Arc<Law>]>,
    /// The generation of the world's status under which it was last looked up whether one of them
    /// is; activating raises it.
    followed: Option<u64>,
}

impl InForce {
    fn new(law: Law) -> Self {
        let (recorded, trial, known, followed) = Default::default();
        Self { law: Arc::new(law), recorded, trial, known, followed }
    }

    /// With one more law to be followed, and in doubt whether it is in force already.
    fn knowing(&self, law: &Arc<Law>) -> Self {
        let others = self.known.iter().filter(|known| known.digest() != law.digest());
        let mut known: Vec<Arc<Law>> = others.chain([law]).cloned().collect();
        known.drain(..known.len().saturating_sub(LAWS_PREPARED_MAX));
        Self { known: known.into(), followed: None, ..self.clone() }
    }

    fn is_followed(&self, status: u64) -> bool {
        self.known.is_empty() || self.followed == Some(status)
    }
}

impl Bench {
    pub(super) fn new(laws: BTreeMap<World, Law>, options: HosOptions) -> Self {
        let HosOptions { deployment, clock, ids, recorder, keyring, checks, .. } = options;
        let in_force = |(world, law)| (world, ArcSwap::from_pointee(InForce::new(law)));
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

    /// Whether a law is in force still, as far as a standing that was read under it tells.
    pub(super) fn is_in_force(&self, law: &Arc<Law>, standing: &Standing) -> bool {
        let Some(in_force) = self.worlds.get(law.world()) else { return false };
        let in_force = in_force.load();
        Arc::ptr_eq(&in_force.law, law) && in_force.is_followed(standing.versions.world.status)
    }

    /// Refuses laws that do not fit the names of the program, or of its recorder.
    pub(super) fn check_all(&self) -> Result<(), Fault> {
        let mut faults = LawFaults::default();
        let named: BTreeSet<&str> = self.checks.iter().map(|(world, _)| *world).collect();
        for world in named.into_iter().filter(|world| !self.worlds.contains_key(*world)) {
            let at = Place::whole(format!("world {world}"));
            faults.add("unknown_world", &at, "the program names it, and it is not opened");
        }
        let laws: Vec<Arc<Law>> =
            self.worlds.values().map(|in_force| Arc::clone(&in_force.load().law)).collect();
        for law in &laws {
            self.check_names(law, &mut faults);
        }
        faults.finish(Some(())).map_err(unfit)?;
        laws.iter().try_for_each(|law| self.check_recorder(law))
    }

    /// Refuses a law that does not fit the names of the program, or of its recorder.
    pub(super) fn check(&self, law: &Law) -> Result<(), Fault> {
        let mut faults = LawFaults::default();
        self.check_names(law, &mut faults);
        faults.finish(Some(())).map_err(unfit)?;
        self.check_recorder(law)
    }

    fn check_names(&self, law: &Law, faults: &mut LawFaults) {
        let own = self.checks.iter().filter(|(world, _)| *law.world() == **world);
        for error in own.filter_map(|(_, check)| check(law).err()) {
            faults.extend(&Place::whole("law"), error);
        }
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
            } else if now.known.is_empty() {
                Arc::new(InForce { law: Arc::clone(law), recorded, ..InForce::clone(now) })
            } else {
                // The one before may come back, by another process too.
                let (law, now) = (Arc::clone(law), now.knowing(&now.law));
                Arc::new(InForce { law, recorded, ..now })
            }
        });
        let is_over = |trial: &&Arc<Trial>| !trial.is_beside(&in_force.load().law);
        if let Some(trial) = before.trial.as_ref().filter(is_over) {
            trial.end(self.clock.now());
        }
    }

    /// From now on a law is followed when another process puts it in force.
    pub(super) fn prepare(&self, law: &Arc<Law>) -> Result<(), Refusal> {
        let in_force = self.worlds.get(law.world()).ok_or(Refusal::InvalidWorld)?;
        in_force.rcu(|now| {
            point();
            Arc::new(now.knowing(law))
        });
        Ok(())
    }

    /// Puts in force here what another process put in force, where this one knows it and the
    /// standing says that something changed.
    pub(super) async fn follow(
        &self,
        store: &dyn Backend,
        world: &World,
        standing: &Standing,
    ) -> Result<(), Fault> {
        let Some(in_force) = self.worlds.get(world) else { return Ok(()) };
        let status = standing.versions.world.status;
        if in_force.load().is_followed(status) {
            return Ok(());
        }
        point();
        // Read after the standing: of what is put in force meanwhile, the next one tells.
        let laws = store.laws(world).await?;
        let before = in_force.load_full();
        let last = laws.last().filter(|last| last.digest != before.law.digest());
        if let Some(last) = last {
            match before.known.iter().find(|law| law.digest() == last.digest) {
                Some(law) => self.swap(law, laws.len()),
                None => {
                    let (version, message) = (&last.version, "a law is in force that is not known");
                    tracing::warn!(target: "hos::law", %world, %version, message);
                }
            }
        }
        in_force.rcu(|now| {
            // What came to be known meanwhile is looked up too.
            let is_same = Arc::ptr_eq(&now.known, &before.known);
            let followed = if is_same { Some(status) } else { now.followed };
            Arc::new(InForce { followed, ..InForce::clone(now) })
        });
        Ok(())
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
        self.judge_at(law, self.clock.now())
    }

    pub(super) fn judge_at<'a>(&'a self, law: &'a Law, now: Timestamp) -> Judge<'a> {
        Judge::new(law, &self.deployment, now, self.ids.as_ref())
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

fn unfit(error: LawError) -> Fault {
    Fault::new(FaultKind::Law, error.to_string()).caused_by(error)
}
