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

/// What was violated, and what was seen.
fn search(protocol: Protocol) -> (Vec<&'static str>, BTreeSet<&'static str>) {
    let name = protocol.name;
    let mutant = protocol.mutant;
    let checker = Searched(protocol).checker().threads(2).spawn_bfs().join();
    let found: BTreeSet<&'static str> = checker.discoveries().into_keys().collect();
    let violated: Vec<&str> =
        ALWAYS.iter().map(|(name, _)| *name).filter(|name| found.contains(name)).collect();
    let (states, depth) = (checker.unique_state_count(), checker.max_depth());
    println!("{name} {mutant:?}: {states} states, {depth} steps deep: {violated:?}");
    (violated, found)
}

fn protocols() -> [Protocol; 3] {
    [Protocol::race(), Protocol::key(), Protocol::standing()]
}

#[test]
fn every_property_holds_in_every_state_and_every_sight_is_seen() {
    let mut seen = BTreeSet::new();
    for protocol in protocols() {
        let (violated, found) = search(protocol);
        assert_eq!(violated, [""; 0]);
        seen.extend(found);
    }
    let missed = SOMETIMES.iter().map(|(name, _)| *name).filter(|name| !seen.contains(name));
    assert_eq!(missed.collect::<Vec<_>>(), [""; 0]);
}

/// Each rule, and what is violated without it.
const MISSED: [(Mutant, &str); 12] = [
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
];
const OVERTAKEN: &str = "no change of standing is overtaken by a commit";

#[test]
fn every_rule_that_is_left_out_is_missed() {
    for (mutant, fact) in MISSED {
        let violated = |protocol: Protocol| search(protocol.without(mutant)).0.contains(&fact);
        assert!(protocols().into_iter().any(violated), "{mutant:?}: {fact}");
    }
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
    let campaign = Campaign::from_environment(300);
    for protocol in protocols() {
        let tally = block_on(replay(&protocol, campaign.size, campaign.seed));
        let (states, steps) = edges(&protocol);
        println!("{}: of {states} states and {steps} steps: {tally}", protocol.name);
    }
}
