//! The commit protocol, searched in full within bounds, and held to the store in memory.
//!
//! `HOS_CAMPAIGN_SIZE` is the number of traces, `HOS_CAMPAIGN_SEED` the first seed.

#![expect(clippy::indexing_slicing, reason = "helpers of tests")]
#![expect(clippy::print_stdout, reason = "a search says how far it went")]

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};

use futures_executor::block_on;
use hos_conformance::campaign::Campaign;
use hos_conformance::ground::{Factory as _, Ground, MemoryFactory};
use hos_conformance::model::{
    ALWAYS, Action, Group, Mutant, Protocol, Replay, SOMETIMES, State, Tally, edges,
};
use hos_conformance::planted::{Plant, PlantedFactory};
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

/// Traces on each planted store, of each protocol.
const PLANTED_TRACES: u64 = 60;

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

type Where = fn() -> Protocol;

/// Each rule, where it is left out, and what is violated without it.
const MISSED: [(Mutant, Where, &str); 13] = [
    (Mutant::ProofUncompared, Protocol::race, "of parallel one-shots one moves"),
    (Mutant::GroupUncompared(Group::Members), Protocol::standing, OVERTAKEN),
    (Mutant::GroupUncompared(Group::Bans), Protocol::standing, OVERTAKEN),
    (Mutant::GroupUncompared(Group::Grants), Protocol::standing, OVERTAKEN),
    (Mutant::GroupUncompared(Group::Modes), Protocol::standing, OVERTAKEN),
    (Mutant::GroupUncompared(Group::Status), Protocol::standing, OVERTAKEN),
    (Mutant::KeyUncompared, Protocol::key, KEY),
    (Mutant::FingerprintIgnored, Protocol::key, "all answers of a key are its one receipt"),
    (Mutant::Torn, Protocol::race, "no state without its proof, no proof without its state"),
    (Mutant::ReceiptApart, Protocol::key, KEY),
    (Mutant::RefusedOnMemory, Protocol::race, "a refusal is true when it is answered"),
    (Mutant::EvidenceUncompared, Protocol::standing, OVERTAKEN),
    (Mutant::EvidenceRepeated, Protocol::standing, "a denial is recorded once per key"),
];
const OVERTAKEN: &str = "no change of standing is overtaken by a commit";
const KEY: &str = "a key leads to at most one effect, and keeps its receipt";

#[test]
fn every_rule_that_is_left_out_is_missed_and_every_property_misses_one() {
    let mut missed = BTreeSet::new();
    for (mutant, protocol, fact) in MISSED {
        let (violated, _) = search(protocol().without(mutant), None);
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

async fn replay(ground: &dyn Ground, protocols: &[Protocol], traces: u64, seed: u64) -> Vec<Tally> {
    let backends = [ground.backend(), ground.backend(), ground.backend()];
    let mut replay = Replay::new(backends).await;
    let mut tallies = Vec::new();
    for protocol in protocols {
        let mut tally = Tally::new(seed);
        for _ in 0..traces {
            replay.walk(protocol, &mut tally).await;
        }
        tallies.push(tally);
    }
    tallies
}

#[test]
fn the_store_in_memory_goes_every_way_that_the_model_goes() {
    let campaign = Campaign::from_environment(150);
    let ground = block_on(MemoryFactory.fresh());
    let protocols = protocols();
    let walked = replay(&*ground, &protocols, campaign.size, campaign.seed);
    for (protocol, tally) in protocols.iter().zip(block_on(walked)) {
        let (states, steps) = edges(protocol);
        println!("{}: of {states} states and {steps} steps: {tally}", protocol.name);
    }
}

/// What is planted in a store that is right else, and would not be what the model is.
const PLANTED: [Plant; 14] = [
    Plant::ReplayUnchecked,
    Plant::KeyUncheckedInWrite,
    Plant::FingerprintIgnored,
    Plant::KeyForgotten,
    Plant::SubjectUncompared,
    Plant::MembersUncompared,
    Plant::BansUncompared,
    Plant::GrantsUncompared,
    Plant::ModesUncompared,
    Plant::StatusUncompared,
    Plant::ProofLost,
    Plant::OutboxLost,
    Plant::TerminalRevived,
    Plant::EvidenceTwice,
];

#[test]
fn a_store_that_does_otherwise_is_told_from_the_model() {
    let walk = |plant: Plant| {
        let ground = block_on(PlantedFactory(plant).fresh());
        let walked = || block_on(replay(&*ground, &protocols(), PLANTED_TRACES, 1));
        catch_unwind(AssertUnwindSafe(walked)).is_err()
    };
    assert!(!walk(Plant::Nothing), "the naive store without a fault");
    // What follows panics on purpose.
    set_hook(Box::new(|_| {}));
    let missed: Vec<Plant> = PLANTED.into_iter().filter(|plant| !walk(*plant)).collect();
    let _default = take_hook();
    assert_eq!(missed, []);
}
