//! Opens the connections and checks what they were opened on.

use std::time::Duration;

use hos_core::error::{Fault, FaultKind};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _};

use super::fault::classify;
use super::migrate;
use super::options::{Pooler, PostgresOptions};

const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];
/// The oldest server that the schema runs on, as `server_version_num` says it.
const VERSION_MIN: i32 = 150_000;
/// A connection that was idle for longer is asked whether it lives before it is used.
const IDLE_MAX: Duration = Duration::from_secs(1);
const STATEMENTS_CACHED: usize = 64;
const IS_ABOVE_THE_WALL: &str =
    "SELECT (rolsuper OR rolbypassrls)::text FROM pg_roles WHERE rolname = current_user";

/// The pool, on a schema that is up to date.
pub(super) async fn open(options: &PostgresOptions) -> Result<PgPool, Fault> {
    let mut connection = direct(options).await?;
    let prepared = prepare(&mut connection, options).await;
    // OK because whatever is said at parting changes nothing.
    let _parted = connection.close().await;
    prepared?;
    let pool = pool(&options.url, options, options.pooler)?;
    if options.direct_url.is_some() {
        let mut connection = pool.acquire().await.map_err(classify)?;
        check(&mut connection).await?;
        warn_above_the_wall(&mut connection).await?;
    }
    Ok(pool)
}

/// A connection to where the schema is brought up to date.
pub(super) async fn direct(options: &PostgresOptions) -> Result<PgConnection, Fault> {
    let direct = options.direct_url.as_ref().unwrap_or(&options.url);
    let pooler = if options.direct_url.is_some() { Pooler::None } else { options.pooler };
    connect(direct, options, pooler)?.connect().await.map_err(classify)
}

/// How the URL that is usually used connects.
pub(super) fn usual(options: &PostgresOptions) -> Result<PgConnectOptions, Fault> {
    connect(&options.url, options, options.pooler)
}

/// A pool that connects when it is used.
pub(super) fn pool(url: &str, options: &PostgresOptions, pooler: Pooler) -> Result<PgPool, Fault> {
    let pool = PgPoolOptions::new()
        .max_connections(options.connections)
        .acquire_timeout(options.acquire_timeout)
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for > IDLE_MAX {
                    connection.ping().await?;
                }
                Ok(true)
            })
        });
    Ok(pool.connect_lazy_with(connect(url, options, pooler)?))
}

fn connect(
    url: &str,
    options: &PostgresOptions,
    pooler: Pooler,
) -> Result<PgConnectOptions, Fault> {
    // sqlx takes any scheme, and would look for PostgreSQL where another database is meant.
    if !SCHEMES.iter().any(|scheme| url.starts_with(scheme)) {
        let message = "the URL of a PostgreSQL database begins with `postgres://`";
        return Err(Fault::new(FaultKind::Unauthorized, message));
    }
    if url
        .split_once('?')
        .is_some_and(|(_, told)| told.split('&').any(|it| it.starts_with("pooler=")))
    {
        let message = "the URL may say `pooler=transaction` of a pooler, once, and nothing else";
        return Err(Fault::new(FaultKind::Unauthorized, message));
    }
    let parsed: PgConnectOptions = url.parse().map_err(classify)?;
    let parsed = parsed.application_name("hos").disable_statement_logging();
    Ok(match pooler {
        // A pooler refuses start-up parameters that it does not know.
        Pooler::Transaction => parsed.statement_cache_capacity(0).extra_float_digits(None),
        Pooler::None => parsed.statement_cache_capacity(STATEMENTS_CACHED).options([
            ("lock_timeout", milliseconds(options.lock_timeout).to_string()),
            ("statement_timeout", milliseconds(options.statement_timeout).to_string()),
            ("idle_in_transaction_session_timeout", "60s".to_owned()),
            ("default_transaction_isolation", "read committed".to_owned()),
            ("jit", "off".to_owned()),
        ]),
    })
}

/// As the server takes it: zero for ever, and nothing else is rounded to that or beyond its limit.
pub(super) fn milliseconds(duration: Duration) -> i32 {
    if duration.is_zero() {
        return 0;
    }
    i32::try_from(duration.as_millis()).unwrap_or(i32::MAX).max(1)
}

async fn prepare(connection: &mut PgConnection, options: &PostgresOptions) -> Result<(), Fault> {
    check_and_migrate(connection).await?;
    if options.direct_url.is_none() {
        warn_above_the_wall(connection).await?;
    }
    if read(connection, "SELECT (to_regclass('hos_move') IS NOT NULL)::text").await? == "true"
        && read(connection, "SELECT count(*)::text FROM hos_move WHERE NOT finished").await? != "0"
    {
        let message = "the database holds an unfinished move; run `hos move` again";
        return Err(Fault::new(FaultKind::Foreign, message));
    }
    Ok(())
}

/// Brings the schema of a server that is fit for it up to date.
pub(super) async fn check_and_migrate(connection: &mut PgConnection) -> Result<(), Fault> {
    check(connection).await?;
    migrate::migrate(connection).await
}

async fn check(connection: &mut PgConnection) -> Result<(), Fault> {
    // Several statements without parameters, so that a pooler sees one message.
    check_version(&read(connection, "SHOW server_version_num").await?)?;
    if read(connection, "SHOW transaction_read_only").await? == "on" {
        let message = "the database is read-only; is the URL that of a standby?";
        return Err(Fault::new(FaultKind::ReadOnly, message));
    }
    Ok(())
}

/// Says so when the role is above row-level security, which then separates no tenants.
async fn warn_above_the_wall(connection: &mut PgConnection) -> Result<(), Fault> {
    if read(connection, IS_ABOVE_THE_WALL).await? == "true" {
        tracing::warn!(
            target: "hos::store",
            "the database's role is a superuser or has BYPASSRLS: row-level security does not \
             separate tenants; connect as an ordinary role"
        );
    }
    Ok(())
}

pub(super) fn check_version(version: &str) -> Result<(), Fault> {
    if version.parse::<i32>().is_ok_and(|version| version < VERSION_MIN) {
        let message = format!("PostgreSQL 15 or later is needed; this server says {version}");
        return Err(Fault::new(FaultKind::Unsupported, message));
    }
    Ok(())
}

async fn read(connection: &mut PgConnection, text: &'static str) -> Result<String, Fault> {
    use sqlx::{Executor as _, Row as _};

    let row = connection.fetch_one(sqlx::raw_sql(text)).await.map_err(classify)?;
    row.try_get(0).map_err(classify)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_before_fifteen_is_unsupported() {
        for version in ["90624", "100000", "140019", "149999"] {
            let fault = check_version(version).unwrap_err();
            assert_eq!(fault.kind(), FaultKind::Unsupported, "{version}");
            assert!(fault.to_string().contains(version));
        }
        for version in ["150000", "150014", "180001"] {
            assert!(check_version(version).is_ok(), "{version}");
        }
    }
}
