//! Actions: what a button does, to any kind of thing.

use hos_core::command::Command;
use hos_core::error::{Error, Refusal};
use hos_core::id::{ActorId, Tenant};
use hos_core::laws::{Contracts as _, Policy as _, Query};
use hos_core::receipt::Receipt;
use hos_core::subject::Subject;
use serde::{Deserialize, Serializer};

use super::deal::{Deal, deal};
use super::payments::{self, Settling};
use crate::app::App;
use crate::auth::User;
use crate::database::query;
use crate::error::Problem;
use crate::request::Call;

/// What may come with an action.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wish {
    /// Why, for a cancellation.
    #[serde(default)]
    pub(crate) reason: Option<String>,
    /// The revision that the client saw; an old one is refused.
    #[serde(default)]
    pub(crate) revision: Option<u64>,
}

/// Does an action to a subject, with what follows from it, in one commit.
pub(crate) async fn act(
    app: &App,
    call: &Call,
    subject: &Subject,
    action: &str,
    wish: &Wish,
) -> Result<Receipt, Problem> {
    deal!(app, |deal| act_in(deal, call, subject, action, wish).await)
}

async fn act_in(
    deal: &mut Deal<'_>,
    call: &Call,
    subject: &Subject,
    action: &str,
    wish: &Wish,
) -> Result<Receipt, Problem> {
    let actor = call.user.actor()?;
    let kind = subject.kind.as_str();
    if (kind, action) == ("payment", "mark_paid") {
        let payment = payments::find(deal.rows(), &subject.tenant, subject.id.as_str()).await?;
        let payment = payment.ok_or_else(Problem::not_found)?;
        let (key, request) = (call.key("act"), call.request());
        let settling = Settling { actor: &actor, key, request, seen: wish.revision };
        return payments::settle(deal, &payment, &settling).await;
    }
    deal.hold(&subject.tenant, kind, subject.id.as_str()).await?;
    let mut command = Command::new(&actor, subject, action);
    if let Some(reason) = wish.reason.as_deref().filter(|reason| !reason.trim().is_empty()) {
        command = command.input("reason", reason);
        // Whoever gives the reason, it is about the customer.
        if let Some(customer) = customer(deal, subject).await? {
            command = command.person(&customer);
        }
    }
    if let Some(revision) = wish.revision {
        command = command.seen(revision);
    }
    let command = command.request(call.request()).key(call.key("act"));
    let receipt = deal.law().transition(&command).await?;
    if action == "cancel" && !receipt.replayed && matches!(kind, "order" | "reservation") {
        cancel_open_payments(deal, call, subject).await?;
    }
    Ok(receipt)
}

/// Whose an order, a booking or a payment is.
async fn customer(deal: &mut Deal<'_>, subject: &Subject) -> Result<Option<ActorId>, Problem> {
    let row = match subject.kind.as_str() {
        "order" => query("SELECT customer FROM orders WHERE tenant = ? AND id = ?"),
        "reservation" => query("SELECT customer FROM reservations WHERE tenant = ? AND id = ?"),
        "payment" => query("SELECT customer FROM payments WHERE tenant = ? AND id = ?"),
        _ => return Ok(None),
    };
    let row = row.bind(subject.tenant.as_str()).bind(subject.id.as_str());
    let customer: Option<String> = row.fetch_optional(deal.rows()).await?;
    Ok(customer.map(ActorId::new).transpose()?)
}

/// Nobody is asked to pay for what was cancelled.
async fn cancel_open_payments(
    deal: &mut Deal<'_>,
    call: &Call,
    payable: &Subject,
) -> Result<(), Problem> {
    let (tenant, kind, id) = (&payable.tenant, payable.kind.as_str(), payable.id.as_str());
    for payment in payments::of_payable(deal, tenant, kind, id).await? {
        if payment.status != "pending" {
            continue;
        }
        let subject = deal.app().subject(tenant, "payment", &payment.id)?;
        let command = Command::new(&call.user.actor()?, &subject, "cancel")
            .request(call.request())
            .key(call.key(&format!("cancel:{}", payment.id)));
        deal.law().transition(&command).await?;
    }
    Ok(())
}

/// Whether a user may read a subject; all others are told that there is none.
pub(crate) async fn require_readable(
    app: &App,
    user: &User,
    subject: &Subject,
) -> Result<(), Problem> {
    let ability = format!("{}.read", subject.kind);
    let decision = app.hos().can(&Query::new(&user.actor()?, &ability, subject)).await?;
    decision.require().map_err(|_| Problem::not_found())
}

/// Whether a user may do something in a tenant. Who has no standing there learns nothing of it.
pub(crate) async fn require(
    app: &App,
    user: &User,
    ability: &str,
    tenant: &Tenant,
) -> Result<(), Problem> {
    let actor = user.actor()?;
    let query = |ability| Query::in_tenant(&actor, ability, app.world(), tenant);
    if app.hos().can(&query(ability)).await?.permits() {
        return Ok(());
    }
    let insider = app.hos().can(&query("panel.read")).await?.permits();
    Err(if insider { Problem::from(Refusal::Denied) } else { Problem::not_found() })
}

/// The actions that an interface may offer: the only source of buttons.
pub(crate) async fn allowed(
    app: &App,
    user: Option<&User>,
    subject: &Subject,
) -> Result<Vec<String>, Problem> {
    let Some(user) = user else { return Ok(Vec::new()) };
    let actions = app.hos().allowed_actions(&user.actor()?, subject).await;
    match actions {
        Ok(actions) => Ok(actions.iter().map(ToString::to_string).collect()),
        Err(Error::Refused(_)) => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

/// The revision of a subject, for clients that send back what they saw.
pub(crate) async fn revision(app: &App, subject: &Subject) -> Result<u64, Problem> {
    let situation = app.hos().situation(subject).await?;
    Ok(situation.map_or(0, |situation| situation.snapshot.revision))
}

/// Writes microseconds as RFC 3339.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands references")]
pub(crate) fn as_time<S: Serializer>(micros: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&crate::auth::moment(*micros))
}

/// Writes microseconds as RFC 3339, or null.
#[expect(clippy::ref_option, reason = "serde hands references")]
pub(crate) fn as_time_or_none<S: Serializer>(
    micros: &Option<i64>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match micros {
        Some(micros) => as_time(micros, serializer),
        None => serializer.serialize_none(),
    }
}
