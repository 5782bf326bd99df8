//! A connection, held so that a dropped future leaves no open transaction.

use hos_core::error::Fault;
use scopeguard::ScopeGuard;
use sqlx::Postgres;
use sqlx::postgres::PgConnection;

use super::fault::{classify, classify_commit};
use super::options::Pooler;
use super::pooled::Pooled;
use crate::connections::Taken;
use crate::watch::Watch;

/// A connection that is used again only when it is known to be outside a transaction.
#[derive(Debug)]
pub(super) struct Lease<'c> {
    connections: &'c Pooled,
    held: ScopeGuard<Held, fn(Held)>,
}

/// INVARIANT: `clean` is false from before BEGIN is sent until COMMIT or ROLLBACK is acknowledged.
/// Dropped before that, the connection is closed, which rolls back; so is a silent one.
#[derive(Debug)]
struct Held {
    taken: Taken<Postgres>,
    clean: bool,
    silent: bool,
}

fn let_go(mut held: Held) {
    if !held.clean || held.silent {
        held.taken.connection.close_on_drop();
    }
}

impl<'c> Lease<'c> {
    /// Takes a connection; behind a pooler it begins a transaction, for else the pooler would
    /// give the statement's two halves to different sessions.
    pub(super) async fn acquire(connections: &'c Pooled) -> Result<Self, Fault> {
        let taken = connections.take().await.map_err(classify)?;
        let held = Held { taken, clean: true, silent: false };
        let held = scopeguard::guard(held, let_go as fn(Held));
        let mut lease = Self { connections, held };
        if connections.pooler() == Pooler::Transaction {
            lease.begin().await?;
        }
        Ok(lease)
    }

    /// Begins a transaction, where the pooler has not made it do so already.
    pub(super) async fn begin(&mut self) -> Result<(), Fault> {
        if self.held.clean {
            self.held.clean = false;
            let begin = self.connections.begin();
            let (connection, watch) = self.watched();
            watch.over(sqlx::raw_sql(begin).execute(connection)).await.map_err(classify)?;
        }
        Ok(())
    }

    pub(super) fn connection(&mut self) -> &mut PgConnection {
        &mut self.held.taken.connection
    }

    /// The connection, and who watches over a statement on it.
    pub(super) fn watched(&mut self) -> (&mut PgConnection, Watch<'_>) {
        let patience = self.connections.patience();
        let Held { taken, silent, .. } = &mut *self.held;
        (&mut taken.connection, Watch { silent, patience })
    }

    /// Closes the connection instead of giving it back.
    pub(super) fn close(mut self) {
        self.held.clean = false;
    }

    /// Commits what was begun, and gives the connection back.
    pub(super) async fn commit(mut self) -> Result<(), Fault> {
        if !self.held.clean {
            let (connection, watch) = self.watched();
            let commit = sqlx::raw_sql("COMMIT").execute(connection);
            watch.over(commit).await.map_err(classify_commit)?;
            self.held.clean = true;
        }
        self.connections.give_back(ScopeGuard::into_inner(self.held).taken);
        Ok(())
    }
}
