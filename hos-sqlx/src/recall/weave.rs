//! What is remembered while others change it: every order that a scheduler thinks of, of what a
//! store does around the one statement that asks and the one that writes.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

use std::sync::{Arc, Once};

use hos_conformance::campaign::Campaign;
use hos_core::id::{ActorId, Name, Role, State, Tenant, Version, World};
use hos_core::standing::{ActorStanding, Standing, Versions, WorldStatus};
use hos_core::subject::Snapshot;
use hos_core::time::ProofId;
use hos_core::value::Attributes;
use hos_core::weave::SCHEDULER;
use shuttle::scheduler::{PctScheduler, RandomScheduler};
use shuttle::sync::Mutex;
use shuttle::sync::atomic::{AtomicBool, Ordering};
use shuttle::{Runner, thread};

use super::*;

const ORDERS: u64 = 2_000;
const DEPTH: usize = 3;
/// How often each of them does what it does.
const TURNS: u8 = 3;

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

/// One member and one subject: the generation says what the member is, the revision what the
/// subject is like.
struct Database {
    rows: Mutex<(u8, u8)>,
    recall: Recall,
    /// A store that says of a standing that it is of the time before the statement.
    is_planted: bool,
}

impl Database {
    fn new(is_planted: bool) -> Arc<Self> {
        let recall = Recall::new(16, 1 << 20);
        Arc::new(Self { rows: Mutex::new((0, 0)), recall, is_planted })
    }

    /// As a store loads: what is remembered, one statement, and what it brought. Answers the
    /// generation and the revision of that moment, and the standing.
    fn load(&self) -> (u8, u8, Standing) {
        let ask = ask();
        let remembered = self.recall.known.get(&ask);
        let seen = remembered.as_ref().map(|(seen, _)| *seen);
        let before = self.rows.lock().unwrap().0;
        let (generation, revision) = *self.rows.lock().unwrap();
        let still = if self.is_planted { before } else { generation };
        let bare = match remembered {
            Some((_, standing)) if seen == Some(i64::from(still)) => standing,
            _ => self.recall.known.insert(&ask, i64::from(still), standing(generation)),
        };
        let standing = Standing { subjects: vec![Some(snapshot(revision))], ..bare };
        self.recall.loaded(&[ask], std::slice::from_ref(&standing));
        (generation, revision, standing)
    }

    /// As a store commits: what was read is compared, and then it is written.
    fn go(&self, standing: &Standing) -> bool {
        let read = standing.subjects[0].as_ref().unwrap();
        let mut rows = self.rows.lock().unwrap();
        let holds = standing.actor.roles == roles(rows.0) && read.revision == u64::from(rows.1);
        if holds {
            rows.1 += 1;
        }
        let now = rows.1;
        drop(rows);
        if holds {
            self.recall.snapshots.insert(&ask().subjects[0], &snapshot(now));
        } else {
            self.recall.snapshots.lose(&ask().subjects[0]);
        }
        holds
    }
}

fn ask() -> Ask {
    Ask {
        world: World::new("harbor").unwrap(),
        tenant: Tenant::new("pier-1").unwrap(),
        actor: ActorId::new("crew-1").unwrap(),
        subjects: vec![Subject::new("harbor", "pier-1", "job", "j-1").unwrap()],
        key: None,
    }
}

fn roles(generation: u8) -> Vec<Role> {
    vec![Role::new(format!("role_{generation}")).unwrap()]
}

fn standing(generation: u8) -> Standing {
    let actor = ActorStanding { roles: roles(generation), ..ActorStanding::default() };
    Standing {
        world: Some(WorldStatus::Open),
        tenant_exists: true,
        versions: Versions::default(),
        actor: Arc::new(actor),
        modes: Arc::default(),
        subjects: Vec::new(),
        receipt: None,
    }
}

/// The attributes and the proof say of which revision they are; each is longer than the last.
fn snapshot(revision: u8) -> Snapshot {
    let mut attributes = Attributes::new();
    attributes.set(Name::new("note").unwrap(), "x".repeat(usize::from(revision)));
    Snapshot {
        state: State::new("live").unwrap(),
        revision: revision.into(),
        attributes: Arc::new(attributes),
        contract: Version::new("1").unwrap(),
        proof_id: ProofId::from_bytes([revision; 16]),
    }
}

fn answers_what_holds(is_planted: bool) {
    let database = Database::new(is_planted);
    let changed = Arc::clone(&database);
    let changer = thread::spawn(move || {
        for _ in 0..TURNS {
            changed.rows.lock().unwrap().0 += 1;
        }
    });
    let readers = [(); 2].map(|()| {
        let database = Arc::clone(&database);
        thread::spawn(move || {
            for _ in 0..TURNS {
                let (generation, _, standing) = database.load();
                assert_eq!(standing.actor.roles, roles(generation), "answered by heart");
            }
        })
    });
    changer.join().unwrap();
    for reader in readers {
        reader.join().unwrap();
    }
    let (generation, _, standing) = database.load();
    assert_eq!(standing.actor.roles, roles(generation), "what is remembered is of another time");
}

#[test]
fn what_is_answered_is_what_held_when_it_was_asked() {
    explore(|| answers_what_holds(false));
    assert!(fails(|| answers_what_holds(true)), "a planted fault is found");
}

#[test]
fn what_is_remembered_of_a_subject_is_whole() {
    explore(|| {
        let database = Database::new(false);
        let movers = [(); 2].map(|()| {
            let database = Arc::clone(&database);
            thread::spawn(move || {
                let mut moved = 0;
                for _ in 0..TURNS {
                    let recalled = database.recall.standing(&ask());
                    let standing = recalled.unwrap_or_else(|| database.load().2);
                    let read = standing.subjects[0].clone().unwrap();
                    let revision = u8::try_from(read.revision).unwrap();
                    assert_eq!(read, snapshot(revision), "of several times");
                    moved += u8::from(database.go(&standing));
                }
                moved
            })
        });
        let moved: u8 = movers.into_iter().map(|mover| mover.join().unwrap()).sum();
        assert_eq!(database.rows.lock().unwrap().1, moved, "each move upon the one before");
    });
}
