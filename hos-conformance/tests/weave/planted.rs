//! Faults that are planted: the same orders show each.

use std::sync::Arc;

use async_trait::async_trait;
use hos_conformance::ground::Factory as _;
use hos_conformance::planted::{Plant, PlantedFactory};
use hos_conformance::watched::fronted;
use hos_core::commit::{Commit, Outcome};
use hos_core::error::Fault;
use hos_core::prelude::*;
use hos_core::standing::Standing;
use hos_core::store::{Ask, Backend, Store};
use hos_core::weave::point;
use shuttle::future::block_on;
use shuttle::sync::Mutex;
use shuttle::thread;

use crate::harbor::{self, Harbor, activation, permits, world};
use crate::scheduler::fails;
use crate::{memory, no_mixture, no_overtaking, no_waiting};

fn planted(plant: Plant) -> Arc<dyn Backend> {
    block_on(PlantedFactory(plant).fresh()).backend()
}

#[test]
fn a_store_that_forgets_to_compare_is_found() {
    assert!(!fails(|| no_overtaking(planted(Plant::Nothing))), "the naive store is right");
    assert!(fails(|| no_overtaking(planted(Plant::StatusUncompared))));
}

#[test]
fn whoever_looks_twice_for_the_law_is_found() {
    assert!(!fails(|| no_mixture(&Harbor::open(memory()))));
    assert!(fails(|| {
        let harbor = Harbor::open(memory());
        let hos = harbor.hos.clone();
        let activator = thread::spawn(move || activation(&hos, 2).unwrap());
        for (action, allowed, _) in harbor::can_all(&harbor.hos) {
            let law = harbor.hos.law(&world()).unwrap();
            assert_eq!(allowed, permits(law.version().as_str(), action));
        }
        activator.join().unwrap();
    }));
}

#[test]
fn a_lock_around_the_swap_is_found() {
    assert!(!fails(|| no_waiting(&Harbor::open(memory()))));
    assert!(fails(|| {
        let inner = memory();
        let front = Locking { inner: Arc::clone(&inner), lock: Mutex::new(()) };
        no_waiting(&Harbor::over(fronted(Box::new(front), inner)));
    }));
}

/// Readers wait while something is written for the whole world.
struct Locking {
    inner: Arc<dyn Backend>,
    lock: Mutex<()>,
}

#[async_trait]
impl Store for Locking {
    async fn load_all(&self, asks: &[Ask]) -> Result<Vec<Standing>, Fault> {
        drop(self.lock.lock().unwrap());
        self.inner.load_all(asks).await
    }

    async fn commit_all(&self, commits: &[Commit]) -> Vec<Result<Outcome, Fault>> {
        let of_world = commits.iter().any(|commit| *commit.tenant() == Tenant::world());
        let locked = of_world.then(|| self.lock.lock().unwrap());
        if locked.is_some() {
            point();
        }
        let inner = Arc::clone(&self.inner);
        // Nothing in memory waits, so that the lock is held over no true pause.
        let outcomes = block_on(async { inner.commit_all(commits).await });
        drop(locked);
        outcomes
    }
}
