//! Tiles, checkpoints and the deployment's log.

mod write;

use async_trait::async_trait;
use hos_core::error::Fault;
use hos_core::id::{Tenant, World};
use hos_core::merkle::{HASH_BYTES, Hash, empty_root};
use hos_core::proof::{EpochRecord, PAGE_MAX};
use hos_core::seal::{Anchor, Attestation, Checkpoint, LogName, LogState, Published, Span, Tile};
use hos_core::store::Seals;
use hos_core::time::{ProofId, Timestamp};
use sqlx::mysql::{MySqlArguments, MySqlRow};

use write::Write;

use super::MysqlStore;
use super::lease::{execute, fetch_all};
use super::row::{count, hash, parsed, proof_id, text, unchecked};
use crate::encoding::signed;
use crate::fault::corrupt;
use crate::seals::{attestation_kind, hashes, no_checkpoint};

type Query = sqlx::query::Query<'static, sqlx::MySql, MySqlArguments>;

#[async_trait]
impl Seals for MysqlStore {
    async fn unsealed(&self, after: Option<u64>, limit: u32) -> Result<Vec<(u64, LogName)>, Fault> {
        let query = sqlx::query(include_str!("unsealed.sql"));
        let query = query.bind(after.map_or(-1, signed)).bind(most(limit));
        let rows = fetch_all(self.pool(), query).await?;
        rows.iter().map(|row| Ok((count(row, 0)?, log_name(row, 1)?))).collect()
    }

    async fn state(&self, log: &LogName) -> Result<LogState, Fault> {
        let Some(scope) = self.scope_of(log).await? else { return Ok(empty(log)) };
        let query = sqlx::query(include_str!("state.sql")).bind(scope).bind(scope);
        let rows = fetch_all(self.pool(), query).await?;
        let row = rows.first().ok_or_else(|| corrupt("no state of a log"))?;
        let some = |at| Ok::<_, Fault>(unchecked::<Option<i64>>(row, at)?.is_some());
        let counted = |at| if some(at)? { count(row, at) } else { Ok(0) };
        let (size, root) = match (*log == LogName::Deployment, some(0)?) {
            (true, _) => (counted(2)?, None),
            (false, true) => {
                let frontier = super::row::frontier(row, 0)?;
                (frontier.size(), Some(frontier.root()))
            }
            (false, false) => (0, Some(empty_root())),
        };
        let sealed = some(4)?.then(|| checkpoint(row, 4)).transpose()?;
        Ok(LogState { size, root, tiles: counted(3)?, sealed, epoch: counted(7)?.max(1) })
    }

    async fn hashes(&self, log: &LogName, spans: &[Span]) -> Result<Vec<Vec<Hash>>, Fault> {
        let scope = self.scope_of(log).await?.unwrap_or(-1);
        let mut read = Vec::with_capacity(spans.len());
        for span in spans {
            let rows = fetch_all(self.pool(), query_of(scope, *span)).await?;
            let mut bytes = Vec::with_capacity(span.count() * HASH_BYTES);
            for row in &rows {
                bytes.extend_from_slice(unchecked(row, 0)?);
            }
            read.push(hashes(log, *span, &bytes)?);
        }
        Ok(read)
    }

    async fn write_tiles(&self, log: &LogName, tiles: &[Tile]) -> Result<(), Fault> {
        let Some(scope) = self.scope_of(log).await? else { return Err(corrupt("no such log")) };
        Write::Tiles(scope, tiles).patiently(self.pool()).await.map(|_| ())
    }

    async fn publish(
        &self,
        log: &LogName,
        base: u64,
        checkpoint: &Checkpoint,
    ) -> Result<Published, Fault> {
        let Some(scope) = self.scope_of(log).await? else { return Ok(Published::Outrun(None)) };
        if Write::Publish(scope, base, checkpoint).patiently(self.pool()).await? {
            return Ok(Published::Done);
        }
        Ok(Published::Outrun(self.state(log).await?.sealed))
    }

    async fn checkpoints(
        &self,
        log: &LogName,
        from: u64,
        limit: u32,
    ) -> Result<Vec<Checkpoint>, Fault> {
        let Some(scope) = self.scope_of(log).await? else { return Ok(Vec::new()) };
        let query = sqlx::query(include_str!("checkpoints.sql")).bind(scope);
        let rows = fetch_all(self.pool(), query.bind(signed(from)).bind(most(limit))).await?;
        rows.iter().map(|row| checkpoint(row, 0)).collect()
    }

    async fn epochs(&self, log: &LogName) -> Result<Vec<EpochRecord>, Fault> {
        let Some(scope) = self.scope_of(log).await? else { return Ok(Vec::new()) };
        let query = sqlx::query(include_str!("epochs.sql")).bind(scope);
        let record = |row: &MySqlRow| {
            Ok(EpochRecord {
                of_deployment: *log == LogName::Deployment,
                number: count(row, 0)?,
                entry: proof_id(row, 1)?,
                world: parsed(row, 2, World::new)?,
                tenant: parsed(row, 3, Tenant::from_stored)?,
            })
        };
        fetch_all(self.pool(), query).await?.iter().map(record).collect()
    }

    async fn unanchored(&self, limit: u32) -> Result<Vec<(LogName, Checkpoint)>, Fault> {
        let query = sqlx::query(include_str!("unanchored.sql")).bind(most(limit));
        let rows = fetch_all(self.pool(), query).await?;
        rows.iter().map(|row| Ok((log_name(row, 0)?, checkpoint(row, 2)?))).collect()
    }

    async fn anchor(&self, anchors: &[Anchor]) -> Result<bool, Fault> {
        Write::Anchors(anchors).patiently(self.pool()).await
    }

    async fn anchors(&self, from: u64, limit: u32) -> Result<Vec<Anchor>, Fault> {
        let query = sqlx::query(include_str!("anchors.sql")).bind(signed(from)).bind(most(limit));
        let anchor = |row: &MySqlRow| {
            Ok(Anchor {
                index: count(row, 0)?,
                log: log_name(row, 1)?,
                size: count(row, 3)?,
                note: text(row, 4)?.to_owned(),
                leaf_hash: hash(row, 5)?,
            })
        };
        fetch_all(self.pool(), query).await?.iter().map(anchor).collect()
    }

    async fn anchor_over(&self, log: &LogName, entries: u64) -> Result<Option<Anchor>, Fault> {
        let Some(scope) = self.scope_of(log).await? else { return Ok(None) };
        let query = sqlx::query(include_str!("anchor_over.sql")).bind(scope).bind(signed(entries));
        let anchor = |row: &MySqlRow| {
            Ok(Anchor {
                index: count(row, 0)?,
                log: log.clone(),
                size: count(row, 1)?,
                note: text(row, 2)?.to_owned(),
                leaf_hash: hash(row, 3)?,
            })
        };
        fetch_all(self.pool(), query).await?.first().map(anchor).transpose()
    }

    async fn attest(&self, attestation: &Attestation) -> Result<(), Fault> {
        let size = signed(attestation.size);
        let known = sqlx::query(include_str!("has_checkpoint.sql")).bind(size);
        if fetch_all(self.pool(), known).await?.is_empty() {
            return Err(no_checkpoint());
        }
        let attest = sqlx::query(include_str!("attest.sql"))
            .bind(size)
            .bind(attestation.kind.as_str().as_bytes())
            .bind(attestation.attester.clone().into_bytes())
            .bind(attestation.body.clone());
        execute(self.pool(), attest).await.map(|_| ())
    }

    async fn attestations(&self, from: u64, limit: u32) -> Result<Vec<Attestation>, Fault> {
        let query = sqlx::query(include_str!("attestations.sql"));
        let attestation = |row: &MySqlRow| {
            Ok(Attestation {
                size: count(row, 0)?,
                kind: attestation_kind(text(row, 1)?)?,
                attester: text(row, 2)?.to_owned(),
                body: unchecked(row, 3)?,
            })
        };
        let rows = fetch_all(self.pool(), query.bind(signed(from)).bind(most(limit))).await?;
        rows.iter().map(attestation).collect()
    }

    async fn quarantined(
        &self,
        world: &World,
        tenant: &Tenant,
        from: Option<ProofId>,
        limit: u32,
    ) -> Result<Vec<ProofId>, Fault> {
        let from = from.map_or([0; 16], |id| *id.as_bytes());
        let query = sqlx::query(include_str!("quarantined.sql"))
            .bind(world.as_str().as_bytes().to_vec())
            .bind(tenant.as_str().as_bytes().to_vec())
            .bind(from.to_vec())
            .bind(most(limit));
        let rows = fetch_all(self.pool(), query).await?;
        rows.iter().map(|row| proof_id(row, 0)).collect()
    }
}

impl MysqlStore {
    /// The number of a log's scope; none where it has no entry.
    async fn scope_of(&self, log: &LogName) -> Result<Option<i64>, Fault> {
        let LogName::Tenant(world, tenant) = log else { return Ok(Some(0)) };
        let query = sqlx::query(include_str!("scope_number.sql"))
            .bind(world.as_str().as_bytes().to_vec())
            .bind(tenant.as_str().as_bytes().to_vec());
        let rows = fetch_all(self.pool(), query).await?;
        rows.first().map(|row| unchecked(row, 0)).transpose()
    }
}

fn query_of(scope: i64, span: Span) -> Query {
    let (query, first, count) = match span {
        Span::Tile { level, place } => {
            let query = sqlx::query(include_str!("tile.sql")).bind(scope).bind(level);
            return query.bind(signed(place));
        }
        Span::Edge { level: 0, first, count } if scope == 0 => {
            (sqlx::query(include_str!("anchor_hashes.sql")), first, count)
        }
        Span::Edge { level: 0, first, count } => {
            (sqlx::query(include_str!("log_hashes.sql")).bind(scope), first, count)
        }
        Span::Edge { level, first, count } => {
            let query = sqlx::query(include_str!("tile_roots.sql")).bind(scope).bind(level - 1);
            (query, first, count)
        }
    };
    query.bind(signed(first)).bind(signed(first) + i64::from(count))
}

fn empty(log: &LogName) -> LogState {
    let root = (*log != LogName::Deployment).then(empty_root);
    LogState { size: 0, root, tiles: 0, sealed: None, epoch: 1 }
}

fn most(limit: u32) -> i64 {
    i64::from(limit.min(PAGE_MAX))
}

/// A log, in two columns from this one on.
fn log_name(row: &MySqlRow, at: usize) -> Result<LogName, Fault> {
    if text(row, at)?.is_empty() {
        return Ok(LogName::Deployment);
    }
    Ok(LogName::Tenant(parsed(row, at, World::new)?, parsed(row, at + 1, Tenant::from_stored)?))
}

/// A checkpoint, in three columns from this one on.
fn checkpoint(row: &MySqlRow, at: usize) -> Result<Checkpoint, Fault> {
    Ok(Checkpoint {
        size: count(row, at)?,
        note: text(row, at + 1)?.to_owned(),
        sealed_at: Timestamp::from_micros(unchecked(row, at + 2)?),
    })
}
