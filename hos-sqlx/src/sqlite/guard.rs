//! Status columns of the world's that only the law may write.

use hos_core::error::{Fault, FaultKind};
use hos_core::id::{Kind, State, World};
use sqlx::AssertSqlSafe;
use sqlx::sqlite::{SqliteConnection, SqlitePool};

use super::fault::classify;
use super::lease::Lease;

/// A status column of the world's own table that follows the law.
///
/// With it installed, the law writes the column whenever it opens or moves the subject, in the
/// same transaction; a plain UPDATE, INSERT or REPLACE that gives the column anything but the
/// subject's state (the initial state while the law has no such subject) is refused by the
/// database with a message that begins with `hos:guarded`.
///
/// ```
/// use hos_core::id::{Kind, State, World};
/// use hos_sqlx::GuardedColumn;
///
/// let column = GuardedColumn {
///     world: World::new("pazar")?,
///     kind: Kind::new("order")?,
///     initial: State::new("pending")?,
///     table: "orders".to_owned(),
///     tenant_column: Some("firm_id".to_owned()),
///     id_column: "id".to_owned(),
///     status_column: "status".to_owned(),
/// };
/// # Ok::<(), hos_core::id::IdError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a plain list of names, built by the world")]
pub struct GuardedColumn {
    /// The world whose subjects the rows are.
    pub world: World,
    /// Their kind.
    pub kind: Kind,
    /// The state of a row that the law does not know yet.
    pub initial: State,
    /// The world's table.
    pub table: String,
    /// Where a row keeps its tenant; none in a table of a world with a single tenant.
    pub tenant_column: Option<String>,
    /// Where a row keeps the subject's id: text, or an integer.
    pub id_column: String,
    /// What is guarded.
    pub status_column: String,
}

/// The longest name of a table or column, in bytes.
const IDENTIFIER_BYTES_MAX: usize = 63;

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
    let triggers = AssertSqlSafe(column.triggers());
    sqlx::raw_sql(triggers).execute(&mut *connection).await.map_err(classify)?;
    sqlx::query("COMMIT").execute(connection).await.map_err(classify)?;
    Ok(())
}

impl GuardedColumn {
    fn columns(&self) -> impl Iterator<Item = &str> {
        let own = [self.id_column.as_str(), self.status_column.as_str()];
        own.into_iter().chain(self.tenant_column.as_deref())
    }

    fn check(&self) -> Result<(), Fault> {
        for name in self.columns().chain([self.table.as_str()]) {
            let mut bytes = name.bytes();
            let first = bytes.next().is_some_and(|byte| byte.is_ascii_lowercase() || byte == b'_');
            let rest = bytes
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
            let own = name.starts_with("hos_") || name.starts_with("sqlite_");
            if !first || !rest || own || name.len() > IDENTIFIER_BYTES_MAX {
                let message = format!(
                    "`{}` cannot be guarded; expected [a-z_][a-z0-9_]*, at most \
                     {IDENTIFIER_BYTES_MAX} bytes, no name that begins with hos_ or sqlite_",
                    name.escape_debug()
                );
                return Err(Fault::new(FaultKind::Law, message));
            }
        }
        Ok(())
    }

    /// The triggers' text: the template with the names in the places of its variables.
    fn triggers(&self) -> String {
        let Self { world, kind, initial, table, id_column, status_column, .. } = self;
        let (own_tenant, law_tenant) = match &self.tenant_column {
            Some(column) => (
                format!("AND hos_scope.tenant = CAST(NEW.\"{column}\" AS TEXT)"),
                format!(
                    "AND CAST(\"{table}\".\"{column}\" AS TEXT) COLLATE BINARY = hos_scope.tenant"
                ),
            ),
            None => (String::new(), String::new()),
        };
        let watched: Vec<String> = self.columns().map(|column| format!("\"{column}\"")).collect();
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
}
