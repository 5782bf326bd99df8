//! Partitions by month, and the two halves of the outbox.

use hos_core::prelude::*;
use hos_core::store::Outbox as _;
use hos_core::time::{Clock as _, ManualClock, SystemClock, Timestamp};
use hos_sqlx::WithinExt as _;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};

use crate::shop::{FIRMS, Shop, firm, order, server, world};

const MONTH: i64 = 31 * 86_400 * 1_000_000;

/// Runs a statement as the law's own role, which is above no wall.
async fn as_law(shop: &Shop, sql: &str) -> Result<(), sqlx::Error> {
    let mut law = shop.stranger().await;
    law.execute(sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))).await.map(drop)
}

/// The rows of a table that the law's own role sees.
async fn count(shop: &Shop, table: &str) -> i64 {
    let mut law = shop.stranger().await;
    let count = AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
    sqlx::query_scalar(count).fetch_one(&mut law).await.unwrap()
}

/// The same when it is bound to every tenant.
async fn count_bound(shop: &Shop, table: &str) -> i64 {
    let mut law = shop.stranger().await;
    let mut transaction = law.begin().await.unwrap();
    transaction.execute("SELECT hos_bind_all()").await.unwrap();
    let count = AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
    sqlx::query_scalar(count).fetch_one(&mut *transaction).await.unwrap()
}

#[tokio::test]
async fn entries_go_into_their_month_and_an_old_one_is_detached_whole() {
    let Some(server) = server() else { return };
    let shop = Shop::open(server).await;
    let now = SystemClock.now();
    assert_eq!(shop.store.partition_ahead(now, 3).await.unwrap(), 0, "made with the schema");
    let next = Timestamp::from_micros(now.as_micros() + MONTH);
    assert!(shop.store.partition_ahead(next, 4).await.unwrap() > 0);

    let later = Timestamp::from_micros(now.as_micros() + 40 * MONTH);
    assert_eq!(shop.store.partition_ahead(later, 1).await.unwrap(), 2, "entries and parts");
    let options = HosOptions::default().clock(ManualClock::at(later));
    let future = Hos::open_with([crate::shop::law()], shop.store.clone(), options).await.unwrap();
    let opening = Opening::new(&crate::shop::owner(FIRMS[0]), &order(FIRMS[0], "o-1"));
    future.open(&opening.attribute("note", "").key("open")).await.unwrap();
    assert_eq!(count_bound(&shop, "hos_entry_other").await, 0, "each went into its month");

    let beyond = Timestamp::from_micros(later.as_micros() + 2 * MONTH);
    let empty = shop.store.detach_before(beyond).await.unwrap();
    for name in &empty {
        assert_eq!(count(&shop, name).await, 0, "{name} has nothing that waits");
    }
    while future.sequence_pending(1_000).await.unwrap() > 0 {}
    let head = future.head(&world(), &firm(FIRMS[0])).await.unwrap();
    let all = count_bound(&shop, "hos_entry").await;
    let detached = shop.store.detach_before(beyond).await.unwrap();
    let months: Vec<_> =
        detached.iter().filter(|name| name.starts_with("hos_entry_")).cloned().collect();
    assert_eq!(months.len(), 2, "this month and the order's: {detached:?}");
    let kept = count(&shop, &months[0]).await + count(&shop, &months[1]).await;
    assert_eq!((kept, kept > 0), (all, true), "nothing was deleted");
    assert_eq!(future.page(&world(), &firm(FIRMS[0]), 0, 100).await.unwrap(), []);
    let after = future.head(&world(), &firm(FIRMS[0])).await.unwrap();
    assert_eq!((after.size, after.root), (head.size, head.root), "the log's hashes stay");
}

#[tokio::test]
async fn a_month_that_is_being_written_to_is_not_detached_under_its_entry() {
    let Some(server) = server() else { return };
    let shop = Shop::open(server).await;
    let then = Timestamp::parse("2020-05-05T00:00:00Z").unwrap();
    let after = Timestamp::parse("2020-06-01T00:00:00Z").unwrap();
    shop.store.partition_ahead(then, 1).await.unwrap();
    let options = HosOptions::default().clock(ManualClock::at(then));
    let past = Hos::open_with([crate::shop::law()], shop.store.clone(), options).await.unwrap();
    shop.open_order(FIRMS[0], "o-1", "").await;
    let mut transaction = shop.store.begin().await.unwrap();
    let touch = shop.command(FIRMS[0], "o-1", "touch");
    let receipt = past.within(&mut transaction).transition(&touch).await.unwrap();
    let store = shop.store.clone();
    let detaching = tokio::spawn(async move { store.detach_before(after).await });
    shop.somebody_waits(&detaching).await;
    transaction.commit().await.unwrap();
    assert_eq!(detaching.await.unwrap().unwrap(), [] as [String; 0], "an entry is pending");
    while shop.hos.sequence_pending(1_000).await.unwrap() > 0 {}
    let found = shop.hos.find(&world(), &firm(FIRMS[0]), receipt.proof_id).await.unwrap();
    assert!(found.unwrap().index.is_some(), "it has its place");
    let both = ["hos_entry_202005", "hos_part_202005"];
    assert_eq!(shop.store.detach_before(after).await.unwrap(), both);
}

#[tokio::test]
async fn a_detached_month_is_read_by_its_owner_and_changed_by_nobody() {
    let Some(server) = server() else { return };
    let shop = Shop::open(server).await;
    shop.open_order(FIRMS[0], "o-1", "").await;
    let pay = shop.command(FIRMS[0], "o-1", "pay").input("note", "a part");
    shop.hos.transition(&pay).await.unwrap();
    while shop.hos.sequence_pending(1_000).await.unwrap() > 0 {}
    let later = Timestamp::from_micros(SystemClock.now().as_micros() + 2 * MONTH);
    let detached = shop.store.detach_before(later).await.unwrap();
    let name = |parent: &str| detached.iter().find(|name| name.starts_with(parent)).unwrap();
    let (entries, parts) = (name("hos_entry_"), name("hos_part_"));
    for (statement, message) in [
        (format!("UPDATE {entries} SET leaf = ''"), "hos:entry is immutable"),
        (format!("DELETE FROM {entries}"), "hos:entry is immutable"),
        (format!("TRUNCATE {entries}"), "hos:nothing is truncated"),
        (format!("UPDATE {parts} SET body = ''"), "hos:part is immutable"),
        (format!("TRUNCATE {parts}"), "hos:nothing is truncated"),
    ] {
        let refused = as_law(&shop, &statement).await.expect_err(&statement);
        assert_eq!(refused.as_database_error().unwrap().message(), message, "{statement}");
    }
    as_law(&shop, &format!("DELETE FROM {parts}")).await.unwrap();
    assert_eq!(count(&shop, parts).await, 0, "a part may be erased");
    for table in [entries, parts] {
        as_law(&shop, &format!("DROP TABLE {table}")).await.unwrap();
    }
}

#[tokio::test]
async fn no_moment_before_1970_reaches_a_later_month() {
    let Some(server) = server() else { return };
    let shop = Shop::open(server).await;
    shop.open_order(FIRMS[0], "o-1", "").await;
    while shop.hos.sequence_pending(1_000).await.unwrap() > 0 {}
    let year_0 = Timestamp::from_micros(i64::MIN);
    let before = Timestamp::from_micros(-1);
    for moment in [year_0, before, Timestamp::EPOCH, Timestamp::from_micros(1)] {
        assert_eq!(shop.store.detach_before(moment).await.unwrap(), [] as [String; 0], "{moment}");
    }
    assert_eq!(shop.store.partition_ahead(year_0, 1).await.unwrap(), 2);
    assert_eq!(shop.store.partition_ahead(before, 1).await.unwrap(), 0, "all ids are of 1970");
    for clock in [year_0, before] {
        let options = HosOptions::default().clock(ManualClock::at(clock));
        let past = Hos::open_with([crate::shop::law()], shop.store.clone(), options).await.unwrap();
        let subject = order(FIRMS[0], &format!("at-{}", clock.as_micros()));
        let opening = Opening::new(&crate::shop::owner(FIRMS[0]), &subject).attribute("note", "");
        past.open(&opening.key(format!("{clock}"))).await.unwrap();
    }
    assert_eq!(count_bound(&shop, "hos_entry_197001").await, 2);
}

#[tokio::test]
async fn the_last_year_has_its_months() {
    let Some(server) = server() else { return };
    let shop = Shop::open(server).await;
    let end = Timestamp::from_micros(i64::MAX);
    assert_eq!(shop.store.partition_ahead(end, 2).await.unwrap(), 4);
    let options = HosOptions::default().clock(ManualClock::at(end));
    let last = Hos::open_with([crate::shop::law()], shop.store.clone(), options).await.unwrap();
    let opening = Opening::new(&crate::shop::owner(FIRMS[0]), &order(FIRMS[0], "o-1"));
    last.open(&opening.attribute("note", "").key("open")).await.unwrap();
    while shop.hos.sequence_pending(1_000).await.unwrap() > 0 {}
    let detached = shop.store.detach_before(end).await.unwrap();
    assert!(!detached.is_empty());
    assert!(detached.iter().all(|name| !name.contains("_9999")), "{detached:?}");
    assert_eq!(count_bound(&shop, "hos_entry_999912").await, 1);
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
