//! The law, embedded: loads, judges, commits. The one file where judging and keeping meet.

mod activating;
mod anchoring;
mod archived;
mod archiving;
mod batch;
mod bench;
mod case;
mod correcting;
mod counting;
mod epochs;
mod erasing;
mod exporting;
mod following;
mod joining;
mod keeping;
mod keyring;
mod migrating;
mod proving;
mod reading;
mod registering;
mod sealing;
mod searching;
mod settle;
mod telling;
mod timers;
mod trying;
mod within;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tracing::Instrument as _;

pub use anchoring::{Anchoring, ProvenAnchor};
pub use counting::{COUNTED_ABILITIES_MAX, DecisionCounts};
pub use epochs::{EPOCH_NOTE_BYTES_MAX, EPOCHS_MAX};
pub use erasing::{ErasureWalk, HOLDS_WALKED_MAX, RepeatedErasures};
pub use exporting::{Anchored, EXPORTED_MAX, Export};
pub use following::LAWS_PREPARED_MAX;
pub use keyring::PERSONS_CACHED_MAX;
pub use migrating::{MIGRATION_EXAMPLES_MAX, MigrationReport};
pub use proving::Proven;
pub use sealing::{SEALED_TILES_MAX, SealReport, Sealer, Sealing};
pub use telling::ENTRIES_WALKED_MAX;
pub use within::{Denials, Within};

use bench::Bench;
use keyring::Keyring;
use settle::{Place, ask_open, ask_transition, noted, settle, span};

use crate::actor::Actor;
use crate::command::{Adoption, Command, Opening};
use crate::error::{Error, Fault, FaultKind, LawError};
use crate::id::World;
use crate::law::Law;
use crate::laws::Contracts;
use crate::receipt::Receipt;
use crate::recording::Recorder;
use crate::store::{ArchiveReader, Backend, Store};
use crate::subject::Subject;
use crate::time::{Clock, IdSource, RandomIds, SystemClock};
use crate::typed::{self, Machine, Names};
use crate::value::Attributes;
use crate::vault::{KeyWrapper, Vault};

/// How often a command is judged anew after a conflict.
pub const ATTEMPTS_MAX: u32 = 16;
/// How long a timer that could not be fired waits at least.
pub const TIMER_RETRY: Duration = Duration::from_secs(60);
/// The longest that a timer which is refused again and again waits.
pub const TIMER_RETRY_MAX: Duration = Duration::from_secs(3_600);
/// A timer that is refused for longer is stuck: somebody has to look.
pub const TIMER_STUCK_AFTER: Duration = Duration::from_secs(86_400);
/// The most timers that one call fires.
pub const TIMERS_FIRED_MAX: u32 = 1_000;
/// The longest deployment name, in bytes.
pub const DEPLOYMENT_BYTES_MAX: usize = 128;

/// The law, embedded in the process, over a store.
///
/// Cheap to clone; every clone is the same law over the same store.
#[derive(Clone)]
pub struct Hos {
    bench: Bench,
    store: Arc<dyn Backend>,
    archive: Option<Arc<dyn ArchiveReader>>,
}

impl std::fmt::Debug for Hos {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let worlds: Vec<&World> = self.bench.worlds().collect();
        f.debug_struct("Hos").field("worlds", &worlds).finish_non_exhaustive()
    }
}

/// What [`Hos`] is opened with beside laws and a store.
#[derive(Clone)]
#[must_use]
pub struct HosOptions {
    deployment: String,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    recorder: Option<Recorder>,
    keyring: Option<Arc<Keyring>>,
    checks: Vec<LawCheck>,
    archive: Option<Arc<dyn ArchiveReader>>,
}

/// Whether a law fits the names of a program, of which world the check is.
type LawCheck = (&'static str, fn(&Law) -> Result<(), LawError>);

impl Default for HosOptions {
    fn default() -> Self {
        let deployment = "hos.local".to_owned();
        let (clock, ids) = (Arc::new(SystemClock), Arc::new(RandomIds));
        let (recorder, keyring, archive) = (None, None, None);
        Self { deployment, clock, ids, recorder, keyring, checks: Vec::new(), archive }
    }
}

impl std::fmt::Debug for HosOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HosOptions").field("deployment", &self.deployment).finish_non_exhaustive()
    }
}

impl HosOptions {
    /// The name that begins the origin of every log, such as `evidence.example.com`. A store keeps
    /// the one that it was first opened with. 1..=128 bytes of `[A-Za-z0-9._/-]`.
    pub fn deployment(mut self, name: &str) -> Self {
        name.clone_into(&mut self.deployment);
        self
    }

    /// Where the time comes from.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Where ids and salts come from.
    pub fn ids(mut self, ids: impl IdSource + 'static) -> Self {
        self.ids = Arc::new(ids);
        self
    }

    /// Refuses a law, when it is opened and when it is put in force, that does not fit the names
    /// of a program. The world of the names has to be opened, too.
    pub fn machine<M: Machine>(mut self) -> Self {
        self.checks.push((M::WORLD, M::check));
        self
    }

    /// Refuses a law of a world, as [`HosOptions::machine`] does, that does not know every ability
    /// of a program.
    pub fn abilities<N: Names>(mut self, world: &'static str) -> Self {
        self.checks.push((world, typed::check_abilities::<N>));
        self
    }

    /// Refuses a law of a world, as [`HosOptions::machine`] does, that does not declare every role
    /// of a program.
    pub fn roles<N: Names>(mut self, world: &'static str) -> Self {
        self.checks.push((world, typed::check_roles::<N>));
        self
    }

    /// Seals the parts of entries under their person's key, which the vault keeps and a master key
    /// wraps, so that one person can be erased; see [`Hos::erase`]. Without one, parts are plain.
    ///
    /// The part of an entry is about the person whom its command names (`person(..)`), else about
    /// the acting user; what programs do about nobody stays plain, and so does the list of subjects
    /// of a migration. Every process that opens the law over the same store is to have the vault.
    pub fn vault(mut self, vault: Arc<dyn Vault>, master: Arc<dyn KeyWrapper>) -> Self {
        self.keyring = Some(Arc::new(Keyring::new(vault, master)));
        self
    }

    /// Keeps decisions, as the recorder says, so that they can be replayed on a candidate.
    pub fn recorder(mut self, recorder: &Recorder) -> Self {
        self.recorder = Some(recorder.clone());
        self
    }

    /// Where archived entries are read. Without it, a call that meets one answers a fault of the
    /// kind [`Archived`](FaultKind::Archived).
    pub fn archive(mut self, archive: impl ArchiveReader + 'static) -> Self {
        self.archive = Some(Arc::new(archive));
        self
    }
}

impl Hos {
    /// Opens the law over a store: registers the worlds, and records law and contract versions
    /// that the store has not seen.
    ///
    /// # Errors
    ///
    /// A [`Fault`] of the kind `Law` when two laws name one world, when a known version comes with
    /// another digest, when a live subject pins a contract version that the law lacks, when a law
    /// lacks names of the program ([`HosOptions::machine`], [`HosOptions::abilities`],
    /// [`HosOptions::roles`]; the source of the fault is a [`LawError`] with all of them), or when
    /// the store was opened under another deployment name; else what the store says.
    pub async fn open(
        laws: impl IntoIterator<Item = Law>,
        store: impl Backend + 'static,
    ) -> Result<Self, Fault> {
        Self::open_with(laws, store, HosOptions::default()).await
    }

    /// As [`Hos::open`], with options.
    ///
    /// # Errors
    ///
    /// As [`Hos::open`].
    pub async fn open_with(
        laws: impl IntoIterator<Item = Law>,
        store: impl Backend + 'static,
        options: HosOptions,
    ) -> Result<Self, Fault> {
        let hos = Self::assemble(laws, Arc::new(store), options)?;
        hos.register().await?;
        Ok(hos)
    }

    fn assemble(
        laws: impl IntoIterator<Item = Law>,
        store: Arc<dyn Backend>,
        mut options: HosOptions,
    ) -> Result<Self, Fault> {
        registering::check_deployment(&options.deployment)?;
        let mut by_world = BTreeMap::new();
        for law in laws {
            let world = law.world().clone();
            if by_world.insert(world.clone(), law).is_some() {
                let message = format!("two laws name the world `{world}`; give one");
                return Err(Fault::new(FaultKind::Law, message));
            }
        }
        let archive = options.archive.take();
        let hos = Self { bench: Bench::new(by_world, options), store, archive };
        hos.bench.check_all()?;
        Ok(hos)
    }

    /// The law of a world that is in force in this process.
    #[must_use]
    pub fn law(&self, world: &World) -> Option<Arc<Law>> {
        self.bench.law(world).ok()
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Backend> {
        &self.store
    }

    /// The same law over another store, such as a transaction of the caller's. Nothing is retried
    /// there: a conflict is returned.
    pub fn over<'t>(&self, store: impl Store + 't) -> Within<'t> {
        Within::new(self.bench.clone(), Box::new(store))
    }

    /// Opens a subject: the paved path of [`Contracts::open`].
    ///
    /// # Errors
    ///
    /// As [`Contracts::open`].
    pub async fn open_subject(
        &self,
        actor: &Actor,
        subject: &Subject,
        attributes: Attributes,
        key: impl AsRef<[u8]> + Send,
    ) -> Result<Receipt, Error> {
        self.open(&Opening::new(actor, subject).attributes(&attributes).key(key)).await
    }

    /// Gives recorded entries that have no place in their log yet their index, at most so many;
    /// answers with how many it is done. To be called again and again, by any process, where a
    /// store stages its proofs; always 0 where entries are numbered as they are recorded.
    ///
    /// An entry whose leaf is not what its hash says is set aside, with an alarm (an error under
    /// the target `hos::quarantine`), and holds up nobody: [`Hos::quarantined`] names it, and its
    /// [`proof_state`](Hos::proof_state) says so.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn sequence_pending(&self, limit: u32) -> Result<u32, Fault> {
        self.store.sequence_pending(limit.min(crate::proof::PAGE_MAX)).await
    }

    /// Deletes receipts whose retention has passed, at most so many.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub async fn sweep_receipts(&self, limit: u32) -> Result<u32, Fault> {
        self.store.sweep_receipts(self.bench.clock.now(), limit).await
    }
}

fn internal(error: impl std::error::Error + Send + Sync + 'static) -> Fault {
    Fault::new(FaultKind::Internal, error.to_string()).caused_by(error)
}

#[async_trait]
impl Contracts for Hos {
    async fn open(&self, opening: &Opening) -> Result<Receipt, Error> {
        let ask = ask_open(opening);
        let span = span("open", &ask, opening.envelope.request.as_ref());
        let settle =
            settle(&self.bench, Place::Own(&*self.store), &ask, ATTEMPTS_MAX, None, opening);
        async { noted(settle.await) }.instrument(span).await
    }

    async fn adopt(&self, adoption: &Adoption) -> Result<Receipt, Error> {
        let ask = ask_open(&adoption.opening);
        let span = span("adopt", &ask, adoption.opening.envelope.request.as_ref());
        let settle =
            settle(&self.bench, Place::Own(&*self.store), &ask, ATTEMPTS_MAX, None, adoption);
        async { noted(settle.await) }.instrument(span).await
    }

    async fn transition(&self, command: &Command) -> Result<Receipt, Error> {
        let ask = ask_transition(command);
        let span = span("transition", &ask, command.envelope.request.as_ref());
        let settle =
            settle(&self.bench, Place::Own(&*self.store), &ask, ATTEMPTS_MAX, None, command);
        async { noted(settle.await) }.instrument(span).await
    }
}
