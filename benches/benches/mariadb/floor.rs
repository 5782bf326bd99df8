//! The floor, one row updated and committed, and what somebody would write by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hos_benches::comparison::{LEAF_BYTES, RECEIPT_BYTES};
use sqlx::mysql::MySqlPool;
use uuid::Uuid;

#[derive(Clone)]
pub(crate) struct Floor {
    pool: MySqlPool,
    entries: Arc<AtomicU64>,
    leaf: Arc<str>,
    receipt: Arc<str>,
}

impl Floor {
    pub(crate) async fn open(pool: &MySqlPool) -> Self {
        sqlx::raw_sql(include_str!("floor.sql")).execute(pool).await.unwrap();
        let (leaf, receipt) = ("l".repeat(LEAF_BYTES).into(), "r".repeat(RECEIPT_BYTES).into());
        Self { pool: pool.clone(), entries: Arc::default(), leaf, receipt }
    }

    /// Ascending, as the law's are: rows are kept in their order.
    fn entry(&self) -> Uuid {
        Uuid::from_u64_pair(self.entries.fetch_add(1, Ordering::Relaxed), rand::random())
    }
}

impl hos_benches::comparison::Floor for Floor {
    async fn update(&self, row: i64) {
        let update = "UPDATE item SET revision = revision + 1, state = 'paid' WHERE id = ?";
        let done = sqlx::query(update).bind(row).execute(&self.pool).await.unwrap();
        assert_eq!(done.rows_affected(), 1);
    }

    async fn by_hand(&self, row: i64) {
        let mut transaction = self.pool.begin().await.unwrap();
        let entry = self.entry();
        sqlx::query(
            "UPDATE hand_subject SET state = 'busy', revision = revision + 1, proof_id = ?, \
             attributes = ? WHERE number = ?",
        )
        .bind(entry)
        .bind("{\"owner\":\"u-1\"}")
        .bind(row)
        .execute(&mut *transaction)
        .await
        .unwrap();
        sqlx::query("INSERT INTO hand_receipt VALUES (?, ?, ?, ?, ?)")
            .bind(row % 1_000)
            .bind(entry.as_bytes().as_slice())
            .bind([7_u8; 32].as_slice())
            .bind(&*self.receipt)
            .bind(1_i64)
            .execute(&mut *transaction)
            .await
            .unwrap();
        sqlx::query("INSERT INTO hand_entry VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
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
        sqlx::query("INSERT INTO hand_pending (scope, entry) VALUES (?, ?)")
            .bind(row % 1_000)
            .bind(entry)
            .execute(&mut *transaction)
            .await
            .unwrap();
        transaction.commit().await.unwrap();
    }
}
