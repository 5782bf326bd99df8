//! Payments: what is owed for an order or a booking, and what a settled one moves.

use hos_core::actor::Actor;
use hos_core::command::{Command, Opening};
use hos_core::error::{Error, Refusal};
use hos_core::id::{RequestId, Tenant};
use hos_core::laws::Contracts as _;
use hos_core::receipt::Receipt;
use hos_sqlx::filter::Columns;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::deal::{Deal, deal};
use super::lists::{self, Page, Slice, placed, slice};
use super::{orders, reservations};
use crate::app::App;
use crate::auth::User;
use crate::database::{Rows, from_row, query};
use crate::error::Problem;
use crate::request::{Call, random_hex};

/// The one provider of the demo.
pub(crate) const PROVIDER: &str = "demo";
/// The one currency.
pub(crate) const CURRENCY: &str = "TRY";

/// The way to pay by the provider; all others are settled by the owner.
const ONLINE: &str = "online";
/// The way to pay into the firm's account.
const BANK_TRANSFER: &str = "bank_transfer";

/// How something is paid for when nothing is said.
pub(crate) fn online() -> String {
    ONLINE.to_owned()
}

/// A payment.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct Payment {
    pub(crate) tenant: String,
    pub(crate) id: String,
    pub(crate) customer: String,
    pub(crate) payable_kind: String,
    pub(crate) payable: String,
    /// In kurus.
    pub(crate) amount: i64,
    /// How it is paid: online, or in person by the names of `provider`.
    pub(crate) method: String,
    pub(crate) provider: String,
    /// What the provider calls it, or what the payer writes on a transfer.
    pub(crate) reference: String,
    pub(crate) status: String,
    #[serde(serialize_with = "super::moves::as_time")]
    #[schema(value_type = String, format = DateTime)]
    pub(crate) created_at: i64,
}

from_row!(Payment {
    tenant,
    id,
    customer,
    payable_kind,
    payable,
    amount,
    method,
    provider,
    reference,
    status,
    created_at
});

placed!(Payment, id);

/// What the law's rules may read of a row, as it is called `p`. The earliest subjects have no
/// `method`, and their rows have one.
pub(super) const COLUMNS: Columns = Columns::new(
    "payment",
    "p.tenant",
    &[
        ("id", "p.id"),
        ("state", "p.status"),
        ("customer", "p.customer"),
        ("payable_kind", "p.payable_kind"),
        ("payable", "p.payable"),
        ("amount", "p.amount"),
    ],
);

impl Payment {
    /// The page of the provider where it is paid; none for what is paid in person.
    pub(crate) fn pay_url(&self) -> Option<String> {
        (self.method == ONLINE).then(|| format!("/demo-provider/{}", self.reference))
    }

    /// The account that a transfer goes to.
    pub(crate) fn iban(&self) -> Option<String> {
        (self.method == BANK_TRANSFER).then(|| iban(&self.tenant))
    }
}

/// A firm's account of the demo: well formed, at a bank that does not exist.
fn iban(tenant: &str) -> String {
    let digest = Sha256::digest(tenant.as_bytes());
    let digits: String =
        digest.iter().take(16).map(|byte| char::from(b'0' + byte.rem_euclid(10))).collect();
    let account = format!("000000{digits}");
    // ISO 7064: `TR00` stands behind the account, as digits.
    let remainder = format!("{account}292700")
        .bytes()
        .fold(0_u32, |sum, digit| (sum * 10 + u32::from(digit - b'0')).rem_euclid(97));
    format!("TR{:02}{account}", 98 - remainder)
}

/// What a customer wants to pay for.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPayment {
    pub(crate) payable_kind: String,
    pub(crate) payable: String,
}

/// One payment; none when there is none.
pub(crate) async fn find(
    rows: impl Into<Rows<'_>>,
    tenant: &Tenant,
    id: &str,
) -> Result<Option<Payment>, Problem> {
    let row = query("SELECT * FROM payments WHERE tenant = ? AND id = ?");
    Ok(row.bind(tenant.as_str()).bind(id).fetch_optional(rows).await?)
}

/// The payment that a provider means by a reference.
pub(crate) async fn by_reference(
    rows: impl Into<Rows<'_>>,
    provider: &str,
    reference: &str,
) -> Result<Option<Payment>, Problem> {
    let row = query("SELECT * FROM payments WHERE provider = ? AND reference = ?");
    Ok(row.bind(provider).bind(reference).fetch_optional(rows).await?)
}

/// All payments of an order or booking, the latest first: for what the server does itself.
pub(super) async fn of_payable(
    deal: &mut Deal<'_>,
    tenant: &Tenant,
    kind: &str,
    id: &str,
) -> Result<Vec<Payment>, Problem> {
    let found = query(
        "SELECT * FROM payments WHERE tenant = ? AND payable_kind = ? AND payable = ? \
         ORDER BY created_at DESC, id DESC",
    );
    Ok(found.bind(tenant.as_str()).bind(kind).bind(id).fetch_all(deal.rows()).await?)
}

/// What a user may read of the payments of an order or booking, the latest first.
pub(crate) async fn readable_of_payable(
    app: &App,
    user: &User,
    tenant: &Tenant,
    (kind, id): (&str, &str),
) -> Result<Vec<Payment>, Problem> {
    let readable = lists::readable(app, user, "payment", tenant).await?;
    let found = query(
        "SELECT p.* FROM payments AS p \
         WHERE p.tenant = ? AND p.payable_kind = ? AND p.payable = ? AND ? \
         ORDER BY p.created_at DESC, p.id DESC",
    );
    let found = found.bind(tenant.as_str()).bind(kind).bind(id).filter(COLUMNS, readable);
    Ok(found.fetch_all(app.database()).await?)
}

/// What a user may read of a firm's payments, the latest first.
pub(crate) async fn of_tenant(
    app: &App,
    user: &User,
    tenant: &Tenant,
    slice: &Slice,
) -> Result<Page<Payment>, Problem> {
    let readable = lists::readable(app, user, "payment", tenant).await?;
    let list = query(concat!(
        "SELECT p.* FROM payments AS p WHERE p.tenant = ?1 AND ?2",
        slice!("p", "p.id")
    ));
    lists::page(app, list.bind(tenant.as_str()).filter(COLUMNS, readable), slice).await
}

/// What is to be paid for: whose it is, how much, how, and whether it can be paid now.
struct Payable {
    customer: String,
    total: i64,
    method: String,
    open: bool,
}

async fn payable(
    rows: impl Into<Rows<'_>>,
    tenant: &Tenant,
    new: &NewPayment,
) -> Result<Payable, Problem> {
    let found = match new.payable_kind.as_str() {
        "order" => orders::find(rows, tenant, &new.payable).await?.map(|order| Payable {
            customer: order.customer,
            total: order.total,
            method: order.method,
            open: order.status == "pending",
        }),
        "reservation" => {
            let found = reservations::find(rows, tenant, &new.payable).await?;
            found.map(|reservation| Payable {
                customer: reservation.customer,
                total: reservation.total,
                open: matches!(reservation.status.as_str(), "pending" | "confirmed" | "checked_in"),
                method: reservation.method,
            })
        }
        _ => {
            let detail = "`payable_kind` is neither order nor reservation";
            return Err(Problem::new("invalid_input", detail));
        }
    };
    found.ok_or_else(Problem::not_found)
}

/// Asks for a payment. One payable has one live payment: the next is asked for when it failed.
pub(crate) async fn open(
    app: &App,
    call: &Call,
    tenant: &Tenant,
    new: &NewPayment,
) -> Result<(String, Receipt), Problem> {
    deal!(app, |deal| open_in(deal, call, tenant, new).await)
}

async fn open_in(
    deal: &mut Deal<'_>,
    call: &Call,
    tenant: &Tenant,
    new: &NewPayment,
) -> Result<(String, Receipt), Problem> {
    deal.hold(tenant, &new.payable_kind, &new.payable).await?;
    let payable = payable(deal.rows(), tenant, new).await?;
    if payable.customer != call.user.id {
        return Err(Problem::not_found());
    }
    let id = call.made_id("p");
    let payment = deal.app().subject(tenant, "payment", &id)?;
    let opening = Opening::new(&call.user.actor()?, &payment)
        .attribute("customer", call.user.id.as_str())
        .attribute("payable_kind", new.payable_kind.as_str())
        .attribute("payable", new.payable.as_str())
        .attribute("amount", payable.total)
        .attribute("method", payable.method.as_str())
        .request(call.request())
        .key(call.key("payment"));
    let receipt = deal.law().open(&opening).await?;
    if receipt.replayed {
        return Ok((id, receipt));
    }
    if !payable.open {
        return Err(Problem::guard("not_payable", "there is nothing to pay for any more"));
    }
    let others = of_payable(deal, tenant, &new.payable_kind, &new.payable).await?;
    if others.iter().any(|other| matches!(other.status.as_str(), "pending" | "paid")) {
        return Err(exists());
    }
    let now = deal.app().now().as_micros();
    let inserted = query(
        "INSERT INTO payments (tenant, id, customer, payable_kind, payable, amount, method, \
         provider, reference, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(tenant.as_str())
    .bind(&id)
    .bind(&call.user.id)
    .bind(&new.payable_kind)
    .bind(&new.payable)
    .bind(payable.total)
    .bind(&payable.method)
    .bind(if payable.method == ONLINE { PROVIDER } else { &payable.method })
    .bind(reference(&payable.method))
    .bind(now)
    .unless_known()
    .execute(deal.rows())
    .await?;
    if inserted == 0 {
        return Err(exists());
    }
    Ok((id, receipt))
}

/// Somebody asked for it before.
fn exists() -> Problem {
    Problem::conflict("payment_exists", "it is being paid for, or is paid")
}

/// A fresh reference: short where a person has to write it.
fn reference(method: &str) -> String {
    if method == ONLINE {
        format!("ref-{}", random_hex(16))
    } else {
        format!("PZ-{}", random_hex(6).to_uppercase())
    }
}

/// Who pays in person is asked at once, in the commit of the order or booking.
pub(super) async fn ask_in_person(
    deal: &mut Deal<'_>,
    call: &Call,
    tenant: &Tenant,
    (kind, id): (&str, &str),
    method: &str,
) -> Result<(), Problem> {
    if method != ONLINE {
        let new = NewPayment { payable_kind: kind.to_owned(), payable: id.to_owned() };
        open_in(deal, call, tenant, &new).await?;
    }
    Ok(())
}

/// Who settles a payment, under which key, and which revision of it they saw.
pub(crate) struct Settling<'a> {
    pub(crate) actor: &'a Actor,
    pub(crate) key: String,
    pub(crate) request: RequestId,
    pub(crate) seen: Option<u64>,
}

impl Settling<'_> {
    pub(super) fn carry(&self, command: Command, key: &str) -> Command {
        command.context("settles", true).request(self.request.clone()).key(key)
    }
}

/// Marks a payment paid and moves what it pays for, in one command: the order is paid; a booking
/// confirms itself where its listing books instantly, else it waits, paid, for the owner.
///
/// What was closed meanwhile stays closed: then the payment alone is marked, and the money is
/// listed for refund in the same commit.
pub(crate) async fn settle(
    deal: &mut Deal<'_>,
    payment: &Payment,
    settling: &Settling<'_>,
) -> Result<Receipt, Problem> {
    let tenant = Tenant::new(&payment.tenant)?;
    let subject = deal.app().subject(&tenant, "payment", &payment.id)?;
    let payable = deal.app().subject(&tenant, &payment.payable_kind, &payment.payable)?;
    deal.hold(&tenant, &payment.payable_kind, &payment.payable).await?;
    let action = match payment.payable_kind.as_str() {
        "order" => "pay",
        _ => {
            let found = reservations::find(deal.rows(), &tenant, &payment.payable).await?;
            if found.is_some_and(|found| found.instant) { "confirm" } else { "pay" }
        }
    };
    let paid = Command::new(settling.actor, &subject, "mark_paid");
    let paid = settling.seen.into_iter().fold(paid, Command::seen);
    let both = settling.carry(paid.clone().and(&payable, action), &settling.key);
    let settled = deal.law().transition(&both).await;
    match settled {
        Ok(receipt) => Ok(receipt),
        Err(Error::Refused(
            Refusal::TerminalState(_) | Refusal::InvalidTransition { .. } | Refusal::GuardFailed(_),
        )) => {
            let alone = settling.carry(paid, &format!("{}:alone", settling.key));
            Ok(deal.law().transition(&alone).await?)
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_s_accounts_are_well_formed() {
        for tenant in ["kilim", "konak", "x"] {
            let iban = iban(tenant);
            assert_eq!(iban.len(), 26, "{iban}");
            let (head, account) = iban.split_at(4);
            let digits = format!("{account}2927{}", head.trim_start_matches("TR"));
            let rest = digits.bytes().fold(0, |sum, digit| (sum * 10 + u32::from(digit - 48)) % 97);
            assert_eq!(rest, 1, "{iban}");
        }
        assert_ne!(iban("kilim"), iban("konak"));
    }
}
