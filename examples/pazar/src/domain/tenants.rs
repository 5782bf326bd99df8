//! Tenants: the firms that sell. Who works for one is the law's to say, not a row's.

use hos_core::actor::Actor;
use hos_core::command::{StandingChange, StandingCommand};
use hos_core::error::{Error, Refusal};
use hos_core::id::{ActorId, Role, Tenant};
use hos_core::laws::{Policy as _, Query, Registry as _};
use hos_core::receipt::Receipt;
use hos_core::standing::WorldStatus;
use serde::Serialize;

use crate::app::App;
use crate::auth::User;
use crate::database::{from_row, query};
use crate::error::Problem;
use crate::request::Call;

/// The longest name, in bytes.
const NAME_BYTES_MAX: usize = 120;
/// The longest id of a firm here, in bytes; the law allows more.
const SLUG_BYTES_MAX: usize = 64;
/// The most firms of the marketplace's list.
const FIRMS_MAX: i64 = 500;

/// A firm.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct Firm {
    pub(crate) id: String,
    pub(crate) name: String,
}

from_row!(Firm { id, name });

/// One firm; none when there is none.
pub(crate) async fn find(app: &App, tenant: &Tenant) -> Result<Option<Firm>, Problem> {
    let row = query("SELECT id, name FROM tenants WHERE id = ?");
    Ok(row.bind(tenant.as_str()).fetch_optional(app.database()).await?)
}

/// The firms whose panel a user may see. A firm is no subject, so the law is asked of each.
pub(crate) async fn of_user(app: &App, user: &User) -> Result<Vec<Firm>, Problem> {
    let firms: Vec<Firm> = query("SELECT id, name FROM tenants ORDER BY name LIMIT ?")
        .bind(FIRMS_MAX)
        .fetch_all(app.database())
        .await?;
    let actor = user.actor()?;
    let mut queries = Vec::with_capacity(firms.len());
    for firm in &firms {
        let tenant = Tenant::new(&firm.id)?;
        queries.push(Query::in_tenant(&actor, "panel.read", app.world(), &tenant));
    }
    let decisions = app.hos().can_all(&queries).await;
    let mine = firms.into_iter().zip(decisions);
    let mine = mine.filter(|(_, decision)| decision.as_ref().is_ok_and(|d| d.permits()));
    Ok(mine.map(|(firm, _)| firm).collect())
}

/// Registers a firm: the law's tenant, then the marketplace's row. Nobody registers oneself.
pub(crate) async fn add(
    app: &App,
    actor: &Actor,
    tenant: &Tenant,
    name: &str,
    key: &str,
) -> Result<Receipt, Problem> {
    let slug = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if tenant.as_str().len() > SLUG_BYTES_MAX || !tenant.as_str().bytes().all(slug) {
        let detail =
            format!("`id` is not 1 to {SLUG_BYTES_MAX} of [a-z0-9-]: it stands in addresses");
        return Err(Problem::new("invalid_input", detail));
    }
    if name.trim().is_empty() || name.len() > NAME_BYTES_MAX {
        let detail = format!("`name` is not 1 to {NAME_BYTES_MAX} bytes");
        return Err(Problem::new("invalid_input", detail));
    }
    let command = StandingCommand::new(actor, app.world(), tenant, StandingChange::AddTenant);
    let receipt = app.hos().change_standing(&command.key(key)).await?;
    query("INSERT INTO tenants (id, name) VALUES (?, ?)")
        .bind(tenant.as_str())
        .bind(name.trim())
        .unless_known()
        .execute(app.database())
        .await?;
    Ok(receipt)
}

/// Gives a member exactly these roles in a tenant.
pub(crate) async fn set_member(
    app: &App,
    call: &Call,
    tenant: &Tenant,
    member: &str,
    roles: &[String],
) -> Result<Receipt, Problem> {
    let member = ActorId::new(member)?;
    let roles: Vec<Role> = roles.iter().map(Role::new).collect::<Result<_, _>>()?;
    let change = StandingChange::SetMember { member, roles };
    let command = StandingCommand::new(&call.user.actor()?, app.world(), tenant, change);
    let command = command.request(call.request()).key(call.key("member"));
    let receipt = app.hos().change_standing(&command).await;
    match receipt {
        // Who has no standing in a tenant is not told whether it exists.
        Err(Error::Refused(Refusal::Denied)) => {
            super::moves::require(app, &call.user, "hos.member", tenant).await?;
            Err(Refusal::Denied.into())
        }
        receipt => Ok(receipt?),
    }
}

/// Opens or closes the whole marketplace.
pub(crate) async fn set_world(app: &App, call: &Call, open: bool) -> Result<Receipt, Problem> {
    let status = if open { WorldStatus::Open } else { WorldStatus::Closed };
    let change = StandingChange::SetWorld { status };
    let actor = call.user.actor()?;
    let command = StandingCommand::new(&actor, app.world(), &Tenant::world(), change);
    let command = command.request(call.request()).key(call.key("world"));
    Ok(app.hos().change_standing(&command).await?)
}
