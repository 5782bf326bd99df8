//! What was committed is kept, whoever asks otherwise.

use hos_core::command::Migration;
use hos_core::id::{Kind, Version};
use hos_core::prelude::*;
use hos_core::store::Archive as _;
use hos_core::time::Timestamp;

use crate::epoch::{REFUSED, open_epoch};
use crate::shop::{FIRMS, Shop, firm, later_of, order, server, world};

#[tokio::test]
async fn not_even_a_superuser_changes_what_was_committed() {
    let Some(server) = server() else { return };
    let shop = Shop::open(server).await;
    shop.open_order(FIRMS[0], "o-1", "").await;
    shop.open_order(FIRMS[0], "o-2", "").await;
    shop.act(FIRMS[0], "o-1", "cancel").await;
    while shop.hos.sequence_pending(100).await.unwrap() > 0 {}
    for statement in [
        "UPDATE hos_subject SET state = 'pending', terminal = false WHERE id = 'o-1'",
        "UPDATE hos_subject SET revision = 3 WHERE id = 'o-1'",
        "UPDATE hos_subject SET state = 'paid' WHERE id = 'o-2'",
        "UPDATE hos_subject SET state = 'paid', revision = 2 WHERE id = 'o-2'",
        "UPDATE hos_subject SET id = 'o-9', revision = 2 WHERE id = 'o-2'",
        "DELETE FROM hos_subject",
        "TRUNCATE hos_subject",
        "UPDATE hos_entry SET leaf = ''",
        "DELETE FROM hos_entry",
        "TRUNCATE hos_entry",
        "TRUNCATE hos_part",
        "DELETE FROM hos_leaf",
        "UPDATE hos_leaf SET leaf_index = leaf_index + 1",
        "TRUNCATE hos_leaf",
        "UPDATE hos_log SET size = 0",
        "DELETE FROM hos_log",
        "UPDATE hos_receipt SET receipt = ''",
        "UPDATE hos_scope SET members = 0",
        "UPDATE hos_scope SET status = NULL",
        "DELETE FROM hos_scope",
        "DELETE FROM hos_law",
        "UPDATE hos_contract SET version = '9'",
        "TRUNCATE hos_archive",
        "INSERT INTO hos_archive (scope, first_index, turn, end_index, entry, digest, least_id, \
         greatest_id) SELECT scope, 0, 0, 256, id, sha256(''), id, id FROM hos_entry LIMIT 1",
        "INSERT INTO hos_archive (scope, first_index, turn, end_index, entry, digest, least_id, \
         greatest_id) SELECT scope, 0, 1, 256, id, sha256(''), id, id FROM hos_entry LIMIT 1",
        "INSERT INTO hos_archive (scope, first_index, turn, end_index, entry, digest, least_id, \
         greatest_id) SELECT scope, 0, 0, 0, id, sha256(''), id, id FROM hos_entry LIMIT 1",
        "INSERT INTO hos_subject (world, scope, revision, proof_id, terminal, timed, kind, id, \
         state, contract, attributes) SELECT world, scope, 1, gen_random_uuid(), false, false, \
         kind, 'o-9', 'paid', contract, attributes FROM hos_subject LIMIT 1",
    ] {
        let refused = shop.run(statement).await.expect_err(statement);
        let message = refused.as_database_error().unwrap().message().to_owned();
        assert!(message.starts_with("hos:"), "{statement}: {message}");
    }
    let kept = shop.hos.situation(&order(FIRMS[0], "o-1")).await.unwrap().unwrap();
    assert_eq!((kept.snapshot.state.as_str(), kept.snapshot.revision), ("cancelled", 2));
}

#[tokio::test]
async fn the_proof_of_a_migration_proves_nothing_later() {
    let Some(server) = server() else { return };
    let shop = Shop::open(server).await;
    shop.open_order(FIRMS[0], "o-1", "").await;
    shop.open_order(FIRMS[0], "o-2", "").await;
    let hos = Hos::open([later_of(0)], shop.store.clone()).await.unwrap();
    let root = Actor::user("root").unwrap();
    let walk = Migration::new(&root, &world(), &firm(FIRMS[0]), "order", "1", "2");
    let first = hos.migrate(&walk.clone().key("one"), 1).await.unwrap();
    let proof = first.proof.unwrap();
    let migrated = format!("proof_id = '{proof}', contract = '2'");
    for change in [
        &*migrated,
        &format!("{migrated}, state = 'paid'"),
        &format!("{migrated}, revision = 2"),
        "contract = '2'",
        "contract = '2', proof_id = gen_random_uuid()",
    ] {
        let statement = format!("UPDATE hos_subject SET {change} WHERE id = 'o-2'");
        let refused = shop.run(&statement).await.expect_err(&statement);
        let message = refused.as_database_error().unwrap().message().to_owned();
        assert_eq!(message, "hos:state without proof", "{statement}");
    }
    let back = "UPDATE hos_subject SET contract = '1', state = 'paid' WHERE id = 'o-1'";
    shop.run(back).await.expect_err(back);
    let second = hos.migrate(&walk.key("two"), 1).await.unwrap();
    assert_eq!((second.migrated, second.replayed), (1, false), "the second goes its way");
}

#[tokio::test]
async fn pins_are_those_of_live_subjects() {
    let Some(server) = server() else { return };
    let shop = Shop::open(server).await;
    assert_eq!(shop.store.pins(&world()).await.unwrap(), []);
    for id in ["o-1", "o-2", "o-3"] {
        shop.open_order(FIRMS[0], id, "").await;
    }
    let pins = shop.store.pins(&world()).await.unwrap();
    assert_eq!(pins, [(Kind::new("order").unwrap(), Version::new("1").unwrap())]);
    for id in ["o-1", "o-2", "o-3"] {
        shop.act(FIRMS[0], id, "cancel").await;
    }
    assert_eq!(shop.store.pins(&world()).await.unwrap(), []);
}

#[tokio::test]
async fn a_timer_ends_with_the_revision_that_set_it() {
    let Some(server) = server() else { return };
    let shop = Shop::open(server).await;
    shop.open_order(FIRMS[0], "o-1", "").await;
    shop.act(FIRMS[0], "o-1", "pay").await;
    let end = Timestamp::from_micros(i64::MAX);
    assert_eq!(shop.store.due_timers(&world(), end, 10).await.unwrap().len(), 1);
    shop.act(FIRMS[0], "o-1", "cancel").await;
    assert_eq!(shop.store.due_timers(&world(), end, 10).await.unwrap().len(), 0);
}

#[tokio::test]
async fn a_proof_is_found_by_its_id_whatever_the_planner_was_told() {
    let Some(server) = server() else { return };
    let shop = Shop::open(server).await;
    for number in 0..600 {
        if number % 150 == 20 {
            shop.run("ANALYZE").await.unwrap();
        }
        shop.open_order(FIRMS[0], &format!("o-{number}"), "").await;
    }
    // What sessions counted is told when they end.
    shop.store.close().await;
    shop.everybody_has_gone().await;
    let read = "SELECT coalesce(sum(idx_tup_read), 0)::text FROM pg_stat_user_indexes \
                WHERE indexrelname LIKE 'hos\\_entry%revision%'";
    assert_eq!(shop.read(read).await.as_deref(), Some("0"), "the histories of all were read");
}

#[tokio::test]
async fn an_epoch_is_never_changed_and_none_begins_without_its_entry() {
    let Some(server) = server() else { return };
    let shop = Shop::open(server).await;
    open_epoch(&shop.hos).await;
    let truncated = ("TRUNCATE hos_log_epoch", "hos:nothing is truncated");
    for (statement, message) in REFUSED.into_iter().chain([truncated]) {
        let error = shop.run(statement).await.expect_err(statement).to_string();
        assert!(error.contains(message), "{statement}: {error}");
    }
    let epochs = "SELECT count(*)::text FROM hos_log_epoch WHERE number = 2";
    assert_eq!(shop.read(epochs).await.as_deref(), Some("1"));
}
