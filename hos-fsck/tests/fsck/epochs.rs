//! Logs that came back from an older backup: what is sound, and forks that are called epochs.

use std::sync::Arc;

use hos_core::command::EpochOpening;
use hos_core::note::SignedNote;
use hos_core::prelude::*;
use hos_core::seal::{Keeper as _, Keys, LogName, MemoryKeeper};
use hos_fsck::FindingCode;
use hos_verify::checkpoint::Checkpoint;
use hos_verify::epoch::{join, split};

use crate::house::Sort;
use crate::sealed::{build, key, known, trusting};

/// A note over so many entries of a log, whatever they are.
fn note(origin: &str, size: u64, root: [u8; 32]) -> String {
    let text = Checkpoint::new(origin, size, root).unwrap().to_text();
    SignedNote::new(&text, vec![key(7).sign(&text)]).unwrap().to_string()
}

fn said(note: &str) -> Checkpoint {
    Checkpoint::parse(SignedNote::parse(note.as_bytes()).unwrap().text()).unwrap()
}

async fn are_found(sort: Sort) {
    let Some(house) = build(sort).await else { return };
    let (world, big) = (World::new("shop").unwrap(), Tenant::new("big").unwrap());
    let log = LogName::of(&world, &big);
    let (before, origin) = (known(&house.hos, "big").await, house.hos.origin(&log));
    let lost = note(&origin, before.size() + 50, [7; 32]);
    let keeper: Arc<MemoryKeeper> = Arc::default();
    keeper.keep(&origin, before.size() + 50, &lost).await.unwrap();
    let root = Actor::user("root").unwrap();
    let opening = EpochOpening::new(&root, &world, &big, &lost, "a disk was lost").key("e");
    house.hos.open_epoch(&opening, &[key(7).verifier_key()]).await.unwrap();
    while house.hos.sequence_pending(1_000).await.unwrap() > 0 {}
    let sealer = house.hos.sealer(Keys::new(key(7)), keeper).unwrap();
    sealer.seal(&world, &big).await.unwrap();
    sealer.anchor_round(100).await.unwrap();
    let after = known(&house.hos, "big").await;
    assert_eq!((split(before.origin()).1, split(after.origin()).1), (1, 2));

    let report = house.check_with(&trusting()).await;
    assert!(report.is_sound(), "{:#?}", report.findings);
    for checkpoint in [before, after.clone(), said(&lost)] {
        let is_lost = u64::from(checkpoint == said(&lost));
        let report = house.check_with(&trusting().known(checkpoint)).await;
        assert!(report.is_sound(), "{:#?}", report.findings);
        assert_eq!(report.lost, is_lost);
    }
    let hidden = said(&note(&origin, after.size() + 99, [7; 32]));
    let report = house.check_with(&trusting().known(hidden)).await;
    assert_eq!(report.findings.by_code.get(&FindingCode::KnownDiffers), Some(&1));

    // A note of the older epoch published later, an epoch too many, and one without its entry.
    for (epoch, other) in [(1, "big"), (3, "big"), (2, "firm-1")] {
        let checkpoint = known(&house.hos, other).await;
        let forged = join(split(checkpoint.origin()).0, epoch);
        let forged = note(&forged, checkpoint.size(), *checkpoint.root());
        let honest = {
            let log = LogName::of(&world, &Tenant::new(other).unwrap());
            let all = house.hos.checkpoints(&log, checkpoint.size(), 1).await.unwrap();
            all[0].note.clone()
        };
        let of = format!(
            "WHERE size = {} AND scope = (SELECT number FROM hos_scope WHERE tenant = '{other}')",
            checkpoint.size()
        );
        house.tamper(&format!("UPDATE hos_checkpoint SET note = '{forged}' {of}")).await;
        let report = house.check_with(&trusting()).await;
        let found = report.findings.by_code.get(&FindingCode::EpochDiffers);
        assert_eq!(found, Some(&1), "{epoch} {other}: {:#?}", report.findings);
        house.tamper(&format!("UPDATE hos_checkpoint SET note = '{honest}' {of}")).await;
    }
    assert!(house.check_with(&trusting()).await.is_sound());
}

#[tokio::test]
async fn epochs_are_held_to_their_entries_on_sqlite() {
    are_found(Sort::Sqlite).await;
}

#[tokio::test]
async fn epochs_are_held_to_their_entries_on_postgresql() {
    are_found(Sort::Postgres).await;
}

#[tokio::test]
async fn epochs_are_held_to_their_entries_on_mariadb() {
    are_found(Sort::Mariadb).await;
}
