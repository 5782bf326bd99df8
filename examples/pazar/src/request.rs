//! What every request carries: its id, its command key, its body.

use std::sync::{Mutex, PoisonError};

use axum::Form;
use axum::body::Bytes;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
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
tokio::task_local! {
    static CONTEXT: Context;
}

/// What is known of the request that a task answers.
pub(crate) struct Context {
    id: RequestId,
    notes: Mutex<Notes>,
}

/// What was found out while it was answered, and the answer has to carry.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    /// The cookie of a session that was renewed.
    pub(crate) cookie: Option<String>,
    /// Whether somebody's session was taken up.
    pub(crate) holder: bool,
}

impl Context {
    /// Answers a request under its id.
    pub(crate) async fn scope<T>(id: RequestId, answer: impl Future<Output = T>) -> T {
        CONTEXT.scope(Self { id, notes: Mutex::default() }, answer).await
    }
}

/// Notes that a session was taken up, and the cookie when it was renewed.
pub(crate) fn note_session(cookie: Option<String>) {
    // Outside of a request there is no answer to carry it.
    let _ = CONTEXT.try_with(|context| {
        let mut notes = context.notes.lock().unwrap_or_else(PoisonError::into_inner);
        notes.holder = true;
        notes.cookie = cookie.or_else(|| notes.cookie.take());
    });
}

/// What was noted, once.
pub(crate) fn take_notes() -> Notes {
    let taken = CONTEXT.try_with(|context| {
        let mut notes = context.notes.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *notes)
    });
    taken.unwrap_or_default()
}

/// The id of the request that this task answers; empty outside of one.
pub(crate) fn current_id() -> String {
    CONTEXT.try_with(|context| context.id.to_string()).unwrap_or_default()
}

/// The id of the request that this task answers; a fresh one outside of one.
pub(crate) fn current() -> RequestId {
    CONTEXT.try_with(|context| context.id.clone()).unwrap_or_else(|_| fresh_id())
}

/// An id for a request that came without one.
pub(crate) fn fresh_id() -> RequestId {
    let id = format!("req-{}", random_hex(16));
    #[expect(clippy::expect_used, reason = "hexadecimal digits are visible ASCII")]
    RequestId::new(id).expect("well-formed")
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
        let is_json = says_json(request.headers());
        let Raw(bytes) = Raw::from_request(request, state).await?;
        if !is_json && !bytes.is_empty() {
            let detail = "send the body as `Content-Type: application/json`";
            return Err(Problem::new("invalid_input", detail)
                .with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
        }
        let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
        serde_json::from_slice(text).map(Self).map_err(|error| {
            Problem::new("invalid_input", format!("the body is not valid: {error}"))
        })
    }
}

/// No form of another site's page can say so without being asked about first.
fn says_json(headers: &HeaderMap) -> bool {
    let type_ = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let type_ = type_.and_then(|text| text.split(';').next());
    type_.is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
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

/// What the address asks for.
pub(crate) fn asked<T>(query: Result<Query<T>, QueryRejection>) -> Result<T, Problem> {
    let Query(query) = query.map_err(|error| Problem::new("invalid_input", error.body_text()))?;
    Ok(query)
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
