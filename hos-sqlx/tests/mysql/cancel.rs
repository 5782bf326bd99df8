//! Futures that are dropped at any point leave neither half a commit nor an open transaction.

use std::future::Future;
use std::task::{Context, Waker};

use hos_core::prelude::*;
use hos_sqlx::WithinExt;
use sqlx::{AssertSqlSafe, Executor};

use crate::shop::open_shop;

const POLLS_MAX: usize = 60;

/// Polls a future so often, then drops it; says whether it was done before.
async fn dropped_after<F: Future>(polls: usize, future: F) -> bool {
    let mut future = Box::pin(future);
    for _ in 0..polls {
        if future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
            return true;
        }
        // Gives the server and the pool's tasks a turn, without a wait.
        tokio::task::yield_now().await;
        std::thread::yield_now();
    }
    false
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_call_leaves_nothing_half_done() {
    let Some(shop) = open_shop().await else { return };
    let mut cut = 0;
    for polls in 0..POLLS_MAX {
        let id = format!("o-{polls}");
        let done = dropped_after(polls, shop.hos.open(&shop.opening(&id))).await;
        cut += u32::from(!done);
        // The same command again, as its caller would send it: it finds the one truth.
        let receipt = shop.hos.open(&shop.opening(&id)).await.unwrap();
        assert_eq!(receipt.revision, 1);
        shop.audit().await;
    }
    assert!(cut > 0, "nothing was cut");
    let subjects = shop.number("SELECT count(*) FROM hos_subject").await;
    assert_eq!(usize::try_from(subjects).unwrap(), POLLS_MAX);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_batch_leaves_nothing_half_done() {
    let Some(shop) = open_shop().await else { return };
    for number in 0..8 {
        shop.open(&format!("o-{number}")).await;
    }
    let mut cut = 0;
    for polls in 0..POLLS_MAX {
        let touch = |number: usize| {
            let order = shop.order(&format!("o-{number}"));
            Command::new(&shop.owner, &order, "touch").key(format!("t-{polls}-{number}"))
        };
        let commands: Vec<Command> = (0..8).map(touch).collect();
        let done = dropped_after(polls, shop.hos.transition_all(&commands)).await;
        cut += u32::from(!done);
        let answers = shop.hos.transition_all(&commands).await;
        assert!(answers.iter().all(|answer| answer.is_ok()), "{answers:?}");
        shop.audit().await;
    }
    assert!(cut > 0, "nothing was cut");
    let revisions = shop.number("SELECT min(revision) = max(revision) FROM hos_subject").await;
    assert_eq!(revisions, 1, "each was touched once a round");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_dropped_in_the_callers_transaction_leaves_it_whole() {
    let Some(shop) = open_shop().await else { return };
    let table = "CREATE TABLE parcel (id INTEGER AUTO_INCREMENT PRIMARY KEY)";
    shop.store.pool().execute(table).await.unwrap();
    let mut cut = 0;
    for polls in 0..POLLS_MAX {
        let mut transaction = shop.store.begin().await.unwrap();
        transaction.execute("INSERT INTO parcel VALUES ()").await.unwrap();
        let opening = shop.opening(&format!("o-{polls}"));
        let within = shop.hos.within(&mut transaction);
        let done = dropped_after(polls, within.open(&opening)).await;
        drop(within);
        cut += u32::from(!done);
        transaction.commit().await.unwrap();
        let parcels = shop.number("SELECT count(*) FROM parcel").await;
        assert_eq!(usize::try_from(parcels).unwrap(), polls + 1, "the caller's own rows");
        shop.audit().await;
    }
    assert!(cut > 0, "nothing was cut");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_begin_leaves_no_transaction() {
    let Some(shop) = open_shop().await else { return };
    for polls in 0..20 {
        let _dropped = dropped_after(polls, shop.store.begin()).await;
        shop.open(&format!("o-{polls}")).await;
    }
    shop.audit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_dropped_within_a_statement_costs_no_connection() {
    let Some(shop) = open_shop().await else { return };
    let connections = shop.store.pool().options().get_max_connections();
    let mut cut = 0;
    for number in 0..connections * 4 {
        let mut transaction = shop.store.begin().await.unwrap();
        // No connection knows it yet, so that it is first prepared.
        let unknown = sqlx::query(AssertSqlSafe(format!("SELECT ?, ?, ?, {number}")));
        let unknown = unknown.bind(1).bind(2).bind(3);
        cut += u32::from(!dropped_after(1, unknown.execute(&mut *transaction)).await);
    }
    assert!(cut > connections, "{cut} were cut");
    shop.open("o-1").await;
    shop.audit().await;
}
