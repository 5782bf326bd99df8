//! Partitions of entries and halves of the outbox.

use hos_core::laws::Contracts as _;
use hos_core::store::Outbox;
use hos_core::time::{Clock, SystemClock, Timestamp};
use hos_sqlx::WithinExt as _;
use sqlx::Executor as _;

use crate::shop::open_shop;

const DAY: i64 = 86_400_000_000;

fn moments() -> (Timestamp, Timestamp) {
    let now = SystemClock.now();
    (now, Timestamp::from_micros(now.as_micros() + 70 * DAY))
}

/// The partition of the entries of a moment.
fn month_of(moment: Timestamp) -> String {
    let text = moment.to_string().replace('-', "_");
    format!("hos_{}", text.get(..7).unwrap())
}

#[tokio::test]
async fn partitions_are_made_once_and_dropped_when_nothing_is_left_in_them() {
    let Some(shop) = open_shop().await else { return };
    let (now, later) = moments();
    assert_eq!(shop.store.partition_ahead(now, 2).await.unwrap(), 6);
    assert_eq!(shop.store.partition_ahead(now, 2).await.unwrap(), 0);
    shop.open("o-1").await;
    shop.audit().await;
    assert!(shop.store.drop_empty_before(now).await.unwrap().is_empty());
    let log = shop.log().await;
    let dropped = shop.store.drop_empty_before(later).await.unwrap();
    assert!(!dropped.is_empty() && !dropped.contains(&month_of(now)), "{dropped:?}");
    assert!(!log.is_empty());
    assert_eq!(shop.log().await, log, "no entry that is in no archive went");
    shop.audit().await;
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
        let dropped = shop.store.drop_empty_before(moment).await.unwrap();
        assert!(dropped.is_empty(), "{moment}: {dropped:?}");
        let made = shop.store.partition_ahead(moment, 1).await.unwrap();
        assert_eq!(made, 0, "{moment}: there are later ones");
    }
    // The year 9999.
    let last = Timestamp::from_micros(i64::MAX);
    let made = shop.store.partition_ahead(last, 3).await.unwrap();
    assert_eq!(made, 0, "a month that ends after the calendar has no partition");
    let log = shop.log().await;
    assert_eq!(shop.store.drop_empty_before(last).await.unwrap().len(), 2);
    assert_eq!(shop.log().await, log);
    shop.open("o-2").await;
}

#[tokio::test]
async fn an_entry_that_comes_while_partitions_are_dropped_is_kept() {
    let Some(shop) = open_shop().await else { return };
    let (now, later) = moments();
    shop.store.partition_ahead(now, 2).await.unwrap();
    let mut writer = shop.store.begin().await.unwrap();
    // The tables are in use, as they are between a commit's first row and its last.
    writer.execute("DELETE FROM hos_entry WHERE id = ''").await.unwrap();
    writer.execute("DELETE FROM hos_part WHERE entry = ''").await.unwrap();
    let store = shop.store.clone();
    let dropping = tokio::spawn(async move { store.drop_empty_before(later).await });
    shop.somebody_waits_for_a_table().await;
    shop.hos.within(&mut writer).open(&shop.opening("o-2")).await.unwrap();
    writer.commit().await.unwrap();
    let dropped = dropping.await.unwrap().unwrap();
    assert!(!dropped.is_empty() && !dropped.contains(&month_of(now)), "{dropped:?}");
    shop.audit().await;
    assert_eq!(shop.number("SELECT count(*) FROM hos_subject").await, 1);
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
