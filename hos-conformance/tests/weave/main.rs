//! Another law comes into force while calls are under way: every order in which they may come
//! between each other that a scheduler thinks of, at each place where the law lets somebody in.
//!
//! Only with `--cfg shuttle`: `cargo xtask campaign weave`. `HOS_CAMPAIGN_SIZE` is the number of
//! orders of each property, `HOS_CAMPAIGN_SEED` the seed.

#![cfg(shuttle)]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test binary")]

mod harbor;
mod planted;
mod scheduler;

use std::sync::Arc;

use hos_core::candidate::Candidate;
use hos_core::memory::MemoryStore;
use hos_core::store::Backend;
use shuttle::sync::atomic::{AtomicBool, Ordering};
use shuttle::thread;

use harbor::{ACTIONS, Harbor, activation, law, permits, world};
use scheduler::{Stop, explore, stop};

/// How often each reader asks.
const ASKED: usize = 2;

fn memory() -> Arc<dyn Backend> {
    Arc::new(MemoryStore::new())
}

#[test]
fn no_answer_mixes_two_laws() {
    explore(|| no_mixture(&Harbor::open(memory())));
}

fn no_mixture(harbor: &Harbor) {
    let hos = harbor.hos.clone();
    let activator = thread::spawn(move || {
        activation(&hos, 2).unwrap();
        activation(&hos, 1).unwrap();
    });
    let hos = harbor.hos.clone();
    let reader = thread::spawn(move || {
        for decision in (0..ASKED).flat_map(|_| harbor::can_all(&hos)) {
            assert_eq!(decision.1, permits(&decision.2, decision.0), "{decision:?}");
        }
    });
    let moves = harbor::mover(&harbor.hos);
    activator.join().unwrap();
    reader.join().unwrap();
    for (action, version) in moves.join().unwrap() {
        assert!(permits(&version, action), "`{action}` was let through by law {version}");
    }
    for (action, digest) in harbor.leaves() {
        let of = (1..=3).find(|number| law(*number).digest().to_string() == digest).unwrap();
        assert!(permits(&of.to_string(), &action), "`{action}` names law {of} in its proof");
    }
}

#[test]
fn after_an_activation_every_call_here_uses_its_law() {
    explore(|| {
        let harbor = Harbor::open(memory());
        let is_over = Arc::new(AtomicBool::new(false));
        let (hos, over) = (harbor.hos.clone(), Arc::clone(&is_over));
        let activator = thread::spawn(move || {
            activation(&hos, 2).unwrap();
            over.store(true, Ordering::SeqCst);
        });
        for _ in 0..ASKED {
            let was_over = is_over.load(Ordering::SeqCst);
            for (_, _, version) in harbor::can_all(&harbor.hos) {
                assert!(!was_over || version == "2", "asked after it, answered by law {version}");
            }
            let was_over = is_over.load(Ordering::SeqCst);
            if let Ok(receipt) = harbor::go(&harbor.hos, "left") {
                assert!(!was_over, "moved by law {} after it", receipt.policy_version);
            }
        }
        activator.join().unwrap();
    });
}

#[test]
fn of_two_activations_the_one_recorded_last_is_in_force() {
    explore(|| {
        let harbor = Harbor::open(memory());
        let activators = [2, 3].map(|version| {
            let hos = harbor.hos.clone();
            thread::spawn(move || activation(&hos, version).unwrap())
        });
        for activator in activators {
            activator.join().unwrap();
        }
        let here = harbor.hos.law(&world()).unwrap().digest();
        let recorded = shuttle::future::block_on(harbor.hos.law_in_force(&world()));
        assert_eq!(here, recorded.unwrap().unwrap().digest);
    });
}

#[test]
fn a_candidate_is_weighed_until_another_law_comes() {
    explore(|| {
        let harbor = Harbor::open(memory());
        let hos = harbor.hos.clone();
        let activator = thread::spawn(move || activation(&hos, 2).unwrap());
        let before = harbor.hos.law(&world()).unwrap();
        harbor.hos.set_candidate(&Candidate::new(law(3))).unwrap();
        let decided: Vec<_> = harbor::can_all(&harbor.hos);
        activator.join().unwrap();
        match harbor.hos.divergences(&world()) {
            Some(report) => {
                assert_eq!(report.live.version, "2", "beside a law that is over");
                assert!(report.judged <= decided.len() as u64);
            }
            None => assert_eq!(*before.version(), "1", "it was lost"),
        }
    });
}

#[test]
fn what_was_judged_before_an_activation_is_not_written_after_it() {
    explore(|| no_overtaking(memory()));
}

fn no_overtaking(store: Arc<dyn Backend>) {
    let (store, witness) = hos_conformance::watched::watched(store);
    let harbor = Harbor::over(store);
    let hos = harbor.hos.clone();
    let activator = thread::spawn(move || activation(&hos, 2).unwrap());
    let movers = [harbor::mover(&harbor.hos), harbor::mover(&harbor.hos)];
    activator.join().unwrap();
    for mover in movers {
        mover.join().unwrap();
    }
    assert_eq!(witness.overtaken(), 0, "written after a law came between");
}

#[test]
fn whoever_stops_in_an_activation_holds_up_nobody() {
    explore(|| no_waiting(&Harbor::open(memory())));
}

fn no_waiting(harbor: &Harbor) {
    let gate = Stop::default();
    let (hos, stopped) = (harbor.hos.clone(), gate.clone());
    let activator = thread::spawn(move || {
        stop(&stopped);
        activation(&hos, 2).unwrap();
    });
    for _ in 0..ASKED {
        for (action, allowed, version) in harbor::can_all(&harbor.hos) {
            assert_eq!(allowed, permits(&version, action));
        }
        for action in ACTIONS {
            drop(harbor::go(&harbor.hos, action));
        }
    }
    gate.go_on();
    activator.join().unwrap();
}
