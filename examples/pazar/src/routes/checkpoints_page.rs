//! Checkpoints for auditors: those of a firm's log, and those of the log over all logs.

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use hos_core::id::Tenant;
use hos_core::seal::LogName;
use serde::{Deserialize, Serialize};

use super::bundle::attached;
use super::tenant;
use super::views::{Page, PageProblem, Shell, signed_in};
use crate::app::App;
use crate::auth::{User, Visitor};
use crate::domain::checkpoints::{self, CheckpointPage, Growth, Judged, Signing};
use crate::domain::{moves, tenants};
use crate::error::Problem;
use crate::request::{Json, asked};

/// Below which size.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Before {
    before: Option<u64>,
}

type Asked = Result<Query<Before>, QueryRejection>;

/// The checkpoints of a firm's log, for whoever audits the firm.
pub(super) async fn of_firm(
    State(app): State<App>,
    Path(tenant_id): Path<String>,
    query: Asked,
    visitor: Visitor,
) -> Result<Page<CheckpointsPage>, PageProblem> {
    let user = signed_in(visitor)?;
    let log = firm_log(&app, &user, &tenant_id).await?;
    let firm = tenants::find(&app, &tenant(&tenant_id)?).await?.ok_or_else(Problem::not_found)?;
    let listed = checkpoints::page(&app, &log, asked(query)?.before).await?;
    let path = format!("/panel/{tenant_id}/checkpoints");
    let back = (format!("/panel/{tenant_id}/log"), firm.name);
    Ok(shown(&app, &user, path, back, listed))
}

/// The checkpoints of the log over all logs, for the super admin.
pub(super) async fn of_all(
    State(app): State<App>,
    query: Asked,
    visitor: Visitor,
) -> Result<Page<CheckpointsPage>, PageProblem> {
    let user = signed_in(visitor)?;
    moves::require(&app, &user, "world.read", &Tenant::world()).await?;
    let listed = checkpoints::page(&app, &LogName::Deployment, asked(query)?.before).await?;
    let back = ("/admin".to_owned(), Shell::keyed("nav-admin", Some(&user)).title);
    Ok(shown(&app, &user, "/admin/checkpoints".to_owned(), back, listed))
}

/// One of them as it was signed.
pub(super) async fn note_of_firm(
    State(app): State<App>,
    Path((tenant_id, size)): Path<(String, u64)>,
    visitor: Visitor,
) -> Result<Response, PageProblem> {
    let user = signed_in(visitor)?;
    let log = firm_log(&app, &user, &tenant_id).await?;
    let note = checkpoints::note(&app, &log, size).await?;
    Ok(attached(NOTE, &note_name(&tenant_id, size), note))
}

/// One of the log over all logs as it was signed.
pub(super) async fn note_of_all(
    State(app): State<App>,
    Path(size): Path<u64>,
    visitor: Visitor,
) -> Result<Response, PageProblem> {
    let user = signed_in(visitor)?;
    moves::require(&app, &user, "world.read", &Tenant::world()).await?;
    let note = checkpoints::note(&app, &LogName::Deployment, size).await?;
    Ok(attached(NOTE, &note_name("deployment", size), note))
}

/// The checkpoints of a firm's log, the latest first, each judged now.
#[utoipa::path(
    get,
    path = "/tenants/{tenant}/checkpoints",
    tag = "evidence",
    params(Before),
    responses((status = 200, description = "a page of them", body = CheckpointsView))
)]
pub(super) async fn json(
    State(app): State<App>,
    Path(tenant_id): Path<String>,
    query: Asked,
    user: User,
) -> Result<Json<CheckpointsView>, Problem> {
    let log = firm_log(&app, &user, &tenant_id).await?;
    let listed = checkpoints::page(&app, &log, asked(query)?.before).await?;
    let view = |row: &Judged| CheckpointView {
        size: row.size,
        root: row.root.clone(),
        sealed_at: row.sealed_at.to_string(),
        signed: signing_code(row.signing),
        signers: row.signers.clone(),
        growth: growth_code(row.growth),
        anchor: row.anchor,
        attesters: row.attesters.clone(),
    };
    Ok(Json(CheckpointsView {
        origin: listed.origin,
        size: listed.size,
        checkpoints: listed.rows.iter().map(view).collect(),
        before: listed.next,
    }))
}

const NOTE: &str = "text/plain; charset=utf-8";

fn note_name(log: &str, size: u64) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    let log: String = log.chars().take(64).map(safe).collect();
    format!("pazar-{log}-{size}.checkpoint")
}

async fn firm_log(app: &App, user: &User, tenant_id: &str) -> Result<LogName, Problem> {
    let tenant = tenant(tenant_id)?;
    moves::require(app, user, "audit.read", &tenant).await?;
    Ok(LogName::of(app.world(), &tenant))
}

fn signing_code(signing: Signing) -> &'static str {
    match signing {
        Signing::Ours => "ours",
        Signing::Wrong => "wrong",
        Signing::Unchecked => "unchecked",
    }
}

fn growth_code(growth: Growth) -> &'static str {
    match growth {
        Growth::First => "first",
        Growth::Consistent => "consistent",
        Growth::Broken => "broken",
    }
}

fn shown(
    app: &App,
    user: &User,
    path: String,
    back: (String, String),
    listed: CheckpointPage,
) -> Page<CheckpointsPage> {
    let shell = Shell::keyed("checkpoints-title", Some(user));
    let row = |row: &Judged| CheckpointRow {
        size: row.size,
        root: row.root.clone().unwrap_or_default(),
        when: shell.time(&row.sealed_at.as_micros()),
        signing: (
            mark(row.signing != Signing::Wrong),
            shell.word("signing", signing_code(row.signing)),
        ),
        signers: row.signers.join(", "),
        growth: (mark(row.growth != Growth::Broken), shell.word("growth", growth_code(row.growth))),
        anchor: row.anchor,
        attesters: row.attesters.join(", "),
        is_bad: row.growth == Growth::Broken || row.signing == Signing::Wrong,
    };
    let rows: Vec<CheckpointRow> = listed.rows.iter().map(row).collect();
    Page(CheckpointsPage {
        bad: rows.iter().filter(|row| row.is_bad).count(),
        is_deployment: path == "/admin/checkpoints",
        keys: app.sealing().keys().iter().map(ToString::to_string).collect(),
        origin: listed.origin,
        size: listed.size,
        next: listed.next,
        rows,
        path,
        back,
        shell,
    })
}

fn mark(is_good: bool) -> &'static str {
    if is_good { "✓" } else { "✗" }
}

/// One checkpoint, as the page shows it.
#[derive(Debug)]
pub(super) struct CheckpointRow {
    size: u64,
    root: String,
    when: String,
    signing: (&'static str, String),
    signers: String,
    growth: (&'static str, String),
    anchor: Option<u64>,
    attesters: String,
    is_bad: bool,
}

/// The checkpoints of a log.
#[derive(Debug, Template)]
#[template(path = "checkpoints.html")]
pub(super) struct CheckpointsPage {
    shell: Shell,
    path: String,
    /// Where the reader came from, and what that is called.
    back: (String, String),
    origin: String,
    size: u64,
    keys: Vec<String>,
    rows: Vec<CheckpointRow>,
    bad: usize,
    next: Option<u64>,
    is_deployment: bool,
}

/// The checkpoints of a log, the latest first.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct CheckpointsView {
    origin: String,
    /// How many entries the log has.
    size: u64,
    checkpoints: Vec<CheckpointView>,
    /// Where the next page goes on, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<u64>,
}

/// A checkpoint, judged when it was asked for.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct CheckpointView {
    size: u64,
    /// Hexadecimal; left out where the note cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    root: Option<String>,
    #[schema(format = DateTime)]
    sealed_at: String,
    /// `ours`, `wrong`, or `unchecked` where there is no key to check with.
    signed: &'static str,
    signers: Vec<String>,
    /// `consistent` with the one before, `first` of the log, or `broken`.
    growth: &'static str,
    /// Its place in the deployment's log.
    #[serde(skip_serializing_if = "Option::is_none")]
    anchor: Option<u64>,
    attesters: Vec<String>,
}
