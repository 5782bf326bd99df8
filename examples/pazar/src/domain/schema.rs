//! The marketplace's own tables, brought up to date.

use hos_core::error::{Fault, FaultKind};
use hos_core::id::{IdError, Kind, State, World};
use hos_sqlx::GuardedColumn;

use crate::database::{Database, DatabaseError, Dialect, Transaction, query};
use crate::law;

/// Each once, in this order, for ever.
const SQLITE: &[&str] = &[
    include_str!("sql/sqlite/0001_tables.sql"),
    include_str!("sql/sqlite/0002_consequences.sql"),
    include_str!("sql/sqlite/0003_flows.sql"),
    include_str!("sql/sqlite/0004_sessions.sql"),
    include_str!("sql/sqlite/0005_lists.sql"),
];
const POSTGRES: &[&str] = &[
    include_str!("sql/postgres/0001_tables.sql"),
    include_str!("sql/postgres/0002_consequences.sql"),
    include_str!("sql/postgres/0003_lists.sql"),
];
/// Here each statement commits by itself, so each step can be done again.
const MYSQL: &[&str] = &[
    include_str!("sql/mysql/0001_tables.sql"),
    include_str!("sql/mysql/0002_consequences.sql"),
    include_str!("sql/mysql/0003_lists.sql"),
];

const VERSION_TABLE: &str =
    "CREATE TABLE IF NOT EXISTS pazar_schema (version INTEGER NOT NULL PRIMARY KEY)";
/// Whoever starts at the same time waits. The number is this program's own.
const POSTGRES_LOCK: &str = "SELECT pg_advisory_xact_lock(7311325209)";
const MYSQL_LOCK: &str = "SELECT GET_LOCK(concat('pazar.', sha1(database())), 60)";
const MYSQL_UNLOCK: &str = "SELECT RELEASE_LOCK(concat('pazar.', sha1(database())))";

/// The status columns that the law writes and nobody else can.
pub(crate) fn guarded_columns() -> Result<Vec<GuardedColumn>, IdError> {
    let tables = [
        ("listing", "listings", "draft"),
        ("order", "orders", "pending"),
        ("reservation", "reservations", "pending"),
        ("payment", "payments", "pending"),
    ];
    let mut columns = Vec::with_capacity(tables.len());
    for (kind, table, initial) in tables {
        columns.push(GuardedColumn {
            world: World::new(law::WORLD)?,
            kind: Kind::new(kind)?,
            initial: State::new(initial)?,
            table: table.to_owned(),
            tenant_column: Some("tenant".to_owned()),
            id_column: "id".to_owned(),
            status_column: "status".to_owned(),
        });
    }
    Ok(columns)
}

/// Brings the tables up to date: all or nothing, but on MySQL, where the next start goes on.
///
/// # Errors
///
/// `NewerSchema` for the tables of a newer Pazar, else what the database says.
pub(crate) async fn migrate(database: &Database) -> Result<(), Fault> {
    let mut transaction = database.begin().await?;
    let migrated = match database.dialect() {
        Dialect::Sqlite => apply(&mut transaction, SQLITE).await,
        Dialect::Postgres => apply_postgres(&mut transaction).await,
        Dialect::Mysql => apply_mysql(&mut transaction).await,
    };
    migrated?;
    transaction.commit().await.map_err(fault)
}

async fn apply_postgres(transaction: &mut Transaction) -> Result<(), Fault> {
    query(POSTGRES_LOCK).execute(&mut *transaction).await.map_err(fault)?;
    apply(transaction, POSTGRES).await
}

async fn apply_mysql(transaction: &mut Transaction) -> Result<(), Fault> {
    let locked = query(MYSQL_LOCK).fetch_one::<i64>(&mut *transaction).await.map_err(fault)?;
    if locked != 1 {
        let message = "another Pazar has been bringing the tables up to date for too long";
        return Err(Fault::new(FaultKind::Busy, message));
    }
    let applied = apply(transaction, MYSQL).await;
    // The lock is the connection's, not the transaction's.
    query(MYSQL_UNLOCK).fetch_one::<i64>(&mut *transaction).await.map_err(fault)?;
    applied
}

/// Applies what is missing.
async fn apply(transaction: &mut Transaction, steps: &[&'static str]) -> Result<(), Fault> {
    query(VERSION_TABLE).execute(&mut *transaction).await.map_err(fault)?;
    let applied = query("SELECT coalesce(max(version), 0) FROM pazar_schema");
    let applied: i64 = applied.fetch_one(&mut *transaction).await.map_err(fault)?;
    let applied = usize::try_from(applied).unwrap_or(usize::MAX);
    if applied > steps.len() {
        let message = "the tables were made by a newer Pazar; run that one";
        return Err(Fault::new(FaultKind::NewerSchema, message));
    }
    for (version, step) in (1_i64..).zip(steps).skip(applied) {
        transaction.run(step).await.map_err(fault)?;
        let noted = query("INSERT INTO pazar_schema (version) VALUES (?)").bind(version);
        noted.execute(&mut *transaction).await.map_err(fault)?;
    }
    Ok(())
}

fn fault(error: impl Into<DatabaseError>) -> Fault {
    Fault::new(FaultKind::Internal, "the marketplace's tables could not be brought up to date")
        .caused_by(error.into())
}
