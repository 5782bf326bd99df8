//! Futures are dropped at any moment, in a storm of them: no transaction stays open, every subject
//! goes on, and nothing is half done.
//!
//! `HOS_CAMPAIGN_SIZE` is the storm's length in seconds, `HOS_CAMPAIGN_SEED` the seed.

#![expect(clippy::unwrap_used, reason = "a test binary")]
#![expect(clippy::print_stdout, reason = "a campaign says what it did")]

#[path = "../support/audit.rs"]
mod audit;
#[path = "../support/backend.rs"]
mod backend;
#[path = "../support/job.rs"]
mod job;
#[path = "../support/load.rs"]
mod load;
#[cfg(feature = "mysql")]
#[path = "../support/mariadb.rs"]
mod mariadb;
#[path = "../support/script.rs"]
mod script;
#[path = "../support/start.rs"]
mod start;
#[path = "../support/store.rs"]
mod store;

use std::collections::BTreeSet;
use std::task::{Context, Waker};
use std::time::Duration;

use hos_conformance::campaign::Campaign;
use hos_conformance::random::Random;
use hos_core::prelude::*;
use tokio::task::JoinSet;

use audit::audit;
use backend::Server;
use job::{prepare, tenant, worker};
use load::{Load, is_passing};
use script::{JOBS, TASKS, command};
use store::Store;

const SECONDS: u64 = 2;
const POLLS_MAX: u64 = 80;
/// Long enough for any machine; a lost connection would be waited for without end.
const CLOSING_MAX: Duration = Duration::from_secs(60);
const MICROSECONDS_MAX: u64 = 4_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_dropped_futures_leaves_nothing_behind() {
    let Some(server) = start::postgres() else { return };
    weather(server).await;
}

#[cfg(feature = "mysql")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_dropped_futures_leaves_nothing_behind_in_mariadb() {
    let Some(server) = mariadb::start() else { return };
    weather(server).await;
}

async fn weather(server: Server) {
    let campaign = Campaign::from_environment(SECONDS);
    let firm = tenant("firm");
    let load = Load::new(Store::open(server.url()).await.unwrap()).await;
    prepare(load.hos(), &firm, JOBS).await;
    let mut tasks = JoinSet::new();
    let until = tokio::time::Instant::now() + Duration::from_secs(campaign.size);
    for task in 0..TASKS {
        let random = Random::new(campaign.seed ^ (task << 32));
        let mut sailor = Sailor {
            load: load.clone(),
            firm: firm.clone(),
            task,
            random,
            storm: Storm::default(),
        };
        tasks.spawn(async move {
            while tokio::time::Instant::now() < until {
                sailor.act().await;
            }
            sailor.storm
        });
    }
    let mut storm = Storm::default();
    for of_task in tasks.join_all().await {
        storm.acknowledged.extend(of_task.acknowledged);
        storm.dropped += of_task.dropped;
        storm.sent += of_task.sent;
    }
    load.lane.close().await;
    assert!(storm.dropped > 0, "nothing was dropped");
    assert!(!storm.acknowledged.is_empty(), "nothing was done");
    audit(&server, load.hos(), &firm, &storm.acknowledged).await;
    for number in 0..JOBS {
        let touch = Command::new(&worker(), &job::job(&firm, number), "touch");
        let receipt = load.hos().transition(&touch.key(format!("after-{number}"))).await.unwrap();
        assert_eq!(receipt.effect, Effect::Moved);
    }
    audit(&server, load.hos(), &firm, &storm.acknowledged).await;
    let Storm { sent, dropped, acknowledged } = storm;
    println!("{} s: {sent} begun, {dropped} dropped, {} done", campaign.size, acknowledged.len());
    let taken = match &load.store {
        Store::Postgres(store) => take_all(store.pool()).await,
        #[cfg(feature = "mysql")]
        Store::MariaDb(store) => take_all(store.pool()).await,
    };
    assert!(taken.is_ok(), "a connection is waited for without end: {taken:?}");
    let closed = tokio::time::timeout(CLOSING_MAX, load.store.close()).await;
    assert!(closed.is_ok(), "a connection is not given back");
}

/// Takes every connection at once, but for those that the store may keep at hand.
async fn take_all<DB: sqlx::Database>(pool: &sqlx::Pool<DB>) -> Result<(), sqlx::Error> {
    let connections = pool.options().get_max_connections();
    let mut taken = Vec::new();
    for _ in 0..connections - connections / 4 {
        taken.push(pool.acquire().await?);
    }
    Ok(())
}

#[derive(Default)]
struct Storm {
    sent: u64,
    dropped: u64,
    acknowledged: BTreeSet<String>,
}

/// One task of the storm.
struct Sailor {
    load: Load,
    firm: Tenant,
    task: u64,
    random: Random,
    storm: Storm,
}

impl Sailor {
    /// Begins something and drops it, often before its end.
    async fn act(&mut self) {
        self.storm.sent += 1;
        let (load, number) = (self.load.clone(), self.storm.sent);
        let (key, command) = command(&self.firm, self.task, number);
        let error = match self.random.below(8) {
            0 => {
                let answer = self.dropped(load.hos().sequence_pending(50)).await;
                answer.and_then(Result::err).map(Error::from)
            }
            1 => {
                let answer = self.dropped(load.hos().situation(command.subject())).await;
                answer.and_then(Result::err)
            }
            _ => match self.dropped(load.send(&key, &command)).await {
                Some(Ok(_)) => {
                    self.storm.acknowledged.insert(key);
                    None
                }
                answer => answer.and_then(Result::err),
            },
        };
        assert!(error.as_ref().is_none_or(is_passing), "{error:?}");
    }

    /// What a future answers, unless it is dropped before: after so many polls, or so long. One in
    /// four lives.
    async fn dropped<T>(&mut self, future: impl Future<Output = T>) -> Option<T> {
        let answer = match self.random.below(4) {
            0 => Some(future.await),
            1 => {
                let patience = Duration::from_micros(self.random.below(MICROSECONDS_MAX));
                tokio::time::timeout(patience, future).await.ok()
            }
            _ => after_polls(self.random.below(POLLS_MAX), future).await,
        };
        self.storm.dropped += u64::from(answer.is_none());
        answer
    }
}

async fn after_polls<T>(polls: u64, future: impl Future<Output = T>) -> Option<T> {
    let mut future = std::pin::pin!(future);
    for _ in 0..polls {
        let polled = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        if let std::task::Poll::Ready(answer) = polled {
            return Some(answer);
        }
        // Gives the connections and the other tasks a turn, without a wait.
        tokio::task::yield_now().await;
    }
    None
}
