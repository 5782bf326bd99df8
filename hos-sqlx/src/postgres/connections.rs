//! The pool, and the few of its connections that are kept at hand.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hos_core::error::Fault;
use sqlx::Postgres;
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgPool;
use tokio::time::Instant;

use super::fault::classify;
use super::options::Pooler;

/// The most connections that are kept at hand; of a small pool at most one in four.
const AT_HAND_MAX: u32 = 4;
/// One that was idle for longer goes back to the pool, which asks whether it lives.
const IDLE_MAX: Duration = Duration::from_secs(1);
/// One that was kept for longer goes back to the pool, which knows how old it may become.
const KEPT_MAX: Duration = Duration::from_secs(60);

/// The pool, and the few of its connections that are kept at hand.
///
/// The pool hands its connections out in turn, so that each would plan the law's functions anew
/// and find its memory cold. What is at hand is handed out the last one first.
#[derive(Debug)]
pub(super) struct Connections {
    pool: PgPool,
    pooler: Pooler,
    most: usize,
    /// None once they are closed.
    at_hand: Mutex<Option<Vec<Taken>>>,
}

/// A connection out of the pool.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) connection: PoolConnection<Postgres>,
    since: Instant,
    used: Instant,
}

impl Connections {
    pub(super) fn new(pool: PgPool, pooler: Pooler) -> Self {
        let most = (pool.options().get_max_connections() / 4).min(AT_HAND_MAX);
        let most = usize::try_from(most).unwrap_or(0);
        Self { pool, pooler, most, at_hand: Mutex::new(Some(Vec::new())) }
    }

    pub(super) fn pool(&self) -> &PgPool {
        &self.pool
    }

    pub(super) fn pooler(&self) -> Pooler {
        self.pooler
    }

    /// The one that was used last, else one of the pool.
    pub(super) async fn take(&self) -> Result<Taken, Fault> {
        if let Some(taken) = self.take_at_hand() {
            return Ok(taken);
        }
        let connection = self.pool.acquire().await.map_err(classify)?;
        let now = Instant::now();
        Ok(Taken { connection, since: now, used: now })
    }

    fn take_at_hand(&self) -> Option<Taken> {
        let mut at_hand = self.at_hand.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = at_hand.as_mut()?;
        if kept.last()?.used.elapsed() > IDLE_MAX {
            kept.clear();
        }
        kept.pop()
    }

    /// Takes one back that is known to be in order.
    pub(super) fn give_back(&self, taken: Taken) {
        let mut at_hand = self.at_hand.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = at_hand.as_mut()
            && kept.len() < self.most
            && taken.since.elapsed() < KEPT_MAX
        {
            kept.push(Taken { used: Instant::now(), ..taken });
        }
    }

    /// Closes every connection, once whoever uses one has given it back.
    pub(super) async fn close(&self) {
        drop(self.at_hand.lock().unwrap_or_else(PoisonError::into_inner).take());
        self.pool.close().await;
    }
}

impl Drop for Connections {
    fn drop(&mut self) {
        let at_hand = self.at_hand.get_mut().unwrap_or_else(PoisonError::into_inner);
        for taken in at_hand.take().into_iter().flatten() {
            // Past the pool, to which it would go back by a task, where there may be no runtime.
            drop(taken.connection.detach());
        }
    }
}
