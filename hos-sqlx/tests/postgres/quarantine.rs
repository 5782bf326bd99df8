//! An entry that is not what was recorded is set aside, and the others go on.

use hos_core::error::FaultKind;
use hos_core::laws::Proofs as _;
use hos_core::seal::ProofState;

use crate::shop::{FIRMS, Shop, firm, server, world};

#[tokio::test]
async fn a_changed_leaf_is_set_aside_and_every_other_entry_has_its_place() {
    let Some(server) = server() else { return };
    let shop = Shop::open(server).await;
    for name in FIRMS {
        for id in ["o-1", "o-2", "o-3"] {
            shop.open_order(name, id, "none").await;
        }
    }
    // Two of one firm: one that was changed, one that is gone.
    let tampered = shop
        .run(
            "SET session_replication_role = replica;
            UPDATE hos_entry SET leaf = replace(leaf, '\"order:o-2\"', '\"order:o-9\"')
            FROM hos_scope WHERE number = scope AND tenant = 'firm-1';
            DELETE FROM hos_entry USING hos_scope
            WHERE number = scope AND tenant = 'firm-1' AND leaf LIKE '%\"order:o-3\"%';",
        )
        .await;
    tampered.unwrap();
    let changed = "SELECT hos_entry.id::text FROM hos_entry WHERE leaf LIKE '%\"order:o-9\"%'";
    let changed = shop.read(changed).await.unwrap().parse::<uuid::Uuid>().unwrap();
    let changed = hos_core::time::ProofId::from_bytes(changed.into_bytes());
    let state = |name, id| {
        let hos = shop.hos.clone();
        async move { hos.proof_state(&world(), &firm(name), id).await.unwrap() }
    };
    assert_eq!(state(FIRMS[0], changed).await, Some(ProofState::Recorded));
    while shop.hos.sequence_pending(3).await.unwrap() > 0 {}
    assert_eq!(shop.read("SELECT count(*)::text FROM hos_pending").await.as_deref(), Some("0"));
    assert_eq!(state(FIRMS[0], changed).await, Some(ProofState::Quarantined));
    let aside = shop.hos.quarantined(&world(), &firm(FIRMS[0]), None, 10).await.unwrap();
    assert_eq!(aside.len(), 2);
    assert!(aside.contains(&changed));
    let theirs = shop.hos.quarantined(&world(), &firm(FIRMS[1]), None, 10).await.unwrap();
    assert_eq!(theirs, []);
    let [ours, theirs] = FIRMS.map(firm);
    let (ours, theirs) =
        (shop.hos.head(&world(), &ours).await, shop.hos.head(&world(), &theirs).await);
    assert_eq!(ours.unwrap().size + 2, theirs.unwrap().size);
    // The log goes on.
    let receipt = shop.act(FIRMS[0], "o-1", "pay").await;
    while shop.hos.sequence_pending(1_000).await.unwrap() > 0 {}
    assert_eq!(state(FIRMS[0], receipt.proof_id).await, Some(ProofState::Sequenced));
}

#[tokio::test]
async fn what_another_sets_aside_first_is_left_to_it() {
    let Some(server) = server() else { return };
    let shop = Shop::open(server).await;
    while shop.hos.sequence_pending(1_000).await.unwrap() > 0 {}
    shop.open_order(FIRMS[0], "o-1", "none").await;
    shop.run(
        "SET session_replication_role = replica;
        UPDATE hos_entry SET leaf = replace(leaf, '\"order:o-1\"', '\"order:o-9\"');",
    )
    .await
    .unwrap();
    // As the other does, which has read the same page.
    let mut other = shop.superuser().await;
    let aside = "BEGIN; INSERT INTO hos_quarantine (entry, scope, number)
        SELECT entry, scope, number FROM hos_pending; DELETE FROM hos_pending;";
    sqlx::raw_sql(aside).execute(&mut other).await.unwrap();
    let hos = shop.hos.clone();
    let late = tokio::spawn(async move { hos.sequence_pending(1_000).await });
    shop.somebody_waits(&late).await;
    sqlx::raw_sql("COMMIT").execute(&mut other).await.unwrap();
    assert_eq!(late.await.unwrap().unwrap(), 0);
    let aside = shop.hos.quarantined(&world(), &firm(FIRMS[0]), None, 10).await.unwrap();
    assert_eq!(aside.len(), 1);
}

#[tokio::test]
async fn what_was_sealed_or_set_aside_is_never_changed_by_hand() {
    let Some(server) = server() else { return };
    let shop = Shop::open(server).await;
    shop.run(
        "SELECT hos_bind_all();
        INSERT INTO hos_tile VALUES (1, 0, 0, sha256('a'), convert_to(repeat('h', 8192), 'UTF8'));
        INSERT INTO hos_quarantine VALUES (gen_random_uuid(), 1, 1);",
    )
    .await
    .unwrap();
    while shop.hos.sequence_pending(1_000).await.unwrap() > 0 {}
    shop.run("SELECT hos_publish('{pazar}', '{firm-1}', '{0}', '{1}', '{note}', '{0}')")
        .await
        .unwrap();
    shop.run("SELECT hos_anchor(0, '{pazar}', '{firm-1}', '{1}', '{note}', ARRAY[sha256('a')])")
        .await
        .unwrap();
    shop.run("SELECT hos_publish('{\"\"}', '{\"\"}', '{0}', '{1}', '{note}', '{0}')")
        .await
        .unwrap();
    shop.run("SELECT hos_attest(1, 'rfc3161', 'tsa', 'token')").await.unwrap();
    for table in ["tile", "checkpoint", "deployment", "attestation", "quarantine"] {
        let rows = format!("SELECT count(*)::text FROM hos_{table}");
        let before = shop.read(&rows).await;
        assert_ne!(before.as_deref(), Some("0"), "{table}");
        for statement in [
            format!("UPDATE hos_{table} SET scope = scope"),
            format!("DELETE FROM hos_{table}"),
            format!("TRUNCATE hos_{table}"),
        ] {
            assert!(shop.run(&statement).await.is_err(), "{statement}");
        }
        assert_eq!(shop.read(&rows).await, before, "{table}");
    }
    for statement in [
        "INSERT INTO hos_checkpoint SELECT scope, size, 0, 'note' FROM hos_checkpoint",
        "INSERT INTO hos_checkpoint SELECT scope, size + 1, 0, 'note' FROM hos_log",
        "INSERT INTO hos_checkpoint VALUES (0, 2, 0, 'note')",
        "INSERT INTO hos_deployment VALUES (2, 1, 9, sha256('a'), 'note')",
    ] {
        assert!(shop.run(statement).await.is_err(), "{statement}");
    }
}

#[tokio::test]
async fn a_damaged_head_holds_up_no_other_log() {
    let Some(server) = server() else { return };
    let shop = Shop::open(server).await;
    while shop.hos.sequence_pending(1_000).await.unwrap() > 0 {}
    let head = async |name: &str| shop.hos.head(&world(), &firm(name)).await.unwrap().size;
    let before = head(FIRMS[1]).await;
    let damage = "UPDATE hos_log SET frontier = '\\x00' FROM hos_scope \
                  WHERE number = scope AND tenant = 'firm-1'";
    shop.run(damage).await.unwrap();
    for id in ["o-1", "o-2", "o-3"] {
        for name in FIRMS {
            shop.open_order(name, id, "none").await;
        }
    }
    let mut numbered = 0;
    let fault = loop {
        match shop.hos.sequence_pending(2).await {
            Ok(0) => panic!("the damage is told"),
            Ok(more) => numbered += more,
            Err(fault) => break fault,
        }
    };
    assert_eq!((numbered, fault.kind()), (3, FaultKind::Corrupt));
    assert_eq!(head(FIRMS[1]).await, before + 3);
    let waiting = shop.read("SELECT count(*)::text FROM hos_pending").await;
    assert_eq!(waiting.as_deref(), Some("3"), "nothing of the damaged log is lost");
}

#[tokio::test]
async fn a_head_that_was_put_back_or_a_place_asked_for_twice_holds_up_no_other_log() {
    let Some(server) = server() else { return };
    let own = "(SELECT number FROM hos_scope WHERE tenant = 'firm-1')";
    for damage in [
        format!("UPDATE hos_log SET size = 0, frontier = '' WHERE scope = {own}"),
        format!("DELETE FROM hos_log WHERE scope = {own}"),
        format!(
            "INSERT INTO hos_pending (scope, entry) \
             SELECT scope, entry FROM hos_leaf WHERE scope = {own} AND leaf_index = 0"
        ),
    ] {
        let shop = Shop::open(server).await;
        while shop.hos.sequence_pending(1_000).await.unwrap() > 0 {}
        shop.run("ALTER TABLE hos_log DISABLE TRIGGER USER").await.unwrap();
        shop.run(&damage).await.unwrap();
        for name in FIRMS {
            shop.open_order(name, "o-1", "none").await;
        }
        assert_eq!(shop.hos.sequence_pending(1_000).await.unwrap(), 1, "{damage}");
        let fault = shop.hos.sequence_pending(1_000).await.unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Corrupt, "{damage}");
    }
}
