//! Reservations: a time range of one listing.

use std::time::Duration;

use hos_core::command::Opening;
use hos_core::id::Tenant;
use hos_core::laws::Contracts as _;
use hos_core::receipt::Receipt;
use hos_core::subject::Subject;
use hos_core::time::Timestamp;
use hos_core::value::{Attributes, Value};
use hos_sqlx::filter::Columns;
use serde::{Deserialize, Serialize};

use super::deal::{Deal, deal};
use super::listings::{self, Listing};
use super::lists::{self, Page, Slice, placed, slice};
use super::payments;
use crate::app::App;
use crate::auth::User;
use crate::database::{Rows, from_row, query};
use crate::error::Problem;
use crate::request::Call;

/// The longest booking: one year.
const RANGE_MICROS_MAX: i64 = 366 * DAY_MICROS;
/// The most ranges of a calendar: every hour of a year.
const TAKEN_MAX: i64 = 9_000;
/// How long before its start a customer may cancel for nothing.
const FLEXIBLE: Duration = Duration::from_secs(24 * 3_600);
const MODERATE: Duration = Duration::from_secs(5 * 24 * 3_600);
const DAY_MICROS: i64 = 24 * HOUR_MICROS;
const HOUR_MICROS: i64 = 3_600_000_000;

/// A reservation.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct Reservation {
    pub(crate) tenant: String,
    pub(crate) id: String,
    pub(crate) customer: String,
    pub(crate) listing: String,
    pub(crate) title: String,
    pub(crate) party_size: i64,
    #[serde(serialize_with = "super::moves::as_time")]
    #[schema(value_type = String, format = DateTime)]
    pub(crate) starts: i64,
    #[serde(serialize_with = "super::moves::as_time")]
    #[schema(value_type = String, format = DateTime)]
    pub(crate) ends: i64,
    /// Until when its customer may cancel what is paid or confirmed; none says always.
    #[serde(serialize_with = "super::moves::as_time_or_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) free_until: Option<i64>,
    /// In kurus.
    pub(crate) total: i64,
    /// How it is paid for.
    pub(crate) method: String,
    pub(crate) status: String,
    #[serde(serialize_with = "super::moves::as_time")]
    #[schema(value_type = String, format = DateTime)]
    pub(crate) created_at: i64,
    /// Whether the listing confirms what is paid for by itself.
    pub(crate) instant: bool,
}

from_row!(Reservation {
    tenant,
    id,
    customer,
    listing,
    title,
    party_size,
    starts,
    ends,
    free_until,
    total,
    method,
    status,
    created_at,
    instant
});

placed!(Reservation, id);

/// What the law's rules may read of a row. A column that says something where the law's subject
/// says nothing, as `method` does of the earliest, is not among them.
const COLUMNS: Columns = Columns::new(
    "reservation",
    "r.tenant",
    &[
        ("id", "r.id"),
        ("state", "r.status"),
        ("customer", "r.customer"),
        ("listing", "r.listing"),
        ("party_size", "r.party_size"),
        ("starts", "r.starts"),
        ("ends", "r.ends"),
        ("free_until", "r.free_until"),
    ],
);

/// What a customer asks for.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewReservation {
    pub(crate) listing: String,
    pub(crate) party_size: i64,
    #[schema(value_type = String, format = DateTime)]
    pub(crate) starts: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    pub(crate) ends: Timestamp,
    /// How it will be paid for; online when nothing is said.
    #[serde(default = "payments::online")]
    pub(crate) method: String,
    /// The price that the customer saw, in kurus; another one by now is refused.
    #[serde(default)]
    pub(crate) price: Option<i64>,
}

/// Every reservation with its listing's title, and what narrows them down.
macro_rules! select {
    ($($rest:tt)*) => {
        concat!(
            "SELECT r.tenant, r.id, r.customer, r.listing, l.title, r.party_size, r.starts, ",
            "r.ends, r.free_until, r.total, r.method, r.status, r.created_at, l.instant ",
            "FROM reservations AS r ",
            "JOIN listings AS l ON l.tenant = r.tenant AND l.id = r.listing ",
            $($rest)*
        )
    };
}

/// One reservation; none when there is none.
pub(crate) async fn find(
    rows: impl Into<Rows<'_>>,
    tenant: &Tenant,
    id: &str,
) -> Result<Option<Reservation>, Problem> {
    let row = query(select!("WHERE r.tenant = ? AND r.id = ?"));
    Ok(row.bind(tenant.as_str()).bind(id).fetch_optional(rows).await?)
}

/// A user's own reservations in every firm, the latest first.
pub(crate) async fn of_customer(
    app: &App,
    user: &User,
    slice: &Slice,
) -> Result<Page<Reservation>, Problem> {
    let firms = query(
        "SELECT DISTINCT tenant FROM reservations WHERE customer = ? ORDER BY tenant LIMIT ?",
    );
    let firms = firms.bind(&user.id);
    let readable = lists::readable_where(app, user, "reservation", firms).await?;
    let list = query(select!("WHERE r.customer = ?1 AND ?2", slice!("r", "r.id")));
    lists::page(app, list.bind(&user.id).filter(COLUMNS, readable), slice).await
}

/// What a user may read of a firm's reservations, the latest first.
pub(crate) async fn of_tenant(
    app: &App,
    user: &User,
    tenant: &Tenant,
    slice: &Slice,
) -> Result<Page<Reservation>, Problem> {
    let readable = lists::readable(app, user, "reservation", tenant).await?;
    let list = query(select!("WHERE r.tenant = ?1 AND ?2", slice!("r", "r.id")));
    lists::page(app, list.bind(tenant.as_str()).filter(COLUMNS, readable), slice).await
}

/// What of a listing's time is taken between two moments, in order: for a calendar. It names
/// nobody.
pub(crate) async fn taken(
    app: &App,
    tenant: &Tenant,
    listing: &str,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<(Timestamp, Timestamp)>, Problem> {
    if to.as_micros().saturating_sub(from.as_micros()) > RANGE_MICROS_MAX {
        return Err(Problem::new("invalid_input", "a calendar shows a year at most"));
    }
    let rows: Vec<(i64, i64)> = query(
        "SELECT starts, ends FROM reservations WHERE tenant = ? AND listing = ? \
         AND status IN ('pending', 'confirmed', 'checked_in') AND starts < ? AND ends > ? \
         ORDER BY starts LIMIT ?",
    )
    .bind(tenant.as_str())
    .bind(listing)
    .bind(to.as_micros())
    .bind(from.as_micros())
    .bind(TAKEN_MAX)
    .fetch_all(app.database())
    .await?;
    let moment = Timestamp::from_micros;
    Ok(rows.into_iter().map(|(starts, ends)| (moment(starts), moment(ends))).collect())
}

/// Opens a reservation, which holds its slot while it is pending. The slot is free again as soon
/// as the law cancels it, by whomever.
pub(crate) async fn open(
    app: &App,
    call: &Call,
    tenant: &Tenant,
    new: &NewReservation,
) -> Result<(String, Receipt), Problem> {
    let id = call.made_id("r");
    let reservation = app.subject(tenant, "reservation", &id)?;
    // On a retry, what was agreed then: read beforehand, so that no deal waits for another place.
    let opened = app.hos().situation(&reservation).await?.map(|found| found.snapshot.attributes);
    let agreed = opened.unwrap_or_default();
    deal!(app, |deal| open_in(deal, call, &reservation, &agreed, new).await)
}

async fn open_in(
    deal: &mut Deal<'_>,
    call: &Call,
    reservation: &Subject,
    agreed: &Attributes,
    new: &NewReservation,
) -> Result<(String, Receipt), Problem> {
    let (tenant, id) = (&reservation.tenant, reservation.id.to_string());
    let listing = listings::on_offer(deal, tenant, &new.listing).await?;
    if listing.is_sale() {
        return Err(Problem::guard("not_for_booking", "the listing is bought, not booked"));
    }
    let Terms { capacity, instant, free_until } = terms(deal.app(), agreed, &listing, new);
    let opening = Opening::new(&call.user.actor()?, reservation)
        .attribute("customer", call.user.id.as_str())
        .attribute("listing", new.listing.as_str())
        .attribute("party_size", new.party_size)
        .attribute("capacity", capacity)
        .attribute("starts", new.starts)
        .attribute("ends", new.ends)
        .attribute("free_until", free_until)
        .attribute("method", new.method.as_str())
        .attribute("instant", instant)
        .attribute("paid", false)
        .request(call.request())
        .key(call.key("reservation"));
    // The law first: a replay is answered before the slot is looked at, which it holds itself.
    let receipt = deal.law().open(&opening).await?;
    if receipt.replayed {
        return Ok((id, receipt));
    }
    listings::require_published(&listing)?;
    listings::require_price(&listing, new.price)?;
    let total = total(&listing, new)?;
    let now = deal.app().now().as_micros();
    // That no two overlap is the table's own law: see `sql/`.
    query(
        "INSERT INTO reservations (tenant, id, customer, listing, party_size, starts, ends, \
         free_until, total, method, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(tenant.as_str())
    .bind(&id)
    .bind(&call.user.id)
    .bind(&new.listing)
    .bind(new.party_size)
    .bind(new.starts.as_micros())
    .bind(new.ends.as_micros())
    .bind(free_until.as_micros())
    .bind(total)
    .bind(&new.method)
    .bind(now)
    .execute(deal.rows())
    .await?;
    payments::ask_in_person(deal, call, tenant, ("reservation", &id), &new.method).await?;
    Ok((id, receipt))
}

/// What the server says of a booking, and no client.
struct Terms {
    capacity: i64,
    instant: bool,
    free_until: Timestamp,
}

/// The listing's terms as they are now; on a retry, as they were when the booking was opened, so
/// that it is the same command even where the listing was edited meanwhile.
fn terms(app: &App, agreed: &Attributes, listing: &Listing, new: &NewReservation) -> Terms {
    let capacity = match agreed.get("capacity") {
        Some(Value::Integer(capacity)) => *capacity,
        _ => listing.capacity,
    };
    let instant = match agreed.get("instant") {
        Some(Value::Bool(instant)) => *instant,
        _ => listing.instant,
    };
    let free_until = match (agreed.get("free_until"), listing.cancellation.as_str()) {
        (Some(Value::Time(until)), _) => *until,
        (_, "flexible") => new.starts.before(FLEXIBLE),
        (_, "moderate") => new.starts.before(MODERATE),
        _ => app.now(),
    };
    Terms { capacity, instant, free_until }
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
