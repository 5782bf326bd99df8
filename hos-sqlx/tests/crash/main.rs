//! The client is killed, the server is killed, answers are lost: what was acknowledged is there,
//! with its proof, exactly once.
//!
//! `HOS_CAMPAIGN_SIZE` is the number of rounds of either kill, and half the number of lost
//! answers; `HOS_CAMPAIGN_SEED` the seed.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test binary")]
#![expect(clippy::indexing_slicing, reason = "a test binary")]
#![expect(clippy::print_stdout, reason = "a child acknowledges on its standard output")]

#[path = "../support/answer.rs"]
mod answer;
#[path = "../support/audit.rs"]
mod audit;
#[path = "../support/backend.rs"]
mod backend;
mod client;
mod cut;
#[path = "../support/job.rs"]
mod job;
#[path = "../support/load.rs"]
mod load;
#[cfg(feature = "mysql")]
#[path = "../support/mariadb.rs"]
mod mariadb;
#[path = "../support/proxy.rs"]
mod proxy;
#[path = "../support/script.rs"]
mod script;
mod server;
#[path = "../support/start.rs"]
mod start;
#[path = "../support/store.rs"]
mod store;
#[path = "../support/strike.rs"]
mod strike;
#[path = "../support/tally.rs"]
mod tally;

use std::process::ExitCode;

use hos_conformance::campaign::Campaign;
use libtest_mimic::{Arguments, Trial};

use backend::Server;

const ROUNDS: u64 = 3;

fn main() -> ExitCode {
    if let Ok(child) = std::env::var(client::CHILD) {
        runtime().block_on(client::work(&child));
        return ExitCode::SUCCESS;
    }
    let trials = vec![
        trial(
            "postgres::a_killed_client_loses_nothing_acknowledged",
            start::postgres,
            client::rounds,
        ),
        trial(
            "postgres::a_killed_server_loses_nothing_acknowledged",
            start::postgres,
            server::rounds,
        ),
        trial(
            "postgres::a_lost_answer_is_ambiguous_and_its_key_finds_the_one_receipt",
            start::postgres,
            cut::rounds,
        ),
        #[cfg(feature = "mysql")]
        trial(
            "mariadb::a_killed_client_loses_nothing_acknowledged",
            mariadb::start,
            client::rounds,
        ),
        #[cfg(feature = "mysql")]
        trial(
            "mariadb::a_killed_server_loses_nothing_acknowledged",
            mariadb::start,
            server::rounds,
        ),
        #[cfg(feature = "mysql")]
        trial(
            "mariadb::a_lost_answer_is_ambiguous_and_its_key_finds_the_one_receipt",
            mariadb::start,
            cut::rounds,
        ),
    ];
    // One at a time: each is a load of its own on a small machine.
    let arguments = Arguments { test_threads: Some(1), ..Arguments::from_args() };
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn trial(
    name: &str,
    start: fn() -> Option<Server>,
    rounds: impl AsyncFnOnce(&Server, Campaign) + Send + 'static,
) -> Trial {
    Trial::test(name, move || {
        let Some(server) = start() else { return Ok(()) };
        runtime().block_on(rounds(&server, Campaign::from_environment(ROUNDS)));
        Ok(())
    })
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}
