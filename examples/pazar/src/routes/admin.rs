//! `/api/v1/admin`: the whole marketplace. Who is no super admin is told that there is nothing.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use hos_core::receipt::Receipt;
use serde::Deserialize;

use crate::app::App;
use crate::auth::User;
use crate::domain::admin::{self, Overview, Scope};
use crate::domain::erasures::{self, Wanted};
use crate::error::Problem;
use crate::openapi::ReceiptShape;
use crate::request::{Call, Json, asked};

/// Firms, bans, modes, emergencies.
#[utoipa::path(
    get,
    path = "/admin",
    tag = "admin",
    responses((status = 200, description = "all of it", body = Overview))
)]
pub(super) async fn overview(
    State(app): State<App>,
    user: User,
) -> Result<Json<Overview>, Problem> {
    Ok(Json(admin::overview(&app, &user).await?))
}

/// Why somebody is banned, and where: everywhere when no tenant is named.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewBan {
    #[serde(default)]
    tenant: Option<String>,
    reason: String,
}

/// Bans somebody.
#[utoipa::path(
    put,
    path = "/admin/bans/{target}",
    tag = "admin",
    request_body = NewBan,
    responses((status = 200, description = "done", body = ReceiptShape))
)]
pub(super) async fn ban(
    State(app): State<App>,
    Path(target): Path<String>,
    call: Call,
    Json(NewBan { tenant, reason }): Json<NewBan>,
) -> Result<Json<Receipt>, Problem> {
    Ok(Json(admin::ban(&app, &call, &Scope { tenant }, &target, &reason).await?))
}

/// Takes somebody off the ban list.
#[utoipa::path(
    delete,
    path = "/admin/bans/{target}",
    tag = "admin",
    params(Scope),
    responses((status = 200, description = "done", body = ReceiptShape))
)]
pub(super) async fn unban(
    State(app): State<App>,
    Path(target): Path<String>,
    call: Call,
    scope: Result<Query<Scope>, QueryRejection>,
) -> Result<Json<Receipt>, Problem> {
    Ok(Json(admin::unban(&app, &call, &asked(scope)?, &target).await?))
}

/// An emergency.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewEmergency {
    #[serde(default)]
    tenant: Option<String>,
    reason: String,
    hours: u64,
}

/// The caller takes every ability for some hours.
#[utoipa::path(
    post,
    path = "/admin/emergencies",
    tag = "admin",
    request_body = NewEmergency,
    responses((status = 200, description = "done", body = ReceiptShape))
)]
pub(super) async fn break_glass(
    State(app): State<App>,
    call: Call,
    Json(NewEmergency { tenant, reason, hours }): Json<NewEmergency>,
) -> Result<Json<Receipt>, Problem> {
    Ok(Json(admin::break_glass(&app, &call, &Scope { tenant }, &reason, hours).await?))
}

/// A mode of one ability or of all, in a tenant or everywhere; no mode clears it.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewMode {
    #[serde(default)]
    tenant: Option<String>,
    #[serde(default)]
    ability: Option<String>,
    #[serde(default)]
    mode: Option<String>,
}

/// Sets or clears a mode.
#[utoipa::path(
    put,
    path = "/admin/modes",
    tag = "admin",
    request_body = NewMode,
    responses((status = 200, description = "done", body = ReceiptShape))
)]
pub(super) async fn set_mode(
    State(app): State<App>,
    call: Call,
    Json(NewMode { tenant, ability, mode }): Json<NewMode>,
) -> Result<Json<Receipt>, Problem> {
    let (ability, mode) = (ability.as_deref(), mode.as_deref());
    Ok(Json(admin::set_mode(&app, &call, &Scope { tenant }, ability, mode).await?))
}

/// Whom to erase: in one firm, or everywhere when no tenant is named.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewErasure {
    /// An account's id.
    target: String,
    #[serde(default)]
    tenant: Option<String>,
    /// `consent_withdrawn`, `purpose_ended` or `court_order`.
    basis: String,
    /// `subject` or `authority`.
    requester: String,
}

/// Erases a person: every personal part of the log that is about them, and, everywhere, the
/// account.
#[utoipa::path(
    post,
    path = "/admin/erasures",
    tag = "admin",
    request_body = NewErasure,
    responses((status = 200, description = "an entry for each firm", body = Vec<ReceiptShape>))
)]
pub(super) async fn erase(
    State(app): State<App>,
    call: Call,
    Json(NewErasure { target, tenant, basis, requester }): Json<NewErasure>,
) -> Result<Json<Vec<Receipt>>, Problem> {
    let wanted = Wanted { target: &target, basis: &basis, requester: &requester };
    Ok(Json(erasures::erase(&app, &call, &Scope { tenant }, &wanted).await?))
}
