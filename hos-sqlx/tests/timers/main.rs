//! After an outage very many timers are due at once: two processes fire them, one of the two is
//! killed, a third takes over, and each timer fired once.
//!
//! This binary starts itself as a child that fires batch after batch and says what became of each.
//! `HOS_CAMPAIGN_SIZE` is the number of timers, `HOS_CAMPAIGN_SEED` the seed.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test binary")]
#![expect(clippy::panic, clippy::indexing_slicing, reason = "a test binary")]
#![expect(clippy::print_stdout, reason = "a child reports on its standard output")]

mod holds;
#[path = "../support/house.rs"]
mod house;
mod tables;
mod worker;

use std::process::ExitCode;
use std::sync::mpsc::channel;
use std::time::Duration;

use hos_conformance::campaign::Campaign;
use hos_conformance::random::Random;
use hos_core::time::Clock as _;
use libtest_mimic::{Arguments, Trial};

use holds::{bells, clock_after_outage, hos, open_all};
use house::{House, Kind};
use tables::number;
use worker::{Tally, Worker};

const TIMERS: u64 = 600;

fn main() -> ExitCode {
    if let Ok(child) = std::env::var(worker::CHILD) {
        runtime().block_on(worker::work(&child));
        return ExitCode::SUCCESS;
    }
    let trial = |kind: Kind| {
        let name = format!("{}::each_timer_fires_once_whoever_is_killed", kind.name());
        Trial::test(name, move || {
            outage(kind, Campaign::from_environment(TIMERS));
            Ok(())
        })
    };
    // One at a time: each is a load of its own on a small machine.
    let arguments = Arguments { test_threads: Some(1), ..Arguments::from_args() };
    libtest_mimic::run(&arguments, [Kind::Sqlite, Kind::Postgres, Kind::MariaDb].map(trial).into())
        .exit_code()
}

fn outage(kind: Kind, campaign: Campaign) {
    let directory = tempfile::tempdir().unwrap();
    let Some(url) = kind.database(directory.path()) else { return };
    runtime().block_on(open_all(&url, campaign.size));
    // Some twenty calls at least, so that there is a middle in which one is killed.
    let limit = (campaign.size / 20).clamp(1, 1_000);
    let calls = Random::new(campaign.seed).below((campaign.size / limit / 5).max(1)) + 1;
    let began = tokio::time::Instant::now();
    let [killed, steady, heir] = compete(&url, limit, calls);
    let took = began.elapsed();
    let late = runtime().block_on(audit(&url, campaign.size));
    println!(
        "{}: {} timers in {:.1} s, {:.0} each second; one was killed after {calls} calls of \
         {limit}: {killed}; the other: {steady}; its heir: {heir}; fired later: {late}",
        kind.name(),
        campaign.size,
        took.as_secs_f64(),
        rate(campaign.size, took),
    );
}

/// Two fire; the first that has moved subjects in so many calls is killed in its next one, and a
/// third takes over. Answers what the killed one, the other and the third did.
fn compete(url: &str, limit: u64, calls: u64) -> [Tally; 3] {
    let (tell, told) = channel();
    let mut workers = vec![Worker::start(url, limit), Worker::start(url, limit)];
    for (name, worker) in workers.iter_mut().enumerate() {
        worker.go(name, tell.clone());
    }
    let (mut tallies, mut moving) = ([Tally::default(); 3], [0; 3]);
    let (mut killed, mut tell) = (None, Some(tell));
    while let Ok((name, tally)) = told.recv() {
        moving[name] += u64::from(tally.moved > tallies[name].moved);
        tallies[name] = tally;
        if moving[name] == calls
            && let Some(tell) = tell.take()
        {
            workers[name].kill();
            killed = Some(name);
            let mut heir = Worker::start(url, limit);
            heir.go(workers.len(), tell);
            workers.push(heir);
        }
    }
    let killed = killed.expect("one was killed");
    for (name, worker) in workers.into_iter().enumerate() {
        assert_eq!(worker.end(), name != killed, "whoever was not killed ended well");
    }
    [tallies[killed], tallies[1 - killed], tallies[2]]
}

#[expect(clippy::cast_precision_loss, clippy::as_conversions, reason = "for people to read")]
fn rate(timers: u64, took: Duration) -> f64 {
    timers as f64 / took.as_secs_f64()
}

/// Everything fired once; answers how many had to wait because they met a fault.
async fn audit(url: &str, timers: u64) -> u64 {
    let house = House::open(url).await;
    let clock = clock_after_outage();
    clock.advance(Duration::from_secs(61));
    let hos = hos(&house, clock_after_outage()).await;
    let mut late = Tally::default();
    loop {
        let fired = hos.fire_due(clock.now(), 1_000).await.unwrap();
        if fired.is_empty() {
            break;
        }
        late.add(&fired);
    }
    house.close().await;
    let [timers, bells] = [timers, bells(timers)].map(|count| i64::try_from(count).unwrap());
    for (fact, statement, expected) in [
        ("each moved once", "SELECT count(*) FROM hos_subject WHERE revision = 2", timers),
        (
            "each hold expired",
            "SELECT count(*) FROM hos_subject WHERE state = 'expired'",
            timers - bells,
        ),
        ("one proof each", "SELECT count(*) FROM hos_entry WHERE type = 'timer/1'", timers),
        (
            "each a proof",
            "SELECT count(DISTINCT subject) FROM hos_entry WHERE type = 'timer/1'",
            timers,
        ),
        ("one message each", "SELECT count(*) FROM hos_outbox WHERE revision = 2", timers),
        ("each a message", "SELECT count(DISTINCT subject) FROM hos_outbox", timers),
        ("no timer waits but for bells to ring again", "SELECT count(*) FROM hos_timer", bells),
    ] {
        assert_eq!(number(url, statement).await, expected, "{fact}");
    }
    late.moved
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}
