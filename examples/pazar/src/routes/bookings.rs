//! `/api/v1/../reservations`

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use hos_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::listed::{Asked, Listed, SliceQuery};
use super::{Answer, shop, tenant, thing};
use crate::app::App;
use crate::auth::{User, Visitor};
use crate::domain::moves::{self, Wish};
use crate::domain::reservations::{self, NewReservation, Reservation};
use crate::error::Problem;
use crate::request::{Call, Json, asked};

/// Books: opens a reservation, which holds its slot.
#[utoipa::path(
    post,
    path = "/tenants/{tenant}/reservations",
    tag = "reservations",
    request_body = NewReservation,
    responses(
        (status = 200, description = "made before, with the same key", body = Answer<Reservation>),
        (status = 201, description = "made", body = Answer<Reservation>)
    )
)]
pub(super) async fn open(
    State(app): State<App>,
    Path(tenant_id): Path<String>,
    call: Call,
    Json(new): Json<NewReservation>,
) -> Result<Response, Problem> {
    let (id, receipt) = reservations::open(&app, &call, &tenant(&tenant_id)?, &new).await?;
    Ok(answer(&app, &call.user, &tenant_id, &id).await?.opened(receipt))
}

/// One reservation.
#[utoipa::path(
    get,
    path = "/tenants/{tenant}/reservations/{id}",
    tag = "reservations",
    responses((status = 200, description = "it", body = Answer<Reservation>))
)]
pub(super) async fn show(
    State(app): State<App>,
    Path((tenant_id, id)): Path<(String, String)>,
    user: User,
) -> Result<Json<Answer<Reservation>>, Problem> {
    Ok(Json(answer(&app, &user, &tenant_id, &id).await?))
}

/// Does an action to a reservation.
#[utoipa::path(
    post,
    path = "/tenants/{tenant}/reservations/{id}/actions/{action}",
    tag = "reservations",
    request_body = Option<Wish>,
    responses((status = 200, description = "done", body = Answer<Reservation>))
)]
pub(super) async fn act(
    State(app): State<App>,
    Path((tenant_id, id, action)): Path<(String, String, String)>,
    call: Call,
    Json(wish): Json<Wish>,
) -> Result<Json<Answer<Reservation>>, Problem> {
    let subject = thing(&app, &tenant_id, "reservation", &id)?;
    let receipt = moves::act(&app, &call, &subject, &action, &wish).await?;
    Ok(answer(&app, &call.user, &tenant_id, &id).await?.after(receipt))
}

/// The caller's own reservations, in every firm.
#[utoipa::path(
    get,
    path = "/reservations",
    tag = "reservations",
    params(SliceQuery),
    responses((status = 200, description = "the caller's", body = Vec<Reservation>))
)]
pub(super) async fn mine(
    State(app): State<App>,
    slice: Asked,
    user: User,
) -> Result<Listed<Reservation>, Problem> {
    Ok(Listed(reservations::of_customer(&app, &user, &asked(slice)?.parse()?).await?))
}

/// A firm's reservations.
#[utoipa::path(
    get,
    path = "/tenants/{tenant}/reservations",
    tag = "reservations",
    params(SliceQuery),
    responses((status = 200, description = "the firm's", body = Vec<Reservation>))
)]
pub(super) async fn of_tenant(
    State(app): State<App>,
    Path(tenant_id): Path<String>,
    slice: Asked,
    user: User,
) -> Result<Listed<Reservation>, Problem> {
    let tenant = tenant(&tenant_id)?;
    moves::require(&app, &user, "panel.read", &tenant).await?;
    Ok(Listed(reservations::of_tenant(&app, &user, &tenant, &asked(slice)?.parse()?).await?))
}

/// Between which moments.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Between {
    #[param(value_type = String, format = DateTime)]
    from: Timestamp,
    #[param(value_type = String, format = DateTime)]
    to: Timestamp,
}

/// A range of time that is taken; by whom, it does not say.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Taken {
    #[schema(value_type = String, format = DateTime)]
    starts: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    ends: Timestamp,
}

/// What of a listing's time is taken.
#[utoipa::path(
    get,
    path = "/tenants/{tenant}/listings/{id}/availability",
    tag = "listings",
    params(Between),
    responses((status = 200, description = "in order", body = Vec<Taken>))
)]
pub(super) async fn availability(
    State(app): State<App>,
    Path((tenant_id, id)): Path<(String, String)>,
    between: Result<Query<Between>, QueryRejection>,
    Visitor(user): Visitor,
) -> Result<Json<Vec<Taken>>, Problem> {
    let between = asked(between)?;
    let listing = shop::answer(&app, user.as_ref(), &tenant_id, &id).await?.thing;
    let tenant = tenant(&tenant_id)?;
    let taken = reservations::taken(&app, &tenant, &listing.id, between.from, between.to).await?;
    Ok(Json(taken.into_iter().map(|(starts, ends)| Taken { starts, ends }).collect()))
}

async fn answer(
    app: &App,
    user: &User,
    tenant_id: &str,
    id: &str,
) -> Result<Answer<Reservation>, Problem> {
    let subject = thing(app, tenant_id, "reservation", id)?;
    moves::require_readable(app, user, &subject).await?;
    let reservation = reservations::find(app.database(), &subject.tenant, id).await?;
    Answer::of(app, Some(user), &subject, reservation.ok_or_else(Problem::not_found)?).await
}
