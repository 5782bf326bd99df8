//! The outermost layer: what every request passes and every answer carries.

use std::any::Any;
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use hos_core::id::RequestId;
use tracing::Instrument as _;

use crate::app::App;
use crate::error::Problem;
use crate::headers::{self, Audience};
use crate::request::{self, Context};
use crate::routes::views::PageProblem;

/// How long an answer may take.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(20);

/// The route of what matches none.
const NO_ROUTE: &str = "none";

/// Gives the request its id, a log span, a time limit and a same-origin check; measures it; gives
/// the answer its headers.
pub(crate) async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    let began = app.now();
    let id = accepted_id(request.headers()).unwrap_or_else(request::fresh_id);
    let echoed = HeaderValue::from_str(id.as_str());
    let method = known_method(request.method());
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or(NO_ROUTE, MatchedPath::as_str).to_owned();
    let span = tracing::info_span!("request", request_id = %id, method, route);
    let path = request.uri().path().to_owned();
    let forged = is_forged(&app, request.method(), request.headers(), &path);
    let answer = async {
        if forged {
            tracing::warn!("refused: not from a page of this site");
            return refuse(&path, Problem::new("denied", "the request comes from another site"));
        }
        match tokio::time::timeout(ANSWER_TIME_MAX, next.run(request)).await {
            Ok(response) => response,
            Err(_) => {
                let detail = "the answer took too long; retry with the same key";
                refuse(&path, Problem::new("unavailable", detail))
            }
        }
    };
    let answer = async {
        let response = answer.await;
        let took = Duration::from_micros(
            u64::try_from(app.now().as_micros() - began.as_micros()).unwrap_or_default(),
        );
        let status = response.status().as_u16();
        let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        tracing::info!(status, ms, "answered");
        app.metrics().answered(method, route, response.status(), took);
        finish(&app, response)
    };
    let mut response = Context::scope(id, answer.instrument(span)).await;
    if let Ok(echoed) = echoed {
        response.headers_mut().insert("x-request-id", echoed);
    }
    response
}

/// The cookie of a renewed session, unless the answer has one of its own, and the headers.
fn finish(app: &App, mut response: Response) -> Response {
    let noted = request::take_notes();
    let headers = response.headers_mut();
    let cookie = noted.cookie.and_then(|cookie| HeaderValue::from_str(&cookie).ok());
    // What the answer says of the session itself, such as its end, comes first.
    if let Some(cookie) = cookie
        && !headers.get_all(header::SET_COOKIE).iter().any(|set| app.cookies().is_own(set))
    {
        headers.append(header::SET_COOKIE, cookie);
    }
    let personal = noted.holder || headers.contains_key(header::SET_COOKIE);
    let audience = if personal { Audience::Holder } else { Audience::Everybody };
    headers::add(headers, app.is_https(), audience);
    response
}

/// A problem as whoever asks for this path reads it.
pub(crate) fn refuse(path: &str, problem: Problem) -> Response {
    if path.starts_with("/api/") || path.starts_with("/webhooks/") {
        return problem.into_response();
    }
    PageProblem::from(problem).into_response()
}

/// What is answered when a handler panics, which none should. The text may hold anything: it is
/// not repeated.
pub(crate) fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    Problem::new("internal", "something went wrong; it is not known what was changed")
        .into_response()
}

fn accepted_id(headers: &HeaderMap) -> Option<RequestId> {
    RequestId::new(headers.get("x-request-id")?.to_str().ok()?).ok()
}

/// A method by name; whatever anybody may make up is one.
fn known_method(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

/// Whether this may be another site's doing with a cookie that is not its own (cross-site request
/// forgery).
///
/// Browsers of today say `Sec-Fetch-Site`, older ones `Origin`. Who says neither and carries a
/// session is not believed: programs that hold one send `Origin`.
fn is_forged(app: &App, method: &Method, headers: &HeaderMap, path: &str) -> bool {
    // A webhook is trusted for its signature, whoever carries it.
    if method.is_safe() || path.starts_with("/webhooks/") {
        return false;
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if headers.contains_key("sec-fetch-site") {
        return !matches!(text("sec-fetch-site"), Some("same-origin" | "none"));
    }
    if headers.contains_key(header::ORIGIN) {
        return match (text("origin"), app.public_origin()) {
            (Some(origin), Some(public)) => origin != public,
            (Some(origin), None) => origin.split_once("://").map(|(_, host)| host) != text("host"),
            (None, _) => true,
        };
    }
    app.cookies().token(headers).is_some()
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::routing::get;
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;
    use tower_http::catch_panic::CatchPanicLayer;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_answered_and_not_repeated() {
        let router: Router = Router::new()
            .route("/", get(|| async { panic!("a secret") as &'static str }))
            .layer(CatchPanicLayer::custom(panicked));
        let answer = router.oneshot(Request::new(Body::empty())).await.unwrap();
        assert_eq!(answer.status().as_u16(), 500);
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        let text = String::from_utf8_lossy(&bytes);
        assert!(text.contains("\"internal\"") && !text.contains("a secret"), "{text}");
    }
}
