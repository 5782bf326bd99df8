//! The floor: one row, updated and committed.

use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

const ROWS: i64 = 10_000;

pub(crate) struct Floor {
    pool: SqlitePool,
    turn: AtomicI64,
}

impl Floor {
    /// With the settings that the store has.
    pub(crate) async fn open(path: &Path) -> Self {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .pragma("wal_autocheckpoint", "4000")
            .pragma("cache_size", "-32768");
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .test_before_acquire(false)
            .connect_with(options)
            .await
            .unwrap();
        let create = "CREATE TABLE item (id INTEGER PRIMARY KEY, revision INTEGER NOT NULL, \
                      state TEXT NOT NULL)";
        sqlx::query(create).execute(&pool).await.unwrap();
        let fill = "WITH RECURSIVE n(id) AS (SELECT 0 UNION ALL SELECT id + 1 FROM n WHERE id < ?) \
                    INSERT INTO item SELECT id, 1, 'pending' FROM n";
        sqlx::query(fill).bind(ROWS).execute(&pool).await.unwrap();
        Self { pool, turn: AtomicI64::new(0) }
    }

    pub(crate) async fn update(&self) {
        // A stride that visits every row, far from the one before.
        let row = self.turn.fetch_add(7_919, Ordering::Relaxed) % ROWS;
        let update = "UPDATE item SET revision = revision + 1, state = 'paid' WHERE id = ?";
        let done = sqlx::query(update).bind(row).execute(&self.pool).await.unwrap();
        assert_eq!(done.rows_affected(), 1);
    }
}
