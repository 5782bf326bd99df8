//! A firm's panel: listings, orders, bookings, payments, refunds, staff. Each is a page of its own
//! and shows what the law lets its reader see and do.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::tenant;
use super::views::{Asked, Offer, Page, PageProblem, Row, Shell, Thing, buttons, signed_in};
use crate::app::App;
use crate::auth::{User, Visitor};
use crate::domain::lists::Slice;
use crate::domain::payments::{self, Payment};
use crate::domain::people::{self, Member};
use crate::domain::refunds::{self, Refund};
use crate::domain::tenants::{self, Firm};
use crate::domain::{listings, moves, orders, reservations};
use crate::error::Problem;
use crate::request::random_hex;

type PageResult<T> = Result<T, PageProblem>;

/// The sections of the panel, and what each needs beyond the panel itself.
const SECTIONS: [(&str, &str); 8] = [
    ("", "panel.read"),
    ("listings", "panel.read"),
    ("orders", "panel.read"),
    ("reservations", "panel.read"),
    ("payments", "panel.read"),
    ("refunds", "refund.read"),
    ("staff", "hos.member"),
    ("log", "audit.read"),
];

/// The frame of every page of the panel: the firm, and the sections that its reader may open.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) firm: Firm,
    pub(crate) section: &'static str,
    sections: Vec<&'static str>,
}

impl Frame {
    /// The frame for a reader who may open the section; others are told what they may know.
    pub(crate) async fn of(
        app: &App,
        user: &User,
        tenant_id: &str,
        section: &'static str,
    ) -> Result<Self, Problem> {
        let tenant = tenant(tenant_id)?;
        let needed = SECTIONS.iter().find(|(name, _)| *name == section);
        let ability = needed.map_or("panel.read", |(_, ability)| *ability);
        moves::require(app, user, ability, &tenant).await?;
        let firm = tenants::find(app, &tenant).await?.ok_or_else(Problem::not_found)?;
        let mut sections = Vec::with_capacity(SECTIONS.len());
        for (name, ability) in SECTIONS {
            if moves::require(app, user, ability, &tenant).await.is_ok() {
                sections.push(name);
            }
        }
        Ok(Self { firm, section, sections })
    }

    /// The links of the sections: where to, the text's name, whether the reader is there.
    pub(crate) fn links(&self) -> Vec<(String, &'static str, bool)> {
        let link = |section: &&'static str| {
            let path = format!("/panel/{}/{section}", self.firm.id);
            let word = if section.is_empty() { "overview" } else { section };
            (path.trim_end_matches('/').to_owned(), word, *section == self.section)
        };
        self.sections.iter().map(link).collect()
    }

    /// Where a section is.
    pub(super) fn path(&self, section: &str) -> String {
        format!("/panel/{}/{section}", self.firm.id)
    }
}

/// The firms that a user works for.
#[derive(Debug, Template)]
#[template(path = "panel/firms.html")]
struct FirmsPage {
    shell: Shell,
    firms: Vec<Firm>,
    runs_all: bool,
}

/// Shows the firms that a user works for; who works for one alone goes on to it.
pub(super) async fn firms(State(app): State<App>, visitor: Visitor) -> PageResult<Response> {
    let user = signed_in(visitor)?;
    let firms = tenants::of_user(&app, &user).await?;
    let world = hos_core::id::Tenant::world();
    let runs_all = moves::require(&app, &user, "world.read", &world).await.is_ok();
    if let ([firm], false) = (firms.as_slice(), runs_all) {
        return Ok(Redirect::to(&format!("/panel/{}", firm.id)).into_response());
    }
    let shell = Shell::keyed("nav-panel", Some(&user));
    Ok(Page(FirmsPage { shell, firms, runs_all }).into_response())
}

/// What waits for somebody.
#[derive(Debug, Template)]
#[template(path = "panel/overview.html")]
pub(super) struct OverviewPage {
    shell: Shell,
    frame: Frame,
    /// Section, text, how many.
    figures: Vec<(&'static str, &'static str, usize)>,
    waiting: Vec<Row<Thing>>,
}

/// Shows what waits for somebody.
pub(super) async fn overview(
    State(app): State<App>,
    Path(tenant_id): Path<String>,
    visitor: Visitor,
) -> PageResult<Page<OverviewPage>> {
    let user = signed_in(visitor)?;
    let frame = Frame::of(&app, &user, &tenant_id, "").await?;
    let tenant = tenant(&tenant_id)?;
    let listings = listings::of_tenant(&app, &user, &tenant).await?;
    let on_offer = listings.iter().filter(|listing| listing.status == "published").count();
    let things = things(&app, &user, &tenant_id, Which::Both).await?;
    let payments = payments::of_tenant(&app, &user, &tenant, &Slice::first()).await?.rows;
    let count = |kind: &str, status: &str| {
        let found = |row: &&Row<Thing>| row.thing.kind == kind && row.thing.status == status;
        things.iter().filter(found).count()
    };
    let unpaid = payments.iter().filter(|payment| payment.status == "pending").count();
    let figures = vec![
        ("listings", "listings", on_offer),
        ("orders", "orders", count("order", "paid")),
        ("reservations", "bookings", count("reservation", "pending")),
        ("payments", "payments", unpaid),
    ];
    let waits = |row: &Row<Thing>| !row.buttons.is_empty() && row.thing.tab() != "past";
    let waiting = things.into_iter().filter(waits).take(8).collect();
    let shell = Shell::new(frame.firm.name.clone(), Some(&user));
    Ok(Page(OverviewPage { shell, frame, figures, waiting }))
}

/// A firm's listings.
#[derive(Debug, Template)]
#[template(path = "panel/listings.html")]
pub(super) struct ListingsPage {
    shell: Shell,
    frame: Frame,
    rows: Vec<Row<Offer>>,
    may_list: bool,
}

/// Shows a firm's listings.
pub(super) async fn listings(
    State(app): State<App>,
    Path(tenant_id): Path<String>,
    visitor: Visitor,
) -> PageResult<Page<ListingsPage>> {
    let user = signed_in(visitor)?;
    let frame = Frame::of(&app, &user, &tenant_id, "listings").await?;
    let tenant = tenant(&tenant_id)?;
    let mut rows = Vec::new();
    for listing in listings::of_tenant(&app, &user, &tenant).await? {
        let buttons = buttons(&app, Some(&user), &tenant_id, "listing", &listing.id).await?;
        rows.push(Row { thing: Offer::of(listing), buttons });
    }
    let may_list = moves::require(&app, &user, "product.write", &tenant).await.is_ok();
    let shell = Shell::keyed("section-listings", Some(&user));
    Ok(Page(ListingsPage { shell, frame, rows, may_list }))
}

/// Which of orders and bookings.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    Orders,
    Bookings,
    Both,
}

async fn things(
    app: &App,
    user: &User,
    tenant_id: &str,
    which: Which,
) -> Result<Vec<Row<Thing>>, Problem> {
    let tenant = tenant(tenant_id)?;
    let mut things = Vec::new();
    if which != Which::Orders {
        let bookings = reservations::of_tenant(app, user, &tenant, &Slice::first()).await?;
        things.extend(bookings.rows.iter().map(Thing::reservation));
    }
    if which != Which::Bookings {
        let orders = orders::of_tenant(app, user, &tenant, &Slice::first()).await?;
        things.extend(orders.rows.iter().map(Thing::order));
    }
    let mut rows = Vec::with_capacity(things.len());
    for thing in things {
        let buttons = buttons(app, Some(user), tenant_id, thing.kind, &thing.id).await?;
        rows.push(Row { thing, buttons });
    }
    Ok(rows)
}

/// Which tab.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Tab {
    #[serde(default)]
    tab: String,
}

/// The tabs of a firm's things.
const TABS: [&str; 4] = ["all", "waiting", "active", "past"];

/// A firm's orders or bookings, under the day on which each falls.
#[derive(Debug, Template)]
#[template(path = "panel/things.html")]
pub(super) struct ThingsPage {
    shell: Shell,
    frame: Frame,
    tabs: Vec<(&'static str, usize, bool)>,
    days: Vec<(String, Vec<Row<Thing>>)>,
}

async fn things_page(
    app: &App,
    tenant_id: &str,
    visitor: Visitor,
    tab: &str,
    which: Which,
) -> PageResult<Page<ThingsPage>> {
    let user = signed_in(visitor)?;
    let section = if which == Which::Orders { "orders" } else { "reservations" };
    let frame = Frame::of(app, &user, tenant_id, section).await?;
    let shell = match which {
        Which::Orders => Shell::keyed("section-orders", Some(&user)),
        _ => Shell::keyed("section-reservations", Some(&user)),
    };
    let shown = TABS.into_iter().find(|known| *known == tab).unwrap_or("all");
    let mut rows = things(app, &user, tenant_id, which).await?;
    let under = |tab: &str, row: &Row<Thing>| tab == "all" || row.thing.tab() == tab;
    let count = |tab: &str| rows.iter().filter(|row| under(tab, row)).count();
    let tabs = TABS.map(|tab| (tab, count(tab), tab == shown)).to_vec();
    rows.retain(|row| under(shown, row));
    let mut days: BTreeMap<(i64, String), Vec<Row<Thing>>> = BTreeMap::new();
    for row in rows {
        // Bookings as they come, orders the latest first.
        let day = row.thing.falls_on.div_euclid(86_400_000_000);
        let order = if which == Which::Orders { -day } else { day };
        let name = shell.language.day(row.thing.falls_on);
        days.entry((order, name)).or_default().push(row);
    }
    let mut days: Vec<(String, Vec<Row<Thing>>)> =
        days.into_iter().map(|((_, name), rows)| (name, rows)).collect();
    for (_, rows) in &mut days {
        rows.sort_by_key(|row| row.thing.falls_on);
    }
    Ok(Page(ThingsPage { shell, frame, tabs, days }))
}

/// Shows a firm's orders.
pub(super) async fn orders(
    State(app): State<App>,
    Path(tenant_id): Path<String>,
    visitor: Visitor,
    Asked(Tab { tab }): Asked<Tab>,
) -> PageResult<Page<ThingsPage>> {
    things_page(&app, &tenant_id, visitor, &tab, Which::Orders).await
}

/// Shows a firm's bookings, in the order in which guests come.
pub(super) async fn bookings(
    State(app): State<App>,
    Path(tenant_id): Path<String>,
    visitor: Visitor,
    Asked(Tab { tab }): Asked<Tab>,
) -> PageResult<Page<ThingsPage>> {
    things_page(&app, &tenant_id, visitor, &tab, Which::Bookings).await
}

/// A firm's payments.
#[derive(Debug, Template)]
#[template(path = "panel/payments.html")]
pub(super) struct PaymentsPage {
    shell: Shell,
    frame: Frame,
    rows: Vec<Row<Payment>>,
}

/// Shows a firm's payments.
pub(super) async fn payments(
    State(app): State<App>,
    Path(tenant_id): Path<String>,
    visitor: Visitor,
) -> PageResult<Page<PaymentsPage>> {
    let user = signed_in(visitor)?;
    let frame = Frame::of(&app, &user, &tenant_id, "payments").await?;
    let mut rows = Vec::new();
    let found = payments::of_tenant(&app, &user, &tenant(&tenant_id)?, &Slice::first()).await?;
    for payment in found.rows {
        let buttons = buttons(&app, Some(&user), &tenant_id, "payment", &payment.id).await?;
        rows.push(Row { thing: payment, buttons });
    }
    Ok(Page(PaymentsPage { shell: Shell::keyed("section-payments", Some(&user)), frame, rows }))
}

/// What a firm has to give back, and gave back.
#[derive(Debug, Template)]
#[template(path = "panel/refunds.html")]
pub(super) struct RefundsPage {
    shell: Shell,
    frame: Frame,
    rows: Vec<(Refund, String)>,
}

/// Shows what a firm has to give back, and gave back.
pub(super) async fn refunds(
    State(app): State<App>,
    Path(tenant_id): Path<String>,
    visitor: Visitor,
) -> PageResult<Page<RefundsPage>> {
    let user = signed_in(visitor)?;
    let frame = Frame::of(&app, &user, &tenant_id, "refunds").await?;
    let found = refunds::of_tenant(&app, &user, &tenant(&tenant_id)?, &Slice::first()).await?;
    let rows = found.rows.into_iter().map(|refund| (refund, random_hex(16))).collect();
    Ok(Page(RefundsPage { shell: Shell::keyed("section-refunds", Some(&user)), frame, rows }))
}

/// Who works for a firm.
#[derive(Debug, Template)]
#[template(path = "panel/staff.html")]
pub(super) struct StaffPage {
    shell: Shell,
    frame: Frame,
    rows: Vec<(Member, String)>,
    key: String,
}

impl StaffPage {
    /// The roles that a firm gives.
    const ROLES: [&'static str; 2] = ["owner", "staff"];
}

/// Shows who works for a firm.
pub(super) async fn staff(
    State(app): State<App>,
    Path(tenant_id): Path<String>,
    visitor: Visitor,
) -> PageResult<Page<StaffPage>> {
    let user = signed_in(visitor)?;
    let frame = Frame::of(&app, &user, &tenant_id, "staff").await?;
    let members = people::members(&app, &tenant(&tenant_id)?).await?;
    Ok(Page(StaffPage {
        shell: Shell::keyed("section-staff", Some(&user)),
        frame,
        rows: members.into_iter().map(|member| (member, random_hex(16))).collect(),
        key: random_hex(16),
    }))
}
