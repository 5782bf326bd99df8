//! Lists subjects by the version that they pin, and writes batches of migrations.

use async_trait::async_trait;
use hos_core::commit::{MIGRATION_BATCH_MAX, MigrationCommit, MigrationOutcome, Pinned, Repinned};
use hos_core::error::Fault;
use hos_core::id::SubjectId;
use hos_core::store::{Migrations, PinnedAsk};
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::SqliteStore;
use super::fault::{classify, classify_commit};
use super::lease::Lease;
use super::load::snapshot;
use super::row::{count, parsed, unchecked};
use super::step::parts;
use crate::encoding::signed;
use crate::fault::corrupt;
use crate::frontier::{appended, frontier};
use crate::migration::{lines, receipt, timed_lines, timers};
use crate::standing::generation;

const BEGIN_AND_VERIFY: &str = concat!("BEGIN IMMEDIATE; ", include_str!("verify_migration.sql"));

#[async_trait]
impl Migrations for SqliteStore {
    async fn pinned(&self, ask: &PinnedAsk) -> Result<Vec<Pinned>, Fault> {
        let query = sqlx::query(include_str!("pinned.sql"))
            .bind(ask.world.as_str())
            .bind(ask.tenant.as_str())
            .bind(ask.kind.as_str())
            .bind(ask.version.as_str())
            .bind(ask.after.as_ref().map_or("", SubjectId::as_str))
            .bind(i64::from(ask.limit.min(MIGRATION_BATCH_MAX)));
        let rows = query.fetch_all(self.reader()).await.map_err(classify)?;
        rows.iter().map(pinned).collect()
    }

    async fn migrate(&self, batch: &MigrationCommit) -> Result<MigrationOutcome, Fault> {
        let mut lease = Lease::acquire(&self.shared.writer).await.map_err(classify)?;
        let written = write(lease.opening(), batch).await;
        match written {
            Ok(MigrationOutcome::Committed) => lease.committed(),
            _ => lease.roll_back().await,
        }
        written
    }
}

fn pinned(row: &SqliteRow) -> Result<Pinned, Fault> {
    Ok(Pinned {
        id: parsed(row, 0, SubjectId::new)?,
        snapshot: snapshot(row)?.ok_or_else(|| corrupt("no state"))?,
        timers: timers(unchecked(row, 6)?)?,
    })
}

/// Compares under the write lock, and writes everything or nothing.
async fn write(
    connection: &mut SqliteConnection,
    batch: &MigrationCommit,
) -> Result<MigrationOutcome, Fault> {
    let (lines, kept) = (lines(batch)?, batch.receipt());
    let row = sqlx::query(BEGIN_AND_VERIFY)
        .bind(batch.world().as_str())
        .bind(batch.tenant().as_str())
        .bind(batch.kind().as_str())
        .bind(&*lines)
        .bind(kept.key().as_bytes())
        .fetch_optional(&mut *connection)
        .await
        .map_err(classify)?;
    let Some(row) = row else { return Ok(MigrationOutcome::Conflict) };
    let read = batch.versions();
    if (count(&row, 1)?, count(&row, 2)?) != (generation(&read.tenant), generation(&read.world)) {
        return Ok(MigrationOutcome::Conflict);
    }
    if unchecked::<bool>(&row, 6)? {
        return Ok(MigrationOutcome::Conflict);
    }
    let moved: Vec<String> = serde_json::from_str(unchecked(&row, 5)?)
        .map_err(|error| corrupt("ids").caused_by(error))?;
    if !moved.is_empty() {
        return crate::migration::moved(moved);
    }
    let (entry, base) = (batch.entry(), count(&row, 3)?);
    let mut log = frontier(base, unchecked(&row, 4)?)?;
    appended(&mut log, *entry.leaf_hash())?;
    let contract = batch.subjects().first().map(Repinned::after);
    sqlx::query(include_str!("migrate.sql"))
        .bind(unchecked::<i64>(&row, 0)?)
        .bind(signed(base))
        .bind(entry.id().as_bytes().to_vec())
        .bind(entry.type_().as_str())
        .bind(entry.recorded_at().as_micros())
        .bind(entry.leaf())
        .bind(entry.leaf_hash().as_slice())
        .bind(parts(entry))
        .bind(batch.kind().as_str())
        .bind(contract.map(|after| after.contract.as_str()))
        .bind(lines)
        .bind(timed_lines(batch))
        .bind(signed(log.size()))
        .bind(log.to_bytes())
        .bind(kept.key().as_bytes())
        .bind(kept.fingerprint().as_bytes().to_vec())
        .bind(receipt(batch)?)
        .bind(kept.expires_at().as_micros())
        .execute(connection)
        .await
        .map_err(classify_commit)?;
    Ok(MigrationOutcome::Committed)
}
