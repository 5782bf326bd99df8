//! Everything that is answered over HTTP. Handlers are thin: they parse, ask the domain, show.

mod account;
pub(crate) mod admin;
mod assets;
pub(crate) mod bookings;
pub(crate) mod bundle;
mod buttons;
mod calendar;
mod changes;
mod checkout;
pub(crate) mod checkpoints_page;
pub(crate) mod evidence;
mod law_page;
mod law_words;
mod listed;
mod log_page;
mod office;
pub(crate) mod orders;
mod pages;
mod panel;
pub(crate) mod payments;
pub(crate) mod pictures;
mod shell;
pub(crate) mod shop;
pub(crate) mod views;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post, put};
use hos_core::id::Tenant;
use hos_core::laws::{Policy as _, Query};
use hos_core::receipt::Receipt;
use hos_core::subject::Subject;
use serde::Serialize;
use tower_http::catch_panic::CatchPanicLayer;

use crate::app::App;
use crate::auth::User;
use crate::domain::moves;
use crate::domain::pictures::PICTURE_BYTES_MAX;
use crate::error::Problem;
use crate::request::{BODY_BYTES_MAX, Json, only};
use crate::{guard, language, limits, metrics, openapi};

/// All routes.
pub(crate) fn router(app: App) -> Router {
    Router::new()
        .route("/health", only(get(|| async { "ok" })))
        .route("/ready", only(get(ready)))
        .route("/metrics", only(get(metrics)))
        .route("/webhooks/demo", only(post(payments::webhook)))
        .nest("/api/v1", api())
        .merge(html())
        .fallback(shell::nothing_there)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(CatchPanicLayer::custom(guard::panicked))
        .layer(middleware::from_fn_with_state(app.clone(), limits::keep))
        .layer(middleware::from_fn(language::carry))
        .layer(middleware::from_fn_with_state(app.clone(), guard::guard))
        .with_state(app)
}

fn api() -> Router<App> {
    Router::new()
        .route("/session", only(post(shop::sign_in).get(shop::session).delete(shop::sign_out)))
        .route("/sessions", only(delete(shop::sign_out_everywhere)))
        .route("/openapi.json", only(get(openapi)))
        .route("/world", only(put(shop::set_world)))
        .route("/listings", only(get(shop::published)))
        .route("/search", only(get(shop::search)))
        .route("/admin", only(get(admin::overview)))
        .route("/admin/bans/{target}", only(put(admin::ban).delete(admin::unban)))
        .route("/admin/emergencies", only(post(admin::break_glass)))
        .route("/admin/modes", only(put(admin::set_mode)))
        .route("/admin/erasures", only(post(admin::erase)))
        .route("/orders", only(get(orders::mine)))
        .route("/reservations", only(get(bookings::mine)))
        .route("/tenants", only(post(shop::add_tenant)))
        .route("/tenants/{tenant}/members/{member}", only(put(shop::set_member)))
        .route("/tenants/{tenant}/listings", only(post(shop::open_listing)))
        .route("/tenants/{tenant}/listings/{id}", only(get(shop::listing).put(shop::edit)))
        .route("/tenants/{tenant}/listings/{id}/stock", only(put(shop::set_stock)))
        .route("/tenants/{tenant}/listings/{id}/availability", only(get(bookings::availability)))
        .route(
            "/tenants/{tenant}/listings/{id}/pictures",
            only(post(pictures::add)).layer(DefaultBodyLimit::max(PICTURE_BYTES_MAX)),
        )
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
        .route("/tenants/{tenant}/refunds/{payment}", only(post(payments::refund)))
        .route("/tenants/{tenant}/proofs", only(get(shop::proofs)))
        .route("/tenants/{tenant}/{things}/{id}/evidence", only(get(evidence::json)))
        .route("/tenants/{tenant}/{things}/{id}/evidence/file", only(get(bundle::json)))
        .route("/tenants/{tenant}/checkpoints", only(get(checkpoints_page::json)))
        .fallback(|| async { Problem::not_found() })
}

fn html() -> Router<App> {
    Router::new()
        .route("/assets/pazar.css", only(get(assets::style)))
        .route("/assets/icon.svg", only(get(assets::icon)))
        .route("/assets/category/{file}", only(get(assets::category)))
        .route("/", only(get(pages::browse)))
        .route("/language", only(post(account::set_language)))
        .route("/sign-in", only(get(account::sign_in_form).post(account::sign_in)))
        .route("/sign-out", only(post(account::sign_out)))
        .route("/sign-out-everywhere", only(post(account::sign_out_everywhere)))
        .route("/mine", only(get(account::mine)))
        .route("/t/{tenant}/listings/{id}", only(get(pages::listing)))
        .route("/t/{tenant}/listings/{id}/pictures/{position}", only(get(pictures::show)))
        .route("/drawings/{file}", only(get(pictures::drawing)))
        .route("/t/{tenant}/checkout", only(get(checkout::checkout)))
        .route("/t/{tenant}/orders", only(post(checkout::order)))
        .route("/t/{tenant}/orders/{id}", only(get(account::show_order)))
        .route("/t/{tenant}/reservations", only(post(checkout::book)))
        .route("/t/{tenant}/reservations/{id}", only(get(account::show_reservation)))
        .route("/t/{tenant}/payments", only(post(checkout::pay)))
        .route("/t/{tenant}/{things}/{id}/{action}", only(get(buttons::confirm).post(buttons::act)))
        .route(
            "/demo-provider/{reference}",
            only(get(checkout::provider_form).post(checkout::provider_answer)),
        )
        .merge(desks())
}

/// What is not for customers: the panel of each firm, and the super admin's page.
fn desks() -> Router<App> {
    Router::new()
        .route("/panel", only(get(panel::firms)))
        .route("/panel/{tenant}", only(get(panel::overview)))
        .route("/panel/{tenant}/listings", only(get(panel::listings).post(changes::open)))
        .route("/panel/{tenant}/listings/new", only(get(changes::new_form)))
        .route("/panel/{tenant}/listings/{id}", only(get(changes::edit_form).post(changes::edit)))
        .route("/panel/{tenant}/listings/{id}/stock", only(post(changes::set_stock)))
        .route("/panel/{tenant}/orders", only(get(panel::orders)))
        .route("/panel/{tenant}/reservations", only(get(panel::bookings)))
        .route("/panel/{tenant}/payments", only(get(panel::payments)))
        .route("/panel/{tenant}/refunds", only(get(panel::refunds)))
        .route("/panel/{tenant}/refunds/{payment}", only(post(changes::refund)))
        .route("/panel/{tenant}/staff", only(get(panel::staff).post(changes::set_role)))
        .route("/admin", only(get(office::office)))
        .route("/admin/firms", only(post(office::add_firm)))
        .route("/admin/bans", only(post(office::ban)))
        .route("/admin/unban", only(post(office::unban)))
        .route("/admin/emergencies", only(post(office::break_glass)))
        .route("/admin/modes", only(post(office::set_mode)))
        .route("/admin/world", only(post(office::set_world)))
        .route("/admin/erasures", only(post(office::erase)))
        .route("/admin/checkpoints", only(get(checkpoints_page::of_all)))
        .route("/admin/checkpoints/{size}", only(get(checkpoints_page::note_of_all)))
        .route("/panel/{tenant}/log", only(get(log_page::page)))
        .route("/panel/{tenant}/checkpoints", only(get(checkpoints_page::of_firm)))
        .route("/panel/{tenant}/checkpoints/{size}", only(get(checkpoints_page::note_of_firm)))
        .route("/t/{tenant}/{things}/{id}/evidence", only(get(evidence::page)))
        .route("/t/{tenant}/{things}/{id}/evidence/file", only(get(bundle::page)))
        .route("/pazar.policy", only(get(bundle::policy)))
        .route("/hos_verify.py", only(get(bundle::python)))
        .route("/law", only(get(law_page::page)))
}

/// Ready when the law answers from the file, until it is told to stop.
async fn ready(State(app): State<App>) -> Result<&'static str, Problem> {
    if app.is_stopping() {
        return Err(Problem::new("unavailable", "the server is stopping"));
    }
    let actor = hos_core::actor::Actor::service("pazar")?;
    let query = Query::in_tenant(&actor, "panel.read", app.world(), &Tenant::world());
    app.hos().can(&query).await?;
    Ok("ready")
}

/// What is counted; for whoever runs this machine, not for those whom a proxy lets through.
async fn metrics(State(app): State<App>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let forwarded = ["forwarded", "x-forwarded-for"];
    let direct = !forwarded.iter().any(|name| parts.headers.contains_key(*name));
    let client = limits::client(&app, &parts);
    if !direct || !(client.is_loopback() || client.is_unspecified()) {
        return Problem::not_found().into_response();
    }
    let text = app.metrics().text(app.hos(), app.world());
    ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], text).into_response()
}

/// The description of `/api/v1`.
async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], openapi::text()).into_response()
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
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Answer<T> {
    #[serde(flatten)]
    thing: T,
    revision: u64,
    allowed_actions: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<openapi::ReceiptShape>)]
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
