//! A shop in this process: the router, without a socket.

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderName, Method, Request};
use hos_core::id::Tenant;
use hos_core::laws::Proofs as _;
use hos_core::proof::LogEntry;
use hos_core::time::{Clock as _, ManualClock, SystemClock, Timestamp};
use hos_services::{MariaDb, Postgres, ServiceError, shared};
use http_body_util::BodyExt as _;
use pazar::app::App;
use pazar::auth;
use pazar::config::Config;
use pazar::database::{DatabaseUrl, query};
use pazar::webhook::Secret;
use serde_json::Value;
use tower::ServiceExt as _;

/// A new and empty database: a file, or one of the server that the test binary is called by, or
/// that `PAZAR_TEST_DATABASE` names. Each binary starts its server once.
fn database(directory: &Path) -> DatabaseUrl {
    let asked = std::env::var("PAZAR_TEST_DATABASE").unwrap_or_default();
    let url = match (env!("CARGO_CRATE_NAME"), asked.as_str()) {
        ("postgres", _) | (_, "postgres") => shared::postgres().and_then(Postgres::create_database),
        ("pgbouncer", _) | (_, "pgbouncer") => pooled(),
        ("mariadb", _) | (_, "mariadb") => shared::mariadb().and_then(MariaDb::create_database),
        (_, other) => {
            assert!(matches!(other, "" | "sqlite"), "PAZAR_TEST_DATABASE: `{other}` is unknown");
            return DatabaseUrl::Sqlite(directory.join("pazar.db"));
        }
    };
    DatabaseUrl::parse(&url.unwrap()).unwrap()
}

/// A new database of the server behind the pooler, by way of the pooler.
fn pooled() -> Result<String, ServiceError> {
    let (pooler, database) = (shared::pgbouncer()?, shared::postgres()?.create_database()?);
    let name = database.rsplit('/').next().unwrap_or_default();
    Ok(format!("{}?pooler=transaction", pooler.url(name)))
}

/// A fresh shop under a clock that stands still.
pub(crate) struct House {
    pub(crate) app: App,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) secret: Secret,
    router: Router,
    _directory: tempfile::TempDir,
}

impl House {
    pub(crate) async fn open() -> Self {
        Self::open_but(|_| {}).await
    }

    /// A shop with other settings.
    pub(crate) async fn open_but(change: impl FnOnce(&mut Config)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut config = Config::for_database(database(directory.path()), Secret::random());
        let keys = directory.path().join("keys");
        pazar::keys::make(&keys).unwrap();
        config.keys = Some(keys);
        config.vault = Some(DatabaseUrl::Sqlite(directory.path().join("vault.db")));
        change(&mut config);
        let secret = config.webhook_secret.clone();
        let clock = Arc::new(ManualClock::at(SystemClock.now()));
        let app = App::open_at(&config, clock.clone()).await.unwrap();
        Self { router: app.router(), app, clock, secret, _directory: directory }
    }

    /// An account without a password, signed in: answers its session's token.
    pub(crate) async fn person(&self, id: &str) -> String {
        query("INSERT INTO users (id, email, name, password_hash) VALUES (?1, ?1, ?1, '')")
            .bind(id)
            .execute(self.app.database())
            .await
            .unwrap();
        auth::open_session(&self.app, id).await.unwrap()
    }

    pub(crate) async fn post(
        &self,
        token: &str,
        path: &str,
        key: &str,
        body: Value,
    ) -> (u16, Value) {
        let headers =
            [("cookie", format!("pazar_session={token}")), ("idempotency-key", key.into())];
        self.send(Method::POST, path, &headers, body.to_string()).await
    }

    pub(crate) async fn put(
        &self,
        token: &str,
        path: &str,
        key: &str,
        body: Value,
    ) -> (u16, Value) {
        let headers =
            [("cookie", format!("pazar_session={token}")), ("idempotency-key", key.into())];
        self.send(Method::PUT, path, &headers, body.to_string()).await
    }

    pub(crate) async fn get(&self, token: &str, path: &str) -> (u16, Value) {
        let headers = [("cookie", format!("pazar_session={token}"))];
        self.send(Method::GET, path, &headers, String::new()).await
    }

    pub(crate) async fn webhook(&self, id: &str, body: &Value) -> (u16, Value) {
        let seconds = self.clock.now().as_micros().div_euclid(1_000_000);
        let body = body.to_string();
        let headers = [
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", seconds.to_string()),
            ("webhook-signature", self.secret.sign(id, seconds, body.as_bytes())),
        ];
        self.send(Method::POST, "/webhooks/demo", &headers, body).await
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&'static str, String)],
        body: impl Into<Body>,
    ) -> (u16, Value) {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/json")
            .header("sec-fetch-site", "same-origin");
        let given = request.headers_mut().unwrap();
        for (name, value) in headers {
            given.insert(HeaderName::from_static(name), value.parse().unwrap());
        }
        let request = request.body(body.into()).unwrap();
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let status = answer.status().as_u16();
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    /// The id of a demo listing.
    pub(crate) async fn listing(&self, title: &str) -> String {
        let query = query("SELECT id FROM listings WHERE title = ?");
        query.bind(title).fetch_one(self.app.database()).await.unwrap()
    }

    /// Every entry of a firm's log.
    pub(crate) async fn log(&self, tenant: &str) -> Vec<LogEntry> {
        self.app.number_entries().await.unwrap();
        let (tenant, mut entries) = (Tenant::new(tenant).unwrap(), Vec::new());
        loop {
            let from = u64::try_from(entries.len()).unwrap();
            let page = self.app.hos().page(self.app.world(), &tenant, from, 100).await.unwrap();
            if page.is_empty() {
                return entries;
            }
            entries.extend(page);
        }
    }

    /// A number from the rows of the marketplace and of the law.
    pub(crate) async fn count(&self, statement: &'static str) -> i64 {
        let mut rows = self.app.database().law_rows().await.unwrap();
        query(statement).fetch_one(rows.rows()).await.unwrap()
    }

    /// Hours from now, on the hour.
    pub(crate) fn hours(&self, hours: i64) -> Timestamp {
        let hour = 3_600_000_000;
        Timestamp::from_micros((self.clock.now().as_micros() / hour + hours) * hour)
    }
}
