//! Reservations: a time range of one listing.

use hos_core::command::Opening;
use hos_core::id::Tenant;
use hos_core::laws::Contracts as _;
use hos_core::receipt::Receipt;
use hos_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::SqliteConnection;

use super::deal::Deal;
use super::listings::{self, Listing};
use crate::app::App;
use crate::error::Problem;
use crate::request::Call;

/// The longest booking: one year.
const RANGE_MICROS_MAX: i64 = 366 * DAY_MICROS;
const DAY_MICROS: i64 = 24 * HOUR_MICROS;
const HOUR_MICROS: i64 = 3_600_000_000;

/// A reservation.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub(crate) struct Reservation {
    pub(crate) tenant: String,
    pub(crate) id: String,
    pub(crate) customer: String,
    pub(crate) listing: String,
    pub(crate) title: String,
    pub(crate) party_size: i64,
    #[serde(serialize_with = "super::moves::as_time")]
    pub(crate) starts: i64,
    #[serde(serialize_with = "super::moves::as_time")]
    pub(crate) ends: i64,
    /// In kurus.
    pub(crate) total: i64,
    pub(crate) status: String,
    #[serde(serialize_with = "super::moves::as_time")]
    pub(crate) created_at: i64,
    /// Whether the listing confirms what is paid for by itself.
    pub(crate) instant: bool,
}

/// What a customer asks for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewReservation {
    pub(crate) listing: String,
    pub(crate) party_size: i64,
    pub(crate) starts: Timestamp,
    pub(crate) ends: Timestamp,
}

/// One reservation; none when there is none.
pub(crate) async fn find(
    connection: &mut SqliteConnection,
    tenant: &Tenant,
    id: &str,
) -> Result<Option<Reservation>, Problem> {
    let row = sqlx::query_as(
        "SELECT r.tenant, r.id, r.customer, r.listing, l.title, r.party_size, r.starts, r.ends, \
         r.total, r.status, r.created_at, l.instant FROM reservations AS r \
         JOIN listings AS l ON l.tenant = r.tenant AND l.id = r.listing \
         WHERE r.tenant = ? AND r.id = ?",
    );
    Ok(row.bind(tenant.as_str()).bind(id).fetch_optional(connection).await?)
}

/// A customer's reservations, the latest first.
pub(crate) async fn of_customer(app: &App, customer: &str) -> Result<Vec<Reservation>, Problem> {
    let rows = sqlx::query_as(
        "SELECT r.tenant, r.id, r.customer, r.listing, l.title, r.party_size, r.starts, r.ends, \
         r.total, r.status, r.created_at, l.instant FROM reservations AS r \
         JOIN listings AS l ON l.tenant = r.tenant AND l.id = r.listing \
         WHERE r.customer = ? ORDER BY r.created_at DESC, r.id LIMIT ?",
    );
    Ok(rows.bind(customer).bind(listings::ROWS_MAX).fetch_all(app.reader()).await?)
}

/// A firm's reservations, the latest first.
pub(crate) async fn of_tenant(app: &App, tenant: &Tenant) -> Result<Vec<Reservation>, Problem> {
    let rows = sqlx::query_as(
        "SELECT r.tenant, r.id, r.customer, r.listing, l.title, r.party_size, r.starts, r.ends, \
         r.total, r.status, r.created_at, l.instant FROM reservations AS r \
         JOIN listings AS l ON l.tenant = r.tenant AND l.id = r.listing \
         WHERE r.tenant = ? ORDER BY r.created_at DESC, r.id LIMIT ?",
    );
    Ok(rows.bind(tenant.as_str()).bind(listings::ROWS_MAX).fetch_all(app.reader()).await?)
}

/// Opens a reservation, which holds its slot while it is pending. The slot is free again as soon
/// as the law cancels it, by whomever.
pub(crate) async fn open(
    app: &App,
    call: &Call,
    tenant: &Tenant,
    new: &NewReservation,
) -> Result<(String, Receipt), Problem> {
    let mut deal = Deal::begin(app).await?;
    let opened = open_in(&mut deal, call, tenant, new).await;
    deal.end(opened).await
}

async fn open_in(
    deal: &mut Deal<'_>,
    call: &Call,
    tenant: &Tenant,
    new: &NewReservation,
) -> Result<(String, Receipt), Problem> {
    let id = call.made_id("r");
    let reservation = deal.app().subject(tenant, "reservation", &id)?;
    let listing = listings::on_offer(deal.rows(), tenant, &new.listing).await?;
    if listing.is_sale() {
        return Err(Problem::guard("not_for_booking", "the listing is bought, not booked"));
    }
    let opening = Opening::new(&call.user.actor()?, &reservation)
        .attribute("customer", call.user.id.as_str())
        .attribute("listing", new.listing.as_str())
        .attribute("party_size", new.party_size)
        .attribute("capacity", listing.capacity)
        .attribute("starts", new.starts)
        .attribute("ends", new.ends)
        .attribute("instant", listing.instant)
        .attribute("paid", false)
        .request(call.request())
        .key(call.key("reservation"));
    // The law first: a replay is answered before the slot is looked at, which it holds itself.
    let receipt = deal.law().open(&opening).await?;
    if receipt.replayed {
        return Ok((id, receipt));
    }
    listings::require_published(&listing)?;
    let total = total(&listing, new)?;
    let now = deal.app().now().as_micros();
    // That no two overlap is the table's own law: see `sql/0002_consequences.sql`.
    sqlx::query(
        "INSERT INTO reservations (tenant, id, customer, listing, party_size, starts, ends, \
         total, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(tenant.as_str())
    .bind(&id)
    .bind(&call.user.id)
    .bind(&new.listing)
    .bind(new.party_size)
    .bind(new.starts.as_micros())
    .bind(new.ends.as_micros())
    .bind(total)
    .bind(now)
    .execute(deal.rows())
    .await?;
    Ok((id, receipt))
}

/// Every begun hour or day is paid for.
fn total(listing: &Listing, new: &NewReservation) -> Result<i64, Problem> {
    let range = new.ends.as_micros().saturating_sub(new.starts.as_micros());
    if range > RANGE_MICROS_MAX {
        return Err(Problem::guard("range_too_long", "a booking lasts a year at most"));
    }
    let unit = if listing.unit == "hour" { HOUR_MICROS } else { DAY_MICROS };
    let begun = range.saturating_add(unit - 1).div_euclid(unit);
    let beyond = || Problem::new("invalid_input", "the total is beyond what can be paid");
    listing.price.checked_mul(begun).ok_or_else(beyond)
}
