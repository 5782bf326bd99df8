//! What both servers are asked in the same words.

use super::Table;

/// How many rows; an entry without a place, or the other way round, counts as none of either.
pub(crate) fn count(table: Table) -> &'static str {
    match table {
        Table::Entry => {
            "SELECT CASE
                WHEN entries = (SELECT count(*) FROM hos_leaf)
                    AND NOT EXISTS (SELECT 1 FROM hos_pending)
                THEN entries ELSE 0
            END
            FROM (SELECT count(*) AS entries FROM hos_entry) AS counted"
        }
        other => other.count(),
    }
}
