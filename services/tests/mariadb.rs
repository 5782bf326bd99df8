//! A MariaDB of one's own.

#![expect(clippy::unwrap_used, reason = "a test binary")]

use std::process::Command;

use hos_services::{MariaDb, shared, skip_or_fail};

fn name_of(url: &str) -> &str {
    url.rsplit('/').next().unwrap()
}

/// As the plain account, over TCP.
fn as_law(mariadb: &MariaDb, database: &str, sql: &str) -> Result<String, String> {
    let output = Command::new("mariadb")
        .args(["--no-defaults", "--host=127.0.0.1", "--user=law", "--skip-column-names"])
        .args([format!("--port={}", mariadb.port()), format!("--execute={sql}")])
        .arg(database)
        .output()
        .unwrap();
    if output.status.success() {
        return Ok(String::from_utf8(output.stdout).unwrap().trim_end().to_owned());
    }
    Err(String::from_utf8(output.stderr).unwrap())
}

#[test]
fn every_database_is_new_and_a_plain_account_holds_it_alone() {
    let Some(mariadb) = shared::mariadb().inspect_err(skip_or_fail).ok() else { return };
    let one = mariadb.create_database().unwrap();
    assert_ne!(one, mariadb.create_database().unwrap());
    let sql = "CREATE TABLE kept (text VARCHAR(9)); INSERT INTO kept VALUES ('İğş'); \
        CREATE TRIGGER guard BEFORE DELETE ON kept FOR EACH ROW SIGNAL SQLSTATE '45000'; \
        SELECT text FROM kept; SELECT @@character_set_database";
    assert_eq!(as_law(mariadb, name_of(&one), sql).unwrap(), "İğş\nutf8mb4");
    assert!(as_law(mariadb, name_of(&one), "DELETE FROM kept").is_err());
    assert!(as_law(mariadb, "mysql", "SELECT 1").unwrap_err().contains("denied"));
    let durable =
        "SELECT @@innodb_flush_log_at_trx_commit, @@max_connections, @@innodb_flush_method";
    assert_eq!(mariadb.query("mysql", durable).unwrap(), "1\t300\tO_DIRECT");
}

#[test]
fn what_was_committed_survives_a_kill() {
    let start = MariaDb::start_with(&[("innodb-lock-wait-timeout", "7")]);
    let Some(mariadb) = start.inspect_err(skip_or_fail).ok() else { return };
    let url = mariadb.create_database().unwrap();
    as_law(&mariadb, name_of(&url), "CREATE TABLE kept (number INT)").unwrap();
    for round in 1..=2 {
        as_law(&mariadb, name_of(&url), "INSERT INTO kept VALUES (1)").unwrap();
        mariadb.kill().unwrap();
        assert_eq!(mariadb.pid(), None);
        mariadb.restart().unwrap();
        let counted = as_law(&mariadb, name_of(&url), "SELECT COUNT(*) FROM kept").unwrap();
        assert_eq!(counted, round.to_string());
    }
    mariadb.set("max_connections", "200").unwrap();
    let options = "SELECT @@innodb_lock_wait_timeout, @@max_connections";
    assert_eq!(mariadb.query("mysql", options).unwrap(), "7\t200");
    mariadb.stop().unwrap();
    assert!(mariadb.query("mysql", "SELECT 1").is_err());
    let directory = mariadb.directory().to_owned();
    drop(mariadb);
    assert!(!directory.exists());
}
