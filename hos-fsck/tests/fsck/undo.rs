//! Many changes in one house, one after the other: each is undone by hand.

use crate::house::{House, Sort};

/// The tables that are put back, each with its columns but those that the database makes.
const TABLES: &[(&str, &str, &str)] = &[
    (
        "hos_entry",
        "position, id, type, subject, revision, moves, recorded_at, leaf, leaf_hash, dedup",
        "id, scope, subject, revision, recorded_at, moves, type, leaf_hash, leaf",
    ),
    ("hos_part", "entry, name, salt, body", "entry, scope, name, salt, body"),
    ("hos_leaf", "", "scope, leaf_index, entry, leaf_hash"),
    ("hos_log", "", "scope, size, frontier"),
    ("hos_pending", "", "number, scope, entry"),
    ("hos_quarantine", "", "entry, scope, number"),
    ("hos_tile", "position, root, hashes", "scope, level, place, root, hashes"),
    ("hos_checkpoint", "scope, size, sealed_at, note", "scope, size, sealed_at, note"),
    (
        "hos_deployment",
        "leaf_index, scope, size, leaf_hash, note",
        "leaf_index, scope, size, leaf_hash, note",
    ),
    ("hos_attestation", "size, kind, attester, body", "size, kind, attester, body"),
    (
        "hos_scope",
        "number, world, tenant, status, members, bans, grants, modes, status_generation, log_size,
        log_frontier",
        "number, world, tenant, status, members, bans, grants, modes, status_generation",
    ),
];

fn tables(sort: Sort) -> impl Iterator<Item = (&'static str, &'static str)> {
    let of = move |(table, sqlite, server): &(&'static str, &'static str, &'static str)| {
        (*table, if sort == Sort::Sqlite { *sqlite } else { *server })
    };
    TABLES.iter().map(of).filter(|(_, columns)| !columns.is_empty())
}

/// Keeps a copy of everything.
pub(crate) async fn keep(house: &House) {
    let keep =
        |(table, columns)| format!("CREATE TABLE kept_{table} AS SELECT {columns} FROM {table};");
    house.tamper(&tables(house.sort).map(keep).collect::<String>()).await;
}

/// Puts everything back.
pub(crate) async fn undo(house: &House) {
    let undo = |(table, columns)| {
        format!(
            "DELETE FROM {table};
            INSERT INTO {table} ({columns}) SELECT {columns} FROM kept_{table};"
        )
    };
    house.tamper(&tables(house.sort).map(undo).collect::<String>()).await;
}
