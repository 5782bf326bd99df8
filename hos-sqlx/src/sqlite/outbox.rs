//! Messages that wait to be published.

use async_trait::async_trait;
use hos_core::error::Fault;
use hos_core::id::Topic;
use hos_core::store::{Outbox, OutboxRow};
use sqlx::sqlite::SqliteRow;

use super::SqliteStore;
use super::archive::subject;
use super::fault::classify;
use super::row::{column, count, parsed, proof_id};

#[async_trait]
impl Outbox for SqliteStore {
    async fn waiting(&self, limit: u32) -> Result<Vec<OutboxRow>, Fault> {
        let query = sqlx::query(include_str!("waiting.sql")).bind(i64::from(limit));
        let rows = query.fetch_all(self.reader()).await.map_err(classify)?;
        let message = |row: &SqliteRow| {
            Ok(OutboxRow {
                id: count(row, 0)?,
                subject: subject(row, 1)?,
                revision: count(row, 5)?,
                entry: proof_id(row, 6)?,
                topic: parsed(row, 7, Topic::new)?,
                payload: column(row, 8)?,
                traceparent: column(row, 9)?,
            })
        };
        rows.iter().map(message).collect()
    }

    async fn done(&self, ids: &[u64]) -> Result<(), Fault> {
        let ids = serde_json::Value::from(ids.to_vec()).to_string();
        let query = sqlx::query(include_str!("done.sql")).bind(ids);
        query.execute(&self.shared.writer).await.map_err(classify)?;
        Ok(())
    }
}
