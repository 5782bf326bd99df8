//! A told story that is sealed, anchored and witnessed, and what it is held to.

use std::sync::Arc;

use hos_core::hos::Sealer;
use hos_core::note::{SignedNote, SigningKey};
use hos_core::prelude::*;
use hos_core::seal::{Keys, LogName, MemoryKeeper};
use hos_fsck::{Depth, Options};
use hos_verify::checkpoint::Checkpoint;
use hos_verify::policy::Policy;
use tokio::task::JoinSet;

use crate::house::{House, Sort};

/// More than one tile of them, in a log of their own.
const RECORDS: u64 = 300;

/// The names of the deployment, as `HosOptions` name it unless they are told otherwise.
const DEPLOYMENT: &str = "hos.local";

pub(crate) fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(DEPLOYMENT, &[seed; 32]).unwrap()
}

fn witness() -> SigningKey {
    SigningKey::from_seed("witness.example", &[9; 32]).unwrap()
}

/// A policy of our log under some keys, and of a witness.
pub(crate) fn policy(keys: &[SigningKey]) -> Policy {
    let logs: String = keys.iter().map(|key| format!("log {}\n", key.verifier_key())).collect();
    let witness = witness().cosigner_key();
    Policy::parse(format!("{logs}witness w {witness}\nquorum w\n").as_bytes()).unwrap()
}

pub(crate) fn trusting() -> Options {
    Options::default().depth(Depth::Logs).policy(policy(&[key(7)]))
}

/// A house whose logs are sealed; the log of `big` has a tile.
pub(crate) async fn build(sort: Sort) -> Option<House> {
    build_large(sort, RECORDS).await
}

/// The same with so many entries in the log of `big`, about.
pub(crate) async fn build_large(sort: Sort, records: u64) -> Option<House> {
    let house = House::build(sort).await?;
    let root = Actor::user("root").unwrap();
    let (world, big) = (World::new("shop").unwrap(), Tenant::new("big").unwrap());
    let add = StandingCommand::new(&root, &world, &big, StandingChange::AddTenant);
    house.hos.change_standing(&add.key("big")).await.unwrap();
    let mut orders = JoinSet::new();
    for part in 0..8 {
        let (hos, root) = (house.hos.clone(), root.clone());
        orders.spawn(async move {
            for number in (0..records).filter(|number| number % 8 == part) {
                let order = Subject::new("shop", "big", "order", &format!("o-{number}")).unwrap();
                let opening = Opening::new(&root, &order).attribute("total", 5);
                hos.open(&opening.key(format!("big {number}"))).await.unwrap();
            }
        });
    }
    while orders.join_next().await.transpose().unwrap().is_some() {}
    while house.hos.sequence_pending(1_000).await.unwrap() > 0 {}
    let sealer = sealer(&house.hos, key(7));
    seal(&sealer).await;
    Some(house)
}

pub(crate) fn sealer(hos: &Hos, key: SigningKey) -> Sealer {
    hos.sealer(Keys::new(key), Arc::new(MemoryKeeper::default())).unwrap()
}

/// Seals what is new, and has the deployment's last checkpoint witnessed.
pub(crate) async fn seal(sealer: &Sealer) {
    while sealer.seal_pending(100).await.unwrap().tried() > 0 {}
    sealer.anchor_round(100).await.unwrap();
    let hos = sealer.hos();
    let all = hos.checkpoints(&LogName::Deployment, 0, 100).await.unwrap();
    let note = SignedNote::parse(all.last().unwrap().note.as_bytes()).unwrap();
    let cosignature = witness().cosign(1_700_000_000, note.text());
    let note = SignedNote::new(note.text(), vec![cosignature]).unwrap();
    hos.cosigned(&note.to_string(), &[witness().cosigner_key()]).await.unwrap();
    let size = Checkpoint::parse(note.text()).unwrap().size();
    hos.timestamped(size, "tsa.example", b"a token").await.unwrap();
}

/// The last checkpoint of a log, as somebody outside kept it.
pub(crate) async fn known(hos: &Hos, tenant: &str) -> Checkpoint {
    let log = LogName::of(&World::new("shop").unwrap(), &Tenant::new(tenant).unwrap());
    let all = hos.checkpoints(&log, 0, 100).await.unwrap();
    let note = SignedNote::parse(all.last().unwrap().note.as_bytes()).unwrap();
    Checkpoint::parse(note.text()).unwrap()
}
