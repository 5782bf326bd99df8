//! A PostgreSQL database, as an operator should know it. It is only read.

use hos_core::error::Fault;
use hos_core::time::{Clock as _, SystemClock, Timestamp};
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{ConnectOptions as _, Connection as _};
use uuid::Uuid;

use super::fault::classify;
use super::options::{Pooler, PostgresOptions};
use super::row::column;
use super::{PostgresStore, migrate, open};
use crate::doctor::{self, Checkup, Level, Queue};
use crate::encoding::made_at;

impl PostgresStore {
    /// The version of a database's schema; none where nothing of the law is. It is only read.
    ///
    /// # Errors
    ///
    /// What the database says to a connection.
    pub async fn schema_version(options: &PostgresOptions) -> Result<Option<usize>, Fault> {
        let mut connection = open::direct(options).await?;
        let version = migrate::version(&mut connection).await?;
        // OK because whatever is said at parting changes nothing.
        let _parted = connection.close().await;
        Ok(version)
    }

    /// Looks at everything that an operator should know of a database. It is only read.
    ///
    /// # Errors
    ///
    /// What the database says to a connection.
    pub async fn examine(options: &PostgresOptions) -> Result<Vec<Checkup>, Fault> {
        let mut connection = open::usual(options)?.connect().await.map_err(classify)?;
        let mut checkups = server(&mut connection, options).await?;
        let version = migrate::version(&mut connection).await?;
        checkups.push(doctor::schema(version, Self::SCHEMA_VERSION));
        if version == Some(Self::SCHEMA_VERSION) {
            law(&mut connection, &mut checkups).await?;
        }
        // OK because whatever is said at parting changes nothing.
        let _parted = connection.close().await;
        Ok(checkups)
    }
}

const SERVER: &str = "
    SELECT
        current_setting('server_version'), current_setting('server_version_num'),
        current_setting('default_transaction_isolation'), pg_is_in_recovery(),
        (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, inet_server_port(),
        (SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user)";

async fn server(
    connection: &mut PgConnection,
    options: &PostgresOptions,
) -> Result<Vec<Checkup>, Fault> {
    let before = SystemClock.now().as_micros();
    let row = one(connection, SERVER).await?;
    let here = before.midpoint(SystemClock.now().as_micros());
    let (version, number): (String, String) = (column(&row, 0)?, column(&row, 1)?);
    let level = if open::check_version(&number).is_ok() { Level::Good } else { Level::Failure };
    let advice = "upgrade the server to PostgreSQL 15 or later";
    let mut checkups = vec![Checkup::new("server", level, format!("PostgreSQL {version}"), advice)];
    let isolation: String = column(&row, 2)?;
    let level = if isolation == "read committed" { Level::Good } else { Level::Warning };
    let advice = "READ COMMITTED is best for the world's own transactions; others make retries";
    checkups.push(Checkup::new("isolation", level, isolation, advice));
    let is_standby: bool = column(&row, 3)?;
    let level = if is_standby { Level::Failure } else { Level::Good };
    let found = if is_standby { "a standby" } else { "a primary" };
    checkups.push(Checkup::new("role_of_server", level, found, "use the primary's URL"));
    checkups.push(doctor::clock(column::<i64>(&row, 4)? - here));
    checkups.push(pooler(options, column(&row, 5)?)?);
    let is_above: bool = column(&row, 6)?;
    let level = if is_above { Level::Warning } else { Level::Good };
    let found = if is_above { "superuser or BYPASSRLS" } else { "an ordinary role" };
    let advice = "connect as an ordinary role: row-level security does not hold for this one";
    checkups.push(Checkup::new("rights", level, found, advice));
    Ok(checkups)
}

/// A pooler is seen by the port: the server says another one than was dialled.
fn pooler(options: &PostgresOptions, port: Option<i32>) -> Result<Checkup, Fault> {
    let dialled = i32::from(open::usual(options)?.get_port());
    let is_between = port.is_some_and(|port| port != dialled);
    let (level, found) = match (options.pooler, is_between) {
        (Pooler::Transaction, _) => (Level::Good, "told of one in transaction mode"),
        (Pooler::None, false) => (Level::Good, "none is seen"),
        (Pooler::None, true) => (Level::Warning, "the server listens on another port: one may be"),
    };
    let advice = "if it is PgBouncer in transaction mode, say `Pooler::Transaction` (`--pooled`)";
    Ok(Checkup::new("pooler", level, found, advice))
}

/// Tables with rows of tenants that are not walled.
const UNWALLED: &str = "
    SELECT relname::text FROM pg_class
    JOIN pg_attribute ON attrelid = pg_class.oid AND attname = 'scope' AND NOT attisdropped
    WHERE relname LIKE 'hos\\_%' AND relkind IN ('r', 'p')
        AND relnamespace = (
            SELECT relnamespace FROM pg_class WHERE oid = to_regclass('hos_scope')
        )
        AND NOT (relrowsecurity AND relforcerowsecurity)
    UNION ALL
    SELECT relname::text FROM pg_class
    WHERE oid = to_regclass('hos_scope') AND NOT (relrowsecurity AND relforcerowsecurity)
    ORDER BY 1";
const TRIGGERS: &str = "
    SELECT DISTINCT tgname::text FROM pg_trigger
    JOIN pg_class ON pg_class.oid = tgrelid
    WHERE tgname LIKE 'hos\\_%' AND tgenabled IN ('O', 'A') AND relnamespace = (
        SELECT relnamespace FROM pg_class WHERE oid = to_regclass('hos_scope')
    )";
const QUEUES: &str = "
    SELECT
        (SELECT count(*) FROM (SELECT FROM hos_pending LIMIT 100000) AS few),
        (SELECT entry FROM hos_pending ORDER BY number LIMIT 1),
        (SELECT count(*) FROM (SELECT FROM hos_outbox LIMIT 100000) AS few),
        (SELECT entry FROM hos_outbox ORDER BY id LIMIT 1),
        (
            SELECT count(*) FROM (
                SELECT FROM hos_timer
                WHERE due_at <= (extract(epoch FROM now()) * 1000000)::bigint LIMIT 100000
            ) AS few
        ),
        (SELECT min(due_at) FROM hos_timer),
        (
            SELECT count(*) FROM generate_series(0, 11) AS ahead
            WHERE to_regclass(
                'hos_entry_' || to_char(
                    date_trunc('month', now() AT TIME ZONE 'UTC')
                        + make_interval(months => ahead), 'YYYY_MM'
                )
            ) IS NOT NULL
        )";

async fn law(connection: &mut PgConnection, checkups: &mut Vec<Checkup>) -> Result<(), Fault> {
    // What is bound holds until the transaction ends.
    sqlx::raw_sql("BEGIN READ ONLY; SELECT hos_bind_all()")
        .execute(&mut *connection)
        .await
        .map_err(classify)?;
    let there = names(connection, TRIGGERS).await?;
    let wanted = doctor::triggers(migrate::texts());
    let missing = wanted.iter().filter(|name| !there.iter().any(|there| there == *name));
    let missing: Vec<String> = missing.map(|name| (*name).to_owned()).collect();
    checkups.push(doctor::missing("triggers", "protecting trigger", &missing));
    let unwalled = names(connection, UNWALLED).await?;
    checkups.push(doctor::missing("row_level_security", "wall", &unwalled));
    let row = one(connection, QUEUES).await?;
    let queue = |count: usize| {
        let id: Option<Uuid> = column(&row, count + 1)?;
        let oldest = id.map(|id| made_at(id.into_bytes()));
        Ok::<_, Fault>(Queue { count: column(&row, count)?, oldest })
    };
    let now = SystemClock.now();
    checkups.push(doctor::pending(queue(0)?, now));
    checkups.push(doctor::outbox(queue(2)?, now));
    let due: Option<i64> = column(&row, 5)?;
    let oldest = due.map(Timestamp::from_micros);
    checkups.push(doctor::timers(Queue { count: column(&row, 4)?, oldest }, now));
    checkups.push(doctor::partitions(column(&row, 6)?));
    sqlx::raw_sql("ROLLBACK").execute(connection).await.map_err(classify)?;
    Ok(())
}

/// Unnamed, so that a pooler may stand between.
async fn one(connection: &mut PgConnection, text: &'static str) -> Result<PgRow, Fault> {
    sqlx::query(text).persistent(false).fetch_one(connection).await.map_err(classify)
}

async fn names(connection: &mut PgConnection, text: &'static str) -> Result<Vec<String>, Fault> {
    let rows = sqlx::query(text).persistent(false).fetch_all(connection).await;
    rows.map_err(classify)?.iter().map(|row| column(row, 0)).collect()
}
