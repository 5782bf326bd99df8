//! `/api/v1/../reservations`

use axum::extract::{Path, State};
use axum::response::Response;

use super::{Answer, reading, tenant, thing};
use crate::app::App;
use crate::auth::User;
use crate::domain::moves::{self, Wish};
use crate::domain::reservations::{self, NewReservation, Reservation};
use crate::error::Problem;
use crate::request::{Call, Json};

/// Books: opens a reservation, which holds its slot.
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
pub(super) async fn show(
    State(app): State<App>,
    Path((tenant_id, id)): Path<(String, String)>,
    user: User,
) -> Result<Json<Answer<Reservation>>, Problem> {
    Ok(Json(answer(&app, &user, &tenant_id, &id).await?))
}

/// Does an action to a reservation.
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
pub(super) async fn mine(
    State(app): State<App>,
    user: User,
) -> Result<Json<Vec<Reservation>>, Problem> {
    Ok(Json(reservations::of_customer(&app, &user.id).await?))
}

/// A firm's reservations.
pub(super) async fn of_tenant(
    State(app): State<App>,
    Path(tenant_id): Path<String>,
    user: User,
) -> Result<Json<Vec<Reservation>>, Problem> {
    let tenant = tenant(&tenant_id)?;
    moves::require(&app, &user, "panel.read", &tenant).await?;
    Ok(Json(reservations::of_tenant(&app, &tenant).await?))
}

async fn answer(
    app: &App,
    user: &User,
    tenant_id: &str,
    id: &str,
) -> Result<Answer<Reservation>, Problem> {
    let subject = thing(app, tenant_id, "reservation", id)?;
    moves::require_readable(app, user, &subject).await?;
    let reservation = reservations::find(&mut *reading(app).await?, &subject.tenant, id).await?;
    Answer::of(app, Some(user), &subject, reservation.ok_or_else(Problem::not_found)?).await
}
