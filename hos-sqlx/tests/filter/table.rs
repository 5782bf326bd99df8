//! A world's own table on each database, with columns whose collations would take one text for
//! another.

use std::collections::BTreeSet;

use hos_core::laws::Filter;
use hos_core::value::Value;
use hos_sqlx::filter::Columns;
use sqlx::sqlite::SqlitePoolOptions;
use sqlx::{QueryBuilder, Row as _, Sqlite, SqlitePool};

use crate::world::Row;

const LIST: &str = "SELECT tenant, id FROM list_row WHERE ";
const INSERT: &str = "INSERT INTO list_row (tenant, id, state, revision, b, i, s, u, t) ";

const COLUMNS: Columns = Columns::new(
    "row",
    "tenant",
    &[
        ("id", "id"),
        ("state", "state"),
        ("revision", "revision"),
        ("b", "b"),
        ("i", "i"),
        ("s", "s"),
        ("u", "u"),
        ("t", "t"),
    ],
);

pub(crate) trait Table {
    async fn fill(&self, rows: &[Row]);
    /// The ids of what passes one of the filters, in the tenants of all.
    async fn list(&self, filters: &[Filter]) -> BTreeSet<(String, String)>;
}

/// The same on each, but for the types.
macro_rules! table {
    ($name:ident, $pool:ty, $database:ty) => {
        pub(crate) struct $name($pool);

        impl Table for $name {
            async fn fill(&self, rows: &[Row]) {
                sqlx::query("DELETE FROM list_row").execute(&self.0).await.unwrap();
                let mut insert = QueryBuilder::<$database>::new(INSERT);
                insert.push_values(rows, |mut values, row| {
                    values
                        .push_bind(row.subject.tenant.to_string())
                        .push_bind(row.subject.id.to_string())
                        .push_bind(row.state.clone())
                        .push_bind(row.revision);
                    values.push_bind(boolean(row, "b")).push_bind(integer(row, "i"));
                    values.push_bind(text(row, "s")).push_bind(text(row, "u"));
                    values.push_bind(integer(row, "t"));
                });
                insert.build().execute(&self.0).await.unwrap();
            }

            async fn list(&self, filters: &[Filter]) -> BTreeSet<(String, String)> {
                let mut list = QueryBuilder::<$database>::new(LIST);
                COLUMNS.push_any(&mut list, filters).unwrap();
                let rows = list.build().fetch_all(&self.0).await;
                let rows = rows.unwrap_or_else(|error| panic!("{error}: {filters:?}"));
                rows.iter().map(|row| (row.get(0), row.get(1))).collect()
            }
        }
    };
}

fn boolean(row: &Row, name: &str) -> Option<bool> {
    match row.attributes.get(name) {
        Some(Value::Bool(value)) => Some(*value),
        _ => None,
    }
}

fn integer(row: &Row, name: &str) -> Option<i64> {
    match row.attributes.get(name) {
        Some(Value::Integer(value)) => Some(*value),
        Some(Value::Time(time)) => Some(time.as_micros()),
        _ => None,
    }
}

fn text(row: &Row, name: &str) -> Option<String> {
    match row.attributes.get(name) {
        Some(Value::String(text)) => Some(text.to_string()),
        _ => None,
    }
}

table!(SqliteTable, SqlitePool, Sqlite);

pub(crate) async fn sqlite() -> SqliteTable {
    let pool = SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:");
    let pool = pool.await.unwrap();
    let create = "CREATE TABLE list_row (tenant TEXT COLLATE NOCASE, id TEXT COLLATE RTRIM,
        state TEXT, revision INTEGER, b INTEGER, i INTEGER, s TEXT COLLATE NOCASE, u TEXT,
        t INTEGER)";
    sqlx::query(create).execute(&pool).await.unwrap();
    SqliteTable(pool)
}

#[cfg(feature = "postgres")]
table!(PostgresTable, sqlx::PgPool, sqlx::Postgres);

#[cfg(feature = "postgres")]
pub(crate) async fn postgres(server: &hos_services::Postgres) -> PostgresTable {
    let pool = sqlx::PgPool::connect(&server.create_database().unwrap()).await.unwrap();
    let create = "CREATE COLLATION alike (provider = icu, locale = 'und-u-ks-level1',
            deterministic = false);
        CREATE TABLE list_row (tenant text COLLATE alike, id text COLLATE alike, state varchar(9),
            revision integer, b boolean, i bigint, s text COLLATE alike, u varchar(40), t bigint)";
    sqlx::raw_sql(create).execute(&pool).await.unwrap();
    PostgresTable(pool)
}

#[cfg(feature = "mysql")]
table!(MariaDbTable, sqlx::MySqlPool, sqlx::MySql);

#[cfg(feature = "mysql")]
pub(crate) async fn mariadb(server: &hos_services::MariaDb) -> MariaDbTable {
    let pool = sqlx::MySqlPool::connect(&server.create_database().unwrap()).await.unwrap();
    let create = "CREATE TABLE list_row (tenant varchar(40), id varchar(40), state varchar(9),
        revision int, b boolean, i bigint, s varchar(40), u varchar(40) COLLATE utf8mb4_bin,
        t bigint) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci";
    sqlx::query(create).execute(&pool).await.unwrap();
    MariaDbTable(pool)
}
