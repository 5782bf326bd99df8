//! A client of a running Pazar, as a program would write it.

use pazar::webhook::Secret;
use reqwest::header::{ACCEPT_LANGUAGE, COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Client, Method};
use serde_json::Value;

/// A running shop.
pub(crate) struct Shop {
    pub(crate) url: String,
    pub(crate) secret: Secret,
    client: Client,
}

/// Somebody with a session, or nobody.
#[derive(Clone, Default)]
pub(crate) struct Who(String);

/// An answer: status, body, where to.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) text: String,
    pub(crate) location: String,
    pub(crate) request_id: String,
}

impl Answer {
    pub(crate) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    pub(crate) fn id(&self) -> String {
        assert!(matches!(self.status, 200 | 201), "{} {}", self.status, self.text);
        self.body["id"].as_str().unwrap().to_owned()
    }

    /// Asserts a refusal, and that it is a problem with this request's id.
    pub(crate) fn refused(&self, status: u16, code: &str) {
        assert_eq!((self.status, self.code()), (status, code), "{}", self.text);
        assert_eq!(self.body["request_id"], self.request_id.as_str());
        assert_eq!(self.body["status"], status);
    }

    pub(crate) fn allowed(&self) -> Vec<&str> {
        let actions = self.body["allowed_actions"].as_array().unwrap();
        actions.iter().map(|action| action.as_str().unwrap()).collect()
    }
}

impl Shop {
    pub(crate) fn at(url: String, secret: Secret) -> Self {
        let client = Client::builder().redirect(reqwest::redirect::Policy::none());
        Self { url, secret, client: client.build().unwrap() }
    }

    pub(crate) async fn is_ready(&self) -> bool {
        let answer = self.client.get(format!("{}/ready", self.url)).send().await;
        answer.is_ok_and(|answer| answer.status().is_success())
    }

    pub(crate) async fn sign_in(&self, email: &str) -> Who {
        let body = serde_json::json!({ "email": email, "password": "pazar-demo" });
        let url = format!("{}/api/v1/session", self.url);
        let request = self.client.post(url).header("content-type", "application/json");
        let answer = request.body(body.to_string()).send().await.unwrap();
        assert_eq!(answer.status(), 201);
        let cookie = answer.headers()[SET_COOKIE].to_str().unwrap();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"));
        Who(cookie.split(';').next().unwrap().to_owned())
    }

    pub(crate) async fn get(&self, who: &Who, path: &str) -> Answer {
        self.send(Method::GET, who, path, &[], String::new()).await
    }

    pub(crate) async fn api(&self, who: &Who, path: &str, key: &str, body: Value) -> Answer {
        let path = format!("/api/v1/{path}");
        let headers = [("idempotency-key", key)];
        self.send(Method::POST, who, &path, &headers, body.to_string()).await
    }

    pub(crate) async fn form(&self, who: &Who, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        self.send(Method::POST, who, path, &headers, body.join("&")).await
    }

    pub(crate) async fn webhook(&self, id: &str, seconds: i64, body: &Value) -> Answer {
        let body = body.to_string();
        let signature = self.secret.sign(id, seconds, body.as_bytes());
        self.webhook_signed(id, seconds, &signature, body).await
    }

    pub(crate) async fn webhook_signed(
        &self,
        id: &str,
        seconds: i64,
        signature: &str,
        body: String,
    ) -> Answer {
        let seconds = seconds.to_string();
        let headers = [
            ("webhook-id", id),
            ("webhook-timestamp", seconds.as_str()),
            ("webhook-signature", signature),
        ];
        self.send(Method::POST, &Who::default(), "/webhooks/demo", &headers, body).await
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        who: &Who,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Answer {
        let mut request = self.client.request(method, format!("{}{path}", self.url)).body(body);
        request = request.header(ACCEPT_LANGUAGE, "en");
        for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
            request = request.header(*name, *value);
        }
        let given = |name: &str| headers.iter().any(|(known, _)| *known == name);
        if !given("sec-fetch-site") {
            request = request.header("origin", &self.url);
        }
        if !given("content-type") {
            request = request.header("content-type", "application/json");
        }
        if !who.0.is_empty() {
            request = request.header(COOKIE, &who.0);
        }
        let answer = request.send().await.unwrap();
        let header = |name: &str| {
            let value = answer.headers().get(name);
            value.map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
        };
        let (location, request_id) = (header(LOCATION.as_str()), header("x-request-id"));
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Answer { status, body, text, location, request_id }
    }
}
