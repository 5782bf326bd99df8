//! The reader's own pages: sign-in, language, orders and bookings.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::views::{Asked, Page, PageProblem, Row, Shell, Thing, buttons, signed_in};
use super::{tenant, thing};
use crate::app::App;
use crate::auth::{self, User, Visitor};
use crate::domain::lists::Slice;
use crate::domain::payments::{self, Payment};
use crate::domain::{moves, orders, reservations, tenants};
use crate::error::Problem;
use crate::language::{self, Language};
use crate::request::{Fields, random_hex};
use crate::session;

type PageResult<T> = Result<T, PageProblem>;

/// The tabs of one's own things.
const TABS: [&str; 4] = ["all", "waiting", "active", "past"];

/// Which tab.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Tab {
    #[serde(default)]
    tab: String,
}

/// The user's own orders and bookings.
#[derive(Debug, Template)]
#[template(path = "mine.html")]
pub(super) struct MinePage {
    shell: Shell,
    /// Name, how many, whether it is shown.
    tabs: Vec<(&'static str, usize, bool)>,
    things: Vec<Thing>,
}

/// Shows the user's own orders and bookings, the latest first.
pub(super) async fn mine(
    State(app): State<App>,
    visitor: Visitor,
    Asked(Tab { tab }): Asked<Tab>,
) -> PageResult<Page<MinePage>> {
    let user = signed_in(visitor)?;
    let shown = TABS.into_iter().find(|known| *known == tab).unwrap_or("all");
    let orders = orders::of_customer(&app, &user, &Slice::first()).await?.rows;
    let bookings = reservations::of_customer(&app, &user, &Slice::first()).await?.rows;
    let bookings = bookings.iter().map(Thing::reservation);
    let mut things: Vec<Thing> = orders.iter().map(Thing::order).chain(bookings).collect();
    things.sort_by_key(|thing| std::cmp::Reverse(thing.created_at));
    let under = |tab: &str, thing: &Thing| tab == "all" || thing.tab() == tab;
    let count = |tab: &str| things.iter().filter(|thing| under(tab, thing)).count();
    let tabs = TABS.map(|tab| (tab, count(tab), tab == shown)).to_vec();
    things.retain(|thing| under(shown, thing));
    Ok(Page(MinePage { shell: Shell::keyed("mine-title", Some(&user)), tabs, things }))
}

/// One order or booking.
#[derive(Debug, Template)]
#[template(path = "thing.html")]
pub(super) struct ThingPage {
    shell: Shell,
    row: Row<Thing>,
    payments: Vec<Row<Payment>>,
    firm: String,
    /// Where a bank transfer goes, and what to write on it.
    iban: Option<(String, String)>,
    mine: bool,
    key: String,
}

impl ThingPage {
    /// What its state means now, as texts name it: what is paid for waits for its owner alone.
    fn help(&self) -> String {
        let thing = &self.row.thing;
        let paid = self.payments.iter().any(|row| row.thing.status == "paid");
        if thing.status == "pending" && paid { "asked".to_owned() } else { thing.help() }
    }
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
    let order = orders::find(app.database(), &subject.tenant, &id).await?;
    show(&app, &user, Thing::order(&order.ok_or_else(Problem::not_found)?)).await
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
    let found = reservations::find(app.database(), &subject.tenant, &id).await?;
    show(&app, &user, Thing::reservation(&found.ok_or_else(Problem::not_found)?)).await
}

async fn show(app: &App, user: &User, found: Thing) -> PageResult<Page<ThingPage>> {
    let mine = found.customer == user.id;
    let of = tenant(&found.tenant)?;
    let rows = payments::readable_of_payable(app, user, &of, (found.kind, &found.id)).await?;
    let mut payments = Vec::with_capacity(rows.len());
    for payment in rows {
        let some = Some(user);
        let buttons = buttons(app, some, &payment.tenant, "payment", &payment.id).await?;
        payments.push(Row { thing: payment, buttons });
    }
    let live = |row: &Row<Payment>| matches!(row.thing.status.as_str(), "pending" | "paid");
    let payable = found.payable && mine && !payments.iter().any(live);
    let buttons = buttons(app, Some(user), &found.tenant, found.kind, &found.id).await?;
    let iban = payments.iter().find(|row| row.thing.status == "pending");
    let iban = iban.and_then(|row| Some((row.thing.iban()?, row.thing.reference.clone())));
    let firm = tenants::find(app, &of).await?.map(|firm| firm.name).unwrap_or_default();
    Ok(Page(ThingPage {
        shell: Shell::new(found.title.clone(), Some(user)),
        row: Row { thing: Thing { payable, ..found }, buttons },
        payments,
        firm,
        iban,
        mine,
        key: random_hex(16),
    }))
}

/// Where users sign in.
#[derive(Debug, Template)]
#[template(path = "sign_in.html")]
pub(super) struct SignInPage {
    shell: Shell,
    failed: bool,
    back: String,
    email: String,
    demo: Vec<(&'static str, String)>,
}

impl SignInPage {
    fn new(app: &App, back: &str, failed: bool, email: String) -> Self {
        let shell = Shell::keyed("sign-in-title", None);
        let role = |account: &crate::seed::Account| match account.role {
            Some((tenant, role)) => format!("{} ({tenant})", shell.word("role", role)),
            None if account.id == "u-root" => shell.word("role", "super_admin"),
            None => shell.word("role", "customer"),
        };
        let demo = match app.is_demo() {
            true => crate::seed::ACCOUNTS.iter().map(|one| (one.email, role(one))).collect(),
            false => Vec::new(),
        };
        let back = language::local_path(back).unwrap_or_default().to_owned();
        Self { demo, failed, back, email, shell }
    }
}

/// Where to afterwards.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Back {
    #[serde(default)]
    back: String,
}

/// Shows where users sign in.
pub(super) async fn sign_in_form(
    State(app): State<App>,
    Asked(Back { back }): Asked<Back>,
) -> Page<SignInPage> {
    Page(SignInPage::new(&app, &back, false, String::new()))
}

/// E-mail and password.
#[derive(Debug, Deserialize)]
pub(super) struct SignInForm {
    email: String,
    password: String,
    #[serde(default)]
    back: String,
}

/// Signs in: owners and staff go to their panel, customers to the shop.
pub(super) async fn sign_in(
    State(app): State<App>,
    headers: HeaderMap,
    Fields(form): Fields<SignInForm>,
) -> PageResult<Response> {
    match auth::sign_in(&app, &headers, &form.email, form.password).await {
        Ok((user, cookie)) => {
            let cookie = [(header::SET_COOKIE, cookie)];
            let works = !tenants::of_user(&app, &user).await?.is_empty();
            let home = if works { "/panel" } else { "/" };
            let back = language::local_path(&form.back).unwrap_or(home);
            Ok((cookie, Redirect::to(back)).into_response())
        }
        Err(problem) if problem.code() == "unauthenticated" => {
            let email = form.email.chars().take(254).collect();
            let page = SignInPage::new(&app, &form.back, true, email);
            Ok((problem.status(), Page(page)).into_response())
        }
        Err(problem) => Err(problem.into()),
    }
}

/// Revokes the session.
pub(super) async fn sign_out(State(app): State<App>, headers: HeaderMap) -> PageResult<Response> {
    session::end(&app, &headers).await?;
    Ok(([(header::SET_COOKIE, app.cookies().none())], Redirect::to("/")).into_response())
}

/// Revokes every session of the user.
pub(super) async fn sign_out_everywhere(
    State(app): State<App>,
    visitor: Visitor,
) -> PageResult<Response> {
    session::end_all(&app, &signed_in(visitor)?).await?;
    Ok(([(header::SET_COOKIE, app.cookies().none())], Redirect::to("/")).into_response())
}

/// Which language, and back to which page.
#[derive(Debug, Deserialize)]
pub(super) struct LanguageForm {
    language: String,
    #[serde(default)]
    back: String,
}

/// Keeps the reader's choice of language.
pub(super) async fn set_language(Fields(form): Fields<LanguageForm>) -> PageResult<Response> {
    let chosen = Language::parse(&form.language);
    let chosen =
        chosen.ok_or_else(|| Problem::new("invalid_input", "there is no such language"))?;
    let back = language::local_path(&form.back).unwrap_or("/");
    Ok(([(header::SET_COOKIE, chosen.cookie())], Redirect::to(back)).into_response())
}
