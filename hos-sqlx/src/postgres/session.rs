//! Sends a question and reads the rows.

use hos_core::error::Fault;
use sqlx::Postgres;
use sqlx::postgres::{PgArguments, PgPool, PgRow};
use sqlx::query::Query;

use super::fault::{classify, is_stale};
use super::lease::Lease;
use super::options::Pooler;

/// How many dead connections are passed over, as they are after the server was started anew.
const STALE_MAX: u32 = 64;

pub(super) type Bound<'q> = Query<'q, Postgres, PgArguments>;

/// The rows of a statement that may safely be sent again.
pub(super) async fn rows<'q>(
    pool: &PgPool,
    pooler: Pooler,
    query: impl Fn() -> Bound<'q> + Send,
) -> Result<Vec<PgRow>, Fault> {
    let mut stale = 0;
    loop {
        let mut lease = Lease::acquire(pool, pooler).await?;
        match query().persistent(pooler.names_statements()).fetch_all(lease.connection()).await {
            Ok(rows) => {
                lease.commit().await?;
                return Ok(rows);
            }
            Err(error) if is_stale(&error) && stale < STALE_MAX => {
                lease.close();
                stale += 1;
            }
            Err(error) => return Err(classify(error)),
        }
    }
}
