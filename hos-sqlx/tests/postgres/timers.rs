//! Due timers cost as much as are answered.

use crate::shop::{FIRMS, Shop, server};

const MANY: usize = 40;
const FEW: i64 = 5;

#[tokio::test]
async fn a_page_of_due_timers_reads_no_more_than_it_answers() {
    let Some(server) = server() else { return };
    let shop = Shop::open(server).await;
    for number in 0..MANY {
        let id = format!("o-{number}");
        shop.open_order(FIRMS[0], &id, "").await;
        shop.act(FIRMS[0], &id, "pay").await;
    }
    let mut transaction = shop.store.begin().await.unwrap();
    let page = sqlx::query_scalar("SELECT count(*) FROM hos_due_timers('pazar', $1, $2::integer)");
    let page = page.bind(i64::MAX).bind(FEW).fetch_one(&mut *transaction);
    let answered: i64 = page.await.unwrap();
    assert_eq!(answered, FEW);
    let read = "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables
        WHERE relname = 'hos_timer'";
    let read: i64 = sqlx::query_scalar(read).fetch_one(&mut *transaction).await.unwrap();
    assert_eq!(read, FEW, "rows read of the timers that are due");
    transaction.rollback().await.unwrap();
}
