//! What every page has around it, and what a refusal looks like.

use std::fmt::Display;

use askama::Template;
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use serde::de::DeserializeOwned;

use super::assets;
use crate::auth::{User, Visitor};
use crate::error::Problem;
use crate::language::{self, Language};

/// What every page has around it: the reader, the reader's language, and where the reader is.
#[derive(Debug)]
pub(crate) struct Shell {
    pub(crate) title: String,
    pub(crate) user: Option<String>,
    pub(crate) language: Language,
    /// The page itself, for forms that come back to it.
    pub(crate) path: String,
}

impl Shell {
    /// A page with a title of its own, such as a listing's.
    pub(crate) fn new(title: impl Into<String>, user: Option<&User>) -> Self {
        Self {
            title: title.into(),
            user: user.map(|user| user.name.clone()),
            language: Language::current(),
            path: language::current_path(),
        }
    }

    /// A page with a title among the texts.
    pub(crate) fn keyed(key: &str, user: Option<&User>) -> Self {
        Self::new(Language::current().text(key), user)
    }

    /// A text.
    pub(crate) fn text(&self, key: &str) -> String {
        self.language.text(key)
    }

    /// A text with values in it.
    pub(crate) fn text_with<V: Display>(&self, key: &str, values: &[(&str, V)]) -> String {
        self.language.text_with(key, values)
    }

    /// The text of a code, such as a state's; the code itself where nobody gave it one.
    pub(crate) fn word(&self, group: &str, code: impl AsRef<str>) -> String {
        let code = code.as_ref();
        self.language.known(&format!("{group}-{code}")).unwrap_or_else(|| code.replace('_', " "))
    }

    /// A state as people say it.
    pub(crate) fn state(&self, state: &str) -> String {
        self.word("state", state)
    }

    /// The colour of a state's badge.
    #[expect(clippy::unused_self, reason = "templates reach it through the shell")]
    pub(crate) fn tone(&self, state: &str) -> &'static str {
        match state {
            "published" | "paid" | "confirmed" | "checked_in" | "open" | "enforce" => "good",
            "pending" | "paused" | "refund_due" | "refund_requested" | "shadow" => "wait",
            "cancelled" | "failed" | "expired" | "closed" | "frozen" | "banned" => "bad",
            _ => "calm",
        }
    }

    /// Kurus as lira.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates hand references")]
    pub(crate) fn money(&self, kurus: &i64) -> String {
        self.language.money(*kurus)
    }

    /// A time in Istanbul.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates hand references")]
    pub(crate) fn time(&self, micros: &i64) -> String {
        self.language.time(*micros)
    }

    /// A day in Istanbul.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates hand references")]
    pub(crate) fn day(&self, micros: &i64) -> String {
        self.language.day(*micros)
    }

    /// Where the style lies, under the name of its content.
    #[expect(clippy::unused_self, reason = "templates reach it through the shell")]
    pub(crate) fn style(&self) -> &'static str {
        assets::style_path()
    }

    /// The header's links: where to, what they say, whether the reader is there.
    pub(crate) fn menu(&self) -> Vec<(&'static str, String, bool)> {
        let mut links = vec![("/", self.text("nav-home"))];
        if self.user.is_some() {
            links.push(("/mine", self.text("nav-mine")));
            links.push(("/panel", self.text("nav-panel")));
        }
        links.push(("/law", self.text("nav-law")));
        let here = |path: &str| match path {
            "/" => self.path == "/" || self.path.starts_with("/?"),
            _ => self.path.starts_with(path),
        };
        links.into_iter().map(|(path, text)| (path, text, here(path))).collect()
    }

    /// Where the reader signs in, to come back here.
    pub(crate) fn sign_in_path(&self) -> String {
        if matches!(self.path.as_str(), "/" | "/sign-in") {
            return "/sign-in".to_owned();
        }
        let query = form_urlencoded(&self.path);
        format!("/sign-in?back={query}")
    }
}

/// A value of a query.
pub(super) fn form_urlencoded(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::with_capacity(text.len()), |mut text, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'/' => {
                text.push(char::from(byte));
            }
            _ => {
                let _ = write!(text, "%{byte:02X}");
            }
        }
        text
    })
}

/// A page.
pub(crate) struct Page<T>(pub(crate) T);

impl<T: Template> IntoResponse for Page<T> {
    fn into_response(self) -> Response {
        match self.0.render() {
            Ok(text) => Html(text).into_response(),
            Err(error) => {
                tracing::error!(%error, "a page could not be written");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

/// A problem as a page.
#[derive(Debug)]
pub(crate) struct PageProblem {
    problem: Box<Problem>,
    /// Where the thing is shown as it is now.
    look: Option<String>,
}

impl PageProblem {
    /// With a link to the thing as it is now.
    pub(crate) fn look_at(problem: Problem, path: &str) -> Self {
        Self { problem: Box::new(problem), look: language::local_path(path).map(str::to_owned) }
    }
}

impl From<Problem> for PageProblem {
    fn from(problem: Problem) -> Self {
        Self { problem: Box::new(problem), look: None }
    }
}

impl IntoResponse for PageProblem {
    fn into_response(self) -> Response {
        let Self { problem, look } = self;
        let language = Language::current();
        let code = problem.code();
        let text = |key: String| language.known(&key);
        let title = text(format!("refusal-{code}"));
        let title = title.unwrap_or_else(|| language.text("refusal-internal"));
        let help = text(format!("refusal-{code}-help"));
        let reason = |reason: &String| text(format!("reason-{reason}"));
        let reasons = problem.reasons().iter().map(|code| reason(code).unwrap_or(code.clone()));
        let page = ErrorPage {
            shell: Shell::new(title, None),
            status: problem.status().as_u16(),
            help: help.unwrap_or_else(|| language.text("refusal-internal-help")),
            reasons: reasons.collect(),
            allowed: Vec::new(),
            signed_out: code == "unauthenticated",
            look,
            request_id: crate::request::current_id(),
            problem: *problem,
        };
        let again = page.problem.clone();
        let mut response = (again.status(), Page(page)).into_response();
        again.tell_when(&mut response);
        response
    }
}

/// What is nowhere: a page for people, a problem for programs.
pub(super) async fn nothing_there(headers: HeaderMap) -> Response {
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    match accepted {
        Some(accepted) if accepted.contains("text/html") => {
            PageProblem::from(Problem::not_found()).into_response()
        }
        _ => Problem::not_found().into_response(),
    }
}

/// The user of a page: whoever is not signed in is shown where to.
pub(crate) fn signed_in(Visitor(user): Visitor) -> Result<User, PageProblem> {
    user.ok_or_else(|| Problem::new("unauthenticated", "sign in to see this").into())
}

#[derive(Debug, Template)]
#[template(path = "error.html")]
struct ErrorPage {
    shell: Shell,
    problem: Problem,
    status: u16,
    help: String,
    reasons: Vec<String>,
    allowed: Vec<String>,
    signed_out: bool,
    look: Option<String>,
    request_id: String,
}

/// What an address asks for. What makes no sense in it is not looked at: a page is better than a
/// refusal to show one.
#[derive(Debug)]
pub(crate) struct Asked<T>(pub(crate) T);

impl<T: DeserializeOwned + Default, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let query = Query::<T>::try_from_uri(&parts.uri);
        Ok(Self(query.map(|Query(asked)| asked).unwrap_or_default()))
    }
}
