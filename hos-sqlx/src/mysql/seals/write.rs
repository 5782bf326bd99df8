//! Writes tiles, checkpoints and anchors, each call in one transaction.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use hos_core::error::{Fault, FaultKind};
use hos_core::seal::{Anchor, Publication, Tile};
use serde_json::Value;
use sqlx::Arguments as _;
use sqlx::mysql::{MySqlArguments, MySqlConnection};

use crate::encoding::signed;
use crate::mysql::fault::{classify, classify_commit, is_lock_wait, is_race};
use crate::mysql::lease::Lease;
use crate::mysql::lines::Lines;
use crate::mysql::pooled::Pooled;
use crate::mysql::row::unchecked;
use crate::seals::names;

static PUBLISH: LazyLock<Lines> = LazyLock::new(|| Lines::new(include_str!("../publish.sql")));
static END_UNSEALED: LazyLock<Lines> =
    LazyLock::new(|| Lines::new(include_str!("../end_unsealed.sql")));

/// How often a transaction is done again because another process was at the same rows.
const ATTEMPTS_MAX: usize = 8;

/// What is written in one transaction.
pub(super) enum Write<'w> {
    /// Those tiles of a scope that are not there; the others are compared.
    Tiles(i64, &'w [Tile]),
    /// Checkpoints of scopes; nothing is published where there is no such scope.
    Publish(&'w [(i64, &'w Publication)]),
    /// Leaves of the deployment's log.
    Anchors(&'w [Anchor]),
}

impl Write<'_> {
    /// Writes, again where another was at the same rows. Of each checkpoint the answer is whether
    /// it was published; tiles and anchors have one answer, which is false when somebody else was
    /// quicker.
    pub(super) async fn patiently(self, pooled: &Pooled) -> Result<Vec<bool>, Fault> {
        let mut met = None;
        for _ in 0..ATTEMPTS_MAX {
            let mut lease = Lease::acquire(pooled).await?;
            let (connection, watch) = lease.watched();
            match watch.over_all(self.write(connection), classify).await {
                Ok(written) => {
                    lease.say("COMMIT").await.map_err(classify_commit)?;
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

    async fn write(&self, connection: &mut MySqlConnection) -> Result<Vec<bool>, Fault> {
        sqlx::raw_sql("START TRANSACTION").execute(&mut *connection).await.map_err(classify)?;
        match *self {
            Self::Tiles(scope, tiles) => {
                for tile in tiles {
                    write_tile(connection, scope, tile).await?;
                }
                Ok(vec![true])
            }
            Self::Publish(of_each) => publish(connection, of_each).await,
            Self::Anchors(anchors) => Ok(vec![append(connection, anchors).await?]),
        }
    }
}

/// Publishes while the logs are held, by all in the order of their numbers, so that no mark is
/// taken off while a log grows.
async fn publish(
    connection: &mut MySqlConnection,
    of_each: &[(i64, &Publication)],
) -> Result<Vec<bool>, Fault> {
    let by_scope: BTreeMap<i64, &Publication> = of_each.iter().copied().collect();
    let scopes = Value::from_iter(by_scope.keys().copied()).to_string();
    let hold = sqlx::query(include_str!("../hold_logs.sql")).bind(&scopes);
    let mut reached = numbers(connection, hold).await?;
    if by_scope.contains_key(&0) {
        number(connection, sqlx::query(include_str!("../hold_deployment.sql"))).await?;
        let size = sqlx::query(include_str!("../deployment_size.sql"));
        reached.insert(0, number(connection, size).await?);
    }
    let lasts = sqlx::query(include_str!("../last_checkpoints.sql")).bind(&scopes);
    let lasts = numbers(connection, lasts).await?;
    let of = |numbers: &BTreeMap<i64, i64>, scope| numbers.get(&scope).copied().unwrap_or(0);
    let is_next = |scope, of_it: &Publication| {
        let (size, last) = (signed(of_it.checkpoint.size), of(&lasts, scope));
        last == signed(of_it.base) && size > last && size <= of(&reached, scope)
    };
    let (mut next, mut whole) = (Vec::new(), Vec::new());
    for (scope, publication) in by_scope {
        let mut last = of(&lasts, scope);
        if is_next(scope, publication) {
            last = signed(publication.checkpoint.size);
            next.push((scope, &publication.checkpoint));
        }
        if last == of(&reached, scope) {
            whole.push(scope);
        }
    }
    PUBLISH
        .write(connection, &next, |(scope, checkpoint), row| {
            row.add(scope)?;
            row.add(signed(checkpoint.size))?;
            row.add(checkpoint.sealed_at.as_micros())?;
            row.add(&checkpoint.note)
        })
        .await?;
    END_UNSEALED.write(connection, &whole, |scope, row| row.add(scope)).await?;
    Ok(of_each.iter().map(|(scope, publication)| is_next(*scope, publication)).collect())
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

/// The numbers in the second column by those in the first; 0 for none.
async fn numbers(
    connection: &mut MySqlConnection,
    query: sqlx::query::Query<'_, sqlx::MySql, MySqlArguments>,
) -> Result<BTreeMap<i64, i64>, Fault> {
    let rows = query.fetch_all(connection).await.map_err(classify)?;
    let pair = |row| Ok((unchecked(row, 0)?, unchecked::<Option<i64>>(row, 1)?.unwrap_or(0)));
    rows.iter().map(pair).collect()
}

/// The number in the first column of the first row; 0 for none.
async fn number(
    connection: &mut MySqlConnection,
    query: sqlx::query::Query<'_, sqlx::MySql, MySqlArguments>,
) -> Result<i64, Fault> {
    let row = query.fetch_optional(connection).await.map_err(classify)?;
    row.map_or(Ok(0), |row| Ok(unchecked::<Option<i64>>(&row, 0)?.unwrap_or(0)))
}
