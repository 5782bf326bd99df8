//! What a superuser can do to seals, to what waits and to parts, with all protections off.

use hos_fsck::FindingCode;

/// A change behind the law's back, and what is said of it.
pub(crate) struct Attack {
    pub(crate) name: &'static str,
    /// The statement on SQLite, PostgreSQL and MariaDB; none where it cannot be made.
    pub(crate) statements: [&'static str; 3],
    pub(crate) code: FindingCode,
    /// The first index, if one is named.
    pub(crate) index: Option<u64>,
}

/// A statement that is the same everywhere.
const fn same(statement: &'static str) -> [&'static str; 3] {
    [statement; 3]
}

/// One for SQLite, and one for both servers.
const fn both(sqlite: &'static str, servers: &'static str) -> [&'static str; 3] {
    [sqlite, servers, servers]
}

/// Rows of the large log.
macro_rules! big {
    ($statement:literal) => {
        concat!($statement, " AND scope = (SELECT number FROM hos_scope WHERE tenant = 'big')")
    };
}

pub(crate) const ATTACKS: &[Attack] = &[
    Attack {
        name: "a tile with another hash",
        statements: [
            "UPDATE hos_tile SET hashes = CAST(substr(hashes, 1, 320) || x'00' ||
            substr(hashes, 322) AS BLOB)",
            "UPDATE hos_tile SET hashes = overlay(hashes PLACING '\\x00'::bytea FROM 321)",
            "UPDATE hos_tile SET hashes = insert(hashes, 321, 1, x'00')",
        ],
        code: FindingCode::TileDiffers,
        index: Some(10),
    },
    Attack {
        name: "a tile with another root",
        statements: [
            "UPDATE hos_tile SET root = zeroblob(32)",
            "UPDATE hos_tile SET root = sha256('')",
            "UPDATE hos_tile SET root = repeat('x', 32)",
        ],
        code: FindingCode::TileDiffers,
        index: Some(0),
    },
    Attack {
        name: "a tile that is gone",
        statements: same("DELETE FROM hos_tile"),
        code: FindingCode::TileMissing,
        index: Some(0),
    },
    Attack {
        name: "a tile beyond its log",
        statements: both(
            "INSERT INTO hos_tile (position, root, hashes)
            SELECT position + 7, root, hashes FROM hos_tile",
            "INSERT INTO hos_tile (scope, level, place, root, hashes)
            SELECT scope, level, place + 7, root, hashes FROM hos_tile",
        ),
        code: FindingCode::TileDiffers,
        index: None,
    },
    Attack {
        name: "a tile of a level that there is not",
        statements: both(
            "INSERT INTO hos_tile (position, root, hashes)
            SELECT position + (3 << 37), root, hashes FROM hos_tile",
            "INSERT INTO hos_tile (scope, level, place, root, hashes)
            SELECT scope, 3, place, root, hashes FROM hos_tile",
        ),
        code: FindingCode::TileDiffers,
        index: None,
    },
    Attack {
        name: "a checkpoint that is no note",
        statements: same(big!("UPDATE hos_checkpoint SET note = 'signed' WHERE size > 0")),
        code: FindingCode::CheckpointUnreadable,
        index: None,
    },
    Attack {
        name: "a checkpoint of another log",
        statements: [
            big!(
                "UPDATE hos_checkpoint SET note = (SELECT other.note FROM hos_checkpoint AS other
                WHERE other.scope <> hos_checkpoint.scope AND other.scope > 0 LIMIT 1)
                WHERE size > 0"
            ),
            big!(
                "UPDATE hos_checkpoint SET note = (SELECT other.note FROM hos_checkpoint AS other
                WHERE other.scope <> hos_checkpoint.scope AND other.scope > 0 LIMIT 1)
                WHERE size > 0"
            ),
            big!(
                "UPDATE hos_checkpoint SET note = (SELECT note FROM kept_hos_checkpoint
                WHERE scope > 0 ORDER BY scope LIMIT 1) WHERE size > 0"
            ),
        ],
        code: FindingCode::CheckpointDiffers,
        index: None,
    },
    Attack {
        name: "a checkpoint at another size",
        statements: same(big!("UPDATE hos_checkpoint SET size = 299 WHERE size = 302")),
        code: FindingCode::CheckpointDiffers,
        index: None,
    },
    Attack {
        name: "a checkpoint beyond its log",
        statements: same(big!("UPDATE hos_checkpoint SET size = 900 WHERE size = 302")),
        code: FindingCode::CheckpointDiffers,
        index: None,
    },
    Attack {
        name: "a checkpoint with a changed signature",
        statements: [
            big!(
                "UPDATE hos_checkpoint SET note = substr(note, 1, length(note) - 9) || 'AAAA' ||
                substr(note, length(note) - 4) WHERE size > 0"
            ),
            big!(
                "UPDATE hos_checkpoint SET note = overlay(note PLACING 'AAAA' FROM
                length(note) - 8) WHERE size > 0"
            ),
            big!(
                "UPDATE hos_checkpoint SET note = insert(note, char_length(note) - 8, 4, 'AAAA')
                WHERE size > 0"
            ),
        ],
        code: FindingCode::CheckpointUnsigned,
        index: None,
    },
    Attack {
        name: "a checkpoint that is gone",
        statements: same(big!("DELETE FROM hos_checkpoint WHERE size = 302")),
        code: FindingCode::AnchorDiffers,
        index: None,
    },
    Attack {
        name: "a checkpoint that is gone, and another in its stead",
        statements: same("UPDATE hos_deployment SET size = size + 1 WHERE leaf_index = 0"),
        code: FindingCode::AnchorDiffers,
        index: Some(0),
    },
    Attack {
        name: "a note in the deployment's log that was changed",
        statements: same(
            "UPDATE hos_deployment SET note = replace(note, 'hos.local', 'hos.lokal')
            WHERE leaf_index = 1",
        ),
        code: FindingCode::AnchorDiffers,
        index: Some(1),
    },
    Attack {
        name: "a hash in the deployment's log that was changed",
        statements: [
            "UPDATE hos_deployment SET leaf_hash = zeroblob(32) WHERE leaf_index = 1",
            "UPDATE hos_deployment SET leaf_hash = sha256('') WHERE leaf_index = 1",
            "UPDATE hos_deployment SET leaf_hash = repeat('x', 32) WHERE leaf_index = 1",
        ],
        code: FindingCode::AnchorDiffers,
        index: Some(1),
    },
    Attack {
        name: "the deployment's log without its first leaf",
        statements: same("DELETE FROM hos_deployment WHERE leaf_index = 0"),
        code: FindingCode::EntriesMissing,
        index: Some(0),
    },
    Attack {
        name: "the deployment's log without one in the middle",
        statements: same("DELETE FROM hos_deployment WHERE leaf_index = 1"),
        code: FindingCode::EntriesMissing,
        index: Some(1),
    },
    Attack {
        name: "the deployment's log without its last leaf",
        statements: same("DELETE FROM hos_deployment WHERE leaf_index = 5"),
        code: FindingCode::CheckpointDiffers,
        index: None,
    },
    Attack {
        name: "a cosignature that was changed",
        statements: [
            "UPDATE hos_attestation SET body = CAST(replace(CAST(body AS TEXT), 'witness.',
            'fitness.') AS BLOB) WHERE kind = 'cosignature'",
            "UPDATE hos_attestation SET body = convert_to(replace(convert_from(body, 'UTF8'),
            'witness.', 'fitness.'), 'UTF8') WHERE kind = 'cosignature'",
            "UPDATE hos_attestation SET body = replace(body, 'witness.', 'fitness.')
            WHERE kind = 'cosignature'",
        ],
        code: FindingCode::AttestationDiffers,
        index: None,
    },
    Attack {
        name: "an attestation of a checkpoint that there is not",
        statements: same("UPDATE hos_attestation SET size = size + 70"),
        code: FindingCode::AttestationDiffers,
        index: None,
    },
    Attack {
        name: "a part that is gone without an erasure",
        statements: both(
            "DELETE FROM hos_part WHERE entry & 1099511627775 = 7 AND entry >> 40 =
            (SELECT number FROM hos_scope WHERE tenant = 'big')",
            big!(
                "DELETE FROM hos_part WHERE entry = (SELECT entry FROM hos_leaf
                WHERE leaf_index = 7 AND hos_leaf.scope = hos_part.scope)"
            ),
        ),
        code: FindingCode::PartMissing,
        index: Some(7),
    },
    Attack {
        name: "two parts that change places",
        statements: [
            "UPDATE hos_part SET body = (SELECT max(body) FROM hos_part AS other)
            WHERE body LIKE '%rude%'",
            "UPDATE hos_part SET body = (SELECT max(body) FROM hos_part AS other)
            WHERE body LIKE '%rude%'",
            "UPDATE hos_part SET body = (SELECT max(body) FROM kept_hos_part)
            WHERE body LIKE '%rude%'",
        ],
        code: FindingCode::PartChanged,
        index: None,
    },
    Attack {
        name: "a salt that is none",
        statements: [
            "UPDATE hos_part SET salt = x'01'",
            "UPDATE hos_part SET salt = '\\x01'",
            "UPDATE hos_part SET salt = x'01'",
        ],
        code: FindingCode::PartChanged,
        index: None,
    },
    Attack {
        name: "a sealed part that is none",
        statements: same("UPDATE hos_part SET body = '~not sealed!' WHERE body LIKE '%rude%'"),
        code: FindingCode::PartChanged,
        index: None,
    },
    Attack {
        name: "the time of an entry",
        statements: both(
            big!("UPDATE hos_entry SET recorded_at = recorded_at - 1 WHERE leaf_index = 9"),
            big!(
                "UPDATE hos_entry SET recorded_at = recorded_at - 1 WHERE id =
                (SELECT entry FROM hos_leaf WHERE leaf_index = 9
                AND hos_leaf.scope = hos_entry.scope)"
            ),
        ),
        code: FindingCode::ColumnDiffers,
        index: Some(9),
    },
    Attack {
        name: "the recorded hash of an entry",
        statements: [
            big!("UPDATE hos_entry SET leaf_hash = zeroblob(32) WHERE leaf_index = 9"),
            big!(
                "UPDATE hos_entry SET leaf_hash = '\\x01' WHERE id =
                (SELECT entry FROM hos_leaf WHERE leaf_index = 9
                AND hos_leaf.scope = hos_entry.scope)"
            ),
            big!(
                "UPDATE hos_entry SET leaf_hash = x'01' WHERE id =
                (SELECT entry FROM hos_leaf WHERE leaf_index = 9
                AND hos_leaf.scope = hos_entry.scope)"
            ),
        ],
        code: FindingCode::LeafHash,
        index: Some(9),
    },
    Attack {
        name: "a leaf that is no text",
        statements: [
            big!("UPDATE hos_entry SET leaf = CAST(x'ff' AS TEXT) WHERE leaf_index = 9"),
            big!(
                "UPDATE hos_entry SET leaf = '' WHERE id =
                (SELECT entry FROM hos_leaf WHERE leaf_index = 9
                AND hos_leaf.scope = hos_entry.scope)"
            ),
            big!(
                "UPDATE hos_entry SET leaf = '' WHERE id =
                (SELECT entry FROM hos_leaf WHERE leaf_index = 9
                AND hos_leaf.scope = hos_entry.scope)"
            ),
        ],
        code: FindingCode::LeafUnreadable,
        index: Some(9),
    },
    Attack {
        name: "entries of a log that there is not",
        statements: both(
            "UPDATE hos_entry SET position = position + (900 << 40) WHERE leaf_index = 299",
            "UPDATE hos_entry SET scope = 900 WHERE id = (SELECT entry FROM hos_leaf
            WHERE leaf_index = 299)",
        ),
        code: FindingCode::EntryWithoutPlace,
        index: None,
    },
    Attack {
        name: "an entry taken out of its log",
        statements: both("", big!("DELETE FROM hos_leaf WHERE leaf_index = 40")),
        code: FindingCode::EntryWithoutPlace,
        index: None,
    },
    Attack {
        name: "an entry that was set aside",
        statements: both(
            "",
            "INSERT INTO hos_quarantine (entry, scope, number)
            SELECT entry, scope, 1 FROM hos_leaf WHERE leaf_index = 299;
            DELETE FROM hos_leaf WHERE leaf_index = 299;",
        ),
        code: FindingCode::EntryWithoutPlace,
        index: None,
    },
    Attack {
        name: "an entry that waits and is gone",
        statements: both(
            "",
            "INSERT INTO hos_pending (number, scope, entry)
            SELECT 77777, scope, entry FROM hos_leaf WHERE leaf_index = 299;
            DELETE FROM hos_leaf WHERE leaf_index = 299;
            DELETE FROM hos_entry WHERE id = (SELECT entry FROM hos_pending);",
        ),
        code: FindingCode::EntryWithoutPlace,
        index: None,
    },
    Attack {
        name: "every leaf gone",
        statements: both("DELETE FROM hos_entry", "DELETE FROM hos_leaf"),
        code: FindingCode::EntriesMissing,
        index: Some(0),
    },
    Attack {
        name: "a tenant with a name that none can have",
        statements: [
            "UPDATE hos_scope SET tenant = 'no' || char(10) WHERE tenant = '1st'",
            "UPDATE hos_scope SET tenant = E'no\n' WHERE tenant = '1st'",
            "UPDATE hos_scope SET tenant = x'ff0a' WHERE tenant = '1st'",
        ],
        code: FindingCode::ScopeUnreadable,
        index: None,
    },
    Attack {
        name: "a head that is none",
        statements: [
            "UPDATE hos_scope SET log_frontier = x'01' WHERE tenant = 'big'",
            big!("UPDATE hos_log SET frontier = '\\x01' WHERE size > 0"),
            big!("UPDATE hos_log SET frontier = x'01' WHERE size > 0"),
        ],
        code: FindingCode::HeadUnreadable,
        index: None,
    },
    Attack {
        name: "a head that tells of more",
        statements: both(
            "UPDATE hos_scope SET log_size = log_size + 1 WHERE tenant = 'big'",
            big!("UPDATE hos_log SET size = size + 1 WHERE size > 0"),
        ),
        code: FindingCode::EntriesMissing,
        index: Some(302),
    },
];
