//! Tiles, checkpoints and the deployment's log.

mod write;

use async_trait::async_trait;
use hos_core::error::Fault;
use hos_core::id::{Tenant, World};
use hos_core::merkle::{Hash, empty_root};
use hos_core::proof::{EpochRecord, PAGE_MAX};
use hos_core::seal::{
    Anchor, Attestation, Checkpoint, LogName, LogState, Publication, Published, Span, Tile,
};
use hos_core::store::Seals;
use hos_core::time::{ProofId, Timestamp};
use serde_json::{Value, json};
use sqlx::mysql::MySqlRow;

use write::Write;

use super::MysqlStore;
use super::lease::{execute, fetch_all};
use super::row::{count, hash, parsed, proof_id, text, unchecked};
use crate::encoding::signed;
use crate::fault::corrupt;
use crate::seals::{all_names, attestation_kind, hashes, line, no_checkpoint, published};

/// The number of no scope.
const NO_SCOPE: i64 = -1;

#[async_trait]
impl Seals for MysqlStore {
    async fn unsealed(&self, after: Option<u64>, limit: u32) -> Result<Vec<(u64, LogName)>, Fault> {
        let query = sqlx::query(include_str!("unsealed.sql"));
        let query = query.bind(after.map_or(-1, signed)).bind(most(limit));
        let rows = fetch_all(self.pooled(), query).await?;
        rows.iter().map(|row| Ok((count(row, 0)?, log_name(row, 1)?))).collect()
    }

    async fn state(&self, log: &LogName) -> Result<LogState, Fault> {
        let states = self.states(std::slice::from_ref(log)).await?;
        states.into_iter().next().ok_or_else(|| corrupt("no state of a log"))
    }

    async fn states(&self, logs: &[LogName]) -> Result<Vec<LogState>, Fault> {
        let scopes = Value::from(self.scopes(logs.iter()).await?).to_string();
        let query = sqlx::query(include_str!("states.sql")).bind(scopes);
        let rows = fetch_all(self.pooled(), query).await?;
        if rows.len() != logs.len() {
            return Err(corrupt("no state of a log"));
        }
        logs.iter().zip(&rows).map(|(log, row)| state(log, row)).collect()
    }

    async fn hashes(&self, log: &LogName, spans: &[Span]) -> Result<Vec<Vec<Hash>>, Fault> {
        let read = self.hashes_of(&[(log.clone(), spans.to_vec())]).await?;
        Ok(read.into_iter().next().unwrap_or_default())
    }

    async fn hashes_of(
        &self,
        asked: &[(LogName, Vec<Span>)],
    ) -> Result<Vec<Vec<Vec<Hash>>>, Fault> {
        let scopes = self.scopes(asked.iter().map(|(log, _)| log)).await?;
        let of_each = scopes.iter().zip(asked).flat_map(|(scope, (_, spans))| {
            spans.iter().map(move |span| {
                let (level, first, count) = line(*span);
                json!([scope, level, first, count])
            })
        });
        let lines = Value::from_iter(of_each).to_string();
        let rows =
            fetch_all(self.pooled(), sqlx::query(include_str!("span_hashes.sql")).bind(lines));
        let rows = rows.await?;
        if rows.len() != asked.iter().map(|(_, spans)| spans.len()).sum::<usize>() {
            return Err(corrupt("fewer hashes than were asked for"));
        }
        let mut rows = rows.iter();
        let mut read = |(log, spans): &(LogName, Vec<Span>)| {
            let spans = spans.iter().zip(rows.by_ref());
            let bytes = |row| Ok(unchecked::<Option<&[u8]>>(row, 0)?.unwrap_or_default());
            spans.map(|(span, row)| hashes(log, *span, bytes(row)?)).collect()
        };
        asked.iter().map(&mut read).collect()
    }

    async fn write_tiles(&self, log: &LogName, tiles: &[Tile]) -> Result<(), Fault> {
        let Some(scope) = self.scope_of(log).await? else { return Err(corrupt("no such log")) };
        Write::Tiles(scope, tiles).patiently(self.pooled()).await.map(|_| ())
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
        let scopes = self.scopes(publications.iter().map(|of| &of.log)).await?;
        let of_each: Vec<_> = scopes.into_iter().zip(publications).collect();
        let done = Write::Publish(&of_each).patiently(self.pooled()).await?;
        published(self, publications, &done).await
    }

    async fn checkpoints(
        &self,
        log: &LogName,
        from: u64,
        limit: u32,
    ) -> Result<Vec<Checkpoint>, Fault> {
        let Some(scope) = self.scope_of(log).await? else { return Ok(Vec::new()) };
        let query = sqlx::query(include_str!("checkpoints.sql")).bind(scope);
        let rows = fetch_all(self.pooled(), query.bind(signed(from)).bind(most(limit))).await?;
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
        fetch_all(self.pooled(), query).await?.iter().map(record).collect()
    }

    async fn unanchored(&self, limit: u32) -> Result<Vec<(LogName, Checkpoint)>, Fault> {
        let query = sqlx::query(include_str!("unanchored.sql")).bind(most(limit));
        let rows = fetch_all(self.pooled(), query).await?;
        rows.iter().map(|row| Ok((log_name(row, 0)?, checkpoint(row, 2)?))).collect()
    }

    async fn anchor(&self, anchors: &[Anchor]) -> Result<bool, Fault> {
        Ok(Write::Anchors(anchors).patiently(self.pooled()).await? == [true])
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
        fetch_all(self.pooled(), query).await?.iter().map(anchor).collect()
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
        fetch_all(self.pooled(), query).await?.first().map(anchor).transpose()
    }

    async fn attest(&self, attestation: &Attestation) -> Result<(), Fault> {
        let size = signed(attestation.size);
        let known = sqlx::query(include_str!("has_checkpoint.sql")).bind(size);
        if fetch_all(self.pooled(), known).await?.is_empty() {
            return Err(no_checkpoint());
        }
        let attest = sqlx::query(include_str!("attest.sql"))
            .bind(size)
            .bind(attestation.kind.as_str().as_bytes())
            .bind(attestation.attester.clone().into_bytes())
            .bind(attestation.body.clone());
        execute(self.pooled(), attest).await.map(|_| ())
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
        let rows = fetch_all(self.pooled(), query.bind(signed(from)).bind(most(limit))).await?;
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
        let rows = fetch_all(self.pooled(), query).await?;
        rows.iter().map(|row| proof_id(row, 0)).collect()
    }
}

impl MysqlStore {
    /// The number of a log's scope; none where it has no entry.
    async fn scope_of(&self, log: &LogName) -> Result<Option<i64>, Fault> {
        let scopes = self.scopes(std::iter::once(log)).await?;
        Ok(scopes.first().copied().filter(|scope| *scope != NO_SCOPE))
    }

    /// The numbers of logs' scopes, in order; [`NO_SCOPE`] where one has no entry.
    async fn scopes<'l>(
        &self,
        logs: impl Iterator<Item = &'l LogName> + Clone + Send,
    ) -> Result<Vec<i64>, Fault> {
        let number = |log: &LogName| if *log == LogName::Deployment { 0 } else { NO_SCOPE };
        let mut scopes: Vec<i64> = logs.clone().map(number).collect();
        if scopes.iter().all(|scope| *scope == 0) {
            return Ok(scopes);
        }
        let query = sqlx::query(include_str!("scope_numbers.sql")).bind(all_names(logs));
        for row in fetch_all(self.pooled(), query).await? {
            let place =
                usize::try_from(count(&row, 0)?).ok().and_then(|place| place.checked_sub(1));
            let scope = place.and_then(|place| scopes.get_mut(place));
            *scope.ok_or_else(|| corrupt("a scope that nobody asked for"))? = unchecked(&row, 1)?;
        }
        Ok(scopes)
    }
}

fn state(log: &LogName, row: &MySqlRow) -> Result<LogState, Fault> {
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
