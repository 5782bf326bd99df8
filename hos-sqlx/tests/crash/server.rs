//! SIGKILL to the server and all its children, under clients that send again.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hos_conformance::campaign::Campaign;
use hos_conformance::random::Random;
use hos_core::prelude::*;
use tokio::task::JoinSet;

use crate::audit::audit;
use crate::backend::Server;
use crate::job::{prepare, tenant};
use crate::load::{Load, is_passing};
use crate::script::{JOBS, TASKS, command};
use crate::store::Store;

const MOVES: u64 = 24;
const LOOKS_MAX: u32 = 60_000;
const LOOK_EVERY: Duration = Duration::from_millis(1);

type Acknowledged = Arc<Mutex<BTreeSet<String>>>;

pub(crate) async fn rounds(server: &Server, campaign: Campaign) {
    let mut random = Random::new(campaign.seed);
    let store = Store::open(server.url()).await.unwrap();
    let mut resolved = 0;
    for round in 0..campaign.size {
        let firm = tenant(&format!("firm-{round}"));
        let load = Load::new(store.clone()).await;
        prepare(load.hos(), &firm, JOBS).await;
        let acknowledged = Acknowledged::default();
        let tasks = start(&load, &firm, &acknowledged);
        let sequencing = tokio::spawn(sequence(load.hos().clone()));
        reach(&acknowledged, random.below(TASKS * MOVES)).await;
        server.kill();
        server.restart();
        resolved += tasks.join_all().await.into_iter().sum::<u64>();
        sequencing.abort();
        let _aborted = sequencing.await;
        let acknowledged = std::mem::take(&mut *acknowledged.lock().unwrap());
        let told = audit(server, load.hos(), &firm, &acknowledged).await;
        let moved = told.receipts.keys().filter(|key| !key.starts_with("open-")).count();
        assert_eq!(moved as u64, TASKS * MOVES + 1, "each command once, and the tenant's");
    }
    println!("{} servers killed, {resolved} keys found their receipt again", campaign.size);
    store.close().await;
}

/// Each task answers how many of its commands had been done when they were sent again.
fn start(load: &Load, firm: &Tenant, acknowledged: &Acknowledged) -> JoinSet<u64> {
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let (load, firm, acknowledged) = (load.clone(), firm.clone(), Arc::clone(acknowledged));
        tasks.spawn(async move {
            let mut resolved = 0;
            for number in 0..MOVES {
                let (key, command) = command(&firm, task, number);
                resolved += u64::from(load.answer(&key, &command).await.unwrap().replayed);
                acknowledged.lock().unwrap().insert(key);
            }
            resolved
        });
    }
    tasks
}

async fn sequence(hos: Hos) {
    loop {
        if let Err(fault) = hos.sequence_pending(100).await {
            let error = Error::from(fault);
            assert!(is_passing(&error), "{error:?}");
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn reach(acknowledged: &Acknowledged, count: u64) {
    for _ in 0..LOOKS_MAX {
        if acknowledged.lock().unwrap().len() as u64 >= count {
            return;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    panic!("{count} commands were not acknowledged in time");
}
