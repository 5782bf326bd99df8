//! A PostgreSQL of one's own.

#![expect(clippy::unwrap_used, reason = "a test binary")]

use hos_services::{Postgres, ServiceError, shared, skip_or_fail};

const KEEP: &str = "CREATE TABLE kept (text text); INSERT INTO kept VALUES ('here');";
const READ: &str = "SELECT text FROM kept;";

fn name_of(url: &str) -> &str {
    url.rsplit('/').next().unwrap()
}

/// The server, or none where it is not installed.
fn started(answer: Result<Postgres, ServiceError>) -> Option<Postgres> {
    answer.inspect_err(skip_or_fail).ok()
}

#[test]
fn every_database_is_new_and_belongs_to_a_plain_role() {
    let Some(postgres) = shared::postgres().inspect_err(skip_or_fail).ok() else { return };
    let (one, other) = (postgres.create_database().unwrap(), postgres.create_database().unwrap());
    assert_ne!(one, other);
    let owner = "SELECT rolname, rolsuper, rolbypassrls, rolcreatedb FROM pg_roles \
        JOIN pg_database ON datdba = pg_roles.oid WHERE datname = :'name';";
    let said = postgres.query("postgres", owner, &[("name", name_of(&one))]).unwrap();
    assert_eq!(said, "law|f|f|f");
    let durable = "SHOW fsync; SHOW wal_level; SHOW max_connections;";
    assert_eq!(postgres.query("postgres", durable, &[]).unwrap(), "on\nreplica\n300");
}

#[test]
fn what_was_committed_survives_a_kill() {
    let Some(postgres) = started(Postgres::start_with(&[("work_mem", "5MB")])) else { return };
    let url = postgres.create_database().unwrap();
    let first = postgres.pid().unwrap();
    for _ in 0..3 {
        postgres.query(name_of(&url), "DROP TABLE IF EXISTS kept;", &[]).unwrap();
        postgres.query(name_of(&url), KEEP, &[]).unwrap();
        postgres.kill().unwrap();
        assert_eq!(postgres.pid(), None);
        assert!(postgres.query(name_of(&url), READ, &[]).is_err());
        postgres.restart().unwrap();
        assert_eq!(postgres.query(name_of(&url), READ, &[]).unwrap(), "here");
    }
    assert_ne!(postgres.pid().unwrap(), first);
    assert_eq!(postgres.query("postgres", "SHOW work_mem;", &[]).unwrap(), "5MB");
    let directory = postgres.directory().to_owned();
    assert!(directory.is_dir());
    drop(postgres);
    assert!(!directory.exists());
}

#[test]
fn a_standby_follows_and_takes_over() {
    let Some(primary) = started(Postgres::start()) else { return };
    let url = primary.create_database().unwrap();
    let standby = primary.standby().unwrap();
    primary.set("synchronous_standby_names", standby.application_name().unwrap()).unwrap();
    primary.set("synchronous_commit", "remote_apply").unwrap();
    let said = primary.query("postgres", "SHOW synchronous_commit;", &[]).unwrap();
    assert_eq!(said, "remote_apply");
    primary.query(name_of(&url), KEEP, &[]).unwrap();
    assert!(standby.query(name_of(&url), "DROP TABLE kept;", &[]).is_err());
    primary.kill().unwrap();
    standby.promote().unwrap();
    assert_eq!(standby.query(name_of(&url), READ, &[]).unwrap(), "here");
    standby.query(name_of(&url), "DROP TABLE kept;", &[]).unwrap();
}

#[test]
fn a_setting_that_is_refused_is_told_from_the_log() {
    let error = match Postgres::start_with(&[("no_such_setting", "1")]) {
        Err(error @ ServiceError::Missing { .. }) => return skip_or_fail(&error),
        answer => answer.unwrap_err(),
    };
    assert!(error.to_string().contains("no_such_setting"), "{error}");
}
