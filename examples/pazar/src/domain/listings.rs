//! Listings: what is sold or booked.

mod change;
mod search;

use hos_core::command::Opening;
use hos_core::id::Tenant;
use hos_core::laws::Contracts as _;
use hos_core::receipt::Receipt;
use hos_sqlx::filter::Columns;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::deal::{Deal, deal};
use super::lists;
use crate::app::App;
use crate::auth::User;
use crate::database::{Rows, from_row, query};
use crate::error::Problem;
use crate::request::{Call, hex};

pub(crate) use change::{Edit, StockChange, edit, set_stock};
pub(crate) use search::{Page, Search, search};

/// What kinds of things there are: for looking around, never for deciding.
pub(crate) const CATEGORIES: [&str; 6] =
    ["product", "vehicle", "real_estate", "lodging", "service", "food"];
/// How long a customer may cancel a booking, from the kindest on.
pub(crate) const CANCELLATIONS: [&str; 3] = ["flexible", "moderate", "strict"];
/// The most pieces, and the largest capacity.
const COUNT_MAX: i64 = 1_000_000;

/// A listing.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct Listing {
    pub(crate) tenant: String,
    pub(crate) id: String,
    pub(crate) flow: String,
    pub(crate) category: String,
    pub(crate) title: String,
    pub(crate) description: String,
    /// In kurus: of one piece, or of one hour or day.
    pub(crate) price: i64,
    pub(crate) stock: i64,
    pub(crate) capacity: i64,
    pub(crate) unit: String,
    pub(crate) instant: bool,
    /// How long a customer may cancel a booking.
    pub(crate) cancellation: String,
    pub(crate) status: String,
    /// What the firm is called.
    pub(crate) firm: String,
    /// How many pictures it has; they are numbered from 0.
    pub(crate) pictures: i64,
}

from_row!(Listing {
    tenant,
    id,
    flow,
    category,
    title,
    description,
    price,
    stock,
    capacity,
    unit,
    instant,
    cancellation,
    status,
    firm,
    pictures
});

impl Listing {
    /// Whether it is sold by the piece, without a date.
    pub(crate) fn is_sale(&self) -> bool {
        self.flow == "sale"
    }
}

/// What a new listing says.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewListing {
    pub(crate) flow: String,
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) description: String,
    pub(crate) price: i64,
    #[serde(default)]
    pub(crate) stock: i64,
    #[serde(default)]
    pub(crate) capacity: i64,
    #[serde(default)]
    pub(crate) unit: Option<String>,
    #[serde(default)]
    pub(crate) instant: bool,
    /// One of [`CATEGORIES`]; the usual one of its flow when none is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) category: Option<String>,
    /// One of [`CANCELLATIONS`]; the first when none is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cancellation: Option<String>,
}

impl NewListing {
    fn unit(&self) -> &str {
        said(self.unit.as_deref(), if self.flow == "sale" { "piece" } else { "day" })
    }

    fn category(&self) -> &str {
        said(self.category.as_deref(), if self.flow == "sale" { "product" } else { "lodging" })
    }

    fn cancellation(&self) -> &str {
        said(self.cancellation.as_deref(), "flexible")
    }

    fn check(&self) -> Result<(), Problem> {
        let mut faults = change::said_wrong(&change::Said {
            title: &self.title,
            description: &self.description,
            price: self.price,
            category: self.category(),
            cancellation: self.cancellation(),
        });
        let unit = self.unit();
        // A sale's capacity and a booking's stock mean nothing, but they are kept.
        if ![self.stock, self.capacity].iter().all(|count| (0..=COUNT_MAX).contains(count)) {
            faults.push(format!("`stock` and `capacity` are 0 to {COUNT_MAX}"));
        }
        match self.flow.as_str() {
            "sale" => {
                if unit != "piece" {
                    faults.push("a sale is by the `unit` piece".to_owned());
                }
            }
            "booking" => {
                if self.capacity == 0 || !matches!(unit, "hour" | "day") {
                    faults.push("a booking has a `capacity` and the `unit` hour or day".to_owned());
                }
            }
            _ => faults.push("`flow` is neither sale nor booking".to_owned()),
        }
        change::none_of(&faults)
    }
}

/// What was said, or what is usual.
fn said<'a>(text: Option<&'a str>, usual: &'a str) -> &'a str {
    text.filter(|text| !text.is_empty()).unwrap_or(usual)
}

/// Every listing with its firm's name and how many pictures it has, and what narrows them down.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT listings.tenant, listings.id, flow, category, title, description, price, ",
            "stock, capacity, unit, instant, cancellation, status, tenants.name AS firm, ",
            "(SELECT count(*) FROM pictures WHERE pictures.tenant = listings.tenant ",
            "AND pictures.listing = listings.id) AS pictures ",
            "FROM listings JOIN tenants ON tenants.id = listings.tenant ",
            $rest
        )
    };
}
use select;

/// What the law's rules may read of a row. Of `content` there is a digest in the law alone.
const COLUMNS: Columns = Columns::new(
    "listing",
    "listings.tenant",
    &[("id", "listings.id"), ("state", "status"), ("flow", "flow")],
);

/// What is on offer, to everybody: no visitor has to have a name, so there is nobody of whom the
/// law could be asked.
pub(crate) async fn published(app: &App) -> Result<Vec<Listing>, Problem> {
    let rows = query(select!(
        "WHERE status = 'published' ORDER BY tenants.name, title, listings.id LIMIT ?"
    ));
    Ok(rows.bind(lists::ROWS_MAX).fetch_all(app.database()).await?)
}

/// What a user may read of what a firm offers or has offered, the latest first.
pub(crate) async fn of_tenant(
    app: &App,
    user: &User,
    tenant: &Tenant,
) -> Result<Vec<Listing>, Problem> {
    let readable = lists::readable(app, user, "listing", tenant).await?;
    let rows = query(select!(
        "WHERE listings.tenant = ? AND ? \
         ORDER BY listings.created_at DESC, listings.id DESC LIMIT ?"
    ));
    let rows = rows.bind(tenant.as_str()).filter(COLUMNS, readable).bind(lists::ROWS_MAX);
    Ok(rows.fetch_all(app.database()).await?)
}

/// One listing; none when there is none.
pub(crate) async fn find(
    rows: impl Into<Rows<'_>>,
    tenant: &Tenant,
    id: &str,
) -> Result<Option<Listing>, Problem> {
    let row = query(select!("WHERE listings.tenant = ? AND listings.id = ?"));
    Ok(row.bind(tenant.as_str()).bind(id).fetch_optional(rows).await?)
}

/// Keeps a listing as it is until the deal ends: its price, its stock, and its bookings.
async fn lock(deal: &mut Deal<'_>, tenant: &Tenant, id: &str) -> Result<(), Problem> {
    let row = query("SELECT id FROM listings WHERE tenant = ? AND id = ?");
    let row = row.bind(tenant.as_str()).bind(id).for_update();
    row.fetch_optional::<String>(deal.rows()).await?;
    Ok(())
}

/// A listing that is on offer, as it is until the deal ends. A draft is nobody's business yet.
pub(crate) async fn on_offer(
    deal: &mut Deal<'_>,
    tenant: &Tenant,
    id: &str,
) -> Result<Listing, Problem> {
    lock(deal, tenant, id).await?;
    let listing = find(deal.rows(), tenant, id).await?;
    let listing = listing.filter(|listing| listing.status != "draft");
    listing.ok_or_else(Problem::not_found)
}

/// Refuses what is not on offer now.
pub(crate) fn require_published(listing: &Listing) -> Result<(), Problem> {
    if listing.status == "published" {
        return Ok(());
    }
    Err(Problem::guard("listing_not_published", "the listing is not on offer"))
}

/// Refuses a price that is not the one that the customer saw.
pub(crate) fn require_price(listing: &Listing, seen: Option<i64>) -> Result<(), Problem> {
    if seen.is_none_or(|seen| seen == listing.price) {
        return Ok(());
    }
    Err(Problem::new("stale_revision", "the price changed meanwhile; look at it again"))
}

/// Opens a listing as a draft.
pub(crate) async fn open(
    app: &App,
    call: &Call,
    tenant: &Tenant,
    new: &NewListing,
) -> Result<(String, Receipt), Problem> {
    new.check()?;
    deal!(app, |deal| open_in(deal, call, tenant, new).await)
}

async fn open_in(
    deal: &mut Deal<'_>,
    call: &Call,
    tenant: &Tenant,
    new: &NewListing,
) -> Result<(String, Receipt), Problem> {
    let id = call.made_id("l");
    let subject = deal.app().subject(tenant, "listing", &id)?;
    let opening = Opening::new(&call.user.actor()?, &subject)
        .attribute("flow", new.flow.as_str())
        .attribute("content", digest(new)?)
        .request(call.request())
        .key(call.key("listing"));
    let receipt = deal.law().open(&opening).await?;
    if receipt.replayed {
        return Ok((id, receipt));
    }
    let now = deal.app().now().as_micros();
    query(
        "INSERT INTO listings (tenant, id, flow, title, description, price, stock, capacity, \
         unit, instant, created_at, category, cancellation, folded) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(tenant.as_str())
    .bind(&id)
    .bind(&new.flow)
    .bind(new.title.trim())
    .bind(&new.description)
    .bind(new.price)
    .bind(new.stock)
    .bind(new.capacity)
    .bind(new.unit())
    .bind(new.instant)
    .bind(now)
    .bind(new.category())
    .bind(new.cancellation())
    .bind(search::folded(&new.title, &new.description))
    .execute(deal.rows())
    .await?;
    Ok((id, receipt))
}

/// A digest of everything that was said, so that the command's fingerprint and proof cover it.
fn digest(said: &impl Serialize) -> Result<String, Problem> {
    let text = serde_json::to_vec(said)
        .map_err(|error| Problem::new("invalid_input", error.to_string()))?;
    Ok(hex(&Sha256::digest(text)))
}
