//! Writes tiles, checkpoints and anchors, each call in one transaction.

use hos_core::error::{Fault, FaultKind};
use hos_core::seal::{Anchor, Checkpoint, Tile};
use sqlx::mysql::{MySqlArguments, MySqlConnection, MySqlPool};

use crate::encoding::signed;
use crate::mysql::fault::{classify, classify_commit, is_lock_wait, is_race};
use crate::mysql::lease::Lease;
use crate::mysql::row::unchecked;
use crate::seals::names;

/// How often a transaction is done again because another process was at the same rows.
const ATTEMPTS_MAX: usize = 8;

/// What is written in one transaction.
pub(super) enum Write<'w> {
    /// Those tiles of a scope that are not there; the others are compared.
    Tiles(i64, &'w [Tile]),
    /// A checkpoint of a scope upon one of so many entries.
    Publish(i64, u64, &'w Checkpoint),
    /// Leaves of the deployment's log.
    Anchors(&'w [Anchor]),
}

impl Write<'_> {
    /// Writes, again where another was at the same rows; false when somebody else was quicker.
    pub(super) async fn patiently(self, pool: &MySqlPool) -> Result<bool, Fault> {
        let mut met = None;
        for _ in 0..ATTEMPTS_MAX {
            let mut lease = Lease::acquire(pool).await?;
            match self.write(lease.connection()).await {
                Ok(written) => {
                    let done = sqlx::raw_sql("COMMIT").execute(lease.connection()).await;
                    done.map_err(classify_commit)?;
                    lease.release();
                    return Ok(written);
                }
                Err(fault) => {
                    lease.roll_back().await;
                    if !is_race(&fault) && !is_lock_wait(&fault) {
                        return Err(fault);
                    }
                    met = Some(fault);
                }
            }
        }
        Err(met.unwrap_or_else(|| Fault::new(FaultKind::Busy, "others were at the same rows")))
    }

    async fn write(&self, connection: &mut MySqlConnection) -> Result<bool, Fault> {
        sqlx::raw_sql("START TRANSACTION").execute(&mut *connection).await.map_err(classify)?;
        match *self {
            Self::Tiles(scope, tiles) => {
                for tile in tiles {
                    write_tile(connection, scope, tile).await?;
                }
                Ok(true)
            }
            Self::Publish(scope, base, checkpoint) => {
                publish(connection, scope, base, checkpoint).await
            }
            Self::Anchors(anchors) => append(connection, anchors).await,
        }
    }
}

/// Publishes while the log is held, so that its mark is not taken off while it grows.
async fn publish(
    connection: &mut MySqlConnection,
    scope: i64,
    base: u64,
    checkpoint: &Checkpoint,
) -> Result<bool, Fault> {
    let reached = if scope == 0 {
        number(connection, sqlx::query(include_str!("../hold_deployment.sql"))).await?;
        number(connection, sqlx::query(include_str!("../deployment_size.sql"))).await?
    } else {
        let hold = sqlx::query(include_str!("../hold_log.sql")).bind(scope);
        number(connection, hold).await?
    };
    let last = sqlx::query(include_str!("../last_checkpoint.sql")).bind(scope);
    let last = number(connection, last).await?;
    let size = signed(checkpoint.size);
    let published = last == signed(base) && size > last && size <= reached;
    if published {
        let publish = sqlx::query(include_str!("../publish.sql"))
            .bind(scope)
            .bind(size)
            .bind(checkpoint.sealed_at.as_micros())
            .bind(&checkpoint.note);
        publish.execute(&mut *connection).await.map_err(classify)?;
    }
    if reached == if published { size } else { last } {
        let end = sqlx::query(include_str!("../end_unsealed.sql")).bind(scope);
        end.execute(connection).await.map_err(classify)?;
    }
    Ok(published)
}

/// Appends to the deployment's log, whose first leaf is held by whoever publishes its checkpoints.
async fn append(connection: &mut MySqlConnection, anchors: &[Anchor]) -> Result<bool, Fault> {
    number(connection, sqlx::query(include_str!("../hold_deployment.sql"))).await?;
    let size = number(connection, sqlx::query(include_str!("../deployment_size.sql"))).await?;
    if anchors.first().is_none_or(|first| signed(first.index) != size) {
        return Ok(false);
    }
    for anchor in anchors {
        let (world, tenant) = names(&anchor.log);
        sqlx::query(include_str!("../anchor.sql"))
            .bind(signed(anchor.index))
            .bind(signed(anchor.size))
            .bind(&anchor.note)
            .bind(anchor.leaf_hash.as_slice())
            .bind(world.as_bytes())
            .bind(tenant.as_bytes())
            .execute(&mut *connection)
            .await
            .map_err(classify)?;
    }
    Ok(true)
}

async fn write_tile(
    connection: &mut MySqlConnection,
    scope: i64,
    tile: &Tile,
) -> Result<(), Fault> {
    let hashes = tile.hashes.as_flattened();
    let write = sqlx::query(include_str!("../write_tile.sql"))
        .bind(scope)
        .bind(tile.level)
        .bind(signed(tile.place))
        .bind(tile.root.as_slice())
        .bind(hashes)
        .execute(&mut *connection)
        .await
        .map_err(classify)?;
    if write.rows_affected() == 1 {
        return Ok(());
    }
    let same = sqlx::query(include_str!("../same_tile.sql"))
        .bind(tile.root.as_slice())
        .bind(hashes)
        .bind(scope)
        .bind(tile.level)
        .bind(signed(tile.place));
    if number(connection, same).await? == 1 {
        return Ok(());
    }
    let message = "a tile that is there is another; compare it with a backup";
    Err(Fault::new(FaultKind::Corrupt, message))
}

/// The number in the first column of the first row; 0 for none.
async fn number(
    connection: &mut MySqlConnection,
    query: sqlx::query::Query<'_, sqlx::MySql, MySqlArguments>,
) -> Result<i64, Fault> {
    let row = query.fetch_optional(connection).await.map_err(classify)?;
    row.map_or(Ok(0), |row| Ok(unchecked::<Option<i64>>(&row, 0)?.unwrap_or(0)))
}
