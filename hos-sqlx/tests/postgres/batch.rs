//! Batches that fail as a whole and are done again commit by commit.

use std::time::Duration;

use hos_core::error::FaultKind;
use hos_core::prelude::*;
use hos_sqlx::{PostgresOptions, PostgresStore, WithinExt as _};

use crate::shop::{FIRMS, Shop, law, order, owner, server};

/// The commit that goes alone, once the batch it was of has failed.
const ALONE: &str = "SELECT count(*)::text FROM pg_stat_activity \
                     WHERE wait_event_type = 'Lock' AND query LIKE '%hos_commit_move(%'";

#[tokio::test]
async fn a_later_link_is_never_written_upon_what_a_stranger_made() {
    let Some(server) = server() else { return };
    let shop = Shop::open(server).await;
    shop.open_order(FIRMS[0], "o-1", "").await;
    let options = PostgresOptions::new(shop.url()).lock_timeout(Duration::from_secs(1));
    let store = PostgresStore::open_with(options).await.unwrap();
    let hos = Hos::open([law()], store.clone()).await.unwrap();

    let mut other = shop.store.begin().await.unwrap();
    let touch = shop.command(FIRMS[0], "o-1", "touch");
    shop.hos.within(&mut other).transition(&touch).await.unwrap();
    // The second is judged upon the first, which the other's transaction makes impossible.
    let commands = ["pay", "cancel"].map(|action| shop.command(FIRMS[0], "o-1", action));
    let batch = tokio::spawn(async move { hos.transition_all(&commands).await });
    while !batch.is_finished() && shop.read(ALONE).await.as_deref() == Some("0") {
        tokio::task::yield_now().await;
    }
    other.commit().await.unwrap();

    for answer in batch.await.unwrap() {
        answer.unwrap();
    }
    while shop.hos.sequence_pending(100).await.unwrap() > 0 {}
    let history = shop.hos.history(&order(FIRMS[0], "o-1"), 0, 10).await.unwrap();
    let moves: Vec<String> = history.iter().map(|entry| moved(&entry.leaf)).collect();
    assert_eq!(moves, ["> pending", "pending > pending", "pending > paid", "paid > cancelled"]);
    store.close().await;
}

fn moved(leaf: &str) -> String {
    let leaf: serde_json::Value = serde_json::from_str(leaf).unwrap();
    let state = |name: &str| leaf[name].as_str().unwrap_or_default().to_owned();
    format!("{} > {}", state("from"), state("to")).trim().to_owned()
}

#[tokio::test]
async fn a_key_that_was_taken_meanwhile_spoils_no_other_commit_of_the_batch() {
    let Some(server) = server() else { return };
    let shop = Shop::open(server).await;
    for id in ["o-1", "o-2", "o-3"] {
        shop.open_order(FIRMS[0], id, "").await;
    }
    let command = |id: &str, key: &str| {
        Command::new(&owner(FIRMS[0]), &order(FIRMS[0], id), "touch").key(key)
    };
    // Another process, whose doings this one does not remember.
    let other = PostgresStore::open(shop.url()).await.unwrap();
    let hos = Hos::open([law()], other.clone()).await.unwrap();
    let first = hos.transition(&command("o-2", "taken")).await.unwrap();
    let batch = [command("o-1", "one"), command("o-2", "taken"), command("o-3", "taken")];
    let answers = shop.hos.transition_all(&batch).await;
    assert!(!answers[0].as_ref().unwrap().replayed);
    assert_eq!(*answers[1].as_ref().unwrap(), Receipt { replayed: true, ..first });
    assert_eq!(answers[2].as_ref().unwrap_err().refusal().unwrap().code(), "key_reused");
    other.close().await;
}

#[tokio::test]
async fn a_tenant_whose_rows_are_held_holds_up_nobody_else() {
    let Some(server) = server() else { return };
    let shop = Shop::open(server).await;
    shop.open_order(FIRMS[1], "o-1", "").await;
    let mut other = shop.store.begin().await.unwrap();
    for id in ["o-1", "o-2", "o-3"] {
        shop.open_order(FIRMS[0], id, "").await;
        let touch = shop.command(FIRMS[0], id, "touch");
        shop.hos.within(&mut other).transition(&touch).await.unwrap();
    }
    let options = PostgresOptions::new(shop.url()).lock_timeout(Duration::from_millis(100));
    let store = PostgresStore::open_with(options).await.unwrap();
    let hos = Hos::open([law()], store.clone()).await.unwrap();
    let held = ["o-1", "o-2", "o-3"].map(|id| shop.command(FIRMS[0], id, "pay"));
    let batch: Vec<Command> =
        held.into_iter().chain([shop.command(FIRMS[1], "o-1", "pay")]).collect();
    let mut answers = hos.transition_all(&batch).await;
    answers.pop().unwrap().unwrap();
    let faults: Vec<Error> = answers.into_iter().map(Result::unwrap_err).collect();
    let is_busy = |error: &Error| error.fault().map(Fault::kind) == Some(FaultKind::Busy);
    assert!(faults.iter().all(is_busy), "{faults:?}");
    // Each wait is as long as a lock may take, so that the third one is not tried.
    let tried = faults.iter().filter(|fault| fault.to_string().contains("55P03")).count();
    assert_eq!(tried, 2, "{faults:?}");
    other.rollback().await.unwrap();
    store.close().await;
}
