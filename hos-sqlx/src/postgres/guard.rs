//! Installs what guards a status column.

use hos_core::error::{Fault, FaultKind};
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgConnection;

use super::fault::classify;
use super::lease::Lease;
use crate::guard::GuardedColumn;

const HAS_COLUMN: &str = "SELECT EXISTS (SELECT FROM pg_attribute \
    WHERE attrelid = to_regclass($1) AND attname = $2 AND attnum > 0 AND NOT attisdropped)";

/// The longest name of a function or trigger, in bytes: PostgreSQL cuts what is longer.
const IDENTIFIER_BYTES_MAX: usize = 63;

pub(super) async fn install(mut lease: Lease<'_>, column: &GuardedColumn) -> Result<(), Fault> {
    column.check()?;
    let longest = format!("hos_guard_{}.{}_opened", column.table, column.status_column);
    if longest.len() > IDENTIFIER_BYTES_MAX {
        let message = format!("`{longest}` is too long for the name of a trigger");
        return Err(Fault::new(FaultKind::Law, message));
    }
    lease.begin().await?;
    install_in(lease.connection(), column).await?;
    lease.commit().await
}

async fn install_in(connection: &mut PgConnection, column: &GuardedColumn) -> Result<(), Fault> {
    for name in column.columns() {
        let known: bool = sqlx::query_scalar(HAS_COLUMN)
            .bind(&column.table)
            .bind(name)
            .persistent(false)
            .fetch_one(&mut *connection)
            .await
            .map_err(classify)?;
        if !known {
            let message = format!("the table `{}` has no column `{name}`", column.table);
            return Err(Fault::new(FaultKind::Law, message));
        }
    }
    // Safe because every name was checked against `[a-z_][a-z0-9_]*` or is a name of the law.
    let triggers = AssertSqlSafe(triggers(column));
    sqlx::raw_sql(triggers).execute(connection).await.map_err(classify)?;
    Ok(())
}

/// The triggers' text: the template with the names in the places of its variables.
fn triggers(column: &GuardedColumn) -> String {
    let GuardedColumn { world, kind, initial, table, tenant_column, id_column, status_column } =
        column;
    let tenant_column = tenant_column.as_deref();
    let with_tenant = |text: &dyn Fn(&str) -> String| tenant_column.map(text).unwrap_or_default();
    let tenant = tenant_column.map_or("NULL".to_owned(), |name| format!("NEW.\"{name}\""));
    let own_tenant = with_tenant(&|name| format!("own_tenant \"{table}\".\"{name}\"%TYPE;"));
    let set_tenant = with_tenant(&|_| "hos_follow.own_tenant := hos_follow.tenant;".to_owned());
    let of_tenant = with_tenant(&|name| {
        let bytes = format!("kept.\"{name}\"::text COLLATE \"C\"");
        format!("AND kept.\"{name}\" = hos_follow.own_tenant AND {bytes} = hos_follow.tenant")
    });
    // By what a row becomes, which a trigger of the world's may decide, and byte for byte.
    let bytes = |row: &str, name: &str| format!("{row}.\"{name}\"::text COLLATE \"C\"");
    let changed = column
        .columns()
        .map(|name| format!("{} IS DISTINCT FROM {}", bytes("NEW", name), bytes("OLD", name)));
    let changed: Vec<String> = changed.collect();
    include_str!("guard.sql")
        .replace("{tenant}", &format!("{tenant}::text"))
        .replace("{own_tenant}", &own_tenant)
        .replace("{set_tenant}", &set_tenant)
        .replace("{of_tenant}", &of_tenant)
        .replace("{changed}", &changed.join(" OR "))
        .replace("{table}", table)
        .replace("{id}", id_column)
        .replace("{status}", status_column)
        .replace("{world}", world.as_str())
        .replace("{kind}", kind.as_str())
        .replace("{initial}", initial.as_str())
}
