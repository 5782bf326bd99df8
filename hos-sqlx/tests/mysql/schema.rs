//! What plain SQL, by somebody who knows nothing of the law, cannot do to a store.

use hos_core::command::Migration;
use hos_core::prelude::*;
use hos_sqlx::MysqlStore;
use sqlx::{AssertSqlSafe, Connection, Executor, MySqlConnection};

use crate::epoch::{REFUSED, open_epoch};
use crate::shop::{Shop, later, open_shop, server};

/// A shop with a subject that lives, `o-1` at revision 2, and one that ended, `o-2`.
async fn attacked() -> Option<(Shop, MySqlConnection)> {
    let shop = open_shop().await?;
    shop.open("o-1").await;
    shop.act("o-1", "pay").await;
    shop.open("o-2").await;
    shop.act("o-2", "cancel").await;
    shop.audit().await;
    let stranger = shop.stranger().await;
    Some((shop, stranger))
}

/// Each statement is refused with a message of ours that begins so.
async fn refused(statements: &[(&'static str, &str)]) {
    let Some((shop, mut stranger)) = attacked().await else { return };
    let before = picture(&shop).await;
    for (statement, message) in statements {
        let error = stranger.execute(*statement).await.expect_err(statement);
        let error = error.as_database_error().unwrap().message().to_owned();
        assert!(error.starts_with(message), "{statement}: {error}");
    }
    assert_eq!(before, picture(&shop).await);
    shop.audit().await;
    stranger.close().await.unwrap();
}

/// Every row that is protected, as one text.
async fn picture(shop: &Shop) -> Vec<String> {
    let query = "SELECT hex(concat(id, leaf, leaf_hash)) FROM hos_entry
        UNION ALL SELECT hex(concat(number, state, revision, proof_id, attributes)) FROM hos_subject
        UNION ALL SELECT hex(concat(number, tenant, coalesce(status, ''), generation))
            FROM hos_scope
        UNION ALL SELECT hex(concat(scope, size, frontier)) FROM hos_log
        UNION ALL SELECT hex(concat(scope, leaf_index, entry, leaf_hash)) FROM hos_leaf
        UNION ALL SELECT hex(concat(`key`, receipt)) FROM hos_receipt
        ORDER BY 1";
    sqlx::query_scalar(query).fetch_all(shop.store.pool()).await.unwrap()
}

#[tokio::test]
async fn an_entry_is_never_changed_replaced_or_deleted() {
    refused(&[
        ("UPDATE hos_entry SET leaf = '{}'", "hos:entry is immutable"),
        ("UPDATE IGNORE hos_entry SET moves = 0", "hos:entry is immutable"),
        ("DELETE FROM hos_entry LIMIT 1", "hos:entry is immutable"),
        (
            "REPLACE INTO hos_entry SELECT id, scope, subject, revision, recorded_at, moves, type,
            leaf_hash, '{}' FROM hos_entry",
            "hos:entry is immutable",
        ),
        (
            "INSERT INTO hos_entry SELECT * FROM hos_entry AS old
            ON DUPLICATE KEY UPDATE leaf = '{}'",
            "hos:entry is immutable",
        ),
    ])
    .await;
}

#[tokio::test]
async fn no_segment_is_archived_by_hand() {
    let row = "SELECT scope, 0, {turn}, {end}, id, leaf_hash, id, id FROM hos_entry LIMIT 1";
    let insert = |turn: &str, end: &str| -> &'static str {
        let row = row.replace("{turn}", turn).replace("{end}", end);
        Box::leak(format!("INSERT INTO hos_archive {row}").into_boxed_str())
    };
    refused(&[
        (insert("0", "256"), "hos:segment stands elsewhere"),
        (insert("1", "256"), "hos:segment stands elsewhere"),
        (insert("0", "0"), "hos:segment is cut wrong"),
        ("DELETE FROM hos_leaf LIMIT 1", "hos:leaf is immutable"),
    ])
    .await;
}

#[tokio::test]
async fn the_proof_of_a_migration_proves_nothing_later() {
    let Some((shop, mut stranger)) = attacked().await else { return };
    shop.open("o-3").await;
    let hos = Hos::open([later()], shop.store.clone()).await.unwrap();
    let (world, tenant) = (World::new("pazar").unwrap(), Tenant::new("firm-1").unwrap());
    let root = Actor::user("root").unwrap();
    let walk = Migration::new(&root, &world, &tenant, "order", "1", "2");
    hos.migrate(&walk.clone().key("one"), 1).await.unwrap().proof.unwrap();
    while shop.hos.sequence_pending(100).await.unwrap() > 0 {}
    let migrated = "contract = '2',
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
        (
            "REPLACE INTO hos_subject SELECT number, world, scope, 1, proof_id, 0, timed, kind, id,
            'pending', contract, attributes FROM hos_subject WHERE id = 'o-2'",
            "hos:subject is kept",
        ),
        (
            "INSERT INTO hos_subject SELECT * FROM hos_subject AS old WHERE id = 'o-2'
            ON DUPLICATE KEY UPDATE state = 'pending'",
            "hos:terminal state",
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
            "UPDATE hos_subject JOIN hos_subject AS other ON other.id = 'o-2'
            SET hos_subject.revision = 3, hos_subject.proof_id = other.proof_id
            WHERE hos_subject.id = 'o-1'",
            "hos:state without proof",
        ),
        (
            "INSERT INTO hos_subject SELECT 900, world, scope, 1, proof_id, 0, 0, kind, 'o-3',
            'paid', contract, attributes FROM hos_subject LIMIT 1",
            "hos:state without proof",
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_subject_begins_with_its_first_revision_and_nobody_pretends_to_move_in() {
    let Some((_shop, mut stranger)) = attacked().await else { return };
    let entry = "INSERT INTO hos_entry SELECT repeat('x', 16), scope, 900, 2, recorded_at, moves,
        type, leaf_hash, leaf FROM hos_entry WHERE moves LIMIT 1";
    stranger.execute(entry).await.unwrap();
    let subject =
        "INSERT INTO hos_subject SELECT 900, world, scope, 2, repeat('x', 16), 0, 0, kind,
        'o-3', 'paid', contract, attributes FROM hos_subject LIMIT 1";
    let error = stranger.execute(subject).await.unwrap_err().to_string();
    assert!(error.contains("hos:state without proof"), "{error}");
    let moving = "INSERT INTO hos_move (one, deployment, state) VALUES (1, '', '')";
    let error = stranger.execute(moving).await.unwrap_err().to_string();
    assert!(error.contains("hos:the database is used"), "{error}");
}

#[tokio::test]
async fn a_move_that_is_finished_stays_so() {
    let Some(server) = server() else { return };
    let url = server.create_database().unwrap();
    MysqlStore::open(&url).await.unwrap().close().await;
    let mut stranger = MySqlConnection::connect(&url).await.unwrap();
    let moved = "INSERT INTO hos_move (one, deployment, state, finished) VALUES (1, '', '', TRUE)";
    stranger.execute(moved).await.unwrap();
    for (statement, expected) in [
        ("UPDATE hos_move SET finished = FALSE", "hos:the move is finished"),
        ("DELETE FROM hos_move", "hos:a move is kept"),
    ] {
        let error = stranger.execute(statement).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
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
        ("UPDATE hos_log SET size = size - 1", "hos:log only grows"),
        ("UPDATE hos_log SET size = size + 5", "hos:log only grows"),
        ("UPDATE hos_log SET frontier = repeat('x', 32)", "hos:log only grows"),
        ("DELETE FROM hos_log", "hos:log only grows"),
        ("INSERT INTO hos_log VALUES (900, 4, '')", "hos:log only grows"),
        ("UPDATE hos_leaf SET leaf_hash = repeat('x', 32)", "hos:leaf is immutable"),
        ("DELETE FROM hos_leaf", "hos:leaf is immutable"),
        (
            "UPDATE hos_scope SET members = members - 1 WHERE members > 0",
            "hos:generations only rise",
        ),
        ("UPDATE hos_scope SET tenant = 'firm-2' WHERE tenant = 'firm-1'", "hos:scope identity"),
        ("UPDATE hos_scope SET status = NULL", "hos:scope identity"),
        ("DELETE FROM hos_scope", "hos:scope is kept"),
        ("REPLACE INTO hos_scope (world, tenant) VALUES ('pazar', 'firm-1')", "hos:scope is kept"),
    ])
    .await;
}

#[tokio::test]
async fn a_receipt_a_law_and_a_contract_are_never_changed() {
    refused(&[
        ("UPDATE hos_receipt SET receipt = '{}'", "hos:receipt is immutable"),
        ("DELETE FROM hos_receipt", "hos:receipt is immutable"),
        (
            "REPLACE INTO hos_receipt SELECT scope, expires_at, `key`, repeat('x', 32), receipt
            FROM hos_receipt",
            "hos:receipt is immutable",
        ),
        ("UPDATE hos_law SET digest = repeat('x', 32)", "hos:law is immutable"),
        ("DELETE FROM hos_law", "hos:law is immutable"),
        ("UPDATE hos_contract SET digest = repeat('x', 32)", "hos:contract is immutable"),
        ("DELETE FROM hos_contract", "hos:contract is immutable"),
    ])
    .await;
}

#[tokio::test]
async fn no_entry_escapes_its_log() {
    let Some(shop) = open_shop().await else { return };
    shop.open("o-1").await;
    let mut stranger = shop.stranger().await;
    for statement in ["DELETE FROM hos_pending", "UPDATE hos_pending SET scope = 900"] {
        let error = stranger.execute(statement).await.unwrap_err().to_string();
        assert!(error.contains("hos:entry"), "{error}");
    }
    shop.audit().await;
}

#[tokio::test]
async fn a_part_may_be_erased_but_never_changed() {
    let Some(shop) = open_shop().await else { return };
    shop.open("o-1").await;
    let mut stranger = shop.stranger().await;
    let parts = "SELECT count(*) FROM hos_part";
    assert!(shop.number(parts).await > 0);
    for statement in [
        "UPDATE hos_part SET body = '{}'",
        "REPLACE INTO hos_part SELECT entry, scope, name, salt, '{}' FROM hos_part",
    ] {
        let error = stranger.execute(statement).await.unwrap_err().to_string();
        assert!(error.contains("hos:part is immutable"), "{error}");
    }
    stranger.execute("DELETE FROM hos_part").await.unwrap();
    assert_eq!(shop.number(parts).await, 0);
    shop.audit().await;
}

#[tokio::test]
async fn an_epoch_is_never_changed_and_none_begins_without_its_entry() {
    let Some((shop, mut stranger)) = attacked().await else { return };
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
