//! Many subjects are migrated between contract versions, whoever kills the one that does it: the
//! migration ends complete, with one proof for each batch.
//!
//! This binary starts itself as a child that migrates and says each batch when it is written; the
//! parent kills it twice. `HOS_CAMPAIGN_SIZE` is the number of live subjects; `HOS_CAMPAIGN_SEED`
//! says when the child is killed.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test binary")]
#![expect(clippy::indexing_slicing, reason = "a test binary")]
#![expect(clippy::print_stdout, reason = "the child reports on its standard output")]

mod audit;
mod child;
mod database;
mod fill;
mod law;

use std::process::ExitCode;

use hos_conformance::campaign::Campaign;
use libtest_mimic::{Arguments, Trial};
use tokio::runtime::Runtime;
use tokio::time::Instant;

use database::Database;

/// The live subjects where nothing else is said.
const SUBJECTS: u64 = 3_000;

fn main() -> ExitCode {
    if let Ok(task) = std::env::var(child::TASK) {
        runtime().block_on(child::work(&task));
        return ExitCode::SUCCESS;
    }
    let trials = Database::started().into_iter().map(|database| {
        let name = "a_migration_killed_twice_ends_complete_with_one_proof_for_each_batch";
        Trial::test(format!("{}::{name}", database.name()), move || {
            killed_twice(&database, Campaign::from_environment(SUBJECTS));
            Ok(())
        })
    });
    // One at a time: each is a load of its own on a small machine.
    let arguments = Arguments { test_threads: Some(1), ..Arguments::from_args() };
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

fn killed_twice(database: &Database, Campaign { size, seed }: Campaign) {
    let (runtime, name) = (runtime(), database.name());
    let started = Instant::now();
    runtime.block_on(fill::fill(database, size));
    println!("{name}: {size} live subjects in {:.1} s", started.elapsed().as_secs_f64());

    let batch = (size / 20).clamp(1, 1_000);
    let batches = size.div_ceil(batch);
    let (started, mut said) = (Instant::now(), 0);
    for round in 0..2 {
        let dice = (seed + round).wrapping_mul(6_364_136_223_846_793_005) >> 33;
        let after = 1 + dice % (batches / 2 - 1).max(1);
        said += child::kill_one(database, batch, after);
    }
    said += child::run_one(database, batch);
    let seconds = started.elapsed().as_secs_f64();
    println!("{name}: {said} batches of at most {batch} were told, in {seconds:.1} s");

    let started = Instant::now();
    let proofs = runtime.block_on(audit::audit(database, size));
    // What was written and not told, when the child was killed.
    let untold = proofs.checked_sub(said).expect("every batch that was told has its proof");
    assert!(untold <= 2, "{untold} batches were not told");
    println!("{name}: {proofs} proofs, audited in {:.1} s", started.elapsed().as_secs_f64());
}
