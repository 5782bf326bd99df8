//! An entry that is not what was recorded is set aside, and the others go on.

use hos_core::error::FaultKind;
use hos_core::laws::Proofs as _;
use hos_core::prelude::*;
use hos_core::seal::{Keys, LogName, MemoryKeeper, ProofState};
use hos_core::time::ProofId;

use crate::shop::open_shop;

#[tokio::test]
async fn a_changed_leaf_is_set_aside_and_every_other_entry_has_its_place() {
    let Some(shop) = open_shop().await else { return };
    let (world, firm) = (World::new("pazar").unwrap(), Tenant::new("firm-1").unwrap());
    for id in ["o-1", "o-2", "o-3"] {
        shop.open(id).await;
    }
    let mut stranger = shop.stranger().await;
    // What a trigger refuses to everybody, by somebody who may drop it.
    let tamper = "DROP TRIGGER hos_entry_update;
        UPDATE hos_entry SET leaf = replace(leaf, '\"order:o-2\"', '\"order:o-9\"')";
    sqlx::raw_sql(tamper).execute(&mut stranger).await.unwrap();
    let changed = "SELECT id FROM hos_entry WHERE leaf LIKE '%\"order:o-9\"%'";
    let changed: Vec<u8> = sqlx::query_scalar(changed).fetch_one(&mut stranger).await.unwrap();
    let changed = ProofId::from_bytes(changed.try_into().unwrap());
    let before = shop.number("SELECT count(*) FROM hos_pending").await;
    let state = async || shop.hos.proof_state(&world, &firm, changed).await.unwrap();
    assert_eq!(state().await, Some(ProofState::Recorded));
    while shop.hos.sequence_pending(2).await.unwrap() > 0 {}
    assert_eq!(shop.number("SELECT count(*) FROM hos_pending").await, 0);
    assert_eq!(shop.number("SELECT count(*) FROM hos_leaf").await, before - 1);
    assert_eq!(state().await, Some(ProofState::Quarantined));
    let aside = shop.hos.quarantined(&world, &firm, None, 10).await.unwrap();
    assert_eq!(aside, [changed]);
    let size = shop.hos.head(&world, &firm).await.unwrap().size;
    shop.act("o-1", "pay").await;
    while shop.hos.sequence_pending(1_000).await.unwrap() > 0 {}
    assert_eq!(shop.hos.head(&world, &firm).await.unwrap().size, size + 1, "the log goes on");
}

#[tokio::test]
async fn what_was_sealed_or_set_aside_is_never_changed_by_hand() {
    let Some(shop) = open_shop().await else { return };
    while shop.hos.sequence_pending(1_000).await.unwrap() > 0 {}
    let key = hos_core::note::SigningKey::from_seed("hos.local", &[7; 32]).unwrap();
    let sealer = shop.hos.sealer(Keys::new(key), MemoryKeeper::default()).unwrap();
    sealer.seal_pending(10).await.unwrap();
    sealer.anchor_round(10).await.unwrap();
    let last = shop.hos.checkpoints(&LogName::Deployment, 0, 1).await.unwrap().remove(0);
    shop.hos.timestamped(last.size, "tsa", b"token").await.unwrap();
    let mut stranger = shop.stranger().await;
    let rows = "INSERT INTO hos_tile VALUES (1, 0, 0, repeat('r', 32), repeat('h', 8192));
        INSERT INTO hos_quarantine VALUES (repeat('e', 16), 1, 1)";
    sqlx::raw_sql(rows).execute(&mut stranger).await.unwrap();
    for statement in [
        "UPDATE hos_tile SET place = 7",
        "DELETE FROM hos_tile",
        "REPLACE INTO hos_tile VALUES (1, 0, 0, repeat('x', 32), repeat('h', 8192))",
        "UPDATE hos_checkpoint SET note = ''",
        "DELETE FROM hos_checkpoint",
        "INSERT INTO hos_checkpoint SELECT scope, size + 1, 0, 'note' FROM hos_log",
        "INSERT INTO hos_checkpoint VALUES (0, 99, 0, 'note')",
        "UPDATE hos_deployment SET note = ''",
        "DELETE FROM hos_deployment",
        "INSERT INTO hos_deployment VALUES (99, 1, 99, repeat('x', 32), 'note')",
        "UPDATE hos_attestation SET body = ''",
        "DELETE FROM hos_attestation",
        "UPDATE hos_quarantine SET scope = 2",
        "DELETE FROM hos_quarantine",
    ] {
        assert!(sqlx::raw_sql(statement).execute(&mut stranger).await.is_err(), "{statement}");
    }
}

#[tokio::test]
async fn a_damaged_head_holds_up_no_other_log() {
    let Some(shop) = open_shop().await else { return };
    while shop.hos.sequence_pending(1_000).await.unwrap() > 0 {}
    shop.open("o-1").await;
    let mut stranger = shop.stranger().await;
    let damage = "DROP TRIGGER hos_log_update;
        UPDATE hos_log SET frontier = 'x' WHERE scope =
        (SELECT number FROM hos_scope WHERE tenant = 'firm-1')";
    sqlx::raw_sql(damage).execute(&mut stranger).await.unwrap();
    // One of the world's own log waits behind.
    let (root, world) = (Actor::user("root").unwrap(), World::new("pazar").unwrap());
    let change =
        StandingChange::Ban { target: ActorId::new("u-9").unwrap(), reason: "theirs".to_owned() };
    let ban = StandingCommand::new(&root, &world, &Tenant::world(), change).key("ban");
    shop.hos.change_standing(&ban).await.unwrap();
    assert_eq!(shop.hos.sequence_pending(1).await.unwrap(), 1);
    let fault = shop.hos.sequence_pending(1).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Corrupt);
    assert_eq!(shop.number("SELECT count(*) FROM hos_pending").await, 1, "nothing of it is lost");
}

#[tokio::test]
async fn a_head_that_was_put_back_or_a_place_asked_for_twice_holds_up_no_other_log() {
    let own = "(SELECT number FROM hos_scope WHERE tenant = 'firm-1')";
    for damage in [
        format!(
            "DROP TRIGGER hos_log_update;
            UPDATE hos_log SET size = 0, frontier = '' WHERE scope = {own}"
        ),
        format!("DROP TRIGGER hos_log_delete; DELETE FROM hos_log WHERE scope = {own}"),
        format!(
            "INSERT INTO hos_pending (scope, entry)
            SELECT scope, entry FROM hos_leaf WHERE scope = {own} AND leaf_index = 0"
        ),
    ] {
        let Some(shop) = open_shop().await else { return };
        shop.open("o-1").await;
        while shop.hos.sequence_pending(1_000).await.unwrap() > 0 {}
        let mut stranger = shop.stranger().await;
        sqlx::raw_sql(sqlx::AssertSqlSafe(damage.clone())).execute(&mut stranger).await.unwrap();
        shop.open("o-2").await;
        let (root, world) = (Actor::user("root").unwrap(), World::new("pazar").unwrap());
        let (target, reason) = (ActorId::new("u-9").unwrap(), "theirs".to_owned());
        let change = StandingChange::Ban { target, reason };
        let ban = StandingCommand::new(&root, &world, &Tenant::world(), change).key("ban");
        shop.hos.change_standing(&ban).await.unwrap();
        assert_eq!(shop.hos.sequence_pending(1_000).await.unwrap(), 1, "{damage}");
        let fault = shop.hos.sequence_pending(1_000).await.unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Corrupt, "{damage}");
    }
}
