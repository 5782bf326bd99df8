//! The forms of a firm's panel: new listings, edits, stock, refunds, roles.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Redirect;
use serde::Deserialize;

use super::panel::Frame;
use super::shop;
use super::tenant;
use super::views::{Offer, Page, PageProblem, Shell, signed_in};
use crate::app::App;
use crate::auth::Visitor;
use crate::domain::listings::{self, CANCELLATIONS, CATEGORIES, Edit, NewListing, StockChange};
use crate::domain::{moves, people, refunds, tenants};
use crate::error::Problem;
use crate::request::{Call, Fields, random_hex};

type PageResult<T> = Result<T, PageProblem>;

/// The form of a new listing, or of one that changes.
#[derive(Debug, Template)]
#[template(path = "panel/listing.html")]
pub(super) struct FormPage {
    shell: Shell,
    frame: Frame,
    /// What it says now; none for a new one.
    offer: Option<Offer>,
    revision: u64,
    may_edit: bool,
    may_stock: bool,
    key: String,
}

impl FormPage {
    /// Whether a field says so now.
    fn is_said(&self, field: &str, value: &str) -> bool {
        self.said(field) == value
    }

    /// Whether it is booked, or may become so.
    fn is_booked(&self) -> bool {
        self.offer.as_ref().is_none_or(|offer| !offer.listing.is_sale())
    }

    /// What a field says now.
    fn said(&self, field: &str) -> String {
        let Some(Offer { listing, .. }) = &self.offer else { return String::new() };
        match field {
            "title" => listing.title.clone(),
            "description" => listing.description.clone(),
            "price" => decimal(listing.price),
            "category" => listing.category.clone(),
            "cancellation" => listing.cancellation.clone(),
            _ => String::new(),
        }
    }
}

/// Shows the form of a new listing.
pub(super) async fn new_form(
    State(app): State<App>,
    Path(tenant_id): Path<String>,
    visitor: Visitor,
) -> PageResult<Page<FormPage>> {
    let user = signed_in(visitor)?;
    let frame = Frame::of(&app, &user, &tenant_id, "listings").await?;
    moves::require(&app, &user, "product.write", &tenant(&tenant_id)?).await?;
    Ok(Page(FormPage {
        shell: Shell::keyed("listing-new", Some(&user)),
        frame,
        offer: None,
        revision: 0,
        may_edit: true,
        may_stock: true,
        key: random_hex(16),
    }))
}

/// Shows the form that changes a listing.
pub(super) async fn edit_form(
    State(app): State<App>,
    Path((tenant_id, id)): Path<(String, String)>,
    visitor: Visitor,
) -> PageResult<Page<FormPage>> {
    let user = signed_in(visitor)?;
    let frame = Frame::of(&app, &user, &tenant_id, "listings").await?;
    let found = shop::answer(&app, Some(&user), &tenant_id, &id).await?;
    let may = |action: &str| found.allowed_actions.iter().any(|allowed| allowed == action);
    Ok(Page(FormPage {
        shell: Shell::new(found.thing.title.clone(), Some(&user)),
        frame,
        revision: found.revision,
        may_edit: may("edit"),
        may_stock: may("set_stock") && found.thing.is_sale(),
        offer: Some(Offer::of(found.thing)),
        key: random_hex(16),
    }))
}

/// What a listing is to say.
#[derive(Debug, Deserialize)]
pub(super) struct ListingForm {
    key: String,
    title: String,
    #[serde(default)]
    description: String,
    price: String,
    category: String,
    #[serde(default)]
    cancellation: String,
    /// Of a new listing.
    #[serde(default)]
    flow: String,
    #[serde(default)]
    stock: String,
    #[serde(default)]
    capacity: String,
    #[serde(default)]
    unit: String,
    #[serde(default)]
    instant: Option<String>,
    #[serde(default)]
    revision: Option<u64>,
}

/// `1.234,50`, `1234.50` or `1234` lira as kurus. What separates the last two digits is the point.
fn kurus(text: &str) -> Result<i64, Problem> {
    let invalid = || Problem::new("invalid_input", "`price` is not an amount such as 1234,50");
    let text: String = text.chars().filter(|c| !c.is_whitespace() && *c != '₺').collect();
    let (whole, part) = match text.rfind([',', '.']) {
        Some(at) if text.len() - at <= 3 => text.split_at(at),
        _ => (text.as_str(), ""),
    };
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    let whole: String = whole.chars().filter(|c| !matches!(c, ',' | '.')).collect();
    let part = part.trim_start_matches([',', '.']);
    if whole.is_empty() || !digits(&whole) || !digits(part) {
        return Err(invalid());
    }
    format!("{whole}{part:0<2}").parse().map_err(|_| invalid())
}

/// Kurus as a field shows them.
fn decimal(kurus: i64) -> String {
    format!("{},{:02}", kurus.div_euclid(100), kurus.rem_euclid(100))
}

/// A count from a field; an empty one counts nothing.
fn count(name: &str, text: &str) -> Result<i64, Problem> {
    match text.trim() {
        "" => Ok(0),
        text => text
            .parse()
            .map_err(|_| Problem::new("invalid_input", format!("`{name}` is not a whole number"))),
    }
}

/// Opens a listing as a draft.
pub(super) async fn open(
    State(app): State<App>,
    Path(tenant_id): Path<String>,
    visitor: Visitor,
    Fields(form): Fields<ListingForm>,
) -> PageResult<Redirect> {
    let call = Call::new(signed_in(visitor)?, &form.key)?;
    let sale = form.flow == "sale";
    let new = NewListing {
        price: kurus(&form.price)?,
        stock: if sale { count("stock", &form.stock)? } else { 0 },
        capacity: if sale { 0 } else { count("capacity", &form.capacity)? },
        unit: Some(form.unit).filter(|_| !sale),
        instant: !sale && form.instant.is_some(),
        category: Some(form.category),
        cancellation: Some(form.cancellation),
        flow: form.flow,
        title: form.title,
        description: form.description,
    };
    let (id, _) = listings::open(&app, &call, &tenant(&tenant_id)?, &new).await?;
    Ok(Redirect::to(&format!("/t/{tenant_id}/listings/{id}")))
}

/// Changes what a listing says.
pub(super) async fn edit(
    State(app): State<App>,
    Path((tenant_id, id)): Path<(String, String)>,
    visitor: Visitor,
    Fields(form): Fields<ListingForm>,
) -> PageResult<Redirect> {
    let call = Call::new(signed_in(visitor)?, &form.key)?;
    let edit = Edit {
        price: kurus(&form.price)?,
        capacity: count("capacity", &form.capacity)?,
        cancellation: form.cancellation,
        category: form.category,
        title: form.title,
        description: form.description,
        revision: form.revision,
    };
    let path = format!("/panel/{tenant_id}/listings/{id}");
    let edited = listings::edit(&app, &call, &tenant(&tenant_id)?, &id, &edit).await;
    edited.map_err(|problem| PageProblem::look_at(problem, &path))?;
    Ok(Redirect::to(&format!("/t/{tenant_id}/listings/{id}")))
}

/// How many pieces there are.
#[derive(Debug, Deserialize)]
pub(super) struct StockForm {
    key: String,
    stock: i64,
    seen: i64,
}

/// Says how many pieces there are.
pub(super) async fn set_stock(
    State(app): State<App>,
    Path((tenant_id, id)): Path<(String, String)>,
    visitor: Visitor,
    Fields(form): Fields<StockForm>,
) -> PageResult<Redirect> {
    let call = Call::new(signed_in(visitor)?, &form.key)?;
    let change = StockChange { stock: form.stock, seen: Some(form.seen) };
    let path = format!("/panel/{tenant_id}/listings/{id}");
    let set = listings::set_stock(&app, &call, &tenant(&tenant_id)?, &id, &change).await;
    set.map_err(|problem| PageProblem::look_at(problem, &path))?;
    Ok(Redirect::to(&path))
}

/// A form with nothing but its key.
#[derive(Debug, Deserialize)]
pub(super) struct KeyForm {
    key: String,
}

/// Says that the money of a payment went back.
pub(super) async fn refund(
    State(app): State<App>,
    Path((tenant_id, payment)): Path<(String, String)>,
    visitor: Visitor,
    Fields(form): Fields<KeyForm>,
) -> PageResult<Redirect> {
    let call = Call::new(signed_in(visitor)?, &form.key)?;
    let path = format!("/panel/{tenant_id}/refunds");
    let settled = refunds::settle_by_hand(&app, &call, &tenant(&tenant_id)?, &payment).await;
    settled.map_err(|problem| PageProblem::look_at(problem, &path))?;
    Ok(Redirect::to(&path))
}

/// Who gets which role: by e-mail address for somebody new, by id for a member.
#[derive(Debug, Deserialize)]
pub(super) struct RoleForm {
    key: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    member: String,
    /// None takes the roles away.
    #[serde(default)]
    role: String,
}

/// Gives and takes roles.
pub(super) async fn set_role(
    State(app): State<App>,
    Path(tenant_id): Path<String>,
    visitor: Visitor,
    Fields(form): Fields<RoleForm>,
) -> PageResult<Redirect> {
    let call = Call::new(signed_in(visitor)?, &form.key)?;
    let tenant = tenant(&tenant_id)?;
    let path = format!("/panel/{tenant_id}/staff");
    let look = |problem| PageProblem::look_at(problem, &path);
    // Before an address is looked up: who may not give roles learns nothing of accounts.
    moves::require(&app, &call.user, "hos.member", &tenant).await?;
    let member = match form.member.is_empty() {
        false => form.member,
        true => {
            let user = people::by_email(&app, &form.email).await?;
            let unknown = || Problem::guard("unknown_account", "no account has this address");
            user.ok_or_else(unknown).map_err(look)?.id
        }
    };
    let roles: Vec<String> = Some(form.role).filter(|role| !role.is_empty()).into_iter().collect();
    tenants::set_member(&app, &call, &tenant, &member, &roles).await.map_err(look)?;
    Ok(Redirect::to(&path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_read_as_people_write_it() {
        for (text, expected) in [
            ("1.234,50", 123_450),
            ("1234.5", 123_450),
            ("1,234.50", 123_450),
            ("1234", 123_400),
            ("1.234", 123_400),
            (" 12 ₺", 1_200),
        ] {
            assert_eq!(kurus(text).unwrap(), expected, "{text}");
        }
        for text in ["", ",50", "-5", "abc", "1e9", "99999999999999999999", "1,2x"] {
            assert_eq!(kurus(text).unwrap_err().code(), "invalid_input", "{text}");
        }
        assert_eq!(decimal(123_405), "1234,05");
    }
}
