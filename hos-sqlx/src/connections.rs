//! The pool, and the few of its connections that are kept at hand.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{Database, Error, Pool};
use tokio::time::Instant;

/// The most connections that are kept at hand; of a small pool at most one in four.
const AT_HAND_MAX: u32 = 4;
/// One that was idle for longer goes back to the pool, which asks whether it lives.
const IDLE_MAX: Duration = Duration::from_secs(1);
/// One that was kept for longer goes back to the pool, which knows how old it may become.
const KEPT_MAX: Duration = Duration::from_secs(60);

/// The pool, and the few of its connections that are kept at hand.
///
/// The pool hands its connections out in turn, so that each would prepare and plan the law's
/// statements anew and find its memory cold. What is at hand is handed out the last one first.
#[derive(Debug)]
pub(crate) struct Connections<DB: Database> {
    pool: Pool<DB>,
    most: usize,
    /// None once they are closed.
    at_hand: Mutex<Option<Vec<Taken<DB>>>>,
}

/// A connection out of the pool.
#[derive(Debug)]
pub(crate) struct Taken<DB: Database> {
    pub(crate) connection: PoolConnection<DB>,
    since: Instant,
    used: Instant,
}

impl<DB: Database> Taken<DB> {
    pub(crate) fn new(connection: PoolConnection<DB>) -> Self {
        let now = Instant::now();
        Self { connection, since: now, used: now }
    }
}

impl<DB: Database> Connections<DB> {
    pub(crate) fn new(pool: Pool<DB>) -> Self {
        let most = (pool.options().get_max_connections() / 4).min(AT_HAND_MAX);
        let most = usize::try_from(most).unwrap_or(0);
        Self { pool, most, at_hand: Mutex::new(Some(Vec::new())) }
    }

    pub(crate) fn pool(&self) -> &Pool<DB> {
        &self.pool
    }

    /// The one that was used last, else one of the pool.
    pub(crate) async fn take(&self) -> Result<Taken<DB>, Error> {
        if let Some(taken) = self.take_at_hand() {
            return Ok(taken);
        }
        Ok(Taken::new(self.pool.acquire().await?))
    }

    fn take_at_hand(&self) -> Option<Taken<DB>> {
        let mut at_hand = self.at_hand.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = at_hand.as_mut()?;
        if kept.last()?.used.elapsed() > IDLE_MAX {
            kept.clear();
        }
        kept.pop()
    }

    /// Takes one back that is known to be in order.
    pub(crate) fn give_back(&self, taken: Taken<DB>) {
        let mut at_hand = self.at_hand.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = at_hand.as_mut()
            && kept.len() < self.most
            && taken.since.elapsed() < KEPT_MAX
        {
            kept.push(Taken { used: Instant::now(), ..taken });
        }
    }

    /// Closes every connection, once whoever uses one has given it back.
    pub(crate) async fn close(&self) {
        drop(self.at_hand.lock().unwrap_or_else(PoisonError::into_inner).take());
        self.pool.close().await;
    }
}

impl<DB: Database> Drop for Connections<DB> {
    fn drop(&mut self) {
        let at_hand = self.at_hand.get_mut().unwrap_or_else(PoisonError::into_inner);
        for taken in at_hand.take().into_iter().flatten() {
            // Past the pool, to which it would go back by a task, where there may be no runtime.
            drop(taken.connection.detach());
        }
    }
}
