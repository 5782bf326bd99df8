//! What both servers are asked in the same words.

use super::Table;

/// How many rows; an entry without a place, or the other way round, counts as none of either.
pub(crate) fn count(table: Table) -> &'static str {
    match table {
        Table::Scope => "SELECT count(*) FROM hos_scope",
        Table::Law => "SELECT count(*) FROM hos_law",
        Table::Contract => "SELECT count(*) FROM hos_contract",
        Table::Entry => {
            "SELECT CASE
                WHEN entries = (SELECT count(*) FROM hos_leaf)
                    AND NOT EXISTS (SELECT 1 FROM hos_pending)
                THEN entries ELSE 0
            END
            FROM (SELECT count(*) AS entries FROM hos_entry) AS counted"
        }
        Table::Dedup => "SELECT count(*) FROM hos_dedup",
        Table::Part => "SELECT count(*) FROM hos_part",
        Table::Log => "SELECT count(*) FROM hos_log",
        Table::Subject => "SELECT count(*) FROM hos_subject",
        Table::Receipt => "SELECT count(*) FROM hos_receipt",
        Table::Outbox => "SELECT count(*) FROM hos_outbox",
        Table::Timer => "SELECT count(*) FROM hos_timer",
        Table::Member => "SELECT count(*) FROM hos_member",
        Table::Ban => "SELECT count(*) FROM hos_ban",
        Table::Grant => "SELECT count(*) FROM hos_grant",
        Table::Mode => "SELECT count(*) FROM hos_mode",
    }
}
