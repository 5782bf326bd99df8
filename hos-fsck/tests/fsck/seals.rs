//! What a superuser can do to seals, to what waits and to parts, and what outsiders hold against
//! it. Each change is made in a sealed house, judged, and undone.

use hos_core::command::Erasure;
use hos_core::laws::Proofs as _;
use hos_core::prelude::*;
use hos_fsck::{Finding, FindingCode, Options};

use crate::house::{House, Sort};
use crate::planted::ATTACKS;
use crate::sealed::{build, key, known, policy, seal, sealer, trusting};
use crate::undo::{keep, undo};

async fn are_found(sort: Sort) {
    let Some(house) = build(sort).await else { return };
    let report = house.check_with(&trusting()).await;
    assert!(report.is_sound(), "{:#?}", report.findings);
    assert_eq!((report.tiles, report.anchors, report.attestations), (1, 4, 2));
    assert_eq!((report.checkpoints, report.signed), (5, 5));
    erase(&house).await;
    take_over(&house).await;
    let trusting = trusting().policy(policy(&[key(7), key(8)]));
    let report = house.check_with(&trusting).await;
    assert!(report.is_sound(), "{:#?}", report.findings);
    assert_eq!((report.tiles, report.anchors, report.attestations), (1, 6, 4));
    assert_eq!((report.checkpoints, report.signed), (8, 8));
    // From here on triggers are gone: what follows is done by hand.
    keep(&house).await;
    for attack in ATTACKS {
        let [sqlite, postgres, mariadb] = attack.statements;
        let statement = match sort {
            Sort::Sqlite => sqlite,
            Sort::Postgres => postgres,
            Sort::Mariadb => mariadb,
        };
        if statement.is_empty() {
            continue;
        }
        house.tamper(statement).await;
        let report = house.check_with(&trusting).await;
        let is_it = |finding: &&Finding| {
            finding.code == attack.code && (attack.index.is_none() || finding.index == attack.index)
        };
        let found = report.findings.listed.iter().find(is_it);
        assert!(found.is_some(), "{}: {:#?}", attack.name, report.findings);
        undo(&house).await;
    }
    let report = house.check_with(&trusting).await;
    assert!(report.is_sound(), "{:#?}", report.findings);
    forget(&house, &trusting).await;
    cut(&house).await;
}

/// Erases one part of a firm.
async fn erase(house: &House) {
    let root = Actor::user("root").unwrap();
    let (world, firm) = (World::new("shop").unwrap(), Tenant::new("firm-1").unwrap());
    let page = house.hos.page(&world, &firm, 0, 100).await.unwrap();
    let entry = page.iter().find(|entry| !entry.parts.is_empty()).unwrap();
    let part = (entry.id, entry.parts[0].name.clone());
    let erasure = Erasure::parts(&root, &world, &firm, [part], "consent_withdrawn");
    house.hos.erase(&erasure.key("erase")).await.unwrap();
    while house.hos.sequence_pending(1_000).await.unwrap() > 0 {}
    let report = house.check_with(&trusting()).await;
    assert!(report.is_sound(), "{:#?}", report.findings);
}

/// Another's key signed nothing; one that takes over signs from a boundary on.
async fn take_over(house: &House) {
    let others = trusting().policy(policy(&[key(8)]));
    let report = house.check_with(&others).await;
    assert_eq!(report.findings.by_code.get(&FindingCode::CheckpointUnsigned), Some(&5));
    assert_eq!(report.signed, 0);
    let root = Actor::user("root").unwrap();
    let order = Subject::new("shop", "big", "order", "o-0").unwrap();
    house.hos.transition(&Command::new(&root, &order, "pay").key("late")).await.unwrap();
    while house.hos.sequence_pending(1_000).await.unwrap() > 0 {}
    seal(&sealer(&house.hos, key(8))).await;
    // The last ones of two logs and of the deployment's are the new key's.
    let report = house.check_with(&trusting()).await;
    let codes: Vec<_> = report.findings.by_code.into_iter().collect();
    assert_eq!(codes, [(FindingCode::CheckpointUnsigned, 3)]);
}

/// The entry of an erasure is dropped, which the part that it erased names.
async fn forget(house: &House, trusting: &Options) {
    let forget = match house.sort {
        Sort::Sqlite => "DELETE FROM hos_entry WHERE type = 'erasure/1'",
        _ => {
            "DELETE FROM hos_leaf WHERE entry = (SELECT id FROM hos_entry
            WHERE type = 'erasure/1')"
        }
    };
    house.tamper(forget).await;
    let report = house.check_with(trusting).await;
    assert_eq!(report.findings.by_code.get(&FindingCode::ErasureDiffers), Some(&1));
}

/// The whole log is cut, head, tiles and checkpoints with it: what somebody outside kept tells.
async fn cut(house: &House) {
    let known = known(&house.hos, "big").await;
    let own = "scope = (SELECT number FROM hos_scope WHERE tenant = 'big')";
    let head = match house.sort {
        Sort::Sqlite => {
            "UPDATE hos_scope SET log_size = 0, log_frontier = x'' WHERE tenant = 'big';".to_owned()
        }
        _ => format!("DELETE FROM hos_leaf WHERE {own}; DELETE FROM hos_log WHERE {own};"),
    };
    let rest = format!(
        "DELETE FROM hos_entry WHERE {own}; DELETE FROM hos_tile WHERE {own};
        DELETE FROM hos_checkpoint WHERE {own};"
    );
    house.tamper(&format!("{head}{rest}")).await;
    let big = Options::default().tenant(&Tenant::new("big").unwrap());
    let big = big.depth(hos_fsck::Depth::Logs);
    assert!(house.check_with(&big.clone()).await.is_sound());
    let report = house.check_with(&big.known(known)).await;
    let codes: Vec<_> = report.findings.by_code.into_iter().collect();
    assert_eq!(codes, [(FindingCode::KnownDiffers, 1)]);
}

#[tokio::test]
async fn attacks_on_seals_are_found_on_sqlite() {
    are_found(Sort::Sqlite).await;
}

#[tokio::test]
async fn attacks_on_seals_are_found_on_postgresql() {
    are_found(Sort::Postgres).await;
}

#[tokio::test]
async fn attacks_on_seals_are_found_on_mariadb() {
    are_found(Sort::Mariadb).await;
}
