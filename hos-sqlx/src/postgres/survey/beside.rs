//! What stands beside the entries.

use async_trait::async_trait;
use hos_core::error::Fault;
use hos_core::seal::LogName;
use hos_core::store::{
    AnchorRow, AttestationRow, Beside, CheckpointRow, Placeless, TileRow, Unplaced, UnplacedRow,
};
use hos_core::time::ProofId;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::{PostgresPicture, statements};
use crate::encoding::signed;
use crate::postgres::ledger::most;
use crate::postgres::row::{column, proof_id, uuid};
use crate::rows;
use crate::seals::names;

#[async_trait]
impl Beside for PostgresPicture {
    async fn tiles(
        &mut self,
        log: &LogName,
        (level, place): (u8, u64),
        limit: u32,
    ) -> Result<Vec<TileRow>, Fault> {
        let (world, tenant) = names(log);
        let query = sqlx::query(statements::TILES)
            .bind(world)
            .bind(tenant)
            .bind(i16::from(level))
            .bind(signed(place))
            .bind(most(limit));
        let tile = |row: &PgRow| {
            Ok(TileRow {
                level: u8::try_from(column::<i16>(row, 0)?).unwrap_or(u8::MAX),
                place: rows::count(column(row, 1)?),
                root: column(row, 2)?,
                hashes: column(row, 3)?,
            })
        };
        self.rows(query).await?.iter().map(tile).collect()
    }

    async fn checkpoints(
        &mut self,
        log: &LogName,
        from: u64,
        limit: u32,
    ) -> Result<Vec<CheckpointRow>, Fault> {
        let (world, tenant) = names(log);
        let query = sqlx::query(statements::CHECKPOINTS)
            .bind(world)
            .bind(tenant)
            .bind(signed(from))
            .bind(most(limit));
        let checkpoint = |row: &PgRow| {
            Ok(CheckpointRow { size: rows::count(column(row, 0)?), note: note(row, 1)? })
        };
        self.rows(query).await?.iter().map(checkpoint).collect()
    }

    async fn anchors(&mut self, from: u64, limit: u32) -> Result<Vec<AnchorRow>, Fault> {
        let query = sqlx::query(statements::ANCHORS).bind(signed(from)).bind(most(limit));
        let anchor = |row: &PgRow| {
            Ok(AnchorRow {
                index: rows::count(column(row, 0)?),
                world: column(row, 1)?,
                tenant: column(row, 2)?,
                size: rows::count(column(row, 3)?),
                note: note(row, 4)?,
                leaf_hash: column(row, 5)?,
                checkpoint: optional_note(row, 6)?,
            })
        };
        self.rows(query).await?.iter().map(anchor).collect()
    }

    async fn attestations(
        &mut self,
        after: Option<(u64, &str, &str)>,
        limit: u32,
    ) -> Result<Vec<AttestationRow>, Fault> {
        let (size, kind, attester) = after.map_or((-1, "", ""), |(s, k, a)| (signed(s), k, a));
        let query = sqlx::query(statements::ATTESTATIONS)
            .bind(size)
            .bind(kind)
            .bind(attester)
            .bind(most(limit));
        let attestation = |row: &PgRow| {
            Ok(AttestationRow {
                size: rows::count(column(row, 0)?),
                kind: column(row, 1)?,
                attester: column(row, 2)?,
                body: column(row, 3)?,
                checkpoint: optional_note(row, 4)?,
            })
        };
        self.rows(query).await?.iter().map(attestation).collect()
    }

    async fn unplaced(&mut self, after: Option<ProofId>, limit: u32) -> Result<Unplaced, Fault> {
        let mut unplaced = Unplaced::default();
        if after.is_none() {
            let query = sqlx::query(statements::GONE).bind(i64::from(limit));
            for row in &self.rows(query).await? {
                let (world, tenant) = (column(row, 1)?, column(row, 2)?);
                let (id, why) = (proof_id(row, 0)?, Placeless::Gone);
                unplaced.rows.push(UnplacedRow { world, tenant, id, why });
            }
        }
        let from = after.map_or(Uuid::nil(), uuid);
        let query = sqlx::query(statements::UNPLACED).bind(from).bind(i64::from(limit));
        for row in &self.rows(query).await? {
            let id = proof_id(row, 0)?;
            unplaced.next = Some(id);
            if !column::<bool>(row, 1)? {
                let (world, tenant) = (column(row, 2)?, column(row, 3)?);
                let why = if column(row, 4)? { Placeless::SetAside } else { Placeless::Lost };
                unplaced.rows.push(UnplacedRow { world, tenant, id, why });
            }
        }
        Ok(unplaced)
    }
}

fn note(row: &PgRow, at: usize) -> Result<Vec<u8>, Fault> {
    column::<&str>(row, at).map(|note| note.as_bytes().to_vec())
}

fn optional_note(row: &PgRow, at: usize) -> Result<Option<Vec<u8>>, Fault> {
    column::<Option<&str>>(row, at).map(|note| note.map(|note| note.as_bytes().to_vec()))
}
