//! Refunds: money that has to go back. Rows come with the law's commits; nobody writes them here
//! but a late webhook. Each is settled once: an order's by its own `refund`, others by a record.

use hos_core::command::{Command, Record};
use hos_core::id::Tenant;
use hos_core::laws::Contracts as _;
use hos_core::receipt::Receipt;
use serde::Serialize;

use super::deal::{Deal, deal};
use super::lists::{self, Page, Slice, placed, slice};
use super::orders;
use super::payments::{self, Payment, Settling};
use crate::app::App;
use crate::auth::User;
use crate::database::{Rows, from_row, query};
use crate::error::Problem;
use crate::request::Call;

/// A refund, due or settled.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct Refund {
    pub(crate) tenant: String,
    pub(crate) payment: String,
    pub(crate) payable_kind: String,
    pub(crate) payable: String,
    /// In kurus.
    pub(crate) amount: i64,
    pub(crate) reason: String,
    #[serde(serialize_with = "super::moves::as_time")]
    #[schema(value_type = String, format = DateTime)]
    pub(crate) created_at: i64,
    /// When the money went back; none while it is due.
    #[serde(serialize_with = "super::moves::as_time_or_none")]
    pub(crate) settled_at: Option<i64>,
}

from_row!(Refund {
    tenant,
    payment,
    payable_kind,
    payable,
    amount,
    reason,
    created_at,
    settled_at
});

placed!(Refund, payment);

/// A firm's refunds, the latest first: those of the payments that a user may read, for a refund is
/// no subject and says what its payment says.
pub(crate) async fn of_tenant(
    app: &App,
    user: &User,
    tenant: &Tenant,
    slice: &Slice,
) -> Result<Page<Refund>, Problem> {
    let readable = lists::readable(app, user, "payment", tenant).await?;
    let list = query(concat!(
        "SELECT r.tenant, r.payment, p.payable_kind, p.payable, r.amount, r.reason, ",
        "r.created_at, r.settled_at ",
        "FROM refunds AS r JOIN payments AS p ON p.tenant = r.tenant AND p.id = r.payment ",
        "WHERE r.tenant = ?1 AND ?2",
        slice!("r", "r.payment")
    ));
    lists::page(app, list.bind(tenant.as_str()).filter(payments::COLUMNS, readable), slice).await
}

/// How the refund of a payment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// No money has to go back.
    None,
    /// It has to go back.
    Due,
    /// It went back.
    Settled,
}

/// Whether the money of a payment has to go back, or went.
pub(crate) async fn standing(
    rows: impl Into<Rows<'_>>,
    tenant: &Tenant,
    payment: &str,
) -> Result<Standing, Problem> {
    let settled: Option<bool> = query(
        "SELECT CASE WHEN settled_at IS NULL THEN 0 ELSE 1 END FROM refunds \
         WHERE tenant = ? AND payment = ?",
    )
    .bind(tenant.as_str())
    .bind(payment)
    .fetch_optional(rows)
    .await?;
    Ok(match settled {
        None => Standing::None,
        Some(false) => Standing::Due,
        Some(true) => Standing::Settled,
    })
}

/// Says, in a user's name, that the money of a payment went back.
pub(crate) async fn settle_by_hand(
    app: &App,
    call: &Call,
    tenant: &Tenant,
    payment: &str,
) -> Result<Receipt, Problem> {
    let actor = call.user.actor()?;
    deal!(app, |deal| {
        let found = payments::find(deal.rows(), tenant, payment).await?;
        let found = found.ok_or_else(Problem::not_found)?;
        let (key, request) = (call.key("refund"), call.request());
        settle(deal, &found, &Settling { actor: &actor, key, request, seen: None }).await
    })
}

/// Says that the money of a payment went back: its order moves, or else it is recorded.
pub(super) async fn settle(
    deal: &mut Deal<'_>,
    payment: &Payment,
    settling: &Settling<'_>,
) -> Result<Receipt, Problem> {
    let tenant = Tenant::new(&payment.tenant)?;
    let app = deal.app();
    if payment.payable_kind == "order" {
        deal.hold(&tenant, "order", &payment.payable).await?;
        let order = orders::find(deal.rows(), &tenant, &payment.payable).await?;
        let owes = |order: &orders::Order| matches!(&*order.status, "refund_due" | "refunded");
        if payment.status == "paid" && order.as_ref().is_some_and(owes) {
            let order = app.subject(&tenant, "order", &payment.payable)?;
            let refund = Command::new(settling.actor, &order, "refund");
            let refund = settling.carry(refund, &settling.key);
            return Ok(deal.law().transition(&refund).await?);
        }
    }
    let subject = app.subject(&tenant, "payment", &payment.id)?;
    let record = Record::about(settling.actor, &subject, "refund_settled")
        .payload("amount", payment.amount)
        .context("settles", true)
        .request(settling.request.clone())
        .key(&settling.key);
    let receipt = deal.law().record(&record).await?;
    if receipt.replayed {
        return Ok(receipt);
    }
    let now = app.now().as_micros();
    let settled = query(
        "UPDATE refunds SET settled_at = ? \
         WHERE tenant = ? AND payment = ? AND settled_at IS NULL",
    )
    .bind(now)
    .bind(tenant.as_str())
    .bind(&payment.id)
    .execute(deal.rows())
    .await?;
    if settled == 0 {
        return Err(Problem::guard("no_refund_due", "no money has to go back"));
    }
    Ok(receipt)
}

/// Lists money that came for a closed payment.
pub(crate) async fn list_late(
    rows: impl Into<Rows<'_>>,
    payment: &Payment,
    amount: i64,
    now: i64,
) -> Result<(), Problem> {
    query(
        "INSERT INTO refunds (tenant, payment, amount, reason, created_at) \
         VALUES (?, ?, ?, 'late_payment', ?)",
    )
    .bind(&payment.tenant)
    .bind(&payment.id)
    .bind(amount)
    .bind(now)
    .unless_known()
    .execute(rows)
    .await?;
    Ok(())
}
