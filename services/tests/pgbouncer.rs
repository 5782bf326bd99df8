//! A pool before a PostgreSQL.

use hos_services::{PgBouncer, ServiceError, shared, skip_or_fail};

fn name_of(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or_default()
}

#[test]
fn statements_pass_in_transaction_mode() {
    let Some(pgbouncer) = shared::pgbouncer().inspect_err(skip_or_fail).ok() else { return };
    let url = shared::postgres().unwrap().create_database().unwrap();
    let sql = "CREATE TABLE kept (text text); INSERT INTO kept VALUES (:'text');
        SELECT text, current_user FROM kept;";
    let said = pgbouncer.query(name_of(&url), sql, &[("text", "it's here")]).unwrap();
    assert_eq!(said, "it's here|law");
    let through = pgbouncer.url(name_of(&url));
    assert!(through.contains(&format!(":{}/", pgbouncer.port())), "{through}");
}

#[test]
fn a_pool_that_was_killed_starts_again() {
    let started: Result<PgBouncer, ServiceError> = shared::postgres().and_then(PgBouncer::start);
    let Some(pgbouncer) = started.inspect_err(skip_or_fail).ok() else { return };
    pgbouncer.kill().unwrap();
    assert!(pgbouncer.query("postgres", "SELECT 1;", &[]).is_err());
    pgbouncer.restart().unwrap();
    assert_eq!(pgbouncer.query("postgres", "SELECT 1;", &[]).unwrap(), "1");
    pgbouncer.stop().unwrap();
    assert_eq!(pgbouncer.pid(), None);
}
