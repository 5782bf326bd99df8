//! What is remembered while others change it: every order that a scheduler thinks of, of a law at
//! work over a store that remembers, with the very steps of the databases' stores.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

mod woven;

use std::sync::{Arc, Once};

use hos_conformance::campaign::Campaign;
use hos_conformance::ground::Factory as _;
use hos_conformance::planted::{Plant as StorePlant, PlantedFactory};
use hos_conformance::watched::{Witness, fronted, watched};
use hos_core::command::Activation;
use hos_core::memory::MemoryStore;
use hos_core::prelude::*;
use hos_core::store::Backend;
use hos_core::time::SeededIds;
use hos_core::weave::SCHEDULER;
use shuttle::future::block_on;
use shuttle::scheduler::{PctScheduler, RandomScheduler};
use shuttle::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use shuttle::{Runner, thread};

use woven::{Plant, Woven};

const ORDERS: u64 = 300;
const DEPTH: usize = 3;
/// How often each of them does what it does.
const TURNS: usize = 3;

static SCHEDULED: Once = Once::new();

fn explore(property: impl Fn() + Clone + Send + Sync + 'static) {
    SCHEDULED.call_once(|| SCHEDULER.set(hand_over).unwrap());
    let campaign = Campaign::from_environment(ORDERS);
    let orders = usize::try_from(campaign.size.div_ceil(2)).unwrap();
    let config = || {
        let mut config = shuttle::Config::new();
        config.stack_size = 1 << 20;
        config
    };
    let random = RandomScheduler::new_from_seed(campaign.seed, orders);
    Runner::new(random, config()).run(property.clone());
    Runner::new(PctScheduler::new_from_seed(campaign.seed, DEPTH, orders), config()).run(property);
}

/// Any operation on what the scheduler knows is a place to switch.
fn hand_over() {
    AtomicBool::new(false).load(Ordering::SeqCst);
}

fn fails(property: impl Fn() + Clone + Send + Sync + 'static) -> bool {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| explore(property))).is_err()
}

/// Law 1 lets the crew go, law 2 does not.
fn law(version: &str) -> Law {
    let job = Contract::builder("job", "1")
        .states(["live", "done"])
        .initial("live")
        .terminal(["done"])
        .attribute("note", Type::String)
        .open("job.open", Vec::<String>::new())
        .action(
            ActionDefinition::new("go", ["live"], "live", "job.go")
                .input("note", Type::String)
                .set("note", "input.note"),
        )
        .action(ActionDefinition::new("finish", ["live"], "done", "job.finish"));
    let law = Law::builder("harbor", version)
        .roles([RoleDefinition::superuser("root"), RoleDefinition::new("crew")])
        .contract(job.build().unwrap());
    let law = if version == "1" { law.allow("job.go", ["crew"]) } else { law };
    law.build().unwrap()
}

fn job() -> Subject {
    Subject::new("harbor", "pier-1", "job", "j-1").unwrap()
}

fn root() -> Actor {
    Actor::user("root-1").unwrap()
}

fn crew() -> Actor {
    Actor::user("crew-1").unwrap()
}

/// One job under law 1, over a store that remembers.
#[derive(Clone)]
struct Harbor {
    hos: Hos,
    keys: Arc<AtomicU64>,
    witness: Witness,
}

impl Harbor {
    fn new(plant: Plant) -> Self {
        Self::over(Arc::new(MemoryStore::new()), plant)
    }

    fn over(inner: Arc<dyn Backend>, plant: Plant) -> Self {
        let woven = Woven::new(Arc::clone(&inner), plant);
        let (store, witness) = watched(Arc::new(fronted(Box::new(woven), inner)));
        let options = HosOptions::default().ids(SeededIds::new(1));
        let hos = block_on(Hos::open_with([law("1")], store, options)).unwrap();
        let world = World::new("harbor").unwrap();
        let role = Role::new("root").unwrap();
        block_on(hos.bootstrap(&world, root().id(), &role, b"boot")).unwrap();
        let harbor = Self { hos, keys: Arc::default(), witness };
        harbor.change(StandingChange::AddTenant);
        harbor.employ(true);
        block_on(harbor.hos.open_subject(&root(), &job(), Attributes::new(), "open")).unwrap();
        harbor
    }

    fn key(&self) -> String {
        format!("k-{}", self.keys.fetch_add(1, Ordering::Relaxed))
    }

    fn change(&self, change: StandingChange) {
        let Subject { world, tenant, .. } = job();
        let command = StandingCommand::new(&root(), &world, &tenant, change).key(self.key());
        block_on(self.hos.change_standing(&command)).unwrap();
    }

    /// Takes the crew on, or dismisses it.
    fn employ(&self, is_employed: bool) {
        let roles = if is_employed { vec![Role::new("crew").unwrap()] } else { Vec::new() };
        self.change(StandingChange::SetMember { member: crew().id().clone(), roles });
    }

    fn activate(&self, version: &str) {
        let activation = Activation::new(&root(), law(version)).key(self.key());
        block_on(self.hos.activate(&activation)).unwrap();
    }

    /// Whether the crew went; no two notes are alike.
    fn go(&self) -> bool {
        let key = self.key();
        let command = Command::new(&crew(), &job(), "go").input("note", key.as_str()).key(&key);
        block_on(self.hos.transition(&command)).is_ok()
    }

    fn can_go(&self) -> bool {
        let query = Query::new(&crew(), "job.go", &job());
        block_on(self.hos.can(&query)).unwrap().permits()
    }

    fn revision(&self) -> u64 {
        block_on(self.hos.situation(&job())).unwrap().unwrap().snapshot.revision
    }
}

/// The store itself compares each answer with what held at its statement.
fn answers_what_holds(plant: Plant) {
    let harbor = Harbor::new(plant);
    let changed = harbor.clone();
    let changer = thread::spawn(move || {
        for turn in 0..TURNS {
            changed.employ(turn % 2 == 1);
        }
    });
    let readers = [(); 2].map(|()| {
        let harbor = harbor.clone();
        thread::spawn(move || {
            for _ in 0..TURNS {
                harbor.can_go();
            }
        })
    });
    changer.join().unwrap();
    for reader in readers {
        reader.join().unwrap();
    }
    assert_eq!(harbor.can_go(), TURNS % 2 == 0, "what is remembered is of another time");
}

#[test]
fn what_is_answered_is_what_held_when_it_was_asked() {
    explore(|| answers_what_holds(Plant::None));
    assert!(fails(|| answers_what_holds(Plant::EarlyGeneration)), "a planted fault is found");
}

/// The store itself compares each subject that it tells of with what was written.
fn subjects_are_whole(plant: Plant) {
    let harbor = Harbor::new(plant);
    let movers = [(); 2].map(|()| {
        let harbor = harbor.clone();
        thread::spawn(move || (0..TURNS).filter(|_| harbor.go()).count())
    });
    let moved: usize = movers.into_iter().map(|mover| mover.join().unwrap()).sum();
    assert_eq!(harbor.revision(), 1 + moved as u64, "each move upon the one before");
}

#[test]
fn what_is_remembered_of_a_subject_is_whole() {
    explore(|| subjects_are_whole(Plant::None));
    assert!(fails(|| subjects_are_whole(Plant::RemembersConflicts)), "a planted fault is found");
}

/// Nothing that was judged by heart is written after the end of what it was judged on.
fn ends_hold(inner: Arc<dyn Backend>, end: impl Fn(&Harbor) + Send + 'static) {
    let harbor = Harbor::over(inner, Plant::None);
    let is_over = Arc::new(AtomicBool::new(false));
    let (ending, over) = (harbor.clone(), Arc::clone(&is_over));
    let ender = thread::spawn(move || {
        end(&ending);
        over.store(true, Ordering::SeqCst);
    });
    let movers = [(); 2].map(|()| {
        let (harbor, is_over) = (harbor.clone(), Arc::clone(&is_over));
        thread::spawn(move || {
            for _ in 0..TURNS {
                let was_over = is_over.load(Ordering::SeqCst);
                assert!(!harbor.go() || !was_over, "moved after it");
            }
        })
    });
    ender.join().unwrap();
    for mover in movers {
        mover.join().unwrap();
    }
    assert!(!harbor.go());
    assert_eq!(harbor.witness.overtaken(), 0, "written after its end came between");
}

fn memory() -> Arc<dyn Backend> {
    Arc::new(MemoryStore::new())
}

fn planted(plant: StorePlant) -> Arc<dyn Backend> {
    block_on(PlantedFactory(plant).fresh()).backend()
}

#[test]
fn nobody_moves_by_heart_after_a_dismissal() {
    explore(|| ends_hold(memory(), |harbor| harbor.employ(false)));
    let uncompared = || planted(StorePlant::MembersUncompared);
    assert!(fails(move || ends_hold(uncompared(), |harbor| harbor.employ(false))));
}

#[test]
fn nobody_moves_by_heart_after_another_law_came_into_force() {
    explore(|| ends_hold(memory(), |harbor| harbor.activate("2")));
    let uncompared = || planted(StorePlant::StatusUncompared);
    assert!(fails(move || ends_hold(uncompared(), |harbor| harbor.activate("2"))));
}
