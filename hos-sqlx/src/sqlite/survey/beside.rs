//! What stands beside the entries.

use async_trait::async_trait;
use hos_core::error::Fault;
use hos_core::seal::LogName;
use hos_core::store::{
    AnchorRow, AttestationRow, Beside, CheckpointRow, Placeless, TileRow, Unplaced, UnplacedRow,
};
use hos_core::time::ProofId;
use sqlx::sqlite::SqliteRow;

use super::{SqlitePicture, bytes, most, statements, text};
use crate::encoding::signed;
use crate::rows;
use crate::seals::names;
use crate::sqlite::row::unchecked;

#[async_trait]
impl Beside for SqlitePicture {
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
            .bind(i64::from(level))
            .bind(signed(place))
            .bind(most(limit));
        let tile = |row: &SqliteRow| {
            Ok(TileRow {
                level: u8::try_from(unchecked::<i64>(row, 0)?).unwrap_or(u8::MAX),
                place: rows::count(unchecked(row, 1)?),
                root: bytes(row, 2)?,
                hashes: bytes(row, 3)?,
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
        let checkpoint = |row: &SqliteRow| {
            Ok(CheckpointRow { size: rows::count(unchecked(row, 0)?), note: bytes(row, 1)? })
        };
        self.rows(query).await?.iter().map(checkpoint).collect()
    }

    async fn anchors(&mut self, from: u64, limit: u32) -> Result<Vec<AnchorRow>, Fault> {
        let query = sqlx::query(statements::ANCHORS).bind(signed(from)).bind(most(limit));
        let anchor = |row: &SqliteRow| {
            Ok(AnchorRow {
                index: rows::count(unchecked(row, 0)?),
                world: optional(row, 1)?.as_deref().map(rows::text).unwrap_or_default(),
                tenant: optional(row, 2)?.as_deref().map(rows::text).unwrap_or_default(),
                size: rows::count(unchecked(row, 3)?),
                note: bytes(row, 4)?,
                leaf_hash: bytes(row, 5)?,
                checkpoint: optional(row, 6)?,
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
        let attestation = |row: &SqliteRow| {
            Ok(AttestationRow {
                size: rows::count(unchecked(row, 0)?),
                kind: text(row, 1)?,
                attester: text(row, 2)?,
                body: bytes(row, 3)?,
                checkpoint: optional(row, 4)?,
            })
        };
        self.rows(query).await?.iter().map(attestation).collect()
    }

    async fn unplaced(&mut self, _: Option<ProofId>, limit: u32) -> Result<Unplaced, Fault> {
        let query = sqlx::query(statements::UNPLACED).bind(i64::from(limit));
        let row = |row: &SqliteRow| {
            let id = rows::proof_id(unchecked(row, 0)?);
            let (world, tenant) = (String::new(), String::new());
            Ok(UnplacedRow { world, tenant, id, why: Placeless::Lost })
        };
        let found = self.rows(query).await?.iter().map(row).collect::<Result<_, Fault>>()?;
        Ok(Unplaced { rows: found, next: None })
    }
}

fn optional(row: &SqliteRow, at: usize) -> Result<Option<Vec<u8>>, Fault> {
    unchecked(row, at)
}
