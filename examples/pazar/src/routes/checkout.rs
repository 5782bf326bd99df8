//! From a listing to a paid order or booking: summary, method, provider.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Redirect;
use hos_core::time::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::calendar::Day;
use super::views::{METHODS, Offer, Page, PageProblem, Shell, signed_in};
use super::{shop, tenant};
use crate::app::App;
use crate::auth::Visitor;
use crate::domain::listings::Listing;
use crate::domain::orders::{self, NewOrder};
use crate::domain::payments::{self, CURRENCY, NewPayment, PROVIDER, Payment};
use crate::domain::reservations::{self, NewReservation};
use crate::error::Problem;
use crate::request::{Call, Fields, random_hex};

type PageResult<T> = Result<T, PageProblem>;

const HOUR_MICROS: i64 = 3_600_000_000;

/// What a listing's form chose.
#[derive(Debug, Deserialize)]
pub(super) struct Chosen {
    listing: String,
    #[serde(default = "one")]
    quantity: i64,
    #[serde(default = "one")]
    party_size: i64,
    /// Days, for listings by the day.
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    /// A day and hours, for listings by the hour.
    #[serde(default)]
    day: String,
    #[serde(default)]
    from_hour: String,
    #[serde(default)]
    to_hour: String,
}

fn one() -> i64 {
    1
}

/// The last look before the order or the booking.
#[derive(Debug, Template)]
#[template(path = "checkout.html")]
pub(super) struct CheckoutPage {
    shell: Shell,
    offer: Offer,
    quantity: i64,
    party_size: i64,
    /// From when to when, for a booking.
    times: Option<(i64, i64)>,
    units: i64,
    total: i64,
    methods: Vec<&'static str>,
    key: String,
}

impl CheckoutPage {
    /// A time as the form sends it on.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates hand references")]
    fn instant(micros: &i64) -> String {
        Timestamp::from_micros(*micros).to_string()
    }
}

/// Shows what is about to be bought or booked.
pub(super) async fn checkout(
    State(app): State<App>,
    Path(tenant_id): Path<String>,
    visitor: Visitor,
    chosen: Result<Query<Chosen>, axum::extract::rejection::QueryRejection>,
) -> PageResult<Page<CheckoutPage>> {
    let user = signed_in(visitor)?;
    let invalid = |detail: String| Problem::new("invalid_input", detail);
    let Query(chosen) = chosen.map_err(|error| invalid(error.body_text()))?;
    let found = shop::answer(&app, Some(&user), &tenant_id, &chosen.listing).await?.thing;
    let offer = Offer::of(found);
    let back = offer.path();
    let look = |problem| PageProblem::look_at(problem, &back);
    let (times, units) = match offer.listing.is_sale() {
        true => (None, pieces(chosen.quantity).map_err(look)?),
        false => {
            let times = times(&offer.listing, &chosen).map_err(look)?;
            let unit = if offer.listing.unit == "hour" { HOUR_MICROS } else { HOUR_MICROS * 24 };
            (Some(times), (times.1 - times.0).div_euclid(unit))
        }
    };
    if times.is_some() && !(1..=offer.listing.capacity).contains(&chosen.party_size) {
        return Err(look(Problem::guard("over_capacity", "there are not so many places")));
    }
    let total = offer.listing.price.checked_mul(units);
    let total = total.ok_or_else(|| invalid("the total is beyond what can be paid".to_owned()))?;
    Ok(Page(CheckoutPage {
        shell: Shell::keyed("checkout-title", Some(&user)),
        quantity: chosen.quantity,
        party_size: chosen.party_size,
        times,
        units,
        total,
        methods: METHODS.to_vec(),
        key: random_hex(16),
        offer,
    }))
}

fn pieces(quantity: i64) -> Result<i64, Problem> {
    match quantity {
        ..=0 => Err(Problem::guard("quantity_too_small", "at least one piece")),
        101.. => Err(Problem::guard("quantity_too_large", "a hundred pieces at most")),
        quantity => Ok(quantity),
    }
}

/// From when to when, as the fields of the listing's unit say.
fn times(listing: &Listing, chosen: &Chosen) -> Result<(i64, i64), Problem> {
    let invalid = || Problem::new("invalid_input", "choose a day and a time");
    let (starts, ends) = match listing.unit.as_str() {
        "hour" => {
            let day = Day::parse(&chosen.day).ok_or_else(invalid)?;
            let hour = |text: &str| {
                let hour = text.split(':').next().and_then(|hour| hour.parse::<i64>().ok());
                hour.filter(|hour| (0..=24).contains(hour)).ok_or_else(invalid)
            };
            (day.at(hour(&chosen.from_hour)?), day.at(hour(&chosen.to_hour)?))
        }
        _ => {
            let from = Day::parse(&chosen.from).ok_or_else(invalid)?;
            let to = Day::parse(&chosen.to).ok_or_else(invalid)?;
            (from.at(0), to.at(0))
        }
    };
    if starts >= ends {
        return Err(Problem::guard("empty_range", "the end is not after the start"));
    }
    Ok((starts, ends))
}

/// The form that buys.
#[derive(Debug, Deserialize)]
pub(super) struct OrderForm {
    key: String,
    listing: String,
    quantity: i64,
    #[serde(default)]
    method: String,
    /// The price that the page showed.
    #[serde(default)]
    price: Option<i64>,
    /// Whether to go on to the payment at once.
    #[serde(default)]
    pay: Option<String>,
}

/// Buys, and goes on to the payment.
pub(super) async fn order(
    State(app): State<App>,
    Path(tenant_id): Path<String>,
    visitor: Visitor,
    Fields(form): Fields<OrderForm>,
) -> PageResult<Redirect> {
    let call = Call::new(signed_in(visitor)?, &form.key)?;
    let back = format!("/t/{tenant_id}/listings/{}", form.listing);
    let (listing, quantity, method) = (form.listing, form.quantity, method(form.method));
    let new = NewOrder { listing, quantity, method, price: form.price };
    let opened = orders::open(&app, &call, &tenant(&tenant_id)?, &new).await;
    let (id, _) = opened.map_err(|problem| PageProblem::look_at(problem, &back))?;
    go_on(&app, &call, &tenant_id, ("order", id), form.pay.is_some()).await
}

/// The form that books.
#[derive(Debug, Deserialize)]
pub(super) struct BookForm {
    key: String,
    listing: String,
    party_size: i64,
    starts: String,
    ends: String,
    #[serde(default)]
    method: String,
    /// The price that the page showed.
    #[serde(default)]
    price: Option<i64>,
    /// Whether to go on to the payment at once.
    #[serde(default)]
    pay: Option<String>,
}

/// Books, and goes on to the payment.
pub(super) async fn book(
    State(app): State<App>,
    Path(tenant_id): Path<String>,
    visitor: Visitor,
    Fields(form): Fields<BookForm>,
) -> PageResult<Redirect> {
    let call = Call::new(signed_in(visitor)?, &form.key)?;
    let time = |text: &str| {
        Timestamp::parse(text)
            .ok_or_else(|| Problem::new("invalid_input", "the time is not a date and a time"))
    };
    let back = format!("/t/{tenant_id}/listings/{}", form.listing);
    let new = NewReservation {
        listing: form.listing,
        party_size: form.party_size,
        starts: time(&form.starts)?,
        ends: time(&form.ends)?,
        method: method(form.method),
        price: form.price,
    };
    let opened = reservations::open(&app, &call, &tenant(&tenant_id)?, &new).await;
    let (id, _) = opened.map_err(|problem| PageProblem::look_at(problem, &back))?;
    go_on(&app, &call, &tenant_id, ("reservation", id), form.pay.is_some()).await
}

/// The chosen method; the usual one when nothing was chosen.
fn method(chosen: String) -> String {
    if chosen.is_empty() { payments::online() } else { chosen }
}

/// Who pays online goes on to the provider; who pays otherwise is shown how.
async fn go_on(
    app: &App,
    call: &Call,
    tenant_id: &str,
    (kind, id): (&'static str, String),
    pays: bool,
) -> PageResult<Redirect> {
    let shown = format!("/t/{tenant_id}/{kind}s/{id}");
    let look = |problem| PageProblem::look_at(problem, &shown);
    let tenant = tenant(tenant_id)?;
    if !pays {
        return Ok(Redirect::to(&shown));
    }
    // Who pays in person was asked in the commit of the order; online, the payment is asked now.
    let asked = payments::readable_of_payable(app, &call.user, &tenant, (kind, &id)).await?;
    if asked.iter().any(|payment| payment.pay_url().is_none()) {
        return Ok(Redirect::to(&shown));
    }
    let new = NewPayment { payable_kind: kind.to_owned(), payable: id };
    let (payment, _) = payments::open(app, call, &tenant, &new).await.map_err(look)?;
    let payment = payments::find(app.database(), &tenant, &payment).await?;
    let url = payment.and_then(|payment| payment.pay_url());
    Ok(Redirect::to(&url.unwrap_or(shown)))
}

/// The form that starts a payment.
#[derive(Debug, Deserialize)]
pub(super) struct PayForm {
    key: String,
    payable_kind: String,
    payable: String,
}

/// Asks for a payment.
pub(super) async fn pay(
    State(app): State<App>,
    Path(tenant_id): Path<String>,
    visitor: Visitor,
    Fields(form): Fields<PayForm>,
) -> PageResult<Redirect> {
    let call = Call::new(signed_in(visitor)?, &form.key)?;
    let kind = match form.payable_kind.as_str() {
        "order" => "order",
        "reservation" => "reservation",
        _ => return Err(Problem::guard("unknown_payable", "neither order nor booking").into()),
    };
    go_on(&app, &call, &tenant_id, (kind, form.payable), true).await
}

/// The payment of a reference. Only a demo signs what a provider would.
async fn referred(app: &App, reference: &str) -> Result<Payment, Problem> {
    if !app.is_demo() {
        return Err(Problem::not_found());
    }
    let found = payments::by_reference(app.database(), PROVIDER, reference).await?;
    found.ok_or_else(Problem::not_found)
}

/// The demo provider's own page.
#[derive(Debug, Template)]
#[template(path = "provider.html")]
pub(super) struct ProviderPage {
    shell: Shell,
    payment: Payment,
    key: String,
}

/// The provider's page. It is another firm's in real life: it knows a reference and an amount.
pub(super) async fn provider_form(
    State(app): State<App>,
    Path(reference): Path<String>,
) -> PageResult<Page<ProviderPage>> {
    let payment = referred(&app, &reference).await?;
    let shell = Shell::keyed("provider-title", None);
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
