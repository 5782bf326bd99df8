//! The databases, each with a shop in it.

use crate::follow;
use crate::look::{doctor, is_damaged, is_sound};
use crate::program::{Desk, ends, hos};
use crate::shop;

#[test]
fn a_file_is_checked() {
    let desk = Desk::new();
    let path = desk.path("shop.db");
    shop::sqlite(&path);
    is_sound(&path);
    follow::shows_entries(&path);
    for name in ["library", "schema", "journal", "triggers", "outbox", "overdue_timers"] {
        assert_eq!(doctor(&path, name), "ok", "{name}");
    }
    ends(&hos(&["doctor", "--db", &path]), 0, &["ok      library", "SQLite 3."]);
    shop::tamper_sqlite(&path);
    is_damaged(&path);
    assert_eq!(doctor(&path, "triggers"), "failure");
    ends(&hos(&["doctor", "--db", &path]), 6, &["failure", "hos_subject_update", "hos fsck"]);
}

#[test]
fn a_postgresql_database_is_checked() {
    let Some(url) = shop::postgres() else { return };
    is_sound(&url);
    follow::shows_entries(&url);
    let fine = [
        "server",
        "isolation",
        "role_of_server",
        "clock_skew",
        "pooler",
        "rights",
        "schema",
        "triggers",
        "row_level_security",
        "unsequenced_entries",
        "outbox",
        "overdue_timers",
    ];
    for name in fine {
        assert_eq!(doctor(&url, name), "ok", "{name}");
    }
    assert_eq!(doctor(&url, "partitions"), "warning");
    let server = hos_services::shared::postgres().unwrap();
    let name = url.rsplit('/').next().unwrap();
    assert_eq!(doctor(&server.superuser_url(name), "rights"), "warning");
    let disable = "ALTER TABLE hos_subject DISABLE TRIGGER ALL;
        ALTER TABLE hos_member NO FORCE ROW LEVEL SECURITY;
        UPDATE hos_subject SET state = 'paid' WHERE id = 'o-1'";
    server.query(name, disable, &[]).unwrap();
    is_damaged(&url);
    assert_eq!(doctor(&url, "triggers"), "failure");
    assert_eq!(doctor(&url, "row_level_security"), "failure");
}

#[test]
fn a_postgresql_database_is_checked_through_a_pooler() {
    let Some(url) = shop::postgres() else { return };
    let pooler = match hos_services::shared::pgbouncer() {
        Ok(pooler) => pooler,
        Err(error) => return hos_services::skip_or_fail(&error),
    };
    let pooled = pooler.url(url.rsplit('/').next().unwrap());
    ends(&hos(&["fsck", "--db", &pooled, "--pooled", "--direct", &url]), 0, &["sound in"]);
    let told = hos(&["doctor", "--db", &pooled, "--pooled"]);
    ends(&told, 7, &["transaction mode", "partitions"]);
}

#[test]
fn a_mariadb_database_is_checked() {
    let Some(url) = shop::mariadb() else { return };
    is_sound(&url);
    follow::shows_entries(&url);
    for name in ["server", "clock_skew", "rights", "schema", "triggers", "unsequenced_entries"] {
        assert_eq!(doctor(&url, name), "ok", "{name}");
    }
    let server = hos_services::shared::mariadb().unwrap();
    let name = url.rsplit('/').next().unwrap();
    for trigger in ["hos_subject_update", "hos_subject_updated"] {
        server.query(name, &format!("DROP TRIGGER IF EXISTS {trigger}")).unwrap();
    }
    server.query(name, "UPDATE hos_subject SET state = 'paid' WHERE id = 'o-1'").unwrap();
    is_damaged(&url);
    assert_eq!(doctor(&url, "triggers"), "failure");
}

#[test]
fn a_schema_that_is_not_there_is_said() {
    let desk = Desk::new();
    let empty = desk.put("empty.db", "");
    ends(&hos(&["doctor", "--db", &empty]), 6, &["nothing of the law", "hos migrate"]);
    if let Ok(server) = hos_services::shared::postgres() {
        let url = server.create_database().unwrap();
        ends(&hos(&["fsck", "--db", &url]), 4, &["nothing of the law"]);
        ends(&hos(&["doctor", "--db", &url]), 6, &["nothing of the law"]);
    }
}
