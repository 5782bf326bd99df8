//! Compound commands over the same few subjects, in every order and in every way in which they are
//! sent: none ends in a deadlock, and all add up.
//!
//! `HOS_CAMPAIGN_SIZE` is the number of commands of each task, `HOS_CAMPAIGN_SEED` the seed.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test binary")]
#![expect(clippy::print_stdout, reason = "a campaign says what it did")]

#[path = "../support/house.rs"]
mod house;
#[path = "../support/job.rs"]
mod job;
mod server;
mod task;

use hos_conformance::campaign::Campaign;
use hos_core::prelude::*;
use tokio::task::JoinSet;

use house::{House, Kind};
use job::{job, law, prepare, tenant};
use server::deadlocks;
use task::{Sent, Task, Way};

const COMMANDS: u64 = 6;
const TASKS: u64 = 12;
pub(crate) const FIRMS: [&str; 2] = ["firm-1", "firm-2"];
/// Not many more than one command may move, so that any two of those meet.
pub(crate) const JOBS: u64 = 24;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn compound_commands_never_end_in_a_deadlock_in_sqlite() {
    stress(Kind::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn compound_commands_never_end_in_a_deadlock_in_postgres() {
    stress(Kind::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn compound_commands_never_end_in_a_deadlock_in_mariadb() {
    stress(Kind::MariaDb).await;
}

async fn stress(kind: Kind) {
    let campaign = Campaign::from_environment(COMMANDS);
    let directory = tempfile::tempdir().unwrap();
    let Some(url) = kind.database(directory.path()) else { return };
    let house = House::open(&url).await;
    let hos = house.hos(law(), HosOptions::default()).await;
    for firm in FIRMS {
        prepare(&hos, &tenant(firm), JOBS).await;
    }
    house.close().await;
    let before = deadlocks(&url);
    for way in Way::ALL {
        let sent = rush(&url, way, campaign).await;
        println!("{}, {way:?}: {sent}", kind.name());
        assert_eq!(sent.undone, 0, "no transaction of the caller's was undone");
        assert_eq!(deadlocks(&url) - before, 0, "rows are held in one order: {way:?}");
    }
}

async fn rush(url: &str, way: Way, campaign: Campaign) -> Sent {
    let house = House::open(url).await;
    let hos = house.hos(law(), HosOptions::default()).await;
    let before = revisions(&hos).await;
    let mut tasks = JoinSet::new();
    for number in 0..TASKS {
        let mut task = Task::new(house.clone(), hos.clone(), way, number, campaign.seed);
        tasks.spawn(async move {
            task.work(campaign.size).await;
            task.sent
        });
    }
    let mut sent = Sent::default();
    for of_task in tasks.join_all().await {
        sent.add(&of_task);
    }
    let moved = revisions(&hos).await - before;
    assert_eq!(moved, sent.moved, "every step that was answered moved its subject once");
    assert_eq!(u64::try_from(sent.proofs.len()).unwrap(), moved, "with a proof of its own");
    house.close().await;
    sent
}

/// All revisions together.
async fn revisions(hos: &Hos) -> u64 {
    let mut sum = 0;
    for firm in FIRMS {
        for number in 0..JOBS {
            let situation = hos.situation(&job(&tenant(firm), number)).await.unwrap().unwrap();
            sum += situation.snapshot.revision;
        }
    }
    sum
}
