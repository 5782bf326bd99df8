//! Lists subjects by the version that they pin, and writes batches of migrations.

use async_trait::async_trait;
use hos_core::commit::{MIGRATION_BATCH_MAX, MigrationCommit, MigrationOutcome, Pinned, Repinned};
use hos_core::error::{Fault, FaultKind};
use hos_core::id::SubjectId;
use hos_core::store::{Migrations, PinnedAsk};
use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::commit::COLLISIONS_MAX;
use super::fault::{classify_commit, is_collision};
use super::lease::Lease;
use super::load::snapshot;
use super::row::{column, parsed, uuid};
use super::session::Bound;
use super::statement::{parts, timers_of};
use super::{PostgresStore, Shared};
use crate::encoding::signed;
use crate::fault::corrupt;
use crate::migration::{bags, moved, receipt, timers};
use crate::standing::generation;

#[async_trait]
impl Migrations for PostgresStore {
    async fn pinned(&self, ask: &PinnedAsk) -> Result<Vec<Pinned>, Fault> {
        let limit = i32::try_from(ask.limit.min(MIGRATION_BATCH_MAX)).unwrap_or(i32::MAX);
        let query = || {
            sqlx::query("SELECT * FROM hos_pinned($1, $2, $3, $4, $5, $6)")
                .bind(ask.world.as_str())
                .bind(ask.tenant.as_str())
                .bind(ask.kind.as_str())
                .bind(ask.version.as_str())
                .bind(ask.after.as_ref().map_or("", SubjectId::as_str))
                .bind(limit)
        };
        self.rows(query).await?.iter().map(pinned).collect()
    }

    async fn migrate(&self, batch: &MigrationCommit) -> Result<MigrationOutcome, Fault> {
        let Shared { connections, recall, .. } = &*self.shared;
        let named = connections.pooler().names_statements();
        let (bags, receipt) = (bags(batch)?, receipt(batch)?);
        let mut collisions = 0;
        let row = loop {
            let mut lease = Lease::acquire(connections).await?;
            let query = write(batch, &bags, &receipt).persistent(named);
            let (connection, watch) = lease.watched();
            match watch.over(query.fetch_one(connection)).await {
                Ok(row) => {
                    lease.commit().await?;
                    break row;
                }
                Err(error) if is_collision(&error) && collisions < COLLISIONS_MAX => {
                    collisions += 1;
                }
                Err(error) => return Err(classify_commit(error)),
            }
        };
        match column(&row, 0)? {
            "written" => {
                recall.migrated(batch);
                Ok(MigrationOutcome::Committed)
            }
            "conflict" => Ok(MigrationOutcome::Conflict),
            "moved" => moved(column(&row, 1)?),
            _ => Err(Fault::new(FaultKind::Internal, "an answer that is none")),
        }
    }
}

fn pinned(row: &PgRow) -> Result<Pinned, Fault> {
    Ok(Pinned {
        id: parsed(row, 0, SubjectId::new)?,
        snapshot: snapshot(row)?.ok_or_else(|| corrupt("no state"))?,
        timers: timers(column(row, 6)?)?,
    })
}

/// The parameters of `hos_migrate`.
fn write<'q>(batch: &'q MigrationCommit, bags: &'q [String], receipt: &'q str) -> Bound<'q> {
    let (entry, kept) = (batch.entry(), batch.receipt());
    let subjects = || batch.subjects().iter();
    let contract = batch.subjects().first().map(|first| first.after().contract.as_str());
    let ids: Vec<&str> = subjects().map(|repinned| repinned.id().as_str()).collect();
    let proofs: Vec<Uuid> = subjects().map(|repinned| uuid(repinned.from_proof())).collect();
    let states: Vec<&str> = subjects().map(|repinned| repinned.after().state.as_str()).collect();
    let timers: Vec<Option<String>> = subjects().map(Repinned::timers).map(timers_of).collect();
    sqlx::query(concat!(
        "SELECT * FROM hos_migrate($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, ",
        "$14, $15, $16, $17, $18, $19, $20, $21)",
    ))
    .bind(batch.world().as_str())
    .bind(batch.tenant().as_str())
    .bind(signed(generation(&batch.versions().tenant)))
    .bind(signed(generation(&batch.versions().world)))
    .bind(batch.kind().as_str())
    .bind(contract)
    .bind(uuid(entry.id()))
    .bind(entry.type_().as_str())
    .bind(entry.recorded_at().as_micros())
    .bind(entry.leaf_hash().as_slice())
    .bind(entry.leaf())
    .bind(parts(entry))
    .bind(ids)
    .bind(proofs)
    .bind(states)
    .bind(bags)
    .bind(timers)
    .bind(kept.key().as_bytes())
    .bind(kept.fingerprint().as_bytes().to_vec())
    .bind(receipt)
    .bind(kept.expires_at().as_micros())
}
