//! Commits of one batch: what happens to one happens to it alone, and to what was judged upon it.

use std::sync::Mutex;

use async_trait::async_trait;
use hos_core::commit::{Commit, Outcome};
use hos_core::error::{Fault, FaultKind};
use hos_core::prelude::*;
use hos_core::standing::Standing;
use hos_core::store::{Ask, Store};
use hos_sqlx::{Caller as _, SqliteStore};
use sqlx::Executor;

use crate::shop::{Shop, open_shop};

/// Judges on a store, and keeps what it would have committed.
struct Judged {
    store: SqliteStore,
    commits: Mutex<Vec<Commit>>,
}

#[async_trait]
impl Store for &Judged {
    async fn load_all(&self, asks: &[Ask]) -> Result<Vec<Standing>, Fault> {
        self.store.load_all(asks).await
    }

    async fn commit_all(&self, commits: &[Commit]) -> Vec<Result<Outcome, Fault>> {
        self.commits.lock().unwrap().extend_from_slice(commits);
        commits.iter().map(|_| Err(Fault::new(FaultKind::Internal, "kept"))).collect()
    }
}

async fn judged(shop: &Shop, command: &Command) -> Commit {
    let judged = Judged { store: shop.store.clone(), commits: Mutex::default() };
    shop.hos.over(&judged).transition(command).await.unwrap_err();
    judged.commits.into_inner().unwrap().pop().unwrap()
}

/// A shop with three orders, where the world's own trigger lets nobody move `o-3`.
async fn shop_with_a_fault() -> Shop {
    let shop = open_shop().await;
    for id in ["o-1", "o-2", "o-3"] {
        shop.open(id).await;
    }
    let trigger = "CREATE TRIGGER never BEFORE UPDATE ON hos_subject WHEN NEW.id = 'o-3'
        BEGIN SELECT RAISE(ABORT, 'never'); END";
    shop.stranger().await.execute(trigger).await.unwrap();
    shop
}

fn touch(shop: &Shop, key: &str) -> Command {
    Command::new(&shop.owner, &shop.order("o-1"), "touch").key(key)
}

#[tokio::test]
async fn the_fault_of_one_is_its_own() {
    let shop = shop_with_a_fault().await;
    let pay = |id| shop.command(id, "pay");
    let answers = shop.hos.transition_all(&[pay("o-1"), pay("o-3"), pay("o-2")]).await;
    let revisions: Vec<Option<u64>> =
        answers.iter().map(|answer| answer.as_ref().ok().map(|receipt| receipt.revision)).collect();
    assert_eq!(revisions, [Some(2), None, Some(2)], "{answers:?}");
    let fault = answers.get(1).unwrap().as_ref().unwrap_err();
    assert_eq!(fault.fault().unwrap().kind(), FaultKind::Internal);
    shop.audit().await;
}

#[tokio::test]
async fn what_was_judged_upon_a_broken_link_falls_with_it() {
    let shop = shop_with_a_fault().await;
    let first = judged(&shop, &touch(&shop, "first")).await;
    // Somebody else makes the revision that the second link was judged on.
    shop.hos.transition(&touch(&shop, "another")).await.unwrap();
    let second = judged(&shop, &touch(&shop, "second")).await;
    let faulty = judged(&shop, &shop.command("o-3", "pay")).await;
    let sound = judged(&shop, &shop.command("o-2", "pay")).await;
    let batch = [first, second, faulty, sound];
    let answers = shop.store.commit_all(&batch).await;
    let answers: Vec<_> = answers.into_iter().map(Result::ok).collect();
    let expected =
        [Some(Outcome::Conflict), Some(Outcome::Conflict), None, Some(Outcome::Committed)];
    assert_eq!(answers, expected);
    assert_eq!(shop.number("SELECT revision FROM hos_subject WHERE id = 'o-1'").await, 2);
    shop.audit().await;
    // A link whose key is known by now is answered what it led to.
    shop.hos.transition(&touch(&shop, "second")).await.unwrap();
    let answers = shop.store.commit_all(&batch).await;
    assert!(matches!(answers.get(1), Some(Ok(Outcome::Replayed(_)))), "{answers:?}");
    shop.audit().await;
}

#[tokio::test]
async fn a_broken_chain_stays_broken_in_the_callers_transaction() {
    let shop = open_shop().await;
    shop.open("o-1").await;
    let first = judged(&shop, &touch(&shop, "first")).await;
    shop.hos.transition(&touch(&shop, "another")).await.unwrap();
    let second = judged(&shop, &touch(&shop, "second")).await;
    let mut transaction = shop.store.begin().await.unwrap();
    let answers = (&mut transaction).into_store().commit_all(&[first, second]).await;
    let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers, [Outcome::Conflict, Outcome::Conflict]);
    transaction.commit().await.unwrap();
    assert_eq!(shop.number("SELECT revision FROM hos_subject").await, 2);
    shop.audit().await;
}
