//! `/api/v1/../orders`

use axum::extract::{Path, State};
use axum::response::Response;

use super::listed::{Asked, Listed, SliceQuery};
use super::{Answer, tenant, thing};
use crate::app::App;
use crate::auth::User;
use crate::domain::moves::{self, Wish};
use crate::domain::orders::{self, NewOrder, Order};
use crate::error::Problem;
use crate::request::{Call, Json, asked};

/// Buys: opens an order and takes its pieces out of stock.
#[utoipa::path(
    post,
    path = "/tenants/{tenant}/orders",
    tag = "orders",
    request_body = NewOrder,
    responses(
        (status = 200, description = "made before, with the same key", body = Answer<Order>),
        (status = 201, description = "made", body = Answer<Order>)
    )
)]
pub(super) async fn open(
    State(app): State<App>,
    Path(tenant_id): Path<String>,
    call: Call,
    Json(new): Json<NewOrder>,
) -> Result<Response, Problem> {
    let (id, receipt) = orders::open(&app, &call, &tenant(&tenant_id)?, &new).await?;
    Ok(answer(&app, &call.user, &tenant_id, &id).await?.opened(receipt))
}

/// One order.
#[utoipa::path(
    get,
    path = "/tenants/{tenant}/orders/{id}",
    tag = "orders",
    responses((status = 200, description = "it", body = Answer<Order>))
)]
pub(super) async fn show(
    State(app): State<App>,
    Path((tenant_id, id)): Path<(String, String)>,
    user: User,
) -> Result<Json<Answer<Order>>, Problem> {
    Ok(Json(answer(&app, &user, &tenant_id, &id).await?))
}

/// Does an action to an order.
#[utoipa::path(
    post,
    path = "/tenants/{tenant}/orders/{id}/actions/{action}",
    tag = "orders",
    request_body = Option<Wish>,
    responses((status = 200, description = "done", body = Answer<Order>))
)]
pub(super) async fn act(
    State(app): State<App>,
    Path((tenant_id, id, action)): Path<(String, String, String)>,
    call: Call,
    Json(wish): Json<Wish>,
) -> Result<Json<Answer<Order>>, Problem> {
    let subject = thing(&app, &tenant_id, "order", &id)?;
    let receipt = moves::act(&app, &call, &subject, &action, &wish).await?;
    Ok(answer(&app, &call.user, &tenant_id, &id).await?.after(receipt))
}

/// The caller's own orders, in every firm.
#[utoipa::path(
    get,
    path = "/orders",
    tag = "orders",
    params(SliceQuery),
    responses((status = 200, description = "the caller's", body = Vec<Order>))
)]
pub(super) async fn mine(
    State(app): State<App>,
    slice: Asked,
    user: User,
) -> Result<Listed<Order>, Problem> {
    Ok(Listed(orders::of_customer(&app, &user, &asked(slice)?.parse()?).await?))
}

/// A firm's orders.
#[utoipa::path(
    get,
    path = "/tenants/{tenant}/orders",
    tag = "orders",
    params(SliceQuery),
    responses((status = 200, description = "the firm's", body = Vec<Order>))
)]
pub(super) async fn of_tenant(
    State(app): State<App>,
    Path(tenant_id): Path<String>,
    slice: Asked,
    user: User,
) -> Result<Listed<Order>, Problem> {
    let tenant = tenant(&tenant_id)?;
    moves::require(&app, &user, "panel.read", &tenant).await?;
    Ok(Listed(orders::of_tenant(&app, &user, &tenant, &asked(slice)?.parse()?).await?))
}

async fn answer(
    app: &App,
    user: &User,
    tenant_id: &str,
    id: &str,
) -> Result<Answer<Order>, Problem> {
    let subject = thing(app, tenant_id, "order", id)?;
    moves::require_readable(app, user, &subject).await?;
    let order = orders::find(app.database(), &subject.tenant, id).await?;
    Answer::of(app, Some(user), &subject, order.ok_or_else(Problem::not_found)?).await
}
