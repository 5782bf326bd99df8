//! Random command sequences on SQLite and in memory: the same answers, the same leaf bytes.
//!
//! `HOS_CAMPAIGN_SIZE` is the number of steps in all, `HOS_CAMPAIGN_SEED` the first seed.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

#[path = "../conformance/ground.rs"]
mod ground;

use hos_conformance::campaign::Campaign;
use hos_conformance::differential::differential;

const SEEDS: u64 = 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_answers_and_keeps_what_the_store_in_memory_does() {
    let campaign = Campaign::from_environment(1_000);
    for seed in campaign.seeds(SEEDS) {
        differential(&ground::SqliteFactory, seed, campaign.size / SEEDS).await;
    }
}
