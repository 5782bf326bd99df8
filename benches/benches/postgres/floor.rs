//! The floor, one row updated and committed, and what somebody would write by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hos_benches::comparison::{LEAF_BYTES, RECEIPT_BYTES, ROWS};
use sqlx::postgres::PgPool;
use uuid::Uuid;

#[derive(Clone)]
pub(crate) struct Floor {
    pool: PgPool,
    entries: Arc<AtomicU64>,
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
        let (leaf, receipt) = ("l".repeat(LEAF_BYTES).into(), "r".repeat(RECEIPT_BYTES).into());
        Self { pool: pool.clone(), entries: Arc::default(), leaf, receipt }
    }

    /// Ascending, as the law's are: an index grows at its end.
    fn entry(&self) -> Uuid {
        Uuid::from_u64_pair(self.entries.fetch_add(1, Ordering::Relaxed), rand::random())
    }
}

impl hos_benches::comparison::Floor for Floor {
    async fn update(&self, row: i64) {
        let update = "UPDATE item SET revision = revision + 1, state = 'paid' WHERE id = $1";
        let done = sqlx::query(update).bind(row).execute(&self.pool).await.unwrap();
        assert_eq!(done.rows_affected(), 1);
    }

    async fn by_hand(&self, row: i64) {
        let mut transaction = self.pool.begin().await.unwrap();
        let entry = self.entry();
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
}
