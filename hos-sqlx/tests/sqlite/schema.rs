//! What plain SQL, by somebody who knows nothing of the law, cannot do to a store.

use hos_core::command::Migration;
use hos_core::prelude::*;
use sqlx::{AssertSqlSafe, Connection, Executor, SqliteConnection};

use crate::epoch::{REFUSED, open_epoch};
use crate::shop::{Shop, later, open_shop};

/// A shop with a subject that lives, `o-1` at revision 2, and one that ended, `o-2`.
async fn attacked() -> (Shop, SqliteConnection) {
    let shop = open_shop().await;
    shop.open("o-1").await;
    shop.act("o-1", "pay").await;
    shop.open("o-2").await;
    shop.act("o-2", "cancel").await;
    let stranger = shop.stranger().await;
    (shop, stranger)
}

/// Each statement is refused with a message of ours that begins so, alone and with triggers that
/// fire on what REPLACE deletes.
async fn refused(statements: &[(&'static str, &str)]) {
    let (shop, mut stranger) = attacked().await;
    let picture = picture(&shop).await;
    for recursive in ["PRAGMA recursive_triggers = OFF", "PRAGMA recursive_triggers = ON"] {
        stranger.execute(recursive).await.unwrap();
        for (statement, message) in statements {
            let error = stranger.execute(*statement).await.expect_err(statement);
            let error = error.as_database_error().unwrap().message().to_owned();
            assert!(error.starts_with(message), "{statement}: {error}");
        }
    }
    assert_eq!(picture, self::picture(&shop).await);
    shop.audit().await;
    stranger.close().await.unwrap();
}

/// Every row that is protected, as one text.
async fn picture(shop: &Shop) -> String {
    let query = "SELECT
        (SELECT group_concat(position || hex(id) || leaf || hex(leaf_hash)) FROM hos_entry)
        || (SELECT group_concat(number || state || revision || position || attributes)
            FROM hos_subject)
        || (SELECT group_concat(number || tenant || status || generation || log_size)
            FROM hos_scope)
        || (SELECT group_concat(number || hex(key) || receipt) FROM hos_receipt)";
    sqlx::query_scalar(query).fetch_one(shop.store.reader()).await.unwrap()
}

#[tokio::test]
async fn an_entry_is_never_changed_replaced_or_deleted() {
    refused(&[
        ("UPDATE hos_entry SET leaf = '{}'", "hos:entry is immutable"),
        ("UPDATE OR REPLACE hos_entry SET position = position + 1", "hos:entry is immutable"),
        ("DELETE FROM hos_entry WHERE leaf_index = 0", "hos:entry is immutable"),
        ("REPLACE INTO hos_entry (position, id, type, moves, recorded_at, leaf, leaf_hash)
          SELECT position, id, type, moves, recorded_at, '{}', leaf_hash FROM hos_entry",
         "hos:entry is immutable"),
        ("INSERT OR REPLACE INTO hos_entry (position, id, type, moves, recorded_at, leaf, leaf_hash)
          SELECT position + 1000, id, type, 0, recorded_at, '{}', leaf_hash FROM hos_entry",
         "hos:entry is immutable"),
        ("INSERT OR REPLACE INTO hos_entry
            (position, id, type, subject, revision, moves, recorded_at, leaf, leaf_hash)
          SELECT position + 1000, randomblob(16), type, subject, revision, moves, recorded_at,
            '{}', leaf_hash FROM hos_entry WHERE moves = 1",
         "hos:entry is immutable"),
        ("INSERT INTO hos_entry (position, id, type, moves, recorded_at, leaf, leaf_hash)
          SELECT position, randomblob(16), type, moves, recorded_at, '{}', leaf_hash FROM hos_entry
          WHERE true ON CONFLICT DO UPDATE SET leaf = excluded.leaf",
         "hos:entry is immutable"),
        ("INSERT INTO hos_entry (position, id, type, moves, recorded_at, leaf, leaf_hash)
          VALUES ((99 << 40), randomblob(16), 'x/1', 0, 0, '{}', zeroblob(32))",
         "hos:entry belongs to no log"),
    ])
    .await;
}

#[tokio::test]
async fn no_segment_is_archived_by_hand() {
    refused(&[
        (
            "INSERT INTO hos_archive
          SELECT position >> 40, 0, 0, 256, id, leaf_hash, id, id FROM hos_entry LIMIT 1",
            "hos:segment stands elsewhere",
        ),
        (
            "INSERT OR REPLACE INTO hos_archive
          SELECT position >> 40, 0, 1, 256, id, leaf_hash, id, id FROM hos_entry LIMIT 1",
            "hos:segment stands elsewhere",
        ),
        (
            "INSERT INTO hos_archive
          SELECT position >> 40, 0, 0, 0, id, leaf_hash, id, id FROM hos_entry LIMIT 1",
            "hos:segment is cut wrong",
        ),
    ])
    .await;
}

#[tokio::test]
async fn the_proof_of_a_migration_proves_nothing_later() {
    let (shop, mut stranger) = attacked().await;
    shop.open("o-3").await;
    let hos = Hos::open([later()], shop.store.clone()).await.unwrap();
    let (world, tenant) = (World::new("pazar").unwrap(), Tenant::new("firm-1").unwrap());
    let root = Actor::user("root").unwrap();
    let walk = Migration::new(&root, &world, &tenant, "order", "1", "2");
    hos.migrate(&walk.clone().key("one"), 1).await.unwrap().proof.unwrap();
    let migrated =
        "contract = '2', position = (SELECT position FROM hos_entry WHERE type = 'migration/1'),
        proof_id = (SELECT id FROM hos_entry WHERE type = 'migration/1')";
    for change in [
        migrated,
        &format!("{migrated}, state = 'paid'"),
        &format!("{migrated}, revision = 2"),
        "contract = '2'",
        "contract = '2', state = 'paid'",
    ] {
        let statement = format!("UPDATE hos_subject SET {change} WHERE id = 'o-3'");
        let refused = stranger.execute(AssertSqlSafe(statement.clone())).await;
        let refused = refused.expect_err(&statement);
        let message = refused.as_database_error().unwrap().message().to_owned();
        assert!(message.starts_with("hos:state without proof"), "{statement}: {message}");
    }
    let back = "UPDATE hos_subject SET contract = '1', state = 'pending' WHERE id = 'o-1'";
    stranger.execute(back).await.expect_err(back);
    let second = hos.migrate(&walk.key("two"), 1).await.unwrap();
    assert_eq!((second.migrated, second.replayed), (1, false), "the second goes its way");
    stranger.close().await.unwrap();
}

#[tokio::test]
async fn a_terminal_subject_never_changes() {
    refused(&[
        ("UPDATE hos_subject SET state = 'pending' WHERE id = 'o-2'", "hos:terminal state"),
        ("UPDATE hos_subject SET terminal = 0 WHERE id = 'o-2'", "hos:terminal state"),
        (
            "UPDATE hos_subject SET state = 'pending', revision = revision + 1 WHERE id = 'o-2'",
            "hos:terminal state",
        ),
        ("UPDATE OR REPLACE hos_subject SET id = 'o-2' WHERE id = 'o-1'", "hos:subject identity"),
        (
            "REPLACE INTO hos_subject SELECT number, scope, kind, id, 'pending', 1, 0, contract,
            proof_id, position, attributes FROM hos_subject WHERE id = 'o-2'",
            "hos:subject exists",
        ),
        ("DELETE FROM hos_subject WHERE id = 'o-2'", "hos:subject is kept"),
    ])
    .await;
}

#[tokio::test]
async fn no_state_is_written_without_its_proof() {
    refused(&[
        ("UPDATE hos_subject SET state = 'cancelled' WHERE id = 'o-1'", "hos:state without proof"),
        ("UPDATE hos_subject SET attributes = '{}' WHERE id = 'o-1'", "hos:state without proof"),
        (
            "UPDATE hos_subject SET state = 'cancelled', revision = 3 WHERE id = 'o-1'",
            "hos:state without proof",
        ),
        (
            "UPDATE hos_subject SET state = 'pending', revision = 1 WHERE id = 'o-1'",
            "hos:state without proof",
        ),
        // Another subject's proof is none.
        (
            "UPDATE hos_subject SET revision = 3, (position, proof_id) =
            (SELECT position, proof_id FROM hos_subject WHERE id = 'o-2') WHERE id = 'o-1'",
            "hos:state without proof",
        ),
        (
            "INSERT INTO hos_subject SELECT 1099511627776 + 500, scope, kind, 'o-3', state, 1, 0,
            contract, proof_id, 1099511627776 + 500, attributes FROM hos_subject LIMIT 1",
            "hos:state without proof",
        ),
        (
            "INSERT INTO hos_subject SELECT 1099511627776 + 500, scope, kind, 'o-3', state, 7, 0,
            contract, proof_id, position, attributes FROM hos_subject LIMIT 1",
            "hos:state without proof",
        ),
        (
            "INSERT INTO hos_subject SELECT * FROM hos_subject WHERE id = 'o-1'
            ON CONFLICT DO UPDATE SET state = 'pending'",
            "hos:subject exists",
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_subject_never_becomes_another() {
    refused(&[
        ("UPDATE hos_subject SET id = 'o-7' WHERE id = 'o-1'", "hos:subject identity"),
        ("UPDATE hos_subject SET kind = 'parcel' WHERE id = 'o-1'", "hos:subject identity"),
        ("UPDATE hos_subject SET scope = scope + 1 WHERE id = 'o-1'", "hos:subject identity"),
        ("UPDATE hos_subject SET number = number + 99 WHERE id = 'o-1'", "hos:subject identity"),
    ])
    .await;
}

#[tokio::test]
async fn a_log_only_grows_and_a_generation_only_rises() {
    refused(&[
        ("UPDATE hos_scope SET log_size = log_size - 1", "hos:log only grows"),
        ("UPDATE hos_scope SET log_size = log_size + 5", "hos:log only grows"),
        ("UPDATE hos_scope SET log_frontier = zeroblob(32)", "hos:log only grows"),
        (
            "UPDATE hos_scope SET members = members - 1 WHERE members > 0",
            "hos:generations only rise",
        ),
        ("UPDATE hos_scope SET tenant = 'firm-2' WHERE tenant = 'firm-1'", "hos:scope identity"),
        ("UPDATE hos_scope SET status = NULL", "hos:scope identity"),
        ("DELETE FROM hos_scope", "hos:scope is kept"),
        ("REPLACE INTO hos_scope (world, tenant) VALUES ('pazar', 'firm-1')", "hos:scope exists"),
        ("REPLACE INTO hos_scope (number, world, tenant) VALUES (1, 'x', 'y')", "hos:scope exists"),
        (
            "INSERT INTO hos_scope (world, tenant, log_size) VALUES ('x', 'y', 4)",
            "hos:scope exists",
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_receipt_a_law_and_a_contract_are_never_changed() {
    refused(&[
        ("UPDATE hos_receipt SET receipt = '{}'", "hos:receipt is immutable"),
        (
            "REPLACE INTO hos_receipt (scope, key, fingerprint, expires_at, receipt)
          SELECT scope, key, zeroblob(32), expires_at, receipt FROM hos_receipt",
            "hos:receipt is immutable",
        ),
        ("UPDATE hos_law SET digest = zeroblob(32)", "hos:law is immutable"),
        ("UPDATE hos_contract SET digest = zeroblob(32)", "hos:contract is immutable"),
    ])
    .await;
}

#[tokio::test]
async fn a_part_may_be_erased_but_never_changed() {
    let shop = open_shop().await;
    shop.open("o-1").await;
    let mut stranger = shop.stranger().await;
    let parts = "SELECT count(*) FROM hos_part";
    assert!(shop.number(parts).await > 0);
    for statement in [
        "UPDATE hos_part SET body = '{}'",
        "REPLACE INTO hos_part SELECT entry, name, salt, '{}' FROM hos_part",
    ] {
        let error = stranger.execute(statement).await.unwrap_err().to_string();
        assert!(error.contains("hos:part is immutable"), "{error}");
    }
    stranger.execute("DELETE FROM hos_part").await.unwrap();
    assert_eq!(shop.number(parts).await, 0);
    shop.audit().await;
}

#[tokio::test]
async fn a_commit_by_hand_through_the_view_still_compares() {
    let (shop, mut stranger) = attacked().await;
    for statement in [
        // An old revision.
        "INSERT INTO hos_write (scope, kind, id, from_revision, state, terminal, attributes,
            contract, entry_id, leaf_index, type, moves, revision, recorded_at, leaf, leaf_hash)
         SELECT scope, kind, id, 1, 'cancelled', 1, '{}', contract, randomblob(16), 900,
            'transition/1', 1, 2, 0, '{}', zeroblob(32) FROM hos_subject WHERE id = 'o-1'",
        // An old generation.
        "INSERT INTO hos_write (scope, generation, world_scope, world_generation, key)
         SELECT number, generation - 1, number, generation, x'00' FROM hos_scope",
        // An old head.
        "INSERT INTO hos_write (scope, log_base, log_size, log_frontier)
         SELECT number, log_size - 1, log_size, log_frontier FROM hos_scope",
    ] {
        let error = stranger.execute(statement).await.unwrap_err().to_string();
        assert!(error.contains("hos:conflict"), "{error}");
    }
    shop.audit().await;
}

#[tokio::test]
async fn an_epoch_is_never_changed_and_none_begins_without_its_entry() {
    let (shop, mut stranger) = attacked().await;
    open_epoch(&shop.hos).await;
    for (statement, message) in REFUSED {
        let error = stranger.execute(statement).await.expect_err(statement).to_string();
        assert!(error.contains(message), "{statement}: {error}");
    }
    let replaced = "REPLACE INTO hos_log_epoch SELECT scope, number, 0, entry FROM hos_log_epoch";
    stranger.execute(replaced).await.unwrap_err();
    let epochs = "SELECT count(*) FROM hos_log_epoch WHERE number = 2 AND recorded_in = scope";
    assert_eq!(shop.number(epochs).await, 1);
    stranger.close().await.unwrap();
}
