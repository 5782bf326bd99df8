//! Several processes commit, number, seal, anchor, archive and erase in one database, and each is
//! killed: in a caller's transaction, before it signs, between keeping and publishing, at every
//! step of archiving and of erasing, or anywhere.
//!
//! This binary starts itself as a child that works until it kills itself. `HOS_CAMPAIGN_SIZE` is
//! the number of rounds on each database, `HOS_CAMPAIGN_SEED` the seed.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test binary")]
#![expect(clippy::panic, clippy::indexing_slicing, reason = "a test binary")]
#![expect(clippy::print_stdout, reason = "a child reports on its standard output")]

mod archiving;
mod audit;
mod erasing;
mod fuse;
#[path = "../support/house.rs"]
mod house;
#[path = "../support/job.rs"]
mod job;
mod quiet;
mod worker;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use hos_archive::{DirectoryTarget, Shelf};
use hos_conformance::campaign::Campaign;
use hos_conformance::random::Random;
use hos_core::hos::{Hos, HosOptions, Sealer};
use hos_core::id::{ActorId, Role, Tenant, World};
use hos_core::laws::Registry as _;
use hos_core::note::SigningKey;
use hos_core::vault::Vault;
use hos_verify::policy::Policy;
use hos_work::DirectoryKeeper;
use libtest_mimic::{Arguments, Trial};

use fuse::{Fuse, FusedKeeper, FusedSigner, POINTS};
use house::{House, Kind};
use quiet::await_quiet;
use worker::Worker;

const ROUNDS: u64 = 2;
const PROCESSES: usize = 4;
/// In a campaign, and in ordinary tests.
const TENANTS: [u64; 2] = [50, 6];
/// How many tenants have enough entries to be archived from the beginning, and how many they have.
const OLD: (u64, u64) = (3, 300);
/// The archive, beside the keeper.
const ARCHIVE: &str = "archive";
const DEPLOYMENT: &str = "hammer.example";

fn main() -> ExitCode {
    if let Ok(child) = std::env::var(worker::CHILD) {
        runtime().block_on(worker::work(&child));
        return ExitCode::FAILURE;
    }
    let trial = |kind: Kind| {
        let name = format!("{}::every_log_is_whole_whoever_is_killed", kind.name());
        Trial::test(name, move || {
            hammer(kind, Campaign::from_environment(ROUNDS));
            Ok(())
        })
    };
    // One at a time: each is a load of its own on a small machine.
    let arguments = Arguments { test_threads: Some(1), ..Arguments::from_args() };
    libtest_mimic::run(&arguments, [Kind::Sqlite, Kind::Postgres, Kind::MariaDb].map(trial).into())
        .exit_code()
}

fn hammer(kind: Kind, campaign: Campaign) {
    let directory = tempfile::tempdir().unwrap();
    let Some(url) = kind.database(directory.path()) else { return };
    let keeper = directory.path().join("keeper");
    std::fs::create_dir(&keeper).unwrap();
    let tenants = TENANTS[usize::from(campaign.size <= ROUNDS)];
    runtime().block_on(prepare(&url, &keeper, tenants));
    let mut random = Random::new(campaign.seed);
    let (mut told, mut audited) = (worker::Told::default(), audit::Audited::default());
    for round in 0..campaign.size {
        let workers = (0..PROCESSES).map(|_| {
            let point = usize::try_from(random.below(POINTS)).unwrap();
            let count = random.below([120, 12, 12, 12, 60, 1, 1, 1, 4, 4, 4][point]) + 1;
            let seed = random.below(u64::MAX);
            Worker::start(&url, &keeper, &[tenants, seed, u64::try_from(point).unwrap(), count])
        });
        for worker in workers.collect::<Vec<_>>() {
            told.add(worker.end());
        }
        await_quiet(&url);
        audited = runtime().block_on(audit::audit(&url, &keeper, tenants, &told, &audited));
        if (round + 1) % 10 == 0 {
            println!("{}: {} rounds: {audited:?}", kind.name(), round + 1);
        }
    }
    println!("{}: {} rounds: {audited:?}", kind.name(), campaign.size);
    assert!(!told.tenants.is_empty(), "somebody committed something");
}

async fn prepare(url: &str, keeper: &Path, tenants: u64) {
    let house = House::open(url).await;
    let vault = erasing::vault(url, keeper, &Fuse::none()).await;
    let hos = hos(&house, &keeper.with_file_name(ARCHIVE), vault).await;
    let world = World::new(job::WORLD).unwrap();
    let (root, role) = (ActorId::new("root-1").unwrap(), Role::new("root").unwrap());
    hos.bootstrap(&world, &root, &role, b"boot").await.unwrap();
    for number in 0..tenants {
        job::prepare(&hos, &tenant(number), if number < OLD.0 { OLD.1 } else { 1 }).await;
    }
    house.close().await;
}

async fn hos(house: &House, archive: &Path, vault: Arc<dyn Vault>) -> Hos {
    let shelf = Shelf::new(DirectoryTarget::new(archive));
    let options = HosOptions::default().deployment(DEPLOYMENT).archive(shelf);
    house.hos(job::law(), options.vault(vault, erasing::master())).await
}

fn sealer(hos: &Hos, keeper: &Path, fuse: &Fuse) -> Sealer {
    let key = SigningKey::from_seed(DEPLOYMENT, &[7; 32]).unwrap();
    let keeper = DirectoryKeeper::open(keeper).unwrap();
    let signer = FusedSigner::new(key, fuse.clone());
    hos.sealer(signer, FusedKeeper { inner: keeper, fuse: fuse.clone() }).unwrap()
}

fn policy() -> Policy {
    let key = SigningKey::from_seed(DEPLOYMENT, &[7; 32]).unwrap().verifier_key();
    Policy::parse(format!("log {key}\nquorum none\n").as_bytes()).unwrap()
}

fn tenant(number: u64) -> Tenant {
    job::tenant(&format!("firm-{number}"))
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}
