//! A MariaDB database, as an operator should know it. It is only read.

use hos_core::error::Fault;
use hos_core::time::{Clock as _, SystemClock, Timestamp};
use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::{ConnectOptions as _, Connection as _};

use super::fault::classify;
use super::options::MysqlOptions;
use super::row::{optional_proof_id, text, unchecked};
use super::{MysqlStore, migrate, open};
use crate::doctor::{self, Checkup, Level, Queue};
use crate::encoding::made_at;

impl MysqlStore {
    /// The version of a database's schema; none where nothing of the law is. It is only read.
    ///
    /// # Errors
    ///
    /// What the database says to a connection.
    pub async fn schema_version(options: &MysqlOptions) -> Result<Option<usize>, Fault> {
        let mut connection = open::look(options).await?;
        let version = migrate::version(&mut connection).await?;
        // OK because whatever is said at parting changes nothing.
        let _parted = connection.close().await;
        Ok(Some(version).filter(|version| *version > 0))
    }

    /// Looks at everything that an operator should know of a database. It is only read.
    ///
    /// # Errors
    ///
    /// What the database says to a connection.
    pub async fn examine(options: &MysqlOptions) -> Result<Vec<Checkup>, Fault> {
        let mut connection = open::usual(options)?.connect().await.map_err(classify)?;
        let mut checkups = server(&mut connection).await?;
        let version = migrate::version(&mut connection).await?;
        let version = Some(version).filter(|version| *version > 0);
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
        CAST(version() AS BINARY), CAST(@@global.tx_isolation AS BINARY),
        CAST(unix_timestamp(sysdate(6)) * 1000000 AS INTEGER), @@global.read_only + 0,
        (
            SELECT count(*) FROM information_schema.user_privileges
            WHERE privilege_type IN ('SUPER', 'FILE')
                AND replace(grantee, '''', '') = current_user()
        )";

async fn server(connection: &mut MySqlConnection) -> Result<Vec<Checkup>, Fault> {
    let before = SystemClock.now().as_micros();
    let row = one(connection, SERVER).await?;
    let here = before.midpoint(SystemClock.now().as_micros());
    let version = text(&row, 0)?;
    let level =
        if migrate::require_version(version).is_ok() { Level::Good } else { Level::Failure };
    let advice = "upgrade the server to MariaDB 10.6 or later";
    let mut checkups = vec![Checkup::new("server", level, version, advice)];
    let found = format!("{}; the law's own connections use READ-COMMITTED", text(&row, 1)?);
    checkups.push(Checkup::new("isolation", Level::Good, found, ""));
    let is_read_only = unchecked::<i64>(&row, 3)? != 0;
    let level = if is_read_only { Level::Failure } else { Level::Good };
    let found = if is_read_only { "read-only" } else { "takes writes" };
    checkups.push(Checkup::new("role_of_server", level, found, "use the primary's URL"));
    checkups.push(doctor::clock(unchecked::<i64>(&row, 2)? - here));
    let is_above = unchecked::<i64>(&row, 4)? != 0;
    let level = if is_above { Level::Warning } else { Level::Good };
    let found = if is_above { "SUPER or FILE" } else { "an ordinary user" };
    let advice = "connect as a user of this database alone: this one may take triggers away";
    checkups.push(Checkup::new("rights", level, found, advice));
    Ok(checkups)
}

const TRIGGERS: &str = "
    SELECT CAST(trigger_name AS BINARY) FROM information_schema.triggers
    WHERE trigger_schema = database()";
const QUEUES: &str = "
    SELECT
        (SELECT count(*) FROM (SELECT 1 FROM hos_pending LIMIT 100000) AS few),
        (SELECT entry FROM hos_pending ORDER BY number LIMIT 1),
        (SELECT count(*) FROM (SELECT 1 FROM hos_outbox LIMIT 100000) AS few),
        (SELECT entry FROM hos_outbox ORDER BY id LIMIT 1),
        (
            SELECT count(*) FROM (
                SELECT 1 FROM hos_timer WHERE due_at <= unix_timestamp() * 1000000 LIMIT 100000
            ) AS few
        ),
        (SELECT min(due_at) FROM hos_timer),
        (
            SELECT count(*) FROM information_schema.partitions
            WHERE table_schema = database() AND table_name = 'hos_entry'
                AND partition_name <> 'hos_other'
                AND partition_name >= date_format(utc_timestamp(), 'hos_%Y_%m')
        )";

async fn law(connection: &mut MySqlConnection, checkups: &mut Vec<Checkup>) -> Result<(), Fault> {
    let rows = sqlx::query(TRIGGERS).fetch_all(&mut *connection).await.map_err(classify)?;
    let there: Vec<String> =
        rows.iter().map(|row| text(row, 0).map(str::to_owned)).collect::<Result<_, _>>()?;
    let wanted = doctor::triggers(migrate::texts());
    let missing = wanted.iter().filter(|name| !there.iter().any(|there| there == *name));
    let missing: Vec<String> = missing.map(|name| (*name).to_owned()).collect();
    checkups.push(doctor::missing("triggers", "protecting trigger", &missing));
    let row = one(connection, QUEUES).await?;
    let queue = |count: usize| {
        let id = optional_proof_id(&row, count + 1)?;
        let oldest = id.map(|id| made_at(*id.as_bytes()));
        Ok::<_, Fault>(Queue { count: unchecked(&row, count)?, oldest })
    };
    let now = SystemClock.now();
    checkups.push(doctor::pending(queue(0)?, now));
    checkups.push(doctor::outbox(queue(2)?, now));
    let due: Option<i64> = unchecked(&row, 5)?;
    let oldest = due.map(Timestamp::from_micros);
    checkups.push(doctor::timers(Queue { count: unchecked(&row, 4)?, oldest }, now));
    checkups.push(doctor::partitions(unchecked(&row, 6)?));
    Ok(())
}

async fn one(connection: &mut MySqlConnection, text: &'static str) -> Result<MySqlRow, Fault> {
    sqlx::query(text).fetch_one(connection).await.map_err(classify)
}
