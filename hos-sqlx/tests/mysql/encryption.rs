//! Who is spoken to in secret, and who is not believed.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;

use hos_core::error::FaultKind;
use hos_services::MariaDb;
use hos_sqlx::MysqlStore;

use crate::certificate::Certificate;
use crate::shop::server;

const IS_SECRET: &str = "SELECT variable_value <> '' FROM information_schema.session_status \
                         WHERE variable_name = 'SSL_CIPHER'";

async fn kind(url: &str) -> FaultKind {
    MysqlStore::open(url).await.unwrap_err().kind()
}

#[tokio::test]
async fn encryption_that_is_not_to_be_had_is_unauthorized() {
    let Some(server) = server() else { return };
    let url = server.create_database().unwrap();
    for mode in ["REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY"] {
        assert_eq!(
            kind(&format!("{url}?ssl-mode={mode}")).await,
            FaultKind::Unauthorized,
            "{mode}"
        );
    }
}

#[tokio::test]
async fn a_certificate_is_checked_as_far_as_the_address_says() {
    let files = tempfile::tempdir().unwrap();
    // The server reads them as an account of its own.
    std::fs::set_permissions(files.path(), Permissions::from_mode(0o755)).unwrap();
    let file = |name: &str, text: &str| {
        let path = files.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let right = Certificate::of("127.0.0.1");
    let (certificate, key) = (file("server.pem", &right.certificate), file("key.pem", &right.key));
    let authority = file("right.pem", &right.authority);
    let other = file("other.pem", &Certificate::of("127.0.0.1").authority);
    let started = MariaDb::start_with(&[("ssl-cert", &certificate), ("ssl-key", &key)]);
    let Ok(server) = started.inspect_err(hos_services::skip_or_fail) else { return };
    let url = server.create_database().unwrap();
    for mode in ["PREFERRED", "REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY"] {
        let url = format!("{url}?ssl-mode={mode}&ssl-ca={authority}");
        let store = MysqlStore::open(&url).await.unwrap();
        let is_secret: bool = sqlx::query_scalar(IS_SECRET).fetch_one(store.pool()).await.unwrap();
        assert!(is_secret, "{mode}");
        store.close().await;
    }
    let untrusted = format!("{url}?ssl-mode=VERIFY_CA&ssl-ca={other}");
    assert_eq!(kind(&untrusted).await, FaultKind::Unauthorized);
    let elsewhere = url.replace("127.0.0.1", "localhost");
    let elsewhere = format!("{elsewhere}?ssl-mode=VERIFY_IDENTITY&ssl-ca={authority}");
    assert_eq!(kind(&elsewhere).await, FaultKind::Unauthorized);
}
