//! What every request carries: its id, its command key, its origin, its body.

use std::time::Duration;

use axum::Form;
use axum::body::Bytes;
use axum::extract::rejection::FormRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use hos_core::id::{KEY_BYTES_MAX, RequestId};
use hos_core::time::{IdSource as _, RandomIds};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

use crate::auth::User;
use crate::error::Problem;
use crate::routes::views::PageProblem;

/// The largest body, in bytes.
pub const BODY_BYTES_MAX: usize = 64 * 1024;
/// How long an answer may take.
pub const ANSWER_TIME_MAX: Duration = Duration::from_secs(20);

tokio::task_local! {
    static REQUEST_ID: RequestId;
}

/// The id of the request that this task answers; empty outside of one.
pub(crate) fn current_id() -> String {
    REQUEST_ID.try_with(ToString::to_string).unwrap_or_default()
}

/// The id of the request that this task answers; a fresh one outside of one.
pub(crate) fn current() -> RequestId {
    REQUEST_ID.try_with(Clone::clone).unwrap_or_else(|_| fresh_id())
}

/// Gives the request its id, a time limit, and a same-origin check; echoes the id.
pub(crate) async fn guard(request: Request, next: Next) -> Response {
    let id = accepted_id(request.headers()).unwrap_or_else(fresh_id);
    let echoed = HeaderValue::from_str(id.as_str());
    let answer = async {
        if is_forged(request.method(), request.headers(), request.uri().path()) {
            return Problem::new("denied", "the request comes from another site").into_response();
        }
        match tokio::time::timeout(ANSWER_TIME_MAX, next.run(request)).await {
            Ok(response) => response,
            Err(_) => {
                Problem::new("unavailable", "the answer took too long; retry with the same key")
                    .into_response()
            }
        }
    };
    let mut response = REQUEST_ID.scope(id, answer).await;
    let headers = response.headers_mut();
    if let Ok(echoed) = echoed {
        headers.insert("x-request-id", echoed);
    }
    headers.insert("x-world", HeaderValue::from_static(crate::law::WORLD));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; \
             frame-ancestors 'none'; base-uri 'none'",
        ),
    );
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

fn accepted_id(headers: &HeaderMap) -> Option<RequestId> {
    RequestId::new(headers.get("x-request-id")?.to_str().ok()?).ok()
}

fn fresh_id() -> RequestId {
    let id = format!("req-{}", random_hex(16));
    #[expect(clippy::expect_used, reason = "hexadecimal digits are visible ASCII")]
    RequestId::new(id).expect("well-formed")
}

/// Whether a browser says that another site sent this (cross-site request forgery). Programs that
/// are no browsers send neither header, and carry no cookie that they did not mean to send.
fn is_forged(method: &Method, headers: &HeaderMap, path: &str) -> bool {
    // A webhook is trusted for its signature, whoever carries it.
    if method.is_safe() || path.starts_with("/webhooks/") {
        return false;
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return !matches!(site, "same-origin" | "none");
    }
    match headers.get(header::ORIGIN) {
        None => false,
        Some(origin) => {
            let origin = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
            origin.map(|(_, host)| host) != text("host")
        }
    }
}

/// Random hexadecimal digits, two for each byte.
pub(crate) fn random_hex(bytes: usize) -> String {
    let mut random = vec![0; bytes];
    RandomIds.fill(&mut random);
    hex(&random)
}

/// Hexadecimal digits, in lower case.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// One intent of one user: who, under which key, in which request.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// Who acts.
    pub(crate) user: User,
    key: String,
}

impl Call {
    pub(crate) fn new(user: User, key: &str) -> Result<Self, Problem> {
        Ok(Self { user, key: parse_key(Some(key))? })
    }

    /// The law's key of one part of the intent. It covers the user, so that nobody can use up
    /// somebody else's key, and it is the same on every retry.
    pub(crate) fn key(&self, part: &str) -> String {
        hex(&self.digest(part))
    }

    /// The id of what the intent makes: the same on every retry.
    pub(crate) fn made_id(&self, prefix: &str) -> String {
        let digest = hex(&self.digest("id"));
        format!("{prefix}-{}", digest.get(..24).unwrap_or_default())
    }

    fn digest(&self, part: &str) -> [u8; 32] {
        let mut hash = Sha256::new();
        for field in [self.user.id.as_str(), part, self.key.as_str()] {
            hash.update(field.as_bytes());
            hash.update([0]);
        }
        hash.finalize().into()
    }

    /// The request that carries the intent.
    pub(crate) fn request(&self) -> RequestId {
        current()
    }
}

/// The signed-in user with the `Idempotency-Key` of the request.
impl FromRequestParts<crate::app::App> for Call {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &crate::app::App) -> Result<Self, Problem> {
        let user = User::from_request_parts(parts, app).await?;
        let key = parts.headers.get("idempotency-key");
        let key = match key.map(HeaderValue::to_str) {
            Some(Ok(key)) => Some(key),
            Some(Err(_)) => {
                return Err(Problem::new("invalid_input", "`Idempotency-Key` is not ASCII"));
            }
            None => None,
        };
        Ok(Self { user, key: parse_key(key)? })
    }
}

/// A key, bare or as a quoted string (a structured field).
fn parse_key(text: Option<&str>) -> Result<String, Problem> {
    let text = text.unwrap_or_default().trim();
    let quoted = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    let key = quoted.unwrap_or(text);
    if key.is_empty() {
        return Err(Problem::new("missing_key", "send an `Idempotency-Key`"));
    }
    if key.len() > KEY_BYTES_MAX {
        let detail = format!("`Idempotency-Key` is over {KEY_BYTES_MAX} bytes");
        return Err(Problem::new("invalid_input", detail));
    }
    Ok(key.to_owned())
}

/// A JSON body with exactly the declared members, or a JSON answer.
#[derive(Debug)]
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let Raw(bytes) = Raw::from_request(request, state).await?;
        let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
        serde_json::from_slice(text).map(Self).map_err(|error| {
            Problem::new("invalid_input", format!("the body is not valid: {error}"))
        })
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => ([(header::CONTENT_TYPE, "application/json")], body).into_response(),
            Err(error) => {
                tracing::error!(%error, "an answer could not be written");
                Problem::new("internal", "the answer could not be written").into_response()
            }
        }
    }
}

/// The fields of a form.
#[derive(Debug)]
pub(crate) struct Fields<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Fields<T> {
    type Rejection = PageProblem;

    async fn from_request(request: Request, state: &S) -> Result<Self, PageProblem> {
        let form = Form::<T>::from_request(request, state).await;
        let refused = |rejection: FormRejection| {
            PageProblem::from(Problem::new("invalid_input", rejection.body_text()))
        };
        form.map(|Form(fields)| Self(fields)).map_err(refused)
    }
}

/// The bytes of a body as they arrived, within the limit.
#[derive(Debug)]
pub(crate) struct Raw(pub(crate) Bytes);

impl<S: Send + Sync> FromRequest<S> for Raw {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        Bytes::from_request(request, state).await.map(Self).map_err(|rejection| {
            let problem = Problem::new("invalid_input", rejection.body_text());
            match rejection.status() {
                StatusCode::PAYLOAD_TOO_LARGE => problem.with_status(StatusCode::PAYLOAD_TOO_LARGE),
                _ => problem,
            }
        })
    }
}

/// What an unknown method of a known path is told.
pub(crate) fn only<S: Clone + Send + Sync + 'static>(router: MethodRouter<S>) -> MethodRouter<S> {
    router.fallback(|| async {
        Problem::new("invalid_input", "the method is not allowed here")
            .with_status(StatusCode::METHOD_NOT_ALLOWED)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| ((*name).parse().unwrap(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn another_site_cannot_post() {
        let forged = |pairs: &[(&'static str, &'static str)]| {
            is_forged(&Method::POST, &headers(pairs), "/sign-out")
        };
        assert!(forged(&[("sec-fetch-site", "cross-site")]));
        assert!(forged(&[("sec-fetch-site", "same-site")]));
        assert!(!forged(&[("sec-fetch-site", "same-origin")]));
        assert!(forged(&[("origin", "http://evil.example"), ("host", "pazar.example")]));
        assert!(forged(&[("origin", "null"), ("host", "pazar.example")]));
        assert!(!forged(&[("origin", "http://pazar.example"), ("host", "pazar.example")]));
        assert!(!forged(&[]), "no browser, no borrowed cookie");
    }

    #[test]
    fn keys_are_bare_or_quoted_and_limited() {
        assert_eq!(parse_key(Some("\"k-1\"")).unwrap(), "k-1");
        assert_eq!(parse_key(Some("k-1")).unwrap(), "k-1");
        assert_eq!(parse_key(None).unwrap_err().code(), "missing_key");
        assert_eq!(parse_key(Some("")).unwrap_err().code(), "missing_key");
        assert!(parse_key(Some(&"k".repeat(255))).is_ok());
        assert_eq!(parse_key(Some(&"k".repeat(256))).unwrap_err().code(), "invalid_input");
    }
}
