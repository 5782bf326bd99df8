//! Installs what guards a status column.

use hos_core::error::{Fault, FaultKind};
use sqlx::AssertSqlSafe;
use sqlx::mysql::MySqlPool;

use super::fault::classify;
use super::lease::Lease;
use super::row::unchecked;
use crate::guard::GuardedColumn;

/// The longest name of a trigger.
const IDENTIFIER_BYTES_MAX: usize = 64;

/// Each statement of it commits by itself and can be executed again.
pub(super) async fn install(pool: &MySqlPool, column: &GuardedColumn) -> Result<(), Fault> {
    column.check()?;
    let longest = format!("hos_guard_{}_{}_opened", column.table, column.status_column);
    if longest.len() > IDENTIFIER_BYTES_MAX {
        let message = format!("`{longest}` is too long for the name of a trigger");
        return Err(Fault::new(FaultKind::Law, message));
    }
    let mut lease = Lease::acquire(pool).await?;
    for name in column.columns() {
        let query = sqlx::query(include_str!("has_column.sql")).bind(&column.table).bind(name);
        let row = query.fetch_one(lease.connection()).await.map_err(classify)?;
        if unchecked::<i64>(&row, 0)? == 0 {
            lease.release();
            let message = format!("the table `{}` has no column `{name}`", column.table);
            return Err(Fault::new(FaultKind::Law, message));
        }
    }
    // Safe because every name was checked against `[a-z_][a-z0-9_]*` or is a name of the law.
    let triggers = AssertSqlSafe(triggers(column));
    let installed = sqlx::raw_sql(triggers).execute(lease.connection()).await;
    lease.settle(installed).map_err(classify)?;
    Ok(())
}

/// The triggers' text: the template with the names in the places of its variables.
fn triggers(column: &GuardedColumn) -> String {
    let GuardedColumn { world, kind, initial, table, id_column, status_column, .. } = column;
    let (own_tenant, law_tenant) = match &column.tenant_column {
        Some(name) => (
            format!("AND hos_scope.tenant = CAST(CONVERT(NEW.`{name}` USING utf8mb4) AS BINARY)"),
            format!(
                "AND `{name}` = CONVERT(of_tenant USING utf8mb4) \
                 AND CAST(CONVERT(`{name}` USING utf8mb4) AS BINARY) = of_tenant"
            ),
        ),
        None => (String::new(), String::new()),
    };
    include_str!("guard.sql")
        .replace("{own_tenant}", &own_tenant)
        .replace("{law_tenant}", &law_tenant)
        .replace("{table}", table)
        .replace("{id}", id_column)
        .replace("{status}", status_column)
        .replace("{world}", world.as_str())
        .replace("{kind}", kind.as_str())
        .replace("{initial}", initial.as_str())
}
