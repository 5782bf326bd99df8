//! Messages that wait to be published.

use async_trait::async_trait;
use hos_core::error::Fault;
use hos_core::id::Topic;
use hos_core::store::{Outbox, OutboxRow};
use sqlx::postgres::PgRow;

use super::PostgresStore;
use super::archive::subject;
use super::ledger::most;
use super::row::{column, count, parsed, proof_id};
use crate::encoding::signed;

#[async_trait]
impl Outbox for PostgresStore {
    async fn waiting(&self, limit: u32) -> Result<Vec<OutboxRow>, Fault> {
        let query = || sqlx::query("SELECT * FROM hos_waiting($1)").bind(most(limit));
        let message = |row: &PgRow| {
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
        self.rows(query).await?.iter().map(message).collect()
    }

    async fn done(&self, ids: &[u64]) -> Result<(), Fault> {
        let ids: Vec<i64> = ids.iter().map(|id| signed(*id)).collect();
        self.rows(|| sqlx::query("SELECT hos_done($1)").bind(&ids)).await?;
        Ok(())
    }
}
