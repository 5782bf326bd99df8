//! Installs what guards a status column.

use hos_core::error::{Fault, FaultKind};
use sqlx::AssertSqlSafe;
use sqlx::mysql::MySqlConnection;

use super::fault::classify;
use super::lease::Lease;
use super::pooled::Pooled;
use super::row::{text, unchecked};
use crate::guard::GuardedColumn;

/// The longest name of a trigger.
const IDENTIFIER_BYTES_MAX: usize = 64;

/// Each statement of it commits by itself and can be executed again.
pub(super) async fn install(pooled: &Pooled, column: &GuardedColumn) -> Result<(), Fault> {
    column.check()?;
    let longest = format!("hos_guard_{}_{}_opened", column.table, column.status_column);
    if longest.len() > IDENTIFIER_BYTES_MAX {
        let message = format!("`{longest}` is too long for the name of a trigger");
        return Err(Fault::new(FaultKind::Law, message));
    }
    let mut lease = Lease::acquire(pooled).await?;
    for name in column.columns() {
        if let Some(why) = refusal(lease.connection(), &column.table, name).await? {
            lease.release();
            return Err(Fault::new(FaultKind::Law, why));
        }
    }
    let id = as_kept(lease.connection(), "NEW.id", &column.table, &column.id_column).await?;
    let tenant = match &column.tenant_column {
        Some(name) => as_kept(lease.connection(), "of_tenant", &column.table, name).await?,
        None => String::new(),
    };
    // Safe because every name was checked against `[a-z_][a-z0-9_]*`, or is a name of the law or of
    // one of the server's collations.
    let triggers = AssertSqlSafe(triggers(column, &id, &tenant));
    let installed = sqlx::raw_sql(triggers).execute(lease.connection()).await;
    lease.settle(installed).map_err(classify)?;
    Ok(())
}

/// Why a column cannot be guarded.
async fn refusal(
    connection: &mut MySqlConnection,
    table: &str,
    name: &str,
) -> Result<Option<String>, Fault> {
    let mut counts = async |text| {
        let query = sqlx::query(text).bind(table).bind(name);
        unchecked::<i64>(&query.fetch_one(&mut *connection).await.map_err(classify)?, 0)
    };
    if counts(include_str!("has_column.sql")).await? == 0 {
        return Ok(Some(format!("the table `{table}` has no column `{name}`")));
    }
    let cascaded = counts(include_str!("is_cascaded.sql")).await? > 0;
    let why = "without a trigger; a key of a guarded row may only RESTRICT, or delete the row";
    Ok(cascaded.then(|| format!("a foreign key writes the column `{name}` of `{table}` {why}")))
}

/// The law's value in the collation of the column that it is compared with, whose index serves
/// then; without it two collations of the same strength do not mix.
async fn as_kept(
    connection: &mut MySqlConnection,
    value: &str,
    table: &str,
    name: &str,
) -> Result<String, Fault> {
    let query = sqlx::query(include_str!("column_collation.sql")).bind(table).bind(name);
    let row = query.fetch_one(connection).await.map_err(classify)?;
    Ok(match text(&row, 0)?.split_once(' ') {
        Some((set, collation)) => format!("CONVERT({value} USING {set}) COLLATE {collation}"),
        None => format!("CONVERT({value} USING utf8mb4)"),
    })
}

/// The triggers' text: the template with the names in the places of its variables.
fn triggers(column: &GuardedColumn, law_id: &str, of_tenant: &str) -> String {
    let GuardedColumn { world, kind, initial, table, id_column, status_column, .. } = column;
    let differs =
        |name| format!("NOT CAST(NEW.`{name}` AS BINARY) <=> CAST(OLD.`{name}` AS BINARY)");
    let changed: Vec<String> = column.columns().map(differs).collect();
    let (own_tenant, law_tenant) = match &column.tenant_column {
        Some(name) => (
            format!("AND hos_scope.tenant = CAST(CONVERT(NEW.`{name}` USING utf8mb4) AS BINARY)"),
            format!(
                "AND `{name}` = {of_tenant} \
                 AND CAST(CONVERT(`{name}` USING utf8mb4) AS BINARY) = of_tenant"
            ),
        ),
        None => (String::new(), String::new()),
    };
    include_str!("guard.sql")
        .replace("{law_id}", law_id)
        .replace("{own_tenant}", &own_tenant)
        .replace("{law_tenant}", &law_tenant)
        .replace("{changed}", &changed.join(" OR "))
        .replace("{table}", table)
        .replace("{id}", id_column)
        .replace("{status}", status_column)
        .replace("{world}", world.as_str())
        .replace("{kind}", kind.as_str())
        .replace("{initial}", initial.as_str())
}
