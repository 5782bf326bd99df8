//! The naive store answers and keeps what the store in memory does.

use futures_executor::block_on;
use hos_conformance::campaign::Campaign;
use hos_conformance::differential::differential;
use hos_conformance::ground::MemoryFactory;
use hos_conformance::planted::{Plant, PlantedFactory};

#[test]
fn the_naive_store_answers_as_the_store_in_memory_does() {
    let campaign = Campaign::from_environment(600);
    for seed in campaign.seeds(3) {
        block_on(differential(&PlantedFactory(Plant::Nothing), seed, campaign.size / 3));
    }
}

#[test]
fn the_store_in_memory_answers_as_itself() {
    block_on(differential(&MemoryFactory, 1, 200));
}

#[test]
#[should_panic(expected = "seed 1")]
fn a_store_that_differs_is_found() {
    block_on(differential(&PlantedFactory(Plant::OutboxLost), 1, 200));
}
