//! The whole marketplace: who is banned, how hard policy bites, who took every ability.
//!
//! Each change is the law's own, keyed and proved. What stands is read from where the law keeps it
//! in the same file, so that there is no second list to go wrong.

use std::time::Duration;

use hos_core::command::{StandingChange, StandingCommand};
use hos_core::id::{Ability, ActorId, Tenant};
use hos_core::laws::Registry as _;
use hos_core::receipt::Receipt;
use hos_core::standing::{BREAK_GLASS_DURATION_MAX, Mode};
use serde::{Deserialize, Serialize};

use super::moves;
use super::tenants::Firm;
use crate::app::App;
use crate::auth::User;
use crate::database::{from_row, query};
use crate::error::Problem;
use crate::request::Call;

/// The most rows of one list.
const ROWS_MAX: i64 = 500;

/// Everything that a super admin looks after.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct Overview {
    pub(crate) open: bool,
    pub(crate) firms: Vec<Firm>,
    pub(crate) bans: Vec<Ban>,
    pub(crate) modes: Vec<ModeRow>,
    pub(crate) emergencies: Vec<Emergency>,
}

/// Somebody on the ban list of a tenant, or of the world.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct Ban {
    /// `@world` for everywhere.
    pub(crate) tenant: String,
    pub(crate) actor: String,
}

from_row!(Ban { tenant, actor });

/// A mode that was set.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct ModeRow {
    /// `@world` for everywhere.
    pub(crate) tenant: String,
    /// Empty for every ability without a mode of its own.
    pub(crate) ability: String,
    pub(crate) mode: String,
}

from_row!(ModeRow { tenant, ability, mode });

/// Every ability, taken in an emergency and not over yet.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct Emergency {
    /// `@world` for everywhere.
    pub(crate) tenant: String,
    pub(crate) actor: String,
    #[serde(serialize_with = "super::moves::as_time")]
    #[schema(value_type = String, format = DateTime)]
    pub(crate) until: i64,
}

from_row!(Emergency { tenant, actor, until });

/// How the marketplace stands, for its super admin alone.
pub(crate) async fn overview(app: &App, user: &User) -> Result<Overview, Problem> {
    moves::require(app, user, "world.read", &Tenant::world()).await?;
    let world = app.world().as_str();
    let mut law = app.database().law_rows().await?;
    let status = query("SELECT status FROM hos_scope WHERE world = ? AND tenant = '@world'");
    let status: String = status.bind(world).fetch_one(law.rows()).await?;
    let firms = query("SELECT id, name FROM tenants ORDER BY name LIMIT ?");
    let bans = query(
        "SELECT s.tenant, b.actor FROM hos_ban AS b JOIN hos_scope AS s ON s.number = b.scope \
         WHERE s.world = ? ORDER BY s.tenant, b.actor LIMIT ?",
    );
    let modes = query(
        "SELECT s.tenant, m.ability, m.mode FROM hos_mode AS m \
         JOIN hos_scope AS s ON s.number = m.scope \
         WHERE s.world = ? ORDER BY s.tenant, m.ability LIMIT ?",
    );
    let emergencies = query(
        "SELECT s.tenant, g.actor, g.until FROM hos_grant AS g \
         JOIN hos_scope AS s ON s.number = g.scope \
         WHERE s.world = ? AND g.break_glass AND g.until > ? ORDER BY g.until LIMIT ?",
    );
    Ok(Overview {
        open: status == "open",
        firms: firms.bind(ROWS_MAX).fetch_all(app.database()).await?,
        bans: bans.bind(world).bind(ROWS_MAX).fetch_all(law.rows()).await?,
        modes: modes.bind(world).bind(ROWS_MAX).fetch_all(law.rows()).await?,
        emergencies: emergencies
            .bind(world)
            .bind(app.now().as_micros())
            .bind(ROWS_MAX)
            .fetch_all(law.rows())
            .await?,
    })
}

/// Where something holds: in one tenant, or everywhere when none is named.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct Scope {
    pub(crate) tenant: Option<String>,
}

impl Scope {
    pub(super) fn tenant(&self) -> Result<Tenant, Problem> {
        match self.tenant.as_deref() {
            None | Some("") => Ok(Tenant::world()),
            Some(tenant) => Tenant::new(tenant).map_err(|_| Problem::not_found()),
        }
    }
}

/// Bans somebody.
pub(crate) async fn ban(
    app: &App,
    call: &Call,
    scope: &Scope,
    target: &str,
    reason: &str,
) -> Result<Receipt, Problem> {
    let target = ActorId::new(target)?;
    change(app, call, scope, StandingChange::Ban { target, reason: reason.to_owned() }).await
}

/// Takes somebody off the ban list.
pub(crate) async fn unban(
    app: &App,
    call: &Call,
    scope: &Scope,
    target: &str,
) -> Result<Receipt, Problem> {
    change(app, call, scope, StandingChange::Unban { target: ActorId::new(target)? }).await
}

/// The caller takes every ability for some hours.
pub(crate) async fn break_glass(
    app: &App,
    call: &Call,
    scope: &Scope,
    reason: &str,
    hours: u64,
) -> Result<Receipt, Problem> {
    let duration = Duration::from_secs(hours.saturating_mul(3_600));
    if hours == 0 || duration > BREAK_GLASS_DURATION_MAX {
        let most = BREAK_GLASS_DURATION_MAX.as_secs() / 3_600;
        return Err(Problem::new("invalid_input", format!("`hours` is not 1 to {most}")));
    }
    let taken = StandingChange::BreakGlass { duration, reason: reason.to_owned() };
    change(app, call, scope, taken).await
}

/// Sets a mode of one ability or of all, or clears it.
pub(crate) async fn set_mode(
    app: &App,
    call: &Call,
    scope: &Scope,
    ability: Option<&str>,
    mode: Option<&str>,
) -> Result<Receipt, Problem> {
    let ability = ability.filter(|text| !text.is_empty()).map(Ability::new).transpose()?;
    let unknown = || Problem::new("invalid_input", "`mode` is none of enforce, shadow, off");
    let mode = mode.filter(|text| !text.is_empty());
    let mode = mode.map(|text| Mode::parse(text).ok_or_else(unknown)).transpose()?;
    change(app, call, scope, StandingChange::SetMode { ability, mode }).await
}

async fn change(
    app: &App,
    call: &Call,
    scope: &Scope,
    change: StandingChange,
) -> Result<Receipt, Problem> {
    let (actor, tenant) = (call.user.actor()?, scope.tenant()?);
    let key = call.key(change.as_str());
    let command = StandingCommand::new(&actor, app.world(), &tenant, change);
    Ok(app.hos().change_standing(&command.request(call.request()).key(key)).await?)
}
