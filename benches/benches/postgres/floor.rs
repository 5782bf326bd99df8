//! The floor, one row updated and committed, and what somebody would write by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use hos_benches::desk::all;
use hos_benches::timed;
use sqlx::postgres::PgPool;
use tokio::runtime::Runtime;
use uuid::Uuid;

const ROWS: i64 = 20_000;

#[derive(Clone)]
pub(crate) struct Floor {
    pool: PgPool,
    turn: Arc<AtomicI64>,
    leaf: Arc<str>,
    receipt: Arc<str>,
}

impl Floor {
    pub(crate) async fn open(pool: &PgPool) -> Self {
        sqlx::raw_sql(include_str!("floor.sql")).execute(pool).await.unwrap();
        let fill = "INSERT INTO item SELECT n, 1, 'pending' FROM generate_series(0, $1 - 1) AS n";
        sqlx::query(fill).bind(ROWS).execute(pool).await.unwrap();
        let fill = "INSERT INTO hand_subject SELECT n, n % 1000, 'ticket', 't-' || n, 'open', 1, \
                    gen_random_uuid(), '{\"owner\":\"u-1\"}' FROM generate_series(0, $1 - 1) AS n";
        sqlx::query(fill).bind(ROWS).execute(pool).await.unwrap();
        // As long as the law's own.
        let (leaf, receipt) = ("l".repeat(520).into(), "r".repeat(330).into());
        Self { pool: pool.clone(), turn: Arc::default(), leaf, receipt }
    }

    /// A row far from the one before, or always the same.
    fn row(&self, one: bool) -> i64 {
        if one { 0 } else { self.turn.fetch_add(7_919, Ordering::Relaxed) % ROWS }
    }

    async fn update(&self, row: i64) {
        let update = "UPDATE item SET revision = revision + 1, state = 'paid' WHERE id = $1";
        let done = sqlx::query(update).bind(row).execute(&self.pool).await.unwrap();
        assert_eq!(done.rows_affected(), 1);
    }

    /// The rows that a transition writes, statement after statement in one transaction.
    async fn by_hand(&self, row: i64) {
        let mut transaction = self.pool.begin().await.unwrap();
        let entry = Uuid::from_u128(rand::random());
        sqlx::query(
            "UPDATE hand_subject SET state = 'busy', revision = revision + 1, proof_id = $2, \
             attributes = $3 WHERE number = $1",
        )
        .bind(row)
        .bind(entry)
        .bind("{\"owner\":\"u-1\"}")
        .execute(&mut *transaction)
        .await
        .unwrap();
        sqlx::query("INSERT INTO hand_receipt VALUES ($1, $2, $3, $4, $5)")
            .bind(row % 1_000)
            .bind(entry.as_bytes().as_slice())
            .bind([7_u8; 32].as_slice())
            .bind(&*self.receipt)
            .bind(1_i64)
            .execute(&mut *transaction)
            .await
            .unwrap();
        sqlx::query("INSERT INTO hand_entry VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
            .bind(entry)
            .bind(row % 1_000)
            .bind(row)
            .bind(2_i64)
            .bind("transition/1")
            .bind(1_i64)
            .bind(&*self.leaf)
            .bind([7_u8; 32].as_slice())
            .execute(&mut *transaction)
            .await
            .unwrap();
        sqlx::query("INSERT INTO hand_pending (scope, entry) VALUES ($1, $2)")
            .bind(row % 1_000)
            .bind(entry)
            .execute(&mut *transaction)
            .await
            .unwrap();
        transaction.commit().await.unwrap();
    }

    pub(crate) fn updates(
        &self,
        runtime: &Runtime,
        times: u32,
        callers: u32,
        one: bool,
    ) -> Duration {
        self.crowd(runtime, times, callers, one, false)
    }

    pub(crate) fn hands(&self, runtime: &Runtime, times: u32, callers: u32, one: bool) -> Duration {
        self.crowd(runtime, times, callers, one, true)
    }

    fn crowd(
        &self,
        runtime: &Runtime,
        times: u32,
        callers: u32,
        one: bool,
        hand: bool,
    ) -> Duration {
        let each = times.div_ceil(callers);
        let task = |_| {
            let floor = self.clone();
            async move {
                for _ in 0..each {
                    let row = floor.row(one);
                    if hand { floor.by_hand(row).await } else { floor.update(row).await }
                }
            }
        };
        let tasks: Vec<_> = (0..callers).map(task).collect();
        timed(|| drop(runtime.block_on(all(tasks))))
    }
}
