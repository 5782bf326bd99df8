//! The shop's pages: browse, buy, book, pay, and what became of it.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use hos_core::time::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::views::{
    BrowsePage, ListingPage, MinePage, Page, PageProblem, ProviderPage, Row, Shell, SignInPage,
    Thing, ThingPage, buttons, signed_in,
};
use super::{reading, shop, tenant, thing};
use crate::app::App;
use crate::auth::{self, User, Visitor};
use crate::domain::moves::{self, Wish};
use crate::domain::orders::{self, NewOrder};
use crate::domain::payments::{self, CURRENCY, NewPayment, PROVIDER, Payment};
use crate::domain::reservations::{self, NewReservation};
use crate::domain::{listings, tenants};
use crate::error::Problem;
use crate::request::{Call, Fields, random_hex};

type PageResult<T> = Result<T, PageProblem>;

/// Everything on offer.
pub(super) async fn browse(
    State(app): State<App>,
    Visitor(user): Visitor,
) -> PageResult<Page<BrowsePage>> {
    let listings = listings::published(&app).await?;
    Ok(Page(BrowsePage { shell: Shell::new("On offer", user.as_ref()), listings }))
}

/// One listing, with the form that buys or books.
pub(super) async fn listing(
    State(app): State<App>,
    Path((tenant_id, id)): Path<(String, String)>,
    Visitor(user): Visitor,
) -> PageResult<Page<ListingPage>> {
    let user = user.as_ref();
    let found = shop::answer(&app, user, &tenant_id, &id).await?.thing;
    let buttons = buttons(&app, user, &tenant_id, "listing", &id).await?;
    Ok(Page(ListingPage {
        shell: Shell::new(found.title.clone(), user),
        row: Row { thing: found, buttons },
        signed_in: user.is_some(),
        key: random_hex(16),
    }))
}

/// The form that buys.
#[derive(Debug, Deserialize)]
pub(super) struct OrderForm {
    key: String,
    listing: String,
    quantity: i64,
}

/// Buys.
pub(super) async fn order(
    State(app): State<App>,
    Path(tenant_id): Path<String>,
    visitor: Visitor,
    Fields(form): Fields<OrderForm>,
) -> PageResult<Redirect> {
    let call = Call::new(signed_in(visitor)?, &form.key)?;
    let new = NewOrder { listing: form.listing, quantity: form.quantity };
    let (id, _) = orders::open(&app, &call, &tenant(&tenant_id)?, &new).await?;
    Ok(Redirect::to(&format!("/t/{tenant_id}/orders/{id}")))
}

/// The form that books; times are UTC, as `datetime-local` writes them.
#[derive(Debug, Deserialize)]
pub(super) struct BookForm {
    key: String,
    listing: String,
    party_size: i64,
    starts: String,
    ends: String,
}

/// Books.
pub(super) async fn book(
    State(app): State<App>,
    Path(tenant_id): Path<String>,
    visitor: Visitor,
    Fields(form): Fields<BookForm>,
) -> PageResult<Redirect> {
    let call = Call::new(signed_in(visitor)?, &form.key)?;
    let new = NewReservation {
        listing: form.listing,
        party_size: form.party_size,
        starts: local_time(&form.starts)?,
        ends: local_time(&form.ends)?,
    };
    let (id, _) = reservations::open(&app, &call, &tenant(&tenant_id)?, &new).await?;
    Ok(Redirect::to(&format!("/t/{tenant_id}/reservations/{id}")))
}

/// `2026-12-01T14:00`, with or without seconds.
fn local_time(text: &str) -> Result<Timestamp, Problem> {
    let seconds = if text.len() == "2026-12-01T14:00".len() { ":00" } else { "" };
    Timestamp::parse(&format!("{text}{seconds}Z"))
        .ok_or_else(|| Problem::new("invalid_input", "the time is not a date and a time"))
}

/// One order.
pub(super) async fn show_order(
    State(app): State<App>,
    Path((tenant_id, id)): Path<(String, String)>,
    visitor: Visitor,
) -> PageResult<Page<ThingPage>> {
    let user = signed_in(visitor)?;
    let subject = thing(&app, &tenant_id, "order", &id)?;
    moves::require_readable(&app, &user, &subject).await?;
    let order = orders::find(&mut *reading(&app).await?, &subject.tenant, &id).await?;
    let order = order.ok_or_else(Problem::not_found)?;
    let mine = order.customer == user.id;
    show(&app, &user, Thing::order(&order), mine).await
}

/// One booking.
pub(super) async fn show_reservation(
    State(app): State<App>,
    Path((tenant_id, id)): Path<(String, String)>,
    visitor: Visitor,
) -> PageResult<Page<ThingPage>> {
    let user = signed_in(visitor)?;
    let subject = thing(&app, &tenant_id, "reservation", &id)?;
    moves::require_readable(&app, &user, &subject).await?;
    let found = reservations::find(&mut *reading(&app).await?, &subject.tenant, &id).await?;
    let reservation = found.ok_or_else(Problem::not_found)?;
    let mine = reservation.customer == user.id;
    show(&app, &user, Thing::reservation(&reservation), mine).await
}

async fn show(app: &App, user: &User, found: Thing, mine: bool) -> PageResult<Page<ThingPage>> {
    let of = tenant(&found.tenant)?;
    let rows = payments::of_payable(&mut *reading(app).await?, &of, found.kind, &found.id).await?;
    let mut payments = Vec::with_capacity(rows.len());
    for payment in rows {
        let some = Some(user);
        let buttons = buttons(app, some, &payment.tenant, "payment", &payment.id).await?;
        payments.push(Row { thing: payment, buttons });
    }
    let live = |row: &Row<Payment>| matches!(row.thing.status.as_str(), "pending" | "paid");
    let payable = found.payable && mine && !payments.iter().any(live);
    let buttons = buttons(app, Some(user), &found.tenant, found.kind, &found.id).await?;
    Ok(Page(ThingPage {
        shell: Shell::new(found.title.clone(), Some(user)),
        row: Row { thing: Thing { payable, ..found }, buttons },
        payments,
        mine,
        key: random_hex(16),
    }))
}

/// The user's own orders and bookings.
pub(super) async fn mine(State(app): State<App>, visitor: Visitor) -> PageResult<Page<MinePage>> {
    let user = signed_in(visitor)?;
    let orders = orders::of_customer(&app, &user.id).await?;
    let bookings = reservations::of_customer(&app, &user.id).await?;
    let bookings = bookings.iter().map(Thing::reservation);
    let things = orders.iter().map(Thing::order).chain(bookings).collect();
    Ok(Page(MinePage { shell: Shell::new("My orders and bookings", Some(&user)), things }))
}

/// Any button of any thing.
#[derive(Debug, Deserialize)]
pub(super) struct ActForm {
    key: String,
    #[serde(default)]
    back: String,
}

/// Does an action.
pub(super) async fn act(
    State(app): State<App>,
    Path((tenant_id, things, id, action)): Path<(String, String, String, String)>,
    visitor: Visitor,
    Fields(form): Fields<ActForm>,
) -> PageResult<Redirect> {
    let call = Call::new(signed_in(visitor)?, &form.key)?;
    let kind = match things.as_str() {
        "listings" => "listing",
        "orders" => "order",
        "reservations" => "reservation",
        "payments" => "payment",
        _ => return Err(Problem::not_found().into()),
    };
    let subject = thing(&app, &tenant_id, kind, &id)?;
    moves::act(&app, &call, &subject, &action, &Wish::default()).await?;
    // Only to a page of our own.
    let own = form.back.starts_with('/') && !form.back.starts_with("//");
    let back = own && !form.back.contains('\\');
    Ok(Redirect::to(if back { &form.back } else { "/mine" }))
}

/// The form that starts a payment.
#[derive(Debug, Deserialize)]
pub(super) struct PayForm {
    key: String,
    payable_kind: String,
    payable: String,
}

/// Asks for a payment and goes to the provider's page.
pub(super) async fn pay(
    State(app): State<App>,
    Path(tenant_id): Path<String>,
    visitor: Visitor,
    Fields(form): Fields<PayForm>,
) -> PageResult<Redirect> {
    let call = Call::new(signed_in(visitor)?, &form.key)?;
    let tenant = tenant(&tenant_id)?;
    let new = NewPayment { payable_kind: form.payable_kind, payable: form.payable };
    let (id, _) = payments::open(&app, &call, &tenant, &new).await?;
    let payment = payments::find(&mut *reading(&app).await?, &tenant, &id).await?;
    let payment = payment.ok_or_else(Problem::not_found)?;
    Ok(Redirect::to(&format!("/demo-provider/{}", payment.reference)))
}

async fn referred(app: &App, reference: &str) -> Result<Payment, Problem> {
    let found = payments::by_reference(&mut *reading(app).await?, PROVIDER, reference).await?;
    found.ok_or_else(Problem::not_found)
}

/// The provider's page. It is another firm's in real life: it knows a reference and an amount.
pub(super) async fn provider_form(
    State(app): State<App>,
    Path(reference): Path<String>,
) -> PageResult<Page<ProviderPage>> {
    let payment = referred(&app, &reference).await?;
    let shell = Shell::new("Demo provider", None);
    Ok(Page(ProviderPage { shell, payment, key: random_hex(16) }))
}

/// What the payer pressed.
#[derive(Debug, Deserialize)]
pub(super) struct ProviderForm {
    key: String,
    outcome: String,
}

/// The provider tells the shop by a signed webhook over HTTP, and sends the payer back.
pub(super) async fn provider_answer(
    State(app): State<App>,
    Path(reference): Path<String>,
    Fields(form): Fields<ProviderForm>,
) -> PageResult<Redirect> {
    let payment = referred(&app, &reference).await?;
    let type_ = if form.outcome == "paid" { "payment.paid" } else { "payment.failed" };
    let amount = payment.amount;
    let data = json!({ "reference": reference, "amount": amount, "currency": CURRENCY });
    let body = json!({ "type": type_, "data": data }).to_string();
    let visible = |text: &String| {
        (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let key = Some(form.key).filter(visible);
    let key = key.ok_or_else(|| Problem::new("missing_key", "the form carries no key"))?;
    send_webhook(&app, &format!("evt_{key}"), body).await?;
    let Payment { tenant, payable_kind, payable, .. } = payment;
    Ok(Redirect::to(&format!("/t/{tenant}/{payable_kind}s/{payable}")))
}

async fn send_webhook(app: &App, id: &str, body: String) -> Result<(), Problem> {
    let unavailable = || Problem::new("unavailable", "the provider did not reach the shop");
    let url = app.own_url().ok_or_else(unavailable)?;
    let seconds = app.now().as_micros().div_euclid(1_000_000);
    let answer = reqwest::Client::new()
        .post(format!("{url}/webhooks/demo"))
        .header("webhook-id", id)
        .header("webhook-timestamp", seconds)
        .header("webhook-signature", app.webhook_secret().sign(id, seconds, body.as_bytes()))
        .header("content-type", "application/json")
        .body(body)
        .send()
        .await
        .map_err(|error| {
            tracing::error!(%error, "the webhook was not sent");
            unavailable()
        })?;
    if !answer.status().is_success() {
        tracing::warn!(status = %answer.status(), "the shop refused the webhook");
    }
    Ok(())
}

/// Where users sign in.
pub(super) async fn sign_in_form() -> Page<SignInPage> {
    Page(SignInPage { shell: Shell::new("Sign in", None), failed: false })
}

/// E-mail and password.
#[derive(Debug, Deserialize)]
pub(super) struct SignInForm {
    email: String,
    password: String,
}

/// Signs in: owners and staff go to their panel, customers to the shop.
pub(super) async fn sign_in(
    State(app): State<App>,
    Fields(form): Fields<SignInForm>,
) -> PageResult<Response> {
    match auth::sign_in(&app, &form.email, form.password).await {
        Ok((user, token)) => {
            let works = !tenants::of_user(&app, &user).await?.is_empty();
            let cookie = [(header::SET_COOKIE, auth::cookie(&token))];
            Ok((cookie, Redirect::to(if works { "/panel" } else { "/" })).into_response())
        }
        Err(problem) if problem.code() == "unauthenticated" => {
            let page = SignInPage { shell: Shell::new("Sign in", None), failed: true };
            Ok((problem.status(), Page(page)).into_response())
        }
        Err(problem) => Err(problem.into()),
    }
}

/// Revokes the session.
pub(super) async fn sign_out(State(app): State<App>, headers: HeaderMap) -> PageResult<Response> {
    if let Some(token) = auth::token(&headers) {
        auth::sign_out(&app, token).await?;
    }
    let cookie = [(header::SET_COOKIE, auth::no_cookie())];
    Ok((cookie, Redirect::to("/")).into_response())
}
