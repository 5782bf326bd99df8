//! Concurrent commands and reads under faults have a history that some order explains.
//!
//! `HOS_CAMPAIGN_SIZE` is the number of strikes: the server is killed, or a connection is cut at
//! the moment of a commit. `HOS_CAMPAIGN_SEED` is the seed.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test binary")]
#![expect(clippy::indexing_slicing, reason = "a test binary")]
#![expect(clippy::print_stdout, reason = "a campaign says what it did")]

#[path = "../support/answer.rs"]
mod answer;
#[path = "../support/audit.rs"]
mod audit;
#[path = "../support/backend.rs"]
mod backend;
mod checker;
#[path = "../support/job.rs"]
mod job;
#[path = "../support/load.rs"]
mod load;
#[cfg(feature = "mysql")]
#[path = "../support/mariadb.rs"]
mod mariadb;
mod planted;
#[path = "../support/proxy.rs"]
mod proxy;
mod recorder;
#[path = "../support/start.rs"]
mod start;
#[path = "../support/store.rs"]
mod store;
#[path = "../support/strike.rs"]
mod strike;
#[path = "../support/tally.rs"]
mod tally;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hos_conformance::campaign::Campaign;
use hos_conformance::random::Random;
use tokio::task::JoinSet;

use answer::Patient;
use audit::audit;
use backend::Server;
use checker::{Operation, TERMINAL, check};
use job::{job, prepare, tenant};
use load::Load;
use proxy::{Cut, Proxy};
use recorder::Recorder;
use store::Store;
use tally::Tally;

const STRIKES: u64 = 6;
const TASKS: u64 = 8;
/// Two pairs, whose members keep each other awake, and two that end.
const JOBS: u64 = 6;
/// Answers between two strikes, on the clock, which ticks twice for each.
const TICKS: u64 = 120;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_history_under_faults_is_strictly_serializable() {
    let Some(server) = start::postgres() else { return };
    record(server).await;
}

#[cfg(feature = "mysql")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_history_under_faults_of_mariadb_is_strictly_serializable() {
    let Some(server) = mariadb::start() else { return };
    record(server).await;
}

async fn record(server: Server) {
    let campaign = Campaign::from_environment(STRIKES);
    let proxy = Proxy::start(&server).await;
    let firm = tenant("firm");
    let store = Store::open(&proxy.url(server.url())).await.unwrap();
    let patient = Patient::new(Load::new(store).await);
    let load = &patient.load;
    prepare(load.hos(), &firm, JOBS).await;
    let (clock, over) = (Arc::new(Tally::default()), Arc::new(AtomicBool::new(false)));
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let random = Random::new(campaign.seed ^ (task << 32));
        let mut recorder = Recorder::new(patient.clone(), &firm, task, random, Arc::clone(&clock));
        let over = Arc::clone(&over);
        tasks.spawn(async move {
            while !over.load(Ordering::SeqCst) {
                recorder.act(false).await;
            }
            // What ends, ends while others still look.
            for _ in 0..8 {
                recorder.act(true).await;
            }
            recorder.operations
        });
    }
    let kills = strike_all(&server, &patient, &proxy, &clock, campaign).await;
    over.store(true, Ordering::SeqCst);
    let mut operations: Vec<Operation> = tasks.join_all().await.into_iter().flatten().collect();
    let mut ended = 0;
    for number in 0..JOBS {
        let snapshot = load.hos().situation(&job(&firm, number)).await.unwrap().unwrap().snapshot;
        ended += u64::from(snapshot.state.as_str() == TERMINAL);
        recorder::name_the_last(&mut operations, number, snapshot.revision);
    }
    assert_eq!(check(&operations), []);
    assert!(ended > 0, "nothing ended");
    let moves = |operation: &&Operation| operation.seen.iter().any(|seen| seen.left.is_some());
    let moved: BTreeSet<String> =
        operations.iter().filter(moves).map(|operation| operation.name.clone()).collect();
    let told = audit(&server, load.hos(), &firm, &moved).await;
    for (subject, revision) in told.revisions {
        let of = |seen: &&checker::Seen| format!("j-{}", seen.subject) == subject;
        let left = operations.iter().flat_map(|operation| &operation.seen).filter(of);
        let left = left.filter(|seen| seen.left.is_some()).count();
        assert_eq!(i64::try_from(left).unwrap() + 1, revision, "{subject}: nobody else moved it");
    }
    let (total, cuts, moved) = (operations.len(), proxy.cuts(), moved.len());
    println!("{kills} kills, {cuts} cuts: {total} operations, {moved} moved, {ended} ended");
    load.store.close().await;
}

/// Strikes, each time when the load is under way again; answers how often the server was killed.
async fn strike_all(
    server: &Server,
    patient: &Patient,
    proxy: &Proxy,
    clock: &Tally,
    campaign: Campaign,
) -> u64 {
    let mut random = Random::new(campaign.seed);
    let mut kills = 0;
    for _ in 0..campaign.size {
        clock.reach(clock.raise() + random.below(TICKS)).await;
        match random.below(4) {
            0 => {
                patient.strike(server);
                kills += 1;
            }
            1 => proxy.cut_next(Cut::Commit),
            _ => proxy.cut_next(Cut::Answer),
        }
    }
    clock.reach(clock.raise() + TICKS).await;
    kills
}
