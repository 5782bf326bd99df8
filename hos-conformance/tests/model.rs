//! The commit protocol, searched in full within bounds, and held to the store in memory.
//!
//! `HOS_CAMPAIGN_SIZE` is the number of traces, `HOS_CAMPAIGN_SEED` the first seed.

#![expect(clippy::print_stdout, reason = "a search says how far it went")]

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_executor::block_on;
use hos_conformance::campaign::Campaign;
use hos_conformance::model::{
    ALWAYS, Action, Group, Mutant, Protocol, Replay, SOMETIMES, State, Tally, edges,
};
use hos_core::memory::MemoryStore;
use hos_core::store::Backend;
use stateright::{Checker, Model, Property};

/// A protocol as a checker searches it.
struct Searched(Protocol);

impl Model for Searched {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![self.0.start()]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        actions.extend(self.0.actions(state));
    }

    /// The processes are alike: which of two is where makes no difference.
    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = self.0.next(state, action);
        next.processes.sort_unstable();
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let always = ALWAYS_HELD.iter().zip(ALWAYS);
        let always = always.map(|(holds, (name, _))| Property::always(name, *holds));
        let sometimes = SOMETIMES_SEEN.iter().zip(SOMETIMES);
        always.chain(sometimes.map(|(seen, (name, _))| Property::sometimes(name, *seen))).collect()
    }
}

/// Steps of the whole for each of the campaign's traces.
const STEPS_EACH: usize = 5_000;

type Holds = fn(&Searched, &State) -> bool;

const ALWAYS_HELD: [Holds; 10] = [
    held::<0>, held::<1>, held::<2>, held::<3>, held::<4>, held::<5>, held::<6>, held::<7>,
    held::<8>, held::<9>,
];
const SOMETIMES_SEEN: [Holds; 12] = [
    seen::<0>, seen::<1>, seen::<2>, seen::<3>, seen::<4>, seen::<5>, seen::<6>, seen::<7>,
    seen::<8>, seen::<9>, seen::<10>, seen::<11>,
];

fn held<const AT: usize>(model: &Searched, state: &State) -> bool {
    ALWAYS[AT].1(&model.0, state)
}

fn seen<const AT: usize>(_: &Searched, state: &State) -> bool {
    state.sight == SOMETIMES[AT].1
}

/// What was violated, and what was seen; the search ends after so many steps, if it is told so.
fn search(
    protocol: Protocol,
    steps_max: Option<usize>,
) -> (Vec<&'static str>, BTreeSet<&'static str>) {
    let (name, mutant) = (protocol.name, protocol.mutant);
    let mut checker = Searched(protocol).checker().threads(2);
    if let Some(steps_max) = steps_max {
        checker = checker.target_state_count(steps_max);
    }
    let checker = checker.spawn_bfs().join();
    let found: BTreeSet<&'static str> = checker.discoveries().into_keys().collect();
    let violated: Vec<&str> =
        ALWAYS.iter().map(|(name, _)| *name).filter(|name| found.contains(name)).collect();
    let (states, steps) = (checker.unique_state_count(), checker.state_count());
    let extent = if checker.is_done() && steps_max.is_none_or(|max| steps < max) {
        "all"
    } else {
        "the first"
    };
    let mutant = mutant.map(|mutant| format!(" without {mutant:?}")).unwrap_or_default();
    println!("{name}{mutant}: {extent} {states} states by {steps} steps: {violated:?}");
    (violated, found)
}

fn protocols() -> [Protocol; 3] {
    [Protocol::race(), Protocol::key(), Protocol::standing()]
}

#[test]
fn every_property_holds_in_every_state_and_every_sight_is_seen() {
    let mut seen = BTreeSet::new();
    for protocol in protocols() {
        let (violated, found) = search(protocol, None);
        assert_eq!(violated, [""; 0]);
        seen.extend(found);
    }
    let missed = SOMETIMES.iter().map(|(name, _)| *name).filter(|name| !seen.contains(name));
    assert_eq!(missed.collect::<Vec<_>>(), [""; 0]);
}

/// Each rule, and what is violated without it.
const MISSED: [(Mutant, &str); 13] = [
    (Mutant::ProofUncompared, "of parallel one-shots one moves"),
    (Mutant::GroupUncompared(Group::Members), OVERTAKEN),
    (Mutant::GroupUncompared(Group::Bans), OVERTAKEN),
    (Mutant::GroupUncompared(Group::Grants), OVERTAKEN),
    (Mutant::GroupUncompared(Group::Modes), OVERTAKEN),
    (Mutant::GroupUncompared(Group::Status), OVERTAKEN),
    (Mutant::KeyUncompared, "a key leads to at most one effect, and keeps its receipt"),
    (Mutant::FingerprintIgnored, "all answers of a key are its one receipt"),
    (Mutant::Torn, "no state without its proof, no proof without its state"),
    (Mutant::ReceiptApart, "a key leads to at most one effect, and keeps its receipt"),
    (Mutant::RefusedOnMemory, "a refusal is true when it is answered"),
    (Mutant::EvidenceUncompared, OVERTAKEN),
    (Mutant::EvidenceRepeated, "a denial is recorded once per key"),
];
const OVERTAKEN: &str = "no change of standing is overtaken by a commit";

#[test]
fn every_rule_that_is_left_out_is_missed_and_every_property_misses_one() {
    let mut missed = BTreeSet::new();
    for (mutant, fact) in MISSED {
        let violated: Vec<&str> = protocols()
            .into_iter()
            .flat_map(|protocol| search(protocol.without(mutant), None).0)
            .collect();
        assert!(violated.contains(&fact), "{mutant:?}: {violated:?}");
        missed.extend(violated);
    }
    let idle = ALWAYS.iter().map(|(name, _)| *name).filter(|name| !missed.contains(name));
    assert_eq!(idle.collect::<Vec<_>>(), [""; 0]);
}

/// Too large to be searched in full: as far as the campaign's size goes.
#[test]
fn every_property_holds_in_the_whole_as_far_as_it_is_searched() {
    let campaign = Campaign::from_environment(40);
    let steps = usize::try_from(campaign.size).unwrap_or(usize::MAX).saturating_mul(STEPS_EACH);
    assert_eq!(search(Protocol::whole(), Some(steps)).0, [""; 0]);
}

async fn replay(protocol: &Protocol, traces: u64, seed: u64) -> Tally {
    let store = MemoryStore::new();
    let backend = || Arc::new(store.clone()) as Arc<dyn Backend>;
    let mut replay = Replay::new([backend(), backend(), backend()]).await;
    let mut tally = Tally::new(seed);
    for _ in 0..traces {
        replay.walk(protocol, &mut tally).await;
    }
    tally
}

#[test]
fn the_store_in_memory_goes_every_way_that_the_model_goes() {
    let campaign = Campaign::from_environment(200);
    for protocol in protocols() {
        let tally = block_on(replay(&protocol, campaign.size, campaign.seed));
        let (states, steps) = edges(&protocol);
        println!("{}: of {states} states and {steps} steps: {tally}", protocol.name);
    }
}
