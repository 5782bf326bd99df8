//! What a client is told when something does not happen: problem details (RFC 9457).

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hos_core::error::{Error, Fault, FaultKind, Refusal};
use serde::Serialize;

use crate::database::{self, DatabaseError};
use crate::request;

/// A problem: a stable code, a status, and what the client may read.
#[derive(Debug, Clone)]
pub struct Problem {
    code: &'static str,
    status: StatusCode,
    detail: String,
    /// What may be done instead.
    allowed: Option<Vec<String>>,
    /// The guards that do not hold, or the reason of a conflict.
    reasons: Vec<String>,
    /// When it makes sense to try again, in seconds.
    retry_after: Option<u64>,
    /// Others at the same time got in the way; done again from its start it may succeed.
    overtaken: bool,
}

/// A problem as it is written.
#[derive(Debug, Serialize)]
struct Written<'a> {
    #[serde(rename = "type")]
    type_: String,
    title: &'static str,
    status: u16,
    code: &'static str,
    detail: &'a str,
    request_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed: Option<&'a [String]>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    reasons: &'a [String],
}

impl Problem {
    /// A problem with a code, from which status and title follow.
    #[must_use]
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        let (status, _) = meaning(code);
        let again = matches!(code, "in_progress" | "unavailable" | "rate_limited");
        Self {
            code,
            status,
            detail: detail.into(),
            allowed: None,
            reasons: Vec::new(),
            retry_after: again.then_some(1),
            overtaken: false,
        }
    }

    /// A guard of the marketplace's own, told like one of a contract.
    #[must_use]
    pub fn guard(reason: &str, detail: impl Into<String>) -> Self {
        Self::new("guard_failed", detail).because([reason])
    }

    /// Something in the world's rows is in the way.
    #[must_use]
    pub fn conflict(reason: &str, detail: impl Into<String>) -> Self {
        Self::new("conflict", detail).because([reason])
    }

    /// Too much of something, for so many seconds.
    #[must_use]
    pub fn rate_limited(seconds: u64) -> Self {
        let detail = format!("too many requests; try again in {seconds} s");
        Self { retry_after: Some(seconds), ..Self::new("rate_limited", detail) }
    }

    /// Nothing there, or nothing that this caller may know of.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new("not_found", "not found")
    }

    /// A problem with another status than its code's own, such as 413.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// Says that what was read has changed since, so that it should all be done again.
    pub(crate) fn overtaken(self) -> Self {
        Self { overtaken: true, ..self }
    }

    /// Whether it may succeed when it is done again at once, from its start.
    pub(crate) fn is_overtaken(&self) -> bool {
        self.overtaken
    }

    fn because<S: ToString>(mut self, reasons: impl IntoIterator<Item = S>) -> Self {
        self.reasons = reasons.into_iter().map(|reason| reason.to_string()).collect();
        self
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// What the client may read.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The title of the code.
    #[must_use]
    pub fn title(&self) -> &'static str {
        meaning(self.code).1
    }

    /// The guards that do not hold, or the reason of a conflict.
    #[must_use]
    pub fn reasons(&self) -> &[String] {
        &self.reasons
    }

    /// Tells when it makes sense to try again, if that is known.
    pub(crate) fn tell_when(&self, response: &mut Response) {
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }
}

fn meaning(code: &str) -> (StatusCode, &'static str) {
    match code {
        "invalid_input" => (StatusCode::BAD_REQUEST, "The request is not valid"),
        "missing_key" => (StatusCode::BAD_REQUEST, "An Idempotency-Key is required"),
        "missing_world" | "invalid_world" => (StatusCode::BAD_REQUEST, "There is no such world"),
        "unauthenticated" => (StatusCode::UNAUTHORIZED, "Sign in first"),
        "denied" => (StatusCode::FORBIDDEN, "This is not allowed"),
        "banned" => (StatusCode::FORBIDDEN, "The account is banned"),
        "not_found" => (StatusCode::NOT_FOUND, "Not found"),
        "stale_revision" => (StatusCode::CONFLICT, "It has changed meanwhile"),
        "in_progress" => (StatusCode::CONFLICT, "The same request is in progress"),
        "conflict" => (StatusCode::CONFLICT, "Something else is in the way"),
        "world_closed" => (StatusCode::GONE, "The marketplace is closed"),
        "invalid_transition" => (StatusCode::UNPROCESSABLE_ENTITY, "Not possible from here"),
        "terminal_state" => (StatusCode::UNPROCESSABLE_ENTITY, "It is closed for good"),
        "guard_failed" => (StatusCode::UNPROCESSABLE_ENTITY, "A condition does not hold"),
        "held" => (StatusCode::UNPROCESSABLE_ENTITY, "A hold is in the way"),
        "key_reused" => (StatusCode::UNPROCESSABLE_ENTITY, "The key was used for something else"),
        "ambiguous_action" => (StatusCode::UNPROCESSABLE_ENTITY, "Several actions lead there"),
        "world_mismatch" => (StatusCode::UNPROCESSABLE_ENTITY, "Of different worlds or tenants"),
        "rate_limited" => (StatusCode::TOO_MANY_REQUESTS, "Too many requests"),
        "unavailable" => (StatusCode::SERVICE_UNAVAILABLE, "Not available now"),
        _ => (StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong"),
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let problem = Self::new(refusal.code(), refusal.to_string());
        match refusal {
            Refusal::InvalidTransition { allowed, .. } => {
                let allowed = allowed.iter().map(ToString::to_string).collect();
                Self { allowed: Some(allowed), ..problem }
            }
            Refusal::AmbiguousAction(actions) => {
                let allowed = actions.iter().map(ToString::to_string).collect();
                Self { allowed: Some(allowed), ..problem }
            }
            Refusal::TerminalState(_) => Self { allowed: Some(Vec::new()), ..problem },
            Refusal::GuardFailed(codes) => problem.because(codes),
            Refusal::Held(matter) => problem.because([matter]),
            Refusal::Conflict => problem.overtaken(),
            _ => problem,
        }
    }
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        let source = std::error::Error::source(&fault);
        let cause = source.and_then(|source| source.downcast_ref::<sqlx::Error>());
        if cause.is_some_and(database::is_overtaken) {
            return Self::new("unavailable", "nothing was changed; try again").overtaken();
        }
        tracing::error!(%fault, kind = ?fault.kind(), ?source);
        match fault.kind() {
            FaultKind::Ambiguous => Self::new(
                "unavailable",
                "it is not known whether this happened; send it again with the same key",
            ),
            FaultKind::Busy | FaultKind::Unavailable | FaultKind::Full | FaultKind::ReadOnly => {
                Self::new("unavailable", "nothing was changed; try again later")
            }
            _ => Self::new("internal", "nothing was changed"),
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) => refusal.into(),
            Error::Fault(fault) => fault.into(),
        }
    }
}

impl From<hos_core::id::IdError> for Problem {
    fn from(error: hos_core::id::IdError) -> Self {
        Self::new("invalid_input", error.to_string())
    }
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        let message = error.as_database_error().map(|error| error.message().to_owned());
        if message.is_some_and(|message| message.contains("pazar:overlap")) {
            return Self::conflict("overlap", "the slot is taken");
        }
        if database::is_overtaken(&error) {
            return Self::new("unavailable", "nothing was changed; try again").overtaken();
        }
        tracing::error!(?error, "a statement failed");
        match error {
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) => {
                Self::new("unavailable", "nothing was changed; try again later")
            }
            _ => Self::new("internal", "nothing was changed"),
        }
    }
}

impl From<DatabaseError> for Problem {
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::Statement(error) => error.into(),
            DatabaseError::Store(fault) => fault.into(),
            DatabaseError::Unfilterable(error) => {
                tracing::error!(%error, "a list cannot be filtered by the law");
                Self::new("internal", "the list could not be read")
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let written = Written {
            type_: format!("urn:hos:problem:{}", self.code),
            title: self.title(),
            status: self.status.as_u16(),
            code: self.code,
            detail: &self.detail,
            request_id: request::current_id(),
            allowed: self.allowed.as_deref(),
            reasons: &self.reasons,
        };
        let body = serde_json::to_vec(&written).unwrap_or_default();
        let mut response = (self.status, body).into_response();
        let type_ = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, type_);
        self.tell_when(&mut response);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_of_the_law_has_its_status_and_a_title() {
        let name = || "x".parse().unwrap();
        let refusals = [
            Refusal::InvalidInput(Vec::new()),
            Refusal::InvalidWorld,
            Refusal::WorldMismatch,
            Refusal::MissingKey,
            Refusal::Denied,
            Refusal::Banned,
            Refusal::NotFound,
            Refusal::WorldClosed,
            Refusal::TerminalState("x".parse().unwrap()),
            Refusal::GuardFailed(vec![name()]),
            Refusal::Held(name()),
            Refusal::StaleRevision { seen: 1, current: 2 },
            Refusal::KeyReused,
            Refusal::AmbiguousAction(Vec::new()),
            Refusal::InProgress,
            Refusal::Conflict,
        ];
        for refusal in refusals {
            let status = refusal.status();
            let problem = Problem::from(refusal);
            assert_eq!(problem.status().as_u16(), status, "{}", problem.code());
            assert_ne!(problem.title(), "Something went wrong", "{}", problem.code());
        }
    }
}
