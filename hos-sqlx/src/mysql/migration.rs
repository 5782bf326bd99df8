//! Lists subjects by the version that they pin, and writes batches of migrations.

use async_trait::async_trait;
use hos_core::commit::{MIGRATION_BATCH_MAX, MigrationCommit, MigrationOutcome, Pinned};
use hos_core::error::{Fault, FaultKind};
use hos_core::id::SubjectId;
use hos_core::store::{Migrations, PinnedAsk};
use sqlx::mysql::MySqlRow;

use super::call::{self, Argument};
use super::commit::ATTEMPTS_MAX;
use super::fault::{classify, classify_commit, is_race};
use super::lease::{Lease, fetch_all};
use super::load::snapshot;
use super::row::{parsed, text};
use super::step::parts;
use super::{MysqlStore, Shared};
use crate::encoding::signed;
use crate::fault::corrupt;
use crate::migration::{lines, moved, receipt, timed_lines, timers};
use crate::standing::generation;

#[async_trait]
impl Migrations for MysqlStore {
    async fn pinned(&self, ask: &PinnedAsk) -> Result<Vec<Pinned>, Fault> {
        let query = sqlx::query(include_str!("pinned.sql"))
            .bind(ask.world.as_str().as_bytes().to_vec())
            .bind(ask.tenant.as_str().as_bytes().to_vec())
            .bind(ask.kind.as_str().as_bytes().to_vec())
            .bind(ask.version.as_str().as_bytes().to_vec())
            .bind(ask.after.as_ref().map_or("", SubjectId::as_str).as_bytes().to_vec())
            .bind(i64::from(ask.limit.min(MIGRATION_BATCH_MAX)));
        fetch_all(self.pooled(), query).await?.iter().map(pinned).collect()
    }

    async fn migrate(&self, batch: &MigrationCommit) -> Result<MigrationOutcome, Fault> {
        let Shared { connections, recall, .. } = &*self.shared;
        let mut attempts = 1;
        loop {
            let lease = Lease::at_hand(connections).await?;
            match write(lease, batch).await {
                Ok(MigrationOutcome::Committed) => {
                    recall.migrated(batch);
                    return Ok(MigrationOutcome::Committed);
                }
                Err(fault) if is_race(&fault) && attempts < ATTEMPTS_MAX => attempts += 1,
                outcome => return outcome,
            }
        }
    }
}

fn pinned(row: &MySqlRow) -> Result<Pinned, Fault> {
    Ok(Pinned {
        id: parsed(row, 0, SubjectId::new)?,
        snapshot: snapshot(row)?.ok_or_else(|| corrupt("no state"))?,
        timers: timers(text(row, 1)?)?,
    })
}

async fn write(mut lease: Lease<'_>, batch: &MigrationCommit) -> Result<MigrationOutcome, Fault> {
    let arguments =
        call::bind(arguments(batch)?).map_err(|error| classify(sqlx::Error::Encode(error)))?;
    let query = sqlx::query_with(include_str!("migrate_batch.sql"), arguments);
    let (connection, watch) = lease.watched();
    let answer = watch.over(query.fetch_all(connection)).await;
    let rows = lease.settle(answer).map_err(classify_commit)?;
    let Some(row) = rows.first() else { return Err(corrupt("no answer to a migration")) };
    match text(row, 0)? {
        "written" => Ok(MigrationOutcome::Committed),
        "conflict" => Ok(MigrationOutcome::Conflict),
        "moved" => moved(
            serde_json::from_str(text(row, 1)?).map_err(|error| corrupt("ids").caused_by(error))?,
        ),
        _ => Err(Fault::new(FaultKind::Internal, "an answer that is none")),
    }
}

/// The parameters of `hos_migrate`.
fn arguments(batch: &MigrationCommit) -> Result<Vec<Argument>, Fault> {
    let (entry, kept) = (batch.entry(), batch.receipt());
    let contract = batch.subjects().first().map(|first| first.after().contract.as_str());
    Ok(vec![
        Argument::name(batch.world().as_str()),
        Argument::name(batch.tenant().as_str()),
        Argument::Integer(Some(signed(generation(&batch.versions().tenant)))),
        Argument::Integer(Some(signed(generation(&batch.versions().world)))),
        Argument::name(batch.kind().as_str()),
        Argument::Bytes(contract.map(|contract| contract.as_bytes().to_vec())),
        Argument::Bytes(Some(entry.id().as_bytes().to_vec())),
        Argument::name(entry.type_().as_str()),
        Argument::Integer(Some(entry.recorded_at().as_micros())),
        Argument::Bytes(Some(entry.leaf_hash().to_vec())),
        Argument::Text(Some(entry.leaf().to_owned())),
        Argument::Text(parts(entry)),
        Argument::Text(Some(lines(batch)?)),
        Argument::Text(timed_lines(batch)),
        Argument::Bytes(Some(kept.key().as_bytes().to_vec())),
        Argument::Bytes(Some(kept.fingerprint().as_bytes().to_vec())),
        Argument::Text(Some(receipt(batch)?)),
        Argument::Integer(Some(kept.expires_at().as_micros())),
    ])
}
