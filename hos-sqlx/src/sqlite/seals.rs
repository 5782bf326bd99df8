//! Tiles, checkpoints and the deployment's log.

use std::collections::BTreeSet;

use async_trait::async_trait;
use hos_core::error::{Fault, FaultKind};
use hos_core::id::{Tenant, World};
use hos_core::merkle::Hash;
use hos_core::proof::{EpochRecord, PAGE_MAX};
use hos_core::seal::{
    Anchor, Attestation, Checkpoint, LogName, LogState, Publication, Published, Span, Tile,
};
use hos_core::store::Seals;
use hos_core::time::{ProofId, Timestamp};
use serde_json::{Value, json};
use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqliteRow};

use super::SqliteStore;
use super::fault::{classify, classify_commit, is_conflict};
use super::lease::Lease;
use super::row::{column, count, hash, parsed, proof_id, unchecked};
use crate::encoding::signed;
use crate::fault::corrupt;
use crate::frontier::frontier;
use crate::seals::{all_names, attestation_kind, hashes, names, no_checkpoint, published};

type Query = sqlx::query::Query<'static, sqlx::Sqlite, SqliteArguments>;

/// The number of no scope.
const NO_SCOPE: i64 = -1;

#[async_trait]
impl Seals for SqliteStore {
    async fn unsealed(&self, after: Option<u64>, limit: u32) -> Result<Vec<(u64, LogName)>, Fault> {
        let query = sqlx::query(include_str!("unsealed.sql"));
        let rows = self.read(query.bind(after.map_or(-1, signed)).bind(most(limit))).await?;
        rows.iter().map(|row| Ok((count(row, 0)?, log_name(row, 1)?))).collect()
    }

    async fn state(&self, log: &LogName) -> Result<LogState, Fault> {
        let states = self.states(std::slice::from_ref(log)).await?;
        states.into_iter().next().ok_or_else(|| corrupt("no state of a log"))
    }

    async fn states(&self, logs: &[LogName]) -> Result<Vec<LogState>, Fault> {
        let scopes = Value::from(self.scopes(logs.iter()).await?).to_string();
        let rows = self.read(sqlx::query(include_str!("states.sql")).bind(scopes)).await?;
        if rows.len() != logs.len() {
            return Err(corrupt("no state of a log"));
        }
        rows.iter().map(state).collect()
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
        let of_each = scopes.iter().zip(asked);
        let of_each = of_each
            .flat_map(|(scope, (_, spans))| spans.iter().map(|span| line(*scope, *span)))
            .collect::<Value>();
        let query = sqlx::query(include_str!("span_hashes.sql")).bind(of_each.to_string());
        let rows = self.read(query).await?;
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
        let Some(scope) = self.scope(log).await? else { return Err(unknown(log)) };
        let write = tiles.iter().map(|tile| {
            sqlx::query(include_str!("write_tile.sql"))
                .bind(position(scope, tile.level, tile.place))
                .bind(tile.root.to_vec())
                .bind(tile.hashes.as_flattened().to_vec())
        });
        self.write_all(write.collect(), |_| true).await.map(|_| ())
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
        let line = |(scope, Publication { base, checkpoint, .. }): (&i64, &Publication)| {
            let Checkpoint { size, note, sealed_at } = checkpoint;
            json!([scope, base, size, note, sealed_at.as_micros()])
        };
        let lines = scopes.iter().zip(publications).map(line).collect::<Value>().to_string();
        let mut lease = Lease::acquire(&self.shared.writer).await.map_err(classify)?;
        let written = publish(lease.opening(), &lines).await;
        match written {
            Ok(_) => lease.committed(),
            Err(_) => lease.roll_back().await,
        }
        let written = written?;
        let done: Vec<bool> = scopes.iter().map(|scope| written.contains(scope)).collect();
        published(self, publications, &done).await
    }

    async fn checkpoints(
        &self,
        log: &LogName,
        from: u64,
        limit: u32,
    ) -> Result<Vec<Checkpoint>, Fault> {
        let Some(scope) = self.scope(log).await? else { return Ok(Vec::new()) };
        let query = sqlx::query(include_str!("checkpoints.sql")).bind(scope);
        let rows = self.read(query.bind(signed(from)).bind(most(limit))).await?;
        rows.iter().map(|row| checkpoint(row, 0)).collect()
    }

    async fn epochs(&self, log: &LogName) -> Result<Vec<EpochRecord>, Fault> {
        let Some(scope) = self.scope(log).await? else { return Ok(Vec::new()) };
        let rows = self.read(sqlx::query(include_str!("epochs.sql")).bind(scope)).await?;
        let record = |row: &SqliteRow| {
            Ok(EpochRecord {
                of_deployment: *log == LogName::Deployment,
                number: count(row, 0)?,
                entry: proof_id(row, 1)?,
                world: parsed(row, 2, World::new)?,
                tenant: parsed(row, 3, Tenant::from_stored)?,
            })
        };
        rows.iter().map(record).collect()
    }

    async fn unanchored(&self, limit: u32) -> Result<Vec<(LogName, Checkpoint)>, Fault> {
        let rows = self.read(sqlx::query(include_str!("unanchored.sql")).bind(most(limit))).await?;
        rows.iter().map(|row| Ok((log_name(row, 0)?, checkpoint(row, 2)?))).collect()
    }

    async fn anchor(&self, anchors: &[Anchor]) -> Result<bool, Fault> {
        let append = anchors.iter().map(|anchor| {
            let (world, tenant) = names(&anchor.log);
            sqlx::query(include_str!("anchor.sql"))
                .bind(signed(anchor.index))
                .bind(world.to_owned())
                .bind(tenant.to_owned())
                .bind(signed(anchor.size))
                .bind(anchor.note.clone())
                .bind(anchor.leaf_hash.to_vec())
        });
        self.write_all(append.collect(), |met| met == 1).await
    }

    async fn anchors(&self, from: u64, limit: u32) -> Result<Vec<Anchor>, Fault> {
        let query = sqlx::query(include_str!("anchors.sql")).bind(signed(from)).bind(most(limit));
        let anchor = |row: &SqliteRow| {
            Ok(Anchor {
                index: count(row, 0)?,
                log: log_name(row, 1)?,
                size: count(row, 3)?,
                note: column(row, 4)?,
                leaf_hash: hash(row, 5)?,
            })
        };
        self.read(query).await?.iter().map(anchor).collect()
    }

    async fn anchor_over(&self, log: &LogName, entries: u64) -> Result<Option<Anchor>, Fault> {
        let Some(scope) = self.scope(log).await? else { return Ok(None) };
        let query = sqlx::query(include_str!("anchor_over.sql"));
        let anchor = |row: &SqliteRow| {
            Ok(Anchor {
                index: count(row, 0)?,
                log: log.clone(),
                size: count(row, 1)?,
                note: column(row, 2)?,
                leaf_hash: hash(row, 3)?,
            })
        };
        let rows = self.read(query.bind(scope).bind(signed(entries))).await?;
        rows.first().map(anchor).transpose()
    }

    async fn attest(&self, attestation: &Attestation) -> Result<(), Fault> {
        let size = signed(attestation.size);
        let known = sqlx::query(include_str!("has_checkpoint.sql")).bind(size);
        if self.read(known).await?.is_empty() {
            return Err(no_checkpoint());
        }
        let attest = sqlx::query(include_str!("attest.sql"))
            .bind(size)
            .bind(attestation.kind.as_str())
            .bind(attestation.attester.clone())
            .bind(attestation.body.clone());
        self.write_all(vec![attest], |_| true).await.map(|_| ())
    }

    async fn attestations(&self, from: u64, limit: u32) -> Result<Vec<Attestation>, Fault> {
        let query = sqlx::query(include_str!("attestations.sql"));
        let attestation = |row: &SqliteRow| {
            Ok(Attestation {
                size: count(row, 0)?,
                kind: attestation_kind(unchecked(row, 1)?)?,
                attester: column(row, 2)?,
                body: column(row, 3)?,
            })
        };
        let rows = self.read(query.bind(signed(from)).bind(most(limit))).await?;
        rows.iter().map(attestation).collect()
    }

    async fn quarantined(
        &self,
        _world: &World,
        _tenant: &Tenant,
        _from: Option<ProofId>,
        _limit: u32,
    ) -> Result<Vec<ProofId>, Fault> {
        Ok(Vec::new())
    }
}

impl SqliteStore {
    async fn read(&self, query: Query) -> Result<Vec<SqliteRow>, Fault> {
        query.fetch_all(self.reader()).await.map_err(classify)
    }

    /// The number of a log's scope; none where it has no entry.
    async fn scope(&self, log: &LogName) -> Result<Option<i64>, Fault> {
        let scopes = self.scopes(std::iter::once(log)).await?;
        Ok(scopes.first().copied().filter(|scope| *scope != NO_SCOPE))
    }

    /// The numbers of logs' scopes, in order; [`NO_SCOPE`] where one has no entry.
    async fn scopes<'l>(
        &self,
        logs: impl Iterator<Item = &'l LogName> + Clone + Send,
    ) -> Result<Vec<i64>, Fault> {
        let query = sqlx::query(include_str!("scope_numbers.sql")).bind(all_names(logs.clone()));
        let rows = self.read(query).await?;
        let number = |(log, row)| match log {
            &LogName::Deployment => Ok(0),
            LogName::Tenant(..) => Ok(unchecked::<Option<i64>>(row, 0)?.unwrap_or(NO_SCOPE)),
        };
        logs.zip(&rows).map(number).collect()
    }

    /// Executes statements in one transaction, as long as each meets the rows that it should;
    /// else writes nothing and answers false.
    async fn write_all(
        &self,
        statements: Vec<Query>,
        met: impl Fn(u64) -> bool + Send,
    ) -> Result<bool, Fault> {
        let mut lease = Lease::acquire(&self.shared.writer).await.map_err(classify)?;
        let written = execute_all(lease.opening(), statements, met).await;
        match written {
            Ok(true) => lease.committed(),
            _ => lease.roll_back().await,
        }
        written
    }
}

async fn execute_all(
    connection: &mut SqliteConnection,
    statements: Vec<Query>,
    met: impl Fn(u64) -> bool + Send,
) -> Result<bool, Fault> {
    sqlx::query("BEGIN IMMEDIATE").execute(&mut *connection).await.map_err(classify)?;
    for statement in statements {
        let done = statement.execute(&mut *connection).await.map_err(refused)?;
        if !met(done.rows_affected()) {
            return Ok(false);
        }
    }
    sqlx::query("COMMIT").execute(connection).await.map_err(classify_commit)?;
    Ok(true)
}

/// What is there is another than what was to be written.
fn refused(error: sqlx::Error) -> Fault {
    if !is_conflict(&error) {
        return classify(error);
    }
    let message = "a tile or a checkpoint that is there is another; compare it with a backup";
    Fault::new(FaultKind::Corrupt, message).caused_by(error)
}

/// Publishes, and answers of which scopes.
async fn publish(connection: &mut SqliteConnection, lines: &str) -> Result<BTreeSet<i64>, Fault> {
    sqlx::query("BEGIN IMMEDIATE").execute(&mut *connection).await.map_err(classify)?;
    let publish = sqlx::query(include_str!("publish.sql")).bind(lines);
    let rows = publish.fetch_all(&mut *connection).await.map_err(refused)?;
    let end = sqlx::query(include_str!("end_unsealed.sql")).bind(lines);
    end.execute(&mut *connection).await.map_err(classify)?;
    let published = rows.iter().map(|row| unchecked(row, 0)).collect::<Result<_, _>>()?;
    sqlx::query("COMMIT").execute(connection).await.map_err(classify_commit)?;
    Ok(published)
}

/// What is to be read of a span, for the statement that reads many.
fn line(scope: i64, span: Span) -> Value {
    let (what, first, count) = match span {
        Span::Tile { level, place } => ("tile", position(scope, level, place), 1),
        Span::Edge { level: 0, first, count } if scope == 0 => ("anchors", signed(first), count),
        Span::Edge { level: 0, first, count } => {
            ("entries", (scope << 40).saturating_add(signed(first)), count)
        }
        Span::Edge { level, first, count } => ("roots", position(scope, level - 1, first), count),
    };
    json!([what, first, first.saturating_add(i64::from(count))])
}

fn state(row: &SqliteRow) -> Result<LogState, Fault> {
    let size = count(row, 0)?;
    let peaks: Option<&[u8]> = unchecked(row, 1)?;
    let root = peaks.map(|peaks| Ok::<_, Fault>(frontier(size, peaks)?.root())).transpose()?;
    let sealed: Option<i64> = unchecked(row, 3)?;
    let sealed = sealed.map(|_| checkpoint(row, 3)).transpose()?;
    Ok(LogState { size, root, tiles: count(row, 2)?, sealed, epoch: count(row, 6)? })
}

/// Where a tile is kept.
fn position(scope: i64, level: u8, place: u64) -> i64 {
    (scope << 40) + (i64::from(level) << 37) + signed(place)
}

fn most(limit: u32) -> i64 {
    i64::from(limit.min(PAGE_MAX))
}

fn unknown(log: &LogName) -> Fault {
    Fault::new(FaultKind::Limit, format!("there is no log of {log}"))
}

/// A log, in two columns from this one on.
fn log_name(row: &SqliteRow, at: usize) -> Result<LogName, Fault> {
    if unchecked::<&str>(row, at)?.is_empty() {
        return Ok(LogName::Deployment);
    }
    Ok(LogName::Tenant(parsed(row, at, World::new)?, parsed(row, at + 1, Tenant::from_stored)?))
}

/// A checkpoint, in three columns from this one on.
fn checkpoint(row: &SqliteRow, at: usize) -> Result<Checkpoint, Fault> {
    Ok(Checkpoint {
        size: count(row, at)?,
        note: column(row, at + 1)?,
        sealed_at: Timestamp::from_micros(unchecked(row, at + 2)?),
    })
}
