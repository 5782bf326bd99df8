//! The statements that write, all static.

use std::sync::LazyLock;

use hos_core::error::Fault;
use sqlx::mysql::MySqlConnection;

use super::values;
use crate::moving::{Cell, Row, Table};
use crate::mysql::lines::Lines;

/// Writes rows into one table of the database.
#[derive(Debug)]
pub(super) struct Insert {
    lines: LazyLock<Lines>,
    /// Which columns of a row it takes, where those are not all in their order.
    columns: Option<&'static [usize]>,
}

const fn all(lines: fn() -> Lines) -> Insert {
    Insert { lines: LazyLock::new(lines), columns: None }
}

const fn some(columns: &'static [usize], lines: fn() -> Lines) -> Insert {
    Insert { lines: LazyLock::new(lines), columns: Some(columns) }
}

impl Insert {
    pub(super) async fn execute(
        &'static self,
        connection: &mut MySqlConnection,
        rows: &[Row],
    ) -> Result<(), Fault> {
        let bind = |row: &Row, arguments: &mut _| {
            let mut add = |cell| values::add(arguments, cell);
            match self.columns {
                None => row.iter().try_for_each(add),
                Some(columns) => {
                    columns.iter().try_for_each(|at| add(row.get(*at).unwrap_or(&Cell::Null)))
                }
            }
        };
        self.lines.write(connection, rows, bind).await?;
        Ok(())
    }
}

/// What writes the rows of a table, one after another: an entry before its place, and a log empty
/// before it grows to its leaves.
pub(super) fn inserts(table: Table) -> &'static [Insert] {
    match table {
        Table::Scope => &SCOPE,
        Table::Law => &LAW,
        Table::Contract => &CONTRACT,
        Table::Entry => &ENTRY,
        Table::Dedup => &DEDUP,
        Table::Part => &PART,
        Table::Log => &LOG,
        Table::Epoch => &EPOCH,
        Table::Tile => &TILE,
        Table::Checkpoint => &CHECKPOINT,
        Table::Deployment => &DEPLOYMENT,
        Table::Attestation => &ATTESTATION,
        Table::Subject => &SUBJECT,
        Table::Receipt => &RECEIPT,
        Table::Outbox => &OUTBOX,
        Table::Timer => &TIMER,
        Table::Member => &MEMBER,
        Table::Ban => &BAN,
        Table::Grant => &GRANT,
        Table::Mode => &MODE,
    }
}

static SCOPE: [Insert; 1] = [all(|| {
    Lines::new(
        "INSERT INTO hos_scope (
            number, world, tenant, status, members, bans, grants, modes, status_generation
        )
        VALUES
        (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
})];

static LAW: [Insert; 1] = [all(|| {
    Lines::new(
        "INSERT INTO hos_law (number, scope, version, digest, deployment)
        VALUES
        (?, ?, ?, ?, ?)",
    )
})];

static CONTRACT: [Insert; 1] = [all(|| {
    Lines::new(
        "INSERT INTO hos_contract (number, scope, kind, version, digest)
        VALUES
        (?, ?, ?, ?, ?)",
    )
})];

static ENTRY: [Insert; 2] = [
    some(&[0, 2, 3, 4, 5, 6, 7, 8, 9], || {
        Lines::new(
            "INSERT INTO hos_entry (
                scope, id, subject, revision, recorded_at, moves, type, leaf_hash, leaf
            )
            VALUES
            (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
    }),
    some(&[0, 1, 2, 8], || {
        Lines::new(
            "INSERT INTO hos_leaf (scope, leaf_index, entry, leaf_hash)
            VALUES
            (?, ?, ?, ?)",
        )
    }),
];

static DEDUP: [Insert; 1] = [all(|| {
    Lines::new(
        "INSERT INTO hos_dedup (scope, dedup)
        VALUES
        (?, ?)",
    )
})];

static PART: [Insert; 1] = [all(|| {
    Lines::new(
        "INSERT INTO hos_part (entry, name, scope, salt, body)
        VALUES
        (?, ?, ?, ?, ?)",
    )
})];

static LOG: [Insert; 2] = [
    some(&[0], || {
        Lines::new(
            "INSERT INTO hos_log (scope, size, frontier)
            VALUES
            (?, 0, '')",
        )
    }),
    all(|| {
        Lines::new(
            "INSERT INTO hos_log (scope, size, frontier)
            VALUES
            (?, ?, ?)
            ON DUPLICATE KEY UPDATE size = VALUE(size), frontier = VALUE(frontier)",
        )
    }),
];

static EPOCH: [Insert; 1] = [all(|| {
    Lines::new(
        "INSERT INTO hos_log_epoch (scope, number, recorded_in, entry)
        VALUES
        (?, ?, ?, ?)",
    )
})];

static TILE: [Insert; 1] = [all(|| {
    Lines::new(
        "INSERT INTO hos_tile (scope, level, place, root, hashes)
        VALUES
        (?, ?, ?, ?, ?)",
    )
})];

static CHECKPOINT: [Insert; 1] = [all(|| {
    Lines::new(
        "INSERT INTO hos_checkpoint (scope, size, sealed_at, note)
        VALUES
        (?, ?, ?, ?)",
    )
})];

static DEPLOYMENT: [Insert; 1] = [all(|| {
    Lines::new(
        "INSERT INTO hos_deployment (leaf_index, scope, size, leaf_hash, note)
        VALUES
        (?, ?, ?, ?, ?)",
    )
})];

static ATTESTATION: [Insert; 1] = [all(|| {
    Lines::new(
        "INSERT INTO hos_attestation (size, kind, attester, body)
        VALUES
        (?, ?, ?, ?)",
    )
})];

static SUBJECT: [Insert; 1] = [all(|| {
    Lines::new(
        "INSERT INTO hos_subject (
            number, world, scope, revision, proof_id, terminal, timed, kind, id, state,
            contract, attributes
        )
        VALUES
        (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
})];

static RECEIPT: [Insert; 1] = [all(|| {
    Lines::new(
        "INSERT INTO hos_receipt (scope, `key`, expires_at, fingerprint, receipt)
        VALUES
        (?, ?, ?, ?, ?)",
    )
})];

static OUTBOX: [Insert; 1] = [all(|| {
    Lines::new(
        "INSERT INTO hos_outbox (
            id, slot, scope, subject, revision, entry, topic, payload, traceparent
        )
        VALUES
        (?, (SELECT slot FROM hos_outbox_slot), ?, ?, ?, ?, ?, ?, ?)",
    )
})];

static TIMER: [Insert; 1] = [all(|| {
    Lines::new(
        "INSERT INTO hos_timer (subject, action, world, scope, revision, due_at)
        VALUES
        (?, ?, ?, ?, ?, ?)",
    )
})];

static MEMBER: [Insert; 1] = [all(|| {
    Lines::new(
        "INSERT INTO hos_member (scope, actor, roles)
        VALUES
        (?, ?, ?)",
    )
})];

static BAN: [Insert; 1] = [all(|| {
    Lines::new(
        "INSERT INTO hos_ban (scope, actor)
        VALUES
        (?, ?)",
    )
})];

/// A grant is known by a text: the hyphens are put in from its end to its beginning.
static GRANT: [Insert; 1] = [all(|| {
    Lines::new(
        "INSERT INTO hos_grant (number, scope, actor, id, pattern, until, break_glass)
        VALUES
        (?, ?, ?, lower(insert(insert(insert(insert(\
            hex(?), 21, 0, '-'), 17, 0, '-'), 13, 0, '-'), 9, 0, '-')), ?, ?, ?)",
    )
})];

static MODE: [Insert; 1] = [all(|| {
    Lines::new(
        "INSERT INTO hos_mode (scope, ability, mode)
        VALUES
        (?, ?, ?)",
    )
})];
