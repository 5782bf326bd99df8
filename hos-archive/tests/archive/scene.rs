//! A small deployment in memory, sealed, and its archive.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hos_archive::{ArchiveTarget, Archivist, Expectation, FileName, MemoryTarget, Source};
use hos_core::actor::Actor;
use hos_core::command::Record;
use hos_core::hos::{Hos, HosOptions, Sealing};
use hos_core::id::{ActorId, Role, Tenant, World};
use hos_core::law::Law;
use hos_core::laws::{Proofs as _, Registry as _};
use hos_core::memory::MemoryStore;
use hos_core::note::{SignedNote, SigningKey};
use hos_core::policy::RoleDefinition;
use hos_core::seal::{Keys, LogName, MemoryKeeper};
use hos_core::time::{Clock, ManualClock, SeededIds, Timestamp};
use hos_verify::policy::Policy;

pub(crate) const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Clone)]
pub(crate) struct Hands(Arc<ManualClock>);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

/// A law over a world whose own log is written to.
pub(crate) struct Scene {
    pub(crate) hos: Hos,
    pub(crate) world: World,
    pub(crate) clock: Arc<ManualClock>,
}

impl Scene {
    /// A sealed log of more than so many entries, all of them old.
    pub(crate) async fn new(entries: u64) -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp::from_micros(1_795_251_600_000_000)));
        let law = Law::builder("pazar", "1").roles([RoleDefinition::superuser("root")]);
        let options = HosOptions::default()
            .deployment("archive.example")
            .clock(Hands(Arc::clone(&clock)))
            .ids(SeededIds::new(11));
        let laws = [law.build().unwrap()];
        let hos = Hos::open_with(laws, MemoryStore::new(), options).await.unwrap();
        let scene = Self { hos, world: World::new("pazar").unwrap(), clock };
        let (root, role) = (ActorId::new("root").unwrap(), Role::new("root").unwrap());
        scene.hos.bootstrap(&scene.world, &root, &role, b"first").await.unwrap();
        scene.grow(entries).await;
        scene.seal().await;
        scene.clock.advance(DAY * 100);
        scene
    }

    pub(crate) async fn grow(&self, entries: u64) {
        self.grow_with("note", entries).await;
    }

    /// Grows by records of a kind.
    pub(crate) async fn grow_with(&self, kind: &str, entries: u64) {
        let tenant = Tenant::world();
        while self.hos.head(&self.world, &tenant).await.unwrap().size < entries {
            let size = self.hos.head(&self.world, &tenant).await.unwrap().size;
            let mut record = Record::new(&actor(), &self.world, &tenant, kind);
            if size % 16 == 0 {
                record = record.payload("said", format!("{size} çay"));
            }
            self.hos.record(&record.key(size.to_be_bytes())).await.unwrap();
        }
    }

    pub(crate) async fn seal(&self) {
        let keeper = Arc::new(MemoryKeeper::default());
        let sealer = self.hos.sealer(Keys::new(key()), keeper).unwrap();
        sealer.seal(&self.world, &Tenant::world()).await.unwrap();
    }

    /// Appends the last checkpoint to the deployment's log, which a witness sees.
    pub(crate) async fn anchor(&self) {
        let keeper = Arc::new(MemoryKeeper::default());
        let sealer = self.hos.sealer(Keys::new(key()), keeper).unwrap();
        let Sealing::Sealed(checkpoint) = sealer.anchor_round(1).await.unwrap().sealing else {
            panic!("the deployment's log grew")
        };
        let note = SignedNote::parse(checkpoint.note.as_bytes()).unwrap();
        let now = u64::try_from(self.clock.now().as_micros()).unwrap() / 1_000_000;
        let mut signatures = note.signatures().to_vec();
        signatures.push(witness().cosign(now, note.text()));
        let note = SignedNote::new(note.text(), signatures).unwrap().to_string();
        self.hos.cosigned(&note, &[witness().cosigner_key()]).await.unwrap();
    }

    pub(crate) fn archivist(&self, target: impl ArchiveTarget + 'static) -> Archivist {
        Archivist::new(&self.hos, target, &actor()).at_most(256)
    }

    /// Archives so many segments of 256 entries.
    pub(crate) async fn archive(&self, segments: usize) -> Kept {
        let target = MemoryTarget::new();
        for _ in 0..segments {
            let archivist = self.archivist(target.clone());
            archivist.archive(&self.world, &Tenant::world()).await.unwrap().expect("it is due");
        }
        Kept::of(&target)
    }

    pub(crate) fn expectation(&self) -> Expectation {
        Expectation {
            origin: self.hos.origin(&LogName::of(&self.world, &Tenant::world())),
            now: self.clock.now(),
            policy: Some(policy()),
            known: None,
            known_epoch: 1,
            segments: Vec::new(),
        }
    }
}

pub(crate) fn actor() -> Actor {
    Actor::user("root").unwrap()
}

/// The policy of whoever trusts the key that seals.
pub(crate) fn policy() -> Policy {
    let key = key().verifier_key();
    Policy::parse(format!("log {key}\nquorum none\n").as_bytes()).unwrap()
}

/// The policy of whoever asks for the witness, too.
pub(crate) fn witnessed_policy() -> Policy {
    let (log, witness) = (key().verifier_key(), witness().cosigner_key());
    Policy::parse(format!("log {log}\nwitness w {witness}\nquorum w\n").as_bytes()).unwrap()
}

fn witness() -> SigningKey {
    SigningKey::from_seed("witness.example", &[9; 32]).unwrap()
}

fn key() -> SigningKey {
    SigningKey::from_seed("archive.example", &[7; 32]).unwrap()
}

/// The files of one log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kept(pub(crate) BTreeMap<FileName, Vec<u8>>);

impl Kept {
    fn of(target: &MemoryTarget) -> Self {
        let mut kept = BTreeMap::new();
        target.tamper(|files| {
            kept = files.iter().map(|((_, name), bytes)| (*name, bytes.clone())).collect();
        });
        Self(kept)
    }
}

impl Source for Kept {
    fn list(&self) -> std::io::Result<Vec<FileName>> {
        Ok(self.0.keys().copied().collect())
    }

    fn read(&self, name: FileName, from: u64, length: usize) -> std::io::Result<Option<Vec<u8>>> {
        let from = usize::try_from(from).unwrap();
        let bytes = |file: &Vec<u8>| {
            let from = from.min(file.len());
            file[from..(from + length).min(file.len())].to_vec()
        };
        Ok(self.0.get(&name).map(bytes))
    }
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}
