//! Who is spoken to in secret, and who is not believed.

use hos_core::error::FaultKind;
use hos_services::Postgres;
use hos_sqlx::{PostgresOptions, PostgresStore};

use crate::certificate::Certificate;
use crate::{kind, server};

const IS_SECRET: &str = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";

#[tokio::test]
async fn encryption_that_is_not_to_be_had_is_unauthorized() {
    let Some(server) = server() else { return };
    let url = server.create_database().unwrap();
    for mode in ["require", "verify-ca", "verify-full"] {
        let options = PostgresOptions::new(format!("{url}?sslmode={mode}"));
        assert_eq!(kind(options).await, FaultKind::Unauthorized, "{mode}");
    }
    assert_eq!(crate::superuser(&url, "SELECT to_regclass('hos_schema') IS NOT NULL;"), "f");
}

#[tokio::test]
async fn a_certificate_is_checked_as_far_as_the_address_says() {
    let started = Postgres::start().inspect_err(hos_services::skip_or_fail);
    let Ok(server) = started else { return };
    let right = Certificate::of("127.0.0.1");
    server.encrypt(&right.certificate, &right.key).unwrap();
    let url = server.create_database().unwrap();
    let files = tempfile::tempdir().unwrap();
    let options = |certificate: &Certificate, mode: &str| {
        let file = files.path().join("authority.pem");
        std::fs::write(&file, &certificate.authority).unwrap();
        PostgresOptions::new(format!("{url}?sslmode={mode}&sslrootcert={}", file.display()))
    };
    for mode in ["prefer", "require", "verify-ca", "verify-full"] {
        let store = PostgresStore::open_with(options(&right, mode)).await.unwrap();
        let is_secret: bool = sqlx::query_scalar(IS_SECRET).fetch_one(store.pool()).await.unwrap();
        assert!(is_secret, "{mode}");
        store.close().await;
    }
    let stranger = Certificate::of("127.0.0.1");
    assert_eq!(kind(options(&stranger, "verify-ca")).await, FaultKind::Unauthorized);
    let elsewhere = Certificate::of("elsewhere.example");
    server.encrypt(&elsewhere.certificate, &elsewhere.key).unwrap();
    assert_eq!(kind(options(&elsewhere, "verify-full")).await, FaultKind::Unauthorized);
    let store = PostgresStore::open_with(options(&elsewhere, "verify-ca")).await.unwrap();
    store.close().await;
}
