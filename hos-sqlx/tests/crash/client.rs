//! SIGKILL to the process that the law runs in.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command as Process, Stdio};

use hos_conformance::campaign::Campaign;
use hos_conformance::random::Random;

use crate::answer::Patient;
use crate::audit::audit;
use crate::backend::Server;
use crate::job::{prepare, tenant};
use crate::load::Load;
use crate::script::{JOBS, TASKS, command};
use crate::store::Store;

pub(crate) const CHILD: &str = "HOS_CRASH_CHILD";
const ACKNOWLEDGED_MAX: u64 = 120;

pub(crate) async fn rounds(server: &Server, campaign: Campaign) {
    let mut random = Random::new(campaign.seed);
    let store = Store::open(server.url()).await.unwrap();
    let hos = store.hos().await.unwrap();
    let mut total = 0;
    for round in 0..campaign.size {
        let firm = tenant(&format!("firm-{round}"));
        prepare(&hos, &firm, JOBS).await;
        let child = format!("{}#{firm}", server.url());
        let after = random.below(ACKNOWLEDGED_MAX);
        let killed = tokio::task::spawn_blocking(move || kill_one(&child, after)).await.unwrap();
        total += killed.len();
        audit(server, &hos, &firm, &killed).await;
    }
    println!("{} clients killed, {total} acknowledged", campaign.size);
    store.close().await;
}

/// The child: works until it is killed.
pub(crate) async fn work(child: &str) {
    let (url, firm) = child.rsplit_once('#').unwrap();
    let patient = Patient::new(Load::new(Store::open(url).await.unwrap()).await);
    let firm = tenant(firm);
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..TASKS {
        let (patient, firm) = (patient.clone(), firm.clone());
        tasks.spawn(async move {
            for number in 0.. {
                let (key, command) = command(&firm, task, number);
                patient.answer(&key, &command).await.unwrap();
                acknowledge(&key);
            }
        });
    }
    // Places are given under the load, by the process that may be killed at it.
    loop {
        patient.load.hos().sequence_pending(100).await.unwrap();
        tokio::task::yield_now().await;
        if tasks.try_join_next().is_some() {
            return;
        }
    }
}

fn acknowledge(key: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("{key}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

/// Starts a child, kills it after so many acknowledgements, and returns all that it gave.
fn kill_one(child: &str, after: u64) -> BTreeSet<String> {
    let mut process = Process::new(std::env::current_exe().unwrap())
        .env(CHILD, child)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap());
    let mut acknowledged = BTreeSet::new();
    let mut killed = false;
    loop {
        if !killed && acknowledged.len() as u64 >= after {
            process.kill().unwrap();
            killed = true;
        }
        let mut line = String::new();
        if lines.read_line(&mut line).unwrap() == 0 {
            break;
        }
        // A line cut short by the kill was not acknowledged to anybody.
        if let Some(key) = line.strip_suffix('\n') {
            acknowledged.insert(key.to_owned());
        }
    }
    process.wait().unwrap();
    assert!(killed, "the child ended by itself");
    acknowledged
}
