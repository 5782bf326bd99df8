//! Changes of a listing: what it says, and how many pieces there are.

use hos_core::command::Command;
use hos_core::id::Tenant;
use hos_core::laws::Contracts as _;
use hos_core::receipt::Receipt;
use serde::{Deserialize, Serialize};

use super::{CANCELLATIONS, CATEGORIES, COUNT_MAX, Listing, digest, find, lock, search};
use crate::app::App;
use crate::database::query;
use crate::domain::deal::{Deal, deal};
use crate::error::Problem;
use crate::request::Call;

/// The longest title, in bytes.
const TITLE_BYTES_MAX: usize = 120;
/// The longest description, in bytes.
const DESCRIPTION_BYTES_MAX: usize = 4_000;
/// The highest price, in kurus.
const PRICE_MAX: i64 = 1_000_000_000;

/// What a listing is to say from now on. Orders and bookings keep the price that they agreed to.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Edit {
    pub(crate) title: String,
    pub(crate) description: String,
    /// In kurus.
    pub(crate) price: i64,
    pub(crate) category: String,
    pub(crate) cancellation: String,
    /// Of a booking; a sale has none.
    #[serde(default)]
    pub(crate) capacity: i64,
    /// The revision that the editor saw; an old one is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) revision: Option<u64>,
}

/// How many pieces there are from now on.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StockChange {
    pub(crate) stock: i64,
    /// How many the owner saw; refused when somebody bought meanwhile.
    #[serde(default)]
    pub(crate) seen: Option<i64>,
}

/// The part that a new listing and an edited one have in common.
pub(super) struct Said<'a> {
    pub(super) title: &'a str,
    pub(super) description: &'a str,
    pub(super) price: i64,
    pub(super) category: &'a str,
    pub(super) cancellation: &'a str,
}

/// Everything that is wrong with it.
pub(super) fn said_wrong(said: &Said<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    if said.title.trim().is_empty() || said.title.len() > TITLE_BYTES_MAX {
        faults.push(format!("`title` is not 1 to {TITLE_BYTES_MAX} bytes"));
    }
    if said.description.len() > DESCRIPTION_BYTES_MAX {
        faults.push(format!("`description` is over {DESCRIPTION_BYTES_MAX} bytes"));
    }
    if !(1..=PRICE_MAX).contains(&said.price) {
        faults.push(format!("`price` is not 1 to {PRICE_MAX} kurus"));
    }
    if !CATEGORIES.contains(&said.category) {
        faults.push(format!("`category` is none of {}", CATEGORIES.join(", ")));
    }
    if !CANCELLATIONS.contains(&said.cancellation) {
        faults.push(format!("`cancellation` is none of {}", CANCELLATIONS.join(", ")));
    }
    faults
}

/// Refuses when there are faults, and names them all.
pub(super) fn none_of(faults: &[String]) -> Result<(), Problem> {
    if faults.is_empty() { Ok(()) } else { Err(Problem::new("invalid_input", faults.join("; "))) }
}

/// Changes what a listing says.
pub(crate) async fn edit(
    app: &App,
    call: &Call,
    tenant: &Tenant,
    id: &str,
    edit: &Edit,
) -> Result<Receipt, Problem> {
    none_of(&said_wrong(&Said {
        title: &edit.title,
        description: &edit.description,
        price: edit.price,
        category: &edit.category,
        cancellation: &edit.cancellation,
    }))?;
    deal!(app, |deal| edit_in(deal, call, tenant, id, edit).await)
}

async fn edit_in(
    deal: &mut Deal<'_>,
    call: &Call,
    tenant: &Tenant,
    id: &str,
    edit: &Edit,
) -> Result<Receipt, Problem> {
    let subject = deal.app().subject(tenant, "listing", id)?;
    // The same words are the same command, whatever was seen.
    let content = digest(&Edit { revision: None, ..edit.clone() })?;
    let command = Command::new(&call.user.actor()?, &subject, "edit")
        .input("content", content)
        .request(call.request())
        .key(call.key("edit"));
    let command = match edit.revision {
        Some(revision) => command.seen(revision),
        None => command,
    };
    // The law first: a replay is answered before anything is looked at.
    let receipt = deal.law().transition(&command).await?;
    if receipt.replayed {
        return Ok(receipt);
    }
    let listing = known(deal, tenant, id).await?;
    if !listing.is_sale() && !(1..=COUNT_MAX).contains(&edit.capacity) {
        return Err(Problem::new("invalid_input", "a booking has a `capacity`"));
    }
    query(
        "UPDATE listings SET title = ?, description = ?, price = ?, category = ?, \
         cancellation = ?, capacity = ?, folded = ? WHERE tenant = ? AND id = ?",
    )
    .bind(edit.title.trim())
    .bind(&edit.description)
    .bind(edit.price)
    .bind(&edit.category)
    .bind(&edit.cancellation)
    .bind(if listing.is_sale() { 0 } else { edit.capacity })
    .bind(search::folded(&edit.title, &edit.description))
    .bind(tenant.as_str())
    .bind(id)
    .execute(deal.rows())
    .await?;
    Ok(receipt)
}

/// Says how many pieces there are. The proof has the number before and the number after.
pub(crate) async fn set_stock(
    app: &App,
    call: &Call,
    tenant: &Tenant,
    id: &str,
    change: &StockChange,
) -> Result<Receipt, Problem> {
    if change.stock > COUNT_MAX {
        let detail = format!("`stock` is over {COUNT_MAX}");
        return Err(Problem::new("invalid_input", detail));
    }
    deal!(app, |deal| set_stock_in(deal, call, tenant, id, change).await)
}

async fn set_stock_in(
    deal: &mut Deal<'_>,
    call: &Call,
    tenant: &Tenant,
    id: &str,
    change: &StockChange,
) -> Result<Receipt, Problem> {
    let subject = deal.app().subject(tenant, "listing", id)?;
    let before = find(deal.rows(), tenant, id).await?.ok_or_else(Problem::not_found)?;
    let command = Command::new(&call.user.actor()?, &subject, "set_stock")
        .input("stock", change.stock)
        .fact("stock", before.stock)
        .request(call.request())
        .key(call.key("stock"));
    let receipt = deal.law().transition(&command).await?;
    if receipt.replayed {
        return Ok(receipt);
    }
    let changed = || Problem::conflict("stock_changed", "the stock has changed meanwhile");
    if change.seen.is_some_and(|seen| seen != before.stock) {
        return Err(changed());
    }
    // The proof says what was before: where somebody bought since, it is said anew.
    if known(deal, tenant, id).await?.stock != before.stock {
        return Err(changed().overtaken());
    }
    query("UPDATE listings SET stock = ? WHERE tenant = ? AND id = ?")
        .bind(change.stock)
        .bind(tenant.as_str())
        .bind(id)
        .execute(deal.rows())
        .await?;
    Ok(receipt)
}

/// A listing that stays as it is until the deal ends.
async fn known(deal: &mut Deal<'_>, tenant: &Tenant, id: &str) -> Result<Listing, Problem> {
    lock(deal, tenant, id).await?;
    find(deal.rows(), tenant, id).await?.ok_or_else(Problem::not_found)
}
