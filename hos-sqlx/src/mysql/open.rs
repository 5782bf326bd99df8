//! Opens the connections and checks what they were opened on.

use std::future::ready;
use std::time::Duration;

use hos_core::error::{Fault, FaultKind};
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlPool, MySqlPoolOptions};
use sqlx::pool::PoolConnectionMetadata;
use sqlx::{ConnectOptions, Connection as _, Error};

use super::fault::classify;
use super::migrate;
use super::options::MysqlOptions;
use super::pooled::Pooled;
use super::row::unchecked;

const SCHEMES: [&str; 2] = ["mysql://", "mariadb://"];
/// The most statements that one connection keeps prepared.
const STATEMENTS_CACHED: u32 = 256;
/// The most that all of a pool keep: half of what a server keeps for all its users
/// (`max_prepared_stmt_count`) if nobody has told it otherwise.
const STATEMENTS_MAX: u32 = 8_192;
/// A connection that rested longer is asked whether it is still there before it is used.
const RESTED: Duration = Duration::from_secs(5);

/// The connections, over a database whose schema is up to date.
pub(super) async fn open(options: &MysqlOptions) -> Result<Pooled, Fault> {
    let mut connection = direct(options).await?;
    refuse_unfinished_move(&mut connection).await?;
    connection.close().await.map_err(classify)?;
    Pooled::new(options)
}

/// A pool that connects when it is used.
pub(super) fn pool(options: &MysqlOptions) -> Result<MySqlPool, Fault> {
    let (lock, statement) = (options.lock_timeout, options.statement_timeout);
    Ok(MySqlPoolOptions::new()
        .max_connections(options.connections)
        .acquire_timeout(options.acquire_timeout)
        .test_before_acquire(false)
        .before_acquire(|connection, metadata| Box::pin(is_there(connection, metadata)))
        .after_connect(move |connection, _| Box::pin(prepare(connection, lock, statement)))
        .after_release(|connection, _| Box::pin(ready(Ok(is_at_rest(connection)))))
        .connect_lazy_with(connect(&options.url, options.connections)?))
}

/// A connection to where the schema is brought up to date, which it now is.
pub(super) async fn direct(options: &MysqlOptions) -> Result<MySqlConnection, Fault> {
    let mut connection = connected(options).await?;
    migrate::migrate(&mut connection, options.lock_timeout).await?;
    Ok(connection)
}

/// A connection to where the schema is brought up to date.
pub(super) async fn connected(options: &MysqlOptions) -> Result<MySqlConnection, Fault> {
    let mut connection = look(options).await?;
    // A statement of the schema that is broken off cannot be rolled back.
    let prepared = prepare(&mut connection, options.lock_timeout, Duration::ZERO).await;
    prepared.map_err(classify)?;
    Ok(connection)
}

/// A connection to where the schema is brought up to date, as it is.
pub(super) async fn look(options: &MysqlOptions) -> Result<MySqlConnection, Fault> {
    let direct = connect(options.direct_url.as_ref().unwrap_or(&options.url), 1)?;
    // Not from a pool, which would try again and again where nobody is.
    direct.connect().await.map_err(classify)
}

/// How the URL that is usually used connects.
pub(super) fn usual(options: &MysqlOptions) -> Result<MySqlConnectOptions, Fault> {
    connect(&options.url, 1)
}

async fn refuse_unfinished_move(connection: &mut MySqlConnection) -> Result<(), Fault> {
    let unfinished = "SELECT count(*) FROM hos_move WHERE NOT finished";
    let row = sqlx::query(unfinished).fetch_one(connection).await.map_err(classify)?;
    let unfinished: i64 = unchecked(&row, 0)?;
    if unfinished > 0 {
        let message = "the database holds an unfinished move; run `hos move` again";
        return Err(Fault::new(FaultKind::Foreign, message));
    }
    Ok(())
}

fn connect(url: &str, connections: u32) -> Result<MySqlConnectOptions, Fault> {
    // sqlx takes any scheme, and would look for MariaDB where another database is meant.
    if !SCHEMES.iter().any(|scheme| url.starts_with(scheme)) {
        let message = "the URL of a MariaDB database begins with `mysql://` or `mariadb://`";
        return Err(Fault::new(FaultKind::Unauthorized, message));
    }
    let options: MySqlConnectOptions = url.parse().map_err(classify)?;
    let cached = (STATEMENTS_MAX / connections.max(1)).clamp(32, STATEMENTS_CACHED);
    let cached = usize::try_from(cached).unwrap_or(32);
    Ok(options.statement_cache_capacity(cached).disable_statement_logging())
}

async fn is_there(
    connection: &mut MySqlConnection,
    metadata: PoolConnectionMetadata,
) -> Result<bool, Error> {
    if metadata.idle_for > RESTED {
        connection.ping().await?;
    }
    Ok(true)
}

/// Whether nothing waits to be sent, as a ROLLBACK does when a transaction was dropped.
///
/// What was dropped with it may have been a statement that was being prepared, whose answers belong
/// to nobody: sqlx would wait for others without end, and the pool with it.
fn is_at_rest(connection: &MySqlConnection) -> bool {
    !connection.should_flush()
}

/// `statement` is how long one may run; zero for no limit.
async fn prepare(
    connection: &mut MySqlConnection,
    lock: Duration,
    statement: Duration,
) -> Result<(), Error> {
    let isolation = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED";
    sqlx::raw_sql(isolation).execute(&mut *connection).await?;
    sqlx::query(include_str!("set_session.sql"))
        .bind(lock.as_secs())
        .bind(lock.as_secs())
        .bind(statement.as_secs_f64())
        .execute(connection)
        .await?;
    Ok(())
}
