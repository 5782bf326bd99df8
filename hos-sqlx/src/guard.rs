//! Status columns of the world's that only the law may write.

use hos_core::error::{Fault, FaultKind};
use hos_core::id::{Kind, State, World};

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

impl GuardedColumn {
    pub(crate) fn columns(&self) -> impl Iterator<Item = &str> {
        let own = [self.id_column.as_str(), self.status_column.as_str()];
        own.into_iter().chain(self.tenant_column.as_deref())
    }

    pub(crate) fn check(&self) -> Result<(), Fault> {
        for name in self.columns().chain([self.table.as_str()]) {
            let mut bytes = name.bytes();
            let first = bytes.next().is_some_and(|byte| byte.is_ascii_lowercase() || byte == b'_');
            let rest = bytes
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
            let own =
                name.starts_with("hos_") || name.starts_with("sqlite_") || name.starts_with("pg_");
            if !first || !rest || own || name.len() > IDENTIFIER_BYTES_MAX {
                let message = format!(
                    "`{}` cannot be guarded; expected [a-z_][a-z0-9_]*, at most \
                     {IDENTIFIER_BYTES_MAX} bytes, no name that begins with hos_, pg_ or sqlite_",
                    name.escape_debug()
                );
                return Err(Fault::new(FaultKind::Law, message));
            }
        }
        Ok(())
    }
}
