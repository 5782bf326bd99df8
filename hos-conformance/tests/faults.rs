//! Injected failures on the store in memory.

use futures_executor::block_on;
use hos_conformance::campaign::Campaign;
use hos_conformance::faults::withstand;
use hos_conformance::ground::MemoryFactory;

#[test]
fn injected_failures_leave_state_and_proof_together_and_one_receipt_per_key() {
    let campaign = Campaign::from_environment(200);
    block_on(withstand(&MemoryFactory, campaign.seed, campaign.size));
}
