//! Injected failures on SQLite: state and proof stay together, one receipt per key.
//!
//! `HOS_CAMPAIGN_SIZE` is the number of failures, `HOS_CAMPAIGN_SEED` the first seed.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

#[path = "../conformance/ground.rs"]
mod ground;

use hos_conformance::campaign::Campaign;
use hos_conformance::faults::withstand;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn injected_failures_leave_state_and_proof_together_and_one_receipt_per_key() {
    let campaign = Campaign::from_environment(50);
    withstand(&ground::SqliteFactory, campaign.seed, campaign.size).await;
}
