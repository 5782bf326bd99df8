//! Asks, and passes over connections that died unseen.

use hos_core::error::Fault;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;
use sqlx::{Error, Postgres};

use super::fault::{classify, is_stale};
use super::lease::Lease;
use super::pooled::Pooled;
use crate::connections::STALE_MAX;

pub(super) type Bound<'q> = Query<'q, Postgres, PgArguments>;

/// The connections that a question found dead.
#[derive(Debug, Default)]
pub(super) struct PassedOver(u32);

impl PassedOver {
    /// Passes over a connection that was dead, so that what may safely be asked again is asked
    /// on another one; else says what the error means.
    pub(super) fn next(&mut self, lease: Lease<'_>, error: Error) -> Result<(), Fault> {
        if !is_stale(&error) || self.0 == STALE_MAX {
            return Err(classify(error));
        }
        lease.close();
        self.0 += 1;
        Ok(())
    }
}

/// The rows of a statement that may safely be sent again.
pub(super) async fn rows<'q>(
    connections: &Pooled,
    query: impl Fn() -> Bound<'q> + Send,
) -> Result<Vec<PgRow>, Fault> {
    let named = connections.pooler().names_statements();
    let mut passed_over = PassedOver::default();
    loop {
        let mut lease = Lease::acquire(connections).await?;
        let (connection, watch) = lease.watched();
        match watch.over(query().persistent(named).fetch_all(connection)).await {
            Ok(rows) => {
                lease.commit().await?;
                return Ok(rows);
            }
            Err(error) => passed_over.next(lease, error)?,
        }
    }
}
