//! A shop in this process: the router, without a socket.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderName, Method, Request};
use hos_core::time::{Clock as _, ManualClock, SystemClock, Timestamp};
use http_body_util::BodyExt as _;
use pazar::app::App;
use pazar::auth;
use pazar::config::Config;
use pazar::database::query;
use pazar::webhook::Secret;
use serde_json::Value;
use tower::ServiceExt as _;

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
        let directory = tempfile::tempdir().unwrap();
        let secret = Secret::random();
        let config = Config::for_file(directory.path().join("pazar.db"), secret.clone());
        let clock = Arc::new(ManualClock::at(SystemClock.now()));
        let app = App::open_at(&config, clock.clone()).await.unwrap();
        Self { router: app.router(), app, clock, secret, _directory: directory }
    }

    /// An account without a password, signed in: answers its session's token.
    pub(crate) async fn person(&self, id: &str) -> String {
        let mut transaction = self.app.database().begin().await.unwrap();
        query("INSERT INTO users (id, email, name, password_hash) VALUES (?1, ?1, ?1, '')")
            .bind(id)
            .execute(&mut transaction)
            .await
            .unwrap();
        transaction.commit().await.unwrap();
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

    pub(crate) async fn count(&self, statement: &'static str) -> i64 {
        query(statement).fetch_one(self.app.database()).await.unwrap()
    }

    /// Hours from now, on the hour.
    pub(crate) fn hours(&self, hours: i64) -> Timestamp {
        let hour = 3_600_000_000;
        Timestamp::from_micros((self.clock.now().as_micros() / hour + hours) * hour)
    }
}
