//! SIGKILL to the server and all its children, under clients that send again.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use hos_conformance::campaign::Campaign;
use hos_conformance::random::Random;
use hos_core::prelude::*;
use tokio::task::JoinSet;

use crate::answer::Patient;
use crate::audit::audit;
use crate::backend::Server;
use crate::job::{prepare, tenant};
use crate::load::{Load, is_passing};
use crate::script::{JOBS, TASKS, command};
use crate::store::Store;
use crate::tally::Tally;

const MOVES: u64 = 24;

/// What was acknowledged, and how much of it.
#[derive(Default)]
struct Acknowledged {
    keys: Mutex<BTreeSet<String>>,
    count: Tally,
}

pub(crate) async fn rounds(server: &Server, campaign: Campaign) {
    let mut random = Random::new(campaign.seed);
    let store = Store::open(server.url()).await.unwrap();
    let mut resolved = 0;
    for round in 0..campaign.size {
        let firm = tenant(&format!("firm-{round}"));
        let patient = Patient::new(Load::new(store.clone()).await);
        prepare(patient.load.hos(), &firm, JOBS).await;
        let acknowledged = Arc::<Acknowledged>::default();
        let tasks = start(&patient, &firm, &acknowledged);
        let sequencing = tokio::spawn(sequence(patient.clone()));
        acknowledged.count.reach(random.below(TASKS * MOVES)).await;
        patient.strike(server);
        resolved += tasks.join_all().await.into_iter().sum::<u64>();
        sequencing.abort();
        let _aborted = sequencing.await;
        let acknowledged = std::mem::take(&mut *acknowledged.keys.lock().unwrap());
        let told = audit(server, patient.load.hos(), &firm, &acknowledged).await;
        let moved = told.receipts.keys().filter(|key| !key.starts_with("open-")).count();
        assert_eq!(moved as u64, TASKS * MOVES + 1, "each command once, and the tenant's");
    }
    println!("{} servers killed, {resolved} keys found their receipt again", campaign.size);
    store.close().await;
}

/// Each task answers how many of its commands had been done when they were sent again.
fn start(patient: &Patient, firm: &Tenant, acknowledged: &Arc<Acknowledged>) -> JoinSet<u64> {
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let (patient, firm) = (patient.clone(), firm.clone());
        let acknowledged = Arc::clone(acknowledged);
        tasks.spawn(async move {
            let mut resolved = 0;
            for number in 0..MOVES {
                let (key, command) = command(&firm, task, number);
                resolved += u64::from(patient.answer(&key, &command).await.unwrap().replayed);
                acknowledged.keys.lock().unwrap().insert(key);
                acknowledged.count.raise();
            }
            resolved
        });
    }
    tasks
}

async fn sequence(patient: Patient) {
    loop {
        if let Err(fault) = patient.load.hos().sequence_pending(100).await {
            let error = Error::from(fault);
            assert!(is_passing(&error), "{error:?}");
        }
        patient.running().await;
    }
}
