//! Partitions of entries and halves of the outbox, made and given back.

use hos_core::error::Fault;
use hos_core::time::Timestamp;
use sqlx::mysql::MySqlConnection;

use super::fault::classify;
use super::lease::{Lease, fetch_all};
use super::pooled::Pooled;
use super::row::{text, unchecked};
use crate::fault::corrupt;

pub(super) async fn partition_ahead(
    pooled: &Pooled,
    now: Timestamp,
    months: u32,
) -> Result<u32, Fault> {
    let query = sqlx::query("CALL hos_partition_ahead(?, ?)");
    let query = query.bind(now.as_micros()).bind(months.min(1_200));
    let rows = fetch_all(pooled, query).await?;
    let made: i32 = rows.first().map_or(Ok(0), |row| unchecked(row, 0))?;
    Ok(u32::try_from(made).unwrap_or(0))
}

/// Nobody writes entries while the tables are locked, so that none comes between the look into a
/// partition and its end.
pub(super) async fn drop_empty_before(
    pooled: &Pooled,
    moment: Timestamp,
) -> Result<Vec<String>, Fault> {
    let lock = "LOCK TABLES hos_entry WRITE, hos_part WRITE";
    let mut lease = lock_tables(pooled, lock).await?;
    let query = sqlx::query("CALL hos_drop_empty_before(?)").bind(moment.as_micros());
    let rows = query.fetch_all(lease.connection()).await.map_err(classify)?;
    unlock_tables(lease).await?;
    let names = rows.first().map_or(Ok("[]"), |row| text(row, 0))?;
    serde_json::from_str(names).map_err(|error| corrupt("names").caused_by(error))
}

/// Nobody writes messages while the tables are locked, and whoever read which half is in use has
/// ended.
pub(super) async fn rotate_outbox(pooled: &Pooled) -> Result<bool, Fault> {
    let lock = "LOCK TABLES hos_outbox WRITE, hos_outbox_slot WRITE";
    let mut lease = lock_tables(pooled, lock).await?;
    let turned = turn(lease.connection()).await?;
    unlock_tables(lease).await?;
    Ok(turned)
}

/// Dropped or failed from here on, the connection is closed, which unlocks.
async fn lock_tables(pooled: &Pooled, lock: &'static str) -> Result<Lease<'static>, Fault> {
    let mut lease = Lease::acquire(pooled).await?;
    sqlx::raw_sql(lock).execute(lease.connection()).await.map_err(classify)?;
    Ok(lease)
}

async fn unlock_tables(mut lease: Lease<'_>) -> Result<(), Fault> {
    sqlx::raw_sql("UNLOCK TABLES").execute(lease.connection()).await.map_err(classify)?;
    lease.release();
    Ok(())
}

async fn turn(connection: &mut MySqlConnection) -> Result<bool, Fault> {
    let row = sqlx::raw_sql(include_str!("resting_slot.sql")).fetch_one(&mut *connection).await;
    let row = row.map_err(classify)?;
    let (slot, messages): (i64, i64) = (unchecked(&row, 0)?, unchecked(&row, 1)?);
    if messages > 0 {
        return Ok(false);
    }
    let truncate = match slot {
        0 => "ALTER TABLE hos_outbox TRUNCATE PARTITION hos_outbox_0",
        _ => "ALTER TABLE hos_outbox TRUNCATE PARTITION hos_outbox_1",
    };
    sqlx::raw_sql(truncate).execute(&mut *connection).await.map_err(classify)?;
    let turn = "UPDATE hos_outbox_slot SET slot = 1 - slot";
    sqlx::raw_sql(turn).execute(connection).await.map_err(classify)?;
    Ok(true)
}
