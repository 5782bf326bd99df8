//! What a superuser can do with all protections off, each on a database of its own.

use hos_fsck::FindingCode;

use crate::house::{House, Sort};

/// A change behind the law's back, and what is said of it.
struct Attack {
    name: &'static str,
    /// The statement on SQLite, PostgreSQL and MariaDB.
    statements: [&'static str; 3],
    code: FindingCode,
    /// What the finding is about, or which index it names.
    about: About,
}

#[derive(Clone, Copy)]
enum About {
    Row(&'static str),
    Index(u64),
    /// Some entry.
    Entry,
}

/// A statement that is the same everywhere.
const fn same(statement: &'static str) -> [&'static str; 3] {
    [statement; 3]
}

/// Rows of this firm; the other one has the same ids.
macro_rules! firm {
    ($statement:literal) => {
        concat!($statement, " AND scope = (SELECT number FROM hos_scope WHERE tenant = 'firm-1')")
    };
}

const ATTACKS: &[Attack] = &[
    Attack {
        name: "another state",
        statements: same(firm!("UPDATE hos_subject SET state = 'paid' WHERE id = 'o-0'")),
        code: FindingCode::SubjectDiffers,
        about: About::Row("order:o-0"),
    },
    Attack {
        name: "a revision raised",
        statements: same(firm!("UPDATE hos_subject SET revision = 9 WHERE id = 'o-0'")),
        code: FindingCode::SubjectDiffers,
        about: About::Row("order:o-0"),
    },
    Attack {
        name: "a revision that cannot be one",
        statements: [
            firm!("UPDATE hos_subject SET revision = 1000000 WHERE id = 'o-0'"),
            firm!("UPDATE hos_subject SET revision = -3 WHERE id = 'o-0'"),
            firm!("UPDATE hos_subject SET revision = -3 WHERE id = 'o-0'"),
        ],
        code: FindingCode::SubjectDiffers,
        about: About::Row("order:o-0"),
    },
    Attack {
        name: "another contract",
        statements: same(firm!("UPDATE hos_subject SET contract = '1' WHERE id = 'o-0'")),
        code: FindingCode::SubjectDiffers,
        about: About::Row("order:o-0"),
    },
    Attack {
        name: "an earlier picture of a subject",
        statements: [
            firm!(
                "UPDATE hos_subject SET state = 'pending', contract = '1', revision = 1, proof_id =
                (SELECT id FROM hos_entry WHERE hos_entry.subject = number AND type = 'opened/1')
                WHERE id = 'o-1'"
            ),
            firm!(
                "UPDATE hos_subject SET state = 'pending', contract = '1', revision = 1, proof_id =
                (SELECT id FROM hos_entry WHERE subject = number AND type = 'opened/1')
                WHERE id = 'o-1'"
            ),
            firm!(
                "UPDATE hos_subject SET state = 'pending', contract = '1', revision = 1, proof_id =
                (SELECT id FROM hos_entry WHERE subject = number AND type = 'opened/1')
                WHERE id = 'o-1'"
            ),
        ],
        code: FindingCode::SubjectDiffers,
        about: About::Row("order:o-1"),
    },
    Attack {
        name: "another's proof",
        statements: [
            firm!(
                "UPDATE hos_subject SET proof_id = (SELECT other.proof_id FROM hos_subject AS other
                WHERE other.scope = hos_subject.scope AND other.id = 'o-3') WHERE id = 'o-2'"
            ),
            firm!(
                "UPDATE hos_subject SET proof_id = (SELECT other.proof_id FROM hos_subject AS other
                WHERE other.scope = hos_subject.scope AND other.id = 'o-3') WHERE id = 'o-2'"
            ),
            firm!(
                "UPDATE hos_subject AS own, (SELECT proof_id AS other, scope AS theirs
                FROM hos_subject WHERE id = 'o-3') AS found
                SET proof_id = other WHERE id = 'o-2' AND theirs = scope"
            ),
        ],
        code: FindingCode::SubjectDiffers,
        about: About::Row("order:o-2"),
    },
    Attack {
        name: "a subject without entry",
        statements: [
            firm!(
                "INSERT INTO hos_subject SELECT 99, scope, kind, 'ghost', state, revision, terminal,
                contract, proof_id, position, attributes FROM hos_subject WHERE id = 'o-0'"
            ),
            firm!(
                "INSERT INTO hos_subject OVERRIDING SYSTEM VALUE SELECT 99999, world, scope,
                revision, proof_id, terminal, timed, kind, 'ghost', state, contract, attributes
                FROM hos_subject WHERE id = 'o-0'"
            ),
            firm!(
                "INSERT INTO hos_subject SELECT 99999, world, scope, revision, proof_id, terminal,
                timed, kind, 'ghost', state, contract, attributes
                FROM hos_subject WHERE id = 'o-0'"
            ),
        ],
        code: FindingCode::SubjectWithoutEntry,
        about: About::Row("order:ghost"),
    },
    Attack {
        name: "a subject deleted",
        statements: same(firm!("DELETE FROM hos_subject WHERE id = 'o-5'")),
        code: FindingCode::SubjectMissing,
        about: About::Row("order:o-5"),
    },
    Attack {
        name: "two subjects change places",
        statements: same(
            "UPDATE hos_subject SET id = 'x' WHERE id = 'o-0';
            UPDATE hos_subject SET id = 'o-0' WHERE id = 'o-2';
            UPDATE hos_subject SET id = 'o-2' WHERE id = 'x'",
        ),
        code: FindingCode::SubjectDiffers,
        about: About::Row("order:o-0"),
    },
    Attack {
        name: "the first entry deleted",
        statements: [
            firm!("DELETE FROM hos_entry WHERE leaf_index = 0"),
            firm!(
                "DELETE FROM hos_entry WHERE id IN (SELECT entry FROM hos_leaf
                WHERE leaf_index = 0)"
            ),
            firm!(
                "DELETE FROM hos_entry WHERE id IN (SELECT entry FROM hos_leaf
                WHERE leaf_index = 0)"
            ),
        ],
        code: FindingCode::EntriesMissing,
        about: About::Index(0),
    },
    Attack {
        name: "entries deleted in the middle",
        statements: [
            firm!("DELETE FROM hos_entry WHERE leaf_index IN (14, 15)"),
            firm!("DELETE FROM hos_leaf WHERE leaf_index IN (14, 15)"),
            firm!("DELETE FROM hos_leaf WHERE leaf_index IN (14, 15)"),
        ],
        code: FindingCode::EntriesMissing,
        about: About::Index(14),
    },
    Attack {
        name: "the last entry deleted",
        statements: [
            firm!("DELETE FROM hos_entry WHERE leaf_index = 34"),
            firm!("DELETE FROM hos_leaf WHERE leaf_index = 34"),
            firm!("DELETE FROM hos_leaf WHERE leaf_index = 34"),
        ],
        code: FindingCode::EntriesMissing,
        about: About::Index(34),
    },
    Attack {
        name: "a leaf edited",
        statements: [
            firm!(
                "UPDATE hos_entry SET leaf = replace(leaf, 'clerk', 'clark') WHERE leaf_index = 20"
            ),
            firm!(
                "UPDATE hos_entry SET leaf = replace(leaf, 'clerk', 'clark') WHERE id =
                (SELECT entry FROM hos_leaf WHERE leaf_index = 20
                AND hos_leaf.scope = hos_entry.scope)"
            ),
            firm!(
                "UPDATE hos_entry SET leaf = replace(leaf, 'clerk', 'clark') WHERE id =
                (SELECT entry FROM hos_leaf WHERE leaf_index = 20
                AND hos_leaf.scope = hos_entry.scope)"
            ),
        ],
        code: FindingCode::LeafHash,
        about: About::Index(20),
    },
    Attack {
        name: "two entries change places",
        statements: [
            "UPDATE hos_entry SET position = position + 1000 WHERE leaf_index IN (32, 33);
            UPDATE hos_entry SET position = position - 999 WHERE leaf_index = 1032;
            UPDATE hos_entry SET position = position - 1001 WHERE leaf_index = 1033;",
            "UPDATE hos_leaf SET leaf_index = leaf_index + 1000 WHERE leaf_index IN (32, 33);
            UPDATE hos_leaf SET leaf_index = 33 WHERE leaf_index = 1032;
            UPDATE hos_leaf SET leaf_index = 32 WHERE leaf_index = 1033;",
            "UPDATE hos_leaf SET leaf_index = leaf_index + 1000 WHERE leaf_index IN (32, 33);
            UPDATE hos_leaf SET leaf_index = 33 WHERE leaf_index = 1032;
            UPDATE hos_leaf SET leaf_index = 32 WHERE leaf_index = 1033;",
        ],
        code: FindingCode::RootDiffers,
        about: About::Index(32),
    },
    Attack {
        name: "a part changed",
        statements: [
            "UPDATE hos_part SET body = replace(body, 'rude', 'nice')",
            "UPDATE hos_part SET body = replace(body, 'rude', 'nice')",
            "UPDATE hos_part SET body = replace(body, 'rude', 'nice')",
        ],
        code: FindingCode::PartChanged,
        about: About::Entry,
    },
    Attack {
        name: "a head that tells of less",
        statements: [
            "UPDATE hos_scope SET log_size = log_size - 1 WHERE tenant = 'firm-1'",
            firm!("UPDATE hos_log SET size = size - 1 WHERE size > 0"),
            firm!("UPDATE hos_log SET size = size - 1 WHERE size > 0"),
        ],
        code: FindingCode::EntriesBeyondHead,
        about: About::Index(34),
    },
    Attack {
        name: "a member added",
        statements: same(
            "INSERT INTO hos_member (scope, actor, roles)
            SELECT number, 'thief', '[\"clerk\"]' FROM hos_scope WHERE tenant = 'firm-1'",
        ),
        code: FindingCode::StandingWithoutEntry,
        about: About::Row("member:thief"),
    },
    Attack {
        name: "a role added",
        statements: same(
            "UPDATE hos_member SET roles = '[\"clerk\", \"root\"]' WHERE actor = 'clerk'",
        ),
        code: FindingCode::StandingDiffers,
        about: About::Row("member:clerk"),
    },
    Attack {
        name: "a ban lifted",
        statements: same("DELETE FROM hos_ban WHERE actor = 'banned'"),
        code: FindingCode::StandingMissing,
        about: About::Row("ban:banned"),
    },
    Attack {
        name: "a grant prolonged",
        statements: same("UPDATE hos_grant SET until = until + 1 WHERE actor = 'helper'"),
        code: FindingCode::StandingDiffers,
        about: About::Entry,
    },
    Attack {
        name: "a mode set",
        statements: same("UPDATE hos_mode SET mode = 'off' WHERE ability = 'order.pay'"),
        code: FindingCode::StandingDiffers,
        about: About::Row("mode:order.pay"),
    },
    Attack {
        name: "a world closed",
        statements: same("UPDATE hos_scope SET status = 'closed' WHERE tenant = '@world'"),
        code: FindingCode::StandingDiffers,
        about: About::Row("status"),
    },
    Attack {
        name: "an older law in force",
        statements: same("DELETE FROM hos_law WHERE version = '2'"),
        code: FindingCode::StandingMissing,
        about: About::Row("law:0000000002"),
    },
];

async fn are_found(sort: Sort) {
    for attack in ATTACKS {
        let Some(house) = House::build(sort).await else { return };
        let [sqlite, postgres, mariadb] = attack.statements;
        let statement = match sort {
            Sort::Sqlite => sqlite,
            Sort::Postgres => postgres,
            Sort::Mariadb => mariadb,
        };
        house.tamper(statement).await;
        let report = house.check().await;
        let is_it = |finding: &&hos_fsck::Finding| {
            finding.code == attack.code
                && match attack.about {
                    About::Row(row) => finding.about.as_deref() == Some(row),
                    About::Index(index) => finding.index == Some(index),
                    About::Entry => true,
                }
        };
        let found = report.findings.listed.iter().find(is_it);
        assert!(found.is_some(), "{}: {:#?}", attack.name, report.findings);
    }
}

#[tokio::test]
async fn attacks_are_found_on_sqlite() {
    are_found(Sort::Sqlite).await;
}

#[tokio::test]
async fn attacks_are_found_on_postgresql() {
    are_found(Sort::Postgres).await;
}

#[tokio::test]
async fn attacks_are_found_on_mariadb() {
    are_found(Sort::Mariadb).await;
}
