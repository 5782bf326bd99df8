//! Webhook events: each once, with its effect, in one commit.

use axum::http::StatusCode;
use hos_core::actor::Actor;
use hos_core::command::{Command, Record};
use hos_core::id::{RequestId, Tenant};
use hos_core::laws::Contracts as _;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::deal::{Deal, deal};
use super::payments::{self, CURRENCY, PROVIDER, Payment, Settling};
use super::refunds::{self, Standing};
use crate::app::App;
use crate::database::query;
use crate::error::Problem;

/// What the provider says.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Event {
    /// `payment.paid`, `payment.failed` or `refund.paid`.
    #[serde(rename = "type")]
    pub(crate) type_: String,
    pub(crate) data: EventData,
}

/// About which payment.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct EventData {
    pub(crate) reference: String,
    /// In kurus.
    pub(crate) amount: i64,
    pub(crate) currency: String,
}

/// What became of an event. Every one of them is kept with its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It had its effect.
    Accepted,
    /// Another event had said so before.
    Repeated,
    /// It was here before, under this id.
    Duplicate,
    /// Money for a closed payment: recorded, and listed for refund.
    LatePayment,
    /// It is genuine and makes no sense.
    Refused(&'static str),
}

impl Outcome {
    /// The name in rows and answers.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Repeated => "repeated",
            Self::Duplicate => "duplicate",
            Self::LatePayment => "late_payment",
            Self::Refused(why) => why,
        }
    }

    /// What the provider is answered; only a 2xx ends its retries well.
    pub(crate) fn answer(self) -> Result<&'static str, Problem> {
        match self {
            Self::Refused(why) => Err(Problem::new("invalid_input", why.replace('_', " "))
                .with_status(StatusCode::UNPROCESSABLE_ENTITY)),
            _ => Ok(self.as_str()),
        }
    }
}

/// Takes in a verified event.
pub(crate) async fn take_in(
    app: &App,
    id: &str,
    body: &[u8],
    request: RequestId,
) -> Result<Outcome, Problem> {
    // Most duplicates come long after the first, and need no transaction.
    let known = query("SELECT 1 FROM webhook_events WHERE provider = ? AND event_id = ?");
    let known = known.bind(PROVIDER).bind(id).fetch_optional::<i64>(app.database()).await?;
    if known.is_some() {
        return Ok(Outcome::Duplicate);
    }
    deal!(app, |deal| take_in_once(deal, id, body, request.clone()).await)
}

async fn take_in_once(
    deal: &mut Deal<'_>,
    id: &str,
    body: &[u8],
    request: RequestId,
) -> Result<Outcome, Problem> {
    let now = deal.app().now().as_micros();
    // Whoever brings it a second time waits here until it is known what became of the first.
    let taken = query(
        "INSERT INTO webhook_events (provider, event_id, body_digest, outcome, received_at) \
         VALUES (?, ?, ?, 'accepted', ?)",
    )
    .bind(PROVIDER)
    .bind(id)
    .bind(Sha256::digest(body).to_vec())
    .bind(now)
    .unless_known()
    .execute(deal.rows())
    .await?;
    if taken == 0 {
        return Ok(Outcome::Duplicate);
    }
    let outcome = match serde_json::from_slice::<Event>(body) {
        Err(_) => Outcome::Refused("unreadable"),
        Ok(event) => effect(deal, id, &event, request).await.map_err(closed_meanwhile)?,
    };
    query("UPDATE webhook_events SET outcome = ? WHERE provider = ? AND event_id = ?")
        .bind(outcome.as_str())
        .bind(PROVIDER)
        .bind(id)
        .execute(deal.rows())
        .await?;
    Ok(outcome)
}

/// What was read of a payment was overtaken where the law finds it closed: to be read again.
fn closed_meanwhile(problem: Problem) -> Problem {
    match problem.code() {
        "terminal_state" | "invalid_transition" | "guard_failed" => problem.overtaken(),
        _ => problem,
    }
}

async fn effect(
    deal: &mut Deal<'_>,
    id: &str,
    event: &Event,
    request: RequestId,
) -> Result<Outcome, Problem> {
    let Event { type_, data } = event;
    let payment = payments::by_reference(deal.rows(), PROVIDER, &data.reference).await?;
    let Some(payment) = payment else { return Ok(Outcome::Refused("unknown_reference")) };
    let actor = Actor::webhook(PROVIDER)?;
    let hook = Hook { actor, id, event, request, payment };
    if data.amount != hook.payment.amount || data.currency != CURRENCY {
        hook.record(deal, "webhook_refused").await?;
        return Ok(Outcome::Refused("amount_mismatch"));
    }
    match (type_.as_str(), hook.payment.status.as_str()) {
        ("payment.paid", "pending") => {
            let Hook { actor, payment, request, .. } = &hook;
            let (key, request) = (hook.key("event"), request.clone());
            payments::settle(deal, payment, &Settling { actor, key, request, seen: None }).await?;
            Ok(Outcome::Accepted)
        }
        ("payment.paid", "failed" | "cancelled") => {
            hook.record(deal, "late_payment").await?;
            let now = deal.app().now().as_micros();
            refunds::list_late(deal.rows(), &hook.payment, data.amount, now).await?;
            Ok(Outcome::LatePayment)
        }
        ("payment.failed", "pending") => {
            hook.fail(deal).await?;
            Ok(Outcome::Accepted)
        }
        ("payment.paid", "paid") | ("payment.failed", "failed" | "cancelled") => {
            Ok(Outcome::Repeated)
        }
        ("refund.paid", _) => hook.refund(deal).await,
        _ => {
            hook.record(deal, "webhook_refused").await?;
            Ok(Outcome::Refused("makes_no_sense"))
        }
    }
}

/// One event and the payment that it is about.
struct Hook<'a> {
    actor: Actor,
    id: &'a str,
    event: &'a Event,
    request: RequestId,
    payment: Payment,
}

impl Hook<'_> {
    fn key(&self, part: &str) -> String {
        // The id has 128 bytes at most: the key stays within its limit.
        format!("webhook:{PROVIDER}:{}:{part}", self.id)
    }

    async fn record(&self, deal: &mut Deal<'_>, kind: &str) -> Result<(), Problem> {
        let tenant = Tenant::new(&self.payment.tenant)?;
        let payment = deal.app().subject(&tenant, "payment", &self.payment.id)?;
        let record = Record::about(&self.actor, &payment, kind)
            .payload("event", self.id)
            .payload("type", self.event.type_.as_str())
            .payload("amount", self.event.data.amount)
            .payload("currency", self.event.data.currency.as_str())
            .request(self.request.clone())
            .key(self.key(kind));
        deal.law().record(&record).await?;
        Ok(())
    }

    /// Money went back. A refund that nobody owes is recorded and refused.
    async fn refund(&self, deal: &mut Deal<'_>) -> Result<Outcome, Problem> {
        let tenant = Tenant::new(&self.payment.tenant)?;
        match refunds::standing(deal.rows(), &tenant, &self.payment.id).await? {
            Standing::None => {
                self.record(deal, "webhook_refused").await?;
                Ok(Outcome::Refused("no_refund_due"))
            }
            Standing::Settled => Ok(Outcome::Repeated),
            Standing::Due => {
                let (key, request) = (self.key("event"), self.request.clone());
                let settling = Settling { actor: &self.actor, key, request, seen: None };
                refunds::settle(deal, &self.payment, &settling).await?;
                Ok(Outcome::Accepted)
            }
        }
    }

    async fn fail(&self, deal: &mut Deal<'_>) -> Result<(), Problem> {
        let tenant = Tenant::new(&self.payment.tenant)?;
        let payment = deal.app().subject(&tenant, "payment", &self.payment.id)?;
        let command = Command::new(&self.actor, &payment, "fail")
            .request(self.request.clone())
            .key(self.key("event"));
        deal.law().transition(&command).await?;
        Ok(())
    }
}
