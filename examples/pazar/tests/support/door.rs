//! The router as an outsider meets it: any header, any method, and every header of the answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, header};
use hos_core::time::{Clock as _, ManualClock, SystemClock};
use http_body_util::BodyExt as _;
use pazar::app::App;
use pazar::config::Config;
use pazar::database::query;
use pazar::webhook::Secret;
use serde_json::{Value, json};
use tower::ServiceExt as _;

/// A shop under a clock that stands still, and its only way in.
pub(crate) struct Door {
    pub(crate) app: App,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) secret: Secret,
    _directory: tempfile::TempDir,
}

/// An answer with its headers.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn body(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// `name=value` of the cookie that was set, if one was.
    pub(crate) fn cookie(&self) -> Option<String> {
        let set = self.headers.get(header::SET_COOKIE)?.to_str().unwrap();
        set.split(';').next().map(str::to_owned)
    }
}

impl Door {
    pub(crate) async fn open(change: impl FnOnce(&mut Config)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let secret = Secret::random();
        let mut config = Config::for_file(directory.path().join("pazar.db"), secret.clone());
        change(&mut config);
        let clock = Arc::new(ManualClock::at(SystemClock.now()));
        let app = App::open_at(&config, clock.clone()).await.unwrap();
        Self { app, clock, secret, _directory: directory }
    }

    /// Sends exactly these headers, from a socket of this address.
    pub(crate) async fn send_from(
        &self,
        peer: &str,
        line: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let (method, path) = line.split_once(' ').unwrap();
        let peer: SocketAddr = peer.parse().unwrap();
        let mut request = Request::builder().method(method).uri(path).extension(ConnectInfo(peer));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let answer = self.app.router().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Answer { status: parts.status.as_u16(), headers: parts.headers, text }
    }

    pub(crate) async fn send(&self, line: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        self.send_from("127.0.0.1:40000", line, headers, body).await
    }

    /// As a page of our own would, with a cookie.
    pub(crate) async fn own(&self, line: &str, cookie: &str) -> Answer {
        self.send(line, &[("cookie", cookie), ("sec-fetch-site", "same-origin")], "").await
    }

    pub(crate) async fn sign_in_with(
        &self,
        email: &str,
        password: &str,
        headers: &[(&str, &str)],
    ) -> Answer {
        let body = json!({ "email": email, "password": password }).to_string();
        let own = [("content-type", "application/json"), ("sec-fetch-site", "same-origin")];
        let all: Vec<_> = own.iter().chain(headers).copied().collect();
        self.send("POST /api/v1/session", &all, &body).await
    }

    /// Signs a demo account in; answers its cookie.
    pub(crate) async fn sign_in(&self, email: &str) -> String {
        let answer = self.sign_in_with(email, "pazar-demo", &[]).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.cookie().unwrap()
    }

    /// As a program with a session would write it: JSON under a key.
    pub(crate) async fn write(&self, line: &str, cookie: &str, key: &str, body: &str) -> Answer {
        let json = ("content-type", "application/json");
        let own = ("sec-fetch-site", "same-origin");
        self.send(line, &[("cookie", cookie), ("idempotency-key", key), json, own], body).await
    }

    /// The id of a demo listing.
    pub(crate) async fn listing(&self, title: &str) -> String {
        let query = query("SELECT id FROM listings WHERE title = ?");
        query.bind(title).fetch_one(self.app.database()).await.unwrap()
    }

    /// Whether a cookie still stands for somebody; the cookie that replaces it, if one came.
    pub(crate) async fn knows(&self, cookie: &str) -> (bool, Option<String>) {
        let answer = self.own("GET /api/v1/session", cookie).await;
        (answer.status == 200, answer.cookie())
    }

    pub(crate) fn wait(&self, hours: u64) {
        self.clock.advance(Duration::from_secs(hours * 3_600));
    }
}
