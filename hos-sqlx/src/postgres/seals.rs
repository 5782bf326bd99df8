//! Tiles, checkpoints and the deployment's log.

use async_trait::async_trait;
use hos_core::error::{Fault, FaultKind};
use hos_core::id::{Tenant, World};
use hos_core::merkle::Hash;
use hos_core::proof::EpochRecord;
use hos_core::seal::{
    Anchor, Attestation, Checkpoint, LogName, LogState, Publication, Published, Span, Tile,
};
use hos_core::store::Seals;
use hos_core::time::{ProofId, Timestamp};
use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::PostgresStore;
use super::ledger::most;
use super::row::{column, count, hash, parsed, proof_id, uuid};
use crate::encoding::signed;
use crate::fault::corrupt;
use crate::frontier::frontier;
use crate::seals::{Spans, attestation_kind, hashes, level, names, no_checkpoint, published};

#[async_trait]
impl Seals for PostgresStore {
    async fn unsealed(&self, after: Option<u64>, limit: u32) -> Result<Vec<(u64, LogName)>, Fault> {
        let query = || {
            sqlx::query("SELECT * FROM hos_unsealed_logs($1, $2)")
                .bind(after.map_or(-1, signed))
                .bind(most(limit))
        };
        let rows = self.rows(query).await?;
        rows.iter().map(|row| Ok((count(row, 0)?, log_name(row, 1)?))).collect()
    }

    async fn state(&self, log: &LogName) -> Result<LogState, Fault> {
        let states = self.states(std::slice::from_ref(log)).await?;
        states.into_iter().next().ok_or_else(|| corrupt("no state of a log"))
    }

    async fn states(&self, logs: &[LogName]) -> Result<Vec<LogState>, Fault> {
        let (worlds, tenants): (Vec<&str>, Vec<&str>) = logs.iter().map(names).unzip();
        let query =
            || sqlx::query("SELECT * FROM hos_log_states($1, $2)").bind(&worlds).bind(&tenants);
        let rows = self.rows(query).await?;
        if rows.len() != logs.len() {
            return Err(corrupt("no state of a log"));
        }
        rows.iter().map(state).collect()
    }

    async fn hashes(&self, log: &LogName, asked: &[Span]) -> Result<Vec<Vec<Hash>>, Fault> {
        let read = self.hashes_of(&[(log.clone(), asked.to_vec())]).await?;
        Ok(read.into_iter().next().unwrap_or_default())
    }

    async fn hashes_of(
        &self,
        asked: &[(LogName, Vec<Span>)],
    ) -> Result<Vec<Vec<Vec<Hash>>>, Fault> {
        let (worlds, tenants): (Vec<&str>, Vec<&str>) =
            asked.iter().map(|(log, _)| names(log)).unzip();
        let spans = Spans::of(asked.iter().map(|(_, spans)| spans.as_slice()));
        let query = || {
            sqlx::query("SELECT * FROM hos_hashes($1, $2, $3, $4, $5, $6)")
                .bind(&worlds)
                .bind(&tenants)
                .bind(&spans.logs)
                .bind(&spans.levels)
                .bind(&spans.firsts)
                .bind(&spans.counts)
        };
        let rows = self.rows(query).await?;
        if rows.len() != spans.logs.len() {
            return Err(corrupt("fewer hashes than were asked for"));
        }
        let mut rows = rows.iter();
        let mut read = |(log, spans): &(LogName, Vec<Span>)| {
            let spans = spans.iter().zip(rows.by_ref());
            spans.map(|(span, row)| hashes(log, *span, column(row, 0)?)).collect()
        };
        asked.iter().map(&mut read).collect()
    }

    async fn write_tiles(&self, log: &LogName, tiles: &[Tile]) -> Result<(), Fault> {
        let (world, tenant) = names(log);
        let of = |each: fn(&Tile) -> Vec<u8>| tiles.iter().map(each).collect::<Vec<_>>();
        let roots = of(|tile| tile.root.to_vec());
        let all_hashes = of(|tile| tile.hashes.as_flattened().to_vec());
        let query = || {
            sqlx::query("SELECT hos_write_tiles($1, $2, $3, $4, $5, $6)")
                .bind(world)
                .bind(tenant)
                .bind(tiles.iter().map(level).collect::<Vec<i32>>())
                .bind(tiles.iter().map(|tile| signed(tile.place)).collect::<Vec<i64>>())
                .bind(&roots)
                .bind(&all_hashes)
        };
        self.rows(query).await?;
        Ok(())
    }

    async fn publish(
        &self,
        log: &LogName,
        base: u64,
        checkpoint: &Checkpoint,
    ) -> Result<Published, Fault> {
        let (log, checkpoint) = (log.clone(), checkpoint.clone());
        let all = self.publish_all(&[Publication { log, base, checkpoint }]).await?;
        all.into_iter().next().ok_or_else(|| corrupt("no answer"))
    }

    async fn publish_all(&self, publications: &[Publication]) -> Result<Vec<Published>, Fault> {
        if publications.is_empty() {
            return Ok(Vec::new());
        }
        let each = || publications.iter();
        let (worlds, tenants): (Vec<&str>, Vec<&str>) = each().map(|of| names(&of.log)).unzip();
        let notes: Vec<&str> = each().map(|of| &*of.checkpoint.note).collect();
        let query = || {
            sqlx::query("SELECT hos_publish($1, $2, $3, $4, $5, $6)")
                .bind(&worlds)
                .bind(&tenants)
                .bind(each().map(|of| signed(of.base)).collect::<Vec<_>>())
                .bind(each().map(|of| signed(of.checkpoint.size)).collect::<Vec<_>>())
                .bind(&notes)
                .bind(each().map(|of| of.checkpoint.sealed_at.as_micros()).collect::<Vec<_>>())
        };
        let rows = self.rows(query).await?;
        let done: Vec<bool> = column(rows.first().ok_or_else(|| corrupt("no answer"))?, 0)?;
        published(self, publications, &done).await
    }

    async fn checkpoints(
        &self,
        log: &LogName,
        from: u64,
        limit: u32,
    ) -> Result<Vec<Checkpoint>, Fault> {
        let (world, tenant) = names(log);
        let query = || {
            sqlx::query("SELECT * FROM hos_checkpoints($1, $2, $3, $4)")
                .bind(world)
                .bind(tenant)
                .bind(signed(from))
                .bind(most(limit))
        };
        self.rows(query).await?.iter().map(|row| checkpoint(row, 0)).collect()
    }

    async fn epochs(&self, log: &LogName) -> Result<Vec<EpochRecord>, Fault> {
        let (world, tenant) = names(log);
        let query = || sqlx::query("SELECT * FROM hos_log_epochs($1, $2)").bind(world).bind(tenant);
        let record = |row: &PgRow| {
            Ok(EpochRecord {
                of_deployment: *log == LogName::Deployment,
                number: count(row, 0)?,
                entry: proof_id(row, 1)?,
                world: parsed(row, 2, World::new)?,
                tenant: parsed(row, 3, Tenant::from_stored)?,
            })
        };
        self.rows(query).await?.iter().map(record).collect()
    }

    async fn unanchored(&self, limit: u32) -> Result<Vec<(LogName, Checkpoint)>, Fault> {
        let query = || sqlx::query("SELECT * FROM hos_unanchored_logs($1)").bind(most(limit));
        let rows = self.rows(query).await?;
        rows.iter().map(|row| Ok((log_name(row, 0)?, checkpoint(row, 2)?))).collect()
    }

    async fn anchor(&self, anchors: &[Anchor]) -> Result<bool, Fault> {
        let Some(first) = anchors.first() else { return Ok(true) };
        let of = |each: fn(&Anchor) -> &str| anchors.iter().map(each).collect::<Vec<_>>();
        let (worlds, tenants) = (of(|a| names(&a.log).0), of(|a| names(&a.log).1));
        let notes = of(|anchor| &anchor.note);
        let query = || {
            sqlx::query("SELECT hos_anchor($1, $2, $3, $4, $5, $6)")
                .bind(signed(first.index))
                .bind(&worlds)
                .bind(&tenants)
                .bind(anchors.iter().map(|anchor| signed(anchor.size)).collect::<Vec<_>>())
                .bind(&notes)
                .bind(anchors.iter().map(|anchor| anchor.leaf_hash.to_vec()).collect::<Vec<_>>())
        };
        flag(&self.rows(query).await?)
    }

    async fn anchors(&self, from: u64, limit: u32) -> Result<Vec<Anchor>, Fault> {
        let query = || {
            sqlx::query("SELECT * FROM hos_anchors($1, $2)").bind(signed(from)).bind(most(limit))
        };
        let anchor = |row: &PgRow| {
            Ok(Anchor {
                index: count(row, 0)?,
                log: log_name(row, 1)?,
                size: count(row, 3)?,
                note: column(row, 4)?,
                leaf_hash: hash(row, 5)?,
            })
        };
        self.rows(query).await?.iter().map(anchor).collect()
    }

    async fn anchor_over(&self, log: &LogName, entries: u64) -> Result<Option<Anchor>, Fault> {
        let (world, tenant) = names(log);
        let query = || {
            sqlx::query("SELECT * FROM hos_anchor_over($1, $2, $3)")
                .bind(world)
                .bind(tenant)
                .bind(signed(entries))
        };
        let anchor = |row: &PgRow| {
            Ok(Anchor {
                index: count(row, 0)?,
                log: log.clone(),
                size: count(row, 1)?,
                note: column(row, 2)?,
                leaf_hash: hash(row, 3)?,
            })
        };
        self.rows(query).await?.first().map(anchor).transpose()
    }

    async fn attest(&self, attestation: &Attestation) -> Result<(), Fault> {
        let query = || {
            sqlx::query("SELECT hos_attest($1, $2, $3, $4)")
                .bind(signed(attestation.size))
                .bind(attestation.kind.as_str())
                .bind(&attestation.attester)
                .bind(&attestation.body)
        };
        if flag(&self.rows(query).await?)? { Ok(()) } else { Err(no_checkpoint()) }
    }

    async fn attestations(&self, from: u64, limit: u32) -> Result<Vec<Attestation>, Fault> {
        let query = || {
            sqlx::query("SELECT * FROM hos_attestations($1, $2)")
                .bind(signed(from))
                .bind(most(limit))
        };
        let attestation = |row: &PgRow| {
            Ok(Attestation {
                size: count(row, 0)?,
                kind: attestation_kind(column(row, 1)?)?,
                attester: column(row, 2)?,
                body: column(row, 3)?,
            })
        };
        self.rows(query).await?.iter().map(attestation).collect()
    }

    async fn quarantined(
        &self,
        world: &World,
        tenant: &Tenant,
        from: Option<ProofId>,
        limit: u32,
    ) -> Result<Vec<ProofId>, Fault> {
        let query = || {
            sqlx::query("SELECT * FROM hos_quarantined($1, $2, $3, $4)")
                .bind(world.as_str())
                .bind(tenant.as_str())
                .bind(from.map_or(Uuid::nil(), uuid))
                .bind(most(limit))
        };
        self.rows(query).await?.iter().map(|row| proof_id(row, 0)).collect()
    }
}

fn state(row: &PgRow) -> Result<LogState, Fault> {
    let size = count(row, 0)?;
    let peaks: Option<&[u8]> = column(row, 1)?;
    let root = peaks.map(|peaks| Ok::<_, Fault>(frontier(size, peaks)?.root())).transpose()?;
    let sealed: Option<i64> = column(row, 3)?;
    let sealed = sealed.map(|_| checkpoint(row, 3)).transpose()?;
    Ok(LogState { size, root, tiles: count(row, 2)?, sealed, epoch: count(row, 6)? })
}

/// A log, in two columns from this one on.
fn log_name(row: &PgRow, at: usize) -> Result<LogName, Fault> {
    if column::<&str>(row, at)?.is_empty() {
        return Ok(LogName::Deployment);
    }
    Ok(LogName::Tenant(parsed(row, at, World::new)?, parsed(row, at + 1, Tenant::from_stored)?))
}

/// A checkpoint, in three columns from this one on.
fn checkpoint(row: &PgRow, at: usize) -> Result<Checkpoint, Fault> {
    Ok(Checkpoint {
        size: count(row, at)?,
        note: column(row, at + 1)?,
        sealed_at: Timestamp::from_micros(column(row, at + 2)?),
    })
}

fn flag(rows: &[PgRow]) -> Result<bool, Fault> {
    let row = rows.first();
    row.map_or_else(|| Err(Fault::new(FaultKind::Internal, "no answer")), |row| column(row, 0))
}
