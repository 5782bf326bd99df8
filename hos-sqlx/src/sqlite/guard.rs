//! Installs what guards a status column.

use hos_core::error::{Fault, FaultKind};
use sqlx::AssertSqlSafe;
use sqlx::sqlite::{SqliteConnection, SqlitePool};

use super::fault::classify;
use super::lease::Lease;
use crate::guard::GuardedColumn;

pub(super) async fn install(writer: &SqlitePool, column: &GuardedColumn) -> Result<(), Fault> {
    column.check()?;
    let mut lease = Lease::acquire(writer).await.map_err(classify)?;
    match install_in(lease.opening(), column).await {
        Ok(()) => {
            lease.committed();
            Ok(())
        }
        Err(fault) => {
            lease.roll_back().await;
            Err(fault)
        }
    }
}

async fn install_in(
    connection: &mut SqliteConnection,
    column: &GuardedColumn,
) -> Result<(), Fault> {
    sqlx::query("BEGIN IMMEDIATE").execute(&mut *connection).await.map_err(classify)?;
    for name in column.columns() {
        let known: i64 = sqlx::query_scalar(include_str!("has_column.sql"))
            .bind(&column.table)
            .bind(name)
            .fetch_one(&mut *connection)
            .await
            .map_err(classify)?;
        if known == 0 {
            let message = format!("the table `{}` has no column `{name}`", column.table);
            return Err(Fault::new(FaultKind::Law, message));
        }
    }
    // Safe because every name was checked against `[a-z_][a-z0-9_]*` or is a name of the law.
    let triggers = AssertSqlSafe(triggers(column));
    sqlx::raw_sql(triggers).execute(&mut *connection).await.map_err(classify)?;
    sqlx::query("COMMIT").execute(connection).await.map_err(classify)?;
    Ok(())
}

/// The triggers' text: the template with the names in the places of its variables.
fn triggers(column: &GuardedColumn) -> String {
    let GuardedColumn { world, kind, initial, table, id_column, status_column, .. } = column;
    let (own_tenant, law_tenant) = match &column.tenant_column {
        Some(column) => (
            format!("AND hos_scope.tenant = CAST(NEW.\"{column}\" AS TEXT)"),
            format!("AND CAST(\"{table}\".\"{column}\" AS TEXT) COLLATE BINARY = hos_scope.tenant"),
        ),
        None => (String::new(), String::new()),
    };
    let watched: Vec<String> = column.columns().map(|column| format!("\"{column}\"")).collect();
    include_str!("guard.sql")
        .replace("{own_tenant}", &own_tenant)
        .replace("{law_tenant}", &law_tenant)
        .replace("{watched}", &watched.join(", "))
        .replace("{table}", table)
        .replace("{id}", id_column)
        .replace("{status}", status_column)
        .replace("{world}", world.as_str())
        .replace("{kind}", kind.as_str())
        .replace("{initial}", initial.as_str())
}
