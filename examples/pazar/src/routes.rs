//! Everything that is answered over HTTP. Handlers are thin: they parse, ask the domain, show.

mod bookings;
mod orders;
mod pages;
mod panel;
mod payments;
mod shop;
pub(crate) mod views;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use hos_core::id::Tenant;
use hos_core::laws::{Policy as _, Query};
use hos_core::receipt::Receipt;
use hos_core::subject::Subject;
use serde::Serialize;

use crate::app::App;
use crate::auth::User;
use crate::domain::moves;
use crate::error::Problem;
use crate::request::{self, BODY_BYTES_MAX, Json, only};

/// All routes.
pub(crate) fn router(app: App) -> Router {
    Router::new()
        .route("/health", only(get(|| async { "ok" })))
        .route("/ready", only(get(ready)))
        .route("/webhooks/demo", only(post(payments::webhook)))
        .nest("/api/v1", api())
        .merge(html())
        .fallback(|| async { Problem::not_found() })
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(middleware::from_fn(request::guard))
        .with_state(app)
}

fn api() -> Router<App> {
    Router::new()
        .route("/session", only(post(shop::sign_in).get(shop::session).delete(shop::sign_out)))
        .route("/world", only(put(shop::set_world)))
        .route("/listings", only(get(shop::published)))
        .route("/orders", only(get(orders::mine)))
        .route("/reservations", only(get(bookings::mine)))
        .route("/tenants", only(post(shop::add_tenant)))
        .route("/tenants/{tenant}/members/{member}", only(put(shop::set_member)))
        .route("/tenants/{tenant}/listings", only(post(shop::open_listing)))
        .route("/tenants/{tenant}/listings/{id}", only(get(shop::listing)))
        .route("/tenants/{tenant}/listings/{id}/actions/{action}", only(post(shop::act)))
        .route("/tenants/{tenant}/orders", only(post(orders::open).get(orders::of_tenant)))
        .route("/tenants/{tenant}/orders/{id}", only(get(orders::show)))
        .route("/tenants/{tenant}/orders/{id}/actions/{action}", only(post(orders::act)))
        .route(
            "/tenants/{tenant}/reservations",
            only(post(bookings::open).get(bookings::of_tenant)),
        )
        .route("/tenants/{tenant}/reservations/{id}", only(get(bookings::show)))
        .route("/tenants/{tenant}/reservations/{id}/actions/{action}", only(post(bookings::act)))
        .route("/tenants/{tenant}/payments", only(post(payments::open).get(payments::of_tenant)))
        .route("/tenants/{tenant}/payments/{id}", only(get(payments::show)))
        .route("/tenants/{tenant}/payments/{id}/actions/{action}", only(post(payments::act)))
        .route("/tenants/{tenant}/refunds", only(get(payments::refunds)))
        .route("/tenants/{tenant}/proofs", only(get(shop::proofs)))
        .fallback(|| async { Problem::not_found() })
}

fn html() -> Router<App> {
    Router::new()
        .route("/", only(get(pages::browse)))
        .route("/sign-in", only(get(pages::sign_in_form).post(pages::sign_in)))
        .route("/sign-out", only(post(pages::sign_out)))
        .route("/mine", only(get(pages::mine)))
        .route("/t/{tenant}/listings", only(post(panel::open_listing)))
        .route("/t/{tenant}/listings/{id}", only(get(pages::listing)))
        .route("/t/{tenant}/orders", only(post(pages::order)))
        .route("/t/{tenant}/orders/{id}", only(get(pages::show_order)))
        .route("/t/{tenant}/reservations", only(post(pages::book)))
        .route("/t/{tenant}/reservations/{id}", only(get(pages::show_reservation)))
        .route("/t/{tenant}/payments", only(post(pages::pay)))
        .route("/t/{tenant}/{things}/{id}/{action}", only(post(pages::act)))
        .route(
            "/demo-provider/{reference}",
            only(get(pages::provider_form).post(pages::provider_answer)),
        )
        .route("/panel", only(get(panel::firms)))
        .route("/panel/{tenant}", only(get(panel::firm)))
}

/// Ready when the law answers from the file.
async fn ready(State(app): State<App>) -> Result<&'static str, Problem> {
    let actor = hos_core::actor::Actor::service("pazar")?;
    let query = Query::in_tenant(&actor, "panel.read", app.world(), &Tenant::world());
    app.hos().can(&query).await?;
    Ok("ready")
}

/// A tenant from the path. What is no tenant's name is no tenant.
fn tenant(text: &str) -> Result<Tenant, Problem> {
    Tenant::new(text).map_err(|_| Problem::not_found())
}

/// A thing from the path.
fn thing(app: &App, tenant_id: &str, kind: &str, id: &str) -> Result<Subject, Problem> {
    app.subject(&tenant(tenant_id)?, kind, id).map_err(|_| Problem::not_found())
}

/// A thing with what may be done to it, and with what was just done.
#[derive(Debug, Serialize)]
struct Answer<T> {
    #[serde(flatten)]
    thing: T,
    revision: u64,
    allowed_actions: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<Receipt>,
}

impl<T> Answer<T> {
    async fn of(
        app: &App,
        user: Option<&User>,
        subject: &Subject,
        thing: T,
    ) -> Result<Self, Problem> {
        let allowed_actions = moves::allowed(app, user, subject).await?;
        let revision = moves::revision(app, subject).await?;
        Ok(Self { thing, revision, allowed_actions, receipt: None })
    }

    /// 201 for what was just opened, 200 for a replay.
    fn opened(self, receipt: Receipt) -> Response
    where
        T: Serialize,
    {
        let status = if receipt.replayed { StatusCode::OK } else { StatusCode::CREATED };
        (status, Json(Self { receipt: Some(receipt), ..self })).into_response()
    }

    fn after(self, receipt: Receipt) -> Json<Self> {
        Json(Self { receipt: Some(receipt), ..self })
    }
}

/// A connection that reads what was committed.
async fn reading(app: &App) -> Result<sqlx::pool::PoolConnection<sqlx::Sqlite>, Problem> {
    Ok(app.reader().acquire().await?)
}
