//! A firm's panel: its listings, orders, bookings, payments and refunds.

use axum::extract::{Path, State};
use axum::response::Redirect;
use serde::Deserialize;

use super::tenant;
use super::views::{FirmPage, FirmsPage, Page, PageProblem, Row, Shell, Thing, buttons, signed_in};
use crate::app::App;
use crate::auth::{User, Visitor};
use crate::domain::listings::{self, NewListing};
use crate::domain::{moves, orders, payments, refunds, reservations, tenants};
use crate::error::Problem;
use crate::request::{Call, Fields, random_hex};

/// The firms that a user works for.
pub(super) async fn firms(
    State(app): State<App>,
    visitor: Visitor,
) -> Result<Page<FirmsPage>, PageProblem> {
    let user = signed_in(visitor)?;
    let firms = tenants::of_user(&app, &user).await?;
    Ok(Page(FirmsPage { shell: Shell::new("Panel", Some(&user)), firms }))
}

/// One firm.
pub(super) async fn firm(
    State(app): State<App>,
    Path(tenant_id): Path<String>,
    visitor: Visitor,
) -> Result<Page<FirmPage>, PageProblem> {
    let user = signed_in(visitor)?;
    let tenant = tenant(&tenant_id)?;
    moves::require(&app, &user, "panel.read", &tenant).await?;
    let firm = tenants::find(&app, &tenant).await?.ok_or_else(Problem::not_found)?;
    let mut listed = Vec::new();
    for listing in listings::of_tenant(&app, &tenant).await? {
        let buttons = buttons(&app, Some(&user), &tenant_id, "listing", &listing.id).await?;
        listed.push(Row { thing: listing, buttons });
    }
    let mut paid = Vec::new();
    for payment in payments::of_tenant(&app, &tenant).await? {
        let buttons = buttons(&app, Some(&user), &tenant_id, "payment", &payment.id).await?;
        paid.push(Row { thing: payment, buttons });
    }
    let refunds = match moves::require(&app, &user, "refund.read", &tenant).await {
        Ok(()) => Some(refunds::of_tenant(&app, &tenant).await?),
        Err(_) => None,
    };
    Ok(Page(FirmPage {
        shell: Shell::new(firm.name.clone(), Some(&user)),
        firm,
        listings: listed,
        things: things(&app, &user, &tenant).await?,
        payments: paid,
        refunds,
        may_list: moves::require(&app, &user, "product.write", &tenant).await.is_ok(),
        key: random_hex(16),
    }))
}

async fn things(
    app: &App,
    user: &User,
    tenant: &hos_core::id::Tenant,
) -> Result<Vec<Row<Thing>>, Problem> {
    let bookings = reservations::of_tenant(app, tenant).await?;
    let orders = orders::of_tenant(app, tenant).await?;
    let bookings = bookings.iter().map(Thing::reservation);
    let mut rows = Vec::new();
    for thing in orders.iter().map(Thing::order).chain(bookings) {
        let buttons = buttons(app, Some(user), tenant.as_str(), thing.kind, &thing.id).await?;
        rows.push(Row { thing, buttons });
    }
    Ok(rows)
}

/// The form of a new listing; the price in whole lira.
#[derive(Debug, Deserialize)]
pub(super) struct ListingForm {
    key: String,
    flow: String,
    title: String,
    description: String,
    price_lira: i64,
    count: i64,
    #[serde(default)]
    unit: String,
    #[serde(default)]
    instant: Option<String>,
}

/// Opens a listing as a draft.
pub(super) async fn open_listing(
    State(app): State<App>,
    Path(tenant_id): Path<String>,
    visitor: Visitor,
    Fields(form): Fields<ListingForm>,
) -> Result<Redirect, PageProblem> {
    let call = Call::new(signed_in(visitor)?, &form.key)?;
    let sale = form.flow == "sale";
    let new = NewListing {
        title: form.title,
        description: form.description,
        price: form.price_lira.saturating_mul(100),
        stock: if sale { form.count } else { 0 },
        capacity: if sale { 0 } else { form.count },
        unit: Some(form.unit).filter(|_| !sale),
        instant: !sale && form.instant.is_some(),
        flow: form.flow,
    };
    listings::open(&app, &call, &tenant(&tenant_id)?, &new).await?;
    Ok(Redirect::to(&format!("/panel/{tenant_id}")))
}
