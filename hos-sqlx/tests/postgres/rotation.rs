//! Partitions by month, and the two halves of the outbox.

use hos_core::prelude::*;
use hos_core::store::Outbox as _;
use hos_core::time::{Clock as _, ManualClock, SystemClock, Timestamp};

use crate::shop::{FIRMS, Shop, firm, order, server, world};

const MONTH: i64 = 31 * 86_400 * 1_000_000;

#[tokio::test]
async fn entries_go_into_their_month_and_an_old_one_is_detached_whole() {
    let Some(server) = server() else { return };
    let shop = Shop::open(server).await;
    let now = SystemClock.now();
    assert_eq!(
        shop.store.partition_ahead(now, 3).await.unwrap(),
        5,
        "entries came before this month"
    );
    assert_eq!(shop.store.partition_ahead(now, 3).await.unwrap(), 0, "once");
    let next = Timestamp::from_micros(now.as_micros() + MONTH);
    assert!(shop.store.partition_ahead(next, 4).await.unwrap() > 0);

    let later = Timestamp::from_micros(now.as_micros() + 40 * MONTH);
    shop.store.partition_ahead(later, 1).await.unwrap();
    let clock = ManualClock::at(later);
    let options = HosOptions::default().clock(clock);
    let future = Hos::open_with([crate::shop::law()], shop.store.clone(), options).await.unwrap();
    let opening = Opening::new(&crate::shop::owner(FIRMS[0]), &order(FIRMS[0], "o-1"));
    future.open(&opening.attribute("note", "").key("open")).await.unwrap();
    let held = "SELECT count(*)::text FROM ONLY hos_entry_other WHERE subject IS NOT NULL";
    assert_eq!(shop.read(held).await.as_deref(), Some("0"), "it went into its month");

    let beyond = Timestamp::from_micros(later.as_micros() + 2 * MONTH);
    let detached = shop.store.detach_before(beyond).await.unwrap();
    assert!(!detached.is_empty(), "empty months go");
    while future.sequence_pending(1_000).await.unwrap() > 0 {}
    let before = future.page(&world(), &firm(FIRMS[0]), 0, 100).await.unwrap().len();
    let detached = shop.store.detach_before(beyond).await.unwrap();
    assert_eq!(detached.len(), 2, "the month of the order, entries and parts: {detached:?}");
    let after = future.page(&world(), &firm(FIRMS[0]), 0, 100).await.unwrap().len();
    assert_eq!(after, before - 1);
    let kept = format!("SELECT count(*)::text FROM {}", detached[0]);
    assert_eq!(shop.read(&kept).await.as_deref(), Some("1"), "nothing was deleted");
    let head = future.head(&world(), &firm(FIRMS[0])).await.unwrap();
    assert_eq!(head.size, u64::try_from(before).unwrap(), "the log's hashes stay");
}

#[tokio::test]
async fn the_outbox_turns_and_loses_no_message() {
    let Some(server) = server() else { return };
    let shop = Shop::open(server).await;
    for id in ["o-1", "o-2", "o-3"] {
        shop.open_order(FIRMS[0], id, "").await;
    }
    shop.act(FIRMS[0], "o-1", "pay").await;
    assert!(shop.store.rotate_outbox().await.unwrap());
    shop.act(FIRMS[0], "o-2", "pay").await;
    assert!(!shop.store.rotate_outbox().await.unwrap(), "the first half still holds a message");
    let waiting = shop.store.waiting(10).await.unwrap();
    let ids: Vec<&str> = waiting.iter().map(|message| message.subject.id.as_str()).collect();
    assert_eq!(ids, ["o-1", "o-2"], "in order over both halves");
    shop.store.done(&[waiting[0].id]).await.unwrap();
    assert!(shop.store.rotate_outbox().await.unwrap());
    shop.act(FIRMS[0], "o-3", "pay").await;
    let left = shop.store.waiting(10).await.unwrap();
    assert_eq!(left.len(), 2);
    assert!(left[1].id > left[0].id && left[0].id == waiting[1].id);
}
