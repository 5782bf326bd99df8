//! `/api/v1/../payments`, refunds, and the webhook gate.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use hos_core::receipt::Receipt;
use serde::Serialize;

use super::listed::{Asked, Listed, SliceQuery};
use super::{Answer, tenant, thing};
use crate::app::App;
use crate::auth::User;
use crate::domain::events;
use crate::domain::moves::{self, Wish};
use crate::domain::payments::{self, NewPayment, Payment};
use crate::domain::refunds::{self, Refund};
use crate::error::Problem;
use crate::openapi::ReceiptShape;
use crate::request::{Call, Json, Raw, asked, current};
use crate::webhook::{GateError, Headers};

/// Asks for a payment of an order or a booking.
#[utoipa::path(
    post,
    path = "/tenants/{tenant}/payments",
    tag = "payments",
    request_body = NewPayment,
    responses(
        (status = 200, description = "made before, with the same key", body = Answer<PaymentView>),
        (status = 201, description = "made", body = Answer<PaymentView>)
    )
)]
pub(super) async fn open(
    State(app): State<App>,
    Path(tenant_id): Path<String>,
    call: Call,
    Json(new): Json<NewPayment>,
) -> Result<Response, Problem> {
    let (id, receipt) = payments::open(&app, &call, &tenant(&tenant_id)?, &new).await?;
    Ok(answer(&app, &call.user, &tenant_id, &id).await?.opened(receipt))
}

/// One payment.
#[utoipa::path(
    get,
    path = "/tenants/{tenant}/payments/{id}",
    tag = "payments",
    responses((status = 200, description = "it", body = Answer<PaymentView>))
)]
pub(super) async fn show(
    State(app): State<App>,
    Path((tenant_id, id)): Path<(String, String)>,
    user: User,
) -> Result<Json<Answer<PaymentView>>, Problem> {
    Ok(Json(answer(&app, &user, &tenant_id, &id).await?))
}

/// Does an action to a payment.
#[utoipa::path(
    post,
    path = "/tenants/{tenant}/payments/{id}/actions/{action}",
    tag = "payments",
    request_body = Option<Wish>,
    responses((status = 200, description = "done", body = Answer<PaymentView>))
)]
pub(super) async fn act(
    State(app): State<App>,
    Path((tenant_id, id, action)): Path<(String, String, String)>,
    call: Call,
    Json(wish): Json<Wish>,
) -> Result<Json<Answer<PaymentView>>, Problem> {
    let subject = thing(&app, &tenant_id, "payment", &id)?;
    let receipt = moves::act(&app, &call, &subject, &action, &wish).await?;
    Ok(answer(&app, &call.user, &tenant_id, &id).await?.after(receipt))
}

/// A firm's payments.
#[utoipa::path(
    get,
    path = "/tenants/{tenant}/payments",
    tag = "payments",
    params(SliceQuery),
    responses((status = 200, description = "the firm's", body = Vec<Payment>))
)]
pub(super) async fn of_tenant(
    State(app): State<App>,
    Path(tenant_id): Path<String>,
    slice: Asked,
    user: User,
) -> Result<Listed<Payment>, Problem> {
    let tenant = tenant(&tenant_id)?;
    moves::require(&app, &user, "panel.read", &tenant).await?;
    Ok(Listed(payments::of_tenant(&app, &user, &tenant, &asked(slice)?.parse()?).await?))
}

/// Says that the money of a payment went back.
#[utoipa::path(
    post,
    path = "/tenants/{tenant}/refunds/{payment}",
    tag = "payments",
    responses((status = 200, description = "done", body = ReceiptShape))
)]
pub(super) async fn refund(
    State(app): State<App>,
    Path((tenant_id, payment)): Path<(String, String)>,
    call: Call,
) -> Result<Json<Receipt>, Problem> {
    let tenant = tenant(&tenant_id)?;
    Ok(Json(refunds::settle_by_hand(&app, &call, &tenant, &payment).await?))
}

/// What a firm has to give back, and what it gave back.
#[utoipa::path(
    get,
    path = "/tenants/{tenant}/refunds",
    tag = "payments",
    params(SliceQuery),
    responses((status = 200, description = "what is due", body = Vec<Refund>))
)]
pub(super) async fn refunds(
    State(app): State<App>,
    Path(tenant_id): Path<String>,
    slice: Asked,
    user: User,
) -> Result<Listed<Refund>, Problem> {
    let tenant = tenant(&tenant_id)?;
    moves::require(&app, &user, "refund.read", &tenant).await?;
    Ok(Listed(refunds::of_tenant(&app, &user, &tenant, &asked(slice)?.parse()?).await?))
}

/// A payment and where it is paid.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct PaymentView {
    #[serde(flatten)]
    payment: Payment,
    #[serde(skip_serializing_if = "Option::is_none")]
    pay_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iban: Option<String>,
    refund_due: bool,
}

async fn answer(
    app: &App,
    user: &User,
    tenant_id: &str,
    id: &str,
) -> Result<Answer<PaymentView>, Problem> {
    let subject = thing(app, tenant_id, "payment", id)?;
    moves::require_readable(app, user, &subject).await?;
    let payment = payments::find(app.database(), &subject.tenant, id).await?;
    let payment = payment.ok_or_else(Problem::not_found)?;
    let standing = refunds::standing(app.database(), &subject.tenant, id).await?;
    let (pay_url, iban) = (payment.pay_url(), payment.iban());
    let refund_due = standing == refunds::Standing::Due;
    let view = PaymentView { payment, pay_url, iban, refund_due };
    Answer::of(app, Some(user), &subject, view).await
}

/// What a webhook led to.
#[derive(Debug, Serialize)]
pub(super) struct Heard {
    outcome: &'static str,
}

/// The gate: raw bytes, signature, window, then each event once with its effect.
pub(super) async fn webhook(
    State(app): State<App>,
    headers: HeaderMap,
    Raw(body): Raw,
) -> Result<Json<Heard>, Problem> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let headers = Headers {
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp"),
        signature: header("webhook-signature"),
    };
    let id = app.webhook_secret().verify(headers, &body, app.now()).map_err(|error| {
        tracing::warn!(%error, "a webhook was not let in");
        match error {
            GateError::Header(_) => Problem::new("invalid_input", error.to_string()),
            GateError::Forged => Problem::new("unauthenticated", error.to_string()),
            GateError::Stale => Problem::new("invalid_input", error.to_string()),
        }
    })?;
    let outcome = match events::take_in(&app, id, &body, current()).await {
        // The provider tries again later, when the world may be open.
        Err(problem) if problem.code() == "world_closed" => {
            return Err(problem.with_status(StatusCode::SERVICE_UNAVAILABLE));
        }
        outcome => outcome?.answer()?,
    };
    Ok(Json(Heard { outcome }))
}
