//! A deployment moves from SQLite into PostgreSQL and into MariaDB, whoever kills the mover on its
//! way.
//!
//! This binary starts itself as a child that moves and says each batch when it is written; the
//! parent kills it three times after a random number of them. `HOS_CAMPAIGN_SIZE` is the number
//! of entries, about; `HOS_CAMPAIGN_SEED` the seed.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test binary")]
#![expect(clippy::print_stdout, reason = "the child reports on its standard output")]

mod compare;
mod kill;
mod months;
mod refused;
mod server;
mod source;

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use hos_conformance::campaign::Campaign;
use hos_sqlx::moving::{Report, move_house};
use libtest_mimic::{Arguments, Trial};
use tokio::runtime::Runtime;

use server::{Server, destination};

/// The entries of a source where nothing else is said.
const ENTRIES: u64 = 3_000;
/// The entries of a source that only has to be refused.
const FEW: u64 = 300;

fn main() -> ExitCode {
    if let Ok(child) = std::env::var(kill::CHILD) {
        let (path, url) = child.split_once('#').expect("path#url");
        runtime().block_on(kill::work(Path::new(path), url));
        return ExitCode::SUCCESS;
    }
    let mut all = Vec::new();
    for server in Server::ALL {
        match server.start() {
            Ok(()) => all.extend(trials(server)),
            Err(error) => hos_services::skip_or_fail(&error),
        }
    }
    libtest_mimic::run(&Arguments::from_args(), all).exit_code()
}

fn trials(server: Server) -> Vec<Trial> {
    let killed = move || {
        killed(server, Campaign::from_environment(ENTRIES));
        Ok(())
    };
    let name = "a_move_killed_three_times_ends_with_the_same_deployment";
    vec![
        Trial::test(format!("{}::{name}", server.name()), killed),
        trial(server, "a_flipped_byte_is_found_and_named", refused::flipped_byte),
        trial(server, "a_file_written_to_in_mid_move_is_refused", refused::written_to),
        trial(server, "a_changed_row_in_the_target_is_found_and_named", refused::changed_target),
        trial(server, "a_database_that_holds_something_else_is_refused", refused::used_target),
        trial(server, "a_file_that_holds_nothing_of_the_law_is_refused", refused::foreign_source),
        trial(server, "another_move_at_work_is_refused", refused::at_work),
        trial(server, "another_deployment_does_not_go_on_with_a_move", refused::another),
        trial(server, "a_finished_move_is_not_begun_again", refused::finished),
        trial(server, "every_old_month_has_a_partition", months::apart),
        trial(server, "a_subject_goes_on_where_it_was", goes_on),
    ]
}

fn trial<F>(server: Server, name: &str, run: fn(Server) -> F) -> Trial
where
    F: Future<Output = ()> + 'static,
{
    Trial::test(format!("{}::{name}", server.name()), move || {
        runtime().block_on(run(server));
        Ok(())
    })
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

async fn moved(path: &Path, url: &str) -> Report {
    move_house(path, destination(url), |_| {}).await.unwrap()
}

fn killed(server: Server, campaign: Campaign) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("source.db");
    let runtime = runtime();
    let clock = tokio::time::Instant::now();
    runtime.block_on(source::build(&path, campaign.size));
    let built = clock.elapsed();
    let url = server.database();
    for seed in campaign.seeds(3) {
        kill::kill_one(&path, &url, campaign.size, seed);
        runtime.block_on(refused::opening(&url));
    }
    let report = runtime.block_on(moved(&path, &url));
    assert!(report.resumed, "the last run went on with the others' work");
    println!("built in {built:?}; the last run took {:?}", report.elapsed);
    for table in &report.tables {
        println!("{:<14} {:>9}", table.table, table.rows);
    }
    runtime.block_on(compare::compare(&path, &url));
    let url = server.database();
    let report = runtime.block_on(moved(&path, &url));
    let rows: u64 = report.tables.iter().map(|table| table.rows).sum();
    let speed = |time: Duration| u128::from(rows) * 1_000 / time.as_millis().max(1);
    println!(
        "undisturbed: {rows} rows copied in {:?} ({} rows/s), with comparing {:?} ({} rows/s)",
        report.copied,
        speed(report.copied),
        report.elapsed,
        speed(report.elapsed)
    );
}

async fn goes_on(server: Server) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("source.db");
    source::build(&path, FEW).await;
    let url = server.database();
    moved(&path, &url).await;
    compare::goes_on(&url).await;
}
