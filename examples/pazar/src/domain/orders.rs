//! Orders: so many pieces of one listing.

use hos_core::command::Opening;
use hos_core::id::Tenant;
use hos_core::laws::Contracts as _;
use hos_core::receipt::Receipt;
use hos_sqlx::filter::Columns;
use serde::{Deserialize, Serialize};

use super::deal::{Deal, deal};
use super::lists::{self, Page, Slice, placed, slice};
use super::{listings, payments};
use crate::app::App;
use crate::auth::User;
use crate::database::{Rows, from_row, query};
use crate::error::Problem;
use crate::request::Call;

/// An order.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct Order {
    pub(crate) tenant: String,
    pub(crate) id: String,
    pub(crate) customer: String,
    pub(crate) listing: String,
    pub(crate) title: String,
    pub(crate) quantity: i64,
    /// In kurus.
    pub(crate) total: i64,
    /// How it is paid for.
    pub(crate) method: String,
    pub(crate) status: String,
    #[serde(serialize_with = "super::moves::as_time")]
    #[schema(value_type = String, format = DateTime)]
    pub(crate) created_at: i64,
}

from_row!(Order {
    tenant,
    id,
    customer,
    listing,
    title,
    quantity,
    total,
    method,
    status,
    created_at
});

placed!(Order, id);

/// What the law's rules may read of a row. A column that says something where the law's subject
/// says nothing, as `method` does of the earliest, is not among them.
const COLUMNS: Columns = Columns::new(
    "order",
    "o.tenant",
    &[
        ("id", "o.id"),
        ("state", "o.status"),
        ("customer", "o.customer"),
        ("listing", "o.listing"),
        ("quantity", "o.quantity"),
    ],
);

/// What a customer asks for.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewOrder {
    pub(crate) listing: String,
    pub(crate) quantity: i64,
    /// How it will be paid for; online when nothing is said.
    #[serde(default = "payments::online")]
    pub(crate) method: String,
    /// The price that the customer saw, in kurus; another one by now is refused.
    #[serde(default)]
    pub(crate) price: Option<i64>,
}

/// Every order with its listing's title, and what narrows them down.
macro_rules! select {
    ($($rest:tt)*) => {
        concat!(
            "SELECT o.tenant, o.id, o.customer, o.listing, l.title, o.quantity, o.total, ",
            "o.method, o.status, o.created_at FROM orders AS o ",
            "JOIN listings AS l ON l.tenant = o.tenant AND l.id = o.listing ",
            $($rest)*
        )
    };
}

/// One order; none when there is none.
pub(crate) async fn find(
    rows: impl Into<Rows<'_>>,
    tenant: &Tenant,
    id: &str,
) -> Result<Option<Order>, Problem> {
    let row = query(select!("WHERE o.tenant = ? AND o.id = ?"));
    Ok(row.bind(tenant.as_str()).bind(id).fetch_optional(rows).await?)
}

/// A user's own orders in every firm, the latest first.
pub(crate) async fn of_customer(
    app: &App,
    user: &User,
    slice: &Slice,
) -> Result<Page<Order>, Problem> {
    let firms =
        query("SELECT DISTINCT tenant FROM orders WHERE customer = ? ORDER BY tenant LIMIT ?");
    let firms = firms.bind(&user.id);
    let readable = lists::readable_where(app, user, "order", firms).await?;
    let list = query(select!("WHERE o.customer = ?1 AND ?2", slice!("o", "o.id")));
    lists::page(app, list.bind(&user.id).filter(COLUMNS, readable), slice).await
}

/// What a user may read of a firm's orders, the latest first.
pub(crate) async fn of_tenant(
    app: &App,
    user: &User,
    tenant: &Tenant,
    slice: &Slice,
) -> Result<Page<Order>, Problem> {
    let readable = lists::readable(app, user, "order", tenant).await?;
    let list = query(select!("WHERE o.tenant = ?1 AND ?2", slice!("o", "o.id")));
    lists::page(app, list.bind(tenant.as_str()).filter(COLUMNS, readable), slice).await
}

/// Opens an order and takes its pieces out of stock, in one commit. Stock comes back by itself
/// when the law cancels the order: see `sql/`.
pub(crate) async fn open(
    app: &App,
    call: &Call,
    tenant: &Tenant,
    new: &NewOrder,
) -> Result<(String, Receipt), Problem> {
    deal!(app, |deal| open_in(deal, call, tenant, new).await)
}

async fn open_in(
    deal: &mut Deal<'_>,
    call: &Call,
    tenant: &Tenant,
    new: &NewOrder,
) -> Result<(String, Receipt), Problem> {
    let id = call.made_id("o");
    let order = deal.app().subject(tenant, "order", &id)?;
    let opening = Opening::new(&call.user.actor()?, &order)
        .attribute("customer", call.user.id.as_str())
        .attribute("listing", new.listing.as_str())
        .attribute("quantity", new.quantity)
        .attribute("method", new.method.as_str())
        .request(call.request())
        .key(call.key("order"));
    // The law first: a replay is answered before anything is looked at, such as stock.
    let receipt = deal.law().open(&opening).await?;
    if receipt.replayed {
        return Ok((id, receipt));
    }
    let listing = listings::on_offer(deal, tenant, &new.listing).await?;
    listings::require_published(&listing)?;
    listings::require_price(&listing, new.price)?;
    if !listing.is_sale() {
        return Err(Problem::guard("not_for_sale", "the listing is booked, not bought"));
    }
    let total = listing
        .price
        .checked_mul(new.quantity)
        .ok_or_else(|| Problem::new("invalid_input", "the total is beyond what can be paid"))?;
    let taken = query(
        "UPDATE listings SET stock = stock - ?1 WHERE tenant = ?2 AND id = ?3 AND stock >= ?1",
    )
    .bind(new.quantity)
    .bind(tenant.as_str())
    .bind(&new.listing)
    .execute(deal.rows())
    .await?;
    if taken == 0 {
        return Err(Problem::conflict("out_of_stock", "there are not so many left"));
    }
    let now = deal.app().now().as_micros();
    query(
        "INSERT INTO orders (tenant, id, customer, listing, quantity, total, method, created_at) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(tenant.as_str())
    .bind(&id)
    .bind(&call.user.id)
    .bind(&new.listing)
    .bind(new.quantity)
    .bind(total)
    .bind(&new.method)
    .bind(now)
    .execute(deal.rows())
    .await?;
    payments::ask_in_person(deal, call, tenant, ("order", &id), &new.method).await?;
    Ok((id, receipt))
}
