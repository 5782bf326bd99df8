//! A streaming standby, for listings and reports. Nothing is ever decided on it.

use std::time::Duration;

use hos_core::error::{Fault, FaultKind};
use sqlx::postgres::PgPool;
use tokio::time::{sleep, timeout};

use super::PostgresStore;
use super::pooled::Pooled;
use super::row::column;
use super::session;

/// How often a standby that lags is asked again.
const ASK_AFTER: Duration = Duration::from_millis(5);

/// Null where nothing is followed any more.
const REACHED: &str = "SELECT CASE WHEN pg_is_in_recovery() \
    THEN coalesce(pg_last_wal_replay_lsn() >= $1::pg_lsn, $1 IS NULL) END";

/// Where the next record goes, so that it is after every commit that was answered, written down or
/// not. What is not waits for somebody's commit, maybe for long: then this one is given an id,
/// whose commit PostgreSQL's writer writes down soon, and all before it.
const POSITION: &str = "SELECT next::text, CASE WHEN pg_current_wal_flush_lsn() < next \
    THEN pg_current_xact_id()::text END FROM (SELECT pg_current_wal_insert_lsn() AS next) AS wal";

/// How far the primary had written: whoever reads at this position sees what was written before.
///
/// A token for the reader's session; its text form is PostgreSQL's own, such as `0/16B3748`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position(String);

impl Position {
    /// Reads what [`Position::as_str`] gave.
    ///
    /// # Errors
    ///
    /// A [`Fault`] of the kind `Limit` for anything else.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let digits = |part: &str| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_hexdigit())
        };
        match text.split_once('/') {
            Some((high, low)) if digits(high) && digits(low) => Ok(Self(text.to_owned())),
            _ => Err(Fault::new(FaultKind::Limit, "not a position in a write-ahead log")),
        }
    }

    /// The text form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where a listing is read from.
#[derive(Debug, Clone)]
pub struct Replica {
    pool: PgPool,
    from_standby: bool,
}

impl Replica {
    /// The connections.
    #[must_use]
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Whether they are those of the standby; else it lagged or was away, and they are the
    /// primary's.
    #[must_use]
    pub fn is_standby(&self) -> bool {
        self.from_standby
    }
}

impl PostgresStore {
    /// How far the primary has written by now: read-your-writes for [`PostgresStore::replica`].
    ///
    /// # Errors
    ///
    /// What the database says.
    pub async fn position(&self) -> Result<Position, Fault> {
        let rows = self.rows(|| sqlx::query(POSITION)).await?;
        let lost = || Fault::new(FaultKind::Internal, "the database did not say its position");
        Ok(Position(column(rows.first().ok_or_else(lost)?, 0)?))
    }

    /// Connections for a listing that must show what was written before a position: the standby's
    /// once it has come so far, within `patience`, connecting included; the primary's when it has
    /// not, when it does not answer, when it was promoted, and when there is none.
    pub async fn replica(&self, after: Option<&Position>, patience: Duration) -> Replica {
        let primary = Replica { pool: self.pool().clone(), from_standby: false };
        let Some(connections) = &self.shared.replica else { return primary };
        // Over the connecting too, which a pool goes on with while nobody is there.
        match timeout(patience, reach(connections, after)).await {
            Ok(Ok(true)) => Replica { pool: connections.pool().clone(), from_standby: true },
            Ok(Ok(false)) => {
                tracing::warn!(target: "hos::replica", "the standby is a primary");
                primary
            }
            Ok(Err(fault)) => {
                tracing::warn!(target: "hos::replica", %fault, "the standby does not answer");
                primary
            }
            Err(_late) => primary,
        }
    }
}

/// Waits until a standby has come so far. False when it is no standby any more: then it is a
/// primary, which may be another's.
async fn reach(connections: &Pooled, after: Option<&Position>) -> Result<bool, Fault> {
    let query = || sqlx::query(REACHED).bind(after.map(Position::as_str));
    loop {
        let rows = session::rows(connections, query).await?;
        let reached: Option<bool> = rows.first().map_or(Ok(None), |row| column(row, 0))?;
        match reached {
            Some(false) => sleep(ASK_AFTER).await,
            reached => return Ok(reached.is_some()),
        }
    }
}
