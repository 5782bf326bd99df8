//! Messages that wait to be published.

use std::sync::LazyLock;

use async_trait::async_trait;
use hos_core::error::Fault;
use hos_core::id::Topic;
use hos_core::store::{Outbox, OutboxRow};
use sqlx::Arguments as _;
use sqlx::mysql::MySqlRow;

use super::MysqlStore;
use super::fault::classify;
use super::lease::{Lease, fetch_all};
use super::lines::Lines;
use super::row::{count, optional_text, parsed, proof_id, subject, text};

static DONE: LazyLock<Lines> = LazyLock::new(|| Lines::new(include_str!("done.sql")));

#[async_trait]
impl Outbox for MysqlStore {
    async fn waiting(&self, limit: u32) -> Result<Vec<OutboxRow>, Fault> {
        let query = sqlx::query(include_str!("waiting.sql")).bind(i64::from(limit));
        let rows = fetch_all(self.pooled(), query).await?;
        let message = |row: &MySqlRow| {
            Ok(OutboxRow {
                id: count(row, 0)?,
                subject: subject(row, 1)?,
                revision: count(row, 5)?,
                entry: proof_id(row, 6)?,
                topic: parsed(row, 7, Topic::new)?,
                payload: text(row, 8)?.to_owned(),
                traceparent: optional_text(row, 9)?.map(str::to_owned),
            })
        };
        rows.iter().map(message).collect()
    }

    async fn done(&self, ids: &[u64]) -> Result<(), Fault> {
        // A number beyond the column's range was never given to a message.
        let ids: Vec<i64> = ids.iter().filter_map(|id| i64::try_from(*id).ok()).collect();
        let mut lease = Lease::acquire(self.pooled()).await?;
        let (connection, watch) = lease.watched();
        watch.over_all(DONE.write(connection, &ids, |id, row| row.add(id)), classify).await?;
        lease.release();
        Ok(())
    }
}
