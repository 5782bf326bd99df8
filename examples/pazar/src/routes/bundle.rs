//! Files to check elsewhere: evidence, and what checks it.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::evidence::kind;
use super::thing;
use super::views::{PageProblem, signed_in};
use crate::app::App;
use crate::auth::{User, Visitor};
use crate::domain::bundles::{self, EvidenceFile, Parts};
use crate::error::Problem;
use crate::openapi::ProblemShape;
use crate::request::asked;

/// The second verifier: one file, for which nothing is to be installed but Python.
const PYTHON_VERIFIER: &str = include_str!("../../../../hos-verify/python/hos_verify.py");

/// Whether personal parts are left out.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct FileForm {
    /// Leaves out what is personal: the file proves the same.
    #[serde(default)]
    withhold: bool,
}

impl FileForm {
    fn parts(&self) -> Parts {
        if self.withhold { Parts::Withheld } else { Parts::Shown }
    }
}

type FilePath = Path<(String, String, String)>;

/// The evidence of a subject as a file, from its page.
pub(super) async fn page(
    State(app): State<App>,
    Path(path): FilePath,
    form: Result<Query<FileForm>, QueryRejection>,
    visitor: Visitor,
) -> Result<Response, PageProblem> {
    let user = signed_in(visitor)?;
    Ok(file(&app, &user, &path, &asked(form)?).await?)
}

/// The evidence of a subject as a file (`hosproof/1`), which anybody can check without us.
#[utoipa::path(
    get,
    path = "/tenants/{tenant}/{things}/{id}/evidence/file",
    tag = "evidence",
    params(FileForm),
    responses(
        (status = 200, description = "the file", content_type = "application/zip"),
        (
            status = 422,
            description = "nothing of it is sealed, or every step names somebody else",
            body = ProblemShape,
            content_type = "application/problem+json"
        )
    )
)]
pub(super) async fn json(
    State(app): State<App>,
    Path(path): FilePath,
    form: Result<Query<FileForm>, QueryRejection>,
    user: User,
) -> Result<Response, Problem> {
    file(&app, &user, &path, &asked(form)?).await
}

async fn file(
    app: &App,
    user: &User,
    (tenant_id, things, id): &(String, String, String),
    form: &FileForm,
) -> Result<Response, Problem> {
    let subject = thing(app, tenant_id, kind(things)?, id)?;
    let EvidenceFile { name, bytes } =
        bundles::of_subject(app, user, &subject, form.parts()).await?;
    Ok(attached("application/zip", &name, bytes))
}

/// The trust file (C2SP `tlog-policy`) that names our keys.
pub(super) async fn policy(State(app): State<App>) -> Result<Response, PageProblem> {
    let keys = app.sealing().keys();
    if keys.is_empty() {
        return Err(Problem::not_found().into());
    }
    let logs: String = keys.iter().map(|key| format!("log {key}\n")).collect();
    let text = format!(
        "# Whose signatures count for files of evidence from this marketplace.\n\
         # Believe it only if it reached you another way than the file that it judges.\n\
         {logs}quorum none\n"
    );
    Ok(attached("text/plain; charset=utf-8", "pazar.policy", text))
}

/// The verifier in Python.
pub(super) async fn python() -> Response {
    attached("text/x-python; charset=utf-8", "hos_verify.py", PYTHON_VERIFIER)
}

/// An answer that is kept as a file, and nowhere on the way.
pub(super) fn attached(
    type_: &'static str,
    name: &str,
    body: impl Into<axum::body::Body>,
) -> Response {
    let mut response = body.into().into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(type_));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // A name that is no header's text is left out; browsers find one.
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}
