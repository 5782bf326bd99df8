//! What stands beside the entries.

use async_trait::async_trait;
use hos_core::error::Fault;
use hos_core::seal::LogName;
use hos_core::store::{
    AnchorRow, AttestationRow, Beside, CheckpointRow, Placeless, TileRow, Unplaced, UnplacedRow,
};
use hos_core::time::ProofId;
use sqlx::mysql::MySqlRow;

use super::{MysqlPicture, bytes, most, statements, text};
use crate::encoding::signed;
use crate::mysql::row::unchecked;
use crate::rows;
use crate::seals::names;

#[async_trait]
impl Beside for MysqlPicture {
    async fn tiles(
        &mut self,
        log: &LogName,
        (level, place): (u8, u64),
        limit: u32,
    ) -> Result<Vec<TileRow>, Fault> {
        let (world, tenant) = names(log);
        let query = sqlx::query(statements::TILES)
            .bind(world.as_bytes())
            .bind(world.as_bytes())
            .bind(tenant.as_bytes())
            .bind(i64::from(level))
            .bind(i64::from(level))
            .bind(signed(place))
            .bind(most(limit));
        let tile = |row: &MySqlRow| {
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
            .bind(world.as_bytes())
            .bind(world.as_bytes())
            .bind(tenant.as_bytes())
            .bind(signed(from))
            .bind(most(limit));
        let checkpoint = |row: &MySqlRow| {
            Ok(CheckpointRow { size: rows::count(unchecked(row, 0)?), note: bytes(row, 1)? })
        };
        self.rows(query).await?.iter().map(checkpoint).collect()
    }

    async fn anchors(&mut self, from: u64, limit: u32) -> Result<Vec<AnchorRow>, Fault> {
        let query = sqlx::query(statements::ANCHORS).bind(signed(from)).bind(most(limit));
        let anchor = |row: &MySqlRow| {
            Ok(AnchorRow {
                index: rows::count(unchecked(row, 0)?),
                world: text(row, 1)?,
                tenant: text(row, 2)?,
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
            .bind(size)
            .bind(kind.as_bytes())
            .bind(attester.as_bytes())
            .bind(most(limit));
        let attestation = |row: &MySqlRow| {
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

    async fn unplaced(&mut self, after: Option<ProofId>, limit: u32) -> Result<Unplaced, Fault> {
        let mut unplaced = Unplaced::default();
        if after.is_none() {
            let query = sqlx::query(statements::GONE).bind(i64::from(limit));
            for row in &self.rows(query).await? {
                let (world, tenant) = (text(row, 1)?, text(row, 2)?);
                let (id, why) = (rows::proof_id(unchecked(row, 0)?), Placeless::Gone);
                unplaced.rows.push(UnplacedRow { world, tenant, id, why });
            }
        }
        let from = after.map_or([0; 16], |id| *id.as_bytes());
        let query = sqlx::query(statements::UNPLACED);
        let query = query.bind(from.as_slice()).bind(i64::from(limit));
        for row in &self.rows(query).await? {
            let id = rows::proof_id(unchecked(row, 0)?);
            unplaced.next = Some(id);
            if unchecked::<i64>(row, 1)? == 0 {
                let (world, tenant) = (text(row, 2)?, text(row, 3)?);
                let is_aside = unchecked::<i64>(row, 4)? != 0;
                let why = if is_aside { Placeless::SetAside } else { Placeless::Lost };
                unplaced.rows.push(UnplacedRow { world, tenant, id, why });
            }
        }
        Ok(unplaced)
    }
}

fn optional(row: &MySqlRow, at: usize) -> Result<Option<Vec<u8>>, Fault> {
    unchecked(row, at)
}
