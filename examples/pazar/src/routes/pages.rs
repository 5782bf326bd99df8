//! The storefront: what is on offer, and one listing with its calendar.

use askama::Template;
use axum::extract::{Path, State};
use hos_core::time::Timestamp;
use serde::Deserialize;

use super::calendar::{self, Day, Month, MonthName, OPENING_HOUR, Slot};
use super::views::{Asked, Offer, Page, PageProblem, Row, Shell, buttons};
use super::{shop, tenant};
use crate::app::App;
use crate::auth::Visitor;
use crate::domain::listings::{self, CATEGORIES, Listing, Search};
use crate::domain::reservations;
use crate::error::Problem;

type PageResult<T> = Result<T, PageProblem>;

/// The longest search, in characters.
const SEARCH_CHARACTERS_MAX: usize = 100;
const FLOWS: [&str; 2] = ["sale", "booking"];
const SORTS: [&str; 4] = ["title", "newest", "cheapest", "dearest"];

/// What is looked for. Whatever else an address says is not looked at.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Sought {
    #[serde(default)]
    text: String,
    #[serde(default)]
    category: String,
    #[serde(default)]
    flow: String,
    #[serde(default)]
    sort: String,
    #[serde(default)]
    page: String,
}

impl Sought {
    fn search(self) -> Search {
        let known = |value: String, among: &[&str]| {
            if among.contains(&value.as_str()) { value } else { String::new() }
        };
        Search {
            text: self.text.trim().chars().take(SEARCH_CHARACTERS_MAX).collect(),
            category: known(self.category, &CATEGORIES),
            flow: known(self.flow, &FLOWS),
            sort: known(self.sort, &SORTS),
            page: self.page.parse::<i64>().unwrap_or(1).clamp(1, 1_000),
        }
    }
}

/// Everything on offer.
#[derive(Debug, Template)]
#[template(path = "browse.html")]
pub(super) struct BrowsePage {
    shell: Shell,
    search: Search,
    offers: Vec<Offer>,
    total: i64,
    pages: i64,
    filtered: bool,
}

impl BrowsePage {
    /// The address of this search with another category or page.
    fn link(&self, category: &str, page: i64) -> String {
        let Search { text, flow, sort, .. } = &self.search;
        let page = if page > 1 { page.to_string() } else { String::new() };
        let pairs =
            [("text", text.as_str()), ("category", category), ("flow", flow), ("sort", sort)];
        let pairs = pairs.into_iter().chain([("page", page.as_str())]);
        let pairs = pairs.filter(|(_, value)| !value.is_empty());
        let query: Vec<String> = pairs
            .map(|(name, value)| format!("{name}={}", super::shell::form_urlencoded(value)))
            .collect();
        if query.is_empty() { "/".to_owned() } else { format!("/?{}", query.join("&")) }
    }
}

/// Shows what is on offer.
pub(super) async fn browse(
    State(app): State<App>,
    Visitor(user): Visitor,
    Asked(sought): Asked<Sought>,
) -> PageResult<Page<BrowsePage>> {
    let search = sought.search();
    let found = listings::search(&app, &search).await?;
    let (total, pages) = (found.total, found.pages);
    Ok(Page(BrowsePage {
        shell: Shell::keyed("browse-title", user.as_ref()),
        offers: found.items.into_iter().map(Offer::of).collect(),
        filtered: !(search.text.is_empty() && search.category.is_empty() && search.flow.is_empty())
            || search.page > 1,
        total,
        pages,
        search,
    }))
}

/// Which part of the calendar.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Looked {
    #[serde(default)]
    month: String,
    #[serde(default)]
    day: String,
}

/// When a listing is free.
#[derive(Debug)]
pub(super) struct Calendar {
    month: Month,
    today: String,
    /// The first day that can be booked, for the form.
    from: String,
    to: String,
    /// The chosen day and its hours, where hours are booked.
    hours: Option<(String, Vec<(String, Slot)>)>,
    /// The hour that the form proposes.
    begin: usize,
}

/// One listing, with the form that buys or books.
#[derive(Debug, Template)]
#[template(path = "listing.html")]
pub(super) struct ListingPage {
    shell: Shell,
    offer: Offer,
    row: Row<()>,
    signed_in: bool,
    calendar: Option<Calendar>,
    hour_names: Vec<String>,
}

/// Shows one listing.
pub(super) async fn listing(
    State(app): State<App>,
    Path((tenant_id, id)): Path<(String, String)>,
    Visitor(user): Visitor,
    Asked(looked): Asked<Looked>,
) -> PageResult<Page<ListingPage>> {
    let user = user.as_ref();
    let found = shop::answer(&app, user, &tenant_id, &id).await?.thing;
    let buttons = buttons(&app, user, &tenant_id, "listing", &id).await?;
    let shell = Shell::new(found.title.clone(), user);
    let calendar = match found.is_sale() {
        true => None,
        false => Some(calendar(&app, &shell, &found, &looked).await?),
    };
    Ok(Page(ListingPage {
        shell,
        offer: Offer::of(found),
        row: Row { thing: (), buttons },
        signed_in: user.is_some(),
        calendar,
        hour_names: (0..=24).map(|hour| format!("{hour:02}:00")).collect(),
    }))
}

async fn calendar(
    app: &App,
    shell: &Shell,
    listing: &Listing,
    looked: &Looked,
) -> Result<Calendar, Problem> {
    let now = app.now().as_micros();
    let today = Day::of(now);
    let by_hour = listing.unit == "hour";
    let chosen = Day::parse(&looked.day).filter(|day| *day >= today);
    let name = match chosen {
        Some(day) if looked.month.is_empty() => MonthName::of(day),
        _ => MonthName::asked(&looked.month, today),
    };
    let in_month = taken(app, listing, name.range()).await?;
    // By the hour, a day with one booking still has room.
    let whole = if by_hour { Vec::new() } else { in_month };
    let month = calendar::month(shell.language, name, now, chosen, &whole);
    let day = chosen.unwrap_or(today);
    let hours = match by_hour {
        true => {
            let taken = taken(app, listing, (day.at(0), day.at(24))).await?;
            Some((shell.language.day(day.at(0)), calendar::hours(day, now, &taken)))
        }
        false => None,
    };
    let begin = hours.as_ref().and_then(|(_, hours)| calendar::proposed(hours));
    let from = if chosen.is_some() || by_hour { day } else { today.after(1) };
    Ok(Calendar {
        month,
        today: today.text(),
        from: from.text(),
        to: from.after(1).text(),
        hours,
        begin: begin.unwrap_or(OPENING_HOUR),
    })
}

/// What of a listing's time is taken between two times.
async fn taken(
    app: &App,
    listing: &Listing,
    (from, to): (i64, i64),
) -> Result<Vec<(i64, i64)>, Problem> {
    let (from, to) = (Timestamp::from_micros(from), Timestamp::from_micros(to));
    let tenant = tenant(&listing.tenant)?;
    let taken = reservations::taken(app, &tenant, &listing.id, from, to).await?;
    Ok(taken.iter().map(|(starts, ends)| (starts.as_micros(), ends.as_micros())).collect())
}
