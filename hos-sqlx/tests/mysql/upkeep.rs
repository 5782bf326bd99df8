//! Partitions of entries and halves of the outbox.

use hos_core::id::{Tenant, World};
use hos_core::laws::{Contracts as _, Proofs as _};
use hos_core::store::Outbox;
use hos_core::time::{Clock, SystemClock, Timestamp};
use hos_sqlx::WithinExt as _;
use sqlx::Executor as _;

use crate::shop::open_shop;

const DAY: i64 = 86_400_000_000;

#[tokio::test]
async fn partitions_are_made_once_and_dropped_when_all_in_them_has_its_place() {
    let Some(shop) = open_shop().await else { return };
    let now = SystemClock.now();
    let later = Timestamp::from_micros(now.as_micros() + 40 * DAY);
    assert_eq!(shop.store.partition_ahead(now, 2).await.unwrap(), 6);
    assert_eq!(shop.store.partition_ahead(now, 2).await.unwrap(), 0);
    shop.open("o-1").await;
    let dropped = shop.store.drop_entries_before(later).await.unwrap();
    assert!(dropped.is_empty(), "some wait for their place: {dropped:?}");
    shop.audit().await;
    assert!(shop.store.drop_entries_before(now).await.unwrap().is_empty());
    assert!(!shop.store.drop_entries_before(later).await.unwrap().is_empty());
    let (world, tenant) = (World::new("pazar").unwrap(), Tenant::new("firm-1").unwrap());
    assert_eq!(shop.hos.page(&world, &tenant, 0, 10).await.unwrap(), []);
    assert!(shop.hos.head(&world, &tenant).await.unwrap().size > 0, "the log goes on");
    assert_eq!(shop.act("o-1", "pay").await.revision, 2);
}

#[tokio::test]
async fn moments_at_the_ends_of_time_drop_what_ended_before_them() {
    let Some(shop) = open_shop().await else { return };
    shop.open("o-1").await;
    shop.audit().await;
    let now = SystemClock.now();
    assert!(shop.store.partition_ahead(now, 2).await.unwrap() > 0);
    // The year 0, and moments just before 1970, whose milliseconds are negative.
    for micros in [i64::MIN, -1_000_000_000, -1_000, -1, 0] {
        let moment = Timestamp::from_micros(micros);
        let dropped = shop.store.drop_entries_before(moment).await.unwrap();
        assert!(dropped.is_empty(), "{moment}: {dropped:?}");
        let made = shop.store.partition_ahead(moment, 1).await.unwrap();
        assert_eq!(made, 0, "{moment}: there are later ones");
    }
    // The year 9999.
    let last = Timestamp::from_micros(i64::MAX);
    let made = shop.store.partition_ahead(last, 3).await.unwrap();
    assert_eq!(made, 0, "a month that ends after the calendar has no partition");
    let (world, tenant) = (World::new("pazar").unwrap(), Tenant::new("firm-1").unwrap());
    assert!(!shop.hos.page(&world, &tenant, 0, 10).await.unwrap().is_empty());
    assert_eq!(shop.store.drop_entries_before(last).await.unwrap().len(), 3);
    assert_eq!(shop.hos.page(&world, &tenant, 0, 10).await.unwrap(), []);
    shop.open("o-2").await;
}

#[tokio::test]
async fn an_entry_that_comes_while_partitions_are_dropped_is_kept() {
    let Some(shop) = open_shop().await else { return };
    let now = SystemClock.now();
    let later = Timestamp::from_micros(now.as_micros() + 40 * DAY);
    shop.store.partition_ahead(now, 2).await.unwrap();
    shop.open("o-1").await;
    shop.audit().await;
    let mut writer = shop.store.begin().await.unwrap();
    // The tables are in use, as they are between a commit's first row and its last.
    writer.execute("DELETE FROM hos_entry WHERE id = ''").await.unwrap();
    writer.execute("DELETE FROM hos_part WHERE entry = ''").await.unwrap();
    let store = shop.store.clone();
    let dropping = tokio::spawn(async move { store.drop_entries_before(later).await });
    shop.somebody_waits_for_a_table().await;
    shop.hos.within(&mut writer).open(&shop.opening("o-2")).await.unwrap();
    writer.commit().await.unwrap();
    let dropped = dropping.await.unwrap().unwrap();
    assert!(dropped.is_empty(), "one waits for its place: {dropped:?}");
    assert_eq!(shop.hos.sequence_pending(10).await.unwrap(), 1);
    shop.audit().await;
    assert!(!shop.store.drop_entries_before(later).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_outbox_turns_when_its_other_half_is_done() {
    let Some(shop) = open_shop().await else { return };
    for number in 0..3 {
        shop.open(&format!("o-{number}")).await;
        shop.act(&format!("o-{number}"), "pay").await;
    }
    assert!(shop.store.rotate_outbox().await.unwrap());
    let first = shop.store.waiting(10).await.unwrap();
    assert_eq!(first.len(), 3, "nothing is lost by turning");
    assert!(!shop.store.rotate_outbox().await.unwrap(), "the other half is not done");
    shop.open("o-9").await;
    shop.act("o-9", "pay").await;
    let ids: Vec<u64> = first.iter().map(|row| row.id).collect();
    shop.store.done(&ids).await.unwrap();
    assert!(shop.store.rotate_outbox().await.unwrap());
    let left = shop.store.waiting(10).await.unwrap();
    assert_eq!(left.len(), 1);
    assert!(left.iter().all(|row| !ids.contains(&row.id)), "a number is never used again");
}
