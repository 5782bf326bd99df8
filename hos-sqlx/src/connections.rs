//! The pool, and the few of its connections that are kept at hand.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{Connection as _, Database, Error, Pool};
use tokio::time::{Instant, timeout};

/// The most connections that are kept at hand; of a small pool at most one in four.
const AT_HAND_MAX: u32 = 4;
/// One that was idle for longer is asked whether it lives.
const IDLE_MAX: Duration = Duration::from_secs(1);
/// How long it may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(1);
/// One that was kept for longer goes back to the pool, which knows how old it may become.
const KEPT_MAX: Duration = Duration::from_secs(600);

/// How many dead connections are passed over, as they are after the server was started anew.
pub(crate) const STALE_MAX: u32 = 64;

/// The pool, and the few of its connections that are kept at hand.
///
/// The pool hands its connections out in turn, so that each would prepare and plan the law's
/// statements anew and find its memory cold. What is at hand is handed out the last one first.
#[derive(Debug)]
pub(crate) struct Connections<DB: Database> {
    pool: Pool<DB>,
    most: usize,
    at_hand: Mutex<AtHand<DB>>,
}

#[derive(Debug)]
struct AtHand<DB: Database> {
    /// None once they are closed.
    kept: Option<Vec<Taken<DB>>>,
    /// How many ask the pool. While somebody does, nothing is kept: whoever comes later would be
    /// served before.
    waiting: usize,
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

    /// Asks it; one that does not answer, or is not waited for, is closed.
    async fn lives(&mut self) -> bool {
        let mut asked = scopeguard::guard(&mut self.connection, |connection| {
            connection.close_on_drop();
        });
        let lives = matches!(timeout(ANSWER_MAX, asked.ping()).await, Ok(Ok(())));
        if lives {
            scopeguard::ScopeGuard::into_inner(asked);
        }
        lives
    }
}

impl<DB: Database> Connections<DB> {
    pub(crate) fn new(pool: Pool<DB>) -> Self {
        let most = (pool.options().get_max_connections() / 4).min(AT_HAND_MAX);
        let most = usize::try_from(most).unwrap_or(0);
        let at_hand = AtHand { kept: Some(Vec::new()), waiting: 0 };
        Self { pool, most, at_hand: Mutex::new(at_hand) }
    }

    pub(crate) fn pool(&self) -> &Pool<DB> {
        &self.pool
    }

    /// The one that was used last, else one of the pool.
    pub(crate) async fn take(&self) -> Result<Taken<DB>, Error> {
        let mut dead = 0;
        while let Some(mut taken) = self.take_or_wait() {
            if taken.used.elapsed() <= IDLE_MAX || taken.lives().await {
                return Ok(taken);
            }
            dead += 1;
        }
        let _waits = scopeguard::guard((), |()| self.at_hand().waiting -= 1);
        let mut taken = Taken::new(self.pool.acquire().await?);
        // Where one had died, the pool's may have died with it.
        while (1..=STALE_MAX).contains(&dead) && !taken.lives().await {
            taken = Taken::new(self.pool.acquire().await?);
            dead += 1;
        }
        Ok(taken)
    }

    fn take_or_wait(&self) -> Option<Taken<DB>> {
        let mut at_hand = self.at_hand();
        let taken = at_hand.kept.as_mut().and_then(Vec::pop);
        if taken.is_none() {
            at_hand.waiting += 1;
        }
        taken
    }

    /// Takes one back that is known to be in order.
    pub(crate) fn give_back(&self, taken: Taken<DB>) {
        let mut at_hand = self.at_hand();
        if at_hand.waiting == 0
            && let Some(kept) = at_hand.kept.as_mut()
            && kept.len() < self.most
            && taken.since.elapsed() < KEPT_MAX
        {
            kept.push(Taken { used: Instant::now(), ..taken });
        }
    }

    fn at_hand(&self) -> MutexGuard<'_, AtHand<DB>> {
        self.at_hand.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes every connection, once whoever uses one has given it back.
    pub(crate) async fn close(&self) {
        drop(self.at_hand().kept.take());
        self.pool.close().await;
    }
}

impl<DB: Database> Drop for Connections<DB> {
    fn drop(&mut self) {
        let at_hand = self.at_hand.get_mut().unwrap_or_else(PoisonError::into_inner);
        for taken in at_hand.kept.take().into_iter().flatten() {
            // Past the pool, to which it would go back by a task, where there may be no runtime.
            drop(taken.connection.detach());
        }
    }
}

#[cfg(test)]
#[cfg(feature = "sqlite")]
mod tests {
    use std::pin::pin;

    use sqlx::sqlite::{Sqlite, SqlitePoolOptions};

    use super::*;

    /// A pool of four, all taken.
    async fn exhausted() -> (Connections<Sqlite>, Vec<Taken<Sqlite>>) {
        let options = SqlitePoolOptions::new().max_connections(4);
        let options = options.acquire_timeout(Duration::from_secs(1));
        let connections = Connections::new(options.connect_lazy("sqlite::memory:").unwrap());
        let mut taken = Vec::new();
        for _ in 0..4 {
            taken.push(connections.take().await.unwrap());
        }
        (connections, taken)
    }

    /// Polls once what cannot be ready.
    async fn begin<F: Future + Unpin>(waits: &mut F) {
        tokio::select! {
            biased;
            _ = waits => panic!("there were more than four"),
            () = std::future::ready(()) => {}
        }
    }

    #[tokio::test]
    async fn whoever_waits_is_served_before_anything_is_kept() {
        let (connections, mut taken) = exhausted().await;
        let mut waits = pin!(connections.take());
        begin(&mut waits).await;
        connections.give_back(taken.pop().unwrap());
        taken.push(waits.await.unwrap());
        assert_eq!(connections.at_hand().waiting, 0);

        connections.give_back(taken.pop().unwrap());
        assert_eq!(connections.at_hand().kept.as_ref().map(Vec::len), Some(1));
    }

    #[tokio::test]
    async fn one_that_rested_is_asked_and_handed_out_again() {
        let (connections, mut taken) = exhausted().await;
        let mut rested = taken.pop().unwrap();
        rested.used -= IDLE_MAX * 2;
        connections.at_hand().kept.as_mut().unwrap().push(rested);
        let taken = connections.take().await.unwrap();
        assert!(taken.used.elapsed() > IDLE_MAX, "the same, for all others are taken");
        assert_eq!(connections.at_hand().waiting, 0);
    }

    #[tokio::test]
    async fn who_gave_up_waiting_waits_no_more() {
        let (connections, mut taken) = exhausted().await;
        {
            let mut waits = pin!(connections.take());
            begin(&mut waits).await;
            assert_eq!(connections.at_hand().waiting, 1);
        }
        connections.give_back(taken.pop().unwrap());
        assert_eq!(connections.at_hand().kept.as_ref().map(Vec::len), Some(1));
    }
}
