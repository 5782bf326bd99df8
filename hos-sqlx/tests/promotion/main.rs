//! A primary is lost in mid-load, and its synchronous standby takes over; and what a standby is
//! good for before.
//!
//! `HOS_CAMPAIGN_SIZE` is the number of primaries that are lost, `HOS_CAMPAIGN_SEED` the seed.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test binary")]
#![expect(clippy::print_stdout, reason = "a campaign says what it did")]

#[path = "../support/answer.rs"]
mod answer;
#[path = "../support/audit.rs"]
mod audit;
#[cfg_attr(feature = "mysql", expect(dead_code, reason = "MariaDB is struck elsewhere"))]
#[path = "../support/backend.rs"]
mod backend;
#[path = "../support/job.rs"]
mod job;
#[path = "../support/load.rs"]
mod load;
mod replica;
#[path = "../support/script.rs"]
mod script;
#[path = "../support/store.rs"]
mod store;
#[path = "../support/tally.rs"]
mod tally;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use hos_conformance::campaign::Campaign;
use hos_conformance::random::Random;
use hos_services::{Postgres, wait_until};
use tokio::task::JoinSet;

use answer::Patient;
use audit::audit;
use backend::Server;
use job::{prepare, tenant};
use load::{Load, is_passing};
use script::{JOBS, TASKS, command};
use store::Store;
use tally::Tally;

const ROUNDS: u64 = 1;
const ACKNOWLEDGED_MAX: u64 = 200;

const IS_SYNCHRONOUS: &str = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_on_the_promoted_standby() {
    let campaign = Campaign::from_environment(ROUNDS);
    let mut random = Random::new(campaign.seed);
    let (mut total, mut open) = (0, 0);
    for _ in 0..campaign.size {
        let settings = [("fsync", "off"), ("autovacuum", "off")];
        let started = Postgres::start_with(&settings).inspect_err(hos_services::skip_or_fail);
        let Ok(primary) = started else { return };
        // Applied, or only written down, at the standby before the primary answers.
        let commit = *random.one_of(&["on", "remote_apply"]);
        let after = random.below(ACKNOWLEDGED_MAX);
        let (acknowledged, unanswered) = lose_primary(primary, commit, after).await;
        (total, open) = (total + acknowledged, open + unanswered);
    }
    println!("{} primaries lost, {total} acknowledged, {open} sent again", campaign.size);
}

/// Answers how many commands were acknowledged before the loss, and how many were under way.
async fn lose_primary(primary: Postgres, commit: &str, after: u64) -> (u64, u64) {
    let firm = tenant("firm");
    let url = primary.create_database().unwrap();
    let load = Load::new(Store::open(&url).await.unwrap()).await;
    prepare(load.hos(), &firm, JOBS).await;
    let standby = follow(&primary, commit).await;
    let lost = Arc::new(AtomicBool::new(false));
    let acknowledged = Arc::new(Mutex::new(BTreeSet::new()));
    let count = Arc::new(Tally::default());
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let (load, firm, lost) = (load.clone(), firm.clone(), Arc::clone(&lost));
        let (acknowledged, count) = (Arc::clone(&acknowledged), Arc::clone(&count));
        tasks.spawn(async move {
            for number in 0.. {
                let (key, command) = command(&firm, task, number);
                loop {
                    match load.send(&key, &command).await {
                        Ok(_) => break,
                        Err(_) if lost.load(Ordering::SeqCst) => return (key, command),
                        Err(error) => assert!(is_passing(&error), "`{key}`: {error:?}"),
                    }
                    tokio::task::yield_now().await;
                }
                acknowledged.lock().unwrap().insert(key);
                count.raise();
            }
            panic!("a task came to its end");
        });
    }
    count.reach(after).await;
    lost.store(true, Ordering::SeqCst);
    primary.kill().unwrap();
    let unanswered = tasks.join_all().await;
    load.store.close().await;
    let mut acknowledged = std::mem::take(&mut *acknowledged.lock().unwrap());
    let counted = acknowledged.len() as u64;

    standby.promote().unwrap();
    let url = standby.url(url.rsplit('/').next().unwrap());
    let server = Server::Postgres(Arc::new(standby), url);
    let load = Load::new(Store::open(server.url()).await.unwrap()).await;
    audit(&server, load.hos(), &firm, &acknowledged).await;
    let open = unanswered.len() as u64;
    let patient = Patient::new(load.clone());
    for (key, command) in unanswered {
        patient.answer(&key, &command).await.unwrap();
        acknowledged.insert(key);
    }
    audit(&server, load.hos(), &firm, &acknowledged).await;
    load.store.close().await;
    (counted, open)
}

/// A standby that the primary waits for at each commit.
async fn follow(primary: &Postgres, commit: &str) -> Postgres {
    let standby = primary.standby().unwrap();
    primary.set("synchronous_commit", commit).unwrap();
    primary.set("synchronous_standby_names", standby.application_name().unwrap()).unwrap();
    let is_synchronous = || Ok(primary.query("postgres", IS_SYNCHRONOUS, &[])? == "1");
    wait_until("being synchronous", is_synchronous).unwrap();
    standby
}
