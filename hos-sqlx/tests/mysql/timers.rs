//! Due timers cost as much as are answered.

use hos_core::store::Archive as _;
use hos_core::time::Timestamp;
use sqlx::Row as _;
use sqlx::mysql::{MySqlConnection, MySqlRow};

use crate::shop::open_shop;

const MANY: usize = 40;
const FEW: u32 = 5;

#[tokio::test]
async fn a_page_of_due_timers_reads_no_more_than_it_answers() {
    let Some(shop) = open_shop().await else { return };
    for number in 0..MANY {
        let id = format!("o-{number}");
        shop.open(&id).await;
        shop.act(&id, "pay").await;
    }
    let end = Timestamp::from_micros(i64::MAX);
    let world = "pazar".parse().unwrap();
    let read = shop.store.due_timers(&world, end, FEW).await.unwrap();
    assert_eq!(read.len(), usize::try_from(FEW).unwrap());

    let mut connection = shop.store.pool().acquire().await.unwrap();
    let before = touched(&mut connection).await;
    let page = sqlx::query(include_str!("../../src/mysql/due_timers.sql"));
    let page = page.bind("pazar".as_bytes()).bind(i64::MAX).bind(i64::from(FEW));
    page.fetch_all(&mut *connection).await.unwrap();
    let touched = touched(&mut connection).await - before;
    assert!((1..=FEW).contains(&touched), "{touched} rows for {FEW} timers");
}

/// How many rows this session went on to in an index, or sorted.
async fn touched(connection: &mut MySqlConnection) -> u32 {
    let asked = "SHOW STATUS WHERE Variable_name IN ('Handler_read_next', 'Handler_read_prev', \
                 'Handler_read_rnd', 'Sort_rows')";
    let rows = sqlx::raw_sql(asked).fetch_all(connection).await.unwrap();
    let number = |row: &MySqlRow| row.get::<String, _>(1).parse::<u32>().unwrap();
    rows.iter().map(number).sum()
}
