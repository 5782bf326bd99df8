//! Refunds: money that has to go back. Rows come with the law's commits; nobody writes them here
//! but a late webhook.

use hos_core::id::Tenant;
use serde::Serialize;
use sqlx::SqliteConnection;

use super::listings;
use super::payments::Payment;
use crate::app::App;
use crate::error::Problem;

/// A refund that is due.
#[derive(Debug, Clone, Serialize, sqlx::FromRow)]
pub(crate) struct Refund {
    pub(crate) payment: String,
    pub(crate) payable_kind: String,
    pub(crate) payable: String,
    /// In kurus.
    pub(crate) amount: i64,
    pub(crate) reason: String,
    #[serde(serialize_with = "super::moves::as_time")]
    pub(crate) created_at: i64,
}

/// A firm's refunds, the latest first.
pub(crate) async fn of_tenant(app: &App, tenant: &Tenant) -> Result<Vec<Refund>, Problem> {
    let rows = sqlx::query_as(
        "SELECT r.payment, p.payable_kind, p.payable, r.amount, r.reason, r.created_at \
         FROM refunds AS r JOIN payments AS p ON p.tenant = r.tenant AND p.id = r.payment \
         WHERE r.tenant = ? ORDER BY r.created_at DESC, r.payment LIMIT ?",
    );
    Ok(rows.bind(tenant.as_str()).bind(listings::ROWS_MAX).fetch_all(app.reader()).await?)
}

/// Whether the money of a payment has to go back.
pub(crate) async fn is_due(
    connection: &mut SqliteConnection,
    tenant: &Tenant,
    payment: &str,
) -> Result<bool, Problem> {
    let due: Option<i64> =
        sqlx::query_scalar("SELECT 1 FROM refunds WHERE tenant = ? AND payment = ?")
            .bind(tenant.as_str())
            .bind(payment)
            .fetch_optional(connection)
            .await?;
    Ok(due.is_some())
}

/// Lists money that came for a closed payment.
pub(crate) async fn list_late(
    connection: &mut SqliteConnection,
    payment: &Payment,
    amount: i64,
    now: i64,
) -> Result<(), Problem> {
    sqlx::query(
        "INSERT INTO refunds (tenant, payment, amount, reason, created_at) \
         VALUES (?, ?, ?, 'late_payment', ?) ON CONFLICT DO NOTHING",
    )
    .bind(&payment.tenant)
    .bind(&payment.id)
    .bind(amount)
    .bind(now)
    .execute(connection)
    .await?;
    Ok(())
}
